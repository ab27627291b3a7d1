//! A feed's bytes to its entries: pure and synchronous, and it returns whatever it could read.
//!
//! The bytes are unpacked and decoded first (`unpack`, `charset`). Markup of every kind is then
//! read in one pass (`document`) off a lexer to which nothing is an error (`lexer`), so that a
//! broken feed takes the same way as a sound one. Nothing is invented: an entry without a guid
//! is known by its link or its title, and a date that cannot be read is none.

mod attributes;
mod characters;
mod charset;
mod dates;
mod document;
mod draft;
mod front;
mod json;
mod kept;
mod lexer;
mod mojibake;
mod names;
mod people;
mod sitemaps;
mod sniff;
mod text;
mod unpack;

use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::TimeDelta;
use chrono_tz::Tz;
use story::{Entry, FeedId, Hints, Home, Timestamp};
use url::Url;

pub(crate) use kept::{Kept, NewsAt, problem as left_out};
use sniff::Shape;

/// How far ahead of the clock a date may be; feeds announce tomorrow, and zones are mistaken.
const AHEAD_MAX: TimeDelta = TimeDelta::hours(24);

/// What is known of a feed beside its bytes.
#[derive(Clone, Debug)]
pub struct FeedContext {
    /// The feed.
    pub id: FeedId,
    /// Where the bytes came from; relative links are resolved against it.
    pub url: Url,
    /// Where the feed is at home.
    pub home: Home,
    /// The zone of dates that name none.
    pub timezone: Tz,
}

/// What was read of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedFeed {
    /// Which kind of feed it is.
    pub kind: FeedKind,
    /// Its title, as plain text.
    pub title: Option<String>,
    /// Its entries, in the order of the document; the newest where there are very many.
    pub entries: Vec<Entry>,
    /// What was wrong with it, in the words of a person.
    pub problems: Vec<String>,
    /// Whether the document was read to its end.
    pub whole: bool,
    /// What the feed says of its own pace.
    pub hints: Hints,
    /// The hubs that announce its changes (WebSub).
    pub hubs: Vec<Url>,
    /// The address that it gives as its own.
    pub self_url: Option<Url>,
    /// The sitemaps that a sitemap index names, the newest in front, 50 at most.
    pub sitemaps: Vec<Url>,
    /// The site that it belongs to.
    pub site: Option<Url>,
}

/// Kinds of feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedKind {
    /// RSS 0.91 to 2.0, and CDF, which it came from.
    Rss,
    /// RSS 1.0, which is RDF.
    Rdf,
    /// Atom 0.3 and 1.0.
    Atom,
    /// JSON Feed.
    Json,
    /// A sitemap, of news or of any pages.
    Sitemap,
    /// An index of sitemaps, which has no entries of its own.
    SitemapIndex,
}

impl FeedKind {
    /// The kind as a word: `rss`, `rdf`, `atom`, `json`, `sitemap` or `sitemapindex`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rss => "rss",
            Self::Rdf => "rdf",
            Self::Atom => "atom",
            Self::Json => "json",
            Self::Sitemap => "sitemap",
            Self::SitemapIndex => "sitemapindex",
        }
    }
}

/// Why bytes are not a feed.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// There is nothing.
    #[error("empty body where a feed was expected")]
    Empty,
    /// It is a web page: an error page, a challenge, a portal.
    #[error("HTML where a feed was expected: `{title}`")]
    Html {
        /// The page's title.
        title: String,
    },
    /// It is some other kind of document.
    #[error("{what} where a feed was expected")]
    NotAFeed {
        /// What it begins with.
        what: String,
    },
    /// It is a feed that cannot be parsed.
    #[error("malformed feed: {reason}")]
    Malformed {
        /// The parser's words.
        reason: String,
    },
    /// It makes the parser panic.
    #[error("feed that the parser cannot survive")]
    Panicked,
}

/// Reads a feed. `content_type` is the HTTP header, where there was one.
pub fn parse(
    bytes: &[u8],
    content_type: Option<&str>,
    context: &FeedContext,
) -> Result<ParsedFeed, FeedError> {
    catch_unwind(AssertUnwindSafe(|| read(bytes, content_type, context)))
        .unwrap_or(Err(FeedError::Panicked))
}

fn read(
    bytes: &[u8],
    content_type: Option<&str>,
    context: &FeedContext,
) -> Result<ParsedFeed, FeedError> {
    let (bytes, broken) = unpack::unpack(bytes);
    let decoded = charset::decode(&bytes, content_type);
    let text = decoded
        .text
        .trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '\0' | '\u{FEFF}'));
    let mut feed = match sniff::shape(text) {
        Shape::Markup => document::read(text, context)
            .or_else(|error| json::read_behind_text(text, context).ok_or(error))?,
        Shape::Json => json::read(text, context)?,
        Shape::Empty => return Err(FeedError::Empty),
        Shape::Html => {
            return Err(FeedError::Html {
                title: text::html_title(text),
            });
        }
    };
    feed.whole &= broken.is_none();
    feed.problems.extend(broken);
    feed.problems.extend(decoded.problem);
    Ok(feed)
}

/// The date, unless it lies further ahead of `now` than a feed can know.
pub fn believable(date: Timestamp, now: Timestamp) -> Option<Timestamp> {
    (date <= now + AHEAD_MAX).then_some(date)
}

#[cfg(test)]
mod tests;
