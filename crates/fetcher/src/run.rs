//! One run of the fetcher: who polls, who brings pages, and how both end.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    future::Future,
    sync::Arc,
    time::Duration,
};

use story::{
    FeedId, Health,
    storage::{FeedState, FetchStore},
};
use tokio::{
    sync::mpsc::{Receiver, Sender},
    task::{Id, JoinError, JoinSet},
    time::{Instant, sleep, sleep_until},
};

mod feeds;
mod hosts;

use crate::{
    Feed, FeedChange, FeedReport, FetcherError, InFlight,
    fetcher::Shared,
    pages::HostPages,
    poll::{self, Polled},
    push::Push,
    schedule::{self, Agenda},
    stop::{Stop, Stopped},
    websub::Delivery,
};

use hosts::{Broken, Ended, Hosts};

/// The longest sleep before the clock is looked at again, which somebody may have set.
const NAP: Duration = Duration::from_secs(30);

/// What the store is given to tell what the last run left, before it counts as hanging.
const STARTING_TIME_MAX: Duration = Duration::from_mins(2);

/// How long a poll waits that is due while the feed's delivery is taken in.
const BUSY_PAUSE: Duration = Duration::from_secs(1);

/// Where feeds are so many that the usual starts in a second would not do, all start within so long.
const ROUND_SECONDS: u32 = 60;

/// How many deliveries wait for their feeds; with as many, no more are taken from the listener,
/// which then has hubs come again.
const DELIVERED_MAX: usize = 8;

/// What must wait longer than this stays pending in a single pass.
const PATIENCE_ONCE: Duration = Duration::from_secs(30);

/// How a run goes on after its first round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// By schedule, until it is stopped.
    Daemon,
    /// Not at all: every feed once, and what pages that brings.
    Once,
}

/// A run and the tasks that it owns.
pub(crate) struct Run<S> {
    shared: Arc<Shared<S>>,
    feeds: Vec<Arc<Feed>>,
    states: Vec<Option<FeedState>>,
    /// The health that each feed is counted with.
    counted: Vec<Option<Health>>,
    agenda: Agenda,
    /// No poll starts before this, so that a start is no stampede.
    next_start: Instant,
    polls: JoinSet<Result<Option<Polled>, Stopped>>,
    polling: HashMap<Id, Work>,
    /// Feeds that are being polled, or whose delivery is being taken in; each of them by one task,
    /// since both make the feed's next state of its last one.
    busy: HashSet<usize>,
    push: Push,
    /// Feeds whose next pull is far off because push works.
    pushed: BTreeSet<usize>,
    /// Feeds that push has failed, to be pulled as soon as they may.
    unpushed: BTreeSet<usize>,
    /// Deliveries of busy feeds, in the order in which they came.
    delivered: Vec<(usize, Delivery)>,
    /// Every feed that was ever configured in this run.
    numbers: HashMap<FeedId, usize>,
    /// Those of them that are configured no longer.
    retired: HashSet<usize>,
    /// Feeds that were changed while they were being polled.
    changed: HashSet<usize>,
    changes: Receiver<FeedChange>,
    hosts: Hosts,
    out: Sender<InFlight>,
    stop: Stop,
    /// Whether the stop signal was heard.
    ending: bool,
    /// When what is under way is given up; set by the stop signal and cleared once it is done.
    grace_end: Option<Instant>,
    mode: Mode,
    line_closed: bool,
    reports: Vec<FeedReport>,
}

/// What a task of a feed's does.
#[derive(Clone, Copy)]
struct Work {
    number: usize,
    kind: WorkKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum WorkKind {
    Pull,
    Delivery,
}

impl<S: FetchStore> Run<S> {
    pub(crate) fn new(
        shared: Arc<Shared<S>>,
        feeds: Vec<Feed>,
        changes: Receiver<FeedChange>,
        out: Sender<InFlight>,
        stop: Stop,
        mode: Mode,
    ) -> Self {
        Self {
            shared,
            states: vec![None; feeds.len()],
            counted: vec![None; feeds.len()],
            numbers: (feeds.iter().enumerate())
                .map(|(number, feed)| (feed.id.clone(), number))
                .collect(),
            feeds: feeds.into_iter().map(Arc::new).collect(),
            retired: HashSet::new(),
            changed: HashSet::new(),
            changes,
            agenda: Agenda::default(),
            next_start: Instant::now(),
            polls: JoinSet::new(),
            polling: HashMap::new(),
            busy: HashSet::new(),
            push: Push::default(),
            pushed: BTreeSet::new(),
            unpushed: BTreeSet::new(),
            delivered: Vec::new(),
            hosts: Hosts::default(),
            out,
            stop,
            ending: false,
            grace_end: None,
            mode,
            line_closed: false,
            reports: Vec::new(),
        }
    }

