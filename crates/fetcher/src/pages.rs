//! The pages of one host's pending entries: taken from the store a few at a time, fetched, and
//! sent down the line.

use std::{
    collections::VecDeque,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use story::{
    Content, Entry, EntryId, Fetched, Page, Timestamp,
    storage::{FetchStore, PendingEntry, Tries},
};
use tokio::{
    sync::{Notify, mpsc::Sender},
    time::sleep,
};

use crate::{
    FetchError, InFlight,
    backoff::Backoff,
    counters::add,
    fetcher::{Shared, persist},
    http::{Request, Wanted},
    politeness::Slot,
    robots::{self, RobotsLeave},
    schedule,
    stop::{Stop, Stopped},
};

/// How long a page is put off: a blip heals quickly, and an outage is not hammered.
const RETRY: Backoff = Backoff {
    first: Duration::from_secs(5),
    factor: 10,
    max: Duration::from_hours(1),
};

/// How many entries are taken from the store at once, per request that may be under way.
const CLAIMED_PER_SLOT: usize = 2;

/// The least pause before the store is asked again for an entry that should be due.
const DUE_PAUSE: Duration = Duration::from_millis(10);

/// The next stage is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LineClosed;

/// What one host's task works with.
pub(crate) struct HostPages<S> {
    pub(crate) shared: Arc<Shared<S>>,
    /// The host; empty for entries without a link.
    pub(crate) host: String,
    /// Rings when the host may have new entries.
    pub(crate) bell: Arc<Notify>,
    pub(crate) out: Sender<InFlight>,
    pub(crate) stop: Stop,
    /// The longest wait for what is put off; with more to wait, the task ends.
    pub(crate) patience: Duration,
}

impl<S: FetchStore> HostPages<S> {
    /// Brings pages until none is pending, or only some that must wait longer than it has
    /// patience, or the run ends.
    pub(crate) async fn bring_all(self) -> Result<(), LineClosed> {
        let slots = self.shared.settings.host_concurrency.max(1);
        let mut claimed: VecDeque<PendingEntry> = VecDeque::new();
        let mut under_way = FuturesUnordered::new();
        loop {
            if claimed.is_empty() && under_way.len() < slots {
                claimed.extend(self.claim(slots * CLAIMED_PER_SLOT).await);
            }
            if self.stop.begun() {
                claimed.clear(); // their claims end with the process
            }
            while under_way.len() < slots
                && let Some(pending) = claimed.pop_front()
            {
                under_way.push(self.bring(pending));
            }
            match under_way.next().await {
                Some(brought) => brought?,
                None if self.rest().await => {}
                None => return Ok(()),
            }
        }
    }

    /// Takes entries that are due, unless the host is to be left alone or the run ends.
    async fn claim(&self, limit: usize) -> Vec<PendingEntry> {
        if self.stop.begun() || self.closed_for().is_some() {
            return Vec::new();
        }
        let store = &self.shared.store;
        let claim = || store.claim(&self.host, self.shared.clock.now(), limit);
        persist(&self.shared.counters, &self.stop, claim)
            .await
            .unwrap_or_default()
    }

    /// How long the host asked to be left alone yet. One that refuses everything is not waited for:
    /// its pages go on with the feed's text.
    fn closed_for(&self) -> Option<Duration> {
        let closed = self.shared.http.gates.closed(&self.host);
        closed
            .filter(|closed| !closed.refusing)
            .map(|closed| closed.wait)
    }

    /// Waits until an entry may be due; false where there is nothing to wait for.
    async fn rest(&self) -> bool {
        let next_due = || self.shared.store.next_due(&self.host);
        let Ok(Some(due)) = persist(&self.shared.counters, &self.stop, next_due).await else {
            return false;
        };
        let closed = self.closed_for().unwrap_or_default();
        let wait = schedule::until(self.shared.clock.now(), due)
            .max(closed)
            .max(DUE_PAUSE);
        if wait > self.patience || self.stop.begun() {
            return false;
        }
        tokio::select! {
            () = sleep(wait) => true,
            // A closed host stays closed whatever is new.
            () = self.bell.notified(), if closed.is_zero() => true,
            () = self.stop.wait() => false,
        }
    }

    /// Brings one entry to an end: sent with its page, sent without, or put off.
    async fn bring(&self, pending: PendingEntry) -> Result<(), LineClosed> {
        let PendingEntry {
            id,
            entry,
            seen,
            tries,
            shares_page,
        } = pending;
        if shares_page {
            let at = self.shared.clock.now();
            return self.send(id, seen, entry, Content::SharedPage { at }).await;
        }
        let (content, _slot) = match self.fetch_or_fault(&entry).await {
            Ok((fetched, slot)) => {
                add(&self.shared.counters.pages_fetched, 1);
                (Content::Fetched(fetched), slot)
            }
            Err(PageError::Fetch(FetchError::Stopped)) => return Ok(()),
            Err(PageError::Fetch(error)) if self.may_retry(&error, tries) => {
                // The store is asked until the run ends, and then the claim ends with it.
                let _ = self.put_off(id, &entry, tries, &error).await;
                return Ok(());
            }
            Err(error) => {
                add(&self.shared.counters.pages_failed, 1);
                tracing::debug!(feed = %entry.feed, host = self.host, attempt = tries.page + 1, %error, "no page");
                (
                    Content::FeedOnly {
                        why: error.to_string(),
                        at: self.shared.clock.now(),
                    },
                    None,
                )
            }
        };
        // The slot is held until the page is sent, so that bodies in memory are bounded.
        self.send(id, seen, entry, content).await
    }

    async fn send(
        &self,
        id: EntryId,
        seen: Timestamp,
        entry: Entry,
        content: Content,
    ) -> Result<(), LineClosed> {
        let in_flight = InFlight {
            id,
            page: Page { entry, content },
            seen,
            since: Instant::now(),
        };
        let sent = self.out.send(in_flight).await;
        sent.map_err(|_| LineClosed)
    }

    /// Fetches a page. A panic on the way ends this page alone: the task goes on with the host's
    /// others, and none of its claims is stranded.
    async fn fetch_or_fault(&self, entry: &Entry) -> Result<(Fetched, Option<Slot>), PageError> {
        let fetched = AssertUnwindSafe(self.fetch(entry)).catch_unwind().await;
        fetched.unwrap_or_else(|_| {
            tracing::error!(feed = %entry.feed, host = self.host, "a page broke off");
            Err(PageError::Fault)
        })
    }

    async fn fetch(&self, entry: &Entry) -> Result<(Fetched, Option<Slot>), PageError> {
        let url = entry.link.as_ref().ok_or(PageError::NoLink)?;
        let leave = RobotsLeave {
            shared: &self.shared,
            stop: &self.stop,
        };
        let request = Request {
            url,
            wanted: Wanted::Page,
            validators: None,
            bytes_max: self.shared.settings.page_bytes_max,
            leave: Some(&leave),
            access: None,
        };
        let answer = self.shared.http.get(&request, &self.stop).await?;
        let exchange = self.shared.exchange(&answer).map(Box::new);
        let (fetched, slot) = answer.into_page(url)?;
        Ok((
            Fetched {
                exchange,
                ..fetched
            },
            Some(slot),
        ))
    }

    /// Whether asking again may help and may yet be tried.
    fn may_retry(&self, error: &FetchError, tries: Tries) -> bool {
        match error {
            // It was not asked at all, and may be when the time is over, unless it only refuses.
            FetchError::HostClosed { refusing, .. } => !refusing,
            FetchError::RobotsUnreachable { .. } => robots::patience(tries.robots).is_some(),
            _ => {
                error.is_transient()
                    && tries.page.saturating_add(1) < self.shared.settings.page_attempts
            }
        }
    }

    async fn put_off(
        &self,
        id: EntryId,
        entry: &Entry,
        tries: Tries,
        error: &FetchError,
    ) -> Result<(), Stopped> {
        let mut tries = tries;
        let wait = match error {
            FetchError::HostClosed { wait, .. } => *wait, // nothing was asked
            FetchError::RobotsUnreachable { .. } => {
                let wait = robots::patience(tries.robots).unwrap_or_default();
                tries.robots += 1;
                wait
            }
            _ => {
                tries.page += 1;
                asked_wait(error).unwrap_or_else(|| RETRY.wait(tries.page))
            }
        };
        add(&self.shared.counters.pages_retried, 1);
        tracing::debug!(
            feed = %entry.feed,
            host = self.host,
            attempt = tries.page,
            robots_wait = tries.robots,
            wait_s = wait.as_secs(),
            %error,
            "fetch retry"
        );
        let next_try = schedule::after(self.shared.clock.now(), wait);
        let store = &self.shared.store;
        persist(&self.shared.counters, &self.stop, || {
            store.postpone(id, tries, next_try, error.to_string())
        })
        .await
    }
}

/// How long a server asks to be left alone.
fn asked_wait(error: &FetchError) -> Option<Duration> {
    match error {
        FetchError::Status { refusal, .. } => refusal.retry_after,
        _ => None,
    }
}

/// Why an entry goes on without its page.
#[derive(Debug, thiserror::Error)]
enum PageError {
    #[error("no link")]
    NoLink,
    #[error("a fault of the program while its page was fetched")]
    Fault,
    #[error(transparent)]
    Fetch(#[from] FetchError),
}
