//! Looking at a whole record: every line, every file, the manifest. It reads and changes nothing, and
//! may be done beside the process that writes.

mod pages;
mod problem;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs, io,
    path::Path,
};

pub use pages::Pages;
pub use problem::{Problem, Remedy};
use sha2::{Digest, Sha256};
use story::{SCHEMA, Story};

use crate::{
    Compression, FileName, MANIFEST, Manifest, RecordFile, SinkError, State, WrittenLine,
    dir::NEW,
    io_error,
    manifest::{Content, Hashed},
    read::{Line, Lines, record_files},
    recover::LOCK,
};

/// How many lines of one file that are no story are told one by one.
const LINES_TOLD: u64 = 5;

/// What was found in a record.
#[derive(Debug, Default)]
pub struct Inspection {
    /// Its files.
    pub files: Vec<FileName>,
    /// Bytes of those, as they were written, where they could be read to their end.
    pub bytes: BTreeMap<FileName, u64>,
    /// Where each story stands, by its key.
    pub stories: HashMap<u128, Place>,
    /// Where its stories say that their pages are archived, by the name of the archive's file.
    pub pages: BTreeMap<String, Pages>,
    /// Whether a process is writing it at this moment.
    pub in_use: bool,
    /// Files that are finished and that the manifest does not know yet; whoever writes the record next
    /// counts them.
    pub uncounted: u64,
    /// Lines of files that were removed as their owner wished.
    pub removed_lines: u64,
    /// How many of those the ledger knows, as far as it is held against the files: fewer where it is
    /// younger than the record.
    pub removed_known: u64,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// Where a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Number of its file in [`Inspection::files`].
    pub file: u32,
    /// Number of the line, from 1.
    pub line: u32,
    /// Where it begins, in bytes as they were written.
    pub offset: u64,
}

impl WrittenLine {
    /// A number for the story and its revision, by which it is known again. Two that differ have the
    /// same number as seldom as two texts have the same hash.
    pub fn key(&self) -> u128 {
        key(self.id.as_str(), self.revision)
    }
}

/// See [`WrittenLine::key`].
pub fn key(id: &str, revision: u32) -> u128 {
    let mut hash = Sha256::new();
    hash.update(revision.to_le_bytes());
    hash.update(id);
    let hash = hash.finalize();
    let first = hash.first_chunk().expect("a hash has 32 bytes");
    u128::from_le_bytes(*first)
}

/// Reads the whole record in `dir`. `progress` is told how many bytes of the disk were read since it
/// was told last.
pub fn inspect(dir: &Path, progress: &mut dyn FnMut(u64)) -> Result<Inspection, SinkError> {
    let mut inspection = Inspection {
        in_use: is_locked(dir).map_err(io_error("look at the lock in", dir))?,
        ..Inspection::default()
    };
    let manifest = read_manifest(dir)?;
    let files = record_files(dir)?;
    inspection.look_for_leftovers(dir)?;
    if !manifest.unreadable.is_empty() {
        let what = format!("{} lines cannot be read", manifest.unreadable.len());
        inspection.note(Problem::for_a_person(MANIFEST, what));
    }
    let known = Known {
        newest: files.last().map(|file| file.name),
        manifest,
    };
    let mut vanished = Vec::new();
    for file in &files {
        match inspection.read(file, &known, progress) {
            Ok(content) => inspection.compare(file, &content, &known),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                vanished.extend(inspection.files.pop());
            }
            Err(error) => {
                let what = format!("cannot be read to its end: {error}");
                inspection.note(Problem::for_a_person(stored_name(file), what));
            }
        }
    }
    inspection.look_for_missing(dir, &known.manifest, vanished)?;
    Ok(inspection)
}

/// What is known of a record's files before they are read.
struct Known {
    manifest: Manifest,
    newest: Option<FileName>,
}

