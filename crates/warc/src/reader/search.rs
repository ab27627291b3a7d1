//! Looking for the next record behind a fault.

use std::io::{self, BufRead, Read, Seek};

use flate2::bufread::GzDecoder;
use memchr::{memchr, memchr2};

use super::{Lost, Reader, text::Text};
use crate::{Problem, input::Input};

/// What a record begins with.
const RECORD: &[u8] = b"WARC/";

/// How a compressed member begins: gzip's magic and its one method (RFC 1952 §2.3).
const MEMBER: [u8; 3] = [0x1f, 0x8b, 0x08];

/// Compressed bytes in which a member must show that it holds a record.
const TRIED_BYTES: usize = 512;

impl<R: Read + Seek> Reader<R> {
    /// Finds the next record after a fault, or the end of the file.
    pub(super) fn search(&mut self) -> Result<(), Problem> {
        if let Some(Lost::Text) = self.lost {
            self.lost = None;
            // That the member of a lone record is damaged says no more than that the record is.
            match self.search_text() {
                Err(_) if self.index == 1 && !self.ended => {}
                searched => return searched,
            }
        }
        match self.lost.take() {
            Some(Lost::Raw(from)) => self.search_file(from).map_err(|error| self.broken(error)),
            _ => Ok(()),
        }
    }

    /// Goes to the next record or member of the file.
    fn search_file(&mut self, from: u64) -> io::Result<()> {
        self.text.leave_member();
        let Text::Plain(input) = &mut self.text else {
            return Ok(());
        };
        input.seek(from)?;
        let mut before = 0;
        loop {
            let buffer = input.fill_buf()?;
            let Some(&last) = buffer.last() else {
                return Ok(());
            };
            let Some(at) = memchr2(RECORD[0], MEMBER[0], buffer) else {
                before = last;
                let passed = buffer.len();
                input.consume(passed);
                continue;
            };
            let byte = buffer[at];
            if at > 0 {
                before = buffer[at - 1];
            }
            input.consume(at);
            let here = input.position();
            let begins = match byte {
                0x1f => is_member(input)?,
                _ => before == b'\n' && is_record(input)?,
            };
            input.seek(if begins { here } else { here + 1 })?;
            if begins {
                return Ok(());
            }
            before = byte;
        }
    }

    /// Goes to the next record in the member's text, or to the text's end.
    fn search_text(&mut self) -> Result<(), Problem> {
        loop {
            let buffer = match self.text.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) => return Err(self.broken(error)),
            };
            if buffer.is_empty() {
                return Ok(());
            }
            // A record is looked for at the beginning of lines that the buffer holds whole or not
            // at all: its first bytes are few, and what they open is judged by `begin`.
            let line = memchr(b'\n', buffer).map(|at| at + 1);
            let passed = line.unwrap_or(buffer.len());
            self.text.consume(passed);
            if line.is_none() {
                continue;
            }
            match self.text.fill_buf() {
                Ok(rest) if !rest.is_empty() => {
                    let known = rest.len().min(RECORD.len());
                    if rest[..known] == RECORD[..known] {
                        return Ok(());
                    }
                }
                Ok(_) => return Ok(()),
                Err(error) => return Err(self.broken(error)),
            }
        }
    }
}

/// Whether a member with a record begins here. Reads on.
fn is_member<R: Read>(input: &mut Input<R>) -> io::Result<bool> {
    let mut bytes = [0; TRIED_BYTES];
    let begun = fill(input, &mut bytes[..4])?;
    // The upper flags are reserved, and zero.
    if begun < 4 || bytes[..3] != MEMBER || bytes[3] & 0xe0 != 0 {
        return Ok(false);
    }
    let length = 4 + fill(input, &mut bytes[4..])?;
    let mut text = [0; RECORD.len()];
    let read = GzDecoder::new(&bytes[..length]).read_exact(&mut text);
    Ok(read.is_ok() && text == RECORD)
}

/// Whether a record begins here. Reads on.
fn is_record<R: Read>(input: &mut Input<R>) -> io::Result<bool> {
    let mut bytes = [0; RECORD.len()];
    Ok(fill(input, &mut bytes)? == bytes.len() && bytes == RECORD)
}

/// Reads until `into` is full or the file ends.
fn fill(input: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < into.len() {
        match input.read(&mut into[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
