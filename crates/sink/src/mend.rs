//! Mending a file that a crash left: what is no whole line goes into a file of its own, which no reader
//! takes for the record. Nothing is deleted, and no line that is whole goes with it.

use std::{
    io::{self, Read, SeekFrom, Write},
    ops::Range,
};

use crate::{
    FileName, SinkError, Torn,
    dir::{Dir, NEW},
    disk::{DiskFile, Open},
    fault, io_error,
};

/// Takes what is damaged out of a file of `length` bytes: cut off where it is the end, and otherwise
/// left out of a copy that takes the file's place.
pub(crate) fn take_out(
    file: &mut dyn DiskFile,
    dir: &Dir,
    name: FileName,
    damaged: &[Range<u64>],
    length: u64,
) -> Result<Torn, SinkError> {
    let path = dir.file(&name.to_string());
    let kept_as = format!("torn.{name}.at-{}", damaged[0].start);
    let kept_as = free_name(file, dir, &kept_as, damaged)?;
    keep(file, dir, &kept_as, damaged)?;
    dir.liken(&kept_as, &name.to_string())?;
    match damaged {
        [tail] if tail.end == length => {
            dir.sync()?;
            fault::point(fault::RECOVERY_CUTTING);
            file.set_length(tail.start)
                .map_err(io_error("cut back", &path))?;
        }
        _ => {
            let starts = [0].into_iter().chain(damaged.iter().map(|range| range.end));
            let ends = damaged.iter().map(|range| range.start).chain([length]);
            let whole: Vec<_> = starts.zip(ends).map(|(start, end)| start..end).collect();
            let new = format!("{NEW}{name}");
            keep(file, dir, &new, &whole)?;
            dir.liken(&new, &name.to_string())?;
            dir.sync()?;
            fault::point(fault::RECOVERY_CUTTING);
            dir.rename(&new, &name.to_string())?;
            dir.sync()?;
        }
    }
    Ok(Torn {
        file: name.to_string(),
        bytes: damaged.iter().map(|range| range.end - range.start).sum(),
        kept_as: dir.file(&kept_as),
    })
}

/// A name for a copy of parts of a file: none that is taken, but by what an earlier attempt left of the
/// same copy.
fn free_name(
    file: &mut dyn DiskFile,
    dir: &Dir,
    name: &str,
    parts: &[Range<u64>],
) -> Result<String, SinkError> {
    let taken = dir.names()?;
    let mut free = name.to_owned();
    for number in 2.. {
        // One that cannot be read may hold anything.
        if !taken.contains(&free) || begins(file, dir, &free, parts).is_ok_and(|begins| begins) {
            break;
        }
        free = format!("{name}.{number}");
    }
    Ok(free)
}

/// Whether parts of a file begin with what another one holds, or are that.
fn begins(
    file: &mut dyn DiskFile,
    dir: &Dir,
    name: &str,
    parts: &[Range<u64>],
) -> Result<bool, SinkError> {
    let mut compared = Compared {
        with: dir.open(name, Open::Read)?,
        differs: false,
    };
    copy_parts(file, parts, &mut compared)
        .and_then(|()| compared.with.read(&mut [0]))
        .map(|longer| longer == 0 && !compared.differs)
        .map_err(io_error("read", dir.file(name)))
}

/// What is written to it is held against what a file begins with, up to that one's end.
struct Compared {
    with: Box<dyn DiskFile>,
    differs: bool,
}

impl Write for Compared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut held = Vec::with_capacity(bytes.len());
        Read::take(&mut *self.with, bytes.len() as u64).read_to_end(&mut held)?;
        self.differs |= !bytes.starts_with(&held);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Copies parts of a file to another, and syncs that.
fn keep(
    file: &mut dyn DiskFile,
    dir: &Dir,
    name: &str,
    parts: &[Range<u64>],
) -> Result<(), SinkError> {
    let mut copy = dir.open(name, Open::Emptied)?;
    copy_parts(file, parts, &mut copy)
        .and_then(|()| copy.sync())
        .map_err(io_error("copy part of the record to", dir.file(name)))
}

fn copy_parts(
    file: &mut dyn DiskFile,
    parts: &[Range<u64>],
    to: &mut impl Write,
) -> io::Result<()> {
    for part in parts {
        file.seek(SeekFrom::Start(part.start))?;
        io::copy(&mut Read::take(&mut *file, part.end - part.start), to)?;
    }
    Ok(())
}
