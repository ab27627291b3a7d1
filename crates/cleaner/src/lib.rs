//! A page to an article: synchronous and pure, the same bytes always give the same article.
//!
//! ```text
//! bytes ─decode─▶ text ─lexer─▶ tags and text ─dom─▶ tree ─blocks─▶ outline ─body─▶ paragraphs
//!                                   └─ JSON-LD ─▶ linked_data ─▶ metadata           └─ lines ─▶ text
//! ```
//!
//! Every pass is linear and none recurses, so that no page costs more than its size. What a line of
//! noise looks like is data (`data/boilerplate.tsv`); no rule is for one site. Nothing here fetches,
//! judges relevance or remembers anything.

mod agency;
mod agreement;
mod blocks;
mod body;
mod characters;
mod dates;
mod decode;
mod discard;
mod dom;
mod extraction;
mod headline;
mod language;
mod lexer;
mod lines;
mod linked_data;
mod metadata;
mod names;
mod noise;
mod plain;
mod rejection;
mod scripted;
mod template;
mod text;
mod vocabulary;

use std::fmt;

use chrono::TimeDelta;
use sha2::{Digest, Sha256};
use story::{
    Article, CanonicalUrl, Content, Entry, Fetched, Page, PublishedSource, StoryId, TextSource,
    Timestamp, hex, story_url,
};
use url::Url;

use extraction::Extraction;
use noise::Noise;
pub use noise::{RuleError, Rules};
pub use rejection::Rejection;
pub use template::{drop_recurring, template_blocks};

/// Bytes of input over which a page or text is rejected (10 MB).
pub const HTML_BYTES_MAX: usize = 10_000_000;

/// Bytes of feed text that outweigh a page with less than a third of them.
const FEED_BYTES_MIN: usize = 500;

/// How far ahead of its fetching a page may have been published, by clocks and zones that differ.
const AHEAD_MAX: TimeDelta = TimeDelta::days(1);

/// Why an article was made of its feed's text though it has a page.
const SHARED: &str = "its page is another entry's";

/// A user's rules and those that come with vigia take too much memory together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the rules for boilerplate are too many or too large: write fewer, or simpler patterns")]
pub struct TooManyRules;

/// Makes articles of pages. It is built once and shared between threads.
#[derive(Default)]
pub struct Cleaner {
    noise: Noise,
    rules: Rules,
}

impl fmt::Debug for Cleaner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cleaner").finish_non_exhaustive()
    }
}

impl Cleaner {
    /// A cleaner with the rules that come with vigia.
    pub fn new() -> Self {
        Self::default()
    }

    /// A cleaner with the rules that come with vigia and with a user's own; fails where together
    /// they take too much memory.
    pub fn with(rules: &Rules) -> Result<Self, TooManyRules> {
        let noise = Noise::new(rules).map_err(|_| TooManyRules)?;
        let rules = rules.clone();
        Ok(Self { noise, rules })
    }

    /// The rules that it goes by.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Makes an article of an entry and its page. The feed's own text stands in where the page
    /// gives none, or much less; the article then says so.
    pub fn clean(&self, page: &Page) -> Result<Article, Rejection> {
        let entry = &page.entry;
        let feed = self.feed_lines(entry);
        match &page.content {
            Content::FeedOnly { why, at } => self
                .of_feed(entry, &feed, why.clone(), *at)
                .ok_or(Rejection::NoText),
            Content::SharedPage { at } => self
                .of_feed(entry, &feed, SHARED.to_owned(), *at)
                .map(|article| Article {
                    // The address is that of the story which the page is.
                    id: StoryId::of_entry(&entry.feed, &entry.key()),
                    canonical_url: None,
                    ..article
                })
                .ok_or(Rejection::NoText),
            Content::Fetched(fetched) => {
                let read = extraction::extract(
                    &fetched.body,
                    fetched.content_type.as_deref(),
                    Some(&fetched.final_url),
                    &self.noise,
                );
                self.of_page(entry, &feed, fetched, read)
            }
        }
    }