    /// Runs to the end and returns what the polls came to, where the run is a single pass.
    pub(crate) async fn drive(mut self) -> Result<Vec<FeedReport>, FetcherError> {
        let starting = self.shared.counters.due_within(STARTING_TIME_MAX);
        self.take_up_pending().await?;
        self.enter_feeds().await?;
        drop(starting);
        if self.mode == Mode::Daemon {
            let is_configured = |feed: &FeedId| self.numbers.contains_key(feed);
            self.push = Push::start(&self.shared, is_configured, &self.stop).await?;
        }
        while !self.is_done() {
            let until_start = self.until_next_start();
            let turn = until_start.map(|wait| self.shared.counters.due_within(wait));
            let grace_end = self.grace_end;
            tokio::select! {
                () = self.stop.wait(), if !self.ending => self.begin_end(),
                () = sleep_until(grace_end.unwrap_or_else(Instant::now)), if grace_end.is_some() => {
                    // What is left after this waits for the next stage only.
                    self.grace_end = None;
                    self.stop.give_up();
                }
                Some(ended) = self.polls.join_next_with_id() => self.poll_ended(ended),
                Some(ended) = self.hosts.next_end() => self.host_ended(ended),
                delivery = self.push.delivery(),
                    if !self.ending && self.delivered.len() < DELIVERED_MAX =>
                {
                    self.delivery_came(delivery);
                }
                () = sleep(until_start.unwrap_or(NAP)), if until_start.is_some() => {
                    self.start_polls();
                }
                Some(change) = self.changes.recv(), if !self.ending => {
                    drop(turn); // the store may take its time, which is told where it does
                    self.follow(change.feeds).await;
                    // Whoever wanted it may not have waited.
                    let _ = change.followed.send(());
                }
            }
        }
        self.push.end().await;
        if self.line_closed {
            Err(FetcherError::LineClosed)
        } else {
            Ok(self.reports)
        }
    }

    /// Takes up what the last run left, before anything new is asked for.
    async fn take_up_pending(&mut self) -> Result<(), FetcherError> {
        let hosts = self.shared.store.pending_hosts().await?;
        tracing::info!(hosts = hosts.len(), "pending entries taken up");
        for host in hosts {
            self.wake(host);
        }
        Ok(())
    }

    fn is_done(&self) -> bool {
        let nothing_to_come = match self.mode {
            Mode::Daemon => false,
            Mode::Once => self.agenda.next_due().is_none(),
        };
        (nothing_to_come || self.ending) && self.polls.is_empty() && self.hosts.is_empty()
    }

    /// How long until the next poll may start, or until the clock is looked at again.
    fn until_next_start(&self) -> Option<Duration> {
        if self.stop.begun() {
            return None;
        }
        let due = schedule::until(self.shared.clock.now(), self.agenda.next_due()?);
        let free = self.next_start.saturating_duration_since(Instant::now());
        Some(due.max(free).min(NAP))
    }

    /// Starts the poll that is due; all that are, where there is no gap between starts.
    fn start_polls(&mut self) {
        self.pull_what_push_failed();
        let gap = self.start_gap();
        while let Some(number) = self.agenda.take(self.shared.clock.now()) {
            self.start_poll(number);
            if !gap.is_zero() {
                self.next_start = Instant::now() + gap;
                break;
            }
        }
    }

    /// Brings feeds back to polling whose lease has ended or was denied, or whose delivery was lost
    /// (W3C WebSub §5.2); looked at whenever the clock is.
    fn pull_what_push_failed(&mut self) {
        let ended = |number: &usize| !self.push.works_for(&self.feeds[*number].id);
        let ended: Vec<usize> = self.pushed.iter().copied().filter(ended).collect();
        self.pushed.retain(|number| !ended.contains(number));
        self.unpushed.extend(ended);
        let now = self.shared.clock.now();
        let min = self.shared.settings.min_interval;
        for number in std::mem::take(&mut self.unpushed) {
            let last = self.states[number]
                .as_ref()
                .and_then(|state| state.last_poll);
            let due = last.map_or(now, |last| schedule::after(last.min(now), min).max(now));
            if self.busy.contains(&number) {
                self.unpushed.insert(number);
            } else {
                self.agenda.move_up(due, number);
            }
        }
    }

    fn start_poll(&mut self, number: usize) {
        if self.busy.contains(&number) {
            let due = schedule::after(self.shared.clock.now(), BUSY_PAUSE);
            return self.agenda.enter(due, number);
        }
        let (shared, stop) = (Arc::clone(&self.shared), self.stop.clone());
        let (feed, state) = (Arc::clone(&self.feeds[number]), self.states[number].clone());
        let pushed = self.push.works_for(&feed.id);
        if pushed {
            self.pushed.insert(number);
        } else {
            self.pushed.remove(&number);
        }
        self.start_work(number, WorkKind::Pull, async move {
            poll::poll(&shared, &feed, state, pushed, &stop)
                .await
                .map(Some)
        });
    }

    fn start_work(
        &mut self,
        number: usize,
        kind: WorkKind,
        work: impl Future<Output = Result<Option<Polled>, Stopped>> + Send + 'static,
    ) {
        self.busy.insert(number);
        let id = self.polls.spawn(work).id();
        self.polling.insert(id, Work { number, kind });
    }

