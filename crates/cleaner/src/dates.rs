//! Dates as pages write them: ISO 8601 in its many spellings, e-mail dates, and dates in words.

mod months;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use story::Timestamp;

use months::month;

/// Reads a date, with a time and a zone where it has them; without a zone it is taken as UTC.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.len() > 80 || text.len() < 6 {
        return None;
    }
    let read = iso(text)
        .or_else(|| {
            DateTime::parse_from_rfc2822(text)
                .ok()
                .map(|date| date.to_utc())
        })
        .or_else(|| epoch(text))
        .or_else(|| in_words(text))
        .or_else(|| numbers(text))?;
    plausible(read)
}

/// The date in an address such as `/2023/03/27/` or `-20230327`.
pub(crate) fn in_path(path: &str) -> Option<Timestamp> {
    let runs: Vec<&str> = path
        .split(|c: char| !c.is_ascii_digit())
        .filter(|run| !run.is_empty())
        .collect();
    let day =
        |y: &str, m: &str, d: &str| midnight(y.parse().ok()?, m.parse().ok()?, d.parse().ok()?);
    for window in runs.windows(3) {
        if let [y, m, d] = window
            && y.len() == 4
            && m.len() <= 2
            && d.len() <= 2
            && let Some(date) = day(y, m, d).and_then(plausible)
        {
            return Some(date);
        }
    }
    runs.iter()
        .filter(|run| run.len() == 8)
        .find_map(|run| day(&run[..4], &run[4..6], &run[6..]).and_then(plausible))
}

/// No page of the web is older than the web, and none comes from the far future. The bound does
/// not depend on the clock, so that the same bytes always give the same date.
fn plausible(date: Timestamp) -> Option<Timestamp> {
    (1990..2100).contains(&date.year()).then_some(date)
}

fn midnight(year: i32, month: u32, day: u32) -> Option<Timestamp> {
    let day = NaiveDate::from_ymd_opt(year, month, day)?;
    Some(Utc.from_utc_datetime(&day.and_time(NaiveTime::MIN)))
}

fn iso(text: &str) -> Option<Timestamp> {
    if let Ok(date) = DateTime::parse_from_rfc3339(text) {
        return Some(date.to_utc());
    }
    if !text.is_ascii() || !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let spaced = text.replacen('T', " ", 1);
    for format in [
        "%Y-%m-%d %H:%M:%S%.f%#z",
        "%Y-%m-%d %H:%M%#z",
        "%Y-%m-%d %H:%M:%S%.f %#z",
    ] {
        if let Ok(date) = DateTime::parse_from_str(&spaced, format) {
            return Some(date.to_utc());
        }
    }
    let bare = spaced.trim_end_matches(['Z', ' ']);
    for format in [
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%d %H:%M",
        "%Y/%m/%d %H:%M:%S",
        "%Y%m%d %H%M%S",
    ] {
        if let Ok(date) = NaiveDateTime::parse_from_str(bare, format) {
            return Some(date.and_utc());
        }
    }
    let digits: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).collect();
    match digits.as_slice() {
        [y, m, d, ..] if y.len() == 4 && m.len() <= 2 => midnight(
            y.parse().ok()?,
            m.parse().ok()?,
            d.get(..2).unwrap_or(d).parse().ok()?,
        ),
        [all, ..] if all.len() == 8 => midnight(
            all[..4].parse().ok()?,
            all[4..6].parse().ok()?,
            all[6..].parse().ok()?,
        ),
        _ => None,
    }
}

fn epoch(text: &str) -> Option<Timestamp> {
    let number: i64 = text.parse().ok()?;
    match text.len() {
        10 => DateTime::from_timestamp(number, 0),
        13 => DateTime::from_timestamp_millis(number),
        _ => None,
    }
}

/// The date in a line that says little else: "Lima, 27 de marzo de 2023", "Written: 2023-03-27".
pub(crate) fn in_line(line: &str) -> Option<Timestamp> {
    if !line.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    in_words(line).or_else(|| numbers(line)).and_then(plausible)
}

