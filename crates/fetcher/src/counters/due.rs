//! What is under way and by when it is to be done, so that a watchdog sees what hangs.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::Counters;

/// The instants by which everything under way is to be done.
#[derive(Debug, Default)]
pub(super) struct Deadlines(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    /// Numbers tell two apart that are due at one instant.
    next: u64,
    due: BTreeSet<(Instant, u64)>,
}

impl Deadlines {
    /// How long ago the first of them was.
    pub(super) fn overdue(&self) -> Duration {
        let first = self.book().due.first().map(|(by, _)| by.elapsed());
        first.unwrap_or_default()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something that is under way, until it is dropped.
#[derive(Debug)]
pub(crate) struct Due {
    counters: Arc<Counters>,
    entry: (Instant, u64),
}

impl Due {
    pub(super) fn within(counters: Arc<Counters>, wait: Duration) -> Self {
        let mut book = counters.deadlines.book();
        book.next += 1;
        let entry = (Instant::now() + wait, book.next);
        book.due.insert(entry);
        drop(book);
        Self { counters, entry }
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.counters
    }
}

impl Drop for Due {
    fn drop(&mut self) {
        self.counters.deadlines.book().due.remove(&self.entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_is_not_overdue_and_the_oldest_of_the_rest_is() {
        let counters = Arc::new(Counters::default());
        assert_eq!(counters.overdue(), Duration::ZERO);
        let hour = counters.due_within(Duration::from_hours(1));
        let late = counters.due_within(Duration::ZERO);
        std::thread::sleep(Duration::from_millis(5));
        let later = counters.due_within(Duration::ZERO);
        assert!(counters.overdue() >= Duration::from_millis(5));
        drop(late);
        assert!(counters.overdue() < Duration::from_millis(5));
        drop(later);
        assert_eq!(counters.overdue(), Duration::ZERO);
        drop(hour);
    }
}
