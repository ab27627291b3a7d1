//! The end of the newest file, as a crash may have left it: what is no whole record there is cut
//! off and kept aside.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use sink::fault;
use warc::Reader;

use super::{ArchiveError, files::End};

/// Notes up to where the newest file was synced, which saves reading all of it at the next start.
const NOTE: &str = ".synced";

/// Bytes of a record that is one of ours: a feed or page at its largest, and its headers.
const RECORD_BYTES_MAX: u64 = 1 << 30;

/// An end that was cut off.
#[derive(Debug)]
pub(super) struct Torn {
    pub(super) bytes: u64,
    /// Where it lies now.
    pub(super) kept_as: PathBuf,
}

/// The newest file of an archive, and what was cut off it; `None` for an archive without files.
pub(super) fn newest(dir: &Path) -> Result<Option<(End, Option<Torn>)>, ArchiveError> {
    let mut newest: Option<(u32, String)> = None;
    for entry in fs::read_dir(dir).map_err(ArchiveError::io("list", dir))? {
        let name = entry.map_err(ArchiveError::io("list", dir))?.file_name();
        let name = name.to_string_lossy().into_owned();
        newest = newest.max(number(&name).map(|number| (number, name)));
    }
    let Some((number, name)) = newest else {
        return Ok(None);
    };
    let path = dir.join(&name);
    let offset = whole(&path, noted(dir, &name)).map_err(ArchiveError::io("read", &path))?;
    let torn = cut(dir, &name, offset).map_err(ArchiveError::io("cut a torn record off", &path))?;
    let end = End {
        number,
        name,
        offset,
    };
    Ok(Some((end, torn)))
}

/// The number of one of our files.
fn number(name: &str) -> Option<u32> {
    let (number, _) = name
        .strip_prefix("vigia-")?
        .strip_suffix(".warc.gz")?
        .split_once('-')?;
    number.parse().ok()
}

/// Up to where a file holds whole records. A fault with a record behind it is no torn end.
fn whole(path: &Path, from: u64) -> io::Result<u64> {
    let mut reader = Reader::at(File::open(path)?, from)?;
    let mut end = from;
    while let Some(next) = reader.advance() {
        if next.is_ok() && reader.block(RECORD_BYTES_MAX).is_ok() {
            end = reader.mark().0;
        }
    }
    Ok(end)
}

/// Cuts off what stands behind `whole`, once there is a copy that lasts.
fn cut(dir: &Path, name: &str, whole: u64) -> io::Result<Option<Torn>> {
    let path = dir.join(name);
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let length = file.metadata()?.len();
    let torn = if length > whole {
        let kept_as = dir.join(format!("{name}.torn-at-{whole}"));
        file.seek(SeekFrom::Start(whole))?;
        let mut copy = File::create(&kept_as)?;
        let bytes = io::copy(&mut (&mut file).take(length - whole), &mut copy)?;
        copy.sync_all()?;
        sink::sync_dir(dir)?;
        fault::point(fault::ARCHIVE_RECOVERY_CUTTING);
        file.set_len(whole)?;
        Some(Torn { bytes, kept_as })
    } else {
        None
    };
    file.sync_data()?;
    Ok(torn)
}

/// Notes that a file is synced up to here. Where this fails or is lost, more is read at the start.
pub(super) fn note(dir: &Path, name: &str, offset: u64) {
    let _ = fs::write(dir.join(NOTE), format!("{name} {offset}\n"));
}

/// The noted end of a file, or its beginning; what was noted is believed if the file is that long.
fn noted(dir: &Path, name: &str) -> u64 {
    let read = || {
        let note = fs::read_to_string(dir.join(NOTE)).ok()?;
        let (noted, offset) = note.strip_suffix('\n')?.split_once(' ')?;
        let offset: u64 = offset.parse().ok()?;
        let length = fs::metadata(dir.join(name)).ok()?.len();
        (noted == name && offset <= length).then_some(offset)
    };
    read().unwrap_or(0)
}
