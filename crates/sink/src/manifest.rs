//! The manifest: what became of each finished file, a line of JSON each. It is what tells a file that
//! its owner's policy removed from one that is missing, and it is rebuilt where it is lost.

use std::{
    collections::BTreeMap,
    io::{self, BufRead, Read},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use story::{Timestamp, hex};

use crate::{
    Compression, FileName, SinkError,
    dir::Dir,
    disk::Open,
    fault, io_error,
    read::{LineKey, Lines},
};

/// Name of the manifest: no reader of `*.jsonl` takes it for the record.
pub const MANIFEST: &str = "MANIFEST";

/// A file of the record that gets no further line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    /// Its name as it was when it was written; `state` says what stands behind it now.
    pub name: FileName,
    /// How it is stored.
    pub state: State,
    /// What it holds.
    #[serde(flatten)]
    pub content: Content,
}

/// How a finished file is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it was written.
    Plain,
    /// Compressed; the name has `.zst` behind it.
    Zstd,
    /// Compressed; the name has `.gz` behind it.
    Gzip,
    /// Not any more: its age or the room it took up had it removed.
    Removed,
}

impl From<Compression> for State {
    fn from(compression: Compression) -> Self {
        match compression {
            Compression::None => Self::Plain,
            Compression::Zstd => Self::Zstd,
            Compression::Gzip => Self::Gzip,
        }
    }
}

/// What a file holds, however it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Its lines.
    pub lines: u64,
    /// Its bytes, as they were written.
    pub bytes: u64,
    /// SHA-256 of those, in hexadecimal.
    pub sha256: String,
    /// When the earliest of its stories was fetched.
    pub first: Option<Timestamp>,
    /// When the latest was.
    pub last: Option<Timestamp>,
}

/// Every finished file, in the order of writing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The files.
    pub files: BTreeMap<FileName, Finished>,
    /// Lines that could not be read, which are kept as they are: they may be all that tells of a file
    /// that was removed.
    pub unreadable: Vec<Vec<u8>>,
}

impl Manifest {
    /// Reads a manifest's bytes. A line that is none is kept for a person to look at.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut manifest = Self::default();
        for line in bytes.split(|byte| *byte == b'\n') {
            match serde_json::from_slice::<Finished>(line) {
                Ok(file) => drop(manifest.files.insert(file.name, file)),
                Err(_) if line.is_empty() => {}
                Err(_) => manifest.unreadable.push(line.to_owned()),
            }
        }
        manifest
    }

    /// Reads the manifest of a directory; one that is not there is empty.
    pub(crate) fn load(dir: &Dir) -> Result<Self, SinkError> {
        if !dir.names()?.iter().any(|name| name == MANIFEST) {
            return Ok(Self::default());
        }
        let mut bytes = Vec::new();
        dir.open(MANIFEST, Open::Read)?
            .read_to_end(&mut bytes)
            .map_err(io_error("read", dir.file(MANIFEST)))?;
        Ok(Self::parse(&bytes))
    }

    /// Puts the manifest in the place of the one that is there.
    pub(crate) fn save(&self, dir: &Dir) -> Result<(), SinkError> {
        let mut bytes = Vec::new();
        for file in self.files.values() {
            serde_json::to_writer(&mut bytes, file).expect("a finished file is plain data");
            bytes.push(b'\n');
        }
        for line in &self.unreadable {
            bytes.extend_from_slice(line);
            bytes.push(b'\n');
        }
        dir.replace(MANIFEST, &bytes, || fault::point(fault::MANIFEST))
    }
}

/// A file was not read to its end, because the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stopped;

impl Content {
    /// Reads a file to its end.
    pub(crate) fn of(reader: impl BufRead, stop: &AtomicBool) -> io::Result<Result<Self, Stopped>> {
        let mut content = Self::default();
        let mut lines = Lines::new(Hashed::new(reader));
        let mut line = Vec::new();
        while lines.next(&mut line)?.is_some() {
            if stop.load(Relaxed) {
                return Ok(Err(Stopped));
            }
            content.take(&line);
        }
        content.bytes = lines.offset();
        content.sha256 = lines.into_inner().hex();
        Ok(Ok(content))
    }

    /// Counts a line.
    pub(crate) fn take(&mut self, line: &[u8]) {
        self.lines += 1;
        let key = serde_json::from_slice::<LineKey>(line).ok();
        if let Some(fetched) = key.and_then(|key| key.fetched) {
            self.first = Some(self.first.map_or(fetched, |first| first.min(fetched)));
            self.last = Some(self.last.map_or(fetched, |last| last.max(fetched)));
        }
    }
}

/// Hashes what is read through it.
pub(crate) struct Hashed<R> {
    reader: R,
    hash: Sha256,
}

impl<R> Hashed<R> {
    pub(crate) fn new(reader: R) -> Self {
        let hash = Sha256::new();
        Self { reader, hash }
    }

    pub(crate) fn hex(self) -> String {
        hex(&self.hash.finalize())
    }
}

impl<R: BufRead> Read for Hashed<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(into)?;
        self.hash.update(&into[..read]);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Hashed<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.reader.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        // What is consumed was in the buffer, and is there still: asking for it reads nothing.
        if let Ok(buffer) = self.reader.fill_buf() {
            self.hash.update(&buffer[..amount.min(buffer.len())]);
        }
        self.reader.consume(amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recover::tests::line;

    #[test]
    fn a_file_is_counted_and_hashed_as_it_was_written() {
        let text = line("a") + &line("b");
        let never = AtomicBool::new(false);
        let content = Content::of(text.as_bytes(), &never).unwrap().unwrap();
        assert_eq!((content.lines, content.bytes), (2, text.len() as u64));
        assert_eq!(content.sha256, hex(&Sha256::digest(&text)));
        let stopped = Content::of(text.as_bytes(), &AtomicBool::new(true)).unwrap();
        assert_eq!(stopped, Err(Stopped));
    }

    #[test]
    fn what_cannot_be_read_of_a_manifest_is_kept() {
        let file = Finished {
            name: "stories-2026-01-01.jsonl".parse().unwrap(),
            state: State::Zstd,
            content: Content::default(),
        };
        let json = serde_json::to_string(&file).unwrap();
        let manifest = Manifest::parse(format!("{{\"name\":\n{json}\n\n").as_bytes());
        assert_eq!(manifest.unreadable, [b"{\"name\":"]);
        let folder = tempfile::tempdir().unwrap();
        let dir = Dir {
            disk: std::sync::Arc::new(crate::disk::RealDisk),
            path: folder.path().to_owned(),
        };
        manifest.save(&dir).unwrap();
        let saved = std::fs::read_to_string(folder.path().join(MANIFEST)).unwrap();
        assert_eq!(saved, format!("{json}\n{{\"name\":\n"));
        assert_eq!(manifest.files.into_values().collect::<Vec<_>>(), [file]);
    }
}
