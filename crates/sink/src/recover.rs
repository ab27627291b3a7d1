//! Opening the record: the lock, what a crash left, the torn tail, and what was written since the last
//! checkpoint.

use std::{
    io::{BufReader, SeekFrom},
    path::PathBuf,
    sync::Arc,
};

use serde::Deserialize;
use story::{StoryId, storage::Checkpoint};

use crate::{
    CURRENT, Compression, FileName, Manifest, Settings, Sink, SinkError,
    append::End,
    dir::Dir,
    disk::{Disk, DiskFile, Open, RealDisk},
    fault, io_error, leftovers,
    read::{Line, Lines},
};

/// A line that stands whole in the record.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct WrittenLine {
    /// The story.
    pub id: StoryId,
    /// Its revision.
    pub revision: u32,
}

/// The end of a file that a crash left behind and that is no whole line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// The file that was cut.
    pub file: String,
    /// How many bytes were cut off.
    pub bytes: u64,
    /// Where they lie now, should anyone ask.
    pub kept_as: PathBuf,
}

/// A record that was opened for appending.
#[derive(Debug)]
pub struct Opened {
    /// The record.
    pub sink: Sink,
    /// What stood behind the checkpoint.
    pub tail: Tail,
    /// Up to where the record is on disk now; `None` where it is empty.
    pub end: Option<Checkpoint>,
}

/// What stood in the record behind the checkpoint.
#[derive(Debug, Default)]
pub struct Tail {
    /// Every line behind the checkpoint, synced now; all lines where there was no checkpoint.
    pub written: Vec<WrittenLine>,
    /// The tails that were cut off.
    pub torn: Vec<Torn>,
    /// Whole lines that are no story: someone else's, left as they are.
    pub foreign_lines: u64,
    /// Compressed files that could not be read to their end, and why: what they hold behind that is
    /// not in `written`.
    pub damaged: Vec<(FileName, String)>,
    /// Files that stood beside another form of themselves, held something else, and were given these
    /// names.
    pub set_aside: Vec<String>,
}

impl Sink {
    /// Opens the record, making its directory where it is not there, and reads back what was written
    /// behind `checkpoint`; one that names no file of the record says nothing about it.
    pub fn open(settings: &Settings, checkpoint: Option<&Checkpoint>) -> Result<Opened, SinkError> {
        Self::open_on(Arc::new(RealDisk), settings, checkpoint)
    }

    pub(crate) fn open_on(
        disk: Arc<dyn Disk>,
        settings: &Settings,
        checkpoint: Option<&Checkpoint>,
    ) -> Result<Opened, SinkError> {
        let path = settings.dir.clone();
        disk.make_dir(&path)
            .map_err(io_error("make the directory", &path))?;
        let lock_path = path.join(LOCK);
        let lock = disk.lock(&lock_path);
        let lock = lock.map_err(io_error("lock", lock_path))?;
        let dir = Dir { disk, path };
        let Some(lock) = lock else {
            return Err(SinkError::Locked { dir: dir.path });
        };
        leftovers::remove_unfinished(&dir)?;
        let manifest = Manifest::load(&dir)?;
        let mut tail = Tail {
            set_aside: leftovers::settle_doubles(&dir, &manifest)?,
            ..Tail::default()
        };
        let newest = read_back(&dir, checkpoint, &mut tail)?;
        dir.sync()?;
        let end = end_of(newest, &manifest);
        tell_current(&dir, end);
        fault::point(fault::RECOVERY);
        Ok(Opened {
            sink: Sink::new(dir, Arc::new(settings.clone()), lock.into(), end),
            tail,
            end: newest.map(End::checkpoint),
        })
    }
}

/// Where the sink's lock lies in its directory.
pub(crate) const LOCK: &str = ".lock";

/// Where lines are written next. A file that is finished gets none, also where its owner or the
/// record's policy has removed it since.
fn end_of(newest: Option<End>, manifest: &Manifest) -> Option<End> {
    let finished = manifest.files.last_key_value().map(|(name, _)| *name);
    match (newest, finished) {
        (Some(end), Some(finished)) if end.name > finished => Some(end),
        (_, Some(name)) => Some(End {
            name,
            offset: 0,
            closed: true,
        }),
        (end, None) => end,
    }
}

/// Has `CURRENT` name the open file. A disk that refuses that does not refuse the start: the file is
/// for people, and is written again with the next one that is opened.
fn tell_current(dir: &Dir, end: Option<End>) {
    let told = match end.filter(|end| !end.closed) {
        Some(end) => dir.replace(CURRENT, format!("{}\n", end.name).as_bytes(), || ()),
        None => dir.remove(CURRENT),
    };
    drop(told);
}

