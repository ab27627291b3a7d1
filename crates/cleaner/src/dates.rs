//! Dates as pages write them: ISO 8601 in its many spellings, e-mail dates, and dates in words.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use story::Timestamp;

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

/// "27 de marzo de 2023", "March 27, 2023 10:15", "27 Mar 2023".
fn in_words(text: &str) -> Option<Timestamp> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && !matches!(*word, "de" | "del" | "of" | "the"))
        .collect();
    let at = words.iter().position(|word| month(word).is_some())?;
    let month = month(words[at])?;
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
    let before = at.checked_sub(1).and_then(|before| words.get(before));
    day(before)
        .zip(year(words.get(at + 1)))
        .or_else(|| day(words.get(at + 1)).zip(year(words.get(at + 2))))
        .and_then(|(day, year)| midnight(year, month, day))
}

/// "27/03/2023", "27.03.2023": the day first, unless that cannot be.
fn numbers(text: &str) -> Option<Timestamp> {
    let runs: Vec<&str> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|run| !run.is_empty())
        .collect();
    let at = runs
        .windows(3)
        .position(|w| w[2].len() == 4 && w[0].len() <= 2 && w[1].len() <= 2)?;
    let (a, b, year): (u32, u32, i32) = (
        runs[at].parse().ok()?,
        runs[at + 1].parse().ok()?,
        runs[at + 2].parse().ok()?,
    );
    if b <= 12 {
        midnight(year, b, a)
    } else {
        midnight(year, a, b)
    }
}

/// A month's name or abbreviation in English, Spanish, Portuguese, German, French or Italian.
fn month(word: &str) -> Option<u32> {
    const STEMS: [&[&str]; 12] = [
        &["jan", "ene", "gen", "jän"],
        &["feb", "fev", "fév"],
        &["mar", "mär", "mrz"],
        &["apr", "abr", "avr"],
        &["may", "mai", "mag", "maj"],
        &["jun", "juin", "giu"],
        &["jul", "juil", "lug"],
        &["aug", "ago", "aoû", "aou"],
        &["sep", "set"],
        &["oct", "out", "okt", "ott"],
        &["nov"],
        &["dec", "dic", "dez", "déc"],
    ];
    const WORDS: &[&str] = &[
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "setiembre",
        "octubre",
        "noviembre",
        "diciembre",
        "janeiro",
        "fevereiro",
        "março",
        "maio",
        "junho",
        "julho",
        "setembro",
        "outubro",
        "novembro",
        "dezembro",
        "januar",
        "februar",
        "märz",
        "mai",
        "juni",
        "juli",
        "oktober",
        "dezember",
        "janvier",
        "février",
        "mars",
        "avril",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
        "gennaio",
        "febbraio",
        "aprile",
        "maggio",
        "giugno",
        "luglio",
        "settembre",
        "ottobre",
        "dicembre",
        "sept",
        "maj",
    ];
    if word.chars().count() > 3 && !WORDS.contains(&word) {
        return None;
    }
    STEMS
        .iter()
        .position(|stems| stems.iter().any(|stem| word.starts_with(stem)))
        .map(|at| at as u32 + 1)
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
