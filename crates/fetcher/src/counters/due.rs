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
    /// How long before `now` the first of them was.
    pub(super) fn overdue(&self, now: Instant) -> Duration {
        let book = self.book();
        let first = book.due.first();
        first.map_or(Duration::ZERO, |(by, _)| now.saturating_duration_since(*by))
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
    /// Something that is to be done by then.
    pub(super) fn by(counters: Arc<Counters>, instant: Instant) -> Self {
        let mut book = counters.deadlines.book();
        book.next += 1;
        let entry = (instant, book.next);
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
        let second = Duration::from_secs(1);
        let start = Instant::now();
        let now = start + 9 * second;
        let due = |by| Due::by(Arc::clone(&counters), by);
        let overdue = || counters.deadlines.overdue(now);
        assert_eq!(overdue(), Duration::ZERO);
        let to_come = due(now + second);
        let late = due(start + 6 * second);
        let twin = due(start + 6 * second);
        let later = due(start + 7 * second);
        assert_eq!(overdue(), 3 * second);
        drop(late);
        assert_eq!(overdue(), 3 * second);
        drop(twin);
        assert_eq!(overdue(), 2 * second);
        drop(later);
        assert_eq!(overdue(), Duration::ZERO);
        drop(to_come);
    }
}
