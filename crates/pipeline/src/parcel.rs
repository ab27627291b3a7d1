//! What travels between stages: a message, and the entry that it belongs to.

use std::time::Instant;

use fetcher::InFlight;
use story::{ArchivePosition, EntryId, Page, Story, Timestamp, storage::Ending};

/// A message with the number of its entry. Whoever takes a parcel off a queue either passes it on
/// or says how the entry ended; nothing is let fall.
#[derive(Debug)]
pub(crate) struct Parcel<T> {
    /// The entry.
    pub(crate) id: EntryId,
    /// The message.
    pub(crate) content: T,
    /// When a feed first showed the entry; now, where none did.
    pub(crate) seen: Timestamp,
    /// Since when it waits for the stage that takes it.
    pub(crate) since: Instant,
}

impl<T> Parcel<T> {
    /// A parcel of an entry that no feed has shown.
    pub(crate) fn new(id: EntryId, content: T) -> Self {
        Self::seen(id, chrono::Utc::now(), content)
    }

    /// A parcel of an entry that a feed showed at `seen`.
    pub(crate) fn seen(id: EntryId, seen: Timestamp, content: T) -> Self {
        Self {
            id,
            content,
            seen,
            since: Instant::now(),
        }
    }
}

/// A message whose page may be filed in an archive.
#[derive(Debug)]
pub(crate) struct Filed<T> {
    /// The message.
    pub(crate) message: T,
    /// Where its page stands.
    pub(crate) archive: Option<ArchivePosition>,
}

impl From<InFlight> for Parcel<Filed<Page>> {
    fn from(in_flight: InFlight) -> Self {
        let content = Filed {
            message: in_flight.page,
            archive: None,
        };
        Self {
            id: in_flight.id,
            content,
            seen: in_flight.seen,
            since: in_flight.since,
        }
    }
}

/// What a stage makes of a message.
#[derive(Debug)]
pub(crate) enum Step<T> {
    /// The message for the next stage.
    On(T),
    /// The end of the entry.
    End(Ending),
}

/// What the sink is given.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// A story for the record.
    Keep(Box<Story>),
    /// An entry that ends without one.
    End(Ending),
}
