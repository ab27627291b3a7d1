//! What one stage counts.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use story::storage::Ending;
use tokio::sync::mpsc::Sender;

use crate::histogram::{Histogram, HistogramSnapshot};

/// Bounds of the waits in a queue, in seconds.
const WAITS: &[f64] = &[0.001, 0.01, 0.1, 0.5, 1.0, 5.0, 10.0, 60.0, 300.0];

/// Counters of one stage: taken = passed + ended + in work. The last stage passes nothing on.
#[derive(Debug)]
pub struct StageCounters {
    taken: AtomicU64,
    passed: AtomicU64,
    /// How entries ended here, by "ending/reason"; both of bounded vocabulary.
    ended: Mutex<BTreeMap<String, u64>>,
    waits: Histogram,
    queue: OnceLock<Queue>,
    /// The start, and in milliseconds since then when something was last taken or done.
    started: Instant,
    moved_ms: AtomicU64,
    /// Whether something uncounted is at work.
    busy: AtomicBool,
    /// When it was first seen to have work since it last moved, and when that was.
    noticed: Mutex<Option<(Instant, u64)>>,
}

impl Default for StageCounters {
    fn default() -> Self {
        Self {
            taken: AtomicU64::default(),
            passed: AtomicU64::default(),
            ended: Mutex::default(),
            waits: Histogram::new(WAITS),
            queue: OnceLock::new(),
            started: Instant::now(),
            moved_ms: AtomicU64::default(),
            busy: AtomicBool::default(),
            noticed: Mutex::default(),
        }
    }
}

/// The queue before a stage, asked for how full it is.
struct Queue(Box<dyn Fn() -> QueueSnapshot + Send + Sync>);

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0().fmt(f)
    }
}

impl StageCounters {
    /// Counts a parcel that waited since then.
    pub(crate) fn took(&self, since: Instant) {
        self.taken.fetch_add(1, Relaxed);
        self.met(since);
    }

    /// Notes a parcel that passes through uncounted, having waited since then.
    pub(crate) fn met(&self, since: Instant) {
        self.waits.note(since.elapsed());
        self.moved();
    }

    pub(crate) fn passed(&self) {
        self.passed.fetch_add(1, Relaxed);
        self.moved();
    }

    pub(crate) fn ended(&self, ending: &Ending) {
        self.ended_as(ending.label());
    }

    /// Counts an entry that ended in a way of this [`label`](Ending::label).
    pub(crate) fn ended_as(&self, label: String) {
        *self
            .ended
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(label)
            .or_default() += 1;
        self.moved();
    }

    /// Says which queue the stage takes from. It is not kept open for it.
    pub(crate) fn watch<T: Send + 'static>(&self, queue: &Sender<T>) {
        let capacity = queue.max_capacity();
        let queue = queue.downgrade();
        let ask = move || QueueSnapshot {
            length: queue
                .upgrade()
                .map_or(0, |queue| capacity - queue.capacity()),
            capacity,
        };
        // Each line is run once.
        let _ = self.queue.set(Queue(Box::new(ask)));
    }

    /// Notes that something was done.
    pub(crate) fn moved(&self) {
        let ms = self.started.elapsed().as_millis() as u64;
        self.moved_ms.store(ms, Relaxed);
    }

    /// Says whether something is at work that is not counted.
    pub(crate) fn set_busy(&self, busy: bool) {
        self.busy.store(busy, Relaxed);
        self.moved();
    }

    /// For how long nothing has moved although there is something to do, as far as it was asked for:
    /// what came just now, after a quiet night, has not waited for a night.
    pub(crate) fn stuck_for(&self) -> Option<Duration> {
        let now = self.snapshot();
        let idle = now.in_work() == 0 && now.queue.length == 0 && !self.busy.load(Relaxed);
        let moved = self.moved_ms.load(Relaxed);
        let mut noticed = self.noticed.lock().unwrap_or_else(PoisonError::into_inner);
        let same = noticed.filter(|(_, at)| *at == moved);
        *noticed = (!idle).then(|| same.unwrap_or_else(|| (Instant::now(), moved)));
        noticed.map(|(since, _)| since.elapsed())
    }

    /// The counters as they stand now.
    pub fn snapshot(&self) -> StageSnapshot {
        StageSnapshot {
            taken: self.taken.load(Relaxed),
            passed: self.passed.load(Relaxed),
            ended: self
                .ended
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
            queue: self.queue.get().map(|queue| queue.0()).unwrap_or_default(),
            waits: self.waits.snapshot(),
        }
    }
}

/// Counters of one stage at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StageSnapshot {
    /// Parcels that the stage took.
    pub taken: u64,
    /// Parcels that it passed on.
    pub passed: u64,
    /// Entries that ended here, by how and why.
    pub ended: BTreeMap<String, u64>,
    /// The queue that it takes from.
    #[serde(default)]
    pub queue: QueueSnapshot,
    /// How long parcels waited in it.
    #[serde(default)]
    pub waits: HistogramSnapshot,
}

impl StageSnapshot {
    /// Parcels that were taken and neither passed on nor ended yet.
    pub fn in_work(&self) -> u64 {
        let done = self.passed + self.ended.values().sum::<u64>();
        self.taken.saturating_sub(done)
    }
}

/// How full a queue is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueSnapshot {
    /// Parcels that wait.
    pub length: usize,
    /// How many may.
    pub capacity: usize,
}

#[cfg(test)]
mod tests {
    use story::storage::Ending;
    use tokio::sync::mpsc;

    use super::*;

    #[test]
    fn a_stage_is_stuck_only_where_there_is_something_to_do() {
        let stage = StageCounters::default();
        let (queue, mut taken) = mpsc::channel(4);
        stage.watch(&queue);
        assert_eq!(stage.stuck_for(), None);
        queue.try_send(1).unwrap();
        assert!(stage.stuck_for().is_some());
        taken.try_recv().unwrap();
        std::thread::sleep(Duration::from_millis(20));
        stage.took(Instant::now());
        let first = stage.stuck_for().unwrap();
        assert!(first < Duration::from_millis(20), "it has just moved");
        std::thread::sleep(Duration::from_millis(20));
        assert!(stage.stuck_for().unwrap() >= Duration::from_millis(20));
        stage.ended(&Ending::Failed {
            reason: "no-text".to_owned(),
            detail: String::new(),
        });
        assert_eq!(stage.stuck_for(), None);
        stage.set_busy(true);
        assert!(stage.stuck_for().is_some());
        stage.set_busy(false);
        assert_eq!(stage.stuck_for(), None);
        drop(queue);
        assert!(
            taken.blocking_recv().is_none(),
            "being watched keeps no queue open"
        );
    }
}