    /// Makes an article of a page alone.
    pub fn clean_html(
        &self,
        bytes: &[u8],
        content_type: Option<&str>,
        url: Option<&Url>,
    ) -> Result<Article, Rejection> {
        let Extraction {
            metadata,
            paragraphs,
            ..
        } = extraction::extract(bytes, content_type, url, &self.noise)?;
        let text = join(&paragraphs).ok_or(Rejection::NoText)?;
        let mut article = Article::new(metadata.title.unwrap_or_default(), text, TextSource::Page);
        article.lang = language::detect(&article.text, metadata.lang);
        article.url = url.cloned();
        article.canonical_url = match (url, &metadata.canonical) {
            (Some(url), stated) => story_url(url, stated.as_ref()),
            (None, stated) => stated.as_ref().and_then(CanonicalUrl::new),
        };
        article.id = id(
            article.canonical_url.as_ref(),
            &article.title,
            &article.text,
        );
        article.bylines = metadata.bylines;
        article.agency = metadata.agency;
        (article.section, article.tags) = (metadata.section, metadata.tags);
        article.image = metadata.image;
        article.outlet = metadata.outlet;
        (article.published, article.published_source) = metadata.published.unzip();
        article.updated = metadata.updated;
        article.access = metadata.access;
        article.content_hash = Some(hash(&[bytes]));
        Ok(article)
    }

    /// Makes an article of text that some other scraper took out of a page. Where no title is
    /// given it is found in the text.
    pub fn clean_text(
        &self,
        title: Option<&str>,
        text: &str,
        url: Option<&Url>,
    ) -> Result<Article, Rejection> {
        if text.len() > HTML_BYTES_MAX {
            return Err(Rejection::TooLarge);
        }
        let source = hash(&[title.unwrap_or_default().as_bytes(), text.as_bytes()]);
        let (title, lines) = text::clean(title, text, &self.noise);
        let text = join(&lines).ok_or(Rejection::NoText)?;
        let mut article = Article::new(title, text, TextSource::Text);
        article.lang = language::detect(&article.text, None);
        article.url = url.cloned();
        article.canonical_url = url.and_then(CanonicalUrl::new);
        article.id = id(
            article.canonical_url.as_ref(),
            &article.title,
            &article.text,
        );
        if let Some(date) = url.and_then(|url| dates::in_path(url.path())) {
            article.published = Some(date);
            article.published_source = Some(PublishedSource::Url);
        }
        article.content_hash = Some(source);
        Ok(article)
    }

    /// The feed's own text, the longer of content and summary.
    fn feed_lines(&self, entry: &Entry) -> Vec<String> {
        let cleaned = |html: &Option<String>| {
            let html = html
                .as_deref()
                .filter(|html| html.len() <= HTML_BYTES_MAX)
                .unwrap_or_default();
            lines::clean(plain::lines(html), entry.title.as_deref(), &self.noise)
        };
        let (content, summary) = (cleaned(&entry.content), cleaned(&entry.summary));
        if bytes(&content) >= bytes(&summary) {
            content
        } else {
            summary
        }
    }

    fn of_page(
        &self,
        entry: &Entry,
        feed: &[String],
        fetched: &Fetched,
        read: Result<Extraction, Rejection>,
    ) -> Result<Article, Rejection> {
        let missing = match &read {
            Err(rejection) => Some(rejection.to_string()),
            Ok(read) if read.paragraphs.is_empty() => Some("no text on the page".to_owned()),
            Ok(read) if read.is_scripted && bytes(feed) >= FEED_BYTES_MIN => {
                Some("the page shows its text by scripts only".to_owned())
            }
            Ok(read) if is_much_more(feed, &read.paragraphs) => {
                Some("less text on the page than in the feed".to_owned())
            }
            Ok(_) => None,
        };
        let mut article = match (&missing, &read) {
            (None, Ok(read)) => {
                let text = join(&read.paragraphs).ok_or(Rejection::NoText)?;
                let mut article = Article::new(
                    entry.title.clone().unwrap_or_default(),
                    text,
                    TextSource::Page,
                );
                of_entry(&mut article, entry, Some(&fetched.final_url));
                article
            }
            _ => {
                let rejection = read.as_ref().err().copied().unwrap_or(Rejection::NoText);
                let why = missing.unwrap_or_default();
                self.of_feed(entry, feed, why, fetched.fetched)
                    .ok_or(rejection)?
            }
        };
        if let Ok(Extraction { metadata, .. }) = read {
            if let Some(title) = metadata.title.filter(|title| is_headline(title, entry)) {
                article.title = title;
            }
            if !metadata.bylines.is_empty() {
                article.bylines = metadata.bylines;
            }
            let printed = |(at, _): &(Timestamp, _)| *at <= fetched.fetched + AHEAD_MAX;
            // An address tells the day only, and the feed may know the hour of it.
            let tells_more = |(at, source): &(Timestamp, PublishedSource)| {
                let stated = article.published.map(|stated| stated.date_naive());
                *source != PublishedSource::Url || stated != Some(at.date_naive())
            };
            if let Some((published, source)) = metadata.published.filter(printed).filter(tells_more)
            {
                (article.published, article.published_source) = (Some(published), Some(source));
            }
            article.outlet = metadata.outlet.or(article.outlet);
            article.agency = metadata.agency;
            (article.section, article.tags) = (metadata.section, metadata.tags);
            article.image = metadata.image;
            article.updated = metadata.updated.or(article.updated);
            article.access = metadata.access;
            article.canonical_url = story_url(&fetched.final_url, metadata.canonical.as_ref());
            article.lang = language::detect(&article.text, metadata.lang.or(entry.home.lang));
        }
        if article.canonical_url.is_none() {
            article.canonical_url = story_url(&fetched.final_url, None);
        }
        article.id = article
            .canonical_url
            .as_ref()
            .map_or(article.id, StoryId::of_url);
        article.url = Some(fetched.final_url.clone());
        article.fetched = Some(fetched.fetched);
        article.http_status = Some(fetched.status);
        article.etag.clone_from(&fetched.etag);
        article.last_modified.clone_from(&fetched.last_modified);
        if article.text_source == TextSource::Page {
            article.content_hash = Some(hash(&[&fetched.body]));
        }
        Ok(article)
    }

