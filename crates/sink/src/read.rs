//! Reading the record: whichever way its files are stored, a line at a time, in bounded memory.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use flate2::bufread::MultiGzDecoder;
use story::{StoryId, Timestamp};

use crate::{
    Compression, FileName, SinkError,
    dir::Dir,
    disk::{Open, RealDisk},
};

/// Bytes of a line above which it is no story: nothing that is fetched is so long.
const LINE_BYTES_MAX: u64 = 64 << 20;

/// Bytes that are read at once.
const BUFFER: usize = 1 << 17;

/// A file of the record, as it lay in the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordFile {
    /// Its name as it was when it was written.
    pub name: FileName,
    /// How it is stored.
    pub compression: Compression,
    /// Where it lies.
    pub path: PathBuf,
    /// Its length on the disk.
    pub stored_bytes: u64,
}

/// The files of the record in `dir`, in the order of writing, each once; none where there is no such
/// directory. It may be asked beside the process that writes them.
pub fn record_files(dir: &Path) -> Result<Vec<RecordFile>, SinkError> {
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let dir = Dir {
        disk: Arc::new(RealDisk),
        path: dir.to_owned(),
    };
    let mut files: Vec<RecordFile> = Vec::new();
    for (name, compression) in dir.record_files()? {
        // A plain file beside a compressed one is about to be removed, and is as good.
        if files.last().is_some_and(|file| file.name == name) {
            continue;
        }
        let path = dir.file(&name.stored(compression));
        let stored_bytes = path.metadata().map_or(0, |said| said.len());
        files.push(RecordFile {
            name,
            compression,
            path,
            stored_bytes,
        });
    }
    Ok(files)
}

impl RecordFile {
    /// Opens the file for reading its lines, also where it was compressed since it was listed.
    pub fn open(&self) -> io::Result<Box<dyn BufRead + Send>> {
        let mut opened = open_lines(&self.path);
        for compression in [Compression::Zstd, Compression::Gzip] {
            if matches!(&opened, Err(error) if error.kind() == io::ErrorKind::NotFound) {
                opened = open_lines(&self.path.with_file_name(self.name.stored(compression)));
            }
        }
        opened
    }
}

/// Opens a file of lines, plain or compressed: what it is stands in its first bytes.
pub fn open_lines(path: &Path) -> io::Result<Box<dyn BufRead + Send>> {
    let mut plain = BufReader::with_capacity(BUFFER, File::open(path)?);
    let compression = match plain.fill_buf()? {
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Compression::Zstd,
        [0x1f, 0x8b, ..] => Compression::Gzip,
        _ => Compression::None,
    };
    unpacked(plain, compression)
}

/// What was stored, as it was written.
pub(crate) fn unpacked<'a>(
    stored: impl BufRead + Send + 'a,
    compression: Compression,
) -> io::Result<Box<dyn BufRead + Send + 'a>> {
    Ok(match compression {
        Compression::None => Box::new(stored),
        Compression::Zstd => {
            let unpacked = zstd::Decoder::with_buffer(stored)?;
            Box::new(BufReader::with_capacity(BUFFER, unpacked))
        }
        Compression::Gzip => {
            let unpacked = MultiGzDecoder::new(stored);
            Box::new(BufReader::with_capacity(BUFFER, unpacked))
        }
    })
}

impl Dir {
    /// Opens a file of the record for reading what was written to it.
    pub(crate) fn read(
        &self,
        name: FileName,
        compression: Compression,
    ) -> Result<Box<dyn BufRead + Send>, SinkError> {
        let stored = name.stored(compression);
        let file = self.open(&stored, Open::Read)?;
        unpacked(BufReader::with_capacity(BUFFER, file), compression)
            .map_err(crate::io_error("read", self.file(&stored)))
    }
}

/// What a reader of lines came upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// A line with its end.
    Whole,
    /// The rest of the file, which does not end as a line does. Where it is too long to be held, only
    /// its start is.
    Torn,
    /// A line that is too long to be held; only its start is.
    TooLong,
}

/// Lines of a file, and how far it was read.
pub struct Lines<R> {
    reader: R,
    offset: u64,
}

impl<R: BufRead> Lines<R> {
    /// Lines of what `reader` gives.
    pub fn new(reader: R) -> Self {
        Self { reader, offset: 0 }
    }

    /// What was read from.
    pub(crate) fn into_inner(self) -> R {
        self.reader
    }

    /// Bytes that were read, up to the end of the last line.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Skips bytes; fewer where there are not so many.
    pub fn skip(&mut self, bytes: u64) -> io::Result<()> {
        let mut skipped = self.reader.by_ref().take(bytes);
        self.offset += io::copy(&mut skipped, &mut io::sink())?;
        Ok(())
    }

    /// Skips to the line that begins behind so many bytes; whether one does.
    pub(crate) fn skip_to_line(&mut self, bytes: u64) -> io::Result<bool> {
        let Some(before) = bytes.checked_sub(1) else {
            return Ok(true);
        };
        self.skip(before)?;
        let mut end = Vec::new();
        self.next(&mut end)?;
        Ok(end == b"\n")
    }

    /// The next line, with its end, in place of what `line` held; `None` where there is none.
    pub fn next(&mut self, line: &mut Vec<u8>) -> io::Result<Option<Line>> {
        line.clear();
        let mut start = self.reader.by_ref().take(LINE_BYTES_MAX);
        let mut read = start.read_until(b'\n', line)? as u64;
        let mut found = match line.last() {
            None => return Ok(None),
            Some(b'\n') => Line::Whole,
            Some(_) => Line::Torn,
        };
        if found == Line::Torn && read == LINE_BYTES_MAX {
            let (rest, ended) = self.skip_rest()?;
            read += rest;
            found = if ended { Line::TooLong } else { Line::Torn };
        }
        self.offset += read;
        Ok(Some(found))
    }

    /// Skips the rest of a line; returns its bytes, and whether it has an end.
    fn skip_rest(&mut self) -> io::Result<(u64, bool)> {
        let mut part = Vec::new();
        let mut skipped = 0;
        loop {
            part.clear();
            let mut next = self.reader.by_ref().take(BUFFER as u64);
            let read = next.read_until(b'\n', &mut part)?;
            skipped += read as u64;
            if read == 0 || part.ends_with(b"\n") {
                return Ok((skipped, read > 0));
            }
        }
    }
}

/// What a line of the record is known by. It is read without making a story of it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct LineKey {
    /// The story.
    pub id: StoryId,
    /// Its revision.
    pub revision: u32,
    /// When it was fetched.
    #[serde(default)]
    pub fetched: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_without_an_end_is_torn_however_long_it_is() {
        let lines = |end: &'static [u8]| {
            let long = io::repeat(b'a').take(LINE_BYTES_MAX + 1000).chain(end);
            Lines::new(BufReader::with_capacity(BUFFER, long))
        };
        let mut line = Vec::new();
        let mut torn = lines(b"");
        assert_eq!(torn.next(&mut line).unwrap(), Some(Line::Torn));
        assert_eq!(torn.offset(), LINE_BYTES_MAX + 1000);
        assert_eq!(torn.next(&mut line).unwrap(), None);
        let mut ended = lines(b"\nb\n");
        assert_eq!(ended.next(&mut line).unwrap(), Some(Line::TooLong));
        assert_eq!(ended.next(&mut line).unwrap(), Some(Line::Whole));
        assert_eq!(line, b"b\n");
    }
}
