//! Opening the record: the lock, what a crash left, the torn tail, and what was written since the last
//! checkpoint.

use std::{
    io::{self, BufReader, SeekFrom},
    ops::Range,
    path::PathBuf,
    sync::Arc,
};

use serde::Deserialize;
use story::{StoryId, storage::Checkpoint};

use crate::{
    CURRENT, Compression, FileName, Manifest, Settings, Sink, SinkError,
    append::End,
    dir::{self, Dir},
    disk::{Disk, DiskFile, Open, RealDisk},
    fault, io_error, leftovers, mend,
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

/// What a crash left in a file and what is no whole line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// The file that it was taken out of.
    pub file: String,
    /// How many bytes were taken out.
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
    /// What was taken out of files because it is no whole line.
    pub torn: Vec<Torn>,
    /// Files whose last line was a whole story without its end, which it has now.
    pub ended: Vec<FileName>,
    /// Whole lines that are no story: someone else's, left as they are.
    pub foreign_lines: u64,
    /// Finished files that could not be read to their end, and why: what they hold behind that is not
    /// in `written`.
    pub damaged: Vec<(FileName, SinkError)>,
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
        dir::make(&*disk, &path).map_err(io_error("make the directory", &path))?;
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
            set_aside: leftovers::settle_doubles(&dir, &manifest, None)?,
            ..Tail::default()
        };
        let newest = read_back(&dir, checkpoint, &manifest, &mut tail)?;
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
    manifest: &Manifest,
    tail: &mut Tail,
) -> Result<Option<End>, SinkError> {
    let checkpoint = checkpoint.and_then(|at| Some((at.file.parse::<FileName>().ok()?, at.offset)));
    let files = dir.record_files()?;
    let mut newest = None;
    for (number, (name, compression)) in files.iter().copied().enumerate() {
        let is_newest = number + 1 == files.len();
        let from = match checkpoint {
            Some((acknowledged, _)) if name < acknowledged && !is_newest => continue,
            Some((acknowledged, offset)) if name == acknowledged => offset,
            _ => 0,
        };
        let is_packed = compression != Compression::None;
        let offset = if is_packed || manifest.files.contains_key(&name) {
            read_finished(dir, name, compression, from, tail)
        } else {
            read_open(dir, name, from, tail)?
        };
        newest = Some(End {
            name,
            offset,
            closed: is_packed,
        });
    }
    Ok(newest)
}

/// Reads the lines of a file that is finished; it is never changed. Returns how long it is.
fn read_finished(
    dir: &Dir,
    name: FileName,
    compression: Compression,
    from: u64,
    tail: &mut Tail,
) -> u64 {
    let mut end = 0;
    let mut read = || -> Result<(), SinkError> {
        let failed = |error| io_error("read", dir.file(&name.stored(compression)))(error);
        let mut line = Vec::new();
        let mut lines = Lines::new(dir.read(name, compression)?);
        if !lines.skip_to_line(from).map_err(failed)? {
            lines = Lines::new(dir.read(name, compression)?);
        }
        end = lines.offset();
        while lines.next(&mut line).map_err(failed)?.is_some() {
            tail.take(&line);
            end = lines.offset();
        }
        Ok(())
    };
    if let Err(error) = read() {
        tail.damaged.push((name, error));
    }
    end
}

/// Reads the lines of a file that is not finished from `from`, or all of them where no line begins
/// there: then the file is not the one that was acknowledged. Mends what a crash left in it, syncs it
/// and returns where it ends.
fn read_open(dir: &Dir, name: FileName, from: u64, tail: &mut Tail) -> Result<u64, SinkError> {
    let path = dir.file(&name.to_string());
    let mut file = dir.open(&name.to_string(), Open::Write)?;
    let from = if begins_line(&mut *file, from).map_err(io_error("read", &path))? {
        from
    } else {
        0
    };
    file.seek(SeekFrom::Start(from))
        .map_err(io_error("seek in", &path))?;
    let mut found = read_lines(&mut *file, from, tail).map_err(io_error("read", &path))?;
    if found.lacks_end {
        file.seek(SeekFrom::Start(found.length))
            .and_then(|_| file.write_all(b"\n"))
            .map_err(io_error("end the last line of", &path))?;
        found.length += 1;
        tail.ended.push(name);
    }
    if !found.damaged.is_empty() {
        let torn = mend::take_out(&mut *file, dir, name, &found.damaged, found.length)?;
        found.length -= torn.bytes;
        tail.torn.push(torn);
    }
    file.sync().map_err(io_error("sync", &path))?;
    Ok(found.length)
}

/// Whether a line begins at `from`: the file goes so far, and another line ends before it.
fn begins_line(file: &mut dyn DiskFile, from: u64) -> io::Result<bool> {
    let Some(before) = from.checked_sub(1) else {
        return Ok(true);
    };
    file.seek(SeekFrom::Start(before))?;
    let mut last = [0];
    match file.read_exact(&mut last) {
        Ok(()) => Ok(last == *b"\n"),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// What a file that is not finished holds beside its lines.
struct Found {
    /// How long it is.
    length: u64,
    /// What is no whole line.
    damaged: Vec<Range<u64>>,
    /// Whether the last line is a whole story and only its end is missing.
    lacks_end: bool,
}

fn read_lines(file: &mut dyn DiskFile, from: u64, tail: &mut Tail) -> io::Result<Found> {
    let mut lines = Lines::new(BufReader::with_capacity(1 << 16, file));
    let mut found = Found {
        length: from,
        damaged: Vec::new(),
        lacks_end: false,
    };
    let mut line = Vec::new();
    while let Some(kind) = lines.next(&mut line)? {
        let start = found.length;
        found.length = from + lines.offset();
        let held = start + line.len() as u64 == found.length;
        found.lacks_end = kind == Line::Torn && held && is_story(&line);
        // After a power loss a tail may have its length and not its bytes: zeros, newlines and all.
        if found.lacks_end || kind != Line::Torn && !line.contains(&0) {
            tail.take(&line);
            continue;
        }
        match found.damaged.last_mut() {
            Some(last) if last.end == start => last.end = found.length,
            _ => found.damaged.push(start..found.length),
        }
    }
    Ok(found)
}

fn is_story(line: &[u8]) -> bool {
    serde_json::from_slice::<WrittenLine>(line).is_ok()
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

#[cfg(test)]
pub(crate) mod tests;
