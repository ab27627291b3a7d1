//! What the fetcher has done so far, for the status and the logs.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::Lateness;

/// Counts since the start. Every poll that ended is ok, not modified or failed; every page that
/// was asked for is fetched, failed or retried.
#[derive(Debug, Default)]
pub struct Counters {
    /// Polls that brought a feed.
    pub polls_ok: AtomicU64,
    /// Polls that were answered with 304.
    pub polls_not_modified: AtomicU64,
    /// Polls that failed.
    pub polls_failed: AtomicU64,
    /// Entries that a feed had not shown before and that are pending.
    pub entries_new: AtomicU64,
    /// Entries that a feed had shown before.
    pub entries_known: AtomicU64,
    /// Entries that a feed had not shown before and that were skipped with a reason.
    pub entries_skipped: AtomicU64,
    /// Pages that were brought.
    pub pages_fetched: AtomicU64,
    /// Entries that went on with the feed's own text.
    pub pages_failed: AtomicU64,
    /// Times that a page was put off.
    pub pages_retried: AtomicU64,
    /// Requests started.
    pub requests: AtomicU64,
    /// Requests under way now.
    pub requests_under_way: AtomicU64,
    /// Bytes of bodies read, decompressed.
    pub bytes: AtomicU64,
    /// How late scheduled polls started.
    pub lateness: Lateness,
}

/// Adds to a count.
pub(crate) fn add(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}

/// One request under way, counted as long as it lives.
pub(crate) struct UnderWay<'a>(&'a Counters);

impl<'a> UnderWay<'a> {
    /// Counts a request that starts.
    pub(crate) fn start(counters: &'a Counters) -> Self {
        add(&counters.requests, 1);
        add(&counters.requests_under_way, 1);
        Self(counters)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.requests_under_way.fetch_sub(1, Ordering::Relaxed);
    }
}
