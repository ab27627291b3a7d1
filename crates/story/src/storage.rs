//! What stages remember, as traits: the ledger implements them and the stages know only these.

use std::{future::Future, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use url::Url;

pub use crate::feed::{Child, FeedState, Moved, Validators};
use crate::{Block, Entry, EntryId, FeedId, SiteTemplate, StoryId, Timestamp};

/// The store could not do what was asked; nothing of it was done.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct StorageError {
    /// What could not be done.
    pub what: String,
    /// Why.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The store has ended: whatever it is asked is in vain from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the ledger has stopped")]
pub struct StoreEnded;

impl StorageError {
    /// Whether the store has ended, so that asking again cannot help.
    pub fn is_final(&self) -> bool {
        matches!(&self.source, Some(source) if source.is::<StoreEnded>())
    }
}

/// The answers of a store.
pub type Stored<T> = Result<T, StorageError>;

/// An entry that a poll showed, and whether its page is worth having.
#[derive(Clone, Debug)]
pub struct ShownEntry {
    /// The entry.
    pub entry: Entry,
    /// Set where the entry is remembered as seen and goes no further, with the reason.
    pub skip: Option<String>,
}

/// What an entry that a poll showed is to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// The feed had not shown it before; it is pending now.
    New,
    /// The feed had shown it before.
    Known,
    /// The feed had not shown it before, and its page is another entry's already: of another feed,
    /// or of this one where the entry has no text of its own.
    Duplicate,
    /// The feed had not shown it before, and it was skipped with a reason.
    Skipped,
}

/// What a feed's state becomes, once it is known what each of the shown entries is: asked inside the
/// transaction, and again where that has to be repeated.
pub type Conclude = Arc<dyn Fn(&[Sight]) -> FeedState + Send + Sync>;

/// How many of a poll's entries were new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PollCounts {
    /// Entries that the feed had not shown before and that are pending now.
    pub new: u64,
    /// Entries that it had shown before.
    pub known: u64,
    /// Entries that it had not shown before and whose page is another entry's already.
    pub duplicate: u64,
    /// Entries that it had not shown before and that were skipped with a reason.
    pub skipped: u64,
}

impl PollCounts {
    /// Counts.
    pub fn of(sights: &[Sight]) -> Self {
        let count = |wanted| sights.iter().filter(|sight| **sight == wanted).count() as u64;
        Self {
            new: count(Sight::New),
            known: count(Sight::Known),
            duplicate: count(Sight::Duplicate),
            skipped: count(Sight::Skipped),
        }
    }
}

/// An entry in flight, as it is taken up.
#[derive(Clone, Debug)]
pub struct PendingEntry {
    /// The ledger's number of it.
    pub id: EntryId,
    /// The entry.
    pub entry: Entry,
    /// When a feed first showed it.
    pub seen: Timestamp,
    /// How often it was tried.
    pub tries: Tries,
    /// Whether its feed showed its page before with another entry, so that the feed's own text is
    /// what there is of it.
    pub shares_page: bool,
}

/// How often an entry was tried in vain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tries {
    /// How many times its page was asked for.
    pub page: u32,
    /// How many times it had to wait for a robots.txt; the page was not asked for then.
    pub robots: u32,
}

/// What was last learned of an authority's robots.txt (RFC 9309).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RobotsCopy {
    /// When it was last asked for.
    pub asked: Timestamp,
    /// When `body`, or the word that there is none, came.
    pub fetched: Option<Timestamp>,
    /// Since when there has been no answer; `None` where the last one was an answer.
    pub unreachable_since: Option<Timestamp>,
    /// What the last request came to, in the words of a person: "200", "404 Not Found".
    pub outcome: String,
    /// The file; `None` where there is none, and everything is allowed.
    pub body: Option<Vec<u8>>,
}

