//! Dates as feeds write them: RFC 3339, RFC 822 and what looks like either, in English, Spanish
//! and Portuguese. A time that names no zone is the feed's own.

use chrono::{
    DateTime, Datelike, Duration, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone,
};
use chrono_tz::Tz;
use story::Timestamp;

/// Earlier years are those of programs that had no date.
const YEAR_MIN: i32 = 1900;

/// Longer texts are no dates.
const DATE_BYTES_MAX: usize = 100;

/// The first letters of the months, in English, Spanish and Portuguese.
const MONTHS: [&[&str]; 12] = [
    &["jan", "ene"],
    &["feb", "fev"],
    &["mar"],
    &["apr", "abr"],
    &["may", "mai"],
    &["jun"],
    &["jul"],
    &["aug", "ago"],
    &["sep", "set"],
    &["oct", "out"],
    &["nov"],
    &["dec", "dez", "dic"],
];

/// Zones by name, in minutes east of Greenwich.
const ZONES: &[(&str, i32)] = &[
    ("z", 0),
    ("gmt", 0),
    ("utc", 0),
    ("ut", 0),
    ("est", -300),
    ("edt", -240),
    ("cst", -360),
    ("cdt", -300),
    ("mst", -420),
    ("mdt", -360),
    ("pst", -480),
    ("pdt", -420),
    ("cet", 60),
    ("cest", 120),
    ("art", -180),
    ("brt", -180),
    ("brst", -120),
    ("amt", -240),
    ("bot", -240),
    ("vet", -240),
    ("clt", -240),
    ("clst", -180),
    ("cot", -300),
    ("pet", -300),
    ("ect", -300),
    ("pyt", -240),
    ("pyst", -180),
    ("uyt", -180),
    ("gft", -180),
    ("gyt", -240),
    ("srt", -180),
];

/// Reads a date; `zone` is that of a time that names none.
pub(super) fn parse(text: &str, zone: Tz) -> Option<Timestamp> {
    let text = text.trim();
    if text.len() > DATE_BYTES_MAX {
        return None;
    }
    if let Ok(exact) = DateTime::parse_from_rfc3339(text) {
        return (exact.year() >= YEAR_MIN).then(|| exact.to_utc());
    }
    if let Some(instant) = epoch(text) {
        return Some(instant);
    }
    let text = text.to_lowercase();
    let mut found = Found::default();
    for word in text.split(|c: char| c.is_whitespace() || ",();".contains(c)) {
        found.take(word);
    }
    found.instant(zone)
}

/// Seconds or milliseconds since 1970, as programs write them.
fn epoch(text: &str) -> Option<Timestamp> {
    let number = text.parse().ok()?;
    match text.len() {
        10 => DateTime::from_timestamp(number, 0),
        13 => DateTime::from_timestamp_millis(number),
        _ => None,
    }
}

/// What the words of a date have said so far.
#[derive(Default)]
struct Found {
    year: Option<i32>,
    month: Option<u32>,
    day: Option<u32>,
    time: Option<NaiveTime>,
    afternoon: Option<bool>,
    offset: Option<FixedOffset>,
}

impl Found {
    /// Takes in one word; a word that says nothing (a weekday, "de") changes nothing.
    fn take(&mut self, word: &str) {
        if word.is_empty() || self.take_iso(word) || self.take_date(word) || self.take_time(word) {
            return;
        }
        if let Some(month) = month(word) {
            // The last one counts: in Spanish "mar" may be Tuesday before it is March.
            self.month = Some(month);
        } else if let Some(offset) = offset(word) {
            self.offset = Some(offset);
        } else if let Ok(number) = word.parse::<u32>() {
            self.take_number(number, word.len());
        } else {
            match word {
                "am" | "a.m" | "a.m." | "a." => self.afternoon = Some(false),
                "pm" | "p.m" | "p.m." | "p." => self.afternoon = Some(true),
                _ => {}
            }
        }
    }

    /// `2026-01-05T14:30:00…`.
    fn take_iso(&mut self, word: &str) -> bool {
        match word.split_once('t') {
            Some((date, time)) if date.contains('-') => {
                self.take_date(date) && self.take_time(time)
            }
            _ => false,
        }
    }

