//! Compressing a finished file: made beside it, synced, read back and compared, named, and only then
//! is the plain one removed. Whatever the moment of a crash, one of the two is whole.

use std::{
    io::{self, BufRead, Write},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use flate2::write::GzEncoder;

use crate::{
    Compression, FileName, SinkError,
    dir::{Dir, NEW},
    disk::{DiskFile, Open},
    fault, io_error,
    manifest::{Content, Hashed, Stopped},
    read::unpacked,
};

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compressed {
    /// The compressed file stands in the place of the plain one, and is so long.
    Bytes(u64),
    /// The plain file is not what the manifest says; it is left as it is.
    Changed,
    /// The program ends; the plain file is left as it is.
    Stopped,
}

/// Levels that keep up with any feed and leave a quarter of the text.
const ZSTD_LEVEL: i32 = 3;
const GZIP_LEVEL: u32 = 6;

/// Compresses a finished file whose content the manifest knows.
pub(crate) fn compress(
    dir: &Dir,
    name: FileName,
    to: Compression,
    content: &Content,
    stop: &AtomicBool,
) -> Result<Compressed, SinkError> {
    let new = format!("{NEW}{}", name.stored(to));
    let compressed = make(dir, name, to, content, stop, &new);
    if !matches!(compressed, Ok(Compressed::Bytes(_))) {
        // On a full disk half a file would take up the room that the next line needs.
        let _ = dir.remove(&new);
    }
    compressed
}

/// Makes the compressed file under the name `new`, and has it take the plain one's place.
fn make(
    dir: &Dir,
    name: FileName,
    to: Compression,
    content: &Content,
    stop: &AtomicBool,
    new: &str,
) -> Result<Compressed, SinkError> {
    let stored = name.stored(to);
    let path = dir.file(new);
    let mut plain = Hashed::new(dir.read(name, Compression::None)?);
    let file = dir.open(new, Open::Emptied)?;
    let packed = pack(&mut plain, file, to, stop);
    if packed.map_err(io_error("write", &path))?.is_err() {
        return Ok(Compressed::Stopped);
    }
    if plain.hex() != content.sha256 {
        return Ok(Compressed::Changed);
    }
    let file = dir.open(new, Open::Read)?;
    let bytes = file.length().map_err(io_error("read", &path))?;
    let read = unpacked(io::BufReader::new(file), to)
        .and_then(|unpacked| Content::of(unpacked, stop))
        .map_err(io_error("read back", &path))?;
    match read {
        Err(Stopped) => return Ok(Compressed::Stopped),
        Ok(read) if read.sha256 != content.sha256 => {
            let other = io::Error::other("it does not hold what was written to it");
            return Err(io_error("read back", &path)(other));
        }
        Ok(_) => {}
    }
    fault::point(fault::COMPRESSION_WRITTEN);
    dir.rename(new, &stored)?;
    let replaced = dir.sync().and_then(|()| {
        fault::point(fault::COMPRESSION_NAMED);
        dir.remove(&name.to_string())
    });
    if replaced.is_err() {
        // Who reads whatever lies there is not to find each story twice until the next round.
        let _ = dir.remove(&stored);
    }
    replaced?;
    dir.sync()?;
    fault::point(fault::COMPRESSION_REMOVED);
    Ok(Compressed::Bytes(bytes))
}

/// A file that is written through a compressor.
enum Packer {
    Zstd(zstd::Encoder<'static, Box<dyn DiskFile>>),
    Gzip(GzEncoder<Box<dyn DiskFile>>),
}

impl Packer {
    fn new(file: Box<dyn DiskFile>, to: Compression) -> io::Result<Self> {
        if to == Compression::Gzip {
            let level = flate2::Compression::new(GZIP_LEVEL);
            return Ok(Self::Gzip(GzEncoder::new(file, level)));
        }
        let mut encoder = zstd::Encoder::new(file, ZSTD_LEVEL)?;
        encoder.include_checksum(true)?;
        Ok(Self::Zstd(encoder))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Zstd(encoder) => encoder.write_all(bytes),
            Self::Gzip(encoder) => encoder.write_all(bytes),
        }
    }

    fn finish(self) -> io::Result<Box<dyn DiskFile>> {
        match self {
            Self::Zstd(encoder) => encoder.finish(),
            Self::Gzip(encoder) => encoder.finish(),
        }
    }
}

/// Writes what is read to a file, compressed, and syncs it.
fn pack(
    mut plain: impl BufRead,
    file: Box<dyn DiskFile>,
    to: Compression,
    stop: &AtomicBool,
) -> io::Result<Result<(), Stopped>> {
    let mut packer = Packer::new(file, to)?;
    loop {
        if stop.load(Relaxed) {
            return Ok(Err(Stopped));
        }
        let bytes = plain.fill_buf()?;
        if bytes.is_empty() {
            break;
        }
        packer.write(bytes)?;
        let written = bytes.len();
        plain.consume(written);
        fault::point(fault::COMPRESSION_WRITING);
    }
    packer.finish()?.sync().map(Ok)
}
