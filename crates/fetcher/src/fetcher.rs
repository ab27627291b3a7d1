//! The stage itself: what it is built from, how it is run, and what it reports.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use story::{
    EntryId, Exchange, FeedId, Health, Page, Timestamp,
    storage::{FetchStore, StorageError, Stored},
};
use tokio::sync::{
    mpsc::{Receiver, Sender, channel},
    oneshot,
};
use tokio_util::sync::CancellationToken;

use crate::{
    Clock, Counters, Feed, FetchError, SecretError, Settings, WebSubError,
    backoff::Backoff,
    http::Http,
    robots::Keeper,
    run::{Mode, Run},
    stop::{Stop, Stopped},
};

/// How long a store that fails is left alone; the contract wants a full disk tried again at
/// least every 10 s, and jitter adds a quarter.
const STORE_RETRY: Backoff = Backoff {
    first: Duration::from_millis(500),
    factor: 2,
    max: Duration::from_secs(8),
};

/// What the store is given for an answer before it counts as hanging: it commits in groups, and a
/// disk may be slow.
const STORE_TIME_MAX: Duration = Duration::from_secs(30);

/// Why the fetcher cannot run, or ended unasked.
#[derive(Debug, thiserror::Error)]
pub enum FetcherError {
    /// There is no HTTP client.
    #[error("the fetcher cannot start")]
    Client(#[from] FetchError),
    /// A feed's login or header is not to be had.
    #[error("feed `{feed}` cannot be asked")]
    Secret {
        /// The feed.
        feed: FeedId,
        /// Which secret, and what to do.
        source: SecretError,
    },
    /// What was remembered cannot be read at the start.
    #[error("the store cannot be read")]
    Store(#[from] StorageError),
    /// Hubs cannot be listened for.
    #[error(transparent)]
    WebSub(#[from] WebSubError),
    /// The next stage is gone.
    #[error("the next stage takes no more pages")]
    LineClosed,
}

/// What goes down the line: an entry by its number, with its page.
#[derive(Clone, Debug)]
pub struct InFlight {
    /// The ledger's number of the entry.
    pub id: EntryId,
    /// The entry and what came of its page.
    pub page: Page,
    /// When a feed first showed the entry.
    pub seen: Timestamp,
    /// Since when it waits for the next stage.
    pub since: Instant,
}

/// Other feeds for a run to poll.
#[derive(Debug)]
pub struct FeedChange {
    /// All feeds, of which those that are the same as before go on untouched.
    pub feeds: Vec<Feed>,
    /// Told once they are entered.
    pub followed: oneshot::Sender<()>,
}

/// What one pass over all feeds came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Each feed that was polled, in the order in which the polls ended.
    pub feeds: Vec<FeedReport>,
    /// Pages that were brought.
    pub pages_fetched: u64,
    /// Entries that went on with the feed's own text.
    pub pages_failed: u64,
}

/// What one poll came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedReport {
    /// The feed.
    pub feed: FeedId,
    /// How the feed is doing.
    pub health: Health,
    /// What it was like, in the words of a person.
    pub outcome: String,
    /// Entries that were new and are pending.
    pub new: u64,
    /// Entries that were known.
    pub known: u64,
}

/// The stage that polls feeds and brings pages.
pub struct Fetcher<S: FetchStore> {
    shared: Arc<Shared<S>>,
    feeds: Vec<Feed>,
    changes: Receiver<FeedChange>,
}

/// What every poll and every host's task works with.
pub(crate) struct Shared<S> {
    pub(crate) settings: Settings,
    pub(crate) http: Http,
    pub(crate) robots: Keeper,
    pub(crate) store: Arc<S>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) clock: Clock,
    /// Where what feeds answer goes, where it is kept.
    pub(crate) archive: Option<Sender<Exchange>>,
}

impl<S: FetchStore> Fetcher<S> {
    /// Builds the stage; nothing is asked of anybody yet.
    pub fn new(settings: Settings, feeds: Vec<Feed>, store: Arc<S>) -> Result<Self, FetcherError> {
        Self::with_clock(settings, feeds, store, Clock::system())
    }

    /// Builds the stage, which tells the time by `clock`.
    pub fn with_clock(
        settings: Settings,
        feeds: Vec<Feed>,
        store: Arc<S>,
        clock: Clock,
    ) -> Result<Self, FetcherError> {
        check_secrets(&feeds)?;
        let counters = Arc::new(Counters::default());
        let http = Http::new(&settings, Arc::clone(&counters), clock)?;
        let shared = Arc::new(Shared {
            robots: Keeper::new(&settings.user_agent),
            settings,
            http,
            store,
            counters,
            clock,
            archive: None,
        });
        // Nobody changes the feeds unless `following` says who.
        let (_, changes) = channel(1);
        Ok(Self {
            shared,
            feeds,
            changes,
        })
    }

