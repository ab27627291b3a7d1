//! What travels between stages: a message, and the entry that it belongs to.

use fetcher::InFlight;
use story::{ArchivePosition, EntryId, Page, Story, storage::Ending};

/// A message with the number of its entry. Whoever takes a parcel off a queue either passes it on
/// or says how the entry ended; nothing is let fall.
#[derive(Debug)]
pub(crate) struct Parcel<T> {
    /// The entry.
    pub(crate) id: EntryId,
    /// The message.
    pub(crate) content: T,
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
    fn from(InFlight { id, page }: InFlight) -> Self {
        let (message, archive) = (page, None);
        let content = Filed { message, archive };
        Self { id, content }
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
