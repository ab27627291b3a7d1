//! Durable memory: the state of feeds, entries in flight, what was seen, and the verdicts of what
//! was dropped, in one SQLite database (WAL, `synchronous=FULL`).
//!
//! One thread owns the writing connection and groups what it is asked for into transactions: while
//! one commit is being synced, the next group gathers. An answer arrives after the commit that it
//! belongs to, so that what a caller was told is on disk.
//!
//! It does not decide anything: what a poll showed and how an entry ended is told to it.

mod balance;
mod entries;
mod feeds;
mod ids;
mod packed;
mod reader;
mod recovery;
mod robots;
mod schema;
mod seen;
mod stories;
mod subscriptions;
mod templates;
mod writer;

use std::{
    fs::File,
    path::{Path, PathBuf},
    time::Duration,
};

pub use balance::BalanceRow;
pub use reader::{FeedCounts, Reader};
pub use recovery::{Recovered, WrittenStory};

use rusqlite::Connection;
use story::storage::{StorageError, Stored};
use writer::Writer;

/// How long an entry that ended is known again at least.
const SEEN_KEPT: Duration = Duration::from_hours(400 * 24);

/// Why a ledger cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The folder or the file cannot be made or written.
    #[error(
        "open the ledger `{}`: its folder must exist or be creatable, and be writable by this user",
        path.display()
    )]
    Unwritable {
        /// The ledger's file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The file is not a ledger, or is damaged.
    #[error(
        "read the ledger `{}`: it is damaged or no ledger; move it and its -wal file away and start \
         again: the record is read back, so that nothing is written twice, and feeds are asked anew",
        path.display()
    )]
    Corrupt {
        /// The ledger's file.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
    /// Another process has it.
    #[error("use the ledger `{}`: another vigia is using it; stop that one first", path.display())]
    InUse {
        /// The ledger's file.
        path: PathBuf,
    },
    /// A newer program wrote it.
    #[error(
        "use the ledger `{}`: a newer vigia wrote it (version {found}, this one knows {known}); \
         run that program, or restore the copy it made before migrating",
        path.display()
    )]
    TooNew {
        /// The ledger's file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// An older program wrote it, and it can be brought forward by who writes it alone.
    #[error(
        "read the ledger `{}`: an older vigia wrote it (version {found}, this one knows {known}); \
         `vigia run` brings it forward when it starts",
        path.display()
    )]
    TooOld {
        /// The ledger's file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The version known here.
        known: i64,
    },
    /// SQLite failed otherwise.
    #[error("use the ledger `{}`", path.display())]
    Sqlite {
        /// The ledger's file.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
    /// The thread could not be started.
    #[error("start the ledger's thread")]
    Thread(#[source] std::io::Error),
}

impl LedgerError {
    /// Sorts SQLite's errors by what a person has to do about them.
    fn of(path: &Path, source: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(Code::DatabaseCorrupt | Code::NotADatabase) => Self::Corrupt { path, source },
            Some(Code::CannotOpen | Code::ReadOnly | Code::PermissionDenied) => {
                let source = std::io::Error::other(source);
                Self::Unwritable { path, source }
            }
            _ => Self::Sqlite { path, source },
        }
    }
}

/// The ledger: a handle to the thread that writes it. Cheap to share behind an `Arc`.
#[derive(Debug)]
pub struct Ledger {
    writer: Writer,
    path: PathBuf,
    /// How long an entry that ended is known again.
    seen_kept: Duration,
    /// Held as long as the ledger is; a killed process lets go of it by itself.
    _lock: File,
}

impl Ledger {
    /// Opens the ledger at `path`, making it and its folder where they are not there, and releases
    /// the claims of the process before.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let lock = schema::lock(path)?;
        let connection = schema::open(path)?;
        entries::release_claims(&connection).map_err(|e| LedgerError::of(path, e))?;
        let writer = Writer::start(connection).map_err(LedgerError::Thread)?;
        Ok(Self {
            writer,
            path: path.to_owned(),
            seen_kept: SEEN_KEPT,
            _lock: lock,
        })
    }

    /// The same ledger, which knows entries that ended again for so long, counted from when they were
    /// first seen; and for 400 days at least. One that is shown after that is looked at anew, and still
    /// makes no second line: what stands in the record is never forgotten.
    #[must_use]
    pub fn keeping_seen(mut self, time: Duration) -> Self {
        self.seen_kept = time.max(SEEN_KEPT);
        self
    }

    /// Reads beside the writing thread, for what would keep that from its work: sees what was
    /// committed when it begins.
    async fn read<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Stored<T> {
        let path = self.path.clone();
        let read = move || {
            let reader = Reader::open(&path)?;
            reader.read(work)
        };
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| StorageError {
            what: what.to_owned(),
            source: Some(source),
        };
        match tokio::task::spawn_blocking(read).await {
            Ok(read) => read.map_err(|error| failed(error.into())),
            Err(fault) => Err(failed(fault.into())),
        }
    }

    /// Ends when the ledger can do no more, which it never should while it is in use: its thread
    /// died of a fault.
    pub fn ended(&self) -> impl Future<Output = ()> + Send + 'static {
        self.writer.ended()
    }
}