    /// Polls other feeds from when they come by `changes`. To be said before it runs.
    #[must_use]
    pub fn following(self, changes: Receiver<FeedChange>) -> Self {
        Self { changes, ..self }
    }

    /// Keeps what is fetched: what a feed answers is sent to `feeds`, and what a page does goes down
    /// the line with it. To be said before it runs.
    #[must_use]
    pub fn archiving(mut self, feeds: Sender<Exchange>) -> Self {
        let shared = Arc::get_mut(&mut self.shared);
        shared.expect("nobody shares it before it runs").archive = Some(feeds);
        self
    }

    /// The counts, which go on while it runs.
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.shared.counters)
    }

    /// Polls feeds by schedule and brings the pages of pending entries until `stop` is raised.
    ///
    /// Waits where `out` is full. After the signal no poll and no page is begun, requests under
    /// way have a short grace, and what was fetched is sent before this returns.
    pub async fn run(
        self,
        out: Sender<InFlight>,
        stop: CancellationToken,
    ) -> Result<(), FetcherError> {
        let run = Run::new(
            self.shared,
            self.feeds,
            self.changes,
            out,
            Stop::following(&stop),
            Mode::Daemon,
        );
        run.drive().await.map(drop)
    }

    /// Polls every feed once, now, and brings the pages of pending entries; what must wait
    /// longer than 30 s stays pending. A feed that fails is told in the report.
    pub async fn run_once(
        self,
        out: Sender<InFlight>,
        stop: CancellationToken,
    ) -> Result<Report, FetcherError> {
        use std::sync::atomic::Ordering::Relaxed;

        let counters = self.counters();
        let run = Run::new(
            self.shared,
            self.feeds,
            self.changes,
            out,
            Stop::following(&stop),
            Mode::Once,
        );
        let feeds = run.drive().await?;
        Ok(Report {
            feeds,
            pages_fetched: counters.pages_fetched.load(Relaxed),
            pages_failed: counters.pages_failed.load(Relaxed),
        })
    }
}

/// Whether the logins and headers of all feeds are to be had.
pub fn check_secrets(feeds: &[Feed]) -> Result<(), FetcherError> {
    for Feed { id, access, .. } in feeds {
        access.check().map_err(|source| FetcherError::Secret {
            feed: id.clone(),
            source,
        })?;
    }
    Ok(())
}

/// Has the store do something, again and again until it can: a full disk stops the writing and
/// not the daemon. `counters` tell meanwhile that it is waited for.
pub(crate) async fn persist<T, F: Future<Output = Stored<T>>>(
    counters: &Arc<Counters>,
    stop: &Stop,
    operation: impl Fn() -> F,
) -> Result<T, Stopped> {
    let mut failures = 0;
    let mut refused = None;
    loop {
        let due = counters.due_within(STORE_TIME_MAX);
        let error = match operation().await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        drop(due);
        failures += 1;
        let source = error.source.as_deref().map(tracing::field::display);
        tracing::error!(%error, source, attempt = failures, "store refuses, trying again");
        let refused = refused.get_or_insert_with(|| counters.refused());
        refused.because(in_words(&error));
        stop.before_it(tokio::time::sleep(STORE_RETRY.wait(failures)))
            .await?;
    }
}

fn in_words(error: &StorageError) -> String {
    match &error.source {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::time::Instant;

    use super::*;

    /// A store that refuses so many times.
    fn refuse(left: &Cell<u32>) -> impl Future<Output = Stored<&'static str>> {
        let refused = left.get() > 0;
        left.set(left.get().saturating_sub(1));
        let error = StorageError {
            what: "disk full".to_owned(),
            source: None,
        };
        std::future::ready(if refused { Err(error) } else { Ok("done") })
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_refuses_is_asked_again_at_least_every_ten_seconds() {
        let begun = Instant::now();
        let left = Cell::new(20);
        let counters = Arc::default();
        assert_eq!(
            persist(&counters, &Stop::default(), || refuse(&left)).await,
            Ok("done")
        );
        assert!(begun.elapsed() < Duration::from_secs(20 * 10));
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_refuses_is_told_of_as_long_as_it_does() {
        let counters = Arc::<Counters>::default();
        let left = Cell::new(3);
        let stop = Stop::default();
        let waiting = persist(&counters, &stop, || refuse(&left));
        let watching = async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            counters.store_trouble()
        };
        let (done, told) = tokio::join!(waiting, watching);
        assert_eq!((done, told.as_deref()), (Ok("done"), Some("disk full")));
        assert_eq!(counters.store_trouble(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_refuses_for_good_does_not_hold_up_the_end() {
        let stop = Stop::default();
        stop.begin();
        let left = Cell::new(u32::MAX);
        let ended = persist(&Arc::default(), &stop, || refuse(&left)).await;
        assert_eq!(ended, Err(Stopped));
    }
}
