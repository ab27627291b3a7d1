//! The headline, without what the outlet writes around it.

use rustc_hash::FxHashSet;
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

/// Whether two folded headlines are of one story.
pub(crate) fn agree(a: &str, b: &str) -> bool {
    Sought::new(b).is_in(a)
}

/// Words of a headline that are compared.
const WORDS_MAX: usize = 60;

/// A folded headline or summary that many lines are compared with. What is asked of it is counted
/// once, so that a comparison costs no more than the line, however long this is.
pub(crate) struct Sought<'a> {
    text: &'a str,
    words: usize,
    first_words: Vec<&'a str>,
    known_words: FxHashSet<&'a str>,
}

impl<'a> Sought<'a> {
    /// What is looked for.
    pub(crate) fn new(folded: &'a str) -> Self {
        let first_words: Vec<&str> = folded.split(' ').take(WORDS_MAX).collect();
        Self {
            text: folded,
            words: folded.split(' ').count(),
            known_words: first_words.iter().copied().collect(),
            first_words,
        }
    }

    /// Whether a folded line says the same: one within the other, or most of their words shared.
    pub(crate) fn is_in(&self, line: &str) -> bool {
        if line.is_empty() || self.text.is_empty() {
            return false;
        }
        let is_short = line.len() < self.text.len();
        let (short, long) = if is_short {
            (line, self.text)
        } else {
            (self.text, line)
        };
        if short.len() * 2 >= long.len() && long.contains(short) {
            return true;
        }
        let words = line.split(' ').count();
        let (short_words, long_words) = if is_short {
            (words, self.words)
        } else {
            (self.words, words)
        };
        let compared = short_words.min(WORDS_MAX);
        let all = long_words.max(compared);
        compared * 10 >= all * 6 && self.shared_words(line, is_short) * 10 >= all * 6
    }

    /// How many words of the shorter one stand in the other.
    fn shared_words(&self, line: &str, line_is_short: bool) -> usize {
        let words = line.split(' ').take(WORDS_MAX);
        if line_is_short {
            return words.filter(|word| self.known_words.contains(word)).count();
        }
        let words: FxHashSet<&str> = words.collect();
        let sought = self.first_words.iter();
        sought.filter(|word| words.contains(**word)).count()
    }
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
        let tidied = tidy(title);
        let mut title = tidied.as_str();
        for separator in [
            " | ", " - ", " – ", " — ", " :: ", " · ", " • ", " » ", " « ", " ― ", " / ",
        ] {
            // Where the first word begins tells of every part at once whether it has any.
            let words_from = title.find(char::is_alphanumeric).unwrap_or(title.len());
            while let Some((head, tail)) = title.rsplit_once(separator) {
                if !self.is_name(tail) || head.len() <= words_from {
                    break;
                }
                title = head.trim_end();
            }
            if let Some((head, tail)) = title.split_once(separator)
                && self.is_name(head)
                && tail.len() > 15
            {
                title = tail.trim();
            }
        }
        title.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(a: &str, b: &str, expected: bool) {
        assert_eq!(agree(a, b), expected, "{a} / {b}");
        assert_eq!(agree(b, a), expected, "{b} / {a}");
    }

    #[test]
    fn headlines_agree_by_most_of_their_words() {
        check(
            "tres hombres hieren a dos guardias",
            "tres hombres hieren a dos",
            true,
        );
        check(
            "hieren a dos guardias en una mina",
            "dos guardias heridos en una mina",
            true,
        );
        check("tres hombres", "tres hombres hieren a dos guardias", false);
        check(
            "tres hombres hieren a dos guardias",
            "sube el precio del oro",
            false,
        );
        check("", "tres hombres", false);
        check("tres", &"tres ".repeat(70), false);
    }

    #[test]
    fn a_part_without_words_is_no_headline() {
        let site = Site::new(Some("El Diario"), None);
        assert_eq!(
            site.bare("Dos heridos | Judicial | El Diario"),
            "Dos heridos | Judicial"
        );
        assert_eq!(site.bare("… | El Diario"), "… | El Diario");
        assert_eq!(site.bare(&format!("x{}", " | .".repeat(5))), "x");
    }
}
