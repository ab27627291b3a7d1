//! When a server may be asked: how many requests at once, how far apart, and not at all for a while
//! after it said so.
//!
//! A gate belongs to a registrable domain, since the hosts below it are most often one server, and
//! one to each address that names resolve to, since the sites of a small publisher often are.
//! Feeds, pages, robots.txt and redirect hops pass the same gates. Time is tokio's, so that tests
//! can set it.

use std::{
    collections::HashMap,
    future::Future,
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

/// A gap is up to this part of itself longer.
const JITTER: f64 = 10.0;

/// The host asked to be left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Closed {
    /// For how long from now.
    pub(crate) wait: Duration,
    /// Whether by refusing (403) again and again: it will hardly give what waits for it later.
    pub(crate) refusing: bool,
}

/// The gates of all servers.
pub(crate) struct Gates {
    gap: Duration,
    concurrency: usize,
    all: Arc<Semaphore>,
    pages: Arc<Semaphore>,
    by_server: Mutex<HashMap<String, Arc<Gate>>>,
}

/// Leave to have one request under way.
pub(crate) struct Slot {
    host: Vec<OwnedSemaphorePermit>,
    _all: OwnedSemaphorePermit,
    _pages: Option<OwnedSemaphorePermit>,
}

/// What is asked for, as far as its place among all requests goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Load {
    /// A feed, or what has to be known before a page: some places are never taken by pages, so that
    /// polls keep their time whatever waits for pages.
    Poll,
    /// A page.
    Page,
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
        let concurrency = concurrency.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            gap,
            concurrency: host_concurrency.max(1),
            all: Arc::new(Semaphore::new(concurrency)),
            pages: Arc::new(Semaphore::new(concurrency - concurrency / 4)),
            by_server: Mutex::default(),
        }
    }

    /// Waits for the turn of a request to `host`. Its address, where it can be known, is asked for in
    /// the domain's turn, so that a domain of a thousand names has one looked up at a time.
    pub(crate) async fn pass(
        &self,
        host: &str,
        address: impl Future<Output = Option<IpAddr>>,
        load: Load,
    ) -> Result<Slot, Closed> {
        let domain = self.gate(domain(host));
        // The domain's turn goes before its address's everywhere, so that nobody waits in a circle,
        // and a domain's long gap is not waited out in the turn of the others at its address.
        let mut turns = vec![self.turn(&domain).await?];
        let address = address.await.map(|address| self.gate(&address.to_string()));
        // A host that is written as an address has one gate for both, unless it names a port.
        if let Some(address) = address.filter(|address| !Arc::ptr_eq(address, &domain)) {
            turns.push(self.turn(&address).await?);
        }
        let pages = match load {
            Load::Page => Some(permit(&self.pages).await),
            Load::Poll => None,
        };
        let all = permit(&self.all).await;
        domain.check()?;
        Ok(Slot {
            host: turns.into_iter().map(Turn::take).collect(),
            _all: all,
            _pages: pages,
        })
    }

    /// Whether the host wants to be left alone yet.
    pub(crate) fn closed(&self, host: &str) -> Option<Closed> {
        self.gate(domain(host)).check().err()
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
        mood.refusing = mood.refusals >= REFUSALS && asked.is_none();
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

    /// Waits until the gap after the last request to a gate is over: as long as it is by now, since
    /// that request's answer may have made it longer.
    async fn turn(&self, gate: &Arc<Gate>) -> Result<Turn, Closed> {
        let permit = permit(&gate.slots).await;
        let last_start = Arc::clone(&gate.last_start).lock_owned().await;
        gate.check()?;
        let next_start = last_start.map(|last| last + self.gap_at(gate).mul_f64(jitter()));
        if let Some(next_start) = next_start.filter(|next| *next > Instant::now()) {
            sleep_until(next_start).await; // even a sleep of nothing lasts a tick of the timer
        }
        Ok(Turn { permit, last_start })
    }

    /// The least time between the starts of two requests. Where the operator wants none, a slow
    /// answer makes none either.
    fn gap_at(&self, gate: &Gate) -> Duration {
        let mood = gate.mood();
        let ours = if self.gap.is_zero() {
            Duration::ZERO
        } else {
            self.gap.max(mood.slow_gap)
        };
        ours.max(mood.asked_gap)
    }

    /// Whether forgetting a gate changes nothing.
    fn is_idle(&self, gate: &Gate) -> bool {
        let gap = self.gap_at(gate).mul_f64(1.0 + 1.0 / JITTER);
        let rested = (gate.last_start.try_lock())
            .is_ok_and(|last| last.is_none_or(|last| last.elapsed() >= gap));
        let mood = gate.mood();
        rested && mood.strikes == 0 && mood.refusals == 0
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
            gates.retain(|_, gate| Arc::strong_count(gate) > 1 || !self.is_idle(gate));
        }
        let gate = Arc::new(Gate::new(self.concurrency));
        gates.insert(name.to_owned(), Arc::clone(&gate));
        gate
    }
}

async fn permit(of: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    let permit = Arc::clone(of).acquire_owned().await;
    permit.expect("bounds are never closed")
}

/// The registrable domain that a host is of, without its port; what is no name stays as it is.
pub(crate) fn domain(host: &str) -> &str {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if name.parse::<IpAddr>().is_ok() || name.starts_with('[') {
        return host;
    }
    psl::domain_str(name).unwrap_or(host)
}

/// One server's gate.
struct Gate {
    slots: Arc<Semaphore>,
    /// When the last request started; `None` where there was none.
    last_start: Arc<AsyncMutex<Option<Instant>>>,
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
    /// Whether it was closed for that.
    refusing: bool,
    /// The gap that it asks for, whatever ours is.
    asked_gap: Duration,
    /// The gap that its slowness asks for.
    slow_gap: Duration,
}

/// The turn at a gate: whoever holds it has waited out the gap; the others queue behind in order.
struct Turn {
    permit: OwnedSemaphorePermit,
    last_start: OwnedMutexGuard<Option<Instant>>,
}

impl Turn {
    /// Starts the request, and with it the gap to the next.
    fn take(mut self) -> OwnedSemaphorePermit {
        *self.last_start = Some(Instant::now());
        self.permit
    }
}

/// A factor that makes a gap up to a tenth longer, so that requests fall into no rhythm.
fn jitter() -> f64 {
    1.0 + fastrand::f64() / JITTER
}

impl Gate {
    fn new(concurrency: usize) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(concurrency)),
            last_start: Arc::default(),
            mood: Mutex::default(),
        }
    }

    fn mood(&self) -> MutexGuard<'_, Mood> {
        self.mood.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self) -> Result<(), Closed> {
        let mood = self.mood();
        let until = mood.closed_until;
        match until.map(|until| until.saturating_duration_since(Instant::now())) {
            Some(wait) if !wait.is_zero() => Err(Closed {
                wait,
                refusing: mood.refusing,
            }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
