//! A feed's bytes to its entries: pure and synchronous, and it returns whatever it could read.
//!
//! feed-rs does the parsing. Around it stand what it needs on real feeds: the bytes are decoded
//! first (`charset`), dates are read with the feed's zone (`dates`), a document that was cut
//! off is closed after its last whole entry (`cut`), and a panic is one failure of one feed.

mod charset;
mod cut;
mod dates;
mod entry;
mod sniff;
mod text;

use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono_tz::Tz;
use feed_rs::{
    model::FeedType,
    parser::{Builder, ParseFeedError},
};
use story::{Entry, FeedId, Home};
use url::Url;

use sniff::Shape;

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
    /// Its entries, in the order of the document.
    pub entries: Vec<Entry>,
    /// What was wrong with it, in the words of a person.
    pub problems: Vec<String>,
    /// Whether the document was read to its end.
    pub whole: bool,
}

/// Kinds of feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedKind {
    /// RSS 0.91 to 2.0.
    Rss,
    /// RSS 1.0, which is RDF.
    Rdf,
    /// Atom.
    Atom,
    /// JSON Feed.
    Json,
}

impl FeedKind {
    /// The kind as a word: `rss`, `rdf`, `atom` or `json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rss => "rss",
            Self::Rdf => "rdf",
            Self::Atom => "atom",
            Self::Json => "json",
        }
    }
}

impl From<FeedType> for FeedKind {
    fn from(kind: FeedType) -> Self {
        match kind {
            FeedType::RSS0 | FeedType::RSS2 => Self::Rss,
            FeedType::RSS1 => Self::Rdf,
            FeedType::Atom => Self::Atom,
            FeedType::JSON => Self::Json,
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
    let decoded = charset::decode(bytes, content_type);
    let text = decoded
        .text
        .trim_start_matches(|c: char| c.is_whitespace() || c == '\0');
    let mut problems = Vec::from_iter(decoded.problem);
    match sniff::shape(text) {
        Shape::Feed => {}
        Shape::Empty => return Err(FeedError::Empty),
        Shape::Html => {
            return Err(FeedError::Html {
                title: text::html_title(text),
            });
        }
        Shape::Other(what) => return Err(FeedError::NotAFeed { what }),
    }

    // The declaration names the encoding that the bytes had, and feed-rs would believe it.
    let text = sniff::without_declaration(text);
    let (feed, whole) = match read(text, context) {
        Ok(feed) => (feed, true),
        Err(error) => {
            let Some(closed) = cut::close_after_last_entry(text) else {
                return Err(error);
            };
            let Ok(feed) = read(&closed, context) else {
                return Err(error);
            };
            problems.push(format!("read up to the last whole entry: {error}"));
            (feed, false)
        }
    };
    Ok(convert(feed, context, problems, whole))
}

/// Lets feed-rs read UTF-8 text.
fn read(text: &str, context: &FeedContext) -> Result<feed_rs::model::Feed, FeedError> {
    let timezone = context.timezone;
    let parser = Builder::new()
        .base_uri(Some(entry::base(&context.url).as_str()))
        // No invented ids: identity is `Entry::key`'s to decide.
        .id_generator(|_, _, _| String::new())
        .timestamp_parser(move |text| dates::parse(text, timezone))
        .sanitize_content(false)
        .build();
    catch_unwind(AssertUnwindSafe(|| parser.parse(text.as_bytes())))
        .map_err(|_| FeedError::Panicked)?
        .map_err(|error| FeedError::Malformed {
            reason: reason(&error),
        })
}

fn convert(
    feed: feed_rs::model::Feed,
    context: &FeedContext,
    problems: Vec<String>,
    whole: bool,
) -> ParsedFeed {
    let title = feed
        .title
        .map(|title| text::plain(&title.content))
        .filter(|t| !t.is_empty());
    let entries = feed.entries.into_iter();
    let entries = entries
        .map(|item| entry::convert(item, title.as_deref(), context))
        .collect();
    ParsedFeed {
        kind: feed.feed_type.into(),
        title,
        entries,
        problems,
        whole,
    }
}

/// The parser's error without its preamble.
fn reason(error: &ParseFeedError) -> String {
    let text = error.to_string();
    let text = text.strip_prefix("unable to parse feed: ").unwrap_or(&text);
    text.strip_prefix("unable to ")
        .map_or_else(|| text.to_owned(), |rest| format!("cannot {rest}"))
}

#[cfg(test)]
mod tests;
