//! When a feed is polled next.

use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

use chrono::{Datelike, TimeDelta, Timelike};
use story::{Hints, Timestamp, storage::FeedState};

use crate::{Feed, Settings, backoff::Backoff};

mod phase;

use phase::on_phase;

/// How often a feed is polled whose operator says nothing: no more than once an hour is asked of a
/// server that gave no leave for more.
pub(crate) const DEFAULT_INTERVAL: Duration = Duration::from_hours(1);

/// The longest a feed is left alone that is gone or cannot be found: it may come back to life.
pub(crate) const GONE: Duration = Duration::from_hours(30 * 24);

/// A feed whose validators lie is asked for the whole of it, and so no more often than this.
const UNCONDITIONAL: Duration = Duration::from_hours(24);

/// A feed with working push is still pulled this often.
const BACKED_BY_PULL: Duration = Duration::from_hours(24);

/// How many polls fall between two entries of a feed, on average.
const POLLS_PER_ENTRY: u32 = 8;

/// Learned periods are rounded to steps of this factor, so that a feed keeps its phase while its
/// rhythm wavers.
const STEP: f64 = 1.25;

/// How far ahead an hour is looked for that the feed does not exclude.
const SKIPPED_HOURS_MAX: i64 = 72;

/// How a poll ended, as far as the schedule is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// An answer.
    Answer {
        /// Whether every entry was new, so that others may have come and gone unseen.
        overflowed: bool,
        /// Whether the feed's changes are pushed.
        pushed: bool,
    },
    /// A failure, the how manieth in a row.
    Failure { in_a_row: u32 },
    /// The server asked to be left alone for so long.
    Asked { wait: Duration },
    /// The server says that there is no such feed (404), the how manieth time in a row.
    Missing { in_a_row: u32 },
    /// The server says that the feed is gone for good (410).
    Gone,
}

/// When a feed is polled next, after a poll at `now` that led to `state`.
pub(crate) fn next_poll(
    settings: &Settings,
    feed: &Feed,
    state: &FeedState,
    ended: Ended,
    now: Timestamp,
) -> Timestamp {
    let floor = floor(settings, feed, &state.hints);
    let failing = |factor, max| Backoff {
        first: floor,
        factor,
        max,
    };
    match ended {
        Ended::Answer { overflowed, pushed } => {
            let soon = overflowed && !pushed && state.lied.is_none();
            let period = if soon {
                floor.max(stated(settings, feed, state))
            } else {
                period(settings, feed, state, pushed)
            };
            let at = on_phase(now, period, settings.max_interval, &feed.id);
            outside_skipped(at, &state.hints)
        }
        Ended::Failure { in_a_row } => after(now, failing(2, settings.max_interval).wait(in_a_row)),
        Ended::Asked { wait } => after(now, wait.max(settings.min_interval)),
        Ended::Missing { in_a_row } => after(now, missing_wait(failing(4, GONE), in_a_row)),
        Ended::Gone => after(now, GONE),
    }
}

/// When a feed is polled that is to be polled as soon as it may: now, or a gap after its
/// last poll, which may have been by a run just before this one.
pub(crate) fn soonest(settings: &Settings, state: Option<&FeedState>, now: Timestamp) -> Timestamp {
    let last_poll = state.and_then(|state| state.last_poll);
    // A clock that was set back must not put it off.
    let rested = last_poll.map(|last| after(last.min(now), settings.host_gap));
    now.max(rested.unwrap_or(now))
}

/// Whether a feed that was not found so often in a row is as good as gone: asked once a month.
pub(crate) fn is_given_up(settings: &Settings, feed: &Feed, hints: &Hints, in_a_row: u32) -> bool {
    let first = floor(settings, feed, hints);
    first.saturating_mul(4_u32.saturating_pow(in_a_row.saturating_sub(1))) >= GONE
}

fn missing_wait(backoff: Backoff, in_a_row: u32) -> Duration {
    backoff.wait(in_a_row).min(GONE)
}

/// How often a feed may be polled at the very most: once an hour, unless its operator or the feed
/// itself gives leave for more.
fn floor(settings: &Settings, feed: &Feed, hints: &Hints) -> Duration {
    let leave = [feed.interval, hints.ttl, hints.update_period];
    let leave = leave.into_iter().flatten().filter(|leave| !leave.is_zero());
    leave
        .fold(DEFAULT_INTERVAL, Duration::min)
        .clamp(settings.min_interval, settings.max_interval)
}

/// The time between two polls: learned from the feed's rhythm, and no shorter than the server and
/// the feed want it.
fn period(settings: &Settings, feed: &Feed, state: &FeedState, pushed: bool) -> Duration {
    let floor = floor(settings, feed, &state.hints);
    let learned = state.rhythm.mean_gap().map_or_else(
        || feed.interval.unwrap_or(DEFAULT_INTERVAL),
        |gap| gap / POLLS_PER_ENTRY,
    );
    // Only what others ask for leads to a wait of more than `max_interval`.
    let longest = settings.max_interval.div_f64(phase::LONGEST);
    let period = stepped(floor, learned).min(longest).max(floor);
    let period = period.max(stated(settings, feed, state));
    if pushed {
        period.max(BACKED_BY_PULL)
    } else if state.lied.is_some() {
        period.max(UNCONDITIONAL)
    } else {
        period
    }
}

