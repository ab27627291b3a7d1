//! Values that remember where they were written, so that what is wrong with them can be shown there.

use serde::{Deserialize, Deserializer};
use toml::Spanned;

/// A value whose place in the file is known where it stands in one.
#[derive(Clone, Debug)]
pub(crate) struct SpannedOr<T> {
    /// The value.
    pub(crate) value: T,
    /// Bytes of the file that it was read from; empty for a default.
    pub(crate) span: std::ops::Range<usize>,
}

/// Where a value stands makes it no other.
impl<T: PartialEq> PartialEq for SpannedOr<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T> From<T> for SpannedOr<T> {
    fn from(value: T) -> Self {
        Self { value, span: 0..0 }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for SpannedOr<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<T>::deserialize(deserializer)?;
        let span = spanned.span();
        Ok(Self {
            value: spanned.into_inner(),
            span,
        })
    }
}
