//! A file that is read through a buffer and knows where it is.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

/// Bytes of a file that are read at once.
const BUFFER_BYTES: usize = 128 << 10;

/// A buffered file with its position.
pub(crate) struct Input<R> {
    reader: BufReader<R>,
    position: u64,
    length: u64,
}

impl<R: Read + Seek> Input<R> {
    /// Begins at `offset`.
    pub(crate) fn at(mut file: R, offset: u64) -> io::Result<Self> {
        let length = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(Self {
            reader: BufReader::with_capacity(BUFFER_BYTES, file),
            position: offset,
            length,
        })
    }

    /// Where the next byte is read.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// How many bytes are left of the file as it was when it was opened.
    pub(crate) fn left(&self) -> u64 {
        self.length.saturating_sub(self.position)
    }

    /// Goes to a place; what is buffered is kept where the place is within it.
    pub(crate) fn seek(&mut self, to: u64) -> io::Result<()> {
        // Both are lengths of files, which have 63 bits.
        self.reader
            .seek_relative(to as i64 - self.position as i64)?;
        self.position = to;
        Ok(())
    }
}

impl<R: Read> Read for Input<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(into)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl<R: Read> BufRead for Input<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.reader.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.position += count as u64;
        self.reader.consume(count);
    }
}
