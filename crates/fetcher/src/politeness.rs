//! When a server may be asked: how many requests at once, how far apart, and not at all for a while
//! after it said so.
//!
//! A gate belongs to a registrable domain, since the hosts below it are most often one server, and
//! one to each address that names resolve to, since the sites of a small publisher often are.
//! Feeds, pages, robots.txt and redirect hops pass the same gates. Time is tokio's, so that tests
//! can set it.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Mutex as AsyncMutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep_until},
};

use crate::backoff::Backoff;

/// From this many gates on, those that nobody needs are forgotten.
const GATES_KEPT: usize = 4096;

/// How long a host is left alone that says "too many requests" and not for how long.
const CLOSING: Backoff = Backoff {
    first: Duration::from_secs(5),
    factor: 4,
    max: Duration::from_hours(1),
};

/// A host that refuses this often in a row is taken to mean "too many requests" as well.
const REFUSALS: u32 = 3;

/// A slow server is given so many times the time that its last answer took.
const SLOWNESS: u32 = 2;

/// The longest gap that slowness leads to.
const SLOW_GAP_MAX: Duration = Duration::from_mins(1);

/// The host asked to be left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Closed {
    /// For how long from now.
    pub(crate) wait: Duration,
}

/// The gates of all servers.
pub(crate) struct Gates {
    gap: Duration,
    concurrency: usize,
    all: Arc<Semaphore>,
    by_server: Mutex<HashMap<String, Arc<Gate>>>,
}

/// Leave to have one request under way.
pub(crate) struct Slot {
    host: Vec<OwnedSemaphorePermit>,
    _all: OwnedSemaphorePermit,
}

impl Slot {
    /// Lets the host's next request start; the slot goes on counting among all requests.
    pub(crate) fn leave_host(&mut self) {
        self.host.clear();
    }
}

impl Gates {
    /// Gates with a gap between starts, and bounds per host and in all.
    pub(crate) fn new(gap: Duration, host_concurrency: usize, concurrency: usize) -> Self {
        Self {
            gap,
            concurrency: host_concurrency.max(1),
            all: Arc::new(Semaphore::new(concurrency.clamp(1, Semaphore::MAX_PERMITS))),
            by_server: Mutex::default(),
        }
    }

    /// Waits for the turn of a request to `host`, which is at `address` where that is known.
    pub(crate) async fn pass(&self, host: &str, address: Option<IpAddr>) -> Result<Slot, Closed> {
        let domain = self.gate(domain(host));
        // The domain's turn goes before its address's everywhere, so that nobody waits in a circle,
        // and a domain's long gap is not waited out in the turn of the others at its address.
        let mut turns = vec![Turn::of(&domain).await?];
        if let Some(address) = address {
            turns.push(Turn::of(&self.gate(&address.to_string())).await?);
        }
        let all = Arc::clone(&self.all);
        let all = all
            .acquire_owned()
            .await
            .expect("the bound is never closed");
        domain.check()?;
        let host = turns.into_iter().map(|turn| turn.take(self)).collect();
        Ok(Slot { host, _all: all })
    }

    /// How long the host wants to be left alone yet.
    pub(crate) fn closed(&self, host: &str) -> Option<Duration> {
        self.gate(domain(host))
            .check()
            .err()
            .map(|closed| closed.wait)
    }

    /// Leaves the host alone: as long as it asked for, else longer each time.
    pub(crate) fn close(&self, host: &str, asked: Option<Duration>) {
        let gate = self.gate(domain(host));
        let mut mood = gate.mood();
        let now = Instant::now();
        let already = mood.closed_until.is_some_and(|until| until > now);
        if already && asked.is_none() {
            return; // Requests that were under way together are refused together: one strike.
        }
        mood.strikes += 1;
        let wait = asked.unwrap_or_else(|| CLOSING.wait(mood.strikes));
        mood.closed_until = mood.closed_until.max(Some(now + wait));
        tracing::warn!(host, wait_s = wait.as_secs(), "host asks to be left alone");
    }

