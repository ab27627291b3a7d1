//! What vigia's own archives say of a page beside what every archive does: the entry that led to
//! it, so that a replay makes the same story of it.

use serde::{Deserialize, Serialize};
use story::{Content, Entry, Page, Timestamp};

/// The field of a record that says what its page was fetched for.
pub(crate) const ROLE: &str = "Vigia-Role";

/// The role of a record of a feed.
pub(crate) const FEED: &str = "feed";

/// The role of a `metadata` record that holds an [`ArchivedEntry`].
pub(crate) const ENTRY: &str = "entry";

/// An entry, and where its text is to be found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ArchivedEntry {
    /// The entry.
    pub(crate) entry: Entry,
    /// Its text.
    pub(crate) content: ArchivedContent,
}

/// Where an entry's text is to be found.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ArchivedContent {
    /// In the `response` that the record is concurrent to.
    Page,
    /// In the entry alone; see [`Content::FeedOnly`].
    FeedOnly {
        /// Why there is no page.
        why: String,
        /// When this was decided.
        at: Timestamp,
    },
    /// In the entry alone; see [`Content::SharedPage`].
    SharedPage {
        /// When this was decided.
        at: Timestamp,
    },
}

impl ArchivedEntry {
    /// The page of an entry that goes without one; `None` where it has one.
    pub(crate) fn without_page(&self) -> Option<Page> {
        let content = match &self.content {
            ArchivedContent::Page => return None,
            ArchivedContent::FeedOnly { why, at } => Content::FeedOnly {
                why: why.clone(),
                at: *at,
            },
            ArchivedContent::SharedPage { at } => Content::SharedPage { at: *at },
        };
        let entry = self.entry.clone();
        Some(Page { entry, content })
    }
}
