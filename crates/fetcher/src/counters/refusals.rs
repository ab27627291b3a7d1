//! A store that refuses, as long as anybody waits for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Counters;

/// How many wait for a store that refuses, and why it does.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    number: usize,
    why: String,
}

impl Refusals {
    pub(super) fn why(&self) -> Option<String> {
        let waiting = self.waiting();
        (waiting.number > 0).then(|| waiting.why.clone())
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
        self.0.refusals.waiting().why = why;
    }
}

impl Drop for Refused {
    fn drop(&mut self) {
        self.0.refusals.waiting().number -= 1;
    }
}
