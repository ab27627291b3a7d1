//! When a feed shows new entries: learned from what it showed, so that a silence can be told from a
//! Sunday.
//!
//! For each hour of the day and each day of the week, the share of hours in which something
//! appeared; older days count less. A silence is alarming where so many hours that are seldom
//! empty were empty that chance would bring it about once in two hundred times.

use std::{fmt, time::Duration};

use chrono::{Datelike, TimeDelta, Timelike};
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// After so many days a day counts half.
const HALF_LIFE_DAYS: f32 = 28.0;

/// How many days a feed is watched before its silence can mean anything.
const LEARNED_DAYS: f32 = 7.0;

/// How many busy hours it must have had by then.
const LEARNED_HOURS: f32 = 12.0;

/// The silence that chance brings about once in 200 times, as a sum over hours of -ln(1 - share).
const ALARMING: f32 = 5.3;

/// No hour counts for more than one that is busy every other day: a silence is then never alarming
/// before eight hours, however regular a feed is.
const SHARE_MAX: f32 = 0.5;

/// How far back a silence is added up, hour by hour.
const LOOKED_BACK_HOURS: i64 = 24 * 90;

/// How far back the first answer of a feed is taken for its rhythm.
const FIRST_LOOK: TimeDelta = TimeDelta::days(14);

/// The rhythm of a feed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rhythm {
    /// Days in which something appeared in that hour (UTC); older days count less, here and below.
    hours: [f32; 24],
    /// Hours in which something appeared on that day of the week (UTC, Monday first).
    weekdays: [f32; 7],
    /// Days watched.
    days: f32,
    /// Entries that appeared.
    entries: f32,
    /// Up to when the feed was watched.
    until: Option<Timestamp>,
    /// The last hour, since 1970, in which something appeared.
    last_hour: i64,
}

/// A silence that is unlike the feed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Silence {
    /// How many entries a day it normally shows.
    pub entries_per_day: f32,
    /// For how long it has shown none.
    pub lasts: Duration,
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hours = self.lasts.as_secs() / 3600;
        let lasts = if hours < 72 {
            format!("{hours} hours")
        } else {
            format!("{} days", hours / 24)
        };
        if self.entries_per_day >= 1.0 {
            let entries = self.entries_per_day.round();
            write!(f, "normally {entries} a day, nothing for {lasts}")
        } else {
            let entries = (self.entries_per_day * 7.0).round().max(1.0);
            write!(f, "normally {entries} a week, nothing for {lasts}")
        }
    }
}

impl Rhythm {
    /// Learns from a poll at `now` which new entries the feed showed, by the times that they give
    /// themselves; `None` stands for an entry without one.
    pub fn learn(&mut self, now: Timestamp, entries: impl IntoIterator<Item = Option<Timestamp>>) {
        let entries: Vec<_> = entries.into_iter().collect();
        let from = self.until.unwrap_or_else(|| {
            let dated = entries.iter().flatten().copied();
            let recent = dated.filter(|at| now - at < FIRST_LOOK && *at <= now);
            recent.min().unwrap_or(now)
        });
        let first_look = self.until.is_none();
        self.pass(from, now);
        // An entry that gives no time, or one that was over before the last poll, appeared just now;
        // on the first look nobody knows when it did.
        let appeared = |at: Option<Timestamp>| match at {
            Some(at) if from <= at && at <= now => Some(at),
            _ if first_look => None,
            _ => Some(now),
        };
        let mut appeared: Vec<_> = entries.into_iter().filter_map(appeared).collect();
        appeared.sort_unstable();
        for at in appeared {
            self.entries += 1.0;
            let hour = at.timestamp().div_euclid(3600);
            if hour > self.last_hour {
                self.last_hour = hour;
                self.hours[at.hour() as usize] += 1.0;
                self.weekdays[at.weekday().num_days_from_monday() as usize] += 1.0;
            }
        }
    }

    /// Time passes; what was long ago counts less.
    fn pass(&mut self, from: Timestamp, now: Timestamp) {
        let days = (now - from).num_seconds().max(0) as f32 / 86_400.0;
        let fade = 0.5_f32.powf(days / HALF_LIFE_DAYS);
        let counts = self.hours.iter_mut().chain(&mut self.weekdays);
        for count in counts.chain([&mut self.days, &mut self.entries]) {
            *count *= fade;
        }
        self.days += days;
        self.until = Some(now);
    }

    /// The mean time between two entries, or the time watched where there were hardly any; `None`
    /// before there is anything to tell it by.
    pub fn mean_gap(&self) -> Option<Duration> {
        let known = self.days >= 1.0 || (self.entries >= 3.0 && self.days > 0.0);
        known.then(|| Duration::from_secs_f32(self.days * 86_400.0 / self.entries.max(1.0)))
    }

    /// How many entries a day the feed shows.
    pub fn entries_per_day(&self) -> Option<f32> {
        (self.days >= 1.0).then(|| self.entries / self.days)
    }

