//! What a sink is opened with.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};

/// Where the record lies, and what becomes of its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The directory.
    pub dir: PathBuf,
    /// A file that has so many bytes or more gets no further line.
    pub rotate_size: u64,
    /// How finished files are stored.
    pub compress: Compression,
    /// How long after its day a finished file is removed, by the clock or by the newest finished file,
    /// whichever is earlier; `None` for never.
    pub retain_age: Option<Duration>,
    /// Bytes that the record's files may take up together, above which the oldest finished ones are
    /// removed; `None` for any number.
    pub retain_size: Option<u64>,
    /// Bytes of the disk that are to be left free; 0 for none.
    pub reserve: u64,
}

/// Bytes at which a file is finished, where nothing else is said.
const ROTATE_SIZE: u64 = 256 << 20;

impl Settings {
    /// A record in this directory that keeps everything, as it was written.
    pub fn new(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            rotate_size: ROTATE_SIZE,
            compress: Compression::None,
            retain_age: None,
            retain_size: None,
            reserve: 0,
        }
    }
}

/// Ways of storing a finished file, each of which line tools read: `cat`, `zstdcat`, `zcat`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// As it was written.
    #[default]
    None,
    /// Zstandard (RFC 8878).
    Zstd,
    /// Gzip (RFC 1952).
    Gzip,
}

impl Compression {
    /// What stands behind a file's name.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Zstd => ".zst",
            Self::Gzip => ".gz",
        }
    }
}