/// What the fetcher remembers.
pub trait FetchStore: Send + Sync + 'static {
    /// The state of every feed that was ever polled.
    fn feed_states(&self) -> impl Future<Output = Stored<Vec<FeedState>>> + Send;

    /// Commits a poll in one transaction: its new entries as pending, and the state with the
    /// validators that `conclude` makes of them. Returns both as they were committed.
    fn commit_poll(
        &self,
        feed: &FeedId,
        entries: Arc<[ShownEntry]>,
        conclude: Conclude,
    ) -> impl Future<Output = Stored<(FeedState, PollCounts)>> + Send;

    /// Hosts that have pending entries, claimed or not. The host of an entry is
    /// [`entry_host`] of its link.
    fn pending_hosts(&self) -> impl Future<Output = Stored<Vec<String>>> + Send;

    /// Claims up to `limit` entries of `host` that are due, oldest first. A claim ends with
    /// [`postpone`](Self::postpone), with [`SinkStore::finish`], or with the process.
    fn claim(
        &self,
        host: &str,
        now: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Stored<Vec<PendingEntry>>> + Send;

    /// When the next unclaimed entry of `host` is due; `None` where there is none.
    fn next_due(&self, host: &str) -> impl Future<Output = Stored<Option<Timestamp>>> + Send;

    /// Gives a claimed entry back, to be tried again at `next_try`.
    fn postpone(
        &self,
        id: EntryId,
        tries: Tries,
        next_try: Timestamp,
        why: String,
    ) -> impl Future<Output = Stored<()>> + Send;

    /// What was last learned of an authority's robots.txt.
    fn robots(&self, authority: &str) -> impl Future<Output = Stored<Option<RobotsCopy>>> + Send;

    /// Keeps what was learned of an authority's robots.txt.
    fn keep_robots(
        &self,
        authority: &str,
        copy: RobotsCopy,
    ) -> impl Future<Output = Stored<()>> + Send;

    /// WebSub subscriptions as they were last kept, as JSON.
    fn subscriptions(&self) -> impl Future<Output = Stored<Vec<(FeedId, String)>>> + Send;

    /// Keeps a feed's subscription as JSON; `None` forgets it.
    fn keep_subscription(
        &self,
        feed: &FeedId,
        subscription: Option<String>,
    ) -> impl Future<Output = Stored<()>> + Send;
}

/// The host that an entry's page is asked of, with its port where that is not the scheme's own;
/// empty for an entry without a link.
pub fn entry_host(link: Option<&Url>) -> String {
    let Some(link) = link else {
        return String::new();
    };
    match (link.host_str(), link.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => String::new(),
    }
}

/// How an entry ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Its story stands in the record and is synced.
    Kept {
        /// The story.
        story: StoryId,
        /// Its revision.
        revision: u32,
    },
    /// It was judged and not kept.
    Dropped {
        /// Why, as a word of bounded vocabulary.
        reason: String,
        /// The story, by which `vigia explain` finds the verdict.
        story: StoryId,
        /// The whole verdict as JSON, kept for a while so that it can be shown.
        verdict: String,
    },
    /// Its story is another entry's.
    Duplicate {
        /// The story that is in the record or on its way there.
        of: StoryId,
    },
    /// Nothing could be made of it.
    Failed {
        /// Why, as a word of bounded vocabulary.
        reason: String,
        /// The particulars.
        detail: String,
    },
}

impl Ending {
    /// How and why in one word, of bounded vocabulary: `kept`, `duplicate`, `dropped/…` or `failed/…`.
    pub fn label(&self) -> String {
        match self {
            Self::Kept { .. } => "kept".to_owned(),
            Self::Dropped { reason, .. } => format!("dropped/{reason}"),
            Self::Duplicate { .. } => "duplicate".to_owned(),
            Self::Failed { reason, .. } => format!("failed/{reason}"),
        }
    }
}

/// Up to where the record is known to be on disk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Name of the file within the sink's directory.
    pub file: String,
    /// Bytes of it that are synced.
    pub offset: u64,
}

/// Whether a story may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reservation {
    /// It may: nobody else has it.
    Granted,
    /// It may not: it stands in the record already, or another entry is writing it.
    Taken,
}

/// What the sink remembers.
pub trait SinkStore: Send + Sync + 'static {
    /// Reserves each story for its entry, in order, before its line is written. The reservation
    /// of a story twice in one call is granted once. Durable when it returns.
    fn reserve(
        &self,
        stories: Vec<(EntryId, StoryId, u32)>,
    ) -> impl Future<Output = Stored<Vec<Reservation>>> + Send;

    /// Records how entries ended, and how far the record is synced. Durable when it returns.
    fn finish(
        &self,
        endings: Vec<(EntryId, Ending)>,
        checkpoint: Option<Checkpoint>,
    ) -> impl Future<Output = Stored<()>> + Send;
}

/// What is remembered of sites.
pub trait SiteStore: Send + Sync + 'static {
    /// Counts a page in the template of its host, as [`SiteTemplate::learn`] does, and returns the
    /// template with it. Durable when it returns.
    fn learn_page(
        &self,
        host: &str,
        story: &StoryId,
        blocks: Vec<Block>,
    ) -> impl Future<Output = Stored<SiteTemplate>> + Send;
}

/// How long dropped verdicts are kept for `vigia explain`.
pub const DROPPED_KEPT: Duration = Duration::from_hours(30 * 24);
