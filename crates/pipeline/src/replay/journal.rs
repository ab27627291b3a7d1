//! How far a replay has come, on disk: a hint that saves reading everything again. It is never
//! ahead of what is acknowledged; where it lags or is lost, the ledger knows what was written.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use super::{progress::Counts, source::Mark};

/// Between two writings.
const EVERY: Duration = Duration::from_millis(500);

/// What is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Noted {
    /// Which files, judged how.
    pub(super) fingerprint: String,
    /// Where to go on.
    pub(super) behind: Mark,
    /// How what stands before that ended.
    pub(super) counts: Counts,
}

/// The file.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    written: Option<Instant>,
}

impl Journal {
    pub(super) fn at(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            written: None,
        }
    }

    /// What an earlier run of the same replay noted.
    pub(super) fn read(&self, fingerprint: &str) -> Option<Noted> {
        let noted: Noted = serde_json::from_slice(&fs::read(&self.path).ok()?).ok()?;
        (noted.fingerprint == fingerprint).then_some(noted)
    }

    /// Notes it, where it was not done a moment ago.
    pub(super) fn note(&mut self, noted: &Noted) {
        if self
            .written
            .is_none_or(|written| written.elapsed() >= EVERY)
        {
            self.written = Some(Instant::now());
            if let Err(error) = self.write(noted) {
                let journal = self.path.display();
                tracing::debug!(%journal, %error, "cannot note how far the replay is");
            }
        }
    }

    /// Notes it in any case.
    pub(super) fn write(&self, noted: &Noted) -> io::Result<()> {
        let aside = self.path.with_extension("json.new");
        fs::write(&aside, serde_json::to_vec(noted)?)?;
        fs::rename(&aside, &self.path)
    }
}