    /// `2026-01-05`, `05/01/2026` (day first), `05-ene-2026`.
    fn take_date(&mut self, word: &str) -> bool {
        let parts: Vec<&str> = word.split(['-', '/', '.']).collect();
        let &[first, middle, last] = parts.as_slice() else {
            return false;
        };
        let Some(month) = middle.parse().ok().or_else(|| month(middle)) else {
            return false;
        };
        let (year, day) = if first.len() == 4 {
            (first, last)
        } else {
            (last, first)
        };
        let (Ok(year_number), Ok(day)) = (year.parse(), day.parse()) else {
            return false;
        };
        self.year = full_year(year_number, year.len());
        // Day first, as everywhere but in the United States, unless that cannot be.
        let (month, day) = if month > 12 && first.len() < 4 {
            (day, month)
        } else {
            (month, day)
        };
        (self.month, self.day) = (Some(month), Some(day));
        true
    }

    /// `14:30`, `14:30:00.123`, `14h30`, with a zone behind it or not.
    fn take_time(&mut self, word: &str) -> bool {
        if let Some((hour, minute)) = word.split_once('h')
            && let (Ok(hour), Ok(minute)) = (hour.parse(), minute.trim_end_matches("min").parse())
        {
            self.time = NaiveTime::from_hms_opt(hour, minute, 0);
            return self.time.is_some();
        }
        let digits = word.find(|c: char| !(c.is_ascii_digit() || ":.".contains(c)));
        let (clock, rest) = word.split_at(digits.unwrap_or(word.len()));
        let mut parts = clock.split(':');
        let (Some(hour), Some(minute)) = (parts.next(), parts.next()) else {
            return false;
        };
        let second = parts
            .next()
            .and_then(|second| second.split('.').next())
            .unwrap_or("0");
        let numbers = (hour.parse::<u32>(), minute.parse(), second.parse::<u32>());
        let (Ok(hour), Ok(minute), Ok(second)) = numbers else {
            return false;
        };
        // Some feeds say 24:00 and mean the day that they name; a leap second is the one before.
        self.time = NaiveTime::from_hms_opt(hour % 24, minute, second.min(59));
        if !rest.is_empty() {
            self.take(rest);
        }
        self.time.is_some()
    }

    fn take_number(&mut self, number: u32, digits: usize) {
        if digits == 8 {
            self.year = full_year(number as i32 / 10_000, 4);
            (self.month, self.day) = (Some(number / 100 % 100), Some(number % 100));
        } else if digits <= 2 && self.day.is_none() {
            self.day = Some(number);
        } else if self.year.is_none() {
            self.year = full_year(number as i32, digits);
        }
    }

    fn instant(&self, zone: Tz) -> Option<Timestamp> {
        let date = NaiveDate::from_ymd_opt(self.year?, self.month?, self.day?)?;
        let local = date.and_time(self.time.unwrap_or_default());
        let local = match self.afternoon {
            Some(true) if hour(local) < 12 => local + Duration::hours(12),
            Some(false) if hour(local) == 12 => local - Duration::hours(12),
            _ => local,
        };
        match self.offset {
            Some(offset) => offset
                .from_local_datetime(&local)
                .earliest()
                .map(|at| at.to_utc()),
            None => in_zone(local, zone),
        }
    }
}

fn hour(local: NaiveDateTime) -> u32 {
    chrono::Timelike::hour(&local)
}

/// A local time; one that a change of the clocks skipped is read an hour later.
fn in_zone(local: NaiveDateTime, zone: Tz) -> Option<Timestamp> {
    let at = zone.from_local_datetime(&local).earliest();
    let at = at.or_else(|| {
        zone.from_local_datetime(&(local + Duration::hours(1)))
            .earliest()
    });
    at.map(|at| at.to_utc())
}

/// A month by its name or the start of it.
fn month(word: &str) -> Option<u32> {
    let word = word.trim_end_matches('.');
    if word.starts_with("martes") || word.starts_with("march ") {
        return None;
    }
    let named = |names: &&[&str]| names.iter().any(|name| word.starts_with(name));
    let month = MONTHS.iter().position(named)? as u32 + 1;
    word.chars().all(char::is_alphabetic).then_some(month)
}

/// Two digits are this century's, as far as 2068, as POSIX has it.
fn full_year(year: i32, digits: usize) -> Option<i32> {
    match (digits, year) {
        (4, YEAR_MIN..) => Some(year),
        (2, 0..69) => Some(2000 + year),
        (2, 69..) => Some(1900 + year),
        _ => None,
    }
}

