//! The archive, and sizes as people write them.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error as _};

/// Keeping what is fetched as it came.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct RawArchive {
    /// Whether each fetched page and feed is kept as a record of a WARC file.
    pub(crate) enabled: bool,
    /// The directory in which those files live.
    pub(crate) dir: String,
    /// The size of a file from which on the next one is begun.
    pub(crate) rotate_size: ByteSize,
}

impl Default for RawArchive {
    fn default() -> Self {
        Self {
            enabled: false,
            dir: "/var/lib/vigia/archive".to_owned(),
            rotate_size: ByteSize(1 << 30),
        }
    }
}

/// A number of bytes: `500MB`, `1GB`; a thousand is 1024 here.
#[derive(Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(with = "String")]
pub(crate) struct ByteSize(pub(crate) u64);

/// Units, and how many bits their numbers are shifted by.
const UNITS: [(&str, u32); 5] = [("TB", 40), ("GB", 30), ("MB", 20), ("KB", 10), ("B", 0)];

impl fmt::Debug for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |shift: u32| self.0 > 0 && self.0.trailing_zeros() >= shift;
        let (unit, shift) = UNITS
            .into_iter()
            .find(|(_, shift)| whole(*shift))
            .unwrap_or(("B", 0));
        write!(f, "{}{unit}", self.0 >> shift)
    }
}

impl ByteSize {
    fn read(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_uppercase();
        let (number, shift) = UNITS
            .iter()
            .find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, *shift)))?;
        let bytes = number.trim().parse::<u64>().ok()?.checked_mul(1 << shift)?;
        (bytes > 0).then_some(Self(bytes))
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::read(&text).ok_or_else(|| {
            D::Error::custom(format!(
                "`{text}` is not a size: write a number and a unit, such as \"500MB\" or \"1GB\""
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<u64>) {
        let read = ByteSize::read(text).map(|size| size.0);
        assert_eq!(read, expected, "{text}");
    }

    #[test]
    fn sizes_are_a_number_and_a_unit() {
        check("1GB", Some(1 << 30));
        check("500 mb", Some(500 << 20));
        check("7B", Some(7));
        for wrong in [
            "",
            "GB",
            "7",
            "0GB",
            "-1GB",
            "1.5GB",
            "99999999999TB",
            "1GiB",
        ] {
            check(wrong, None);
        }
        assert_eq!(format!("{:?}", ByteSize(3 << 20)), "3MB");
        assert_eq!(format!("{:?}", ByteSize(1025)), "1025B");
    }
}
