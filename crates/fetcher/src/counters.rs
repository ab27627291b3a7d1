//! What the fetcher has done so far, for the status and the logs.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use story::Health;

use crate::Lateness;

mod due;
mod refusals;

use due::Deadlines;
pub(crate) use due::Due;
use refusals::Refusals;
pub(crate) use refusals::Refused;

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
    /// Answers by which a server asked to be left alone (429, 503, `Retry-After`).
    pub asked_to_wait: AtomicU64,
    /// Requests that were not made because a server had asked to be left alone.
    pub held_back: AtomicU64,
    /// Requests that were not made because of a robots.txt.
    pub disallowed: AtomicU64,
    /// How late scheduled polls started.
    pub lateness: Lateness,
    /// Feeds by their health, in the order of [`Health::ALL`].
    health: [AtomicU64; Health::ALL.len()],
    deadlines: Deadlines,
    refusals: Refusals,
}

impl Counters {
    /// How many of the feeds that are polled are in each state of health.
    pub fn feeds_by_health(&self) -> impl Iterator<Item = (Health, u64)> {
        let counts = self
            .health
            .iter()
            .map(|count| count.load(Ordering::Relaxed));
        Health::ALL.into_iter().zip(counts)
    }

    /// How long ago the oldest of all that is under way should have been done: the next turn of the
    /// loop that schedules everything, requests, the reading of feeds, and answers of the store.
    pub fn overdue(&self) -> Duration {
        self.deadlines.overdue(Instant::now())
    }

    /// Why the store refuses what it is asked, while anybody waits for it.
    pub fn store_trouble(&self) -> Option<String> {
        self.refusals.why()
    }

    /// Whether the store refuses and is asked again and again, so that who stands still is not to blame.
    pub fn store_refuses(&self) -> bool {
        self.refusals.excuse()
    }

    /// Says that something will be done in so long a time; it is done when the value is dropped.
    pub(crate) fn due_within(self: &Arc<Self>, wait: Duration) -> Due {
        Due::by(Arc::clone(self), Instant::now() + wait)
    }

    /// Says that the store refuses what somebody waits for, until the value is dropped.
    pub(crate) fn refused(self: &Arc<Self>) -> Refused {
        Refused::new(Arc::clone(self))
    }

    /// Notes that a feed's health is no longer what it was.
    pub(crate) fn health_changed(&self, from: Option<Health>, to: Option<Health>) {
        let count = |health: Health| {
            let at = Health::ALL.iter().position(|one| *one == health);
            &self.health[at.expect("every health is one of all")]
        };
        if let Some(from) = from {
            count(from).fetch_sub(1, Ordering::Relaxed);
        }
        if let Some(to) = to {
            count(to).fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Adds to a count.
pub(crate) fn add(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}

/// One request under way, counted as long as it lives.
pub(crate) struct UnderWay(Due);

impl UnderWay {
    /// Counts a request that starts, and that ends one way or the other within `timeout`.
    pub(crate) fn start(counters: &Arc<Counters>, timeout: Duration) -> Self {
        add(&counters.requests, 1);
        add(&counters.requests_under_way, 1);
        Self(counters.due_within(timeout))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let counters = self.0.counters();
        counters.requests_under_way.fetch_sub(1, Ordering::Relaxed);
    }
}
