//! The archive: each fetched page and feed as records of WARC files, beside the line.
//!
//! ```text
//! fetcher ─pages─▶ archive ─▶ clean
//!    └────feeds──────┘ └─▶ WARC files
//! ```
//!
//! A page goes on to the cleaner once its record is synced, so that a story never names a place
//! where there is nothing. A disk that refuses is tried again, and everything before it waits.

mod files;
mod records;
mod seen;
mod tail;

use std::{io, path::PathBuf, sync::Arc, time::Instant};

use fetcher::InFlight;
use sink::{FileError, fault};
use story::{ArchivePosition, Exchange, Page};
use tokio::{
    sync::mpsc::{Receiver, Sender},
    task::spawn_blocking,
};

pub(crate) use files::Archive;

use crate::{
    parcel::{Filed, Parcel},
    record::{Backoff, chain},
    status::{Hindered, StageCounters, Status},
};

/// Pages and feeds that share a sync at most; it bounds what is held in memory meanwhile.
const GROUP_MAX: usize = 32;

/// Where the archive lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveSettings {
    /// Its folder.
    pub dir: PathBuf,
    /// Bytes of a file above which the next one is begun.
    pub rotate_bytes: u64,
}

/// Why the archive cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Another process holds the folder.
    #[error(
        "write the archive in `{}`: another vigia is writing there; stop it, or give this one \
         another `archive.dir`",
        dir.display()
    )]
    Locked {
        /// The archive's folder.
        dir: PathBuf,
    },
    /// The system refused.
    #[error(transparent)]
    File(#[from] FileError),
}

impl ArchiveError {
    /// Names an I/O error by what was tried on which path.
    fn io(what: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let error = FileError::of(what, path);
        move |source| Self::File(error(source))
    }

    fn in_words(&self) -> String {
        let words = chain(self);
        match self {
            Self::File(error) if error.is_full() => format!(
                "the archive's disk is full: {words}; it goes on by itself when there is room"
            ),
            _ => words,
        }
    }
}

/// What is to be kept.
#[derive(Debug)]
pub(crate) enum Piece {
    /// A page on its way down the line.
    Page(Box<InFlight>),
    /// What a feed answered.
    Feed(Box<Exchange>),
}

/// Keeps what comes until both queues are closed and empty, and passes the pages on.
pub(crate) async fn run(
    mut archive: Archive,
    mut pages: Receiver<InFlight>,
    mut feeds: Receiver<Exchange>,
    out: Sender<Parcel<Filed<Page>>>,
    status: Arc<Status>,
) {
    let (mut taken, mut answers) = (Vec::new(), Vec::new());
    let (mut pages_open, mut feeds_open) = (true, true);
    let counters = status.show_archive();
    while pages_open || feeds_open {
        tokio::select! {
            count = pages.recv_many(&mut taken, GROUP_MAX), if pages_open => pages_open = count > 0,
            count = feeds.recv_many(&mut answers, GROUP_MAX), if feeds_open => feeds_open = count > 0,
        }
        let pieces = taken.drain(..).map(|page| Piece::Page(Box::new(page)));
        let answers = answers.drain(..).map(|feed| Piece::Feed(Box::new(feed)));
        let group: Vec<Piece> = pieces.chain(answers).collect();
        if group.is_empty() {
            continue; // one of the queues has ended
        }
        count(&counters, &group);
        let kept;
        (archive, kept) = keep(archive, group, &status).await;
        counters.moved();
        fault::point(fault::ARCHIVE_BEFORE_PASSING);
        for (piece, position) in kept {
            // A closed queue means that the line is being torn down; the entry stays pending.
            let Piece::Page(page) = piece else {
                counters.passed(); // to its file, and no further
                continue;
            };
            if out.send(filed(*page, position)).await.is_err() {
                return;
            }
            counters.passed();
        }
    }
}

/// Counts what the stage takes; what feeds answered has not waited long.
fn count(counters: &StageCounters, group: &[Piece]) {
    for piece in group {
        match piece {
            Piece::Page(page) => counters.took(page.since),
            Piece::Feed(_) => counters.took(Instant::now()),
        }
    }
}

type Kept = Vec<(Piece, Option<ArchivePosition>)>;

/// Writes and syncs a group, again and again until it stands there.
async fn keep(mut archive: Archive, group: Vec<Piece>, status: &Status) -> (Archive, Kept) {
    let group = Arc::new(group);
    let mut wait = Backoff::of(Hindered::Archive);
    let positions = loop {
        let pieces = Arc::clone(&group);
        let written;
        (archive, written) = spawn_blocking(move || {
            let written = archive.write(&pieces, chrono::Utc::now());
            (archive, written)
        })
        .await
        .expect("writing an archive does not panic and is not cancelled");
        match written {
            Ok(positions) => break positions,
            Err(error) => wait.after(status, &error.in_words()).await,
        }
    };
    wait.over(status);
    let group = Arc::into_inner(group).expect("the writing thread is done with it");
    (archive, group.into_iter().zip(positions).collect())
}

/// A page with its place, and without what only the archive needed.
fn filed(
    InFlight {
        id, mut page, seen, ..
    }: InFlight,
    archive: Option<ArchivePosition>,
) -> Parcel<Filed<Page>> {
    if let story::Content::Fetched(fetched) = &mut page.content {
        fetched.exchange = None;
    }
    let content = Filed {
        message: page,
        archive,
    };
    Parcel::seen(id, seen, content)
}

#[cfg(test)]
mod tests;
