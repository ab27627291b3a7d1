//! Records onto a file, each compressed by itself.

use std::io::{self, Write};

use flate2::{Compression, write::GzEncoder};

use crate::Record;

/// Where a record stands: bytes of the compressed file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its first byte.
    pub offset: u64,
    /// How many bytes it has.
    pub length: u64,
}

/// Writes records one behind the other.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    offset: u64,
}

impl<W: Write> Writer<W> {
    /// Writes from `offset` on, which is where `out` stands.
    pub fn at(out: W, offset: u64) -> Self {
        Self { out, offset }
    }

    /// Where the next record will stand.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// What is written to.
    pub fn get_ref(&self) -> &W {
        &self.out
    }

    /// Writes a record as a gzip member of its own. After an error nothing is known of what stands
    /// behind the last offset.
    pub fn write(&mut self, record: &Record) -> io::Result<Span> {
        let mut member = GzEncoder::new(Vec::new(), Compression::default());
        record.write_to(&mut member)?;
        let member = member.finish()?;
        self.out.write_all(&member)?;
        let span = Span {
            offset: self.offset,
            length: member.len() as u64,
        };
        self.offset += span.length;
        Ok(span)
    }
}
