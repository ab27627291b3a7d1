//! What records are read from: a file, or the text of a compressed member of it.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

use crate::input::Input;

/// Bytes of a member that are unpacked at once.
const BUFFER_BYTES: usize = 32 << 10;

/// What records are read from.
pub(super) enum Text<R> {
    /// The file itself.
    Plain(Input<R>),
    /// A compressed member of it.
    Member(Box<BufReader<GzDecoder<Input<R>>>>),
    /// Nothing, while one becomes the other.
    Gone,
}

impl<R: Read> Text<R> {
    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    pub(super) fn input(&self) -> Option<&Input<R>> {
        match self {
            Self::Plain(input) => Some(input),
            Self::Member(member) => Some(member.get_ref().get_ref()),
            Self::Gone => None,
        }
    }

    pub(super) fn enter_member(&mut self) {
        *self = match std::mem::replace(self, Self::Gone) {
            Self::Plain(input) => Self::Member(Box::new(BufReader::with_capacity(
                BUFFER_BYTES,
                GzDecoder::new(input),
            ))),
            other => other,
        };
    }

    /// Leaves a member: the file goes on where it was read to.
    pub(super) fn leave_member(&mut self) {
        *self = match std::mem::replace(self, Self::Gone) {
            Self::Member(member) => Self::Plain(member.into_inner().into_inner()),
            other => other,
        };
    }
}

impl<R: Read> Read for Text<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(input) => input.read(into),
            Self::Member(member) => member.read(into),
            Self::Gone => Ok(0),
        }
    }
}

impl<R: Read> BufRead for Text<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self {
            Self::Plain(input) => input.fill_buf(),
            Self::Member(member) => member.fill_buf(),
            Self::Gone => Ok(&[]),
        }
    }

    fn consume(&mut self, count: usize) {
        match self {
            Self::Plain(input) => input.consume(count),
            Self::Member(member) => member.consume(count),
            Self::Gone => {}
        }
    }
}

impl<R> std::fmt::Debug for Text<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Plain(_) => "Plain",
            Self::Member(_) => "Member",
            Self::Gone => "Gone",
        })
    }
}
