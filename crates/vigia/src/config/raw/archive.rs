//! The archive.

use schemars::JsonSchema;
use serde::Deserialize;

use super::SpannedOr;
use crate::config::size::Size;

/// Keeping what is fetched as it came.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct RawArchive {
    /// Whether each fetched page and feed is kept as a record of a WARC file.
    pub(crate) enabled: bool,
    /// The directory in which those files live.
    #[schemars(with = "String")]
    pub(crate) dir: SpannedOr<String>,
    /// The size of a file from which on the next one is begun.
    #[schemars(with = "String")]
    pub(crate) rotate_size: SpannedOr<Size>,
}

impl Default for RawArchive {
    fn default() -> Self {
        Self {
            enabled: false,
            dir: "/var/lib/vigia/archive".to_owned().into(),
            rotate_size: Size(1 << 30).into(),
        }
    }
}
