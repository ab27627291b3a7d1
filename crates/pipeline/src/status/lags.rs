//! How long a story takes from its outlet to the record.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use story::{Story, Timestamp};

use crate::histogram::{Histogram, HistogramSnapshot};

/// Bounds of the lags, in seconds: from a second to a week.
const LAGS: &[f64] = &[
    1.0, 5.0, 15.0, 60.0, 180.0, 300.0, 600.0, 1_800.0, 3_600.0, 14_400.0, 43_200.0, 86_400.0,
    604_800.0,
];

/// When a story was first shown, and when it was judged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Judged {
    pub(crate) seen: Timestamp,
    pub(crate) since: Instant,
}

/// The lags of the stories that were kept, by the part of their way.
#[derive(Debug)]
pub(crate) struct Lags {
    published_to_seen: Histogram,
    seen_to_kept: Histogram,
    kept_to_written: Histogram,
    published_to_written: Histogram,
}

impl Default for Lags {
    fn default() -> Self {
        Self {
            published_to_seen: Histogram::new(LAGS),
            seen_to_kept: Histogram::new(LAGS),
            kept_to_written: Histogram::new(LAGS),
            published_to_written: Histogram::new(LAGS),
        }
    }
}

impl Lags {
    /// Counts a story that was written just now.
    pub(crate) fn note(&self, story: &Story, Judged { seen, since }: Judged) {
        let now = chrono::Utc::now();
        let writing = since.elapsed();
        // A clock that was set, and outlets that date their stories ahead, are no lag.
        let between = |from: Timestamp, to: Timestamp| (to - from).to_std().unwrap_or_default();
        if let Some(published) = story.published {
            self.published_to_seen.note(between(published, seen));
            self.published_to_written.note(between(published, now));
        }
        let judging = between(seen, now).saturating_sub(writing);
        self.seen_to_kept.note(judging.max(Duration::ZERO));
        self.kept_to_written.note(writing);
    }

    pub(crate) fn snapshot(&self) -> LagSnapshot {
        LagSnapshot {
            published_to_seen: self.published_to_seen.snapshot(),
            seen_to_kept: self.seen_to_kept.snapshot(),
            kept_to_written: self.kept_to_written.snapshot(),
            published_to_written: self.published_to_written.snapshot(),
        }
    }
}

/// The lags of the stories that were kept, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LagSnapshot {
    /// From the hour that the outlet states to when a feed showed it.
    pub published_to_seen: HistogramSnapshot,
    /// From there to the verdict.
    pub seen_to_kept: HistogramSnapshot,
    /// From there to the disk.
    pub kept_to_written: HistogramSnapshot,
    /// The whole way.
    pub published_to_written: HistogramSnapshot,
}

impl LagSnapshot {
    /// The parts of the way, with their names.
    pub fn parts(&self) -> [(&'static str, &HistogramSnapshot); 4] {
        [
            ("published to seen", &self.published_to_seen),
            ("seen to kept", &self.seen_to_kept),
            ("kept to written", &self.kept_to_written),
            ("published to written", &self.published_to_written),
        ]
    }
}
