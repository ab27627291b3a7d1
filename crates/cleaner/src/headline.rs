//! The headline, without what the outlet writes around it.

use url::Url;

use crate::characters::{fold, tidy};

/// The headline: of the page's own headings the one that its titles agree on, else the best title.
/// `titles` are JSON-LD's, the social one and the page's, best first.
pub(crate) fn choose(
    titles: [Option<String>; 3],
    headings: &[String],
    outlet: Option<&str>,
    url: Option<&Url>,
) -> Option<String> {
    let site = Site::new(outlet, url);
    let titles = titles.into_iter().flatten().map(|title| site.bare(&title));
    let titles: Vec<String> = titles.filter(|title| !title.is_empty()).collect();
    let folded_titles: Vec<String> = titles.iter().map(|title| fold(title)).collect();
    let heading = headings.iter().find(|heading| {
        let folded = fold(heading);
        folded.len() >= 8 && folded_titles.iter().any(|title| agree(&folded, title))
    });
    heading
        .cloned()
        .or_else(|| titles.first().cloned())
        .or_else(|| headings.iter().find(|heading| !heading.is_empty()).cloned())
}

/// Whether two headlines are of one story: one within the other, or most of their words shared.
pub(crate) fn agree(a: &str, b: &str) -> bool {
    if a.is_empty() || b.is_empty() {
        return false;
    }
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    if long.contains(short) && short.len() * 2 >= long.len() {
        return true;
    }
    let words: Vec<&str> = short.split(' ').take(60).collect();
    let shared = words
        .iter()
        .filter(|word| long.split(' ').take(60).any(|other| other == **word))
        .count();
    let all = long.split(' ').count().max(words.len());
    shared * 10 >= all * 6
}

/// What the outlet calls itself, to know its name at the end of a title.
struct Site {
    names: Vec<String>,
}

impl Site {
    fn new(outlet: Option<&str>, url: Option<&Url>) -> Self {
        let host = url.and_then(Url::host_str).unwrap_or_default();
        let labels = host
            .split('.')
            .filter(|label| label.len() > 3 && *label != "www");
        let names = outlet.map(fold).into_iter().chain(labels.map(fold));
        Self {
            names: names
                .map(|name| name.replace(' ', ""))
                .filter(|name| !name.is_empty())
                .collect(),
        }
    }

    fn is_name(&self, part: &str) -> bool {
        let part = fold(part).replace(' ', "");
        let close = |name: &String| {
            part == *name
                || (name.len() > 3
                    && part.len() > 3
                    && (part.contains(name.as_str()) && part.len() < name.len() * 3
                        || name.contains(part.as_str())))
        };
        part.is_empty() || self.names.iter().any(close)
    }

    /// A title without the outlet's name and section at its end or its beginning.
    fn bare(&self, title: &str) -> String {
        let mut title = tidy(title);
        for separator in [
            " | ", " - ", " – ", " — ", " :: ", " · ", " • ", " » ", " « ", " ― ", " / ",
        ] {
            while let Some((head, tail)) = title.rsplit_once(separator) {
                if !self.is_name(tail) || fold(head).is_empty() {
                    break;
                }
                title = head.trim().to_owned();
            }
            if let Some((head, tail)) = title.split_once(separator)
                && self.is_name(head)
                && tail.len() > 15
            {
                title = tail.trim().to_owned();
            }
        }
        title
    }
}
