//! Looking after finished files: counted into the manifest, compressed, and removed when they are to
//! go. It works beside the sink, on files that the sink has done with, and may end at any moment: what
//! it left half done is taken up again. A file that fails is told of, and the others are looked after.

use std::{
    any::Any,
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError, atomic::AtomicBool},
};

use chrono::{DateTime, Utc};

use crate::{
    Compression, FileName, Manifest, Settings, SinkError, State,
    compress::{Compressed, compress},
    dir::Dir,
    disk::Open,
    fault, io_error, leftovers,
    manifest::{Content, Finished, Stopped},
    retention::expired,
};

/// What is to be done with the files that are finished.
#[derive(Clone, Debug)]
pub struct Upkeep {
    dir: Dir,
    settings: Arc<Settings>,
    /// The directory is not another process's while this one works in it.
    _lock: Arc<dyn Any + Send + Sync>,
    /// Files from this one on are not finished; `None` where there is no file.
    open_from: Option<FileName>,
    changed: Changed,
}

/// Files that were found not to be what the manifest says, as long as the sink is open: they are not
/// read again in every round.
pub(crate) type Changed = Arc<Mutex<BTreeSet<FileName>>>;

/// What was done with a file.
#[derive(Debug)]
pub enum Done {
    /// It is in the manifest.
    Finished(Finished),
    /// It is stored compressed.
    Compressed {
        /// The file.
        file: FileName,
        /// Its bytes before.
        from: u64,
        /// Its bytes now.
        to: u64,
    },
    /// It was removed for its age or for room.
    Removed {
        /// The file.
        file: FileName,
        /// Its lines, where they were counted.
        lines: u64,
    },
    /// It is not what the manifest says, and is left as it is.
    Changed {
        /// The file.
        file: FileName,
    },
    /// Nothing: the system refused. It is tried again in the next round.
    Failed {
        /// The file.
        file: FileName,
        /// What was refused.
        error: SinkError,
    },
    /// It was set aside under this name: another form of it stands there, and holds something else.
    SetAside {
        /// The name that it has now.
        name: String,
    },
}

impl Upkeep {
    pub(crate) fn new(
        dir: Dir,
        settings: Arc<Settings>,
        lock: Arc<dyn Any + Send + Sync>,
        open_from: Option<FileName>,
        changed: Changed,
    ) -> Self {
        Self {
            dir,
            settings,
            _lock: lock,
            open_from,
            changed,
        }
    }

    /// Files from this one on are not finished; `None` where there is no file.
    pub fn open_from(&self) -> Option<FileName> {
        self.open_from
    }

    /// Does what is to be done, and tells of each thing as it is done. It ends early, and well, once
    /// `stop` is set. An error is one that is no single file's, such as a full disk.
    pub fn run(
        &self,
        now: DateTime<Utc>,
        stop: &AtomicBool,
        tell: &mut dyn FnMut(Done),
    ) -> Result<(), SinkError> {
        let Some(open_from) = self.open_from else {
            return Ok(());
        };
        let manifest = Manifest::load(&self.dir)?;
        for name in leftovers::settle_doubles(&self.dir, &manifest, Some(open_from))? {
            tell(Done::SetAside { name });
        }
        let mut files: BTreeMap<_, _> = self.dir.record_files()?.into_iter().collect();
        files.retain(|name, _| *name < open_from);
        let mut round = Round {
            upkeep: self,
            files,
            manifest,
            stop,
            tell,
        };
        let all = round.names(|_| true);
        let counted = round.each(all, Round::count);
        if matches!(counted, Ok(Next::Stop)) {
            return Ok(());
        }
        round.leave_uncounted();
        // First, so that no file is compressed that is to go; also where there was no room to count
        // the others, for it makes some.
        let going = round.expired(now)?;
        round.each(going, Round::remove)?;
        counted?;
        if self.settings.compress != Compression::None {
            let plain = round.names(|stored| stored == Compression::None);
            round.each(plain, Round::compress)?;
        }
        Ok(())
    }

    fn length(&self, name: FileName, compression: Compression) -> Result<u64, SinkError> {
        let stored = name.stored(compression);
        let file = self.dir.open(&stored, Open::Read)?;
        file.length()
            .map_err(io_error("read", self.dir.file(&stored)))
    }
}

/// A round that is under way.
struct Round<'a> {
    upkeep: &'a Upkeep,
    /// The finished files, and how each is stored.
    files: BTreeMap<FileName, Compression>,
    manifest: Manifest,
    stop: &'a AtomicBool,
    tell: &'a mut dyn FnMut(Done),
}

/// Whether there is time for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Go,
    Stop,
}

/// What came of a step.
type Step = Result<Next, SinkError>;

