//! Stories to durable JSONL: appended, synced, and only then acknowledged; finished files kept,
//! counted, compressed and in the end removed as their owner wishes.
//!
//! A [`Sink`] owns one directory, guarded by a lock. It writes one file per day of UTC,
//! `stories-YYYY-MM-DD.jsonl`, and further parts of a day where a file grows too large; a file of any
//! other name is someone else's and is left alone. What a commit could not write whole it takes back,
//! so that a reader who sees a newline sees valid JSON before it. [`Upkeep`] looks after the files that
//! are finished, beside the sink and without holding it up: `MANIFEST` tells what became of each.
//!
//! It does not know the ledger: it tells its caller what stands on disk and up to where.

mod append;
mod compress;
mod dir;
mod disk;
pub mod fault;
mod file_error;
mod leftovers;
mod manifest;
mod mend;
mod name;
#[cfg(test)]
mod power_loss;
mod read;
mod recover;
mod retention;
mod settings;
mod upkeep;
mod verify;

use std::{
    io,
    path::{Path, PathBuf},
};

use disk::{Disk as _, RealDisk};

pub use append::Sink;
pub use dir::NEW;
pub use file_error::FileError;
pub use manifest::{Content, Finished, MANIFEST, Manifest, State};
pub use name::{FileName, ForeignName};
pub use read::{Line, LineKey, Lines, RecordFile, open_lines, record_files};
pub use recover::{Opened, Tail, Torn, WrittenLine};
pub use settings::{Compression, Settings};
pub use upkeep::{Done, Upkeep};
pub use verify::{Inspection, Pages, Place, Problem, Remedy, inspect, key};

/// Name of the small file that names the open one.
pub const CURRENT: &str = "CURRENT";

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
    #[error(transparent)]
    File(#[from] FileError),
    /// There is less room on the disk than is to be left.
    #[error(
        "keep {reserve} bytes of the disk free, as `sink.reserve` asks: {free} are left at `{}`",
        dir.display()
    )]
    Reserve {
        /// The sink's directory.
        dir: PathBuf,
        /// Bytes that are left.
        free: u64,
        /// Bytes that are to be left.
        reserve: u64,
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
        match self {
            Self::Reserve { .. } => true,
            Self::File(error) => error.is_full(),
            Self::Locked { .. } | Self::Json { .. } => false,
        }
    }

    /// Whether the system refused, so that nothing is known of what a file holds.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::File(error) if error.is_refusal())
    }

    /// Whether there is no such file.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::File(error) if error.is_missing())
    }
}

/// Makes a directory, and those above it, where they are not there, and has their names last.
pub fn make_dir(path: &Path) -> io::Result<()> {
    dir::make(&RealDisk, path)
}

/// Bytes that may still be written where a directory lies.
pub fn room(path: &Path) -> io::Result<u64> {
    RealDisk.free(path)
}

/// Has the names last that were given in a directory, and that were taken away.
pub fn sync_dir(path: &Path) -> io::Result<()> {
    RealDisk.sync_dir(path)
}

/// Names an I/O error by what was tried on which path.
fn io_error(what: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> SinkError {
    let error = FileError::of(what, path);
    move |source| error(source).into()
}
