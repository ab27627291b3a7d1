//! What the fetcher brings of an entry: the page that it links to, or only the feed's own text.

use bytes::Bytes;
use url::Url;

use crate::{Entry, Exchange, Timestamp};

/// An entry with its article's page, where that could be had.
#[derive(Clone, Debug)]
pub struct Page {
    /// The entry, as its feed gave it.
    pub entry: Entry,
    /// The page, or why there is none.
    pub content: Content,
}

/// The bytes of a page, or the reason that only the feed's text is there.
#[derive(Clone, Debug)]
pub enum Content {
    /// A page was received.
    Fetched(Fetched),
    /// No page could be had; the feed's own text stands in.
    FeedOnly {
        /// Why, in the words of a person: "no link", "404 Not Found", "body over 10 MB".
        why: String,
        /// When this was decided.
        at: Timestamp,
    },
    /// The page was not asked for: its feed showed it before, with another entry, whose story it
    /// is. The feed's own text is this entry's, as with the bulletins of a live page.
    SharedPage {
        /// When this was decided.
        at: Timestamp,
    },
}

/// A response to the last request of a redirect chain, with status 200 to 299.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Where the redirects ended.
    pub final_url: Url,
    /// The HTTP status.
    pub status: u16,
    /// `Content-Type`, as it was sent.
    pub content_type: Option<String>,
    /// `ETag`, as it was sent.
    pub etag: Option<String>,
    /// `Last-Modified`, as it was sent.
    pub last_modified: Option<String>,
    /// The decompressed body, bounded by the fetcher.
    pub body: Bytes,
    /// When the body had arrived.
    pub fetched: Timestamp,
    /// All that was asked and answered, where an archive keeps it.
    pub exchange: Option<Box<Exchange>>,
}