/// "27 de marzo de 2023", "March 27, 2023 10:15", "27 Mar 2023", "2023 március 27".
fn in_words(text: &str) -> Option<Timestamp> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && !matches!(*word, "de" | "del" | "of" | "the"))
        .collect();
    let day = |word: Option<&&str>| -> Option<u32> {
        let digits = word?.trim_end_matches(|c: char| c.is_alphabetic() || c == 'º');
        digits.parse().ok().filter(|day| (1..=31).contains(day))
    };
    let year = |word: Option<&&str>| -> Option<i32> {
        word?
            .parse()
            .ok()
            .filter(|year| (1990..2100).contains(year))
    };
    let at_month = |at: usize| {
        let month = month(words[at])?;
        let before = at.checked_sub(1).and_then(|before| words.get(before));
        let (day, year) = day(before)
            .zip(year(words.get(at + 1)))
            .or_else(|| day(words.get(at + 1)).zip(year(words.get(at + 2))))
            .or_else(|| day(words.get(at + 1)).zip(year(before)))
            // As Java writes it: "Mon Mar 27 10:15:00 EDT 2023".
            .or_else(|| {
                day(words.get(at + 1)).zip(year(words.last().filter(|_| words.len() <= 9)))
            })?;
        Some(at_clock(midnight(year, month, day)?, &lower))
    };
    (0..words.len()).find_map(at_month)
}

/// A day at the time that a text gives with its zone; without a zone, the day alone is sure.
fn at_clock(day: Timestamp, text: &str) -> Timestamp {
    let clock = text
        .split_whitespace()
        .zip(text.split_whitespace().skip(1).map(Some).chain([None]))
        .find_map(|(word, next)| {
            let (hour, minute) = word.split_once(':')?;
            let minute = minute.split(':').next()?;
            let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
            let zone = next?.trim_matches(|c: char| !c.is_alphanumeric());
            let hours_behind = ZONES.iter().find(|(name, _)| *name == zone)?.1;
            let time = NaiveTime::from_hms_opt(hour, minute, 0)?;
            Some(day.date_naive().and_time(time).and_utc() + TimeDelta::hours(hours_behind))
        });
    clock.unwrap_or(day)
}

/// Zones that no two countries of ours use for different times, and their hours behind UTC.
const ZONES: &[(&str, i64)] = &[
    ("utc", 0),
    ("gmt", 0),
    ("cet", -1),
    ("cest", -2),
    ("edt", 4),
    ("est", 5),
    ("pdt", 7),
    ("pst", 8),
    ("brt", 3),
    ("art", 3),
    ("uyt", 3),
    ("bot", 4),
    ("vet", 4),
    ("cot", 5),
    ("pet", 5),
];

/// "27/03/2023", "27.03.2023", "2023-03-27", "2023年3月27日": with the year last the day is first,
/// unless that cannot be.
fn numbers(text: &str) -> Option<Timestamp> {
    let mut runs: [Option<&str>; 3] = [None; 3];
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        if !is_date_mark(&rest[..start]) {
            runs = [None; 3];
        }
        let run = &rest[start..];
        let end = run.find(|c: char| !c.is_ascii_digit()).unwrap_or(run.len());
        runs = [runs[1], runs[2], Some(&run[..end])];
        rest = &run[end..];
        if let [Some(a), Some(b), Some(c)] = runs
            && let Some(date) = of_runs(a, b, c)
        {
            return Some(date);
        }
    }
    None
}

/// Whether two numbers with this between them may be parts of one date.
fn is_date_mark(between: &str) -> bool {
    let mark = between.trim();
    matches!(mark, "-" | "/" | "." | "年" | "月" | "년" | "월") && between.len() <= 5
}