/// How long the server and the feed say that an answer is good for. The feed's own word gives way
/// to an interval that the operator set; the server's does not, since it would only show the
/// same again.
fn stated(settings: &Settings, feed: &Feed, state: &FeedState) -> Duration {
    let of_feed = match feed.interval {
        None => state.hints.ttl.max(state.hints.update_period),
        Some(_) => None,
    };
    let stated = state.fresh_for.max(of_feed).unwrap_or_default();
    stated.min(settings.max_interval)
}

/// The longest of `floor`, `floor` times [`STEP`], and so on, that is not over `period`.
fn stepped(floor: Duration, period: Duration) -> Duration {
    let steps = (period.as_secs_f64() / floor.as_secs_f64().max(0.001)).log(STEP);
    floor.mul_f64(STEP.powi(steps.clamp(0.0, 64.0) as i32))
}

/// The first instant from `at` on that is in no hour and no day which the feed excludes; `at`
/// itself where it excludes all of three days.
fn outside_skipped(at: Timestamp, hints: &Hints) -> Timestamp {
    let skipped = |at: Timestamp| {
        hints.skip_hours.contains(&(at.hour() as u8)) || hints.skip_days.contains(&at.weekday())
    };
    if !skipped(at) {
        return at;
    }
    // The minute within the hour stays, and with it the feed's place among others.
    (1..=SKIPPED_HOURS_MAX)
        .filter_map(|hours| at.checked_add_signed(TimeDelta::hours(hours)))
        .find(|at| !skipped(*at))
        .unwrap_or(at)
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

    /// Has a feed that was entered come up earlier.
    pub(crate) fn move_up(&mut self, due: Timestamp, feed: usize) {
        let entered = |entry: &Reverse<(Timestamp, usize)>| entry.0.1 == feed;
        let earliest = self.0.iter().find(|entry| entered(entry));
        if earliest.is_some_and(|Reverse((at, _))| *at > due) {
            self.0.retain(|entry| !entered(entry));
            self.enter(due, feed);
        }
    }

    /// Takes a feed out.
    pub(crate) fn remove(&mut self, feed: usize) {
        self.0.retain(|Reverse((_, entered))| *entered != feed);
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
    use chrono::{Utc, Weekday};

    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn feed(interval: Option<Duration>) -> Feed {
        Feed {
            id: "diario".parse().unwrap(),
            url: "https://diario.test/rss".parse().unwrap(),
            home: story::Home::default(),
            interval,
            timezone: chrono_tz::America::Bogota,
            access: crate::Access::default(),
        }
    }

    fn state(feed: &Feed) -> FeedState {
        FeedState::new(feed.id.clone(), feed.url.clone())
    }

    const ANSWER: Ended = Ended::Answer {
        overflowed: false,
        pushed: false,
    };

    const OVERFLOWED: Ended = Ended::Answer {
        overflowed: true,
        pushed: false,
    };

    /// Checks the wait after a poll that ended so.
    fn check(feed: &Feed, state: &FeedState, ended: Ended, between: std::ops::Range<Duration>) {
        let now = "2026-01-05T14:30:00Z".parse().unwrap(); // a Monday
        let next = next_poll(&Settings::default(), feed, state, ended, now);
        let wait = until(now, next);
        assert!(
            between.contains(&wait),
            "{ended:?} {:?}: {wait:?}",
            feed.interval
        );
    }

    fn check_answer(interval: Option<Duration>, between: std::ops::Range<Duration>) {
        let feed = feed(interval);
        check(&feed, &state(&feed), ANSWER, between);
    }

    /// A feed's state after entries that came so far apart.
    fn with_gap(feed: &Feed, gap: Duration) -> FeedState {
        let mut state = state(feed);
        let mut now = Utc::now();
        for _ in 0..200 {
            state.rhythm.learn(now, [None]);
            now = after(now, gap);
        }
        state
    }

    #[test]
    fn an_answer_is_followed_by_the_feeds_interval_within_bounds() {
        check_answer(None, HOUR..HOUR * 21 / 10);
        check_answer(Some(HOUR / 6), HOUR / 6..HOUR * 21 / 60);
        check_answer(Some(HOUR / 60), HOUR / 12..HOUR / 5);
        check_answer(Some(HOUR * 100), HOUR * 21..HOUR * 24 + HOUR / 60);
    }

    #[test]
    fn a_feed_keeps_its_place_from_poll_to_poll() {
        let feed = feed(None);
        let state = state(&feed);
        let mut now: Timestamp = "2026-01-05T14:30:00Z".parse().unwrap();
        now = next_poll(&Settings::default(), &feed, &state, ANSWER, now);
        for late_s in [0, 90, 3, 160, 1] {
            let started = now + TimeDelta::seconds(late_s);
            let next = next_poll(&Settings::default(), &feed, &state, ANSWER, started);
            assert!(next - started >= TimeDelta::hours(1), "{late_s} s late");
            assert_eq!(next - now, TimeDelta::minutes(63));
            now = next;
        }
    }

    #[test]
    fn the_period_is_learned_and_never_shorter_than_there_is_leave_for() {
        let feed_of = |interval| feed(interval);
        for (interval, gap, from, to) in [
            (None, HOUR, HOUR, HOUR * 21 / 10),
            (None, HOUR * 40, HOUR * 3, HOUR * 10),
            (None, HOUR * 24 * 30, HOUR * 15, HOUR * 24 + HOUR / 60),
            (Some(HOUR / 6), HOUR, HOUR / 6, HOUR * 21 / 60),
            (Some(HOUR / 6), HOUR * 16, HOUR, HOUR * 4),
        ] {
            let feed = feed_of(interval);
            check(&feed, &with_gap(&feed, gap), ANSWER, from..to);
        }
    }

    #[test]
    fn the_server_and_the_feed_may_postpone() {
        let plain = feed(None);
        let mut fresh = state(&plain);
        fresh.fresh_for = Some(HOUR * 3);
        check(&plain, &fresh, ANSWER, HOUR * 3..HOUR * 7);
        fresh.fresh_for = Some(HOUR * 1000);
        check(&plain, &fresh, ANSWER, HOUR * 24..HOUR * 27);

        let mut slow = state(&plain);
        slow.hints.ttl = Some(HOUR * 6);
        check(&plain, &slow, ANSWER, HOUR * 6..HOUR * 13);
        // The operator's word goes before the feed's, which is most often a default.
        check(&feed(Some(HOUR)), &slow, ANSWER, HOUR..HOUR * 21 / 10);
    }

    #[test]
    fn hours_and_days_that_a_feed_excludes_are_left_out() {
        let feed = feed(None);
        let mut state = state(&feed);
        state.hints.skip_hours = (15..24).collect();
        check(&feed, &state, ANSWER, HOUR * 9..HOUR * 11);
        state.hints.skip_hours.clear();
        state.hints.skip_days = vec![Weekday::Mon];
        check(&feed, &state, ANSWER, HOUR * 9..HOUR * 11);
        state.hints.skip_days = (0..7)
            .filter_map(|day| Weekday::try_from(day).ok())
            .collect();
        check(&feed, &state, ANSWER, HOUR..HOUR * 3);
    }

    #[test]
    fn a_feed_that_may_have_shown_more_is_asked_sooner() {
        let feed = feed(None);
        let slow = with_gap(&feed, HOUR * 40);
        check(&feed, &slow, OVERFLOWED, HOUR..HOUR * 21 / 10);
    }

    #[test]
    fn push_and_lies_make_pulls_rare() {
        let feed = feed(Some(HOUR / 6));
        let pushed = Ended::Answer {
            overflowed: false,
            pushed: true,
        };
        check(&feed, &state(&feed), pushed, HOUR * 24..HOUR * 27);
        let mut lied = state(&feed);
        lied.lied = Some(Utc::now());
        check(&feed, &lied, ANSWER, HOUR * 24..HOUR * 27);
        check(&feed, &lied, OVERFLOWED, HOUR * 24..HOUR * 27);
    }

    #[test]
    fn a_failure_is_followed_by_a_growing_wait() {
        let feed = feed(None);
        let check = |ended, between| check(&feed, &state(&feed), ended, between);
        check(Ended::Failure { in_a_row: 1 }, HOUR..HOUR * 2);
        check(Ended::Failure { in_a_row: 3 }, HOUR * 4..HOUR * 6);
        check(Ended::Failure { in_a_row: 99 }, HOUR * 24..HOUR * 31);
        check(Ended::Missing { in_a_row: 2 }, HOUR * 4..HOUR * 6);
        check(Ended::Missing { in_a_row: 99 }, GONE..GONE + HOUR);
        check(Ended::Gone, GONE..GONE + HOUR);
        let given_up = |n| is_given_up(&Settings::default(), &feed, &Hints::default(), n);
        assert_eq!((1..9).position(given_up), Some(5));
    }

    #[test]
    fn what_the_server_asks_for_is_waited_for() {
        let feed = feed(None);
        let asked = Ended::Asked { wait: HOUR * 88 };
        check(&feed, &state(&feed), asked, HOUR * 88..HOUR * 89);
    }

    #[test]
    fn two_runs_keep_the_gap_between_their_polls_of_one_feed() {
        let settings = Settings::default();
        let now: Timestamp = "2026-01-05T14:30:00Z".parse().unwrap();
        let wait = |last: Option<i64>| {
            let mut state = state(&feed(None));
            state.last_poll = last.map(|ago| now - TimeDelta::seconds(ago));
            until(now, soonest(&settings, Some(&state), now)).as_secs()
        };
        assert_eq!(wait(None), 0);
        assert_eq!((wait(Some(2)), wait(Some(60))), (3, 0));
        assert_eq!(wait(Some(-3600)), 5, "by a clock that was set back");
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
