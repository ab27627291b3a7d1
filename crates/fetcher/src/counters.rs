//! What the fetcher has done so far, for the status and the logs.

use std::{
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use story::Health;

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
    /// Feeds by their health, in the order of [`Health::ALL`].
    health: [AtomicU64; Health::ALL.len()],
    /// When the loop that schedules everything will have turned again, in milliseconds of
    /// [`running_ms`]; 0 where nothing is to come.
    turns_by: AtomicU64,
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

    /// How long ago the loop that schedules everything should have turned.
    pub fn overdue(&self) -> Duration {
        let (by, now) = (self.turns_by.load(Ordering::Relaxed), running_ms());
        Duration::from_millis(if by == 0 { 0 } else { now.saturating_sub(by) })
    }

    /// Notes when the loop will turn again at the latest, if it will at all.
    pub(crate) fn turns_within(&self, wait: Option<Duration>) {
        let by = wait.map_or(0, |wait| running_ms() + wait.as_millis() as u64);
        self.turns_by.store(by, Ordering::Relaxed);
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

/// Milliseconds since this was first asked, and one more; nobody can set them.
fn running_ms() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    1 + START.elapsed().as_millis() as u64
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
