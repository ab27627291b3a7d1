//! When a host may be asked: how many requests at once, how far apart, and not at all for a while
//! after it said so.
//!
//! Feeds, pages and redirect hops pass the same gate. Time is tokio's, so that tests can set it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Mutex as AsyncMutex, OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep_until},
};

use crate::backoff::Backoff;

/// From this many hosts on, gates that nobody needs are forgotten.
const GATES_KEPT: usize = 1024;

/// How long a host is left alone that says "too many requests" and not for how long.
const CLOSING: Backoff = Backoff {
    first: Duration::from_secs(5),
    factor: 4,
    max: Duration::from_hours(1),
};

/// The host asked to be left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Closed {
    /// For how long from now.
    pub(crate) wait: Duration,
}

/// The gates of all hosts.
pub(crate) struct Gates {
    gap: Duration,
    host_concurrency: usize,
    all: Arc<Semaphore>,
    hosts: Mutex<HashMap<String, Arc<Gate>>>,
}

/// Leave to have one request under way.
pub(crate) struct Slot {
    host: Option<OwnedSemaphorePermit>,
    _all: OwnedSemaphorePermit,
}

impl Slot {
    /// Lets the host's next request start; the slot goes on counting among all requests.
    pub(crate) fn leave_host(&mut self) {
        self.host = None;
    }
}

impl Gates {
    /// Gates with a gap between starts, and bounds per host and in all.
    pub(crate) fn new(gap: Duration, host_concurrency: usize, concurrency: usize) -> Self {
        Self {
            gap,
            host_concurrency: host_concurrency.max(1),
            all: Arc::new(Semaphore::new(concurrency.clamp(1, Semaphore::MAX_PERMITS))),
            hosts: Mutex::default(),
        }
    }

    /// Waits for the host's turn.
    pub(crate) async fn pass(&self, host: &str) -> Result<Slot, Closed> {
        let gate = self.gate(host);
        let slots = Arc::clone(&gate.slots);
        let permit = slots
            .acquire_owned()
            .await
            .expect("gates are never closed for good");
        // Whoever holds the turn waits out the gap; the others queue behind in order.
        let mut next_start = gate.next_start.lock().await;
        gate.check()?;
        if *next_start > Instant::now() {
            sleep_until(*next_start).await; // even a sleep of nothing lasts a tick of the timer
        }
        let all = Arc::clone(&self.all);
        let all = all
            .acquire_owned()
            .await
            .expect("the bound is never closed");
        gate.check()?;
        let gap = self.gap.max(gate.asked_gap());
        *next_start = Instant::now() + gap.mul_f64(1.0 + fastrand::f64() / 10.0);
        Ok(Slot {
            host: Some(permit),
            _all: all,
        })
    }

    /// How long the host wants to be left alone yet.
    pub(crate) fn closed(&self, host: &str) -> Option<Duration> {
        self.gate(host).check().err().map(|closed| closed.wait)
    }

    /// Leaves the host alone: as long as it asked for, else longer each time.
    pub(crate) fn close(&self, host: &str, asked: Option<Duration>) {
        let gate = self.gate(host);
        let mut closing = gate.closing();
        let now = Instant::now();
        let already = closing.until.is_some_and(|until| until > now);
        if already && asked.is_none() {
            return; // Requests that were under way together are refused together: one strike.
        }
        closing.strikes += 1;
        let wait = asked.unwrap_or_else(|| CLOSING.wait(closing.strikes));
        closing.until = closing.until.max(Some(now + wait));
        tracing::warn!(host, wait_s = wait.as_secs(), "host asks to be left alone");
    }

    /// Notes the least gap that the host itself asks for; the wider one is kept.
    pub(crate) fn widen(&self, host: &str, gap: Duration) {
        let gate = self.gate(host);
        *gate
            .asked_gap
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = gap;
    }

    /// Notes that the host answers again.
    pub(crate) fn answered(&self, host: &str) {
        self.gate(host).closing().strikes = 0;
    }

    fn gate(&self, host: &str) -> Arc<Gate> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = hosts.get(host) {
            return Arc::clone(gate);
        }
        if hosts.len() >= GATES_KEPT {
            hosts.retain(|_, gate| Arc::strong_count(gate) > 1 || !gate.is_idle());
        }
        let gate = Arc::new(Gate::new(self.host_concurrency));
        hosts.insert(host.to_owned(), Arc::clone(&gate));
        gate
    }
}

/// One host's gate.
struct Gate {
    slots: Arc<Semaphore>,
    /// Not before this may the next request start.
    next_start: AsyncMutex<Instant>,
    /// The gap that the host asks for, whatever ours is.
    asked_gap: Mutex<Duration>,
    closing: Mutex<Closing>,
}