impl Known {
    /// What mends a file that a crash left something in: one that is finished is never changed.
    fn remedy(&self, file: &RecordFile) -> Remedy {
        let finished = self.manifest.files.contains_key(&file.name);
        if finished || file.compression != Compression::None {
            Remedy::Person
        } else {
            Remedy::Repair
        }
    }
}

/// Whether a process holds the directory's lock.
fn is_locked(dir: &Path) -> io::Result<bool> {
    match fs::File::open(dir.join(LOCK)) {
        Ok(lock) => match lock.try_lock() {
            Ok(()) => Ok(false),
            Err(fs::TryLockError::WouldBlock) => Ok(true),
            Err(fs::TryLockError::Error(error)) => Err(error),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The manifest; empty where there is none.
fn read_manifest(dir: &Path) -> Result<Manifest, SinkError> {
    let path = dir.join(MANIFEST);
    match fs::read(&path) {
        Ok(bytes) => Ok(Manifest::parse(&bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Manifest::default()),
        Err(error) => Err(io_error("read", path)(error)),
    }
}

fn stored_name(file: &RecordFile) -> String {
    file.name.stored(file.compression)
}

impl Inspection {
    fn note(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Reads one file; its lines are noted, and what is wrong with them.
    fn read(
        &mut self,
        file: &RecordFile,
        known: &Known,
        progress: &mut dyn FnMut(u64),
    ) -> io::Result<Content> {
        let number = self.files.len() as u32;
        self.files.push(file.name);
        let mut content = Content::default();
        let mut lines = Lines::new(Hashed::new(file.open()?));
        let mut line = Vec::new();
        let mut strange = 0;
        let mut told = 0;
        loop {
            let offset = lines.offset();
            let Some(kind) = lines.next(&mut line)? else {
                break;
            };
            content.lines += 1;
            let place = Place {
                file: number,
                line: content.lines as u32,
                offset,
            };
            let story = self.story(&line, kind, place);
            if kind == Line::Torn {
                self.torn(file, known, lines.offset() - offset, story.is_ok());
            } else if let Err(why) = story {
                strange += 1;
                let remedy = if line.contains(&0) {
                    known.remedy(file)
                } else {
                    Remedy::Person
                };
                self.strange(file, place, strange, &why, remedy);
            }
            if file.compression == Compression::None {
                progress(lines.offset() - told);
                told = lines.offset();
            }
        }
        if file.compression != Compression::None {
            progress(file.stored_bytes);
        }
        content.bytes = lines.offset();
        content.sha256 = lines.into_inner().hex();
        self.bytes.insert(file.name, content.bytes);
        Ok(content)
    }

    /// Takes a line for a story, or says why it is none.
    fn story(&mut self, line: &[u8], kind: Line, place: Place) -> Result<(), String> {
        if kind == Line::TooLong {
            return Err("it is longer than any story".to_owned());
        }
        let story: Story = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        if story.schema != SCHEMA {
            return Err(format!(
                "its schema is `{}` and not `{SCHEMA}`",
                story.schema
            ));
        }
        if story.revision == 0 {
            return Err("its revision is 0".to_owned());
        }
        if let Some(position) = story.provenance.archive {
            let pages = self.pages.entry(position.file.clone()).or_default();
            pages.note(position, place);
        }
        let written = WrittenLine {
            id: story.id,
            revision: story.revision,
        };
        if let Some(first) = self.stories.insert(written.key(), place) {
            let WrittenLine { id, revision } = written;
            let what = format!("story `{id}`, revision {revision}, again");
            let place = format!("{} and {}", self.place(first), self.place(place));
            self.note(Problem::for_a_person(place, what));
        }
        Ok(())
    }

    /// A place in words: file and line.
    pub fn place(&self, place: Place) -> String {
        format!("{}:{}", self.files[place.file as usize], place.line)
    }

    fn torn(&mut self, file: &RecordFile, known: &Known, bytes: u64, is_story: bool) {
        if self.in_use && known.newest == Some(file.name) {
            return; // it is being written
        }
        let what = if is_story {
            "ends in a story without the end of its line".to_owned()
        } else {
            format!("ends in the middle of a line, {bytes} bytes after its start")
        };
        let remedy = known.remedy(file);
        self.note(Problem::new(stored_name(file), what, remedy));
    }

    fn strange(&mut self, file: &RecordFile, place: Place, number: u64, why: &str, remedy: Remedy) {
        let line = place.line;
        let (place, what) = match number {
            ..LINES_TOLD => (
                format!("{}:{line}", stored_name(file)),
                format!("is no story: {why}"),
            ),
            LINES_TOLD => (
                stored_name(file),
                "has more lines that are no story".to_owned(),
            ),
            _ => return,
        };
        self.note(Problem::new(place, what, remedy));
    }

    /// Compares a file with what the manifest says of it.
    fn compare(&mut self, file: &RecordFile, content: &Content, known: &Known) {
        let Known { manifest, newest } = known;
        let stored = stored_name(file);
        let Some(known) = manifest.files.get(&file.name) else {
            let counted = manifest.files.last_key_value();
            if counted.is_some_and(|(last, _)| file.name < *last) {
                let what = "is missing from the manifest";
                self.note(Problem::repairable(stored, what));
            } else if *newest != Some(file.name) {
                self.uncounted += 1;
            }
            return;
        };
        if known.state != State::from(file.compression) && !self.in_use {
            let what = format!("is in the manifest as {:?}", known.state).to_lowercase();
            self.note(Problem::repairable(&*stored, what));
        }
        if known.content.sha256 != content.sha256 {
            let what = format!(
                "was changed after it was finished: {} lines and {} bytes then, {} and {} now; put \
                 it back from a copy, or take its line out of {MANIFEST}",
                known.content.lines, known.content.bytes, content.lines, content.bytes
            );
            self.note(Problem::for_a_person(stored, what));
        }
    }

    /// Looks for files that the manifest knows, or that were there a moment ago, and that are not
    /// there. What a daemon has removed meanwhile stands in its manifest by now.
    fn look_for_missing(
        &mut self,
        dir: &Path,
        manifest: &Manifest,
        vanished: Vec<FileName>,
    ) -> Result<(), SinkError> {
        let now = read_manifest(dir)?;
        let names = manifest.files.keys().copied().chain(vanished);
        let missing: BTreeSet<_> = names.filter(|name| !self.files.contains(name)).collect();
        for name in missing {
            let known = now.files.get(&name).or(manifest.files.get(&name));
            match known.map(|known| (known.state, known.content.lines)) {
                Some((State::Removed, lines)) => self.removed_lines += lines,
                Some((_, lines)) => {
                    let what =
                        format!("is in the manifest, with {lines} stories, and is not there");
                    self.note(Problem::for_a_person(name.to_string(), what));
                }
                None => {
                    let what = "was there a moment ago and is not there any more";
                    self.note(Problem::for_a_person(name.to_string(), what));
                }
            }
        }
        Ok(())
    }

    /// Looks for what a crash leaves; a daemon at work makes it all the time.
    fn look_for_leftovers(&mut self, dir: &Path) -> Result<(), SinkError> {
        if self.in_use || !dir.is_dir() {
            return Ok(());
        }
        let listed = fs::read_dir(dir).map_err(io_error("list", dir))?;
        let names = listed.filter_map(|file| file.ok()?.file_name().into_string().ok());
        let mut names: Vec<_> = names.collect();
        names.sort();
        for name in &names {
            let unfinished = name.strip_prefix(NEW).and_then(FileName::of_stored);
            if unfinished.is_some() {
                self.note(Problem::repairable(name, "was never finished"));
            }
            let double = FileName::of_stored(name)
                .filter(|(_, compression)| *compression != Compression::None)
                .filter(|(plain, _)| names.contains(&plain.to_string()));
            if let Some((plain, _)) = double {
                let what = format!("stands beside `{plain}`, which it was made of");
                self.note(Problem::repairable(name, what));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