impl Round<'_> {
    fn names(&self, of: impl Fn(Compression) -> bool) -> Vec<FileName> {
        let files = self.files.iter().filter(|(_, stored)| of(**stored));
        files.map(|(name, _)| *name).collect()
    }

    /// Takes a step with each of some files. One that fails is told of; a full disk fails for all.
    fn each(
        &mut self,
        files: Vec<FileName>,
        step: fn(&mut Self, FileName, Compression) -> Step,
    ) -> Step {
        for file in files {
            match step(self, file, self.files[&file]) {
                Err(error) if !error.is_full() => (self.tell)(Done::Failed { file, error }),
                Ok(Next::Go) => {}
                ended => return ended,
            }
        }
        Ok(Next::Go)
    }

    /// Has a finished file in the manifest, as it is stored.
    fn count(&mut self, name: FileName, compression: Compression) -> Step {
        let state = State::from(compression);
        let known = self.manifest.files.get(&name);
        let known = known.filter(|known| known.state != State::Removed);
        if known.is_some_and(|known| known.state == state) {
            return Ok(Next::Go);
        }
        let is_new = known.is_none();
        let content = match known {
            Some(known) => known.content.clone(),
            None => match self.read(name, compression)? {
                Ok(content) => content,
                Err(Stopped) => return Ok(Next::Stop),
            },
        };
        let file = Finished {
            name,
            state,
            content,
        };
        self.note(file.clone())?;
        if is_new {
            (self.tell)(Done::Finished(file));
        }
        Ok(Next::Go)
    }

    fn read(
        &self,
        name: FileName,
        compression: Compression,
    ) -> Result<Result<Content, Stopped>, SinkError> {
        let dir = &self.upkeep.dir;
        Content::of(dir.read(name, compression)?, self.stop)
            .map_err(io_error("read", dir.file(&name.stored(compression))))
    }

    /// Writes down what became of a file; where that fails, the manifest says what it said.
    fn note(&mut self, file: Finished) -> Result<(), SinkError> {
        let name = file.name;
        let before = self.manifest.files.insert(name, file);
        let saved = self.manifest.save(&self.upkeep.dir);
        if saved.is_err() {
            self.manifest.files.remove(&name);
            self.manifest.files.extend(before.map(|file| (name, file)));
        }
        saved
    }

    /// Leaves files alone that could not be counted: nobody could tell later that they were there.
    fn leave_uncounted(&mut self) {
        let known = &self.manifest.files;
        self.files.retain(|name, stored| {
            let state = State::from(*stored);
            known.get(name).is_some_and(|known| known.state == state)
        });
    }

    /// Names of the files that are to go.
    fn expired(&mut self, now: DateTime<Utc>) -> Result<Vec<FileName>, SinkError> {
        let Upkeep { dir, settings, .. } = self.upkeep;
        if settings.retain_age.is_none() && settings.retain_size.is_none() {
            return Ok(Vec::new());
        }
        let (mut closed, mut others) = (Vec::new(), 0);
        for (file, stored) in dir.record_files()? {
            match self.upkeep.length(file, stored) {
                Ok(length) if self.files.contains_key(&file) => closed.push((file, length)),
                Ok(length) => others += length,
                Err(error) => (self.tell)(Done::Failed { file, error }),
            }
        }
        Ok(expired(settings, &closed, others, now))
    }

    /// Removes a finished file: first in the manifest, so that none is missing without a word.
    fn remove(&mut self, name: FileName, compression: Compression) -> Step {
        let dir = &self.upkeep.dir;
        let mut file = self.manifest.files[&name].clone();
        let lines = file.content.lines;
        file.state = State::Removed;
        let noted = match self.note(file.clone()) {
            // What there is no room for is written behind what makes room for it.
            Err(error) if error.is_full() => false,
            noted => noted.map(|()| true)?,
        };
        fault::point(fault::RETENTION);
        dir.remove(&name.stored(compression))?;
        dir.sync()?;
        self.files.remove(&name);
        if !noted {
            self.note(file)?;
        }
        (self.tell)(Done::Removed { file: name, lines });
        Ok(Next::Go)
    }

    /// Compresses a finished file.
    fn compress(&mut self, name: FileName, _: Compression) -> Step {
        let Upkeep { dir, settings, .. } = self.upkeep;
        let changed = || self.upkeep.changed.lock();
        let changed = || changed().unwrap_or_else(PoisonError::into_inner);
        if changed().contains(&name) {
            return Ok(Next::Go);
        }
        let mut file = self.manifest.files[&name].clone();
        match compress(dir, name, settings.compress, &file.content, self.stop)? {
            Compressed::Stopped => return Ok(Next::Stop),
            Compressed::Changed => {
                changed().insert(name);
                (self.tell)(Done::Changed { file: name });
            }
            Compressed::Bytes(to) => {
                file.state = settings.compress.into();
                let from = file.content.bytes;
                self.note(file)?;
                (self.tell)(Done::Compressed {
                    file: name,
                    from,
                    to,
                });
            }
        }
        Ok(Next::Go)
    }
}

#[cfg(test)]
mod tests;
