//! What the names that pages give their elements say: ids, classes and roles, word by word.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::{
    dom::{Dom, Element, Tag},
    lexer::Key,
};

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

/// What a name means: one or two words of it, or all of them together.
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
    /// It shows a date.
    date: bool,
    /// How sure it is that it holds the writers' names: 0 not at all, 2 by its own name.
    byline: u8,
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

/// The names of one page's elements. Pages repeat few names often: each is read once.
pub(crate) struct Vocabulary<'d> {
    dom: &'d Dom<'d>,
    known: FxHashMap<&'d str, Meaning>,
    /// The words of the name that is being read.
    words: String,
}

impl<'d> Vocabulary<'d> {
    /// The names in `dom`, none of them read yet.
    pub(crate) fn new(dom: &'d Dom<'d>) -> Self {
        Self {
            dom,
            known: FxHashMap::default(),
            words: String::new(),
        }
    }

    /// What an element's names say it is.
    pub(crate) fn profile(&mut self, element: &Element) -> Profile {
        let mut profile = Profile {
            caption: matches!(element.tag, Tag::Figcaption | Tag::Figure),
            furniture: matches!(
                element.tag,
                Tag::Nav | Tag::Aside | Tag::Footer | Tag::Dialog | Tag::Menu
            ),
            ..Profile::default()
        };
        let (mut noise, mut not_noise) = (false, false);
        let dom = self.dom;
        for (key, value) in dom.attributes(element) {
            match key {
                Key::Class
                | Key::Id
                | Key::DataComponent
                | Key::DataTestid
                | Key::DataQa
                | Key::DataType
                | Key::Role => {
                    let meaning = self.meaning(value);
                    noise |= meaning.noise;
                    not_noise |= meaning.not_noise;
                    profile.caption |= meaning.caption;
                    profile.standfirst |= meaning.standfirst;
                    if meaning.body {
                        profile.body = profile.body.max(2);
                    }
                }
                Key::Itemprop if value == "articleBody" => profile.body = 3,
                Key::Itemprop if value == "caption" => profile.caption = true,
                Key::Hidden => profile.hidden = true,
                Key::Style => profile.hidden |= hides(value),
                _ => {}
            }
        }
        let is_content = matches!(
            element.tag,
            Tag::Html | Tag::Body | Tag::Main | Tag::Article | Tag::Tr | Tag::Td | Tag::Th
        );
        profile.noise = noise && !not_noise && !is_content && profile.body == 0;
        profile.caption &= !is_content && profile.body == 0;
        profile
    }

    /// How sure it is that an element holds the writers' names: 0 not at all, 2 by its own name.
    pub(crate) fn byline_rank(&mut self, element: &Element) -> u8 {
        self.dom
            .attribute(element, Key::Class)
            .map_or(0, |class| self.meaning(class).byline)
    }

    /// Whether an element's class, or its id where it has no class, says that it shows a date.
    pub(crate) fn is_date(&mut self, element: &Element) -> bool {
        self.dom
            .attribute(element, Key::Class)
            .or_else(|| self.dom.attribute(element, Key::Id))
            .is_some_and(|name| self.meaning(name).date)
    }

    fn meaning(&mut self, name: &'d str) -> Meaning {
        if let Some(meaning) = self.known.get(name) {
            return *meaning;
        }
        self.words.clear();
        words(name, &mut self.words);
        let mut meaning = Meaning::of_words(&self.words);
        meaning.date = is_of_date(name);
        meaning.byline = byline_rank(&self.words);
        self.known.insert(name, meaning);
        meaning
    }
}

impl Meaning {
    /// What the words mean, each by itself and with the one before it.
    fn of_words(words: &str) -> Self {
        let mut all = Self::default();
        let mut before = None;
        let mut start = 0;
        for word in words.split(' ') {
            let end = start + word.len();
            let pair = before.and_then(|before: usize| MEANINGS.get(&words[before..end]));
            for meaning in MEANINGS.get(word).into_iter().chain(pair) {
                all.noise |= meaning.noise;
                all.not_noise |= meaning.not_noise;
                all.caption |= meaning.caption;
                all.standfirst |= meaning.standfirst;
                all.body |= meaning.body;
            }
            before = (!word.is_empty()).then_some(start);
            start = end + 1;
        }
        all
    }
}

fn byline_rank(words: &str) -> u8 {
    let mut rank = 0;
    for word in words.split(' ') {
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
}

fn is_of_date(name: &str) -> bool {
    ["date", "Date", "fecha", "time", "publish", "posted"]
        .iter()
        .any(|part| name.contains(part))
        && !name.contains("update")
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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(html: &str) -> Profile {
        let dom = Dom::parse(html).unwrap();
        let (_, element) = dom.elements().last().unwrap();
        Vocabulary::new(&dom).profile(element)
    }

    #[test]
    fn words_are_whole_words() {
        assert!(of("<div class='relatedPosts'>").noise);
        assert!(of("<div class='notas-relacionadas'>").noise);
        assert!(!of("<div class='header shareholders'>").noise);
        assert!(of("<nav>").furniture);
        assert!(!of("<article class='post tag-share comments'>").noise);
        assert!(!of("<table><tr class='player odd'>").noise);
        assert!(!of("<p class=paywall>").noise);
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
