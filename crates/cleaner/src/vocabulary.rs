//! What the names that pages give their elements say: ids, classes and roles, word by word.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::dom::Element;

/// The words and their meanings, as they are kept.
const NAMES: &str = include_str!("../data/names.tsv");

/// What an element's names say it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a mark of its own; any may stand beside any"
)]
pub(crate) struct Profile {
    /// Not part of the story by its names: shares, related links, advertisements.
    pub noise: bool,
    /// Not part of the story by its tag: navigation, asides, footers.
    pub furniture: bool,
    /// Not shown.
    pub hidden: bool,
    /// A caption or credit of a picture.
    pub caption: bool,
    /// The summary under a headline.
    pub standfirst: bool,
    /// How sure it is that this holds the text: 0 not at all, 3 by its schema.org name.
    pub body: u8,
}

/// What one or two words of a name mean.
#[derive(Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a mark of its own; any may stand beside any"
)]
struct Meaning {
    noise: bool,
    not_noise: bool,
    caption: bool,
    standfirst: bool,
    body: bool,
}

static MEANINGS: LazyLock<FxHashMap<&str, Meaning>> = LazyLock::new(|| {
    let mut meanings: FxHashMap<&str, Meaning> = FxHashMap::default();
    for line in NAMES.lines().filter(|line| !line.starts_with('#')) {
        let (kind, words) = line.split_once('\t').unwrap_or_default();
        for words in words.split(", ") {
            let meaning = meanings.entry(words).or_default();
            match kind {
                "noise" => meaning.noise = true,
                "not-noise" => meaning.not_noise = true,
                "caption" => meaning.caption = true,
                "standfirst" => meaning.standfirst = true,
                _ => meaning.body = true,
            }
        }
    }
    meanings
});

/// Reads an element's names.
pub(crate) fn profile(element: &Element, names: &mut String) -> Profile {
    let mut profile = Profile::default();
    names.clear();
    let tag = element.tag();
    for (name, value) in element.attributes() {
        match name {
            "class" | "id" | "data-component" | "data-testid" | "data-qa" | "data-type"
            | "role" => words(value, names),
            "itemprop" if value == "articleBody" => profile.body = 3,
            "itemprop" if value == "caption" => profile.caption = true,
            "hidden" => profile.hidden = true,
            "style" => profile.hidden |= hides(value),
            _ => {}
        }
    }
    if matches!(tag, "figcaption" | "figure") {
        profile.caption = true;
    }
    profile.furniture = matches!(tag, "nav" | "aside" | "footer" | "dialog" | "menu");
    if names.is_empty() {
        return profile;
    }
    let (mut noise, mut not_noise) = (false, false);
    let mut before = None;
    let mut start = 0;
    for word in names.split(' ') {
        let end = start + word.len();
        let pair = before.and_then(|before: usize| MEANINGS.get(&names[before..end]));
        for meaning in MEANINGS.get(word).into_iter().chain(pair) {
            noise |= meaning.noise;
            not_noise |= meaning.not_noise;
            profile.caption |= meaning.caption;
            profile.standfirst |= meaning.standfirst;
            if meaning.body {
                profile.body = profile.body.max(2);
            }
        }
        before = (!word.is_empty()).then_some(start);
        start = end + 1;
    }
    let frame = matches!(tag, "html" | "body" | "main" | "article");
    profile.noise |= noise && !not_noise && !frame && profile.body == 0;
    profile.caption &= !frame && profile.body == 0;
    profile
}

/// Appends the words of a name, each after a space: `articleBody-main` is ` article body main`.
fn words(value: &str, out: &mut String) {
    let mut before = ' ';
    for c in value.chars() {
        if !c.is_alphanumeric() {
            before = ' ';
            continue;
        }
        if before == ' ' || before.is_lowercase() && c.is_uppercase() {
            out.push(' ');
        }
        if c.is_ascii() {
            out.push(c.to_ascii_lowercase());
        } else {
            out.extend(c.to_lowercase());
        }
        before = c;
    }
}

fn hides(style: &str) -> bool {
    let style: String = style
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect::<String>()
        .to_ascii_lowercase();
    style.contains("display:none") || style.contains("visibility:hidden")
}

/// How sure it is that an element holds the writers' names: 0 not at all, 2 by its own name.
pub(crate) fn byline_rank(element: &Element) -> u8 {
    let named = |value: &str| {
        let mut names = String::new();
        words(value, &mut names);
        let mut rank = 0;
        for word in names.split(' ') {
            match word {
                "byline" | "bylines" => rank = 2,
                "author" | "authors" | "autor" | "autores" | "firma" | "assinatura" | "creator" => {
                    rank = rank.max(1);
                }
                "bio" | "image" | "photo" | "avatar" | "social" | "link" | "related" => return 0,
                _ => {}
            }
        }
        rank
    };
    let mentions = |value: &&str| {
        ["uthor", "utor", "yline", "firma", "assinatura", "creator"]
            .iter()
            .any(|part| value.contains(part))
    };
    element.attribute("class").filter(mentions).map_or(0, named)
}

/// Whether an element's class says that it shows a date.
pub(crate) fn is_date(element: &Element) -> bool {
    let Some(class) = element
        .attribute("class")
        .or_else(|| element.attribute("id"))
    else {
        return false;
    };
    ["date", "Date", "fecha", "time", "publish", "posted"]
        .iter()
        .any(|part| class.contains(part))
        && !class.contains("update")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dom::Dom;

    fn of(html: &str) -> Profile {
        let dom = Dom::parse(html).unwrap();
        let (_, element) = dom.elements().last().unwrap();
        profile(element, &mut String::new())
    }

    #[test]
    fn words_are_whole_words() {
        assert!(of("<div class='relatedPosts'>").noise);
        assert!(of("<div class='notas-relacionadas'>").noise);
        assert!(!of("<div class='header shareholders'>").noise);
        assert!(of("<nav>").furniture);
        assert!(!of("<article class='post tag-share comments'>").noise);
    }

    #[test]
    fn bodies_captions_and_standfirsts_are_known() {
        assert_eq!(of("<div itemprop=articleBody class=share>").body, 3);
        assert_eq!(of("<div class=story__body>").body, 2);
        assert!(of("<p class='image-caption'>").caption);
        assert!(of("<h2 class=bajada>").standfirst);
        assert!(of("<p style='display: none'>").hidden);
    }
}
