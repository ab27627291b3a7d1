//! A store that refuses, as long as anybody waits for it.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::Counters;

/// A store that refuses is asked again within seconds; one that has not said anything for so long hangs.
const EXCUSED: Duration = Duration::from_mins(1);

/// How many wait for a store that refuses, and why it does.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    number: usize,
    why: String,
    said: Option<Instant>,
}

impl Refusals {
    pub(super) fn why(&self) -> Option<String> {
        let waiting = self.waiting();
        (waiting.number > 0).then(|| waiting.why.clone())
    }

    /// Whether it refuses and is asked again and again, so that who stands still is not to blame.
    pub(super) fn excuse(&self) -> bool {
        let waiting = self.waiting();
        waiting.number > 0 && waiting.said.is_some_and(|said| said.elapsed() < EXCUSED)
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who waits for the store, until it is dropped.
#[derive(Debug)]
pub(crate) struct Refused(Arc<Counters>);

impl Refused {
    pub(super) fn new(counters: Arc<Counters>) -> Self {
        counters.refusals.waiting().number += 1;
        Self(counters)
    }

    /// Notes what the store said last.
    pub(crate) fn because(&self, why: String) {
        let mut waiting = self.0.refusals.waiting();
        waiting.why = why;
        waiting.said = Some(Instant::now());
    }
}

impl Drop for Refused {
    fn drop(&mut self) {
        self.0.refusals.waiting().number -= 1;
    }
}
