//! What is wrong with a file, and where.

use std::{fmt, io};

/// Something that is wrong with a file. The reader goes on behind it where it can.
#[derive(Debug)]
pub struct Problem {
    /// Where the record begins that it is about: bytes of the file as it lies on disk.
    pub offset: u64,
    /// What is wrong.
    pub fault: Fault,
}

/// Kinds of faults.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The file ends within the record.
    #[error("the file is cut off within this record")]
    CutOff,
    /// The compressed data are damaged.
    #[error("damaged compressed data: {0}")]
    Corrupt(String),
    /// What stands there is no record.
    #[error("no record begins here: {0}")]
    NoRecord(&'static str),
    /// Its length is missing or no number.
    #[error("no usable Content-Length: `{0}`")]
    NoLength(String),
    /// Its length is not that of what stands there.
    #[error("Content-Length {0} is wrong")]
    WrongLength(u64),
    /// It is larger than what the caller takes.
    #[error("skipped: {bytes} bytes, and no more than {bytes_max} are taken")]
    TooLarge {
        /// Bytes that it has, as it says.
        bytes: u64,
        /// Bytes that are taken.
        bytes_max: u64,
    },
    /// The system cannot read the file; nothing behind this is read.
    #[error("cannot be read any further: {0}")]
    Io(io::Error),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: {}", self.offset, self.fault)
    }
}

impl std::error::Error for Problem {}
