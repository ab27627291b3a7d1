//! Stories to durable JSONL: appended, synced, and only then acknowledged.
//!
//! A [`Sink`] owns one directory, guarded by a lock. It writes one file per day of UTC,
//! `stories-YYYY-MM-DD.jsonl`; a file of any other name is someone else's and is left alone. What a
//! commit could not write whole it takes back, so that a reader who sees a newline sees valid JSON
//! before it.
//!
//! It does not know the ledger: it tells its caller what stands on disk and up to where.

mod append;
mod recover;

use std::{io, path::PathBuf};

use chrono::NaiveDate;

pub use append::Sink;
pub use recover::{Opened, Tail, Torn, WrittenLine};

/// Why the record cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// Another process holds the directory.
    #[error(
        "write the record in `{}`: another vigia is writing there; stop it, or give this one \
         another `sink.dir`",
        dir.display()
    )]
    Locked {
        /// The sink's directory.
        dir: PathBuf,
    },
    /// The system refused.
    #[error("{what} `{}`", path.display())]
    Io {
        /// What was tried: "append to", "sync" and so on.
        what: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// A story cannot be written as JSON.
    #[error("write story `{id}` as JSON")]
    Json {
        /// The story's id.
        id: String,
        /// What serde says.
        #[source]
        source: serde_json::Error,
    },
}

impl SinkError {
    /// Whether the disk is full or a quota used up: trying again helps once there is room.
    pub fn is_full(&self) -> bool {
        use io::ErrorKind as Kind;
        matches!(
            self,
            Self::Io { source, .. }
                if matches!(source.kind(), Kind::StorageFull | Kind::QuotaExceeded)
        )
    }
}

/// Names an I/O error by what was tried on which path.
fn io_error(what: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> SinkError {
    let path = path.into();
    move |source| SinkError::Io { what, path, source }
}

/// Start of the name of every file of the record.
const FILE_PREFIX: &str = "stories-";
/// End of the name of every file of the record.
const FILE_SUFFIX: &str = ".jsonl";

/// Name of the record's file of a day.
fn file_of(day: NaiveDate) -> String {
    format!("{FILE_PREFIX}{day}{FILE_SUFFIX}")
}

/// Whether a file of this name is one that the sink made: a copy or an export beside it is not.
fn is_of_record(name: &str) -> bool {
    name.strip_prefix(FILE_PREFIX)
        .and_then(|rest| rest.strip_suffix(FILE_SUFFIX))
        .and_then(|day| day.parse().ok())
        // Dates are read more freely than they are written.
        .is_some_and(|day| file_of(day) == name)
}
