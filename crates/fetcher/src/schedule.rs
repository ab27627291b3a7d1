//! When a feed is polled next.

use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

use chrono::TimeDelta;
use story::{FeedId, Timestamp};

use crate::{Feed, Settings, backoff::Backoff};

/// The longest a feed that is gone is left alone: it may come back to life.
const GONE: Duration = Duration::from_hours(720);

/// How a poll ended, as far as the schedule is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The feed's first answer ever.
    FirstAnswer,
    /// An answer.
    Answer,
    /// A failure, the how manieth in a row, and the wait that the server asked for.
    Failure {
        in_a_row: u32,
        asked: Option<Duration>,
    },
    /// The server says that there is no such feed (404).
    Missing { in_a_row: u32 },
    /// The server says that the feed is gone for good (410).
    Gone,
}

/// The wait until a feed's next poll.
pub(crate) fn wait(settings: &Settings, feed: &Feed, ended: Ended) -> Duration {
    let interval = feed
        .interval
        .clamp(settings.min_interval, settings.max_interval);
    let failing = |max| Backoff {
        first: settings.min_interval,
        factor: 2,
        max,
    };
    match ended {
        // Feeds that are first polled together are spread over their interval from then on.
        Ended::FirstAnswer => interval.mul_f64(1.0 + phase(&feed.id)),
        Ended::Answer => {
            let jitter = 0.95 + fastrand::f64() / 10.0;
            interval
                .mul_f64(jitter)
                .clamp(settings.min_interval, settings.max_interval)
        }
        Ended::Failure {
            asked: Some(asked), ..
        } => asked.max(settings.min_interval),
        Ended::Failure {
            in_a_row,
            asked: None,
        } => failing(settings.max_interval).wait(in_a_row),
        Ended::Missing { in_a_row } => failing(GONE).wait(in_a_row),
        Ended::Gone => GONE,
    }
}

/// A feed's own place within an interval, 0 to 1: the same at every start (FNV-1a over its id,
/// and the last mixing of `MurmurHash3`, since FNV leaves the high bits of like names alike).
pub(crate) fn phase(id: &FeedId) -> f64 {
    let hash = id
        .as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    f64::from((hash >> 32) as u32) / f64::from(u32::MAX)
}

/// Adds a wait to an instant, and stays in the calendar.
pub(crate) fn after(now: Timestamp, wait: Duration) -> Timestamp {
    let wait = TimeDelta::from_std(wait).unwrap_or(TimeDelta::days(365));
    now.checked_add_signed(wait).unwrap_or(now)
}

/// How long it is until an instant; zero where it has passed.
pub(crate) fn until(now: Timestamp, at: Timestamp) -> Duration {
    (at - now).to_std().unwrap_or_default()
}

/// The feeds by number, in the order in which they are due.
#[derive(Debug, Default)]
pub(crate) struct Agenda(BinaryHeap<Reverse<(Timestamp, usize)>>);

impl Agenda {
    /// Enters a feed.
    pub(crate) fn enter(&mut self, due: Timestamp, feed: usize) {
        self.0.push(Reverse((due, feed)));
    }

    /// When the next feed is due.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.0.peek().map(|Reverse((due, _))| *due)
    }

    /// Takes out the next feed, if it is due.
    pub(crate) fn take(&mut self, now: Timestamp) -> Option<usize> {
        let due = self.next_due().is_some_and(|due| due <= now);
        due.then(|| self.0.pop())
            .flatten()
            .map(|Reverse((_, feed))| feed)
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn feed(interval: Duration) -> Feed {
        Feed {
            id: "diario".parse().unwrap(),
            url: "https://diario.test/rss".parse().unwrap(),
            home: story::Home::default(),
            interval,
            timezone: chrono_tz::America::Bogota,
            access: crate::Access::default(),
        }
    }

    fn check(interval: Duration, ended: Ended, between: std::ops::RangeInclusive<Duration>) {
        let wait = wait(&Settings::default(), &feed(interval), ended);
        assert!(between.contains(&wait), "{interval:?} {ended:?}: {wait:?}");
    }

    #[test]
    fn an_answer_is_followed_by_the_feeds_interval_within_bounds() {
        check(HOUR, Ended::Answer, HOUR.mul_f64(0.95)..=HOUR.mul_f64(1.05));
        check(HOUR / 60, Ended::Answer, HOUR / 12..=HOUR / 11);
        check(HOUR * 100, Ended::Answer, HOUR * 22..=HOUR * 24);
        check(HOUR, Ended::FirstAnswer, HOUR..=HOUR * 2);
    }

    #[test]
    fn a_failure_is_followed_by_a_growing_wait() {
        let failure = |in_a_row| Ended::Failure {
            in_a_row,
            asked: None,
        };
        check(HOUR, failure(1), HOUR / 12..=HOUR / 9);
        check(HOUR, failure(3), HOUR / 3..=HOUR / 2);
        check(HOUR, failure(99), HOUR * 24..=HOUR * 30);
        check(HOUR, Ended::Missing { in_a_row: 99 }, GONE..=GONE * 2);
        check(HOUR, Ended::Gone, GONE..=GONE);
    }

    #[test]
    fn what_the_server_asks_for_is_waited_for() {
        let asked = Ended::Failure {
            in_a_row: 1,
            asked: Some(HOUR * 88),
        };
        check(HOUR, asked, HOUR * 88..=HOUR * 88);
    }

    #[test]
    fn phases_are_spread_and_stable() {
        let phases: Vec<f64> = (0..100)
            .map(|n| phase(&format!("diario-{n}").parse().unwrap()))
            .collect();
        let lower = phases.iter().filter(|phase| **phase < 0.5).count();
        assert!(
            (35..65).contains(&lower),
            "{lower} of 100 in the first half"
        );
        assert!(phases.iter().all(|phase| (0.0..=1.0).contains(phase)));
    }

    #[test]
    fn the_agenda_gives_what_is_due_in_order() {
        let now = Utc::now();
        let mut agenda = Agenda::default();
        agenda.enter(after(now, HOUR), 1);
        agenda.enter(now, 2);
        assert_eq!(agenda.take(now), Some(2));
        assert_eq!(agenda.take(now), None);
        assert_eq!(agenda.take(after(now, HOUR * 2)), Some(1));
    }
}