fn of_runs(a: &str, b: &str, c: &str) -> Option<Timestamp> {
    let (year, month, day) = match (a.len(), b.len(), c.len()) {
        (4, 1..=2, 1..=2) => (a, b, c),
        (1..=2, 1..=2, 4) => {
            if b.parse::<u32>().ok()? <= 12 {
                (c, b, a)
            } else {
                (c, a, b)
            }
        }
        _ => return None,
    };
    midnight(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// Whether a word is the name of a month.
pub(crate) fn is_month(word: &str) -> bool {
    month(word.trim_end_matches(['.', ',']).to_lowercase().as_str()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(
            parse(text)
                .map(|date| date.to_rfc3339())
                .unwrap_or_default(),
            expected,
            "{text}"
        );
    }

    #[test]
    fn machine_dates() {
        check("2023-03-27T10:15:00-05:00", "2023-03-27T15:15:00+00:00");
        check("2023-03-27T10:15:00.000-0500", "2023-03-27T15:15:00+00:00");
        check("2023-03-27T10:15-05:00", "2023-03-27T15:15:00+00:00");
        check("2023-03-27 10:15:00", "2023-03-27T10:15:00+00:00");
        check("2023-03-27", "2023-03-27T00:00:00+00:00");
        check("20230327", "2023-03-27T00:00:00+00:00");
        check("Mon, 27 Mar 2023 10:15:00 GMT", "2023-03-27T10:15:00+00:00");
        check("1679912100", "2023-03-27T10:15:00+00:00");
    }

    #[test]
    fn dates_in_words() {
        check("27 de marzo de 2023", "2023-03-27T00:00:00+00:00");
        check(
            "Segunda-feira, 27 de março de 2023 às 10h",
            "2023-03-27T00:00:00+00:00",
        );
        check("Monday, March 27, 2023", "2023-03-27T00:00:00+00:00");
        check("27/03/2023 10:15", "2023-03-27T00:00:00+00:00");
        check("03/27/2023", "2023-03-27T00:00:00+00:00");
    }

    #[test]
    fn dates_of_other_languages_and_orders() {
        check("2023年3月27日 14時30分", "2023-03-27T00:00:00+00:00");
        check("2023. 3. 27.", "2023-03-27T00:00:00+00:00");
        check("27 марта 2023, 13:43", "2023-03-27T00:00:00+00:00");
        check("duminică, 27 martie 2023", "2023-03-27T00:00:00+00:00");
        check("الاثنين، 27 مارس 2023", "2023-03-27T00:00:00+00:00");
        check("2023. március 27.", "2023-03-27T00:00:00+00:00");
    }

    #[test]
    fn a_time_in_words_counts_where_its_zone_is_known() {
        check("Mon Mar 27 10:15:00 EDT 2023", "2023-03-27T14:15:00+00:00");
        check("March 27, 2023, 10:15 GMT", "2023-03-27T10:15:00+00:00");
        check(
            "27 de marzo de 2023, 22:15 COT",
            "2023-03-28T03:15:00+00:00",
        );
        check(
            "27 de marzo de 2023, 22:15 horas",
            "2023-03-27T00:00:00+00:00",
        );
    }

    #[test]
    fn a_line_may_say_other_things_than_its_date() {
        let got = |line| {
            in_line(line)
                .map(|date| date.date_naive().to_string())
                .unwrap_or_default()
        };
        assert_eq!(got("Lima, 27 de marzo de 2023 | Redacción"), "2023-03-27");
        assert_eq!(
            got("Written: 2023-03-27 15:03:30 / Updated: 2023-03-28"),
            "2023-03-27"
        );
        assert_eq!(got("Mar del Plata, 3 heridos en 2023"), "");
        assert_eq!(got("Vivió de 1990 a 2003 en 12 casas"), "");
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "hoy",
            "0001-01-01T00:00:00",
            "99/99/2023",
            "2023-13-45",
            "mar del plata",
        ] {
            check(text, "");
        }
    }

    #[test]
    fn dates_in_addresses() {
        let got = |path| {
            in_path(path)
                .map(|date| date.date_naive().to_string())
                .unwrap_or_default()
        };
        assert_eq!(got("/judicial/2023/03/27/nota-123/"), "2023-03-27");
        assert_eq!(got("/nota-20230327-n12.html"), "2023-03-27");
        assert_eq!(got("/nota/2023/99/99"), "");
    }
}