    /// An article of the feed's own text, where it has some.
    fn of_feed(
        &self,
        entry: &Entry,
        lines: &[String],
        why: String,
        at: Timestamp,
    ) -> Option<Article> {
        let text = join(lines)?;
        let title = entry
            .title
            .as_deref()
            .map(plain::unescape)
            .filter(|title| !title.is_empty());
        let title = title.unwrap_or_else(|| text::clean(None, &text, &self.noise).0);
        let mut article = Article::new(title, text, TextSource::Feed);
        of_entry(&mut article, entry, entry.link.as_ref());
        article.page_missing = Some(why);
        article.fetched = Some(at);
        let part = |part: &Option<String>| part.clone().unwrap_or_default();
        let source = [
            part(&entry.title),
            part(&entry.summary),
            part(&entry.content),
        ];
        article.content_hash = Some(hash(&source.each_ref().map(String::as_bytes)));
        Some(article)
    }
}

/// What an article takes from its entry.
fn of_entry(article: &mut Article, entry: &Entry, url: Option<&Url>) {
    article.url = url.cloned();
    article.canonical_url = url.and_then(|url| story_url(url, None));
    article.id = article.canonical_url.as_ref().map_or_else(
        || StoryId::of_entry(&entry.feed, &entry.key()),
        StoryId::of_url,
    );
    article.feed = Some(entry.feed.clone());
    article.home = entry.home;
    article.outlet = entry
        .feed_title
        .as_deref()
        .map(plain::unescape)
        .filter(|name| !name.is_empty());
    article.bylines = names::people(&entry.authors, article.outlet.as_deref());
    article.published = entry.published;
    article.published_source = entry.published.map(|_| PublishedSource::Feed);
    article.updated = entry.updated;
    article.lang = language::detect(&article.text, entry.home.lang);
}

/// Whether a page's title is its story's: a feed's title that says something else outranks it,
/// since pages also show "Just a moment…".
fn is_headline(title: &str, entry: &Entry) -> bool {
    let stated = entry
        .title
        .as_deref()
        .map(characters::fold)
        .unwrap_or_default();
    stated.is_empty() || headline::agree(&characters::fold(title), &stated)
}

fn is_much_more(feed: &[String], page: &[String]) -> bool {
    bytes(feed) >= FEED_BYTES_MIN && bytes(page) * 3 < bytes(feed)
}

fn bytes(lines: &[String]) -> usize {
    lines.iter().map(String::len).sum()
}

/// Paragraphs as one text; `None` where there are none.
fn join(paragraphs: &[String]) -> Option<String> {
    (!paragraphs.is_empty()).then(|| paragraphs.join("\n\n"))
}

fn hash(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    hex(&hash.finalize())
}

fn id(url: Option<&CanonicalUrl>, title: &str, text: &str) -> StoryId {
    url.map_or_else(|| StoryId::of_text(title, text), StoryId::of_url)
}

/// The language of an article, where it can be told by its title and the start of its text.
pub fn language(title: &str, text: &str) -> Option<story::Lang> {
    let start = &text[..text.floor_char_boundary(language::SAMPLE_BYTES)];
    language::detect(&format!("{title}\n{start}"), None)
}
