//! Names of the record's files: they sort as they were written, by day and by part within a day.
//!
//! `stories-2026-03-01.jsonl` is a day's first file, `stories-2026-03-01.part0002.jsonl` the next one
//! where the first grew too large. A `p` sorts behind a `j`, so that plain sorting of names, by bytes
//! or by letters alone, is the order of writing. A finished file that was compressed is called the
//! same, with `.zst` or `.gz` behind it.

use std::{fmt, str::FromStr};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::Compression;

const PREFIX: &str = "stories-";
const SUFFIX: &str = ".jsonl";
const PART: &str = ".part";

/// The last part of a day: one more digit would not sort behind it.
const PART_MAX: u16 = 9999;

/// A file of the record, whichever way it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct FileName {
    day: NaiveDate,
    /// From 1.
    part: u16,
}

impl FileName {
    /// The first file of a day.
    pub(crate) fn of(day: NaiveDate) -> Self {
        Self { day, part: 1 }
    }

    /// The next one that sorts behind this one: the day's next part, or the next day's first.
    pub(crate) fn next(self) -> Self {
        let Self { day, part } = self;
        if part < PART_MAX {
            let part = part + 1;
            Self { day, part }
        } else {
            Self::of(day.succ_opt().unwrap_or(day))
        }
    }

    /// The day of UTC that it was begun for.
    pub fn day(self) -> NaiveDate {
        self.day
    }

    /// How the file is called when it is stored like this.
    pub fn stored(self, compression: Compression) -> String {
        format!("{self}{}", compression.suffix())
    }

    /// What a file in the record's directory is, and how it is stored; `None` for one that the sink
    /// did not make.
    pub fn of_stored(name: &str) -> Option<(Self, Compression)> {
        let compression = [Compression::Zstd, Compression::Gzip]
            .into_iter()
            .find(|compression| name.ends_with(compression.suffix()))
            .unwrap_or(Compression::None);
        let plain = name.strip_suffix(compression.suffix())?;
        Some((plain.parse().ok()?, compression))
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { day, part } = self;
        match part {
            1 => write!(f, "{PREFIX}{day}{SUFFIX}"),
            _ => write!(f, "{PREFIX}{day}{PART}{part:04}{SUFFIX}"),
        }
    }
}

impl From<FileName> for String {
    fn from(name: FileName) -> Self {
        name.to_string()
    }
}

impl TryFrom<String> for FileName {
    type Error = ForeignName;

    fn try_from(name: String) -> Result<Self, ForeignName> {
        name.parse()
    }
}

/// The name is not one that the sink gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no name of the record's")]
pub struct ForeignName;

impl FromStr for FileName {
    type Err = ForeignName;

    fn from_str(name: &str) -> Result<Self, ForeignName> {
        let stem = name
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.strip_suffix(SUFFIX))
            .ok_or(ForeignName)?;
        let (day, part) = stem.split_once(PART).unwrap_or((stem, "1"));
        let read = Self {
            day: day.parse().map_err(|_| ForeignName)?,
            part: part.parse().map_err(|_| ForeignName)?,
        };
        // Dates and numbers are read more freely than they are written.
        if read.part > 0 && read.to_string() == name {
            Ok(read)
        } else {
            Err(ForeignName)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(n: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, n).unwrap()
    }

    #[test]
    fn names_sort_as_files_were_written() {
        let first = FileName::of(day(1));
        let mut names = vec![first];
        for _ in 0..20 {
            names.push(names.last().unwrap().next());
        }
        names.push(FileName::of(day(2)));
        names.push(FileName::of(day(2)).next());
        let written: Vec<_> = names.iter().map(ToString::to_string).collect();
        let by_bytes = written.is_sorted();
        let letters = |name: &String| name.replace(|c: char| !c.is_alphanumeric(), "");
        let by_letters = written.iter().map(letters).is_sorted();
        assert!(by_bytes && by_letters && names.is_sorted(), "{written:?}");
        assert!(written.iter().zip(&names).all(|(w, n)| w.parse() == Ok(*n)));
    }

    #[test]
    fn the_last_part_of_a_day_is_followed_by_the_next_day() {
        let last = FileName {
            day: day(1),
            part: PART_MAX,
        };
        assert_eq!(last.next(), FileName::of(day(2)));
    }

    #[test]
    fn a_stored_file_is_known_by_its_name_and_others_are_not() {
        let name = FileName::of(day(1)).next();
        for compression in [Compression::None, Compression::Zstd, Compression::Gzip] {
            let stored = name.stored(compression);
            assert_eq!(FileName::of_stored(&stored), Some((name, compression)));
        }
        for other in [
            "stories-export.jsonl",
            "stories-2026-01-01 (copy).jsonl",
            "stories-2026-1-2.jsonl",
            "stories-+2026-01-02.jsonl",
            "stories-2026-13-01.jsonl",
            "stories-2026-01-01.part0001.jsonl",
            "stories-2026-01-01.part2.jsonl",
            "stories-2026-01-01.part0000.jsonl",
            "new.stories-2026-01-01.jsonl.zst",
            "torn.stories-2026-01-01.jsonl.at-5",
            "stories-.jsonl",
            "MANIFEST",
        ] {
            assert_eq!(FileName::of_stored(other), None, "{other}");
        }
    }
}
