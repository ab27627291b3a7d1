//! The nouns that every stage of vigia speaks, and nothing else: no I/O, no async runtime.
//!
//! A story comes into being step by step, and the type says how far it has come:
//!
//! ```text
//! Entry ──fetch──▶ Page ──clean──▶ Article ──classify──▶ Story
//! ```
//!
//! [`storage`] holds the traits through which stages remember things, so that no stage knows the
//! ledger that implements them.

mod article;
mod canonical;
mod entry;
mod exchange;
mod feed;
mod id;
mod page;
mod record;
mod rhythm;
pub mod storage;
mod template;
mod wrapper;

pub use article::{Access, Article, PublishedSource, TextSource};
pub use canonical::{CanonicalUrl, is_front_page, same_site, story_url};
pub use entry::{Entry, Home};
pub use exchange::Exchange;
pub use feed::{Health, Hints};
pub use id::{EntryId, EntryKey, FeedId, Iso2, Lang, ParseIdError, StoryId, hex};
pub use page::{Content, Fetched, Page};
pub use record::{
    Actor, ArchivePosition, Casualty, CasualtyScope, Category, Cluster, Country, Event, Evidence,
    EvidenceKind, Field, Outcome, Place, Provenance, Role, SCHEMA, Story,
};
pub use rhythm::{Rhythm, Silence};
pub use template::{Block, SiteTemplate};
pub use wrapper::unwrapped;

/// An instant in UTC.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
