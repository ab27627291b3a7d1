//! Which finished files are to go: the oldest first, for their age or for the room they take up.

use std::time::Duration;

use chrono::{DateTime, Days, Utc};

use crate::{FileName, Settings};

/// Names of the files that are to go. `closed` are the finished ones in the order of writing, with the
/// bytes that each takes up; `open` is what the others take up, which never go.
///
/// Age counts up to the newest finished file where the clock is ahead of that: a clock that is set
/// wrong does not empty a record.
pub(crate) fn expired(
    settings: &Settings,
    closed: &[(FileName, u64)],
    open: u64,
    now: DateTime<Utc>,
) -> Vec<FileName> {
    let mut total = open + closed.iter().map(|(_, bytes)| bytes).sum::<u64>();
    let mut going = Vec::new();
    let newest = closed.last().and_then(|(name, _)| day_over(*name));
    let now = newest.map_or(now, |newest| newest.min(now));
    for (name, bytes) in closed {
        let old = settings.retain_age.is_some_and(|age| over(*name, age, now));
        let too_much = settings.retain_size.is_some_and(|size| total > size);
        if !old && !too_much {
            break;
        }
        total -= bytes;
        going.push(*name);
    }
    going
}

/// Whether a file's day ended longer ago than `age`.
fn over(name: FileName, age: Duration, now: DateTime<Utc>) -> bool {
    let passed = day_over(name).map(|then| now - then);
    passed.is_some_and(|passed| passed.to_std().is_ok_and(|passed| passed > age))
}

/// When a file's day ended.
fn day_over(name: FileName) -> Option<DateTime<Utc>> {
    let next = name.day().checked_add_days(Days::new(1))?;
    Some(next.and_hms_opt(0, 0, 0)?.and_utc())
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
}