    /// The silence between `last_new` and `now`, where it is unlike the feed.
    pub fn silence(&self, last_new: Timestamp, now: Timestamp) -> Option<Silence> {
        let busy_hours: f32 = self.weekdays.iter().sum();
        if self.days < LEARNED_DAYS || busy_hours < LEARNED_HOURS {
            return None;
        }
        let silent = now - last_new;
        let steps = silent.num_hours().clamp(0, LOOKED_BACK_HOURS);
        let surprise: f32 = (0..steps)
            .map(|back| -(1.0 - self.share(now - TimeDelta::hours(back))).ln())
            .sum();
        (surprise > ALARMING).then(|| Silence {
            entries_per_day: self.entries / self.days,
            lasts: silent.to_std().unwrap_or_default(),
        })
    }

    /// In how many of the hours like this one something appears, 0 to [`SHARE_MAX`].
    fn share(&self, at: Timestamp) -> f32 {
        let in_hour = self.hours[at.hour() as usize] / self.days;
        // A week's mean stands in for a weekday that was seen only once or twice.
        let mean = self.weekdays.iter().sum::<f32>() / self.days;
        let weekday = at.weekday().num_days_from_monday() as usize;
        let on_day = (self.weekdays[weekday] + mean) / ((self.days / 7.0 + 1.0) * mean);
        (in_hour * on_day).min(SHARE_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// A newsroom that prints something at each of `hours` (UTC) of each weekday, watched for
    /// `weeks` weeks up to a Monday's midnight.
    fn newsroom(hours: std::ops::Range<u32>, weekend: bool, weeks: i64) -> (Rhythm, Timestamp) {
        let monday = at("2026-03-02T00:00:00Z");
        let mut now = monday - TimeDelta::weeks(weeks);
        let mut rhythm = Rhythm::default();
        while now < monday {
            let works = weekend || now.weekday().num_days_from_monday() < 5;
            let prints = works && hours.contains(&now.hour());
            rhythm.learn(now, prints.then_some(Some(now)));
            now += TimeDelta::hours(1);
        }
        (rhythm, monday)
    }

    #[test]
    fn a_silent_working_day_is_alarming_and_a_night_is_not() {
        let (rhythm, monday) = newsroom(8..22, true, 4);
        let last = monday - TimeDelta::hours(3); // 21 h on Sunday
        assert_eq!(rhythm.silence(last, monday + TimeDelta::hours(8)), None);
        let silence = rhythm.silence(last, monday + TimeDelta::hours(20)).unwrap();
        assert_eq!(
            silence.to_string(),
            "normally 14 a day, nothing for 23 hours"
        );
    }

    #[test]
    fn a_sunday_is_no_silence_where_sundays_are_empty() {
        let (rhythm, monday) = newsroom(8..22, false, 6);
        let last = monday - TimeDelta::hours(24 + 24 + 3); // Friday evening
        assert_eq!(rhythm.silence(last, monday + TimeDelta::hours(8)), None);
        assert!(
            rhythm
                .silence(last, monday + TimeDelta::hours(22))
                .is_some()
        );
    }

    #[test]
    fn nothing_is_alarming_before_a_week_was_watched() {
        let (rhythm, _) = newsroom(0..24, true, 0);
        assert_eq!(
            rhythm.silence(at("2026-01-01T00:00:00Z"), at("2026-02-01T00:00:00Z")),
            None
        );
        let now = at("2026-01-05T12:00:00Z");
        let mut rhythm = Rhythm::default();
        rhythm.learn(now, (0..40).map(|n| Some(now - TimeDelta::hours(n))));
        assert_eq!(rhythm.silence(now, now + TimeDelta::days(5)), None);
        let gap = rhythm.mean_gap().unwrap().as_secs();
        assert!((3300..3700).contains(&gap), "{gap} s between two entries");
    }

    #[test]
    fn a_rare_feed_is_given_weeks() {
        let start = at("2026-01-05T12:00:00Z");
        let mut rhythm = Rhythm::default();
        for day in 0..120 {
            let now = start + TimeDelta::days(day);
            rhythm.learn(now, (day % 3 == 0).then_some(None));
        }
        let last = start + TimeDelta::days(117);
        assert_eq!(rhythm.silence(last, last + TimeDelta::days(9)), None);
        let silence = rhythm.silence(last, last + TimeDelta::days(40)).unwrap();
        assert_eq!(
            silence.to_string(),
            "normally 2 a week, nothing for 40 days"
        );
    }

    #[test]
    fn times_that_cannot_be_are_taken_for_now() {
        let now = at("2026-01-05T12:00:00Z");
        let mut rhythm = Rhythm::default();
        rhythm.learn(now, [Some(at("2041-01-01T00:00:00Z")), None]);
        rhythm.learn(
            now + TimeDelta::days(1),
            [
                Some(at("1970-01-01T00:00:00Z")),
                Some(at("2041-01-01T00:00:00Z")),
            ],
        );
        assert_eq!(rhythm.entries_per_day(), Some(2.0));
    }
}