#[derive(Default)]
struct Closing {
    until: Option<Instant>,
    /// How often in a row the host asked to be left alone.
    strikes: u32,
}

impl Gate {
    fn new(concurrency: usize) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(concurrency)),
            next_start: AsyncMutex::new(Instant::now()),
            asked_gap: Mutex::default(),
            closing: Mutex::default(),
        }
    }

    fn asked_gap(&self) -> Duration {
        *self
            .asked_gap
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn closing(&self) -> std::sync::MutexGuard<'_, Closing> {
        self.closing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self) -> Result<(), Closed> {
        let until = self.closing().until;
        match until.map(|until| until.saturating_duration_since(Instant::now())) {
            Some(wait) if !wait.is_zero() => Err(Closed { wait }),
            _ => Ok(()),
        }
    }

    /// Whether forgetting the gate changes nothing.
    fn is_idle(&self) -> bool {
        let rested = self
            .next_start
            .try_lock()
            .is_ok_and(|next| *next <= Instant::now());
        rested && self.closing().strikes == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAP: Duration = Duration::from_secs(5);

    #[tokio::test(start_paused = true)]
    async fn starts_at_one_host_are_a_gap_apart() {
        let gates = Gates::new(GAP, 4, 64);
        let mut starts = Vec::new();
        for _ in 0..5 {
            drop(gates.pass("a.test").await.unwrap());
            starts.push(Instant::now());
        }
        assert!(
            starts
                .windows(2)
                .all(|pair| (GAP..=GAP * 2).contains(&(pair[1] - pair[0])))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_asks_for_a_wider_gap_gets_it() {
        let gates = Gates::new(GAP, 1, 64);
        gates.widen("a.test", GAP * 4);
        gates.widen("b.test", GAP / 2);
        for (host, gap) in [("a.test", GAP * 4), ("b.test", GAP)] {
            drop(gates.pass(host).await.unwrap());
            let begun = Instant::now();
            drop(gates.pass(host).await.unwrap());
            assert!((gap..=gap * 5 / 4).contains(&begun.elapsed()), "{host}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn hosts_do_not_wait_for_each_other() {
        let gates = Gates::new(GAP, 1, 64);
        let begun = Instant::now();
        let slots = [gates.pass("a.test").await, gates.pass("b.test").await];
        assert!(slots.iter().all(Result::is_ok));
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_has_no_more_requests_under_way_than_it_may() {
        let gates = Gates::new(Duration::ZERO, 2, 64);
        let first = gates.pass("a.test").await.unwrap();
        let _second = gates.pass("a.test").await.unwrap();
        let third = tokio::time::timeout(GAP, gates.pass("a.test"));
        assert!(third.await.is_err());
        drop(first);
        assert!(gates.pass("a.test").await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn all_requests_together_are_bounded() {
        let gates = Gates::new(Duration::ZERO, 2, 1);
        let mut held = gates.pass("a.test").await.unwrap();
        held.leave_host();
        assert!(
            tokio::time::timeout(GAP, gates.pass("b.test"))
                .await
                .is_err()
        );
        drop(held);
        assert!(gates.pass("b.test").await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_closed_host_refuses_until_its_time_is_over() {
        let gates = Gates::new(Duration::ZERO, 1, 64);
        gates.close("a.test", Some(Duration::from_mins(2)));
        assert_eq!(
            gates.pass("a.test").await.err(),
            Some(Closed {
                wait: Duration::from_mins(2)
            })
        );
        assert!(gates.pass("b.test").await.is_ok());
        tokio::time::advance(Duration::from_secs(121)).await;
        assert!(gates.pass("a.test").await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_names_no_time_is_left_alone_longer_each_time() {
        let gates = Gates::new(Duration::ZERO, 1, 64);
        gates.close("a.test", None);
        gates.close("a.test", None);
        let first = gates.closed("a.test").unwrap();
        assert!(
            first < Duration::from_secs(7),
            "two refusals at once are one strike"
        );
        tokio::time::advance(first).await;
        gates.close("a.test", None);
        assert!(gates.closed("a.test").unwrap() >= Duration::from_secs(20));
    }

    #[tokio::test(start_paused = true)]
    async fn idle_gates_are_forgotten() {
        let gates = Gates::new(GAP, 1, 64);
        for number in 0..GATES_KEPT * 2 {
            drop(gates.pass(&format!("{number}.test")).await);
            tokio::time::advance(GAP * 2).await;
        }
        assert!(gates.hosts.lock().unwrap().len() <= GATES_KEPT);
    }
}
