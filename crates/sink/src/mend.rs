//! Mending a file that a crash left: what is no whole line goes into a file of its own, which no reader
//! takes for the record. Nothing is deleted, and no line that is whole goes with it.

use std::{
    io::{self, Read, SeekFrom},
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
    keep(file, dir, &kept_as, damaged)?;
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

/// Copies parts of a file to another, and syncs that.
fn keep(
    file: &mut dyn DiskFile,
    dir: &Dir,
    name: &str,
    parts: &[Range<u64>],
) -> Result<(), SinkError> {
    let mut copy = dir.open(name, Open::Emptied)?;
    let mut copied = || -> io::Result<()> {
        for part in parts {
            file.seek(SeekFrom::Start(part.start))?;
            let mut part = Read::take(&mut *file, part.end - part.start);
            io::copy(&mut part, &mut *copy)?;
        }
        copy.sync()
    };
    copied().map_err(io_error("copy part of the record to", dir.file(name)))
}
