//! What the daemon said lately, and how fast its counters grow.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use pipeline::status::Snapshot;

/// Over how long a rate is taken: counts that move every few seconds would flicker otherwise.
const WINDOW: Duration = Duration::from_secs(10);

/// Answers of one run of the daemon, the newest last.
#[derive(Default)]
pub(super) struct History {
    answers: VecDeque<(Instant, Snapshot)>,
}

impl History {
    /// Adds an answer. One of another run begins anew: its counters began at zero.
    pub(super) fn add(&mut self, at: Instant, snapshot: Snapshot) {
        let is_same_run =
            |before: &Snapshot| (before.pid, before.started) == (snapshot.pid, snapshot.started);
        if !self.now().is_some_and(is_same_run) {
            self.answers.clear();
        }
        self.answers.push_back((at, snapshot));
        while self.answers.len() > 2 && at - self.answers[0].0 > WINDOW {
            self.answers.pop_front();
        }
    }

    /// Forgets all but the newest answer, so that nothing is said to go on.
    pub(super) fn forget_rates(&mut self) {
        let superseded = self.answers.len().saturating_sub(1);
        self.answers.drain(..superseded);
    }

    /// The newest answer.
    pub(super) fn now(&self) -> Option<&Snapshot> {
        self.answers.back().map(|(_, snapshot)| snapshot)
    }

    /// How fast something grows, each second; `None` where it was asked for once only.
    pub(super) fn rate(&self, count: impl Fn(&Snapshot) -> u64) -> Option<f64> {
        let (since, before) = self.answers.front()?;
        let (at, now) = self.answers.back()?;
        let seconds = (*at - *since).as_secs_f64();
        // What is counted in two places may seem to go back for a moment.
        let grown = count(now).saturating_sub(count(before));
        (seconds > 0.0).then(|| grown as f64 / seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::daemon::samples::snapshot;

    fn after(start: Instant, seconds: u64, taken: u64) -> (Instant, Snapshot) {
        let mut snapshot = snapshot();
        snapshot.clean.taken = taken;
        (start + Duration::from_secs(seconds), snapshot)
    }

    #[test]
    fn a_rate_is_that_of_the_last_ten_seconds() {
        let start = Instant::now();
        let mut history = History::default();
        let rate = |history: &History| history.rate(|snapshot| snapshot.clean.taken);
        assert_eq!(rate(&history), None);
        // A hundred at once, then five a second.
        for second in 0..60 {
            let (at, snapshot) = after(start, second, 100 + second * 5);
            history.add(at, snapshot);
            if second == 0 {
                assert_eq!(rate(&history), None);
            } else {
                assert_eq!(rate(&history), Some(5.0));
            }
        }
        assert!(history.answers.len() <= 11);
    }

    #[test]
    fn two_answers_are_enough_however_far_apart() {
        let start = Instant::now();
        let mut history = History::default();
        for (second, taken) in [(0, 0), (60, 60), (120, 240)] {
            let (at, snapshot) = after(start, second, taken);
            history.add(at, snapshot);
        }
        assert_eq!(history.rate(|snapshot| snapshot.clean.taken), Some(3.0));
    }

    #[test]
    fn another_run_begins_anew() {
        let start = Instant::now();
        let mut history = History::default();
        let (at, first) = after(start, 0, 1_000);
        history.add(at, first);
        let (at, mut second) = after(start, 1, 3);
        second.pid += 1;
        history.add(at, second.clone());
        assert_eq!(history.rate(|snapshot| snapshot.clean.taken), None);
        assert_eq!(history.now(), Some(&second));
    }
}
