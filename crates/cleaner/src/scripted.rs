//! Stories that a page shows only once its scripts have run: their text stands in the data that
//! the page carries for them, as a JSON string under a telling name.

use rustc_hash::FxHashSet;

use crate::{characters::fold, plain};

/// Names under which pages keep a story's text for their scripts.
const BODY_KEYS: &[&str] = &[
    "contentHtml",
    "content",
    "body",
    "bodyHtml",
    "body_html",
    "html",
    "text",
    "fullText",
    "story",
    "articleBody",
    "contenido",
    "cuerpo",
    "texto",
    "corpo",
    "conteudo",
];

/// Those of them that hold nothing but stories.
const SURE_KEYS: &[&str] = &["articleBody", "contentHtml", "bodyHtml", "body_html"];

/// Names under which they keep its headline.
const TITLE_KEYS: &[&str] = &["title", "headline", "titulo"];

/// Bytes of a value that is taken for a story; labels and summaries have fewer.
const TEXT_BYTES_MIN: usize = 400;

/// Bytes of a value that is taken for a headline.
const TITLE_BYTES_MIN: usize = 15;

/// Bytes of all values that are read of one page, however many have such names.
const READ_BYTES_MAX: usize = 4_000_000;

/// The paragraphs of the longest text that a page carries for its scripts; none where there is no
/// long one that is of the story in `title`: pages carry notices, comments and code as well.
pub(crate) fn text(page: &str, title: Option<&str>) -> Vec<String> {
    let mut longest = (false, "");
    for (key, value) in values(page, BODY_KEYS) {
        let candidate = (SURE_KEYS.contains(&key), value);
        let is_better = (candidate.0, value.len()) > (longest.0, longest.1.len());
        if value.len() >= TEXT_BYTES_MIN && is_better {
            longest = candidate;
        }
    }
    let lines = plain::lines(&unquote(longest.1));
    let is_story = longest.0 || title.is_some_and(|title| tells_of(&lines, title));
    if is_story { lines } else { Vec::new() }
}

/// Whether a text has half of a title's longer words.
fn tells_of(lines: &[String], title: &str) -> bool {
    let title = fold(title);
    let words: FxHashSet<&str> = title.split(' ').filter(|word| word.len() > 3).collect();
    let folded: Vec<String> = lines.iter().map(|line| fold(line)).collect();
    let known: FxHashSet<&str> = folded.iter().flat_map(|line| line.split(' ')).collect();
    let shared = words.iter().filter(|word| known.contains(**word)).count();
    words.len() >= 2 && shared * 2 >= words.len()
}

/// The headline that a page carries for its scripts, where it is how `title` begins: what follows
/// it there is the outlet's and the section's names.
pub(crate) fn headline(page: &str, title: &str) -> Option<String> {
    let folded = fold(title);
    let mut stated = values(page, TITLE_KEYS)
        .filter(|(_, value)| (TITLE_BYTES_MIN..=title.len() * 2).contains(&value.len()));
    stated.find_map(|(_, value)| {
        let value = unquote(value);
        let is_start = folded.starts_with(&fold(&value)) && value.len() < title.len();
        is_start.then_some(value)
    })
}

/// The JSON strings under any of `keys`, without their quotes, in the page's order.
fn values<'p>(
    page: &'p str,
    keys: &'static [&str],
) -> impl Iterator<Item = (&'static str, &'p str)> {
    let mut left = READ_BYTES_MAX;
    page.match_indices("\":")
        .filter_map(move |(at, end_of_key)| {
            let named = keys.iter().find(|key| {
                let before = page[..at].strip_suffix(**key);
                before.is_some_and(|before| before.ends_with('"'))
            })?;
            let rest = page[at + end_of_key.len()..]
                .trim_start()
                .strip_prefix('"')?;
            let rest = &rest[..rest.floor_char_boundary(left)];
            let end = end_of_string(rest)?;
            left = left.saturating_sub(end);
            Some((*named, &rest[..end]))
        })
}

/// Where a JSON string ends, whose first quote has been passed.
fn end_of_string(rest: &str) -> Option<usize> {
    let mut bytes = rest.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return Some(at),
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
    }
    None
}

fn unquote(value: &str) -> String {
    serde_json::from_str(&format!("\"{value}\"")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORY: &str =
        "Two guards were hurt when armed men attacked a mine in the north on Monday.";

    fn page(key: &str) -> String {
        let story = format!("\\u003cp class=\\\"a\\\"\\u003e{STORY}\\u003c/p\\u003e").repeat(6);
        let title = "\"title\":\"Guards hurt at a mine\"";
        format!("<script>x.push({{{title},\"{key}\":\"{story}\",\"content\":\"short\"}})</script>")
    }

    #[test]
    fn the_longest_text_of_the_story_is_taken() {
        let title = Some("Guards hurt at a mine");
        assert_eq!(text(&page("contentHtml"), None), vec![STORY; 6]);
        assert_eq!(text(&page("body"), title), vec![STORY; 6]);
        assert_eq!(
            text(&page("body").replace("\":", "\":  "), title),
            vec![STORY; 6]
        );
        assert!(text(&page("comments"), title).is_empty());
        assert!(text("<script>{\"content\":\"short\"}</script>", title).is_empty());
        let cut = page("body");
        assert!(text(&cut[..cut.len() / 2], title).is_empty());
    }

    #[test]
    fn a_text_of_something_else_is_not_taken() {
        for title in [None, Some("Gold falls again"), Some("Guards")] {
            assert!(text(&page("text"), title).is_empty(), "{title:?}");
        }
    }

    #[test]
    fn the_headline_is_how_the_stated_title_begins() {
        let page = page("body");
        let check = |title, expected: Option<&str>| {
            assert_eq!(headline(&page, title).as_deref(), expected, "{title}");
        };
        check(
            "Guards hurt at a mine-News|Daily",
            Some("Guards hurt at a mine"),
        );
        check("Guards hurt at a mine", None);
        check("A mine: guards hurt at a mine", None);
    }
}
