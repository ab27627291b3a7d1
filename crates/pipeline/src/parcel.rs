//! What travels between stages: a message, and the entry that it belongs to.

use fetcher::InFlight;
use story::{EntryId, Page, Story, storage::Ending};

/// A message with the number of its entry. Whoever takes a parcel off a queue either passes it on
/// or says how the entry ended; nothing is let fall.
#[derive(Debug)]
pub(crate) struct Parcel<T> {
    /// The entry.
    pub(crate) id: EntryId,
    /// The message.
    pub(crate) content: T,
}

impl From<InFlight> for Parcel<Page> {
    fn from(InFlight { id, page }: InFlight) -> Self {
        Self { id, content: page }
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
