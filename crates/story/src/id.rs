//! Identities, checked when they are made and trusted from then on.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::CanonicalUrl;

/// Why a text is not the identity it was read as.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseIdError {
    /// Not a feed id.
    #[error("`{0}` is not a feed id: use 1 to 80 of a-z, 0-9, `-`, `_` and `.`")]
    Feed(String),
    /// Not an ISO 3166-1 alpha-2 code.
    #[error("`{0}` is not a country code: use two letters of ISO 3166-1, such as CO")]
    Country(String),
    /// Not an ISO 639-1 code.
    #[error("`{0}` is not a language code: use two letters of ISO 639-1, such as es")]
    Language(String),
}

/// The name that the configuration gives a feed: 1 to 80 of `a-z`, `0-9`, `-`, `_` and `.`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct FeedId(String);

impl FeedId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FeedId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
        if (1..=80).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ParseIdError::Feed(text.to_owned()))
        }
    }
}

impl fmt::Display for FeedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for FeedId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// A country, as its ISO 3166-1 alpha-2 code in capitals.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, JsonSchema)]
#[schemars(with = "String")]
pub struct Iso2([u8; 2]);

/// A language, as its ISO 639-1 code in small letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, JsonSchema)]
#[schemars(with = "String")]
pub struct Lang([u8; 2]);

impl Lang {
    /// Spanish.
    pub const ES: Self = Self(*b"es");
    /// Portuguese.
    pub const PT: Self = Self(*b"pt");
    /// English.
    pub const EN: Self = Self(*b"en");
}

/// Reads two ASCII letters.
fn two_letters(text: &str) -> Option<[u8; 2]> {
    match text.as_bytes() {
        [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => Some([*a, *b]),
        _ => None,
    }
}

impl FromStr for Iso2 {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let [a, b] = two_letters(text).ok_or_else(|| ParseIdError::Country(text.to_owned()))?;
        Ok(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase()]))
    }
}

impl FromStr for Lang {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let [a, b] = two_letters(text).ok_or_else(|| ParseIdError::Language(text.to_owned()))?;
        Ok(Self([a.to_ascii_lowercase(), b.to_ascii_lowercase()]))
    }
}

/// Text, JSON and debug forms of a two-letter code.
macro_rules! code_forms {
    ($type:ident) => {
        impl $type {
            /// The code as text.
            pub fn as_str(&self) -> &str {
                str::from_utf8(&self.0).expect("two ASCII letters")
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?
                    .parse()
                    .map_err(serde::de::Error::custom)
            }
        }
    };
}

code_forms!(Iso2);
code_forms!(Lang);

/// The stable id of a story: 32 hexadecimal digits over its canonical URL, or the id that a
/// filter's input brought with it.
#[derive(
    Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct StoryId(String);

impl StoryId {
    /// The id of the story that stands at `url`.
    pub fn of_url(url: &CanonicalUrl) -> Self {
        Self(short_hash(&[url.identity().as_bytes()]))
    }

    /// The id of a story that has no URL of its own: its feed and its key there.
    pub fn of_entry(feed: &FeedId, key: &EntryKey) -> Self {
        Self(short_hash(&[
            feed.as_str().as_bytes(),
            key.as_str().as_bytes(),
        ]))
    }

    /// The id of a text that came from nowhere: a hash of what it says.
    pub fn of_text(title: &str, text: &str) -> Self {
        Self(short_hash(&[title.as_bytes(), text.as_bytes()]))
    }

    /// An id that came in with a filter's line and is carried through as it is.
    pub fn carried(id: String) -> Self {
        Self(id)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What makes an entry the same entry at the next poll, within one feed.
///
/// Made by [`Entry::key`](crate::Entry::key): the guid, else the canonical link, else a hash of
/// title and date.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntryKey(String);

impl EntryKey {
    /// The key over `parts`, which are hashed so that a key is short whatever a feed calls a guid.
    pub(crate) fn of(parts: &[&str]) -> Self {
        Self(short_hash(
            &parts.iter().map(|p| p.as_bytes()).collect::<Vec<_>>(),
        ))
    }

    /// The key as text: 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The ledger's own number of an entry; it travels with the entry to the sink and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EntryId(pub i64);

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Bytes in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |four_bits: u8| char::from(DIGITS[usize::from(four_bits)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// The first half of SHA-256 over length-prefixed parts, in hexadecimal: 128 bits keep the chance
/// of one collision among a thousand million stories under 1 in 10^20.
fn short_hash(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex(&hash.finalize()[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_two_letters_in_the_case_of_their_standard() {
        assert_eq!("co".parse::<Iso2>().unwrap().as_str(), "CO");
        assert_eq!("ES".parse::<Lang>().unwrap(), Lang::ES);
        for bad in ["", "c", "col", "c1", "ñ"] {
            assert!(bad.parse::<Iso2>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_feed_id_is_a_plain_short_name() {
        assert!("eltiempo-justicia".parse::<FeedId>().is_ok());
        for bad in ["", "El Tiempo", "a/b", "é", &"x".repeat(81)] {
            assert!(bad.parse::<FeedId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn parts_are_kept_apart_in_a_hash() {
        assert_ne!(StoryId::of_text("ab", "c"), StoryId::of_text("a", "bc"));
        assert_eq!(StoryId::of_text("a", "b").as_str().len(), 32);
    }
}