    /// Notes that the host refused (403): several times in a row it means "too many requests".
    pub(crate) fn refused(&self, host: &str) {
        let refusals = {
            let gate = self.gate(domain(host));
            let mut mood = gate.mood();
            mood.refusals += 1;
            mood.refusals
        };
        if refusals >= REFUSALS {
            self.close(host, None);
        }
    }

    /// Notes the least gap that the host itself asks for.
    pub(crate) fn widen(&self, host: &str, gap: Duration) {
        self.gate(domain(host)).mood().asked_gap = gap;
    }

    /// Notes that the host answers again, and how long it took.
    pub(crate) fn answered(&self, host: &str, took: Duration) {
        let gate = self.gate(domain(host));
        let mut mood = gate.mood();
        (mood.strikes, mood.refusals) = (0, 0);
        mood.slow_gap = (took * SLOWNESS).min(SLOW_GAP_MAX);
    }

    /// The gap after a request that starts now. Where the operator wants none, a slow answer makes
    /// none either.
    fn gap_at(&self, gate: &Gate) -> Duration {
        let mood = gate.mood();
        let ours = if self.gap.is_zero() {
            Duration::ZERO
        } else {
            self.gap.max(mood.slow_gap)
        };
        ours.max(mood.asked_gap)
    }

    fn gate(&self, name: &str) -> Arc<Gate> {
        let mut gates = self
            .by_server
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get(name) {
            return Arc::clone(gate);
        }
        if gates.len() >= GATES_KEPT {
            gates.retain(|_, gate| Arc::strong_count(gate) > 1 || !gate.is_idle());
        }
        let gate = Arc::new(Gate::new(self.concurrency));
        gates.insert(name.to_owned(), Arc::clone(&gate));
        gate
    }
}

/// The registrable domain that a host is of, without its port; what is no name stays as it is.
fn domain(host: &str) -> &str {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if name.parse::<IpAddr>().is_ok() || name.starts_with('[') {
        return host;
    }
    psl::domain_str(name).unwrap_or(host)
}

/// One server's gate.
struct Gate {
    slots: Arc<Semaphore>,
    /// Not before this may the next request start.
    next_start: Arc<AsyncMutex<Instant>>,
    mood: Mutex<Mood>,
}

/// What a server lets us feel.
#[derive(Default)]
struct Mood {
    closed_until: Option<Instant>,
    /// How often in a row it asked to be left alone.
    strikes: u32,
    /// How often in a row it refused.
    refusals: u32,
    /// The gap that it asks for, whatever ours is.
    asked_gap: Duration,
    /// The gap that its slowness asks for.
    slow_gap: Duration,
}

/// The turn at a gate: whoever holds it has waited out the gap; the others queue behind in order.
struct Turn {
    gate: Arc<Gate>,
    permit: OwnedSemaphorePermit,
    next_start: OwnedMutexGuard<Instant>,
}

impl Turn {
    async fn of(gate: &Arc<Gate>) -> Result<Self, Closed> {
        let permit = Arc::clone(&gate.slots).acquire_owned().await;
        let permit = permit.expect("gates are never closed for good");
        let next_start = Arc::clone(&gate.next_start).lock_owned().await;
        gate.check()?;
        if *next_start > Instant::now() {
            sleep_until(*next_start).await; // even a sleep of nothing lasts a tick of the timer
        }
        Ok(Self {
            gate: Arc::clone(gate),
            permit,
            next_start,
        })
    }

    /// Starts the request, and the gap after it.
    fn take(mut self, gates: &Gates) -> OwnedSemaphorePermit {
        let gap = gates.gap_at(&self.gate);
        *self.next_start = Instant::now() + gap.mul_f64(1.0 + fastrand::f64() / 10.0);
        self.permit
    }
}

impl Gate {
    fn new(concurrency: usize) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(concurrency)),
            next_start: Arc::new(AsyncMutex::new(Instant::now())),
            mood: Mutex::default(),
        }
    }

    fn mood(&self) -> MutexGuard<'_, Mood> {
        self.mood.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self) -> Result<(), Closed> {
        let until = self.mood().closed_until;
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
        let mood = self.mood();
        rested && mood.strikes == 0 && mood.refusals == 0
    }
}

#[cfg(test)]
mod tests;