/// `-0500`, `-05:00`, `-5`, `gmt-5`, `utc+01:00`, `cot`.
fn offset(word: &str) -> Option<FixedOffset> {
    if let Some((_, minutes)) = ZONES.iter().find(|(name, _)| *name == word) {
        return FixedOffset::east_opt(minutes * 60);
    }
    let word = word
        .strip_prefix("gmt")
        .or_else(|| word.strip_prefix("utc"))
        .unwrap_or(word);
    let (sign, digits) = match word.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let digits = digits.replace(':', "");
    let number: i32 = digits.parse().ok()?;
    let minutes = match digits.len() {
        1 | 2 => number * 60,
        3 | 4 => number / 100 * 60 + number % 100,
        _ => return None,
    };
    FixedOffset::east_opt(sign * minutes * 60)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &str) {
        let got = parse(text, chrono_tz::America::Bogota).map(|at| at.to_rfc3339());
        let expected = (!expected.is_empty()).then(|| format!("{expected}+00:00"));
        assert_eq!(got, expected, "{text:?}");
    }

    #[test]
    fn dates_with_a_zone() {
        check("Mon, 05 Jan 2026 14:30:00 -0500", "2026-01-05T19:30:00");
        check("Mon, 5 Jan 2026 14:30 GMT", "2026-01-05T14:30:00");
        check("05 Jan 26 14:30:00 EST", "2026-01-05T19:30:00");
        check("2026-01-05T14:30:00Z", "2026-01-05T14:30:00");
        check("2026-01-05T14:30:00.250-0300", "2026-01-05T17:30:00");
        check("2026-01-05 14:30:00 +01:00", "2026-01-05T13:30:00");
        check("lun, 05 ene 2026 14:30:00 -0500", "2026-01-05T19:30:00");
        check("Seg, 24 Set 2018 10:00:00 -0300", "2018-09-24T13:00:00");
        check("Mar, 06 Ene 2026 10:00:00 GMT-5", "2026-01-06T15:00:00");
        check("Mon, 05 Jan 2026 14:30:00 ART", "2026-01-05T17:30:00");
        check("Mon, 05 Jan 2026 14:30:00 BRT", "2026-01-05T17:30:00");
        check("Mon, 05 Jan 2026 14:30:00 COT", "2026-01-05T19:30:00");
        check("Mon, 05 Jan 2026 14:30:00 CLST", "2026-01-05T17:30:00");
        check(
            "Mon, 05 Jan 2026 14:30:00 UTC -05:00",
            "2026-01-05T19:30:00",
        );
        check("Mon Jan  5 14:30:00 2026", "2026-01-05T19:30:00");
        check("1767641400", "2026-01-05T19:30:00");
        check("1767641400000", "2026-01-05T19:30:00");
    }

    #[test]
    fn dates_without_a_zone_are_the_feeds_own() {
        check("2026-01-05 14:30:00", "2026-01-05T19:30:00");
        check("2026-01-05T14:30:00", "2026-01-05T19:30:00");
        check("2026-01-05", "2026-01-05T05:00:00");
        check("5 de enero de 2026 14:30", "2026-01-05T19:30:00");
        check("05/01/2026 14:30", "2026-01-05T19:30:00");
        check("05/01/2026 02:30 p.m.", "2026-01-05T19:30:00");
        check("05/01/2026 2:30 p. m.", "2026-01-05T19:30:00");
        check("01/25/2026 14:30", "2026-01-25T19:30:00");
        check(
            "segunda-feira, 5 de janeiro de 2026 às 14h30",
            "2026-01-05T19:30:00",
        );
        check("martes 6 de enero de 2026, 10:00", "2026-01-06T15:00:00");
        check("20260105 14:30", "2026-01-05T19:30:00");
        check("January 5, 2026 2:30 PM", "2026-01-05T19:30:00");
        check("Mié, 07 Ene 2026", "2026-01-07T05:00:00");
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "ayer",
            "Sun, 30 Nov -0001 00:00:00 +0000",
            "0001-01-01T00:00:00Z",
            "2026-13-45",
            "14:30",
            "x".repeat(200).as_str(),
        ] {
            check(text, "");
        }
    }

    #[test]
    fn a_time_that_the_clocks_skipped_is_read_an_hour_later() {
        let at = parse("2025-09-07 00:30:00", chrono_tz::America::Santiago).unwrap();
        assert_eq!(at.to_rfc3339(), "2025-09-07T04:30:00+00:00");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[0-9a-zñáT:+/ .,-]{0,60}") {
            let _ = parse(&text, chrono_tz::America::Bogota);
        }
    }
}
