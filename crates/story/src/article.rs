//! What the cleaner makes of a page: the text that a reader would read, and what stands around it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{CanonicalUrl, FeedId, Home, Lang, StoryId, Timestamp};

/// A clean article.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Article {
    /// The story's stable id.
    pub id: StoryId,
    /// Where the page was read, after redirects; the entry's link where no page was read.
    pub url: Option<Url>,
    /// The one address the story is known by.
    pub canonical_url: Option<CanonicalUrl>,
    /// The feed that led to it.
    pub feed: Option<FeedId>,
    /// Where that feed is at home.
    #[serde(default)]
    pub home: Home,
    /// The outlet's name.
    pub outlet: Option<String>,
    /// The headline, without the outlet's name.
    pub title: String,
    /// The people who wrote it; where nobody in person signs, the outlet that does.
    pub bylines: Vec<String>,
    /// The news agency that it is of, which is none of the people.
    #[serde(default)]
    pub agency: Option<String>,
    /// The section of the outlet that it stands in.
    #[serde(default)]
    pub section: Option<String>,
    /// What the outlet tags it with.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The picture that the outlet shows it with.
    #[serde(default)]
    pub image: Option<Url>,
    /// When it was published.
    pub published: Option<Timestamp>,
    /// Where `published` was read.
    pub published_source: Option<PublishedSource>,
    /// When it was last changed.
    pub updated: Option<Timestamp>,
    /// When the page, or the feed where there is no page, was fetched.
    pub fetched: Option<Timestamp>,
    /// The language of the text.
    pub lang: Option<Lang>,
    /// Clean text: paragraphs, split by one blank line.
    pub text: String,
    /// Whether the text is the page's or the feed's.
    pub text_source: TextSource,
    /// Paragraphs that were left out of the text, since they recur on the pages of the site.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub template_blocks: Vec<String>,
    /// Why the feed's text stands in for the page's.
    pub page_missing: Option<String>,
    /// Who may read the page, where it says so.
    #[serde(default)]
    pub access: Option<Access>,
    /// SHA-256 over the bytes that the article was made from, in hexadecimal.
    pub content_hash: Option<String>,
    /// The page's HTTP status.
    pub http_status: Option<u16>,
    /// The page's `ETag`.
    pub etag: Option<String>,
    /// The page's `Last-Modified`.
    pub last_modified: Option<String>,
}

impl Article {
    /// An article of which nothing is known but its headline and its text, by which its id goes.
    pub fn new(title: String, text: String, text_source: TextSource) -> Self {
        Self {
            id: StoryId::of_text(&title, &text),
            url: None,
            canonical_url: None,
            feed: None,
            home: Home::default(),
            outlet: None,
            title,
            bylines: Vec::new(),
            agency: None,
            section: None,
            tags: Vec::new(),
            image: None,
            published: None,
            published_source: None,
            updated: None,
            fetched: None,
            lang: None,
            text,
            text_source,
            template_blocks: Vec::new(),
            page_missing: None,
            access: None,
            content_hash: None,
            http_status: None,
            etag: None,
            last_modified: None,
        }
    }

    /// How many words the text has: what stands between white space.
    pub fn words(&self) -> usize {
        let bytes = self.text.as_bytes();
        let (mut words, mut at, mut before) = (0, 0, SPACE);
        while let Some(byte) = bytes.get(at) {
            let (kind, length) = match KINDS[usize::from(*byte)] {
                MAY_BE_SPACE => match self.text[at..].chars().next() {
                    Some(c) if c.is_whitespace() => (SPACE, c.len_utf8()),
                    _ => (LETTER, 1),
                },
                kind => (kind, 1),
            };
            words += usize::from(before > kind);
            before = kind;
            at += length;
        }
        words
    }
}

/// What a byte is, or the character that begins with it.
const LETTER: u8 = 0;
const SPACE: u8 = 1;
const MAY_BE_SPACE: u8 = 2;

/// For each byte of UTF-8 what it is. White space that is not ASCII begins with one of four bytes.
const KINDS: [u8; 256] = {
    let mut kinds = [LETTER; 256];
    let mut byte = b'\t';
    while byte <= b'\r' {
        kinds[byte as usize] = SPACE;
        byte += 1;
    }
    kinds[b' ' as usize] = SPACE;
    kinds[0xc2] = MAY_BE_SPACE;
    kinds[0xe1] = MAY_BE_SPACE;
    kinds[0xe2] = MAY_BE_SPACE;
    kinds[0xe3] = MAY_BE_SPACE;
    kinds
};

/// Which text an article holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TextSource {
    /// The article's page.
    Page,
    /// The feed's own text.
    Feed,
    /// Text that came in as text, as some other scraper made it.
    Text,
}

/// Who may read a page, as the page itself says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Everybody.
    Free,
    /// Everybody, so many pages a month.
    Metered,
    /// Subscribers; its text may be no more than the beginning.
    Subscribers,
}

/// Where the time of publication was read, best first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum PublishedSource {
    /// `datePublished` of the page's JSON-LD.
    JsonLd,
    /// A meta tag, such as `article:published_time`.
    Meta,
    /// A `<time>` element.
    TimeElement,
    /// The date in the page's address.
    Url,
    /// A date in the visible text.
    Text,
    /// The feed's entry.
    Feed,
    /// The line that a filter read.
    Input,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_between_white_space_of_any_kind() {
        for text in [
            "",
            " \n",
            "dos palabras",
            "  «tres\tpalabras»\r\n\u{b}más ",
            "no\u{a0}se\u{85}parte\u{1680}la\u{2009}línea\u{2028}aquí\u{3000}—ção—",
            "ño\u{200b}ño…\u{202f}€ あ",
        ] {
            let article = Article::new(String::new(), text.to_owned(), TextSource::Text);
            assert_eq!(article.words(), text.split_whitespace().count(), "{text:?}");
        }
    }
}
