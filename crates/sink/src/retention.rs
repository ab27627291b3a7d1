//! Which finished files are to go: the oldest first, for their age or for the room they take up.

use std::time::Duration;

use chrono::{DateTime, Days, Utc};

use crate::{FileName, Settings};

/// Days without a file after which no clock is believed that says so.
const GAP_DAYS_MAX: u64 = 31;

/// What counts for a gap that is longer.
const GAP_COUNTED: Duration = Duration::from_hours(24);

/// Names of the files that are to go. `closed` are the finished ones in the order of writing, with the
/// bytes that each takes up; `open` is what the others take up, which never go.
///
/// Age counts up to the newest finished file where the clock is ahead of that, and a long gap between
/// two files counts as a day: a clock that is set wrong does not empty a record, also where it was
/// written meanwhile and files have their names from that clock.
pub(crate) fn expired(
    settings: &Settings,
    closed: &[(FileName, u64)],
    open: u64,
    now: DateTime<Utc>,
) -> Vec<FileName> {
    let mut total = open + closed.iter().map(|(_, bytes)| bytes).sum::<u64>();
    let mut going = Vec::new();
    let age_max = settings.retain_age.unwrap_or(Duration::MAX);
    for ((name, bytes), age) in closed.iter().zip(ages(closed, age_max, now)) {
        let too_much = settings.retain_size.is_some_and(|size| total > size);
        if age <= age_max && !too_much {
            break;
        }
        total -= bytes;
        going.push(*name);
    }
    going
}

/// How long ago the day of each file ended. A gap that would on its own make files too old is long, too.
fn ages(closed: &[(FileName, u64)], age_max: Duration, now: DateTime<Utc>) -> Vec<Duration> {
    let gap_max = age_max.min(Duration::from_hours(24 * GAP_DAYS_MAX));
    let mut later = closed.last().map_or(now, |(name, _)| day_over(*name, now));
    let mut age = Duration::ZERO;
    let mut ages = Vec::with_capacity(closed.len());
    for (name, _) in closed.iter().rev() {
        let over = day_over(*name, now);
        let gap = (later - over).to_std().unwrap_or_default();
        age += if gap > gap_max { GAP_COUNTED } else { gap };
        later = over;
        ages.push(age);
    }
    ages.reverse();
    ages
}

/// When a file's day ended; now where it has not.
fn day_over(name: FileName, now: DateTime<Utc>) -> DateTime<Utc> {
    let next = name.day().checked_add_days(Days::new(1));
    let over = next.and_then(|day| Some(day.and_hms_opt(0, 0, 0)?.and_utc()));
    over.map_or(now, |over| over.min(now))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn files() -> Vec<(FileName, u64)> {
        (1..=5)
            .map(|n| (format!("stories-2026-01-0{n}.jsonl").parse().unwrap(), 100))
            .collect()
    }

    fn check(settings: &Settings, expected: usize) {
        let oldest: Vec<_> = files().iter().map(|f| f.0).take(expected).collect();
        for now in ["2026-01-06T12:00:00Z", "2099-01-01T00:00:00Z"] {
            let going = expired(settings, &files(), 50, now.parse().unwrap());
            assert_eq!(going, oldest, "{settings:?} at {now}");
        }
    }

    #[test]
    fn the_oldest_go_for_their_age_or_for_room_whatever_the_clock_says() {
        let keep_all = Settings::new(Path::new("stories"));
        check(&keep_all, 0);
        let days = |days: u64| Settings {
            retain_age: Some(Duration::from_hours(24 * days)),
            ..keep_all.clone()
        };
        check(&days(30), 0);
        check(&days(3), 1); // the 1st ended more than three days before the 5th did
        check(&days(0), 4);
        let bytes = |bytes| Settings {
            retain_size: Some(bytes),
            ..keep_all.clone()
        };
        check(&bytes(550), 0);
        check(&bytes(549), 1);
        check(&bytes(1), 5); // the open file alone is more, and stays
    }

    #[test]
    fn files_of_a_clock_that_was_wrong_do_not_make_the_others_old() {
        let settings = Settings {
            retain_age: Some(Duration::from_hours(24 * 30)),
            ..Settings::new(Path::new("stories"))
        };
        let going = |days: &[&str], now: &str| {
            let name = |day: &&str| (format!("stories-{day}.jsonl").parse().unwrap(), 100);
            let files: Vec<_> = days.iter().map(name).collect();
            expired(&settings, &files, 0, now.parse().unwrap()).len()
        };
        let far = ["2026-01-01", "2026-01-02", "2099-01-01", "2099-01-02"];
        for now in ["2099-01-01T12:00:00Z", "2099-01-03T12:00:00Z"] {
            assert_eq!(going(&far, now), 0, "{now}");
        }
        assert_eq!(going(&far, "2026-01-03T12:00:00Z"), 0);
        // After a long rest files go again, later by its length.
        let rest = ["2026-01-01", "2026-06-01", "2026-06-20", "2026-06-29"];
        assert_eq!(going(&rest, "2026-07-02T00:00:00Z"), 0);
        let rest = [&rest[..], &["2026-07-02"]].concat();
        assert_eq!(going(&rest, "2026-07-04T00:00:00Z"), 2);
    }
}
