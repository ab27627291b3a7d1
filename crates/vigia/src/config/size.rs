//! Sizes as people write them: `500MB`, `256MiB`, `20GiB`.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error as _};

/// A number of bytes.
#[derive(Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(with = "String")]
pub(crate) struct Size(pub(crate) u64);

impl fmt::Debug for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} B", self.0)
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is no size: write a number and a unit, such as \"500MB\", \"256MiB\" or \
                 \"20GiB\""
            )
        };
        let digits = text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at(text.len() - digits);
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let unit: u64 = match unit.trim().to_ascii_lowercase().as_str() {
            "b" => 1,
            "k" | "kb" => 1000,
            "m" | "mb" => 1_000_000,
            "g" | "gb" => 1_000_000_000,
            "t" | "tb" => 1_000_000_000_000,
            "kib" => 1 << 10,
            "mib" => 1 << 20,
            "gib" => 1 << 30,
            "tib" => 1 << 40,
            _ => return Err(wrong()),
        };
        number.checked_mul(unit).map(Self).ok_or_else(wrong)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<u64>) {
        let read = text.parse::<Size>().ok().map(|size| size.0);
        assert_eq!(read, expected, "{text}");
    }

    #[test]
    fn sizes_have_a_number_and_a_unit() {
        check("0B", Some(0));
        check("256MiB", Some(256 << 20));
        check("1 GB", Some(1_000_000_000));
        check("2gib", Some(2 << 30));
        check("256", None);
        check("MiB", None);
        check("1.5GiB", None);
        check("-1MB", None);
        check("99999999999TiB", None);
    }
}
