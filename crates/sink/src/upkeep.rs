//! Looking after finished files: counted into the manifest, compressed, and removed when they are to
//! go. It works beside the sink, on files that the sink has done with, and may end at any moment: what
//! it left half done is taken up again.

use std::{any::Any, collections::BTreeMap, sync::Arc, sync::atomic::AtomicBool};

use chrono::{DateTime, Utc};

use crate::{
    Compression, FileName, Manifest, Settings, SinkError, State,
    compress::{Compressed, compress},
    dir::Dir,
    disk::Open,
    fault, io_error, leftovers,
    manifest::{Content, Finished},
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
}

/// What was done with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    ) -> Self {
        Self {
            dir,
            settings,
            _lock: lock,
            open_from,
        }
    }

    /// Files from this one on are not finished; `None` where there is no file.
    pub fn open_from(&self) -> Option<FileName> {
        self.open_from
    }

    /// Does what is to be done, and tells of each thing as it is done. It ends early, and well, once
    /// `stop` is set.
    pub fn run(
        &self,
        now: DateTime<Utc>,
        stop: &AtomicBool,
        tell: &mut dyn FnMut(Done),
    ) -> Result<(), SinkError> {
        let Some(open_from) = self.open_from else {
            return Ok(());
        };
        let mut manifest = Manifest::load(&self.dir)?;
        if manifest.unreadable > 0 {
            manifest.save(&self.dir)?;
        }
        for name in leftovers::settle_doubles(&self.dir, &manifest)? {
            tell(Done::SetAside { name });
        }
        let mut files: BTreeMap<_, _> = self.dir.record_files()?.into_iter().collect();
        files.retain(|name, _| *name < open_from);
        for (name, compression) in &files {
            if !self.count(*name, *compression, &mut manifest, stop, tell)? {
                return Ok(());
            }
        }
        // First, so that no file is compressed that is to go.
        for name in self.expired(&files, open_from, now)? {
            self.remove(name, files[&name], &mut manifest, tell)?;
            files.remove(&name);
        }
        for (name, _) in files.iter().filter(|file| *file.1 == Compression::None) {
            if !self.compress(*name, &mut manifest, stop, tell)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Has a finished file in the manifest, as it is stored; whether there was time for it.
    fn count(
        &self,
        name: FileName,
        compression: Compression,
        manifest: &mut Manifest,
        stop: &AtomicBool,
        tell: &mut dyn FnMut(Done),
    ) -> Result<bool, SinkError> {
        let state = State::from(compression);
        match manifest.files.get_mut(&name) {
            Some(known) if known.state == state => return Ok(true),
            Some(known) if known.state != State::Removed => known.state = state,
            _ => {
                let read = Content::of(self.dir.read(name, compression)?, stop)
                    .map_err(io_error("read", self.dir.file(&name.stored(compression))))?;
                let Ok(content) = read else {
                    return Ok(false);
                };
                let file = Finished {
                    name,
                    state,
                    content,
                };
                manifest.files.insert(name, file.clone());
                tell(Done::Finished(file));
            }
        }
        manifest.save(&self.dir)?;
        Ok(true)
    }

    /// Compresses a finished file where that is wished for; whether there was time for it.
    fn compress(
        &self,
        name: FileName,
        manifest: &mut Manifest,
        stop: &AtomicBool,
        tell: &mut dyn FnMut(Done),
    ) -> Result<bool, SinkError> {
        let to = self.settings.compress;
        let Some(known) = manifest.files.get_mut(&name) else {
            return Ok(true);
        };
        if to == Compression::None {
            return Ok(true);
        }
        match compress(&self.dir, name, to, &known.content, stop)? {
            Compressed::Stopped => return Ok(false),
            Compressed::Changed => tell(Done::Changed { file: name }),
            Compressed::Bytes(bytes) => {
                known.state = to.into();
                let from = known.content.bytes;
                manifest.save(&self.dir)?;
                tell(Done::Compressed {
                    file: name,
                    from,
                    to: bytes,
                });
            }
        }
        Ok(true)
    }

    /// Names of the files that are to go.
    fn expired(
        &self,
        files: &BTreeMap<FileName, Compression>,
        open_from: FileName,
        now: DateTime<Utc>,
    ) -> Result<Vec<FileName>, SinkError> {
        if self.settings.retain_age.is_none() && self.settings.retain_size.is_none() {
            return Ok(Vec::new());
        }
        let length = |name: FileName, compression: Compression| {
            let stored = name.stored(compression);
            let file = self.dir.open(&stored, Open::Read)?;
            file.length()
                .map_err(io_error("read", self.dir.file(&stored)))
        };
        let mut closed = Vec::new();
        for (name, compression) in files {
            closed.push((*name, length(*name, *compression)?));
        }
        let mut open = 0;
        for (name, compression) in self.dir.record_files()? {
            if name >= open_from {
                open += length(name, compression)?;
            }
        }
        Ok(expired(&self.settings, &closed, open, now))
    }

    /// Removes a finished file: first in the manifest, so that none is missing without a word.
    fn remove(
        &self,
        name: FileName,
        compression: Compression,
        manifest: &mut Manifest,
        tell: &mut dyn FnMut(Done),
    ) -> Result<(), SinkError> {
        let mut lines = 0;
        if let Some(known) = manifest.files.get_mut(&name) {
            known.state = State::Removed;
            lines = known.content.lines;
        }
        manifest.save(&self.dir)?;
        fault::point(fault::RETENTION);
        self.dir.remove(&name.stored(compression))?;
        self.dir.sync()?;
        tell(Done::Removed { file: name, lines });
        Ok(())
    }
}
