//! Records off a file, one after another, whatever is wrong with it.
//!
//! Memory is bounded by what the caller takes of a block. Time is linear in the file: what lies
//! behind a fault is looked through for the next record, and no more is read a second time than
//! was read a first. What is compressed is unpacked to its end, also where the caller takes none of
//! it.

mod search;
mod text;

use std::io::{self, BufRead, Read, Seek};

use text::Text;

use crate::{Fault, Header, Problem, Span, input::Input};

/// Bytes of a record's header, and of its first line.
const HEADER_BYTES_MAX: u64 = 64 << 10;
const VERSION_BYTES_MAX: u64 = 64;

/// Bytes of a block that are asked for before they are there.
const BLOCK_BYTES_AHEAD: u64 = 1 << 20;

/// Bytes that may be read again after faults, beside as many as were read.
const REREAD_BYTES_SLACK: u64 = 1 << 20;

/// A record's header, and where it stands.
#[derive(Clone, Debug)]
pub struct Head {
    /// Where its compressed member begins in the file, or itself where it is not compressed.
    pub offset: u64,
    /// How many records stand before it in that member: 0, unless a file is compressed as a whole.
    pub index: u64,
    /// Its fields.
    pub header: Header,
    /// Bytes of its block, as it says.
    pub length: u64,
}

/// Reads the records of a file.
#[derive(Debug)]
pub struct Reader<R> {
    text: Text<R>,
    /// Where the record at hand, or its member, begins.
    start: u64,
    /// Records that were begun in the member.
    index: u64,
    /// The block of the record at hand, until it is left.
    open: Option<Open>,
    /// Where to look for the next record after a fault.
    lost: Option<Lost>,
    reread: u64,
    /// Whether the member at hand was read to its end.
    done: bool,
    ended: bool,
}

/// A block that was begun.
#[derive(Clone, Copy, Debug)]
struct Open {
    length: u64,
    left: u64,
    /// Where it begins, in a file that is not compressed.
    begins: u64,
}

/// Where the next record is looked for.
#[derive(Clone, Copy, Debug)]
enum Lost {
    /// In the file, from a place on.
    Raw(u64),
    /// In the text of the member at hand.
    Text,
}

impl<R: Read + Seek> Reader<R> {
    /// Reads from the beginning.
    pub fn new(file: R) -> io::Result<Self> {
        Self::at(file, 0)
    }

    /// Reads from the record at `offset` on.
    pub fn at(file: R, offset: u64) -> io::Result<Self> {
        Ok(Self {
            text: Text::Plain(Input::at(file, offset)?),
            start: offset,
            index: 0,
            open: None,
            lost: None,
            reread: 0,
            done: false,
            ended: false,
        })
    }

    /// Passes over records of the member at hand, as many as a [`mark`](Self::mark) says. What is
    /// wrong with them was told when they were read.
    pub fn pass(&mut self, records: u64) {
        while self.index < records && self.advance().is_some() {}
    }

    /// How far the file was read.
    pub fn position(&self) -> u64 {
        self.text.input().map_or(self.start, Input::position)
    }

    /// Where to read on from to get what stands behind the record at hand, once its block was read:
    /// an offset, and how many records of the member there are to be passed over.
    pub fn mark(&self) -> (u64, u64) {
        match &self.text {
            Text::Member(_) if !self.done => (self.start, self.index),
            _ => (self.position(), 0),
        }
    }

    /// Where the record at hand stands, once its block was read; `None` where others stand in the
    /// same member.
    pub fn span(&self) -> Option<Span> {
        let alone = match &self.text {
            Text::Member(_) => self.done && self.index == 1,
            _ => true,
        };
        alone.then(|| Span {
            offset: self.start,
            length: self.position() - self.start,
        })
    }

    /// Goes on to the next record, or to the next thing that is wrong; `None` at the end. What is
    /// left of the block before is passed over.
    pub fn advance(&mut self) -> Option<Result<Head, Problem>> {
        if self.ended {
            return None;
        }
        let next = self.leave().and_then(|()| self.search());
        match next.and_then(|()| self.begin()) {
            Ok(None) => {
                self.ended = true;
                None
            }
            Ok(Some(head)) => Some(Ok(head)),
            Err(problem) => Some(Err(problem)),
        }
    }

    /// The block of the record at hand: once, and only where it is no longer than `bytes_max` and
    /// whole.
    pub fn block(&mut self, bytes_max: u64) -> Result<Vec<u8>, Problem> {
        let Some(open) = self.open else {
            return Ok(Vec::new());
        };
        if open.length > bytes_max {
            return Err(self.problem(Fault::TooLarge {
                bytes: open.length,
                bytes_max,
            }));
        }
        self.open = None;
        let mut block = Vec::with_capacity(open.left.min(BLOCK_BYTES_AHEAD) as usize);
        let read = (&mut self.text).take(open.left).read_to_end(&mut block);
        match read {
            Err(error) => Err(self.broken(error)),
            Ok(read) if (read as u64) < open.left => Err(self.short(open)),
            Ok(_) => self.finish(open).map(|()| block),
        }
    }

    /// Passes over what is left of a block.
    fn leave(&mut self) -> Result<(), Problem> {
        let Some(open) = self.open.take() else {
            return Ok(());
        };
        if let Text::Plain(input) = &mut self.text {
            if open.left > input.left() {
                return Err(self.short(open));
            }
            let end = input.position() + open.left;
            if let Err(error) = input.seek(end) {
                return Err(self.broken(error));
            }
            return self.finish(open);
        }
        // However long it is: only its unpacked text tells whether others stand behind it.
        match io::copy(&mut (&mut self.text).take(open.left), &mut io::sink()) {
            Err(error) => Err(self.broken(error)),
            Ok(passed) if passed < open.left => Err(self.short(open)),
            Ok(_) => self.finish(open),
        }
    }