    /// Takes a delivery in, as soon as nothing else is done to its feed.
    fn delivery_came(&mut self, delivery: Delivery) {
        let number = self.numbers.get(&delivery.feed).copied();
        let Some(number) = number.filter(|number| !self.retired.contains(number)) else {
            return;
        };
        let Some(state) = self.states[number].clone() else {
            return; // it was never pulled, so that nothing was subscribed to
        };
        if self.busy.contains(&number) {
            // More of one feed would take the others' places; a pull brings what they had.
            let of_feed = self.delivered.iter().filter(|(of, _)| *of == number);
            if of_feed.count() >= DELIVERED_MAX / 2 {
                self.unpushed.insert(number);
            } else {
                self.delivered.push((number, delivery));
            }
            return;
        }
        let (shared, stop) = (Arc::clone(&self.shared), self.stop.clone());
        let feed = Arc::clone(&self.feeds[number]);
        self.start_work(number, WorkKind::Delivery, async move {
            poll::deliver(&shared, &feed, state, delivery, &stop).await
        });
    }

    fn start_gap(&self) -> Duration {
        let settings = &self.shared.settings;
        if settings.host_gap.is_zero() {
            return Duration::ZERO;
        }
        let a_second = u32::try_from(self.feeds.len() - self.retired.len()).unwrap_or(u32::MAX)
            / ROUND_SECONDS;
        Duration::from_secs(1) / settings.poll_starts_per_second.max(a_second).max(1)
    }

    fn poll_ended(&mut self, ended: Result<(Id, Result<Option<Polled>, Stopped>), JoinError>) {
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let Some(Work { number, kind }) = self.polling.remove(&id) else {
            return;
        };
        self.busy.remove(&number);
        match ended {
            Ok((_, Ok(Some(polled)))) => self.polled(number, kind, polled),
            Ok((_, Ok(None) | Err(Stopped))) => {}
            Err(error) => {
                let feed = &self.feeds[number];
                tracing::error!(feed = %feed.id, %error, "poll broke off");
                if kind == WorkKind::Pull {
                    let max = self.shared.settings.max_interval;
                    self.enter_again(schedule::after(self.shared.clock.now(), max), number);
                }
            }
        }
        self.enter_changed(number);
        let waiting = self.delivered.iter().position(|(of, _)| *of == number);
        if let Some(waiting) = waiting {
            let (_, delivery) = self.delivered.remove(waiting);
            self.delivery_came(delivery);
        }
    }

    fn polled(&mut self, number: usize, kind: WorkKind, polled: Polled) {
        let now = self.shared.clock.now();
        if kind == WorkKind::Pull {
            if !self.retired.contains(&number) {
                self.push.pulled(&polled, now);
            }
            self.enter_again(polled.state.next_poll.unwrap_or(now), number);
        }
        let Polled {
            state,
            counts,
            hosts,
            ..
        } = polled;
        if self.mode == Mode::Once {
            self.reports.push(FeedReport {
                feed: state.feed.clone(),
                health: state.health,
                outcome: state.last_result.clone(),
                new: counts.new,
                known: counts.known + counts.duplicate,
            });
        }
        self.states[number] = Some(state);
        self.count_health(number);
        if counts.new > 0 && !self.stop.begun() {
            for host in hosts {
                self.wake(host);
            }
        }
    }

    fn enter_again(&mut self, due: story::Timestamp, number: usize) {
        if self.mode == Mode::Daemon && !self.retired.contains(&number) {
            self.agenda.enter(due, number);
        }
    }

    /// Has a host's pages brought.
    fn wake(&mut self, host: String) {
        self.hosts.wake(host, |host, bell| HostPages {
            shared: Arc::clone(&self.shared),
            host,
            bell,
            out: self.out.clone(),
            stop: self.stop.clone(),
            patience: match self.mode {
                Mode::Daemon => Duration::MAX,
                Mode::Once => PATIENCE_ONCE,
            },
        });
    }

    fn host_ended(&mut self, ended: hosts::Brought) {
        let Some(Ended { host, how, to_wake }) = self.hosts.note_end(ended) else {
            return;
        };
        match how {
            Ok(()) => {}
            Err(Broken::LineClosed) => {
                self.line_closed = true;
                self.stop.begin();
            }
            // A page that breaks off does not come here: it ends alone, in its task. What the task
            // itself had claimed is taken up by the next run, since some of it may be down the line.
            Err(Broken::Panicked(error)) => {
                tracing::error!(host, %error, "pages of a host broke off");
            }
        }
        if !self.stop.begun() {
            to_wake.into_iter().for_each(|host| self.wake(host));
        }
    }

    fn begin_end(&mut self) {
        tracing::info!(
            polls = self.polls.len(),
            hosts = self.hosts.len(),
            "no new polls and pages, finishing what is under way"
        );
        self.ending = true;
        self.grace_end = Some(Instant::now() + self.shared.settings.stop_grace);
    }
}