/// Reads back the files behind the checkpoint, and returns where the newest one ends.
fn read_back(
    dir: &Dir,
    checkpoint: Option<&Checkpoint>,
    tail: &mut Tail,
) -> Result<Option<End>, SinkError> {
    let checkpoint = checkpoint.and_then(|at| Some((at.file.parse::<FileName>().ok()?, at.offset)));
    let files = dir.record_files()?;
    let mut newest = None;
    for (number, (name, compression)) in files.iter().copied().enumerate() {
        let from = match checkpoint {
            Some((acknowledged, _)) if name < acknowledged => u64::MAX,
            Some((acknowledged, offset)) if name == acknowledged => offset,
            _ => 0,
        };
        let is_newest = number + 1 == files.len();
        if from == u64::MAX && !is_newest {
            continue; // acknowledged whole
        }
        let offset = match compression {
            Compression::None => read_plain(dir, name, from, tail)?,
            _ => read_packed(dir, name, compression, from, tail)?,
        };
        newest = Some(End {
            name,
            offset,
            closed: compression != Compression::None,
        });
    }
    Ok(newest)
}

/// Reads the lines of a finished file that was compressed; it is never changed. Returns how long it is.
fn read_packed(
    dir: &Dir,
    name: FileName,
    compression: Compression,
    from: u64,
    tail: &mut Tail,
) -> Result<u64, SinkError> {
    let mut lines = Lines::new(dir.read(name, compression)?);
    let mut line = Vec::new();
    let mut read = || -> std::io::Result<()> {
        lines.skip(from)?;
        while lines.next(&mut line)?.is_some() {
            tail.take(&line);
        }
        Ok(())
    };
    if let Err(error) = read() {
        tail.damaged.push((name, error.to_string()));
    }
    Ok(lines.offset())
}

/// Reads the lines of a file from `from`, cuts off what is torn, syncs the rest and returns where
/// it ends.
fn read_plain(dir: &Dir, name: FileName, from: u64, tail: &mut Tail) -> Result<u64, SinkError> {
    let path = dir.file(&name.to_string());
    let mut file = dir.open(&name.to_string(), Open::Write)?;
    let length = file.length().map_err(io_error("read", &path))?;
    let from = from.min(length);
    file.seek(SeekFrom::Start(from))
        .map_err(io_error("seek in", &path))?;
    let mut lines = Lines::new(BufReader::with_capacity(1 << 16, &mut file));
    let mut whole = from;
    let mut line = Vec::new();
    while let Some(kind) = lines.next(&mut line).map_err(io_error("read", &path))? {
        // After a power loss a tail may have its length and not its bytes: zeros, newlines and all.
        if kind == Line::Torn || line.contains(&0) {
            break;
        }
        tail.take(&line);
        whole = from + lines.offset();
    }
    if whole < length {
        let torn = cut(&mut *file, dir, name, whole, length)?;
        tail.torn.push(torn);
    }
    file.sync().map_err(io_error("sync", &path))?;
    Ok(whole)
}

impl Tail {
    /// Takes a line for what it is.
    fn take(&mut self, line: &[u8]) {
        match serde_json::from_slice(line) {
            Ok(written) => self.written.push(written),
            Err(_) => self.foreign_lines += 1,
        }
    }
}

/// Moves everything behind `whole` out of the file, into one that no reader takes for the record.
fn cut(
    file: &mut dyn DiskFile,
    dir: &Dir,
    name: FileName,
    whole: u64,
    length: u64,
) -> Result<Torn, SinkError> {
    let path = dir.file(&name.to_string());
    let kept_as = format!("torn.{name}.at-{whole}");
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(whole))
        .map_err(io_error("seek in", &path))?;
    file.read_to_end(&mut tail)
        .map_err(io_error("read", &path))?;
    let mut copy = dir.open(&kept_as, Open::Emptied)?;
    copy.write_all(&tail)
        .and_then(|()| copy.sync())
        .map_err(io_error("keep the torn tail as", dir.file(&kept_as)))?;
    dir.sync()?;
    fault::point(fault::RECOVERY_CUTTING);
    file.set_length(whole)
        .map_err(io_error("cut back", &path))?;
    Ok(Torn {
        file: name.to_string(),
        bytes: length - whole,
        kept_as: dir.file(&kept_as),
    })
}

#[cfg(test)]
pub(crate) mod tests;