    /// Makes sure that a record ends where its block does.
    fn finish(&mut self, open: Open) -> Result<(), Problem> {
        let next = self.peek()?;
        self.done = next.is_none();
        match next {
            None | Some(b'W') => Ok(()),
            Some(0x1f) if self.text.is_plain() => Ok(()),
            Some(_) => Err(self.wrong(open, Fault::WrongLength(open.length))),
        }
    }

    /// The problem of a block whose text ends too soon.
    fn short(&mut self, open: Open) -> Problem {
        if self.text.is_plain() {
            self.wrong(open, Fault::CutOff)
        } else {
            // Its member is whole, so that the file goes on behind it.
            self.problem(Fault::WrongLength(open.length))
        }
    }

    /// The problem of a block that does not end where it says. In a file that is not compressed,
    /// the next record may stand within what was taken for it.
    fn wrong(&mut self, open: Open, fault: Fault) -> Problem {
        self.lost = Some(if self.text.is_plain() {
            Lost::Raw(self.back_to(open.begins))
        } else {
            Lost::Text
        });
        self.problem(fault)
    }

    /// Reads the header of the next record; `None` at the end of the file.
    fn begin(&mut self) -> Result<Option<Head>, Problem> {
        loop {
            match self.peek()? {
                None if self.text.is_plain() => return Ok(None),
                None => self.text.leave_member(),
                Some(0x1f) if self.text.is_plain() => {
                    (self.start, self.index) = (self.position(), 0);
                    self.text.enter_member();
                }
                Some(_) => break,
            }
        }
        if self.text.is_plain() {
            (self.start, self.index) = (self.position(), 0);
        }
        let index = self.index;
        self.index += 1;
        self.done = false;
        let (header, length) = self.header()?;
        self.open = Some(Open {
            length,
            left: length,
            begins: self.position(),
        });
        Ok(Some(Head {
            offset: self.start,
            index,
            header,
            length,
        }))
    }

    fn header(&mut self) -> Result<(Header, u64), Problem> {
        let mut line = self.line(VERSION_BYTES_MAX)?;
        if !line.starts_with(b"WARC/") {
            return Err(self.no_record("its first line names no version of WARC"));
        }
        let mut header = Header::default();
        let mut left = HEADER_BYTES_MAX;
        loop {
            if !line.ends_with(b"\n") {
                return Err(self.no_text(Fault::CutOff));
            }
            line = self.line(left)?;
            left -= line.len() as u64;
            match line.trim_ascii_end() {
                b"" if line.ends_with(b"\n") => break,
                field => header.push_line(field),
            }
        }
        let length = header.get("Content-Length").unwrap_or_default();
        match length.parse() {
            Ok(length) => Ok((header, length)),
            Err(_) => {
                let fault = Fault::NoLength(length.chars().take(40).collect());
                Err(self.no_text(fault))
            }
        }
    }

    /// One line of `bytes_max` bytes at most; without its end where the text has none.
    fn line(&mut self, bytes_max: u64) -> Result<Vec<u8>, Problem> {
        let mut line = Vec::new();
        let mut limited = (&mut self.text).take(bytes_max);
        let read = limited.read_until(b'\n', &mut line);
        let full = limited.limit() == 0;
        match read {
            Err(error) => Err(self.broken(error)),
            Ok(_) if full && !line.ends_with(b"\n") => {
                Err(self.no_record("a line of its header is too long"))
            }
            Ok(_) => Ok(line),
        }
    }

    /// The next byte of the text behind blank lines; `None` at its end.
    fn peek(&mut self) -> Result<Option<u8>, Problem> {
        loop {
            let buffer = match self.text.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.broken(error)),
            };
            let blanks = buffer
                .iter()
                .position(|byte| !matches!(byte, b'\r' | b'\n'));
            let next = blanks.map(|blanks| buffer[blanks]);
            let (blanks, ended) = (blanks.unwrap_or(buffer.len()), buffer.is_empty());
            self.text.consume(blanks);
            if next.is_some() || ended {
                return Ok(next);
            }
        }
    }

    fn no_record(&mut self, why: &'static str) -> Problem {
        self.no_text(Fault::NoRecord(why))
    }

    /// The problem of a header that cannot be read, though its bytes can.
    fn no_text(&mut self, fault: Fault) -> Problem {
        self.lost = Some(if self.text.is_plain() {
            Lost::Raw(self.back_to(self.start + 1))
        } else {
            Lost::Text
        });
        self.problem(fault)
    }

    /// The problem of text that cannot be read.
    fn broken(&mut self, error: io::Error) -> Problem {
        use io::ErrorKind as Of;
        let fault = match (&self.text, error.kind()) {
            (Text::Member(_), Of::UnexpectedEof) => Fault::CutOff,
            (Text::Member(_), Of::InvalidInput | Of::InvalidData) => {
                Fault::Corrupt(error.to_string())
            }
            _ => {
                self.ended = true;
                return self.problem(Fault::Io(error));
            }
        };
        // Damaged data may have been read on into the members behind them.
        self.lost = Some(Lost::Raw(self.back_to(self.start + 1)));
        self.problem(fault)
    }

    fn problem(&self, fault: Fault) -> Problem {
        Problem {
            offset: self.start,
            fault,
        }
    }

    /// The place from which to look for the next record: `to`, as long as not more is read again
    /// than was read once, and else where the file was read to.
    fn back_to(&mut self, to: u64) -> u64 {
        let here = self.position().max(self.start + 1);
        let back = here.saturating_sub(to);
        if self.reread + back > here + REREAD_BYTES_SLACK {
            return here;
        }
        self.reread += back;
        to
    }
}

#[cfg(test)]
mod tests;
