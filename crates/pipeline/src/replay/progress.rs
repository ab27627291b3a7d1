//! How far a replay is, for whoever watches it.

use std::{
    collections::VecDeque,
    fmt,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
};

use serde::{Deserialize, Serialize};
use story::storage::Ending;

/// Problems that wait to be told; of more than that, only the number is.
const PROBLEMS_MAX: usize = 1000;

/// Counters of a replay, which go on while it runs.
#[derive(Debug, Default)]
pub struct Progress {
    /// Files that are read.
    pub files: usize,
    /// Files that were read.
    pub files_done: AtomicUsize,
    /// Bytes of all files.
    pub bytes_all: u64,
    /// Bytes of them that were read.
    pub bytes: AtomicU64,
    /// Files that the system would not let be read, or not to their end.
    pub unread: AtomicUsize,
    /// Faults in the files.
    pub problems: AtomicU64,
    pub(super) untold: Mutex<VecDeque<String>>,
    pub(super) counts: Mutex<Counts>,
}

/// How pages and articles ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Stories that were kept and written.
    pub kept: u64,
    /// Articles that were judged and not kept.
    pub dropped: u64,
    /// Articles whose story stood in the record.
    pub duplicate: u64,
    /// Records and lines that gave no article.
    pub failed: u64,
}

impl Counts {
    /// All of them.
    pub fn all(&self) -> u64 {
        self.kept + self.dropped + self.duplicate + self.failed
    }

    pub(super) fn add(&mut self, ending: &Ending) {
        match ending {
            Ending::Kept { .. } => self.kept += 1,
            Ending::Dropped { .. } => self.dropped += 1,
            Ending::Duplicate { .. } => self.duplicate += 1,
            Ending::Failed { .. } => self.failed += 1,
        }
    }
}

impl Progress {
    /// How pages and articles ended so far.
    pub fn counts(&self) -> Counts {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn count(&self, ending: &Ending) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.add(ending);
    }

    /// What was found wrong with the files since this was last asked.
    pub fn take_problems(&self) -> Vec<String> {
        let mut untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
        untold.drain(..).collect()
    }

    pub(super) fn problem(&self, path: &Path, problem: &dyn fmt::Display) {
        self.problems.fetch_add(1, Relaxed);
        let mut untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
        if untold.len() < PROBLEMS_MAX {
            untold.push_back(format!("{}: {problem}", path.display()));
        }
    }
}
