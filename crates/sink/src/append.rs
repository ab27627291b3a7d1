//! Appending: a group of stories is written and synced as one, or taken back.

use std::{any::Any, io::SeekFrom, sync::Arc};

use chrono::NaiveDate;
use story::{Story, storage::Checkpoint};

use crate::{
    CURRENT, FileName, Settings, SinkError, Upkeep,
    dir::Dir,
    disk::{DiskFile, Open},
    fault, io_error,
    upkeep::Changed,
};

/// The record in one directory, open for appending.
#[derive(Debug)]
pub struct Sink {
    dir: Dir,
    settings: Arc<Settings>,
    /// Held as long as the sink is, or whoever looks after its files; a killed process lets go of it
    /// by itself.
    lock: Arc<dyn Any + Send + Sync>,
    /// The newest file and how much of it is synced; nothing behind that is to be believed.
    end: Option<End>,
    /// A file that this process made and whose name is not known to be on disk yet.
    made: Option<FileName>,
    /// The newest file, once something was written to it by this process.
    file: Option<Box<dyn DiskFile>>,
    /// Whether a failed write may have left something behind the newest file's end.
    failed: bool,
    /// Finished files that are not what the manifest says.
    changed: Changed,
}

/// How far the record goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) name: FileName,
    /// Bytes of it that are synced.
    pub(crate) offset: u64,
    /// Whether it gets no further line.
    pub(crate) closed: bool,
}

impl End {
    pub(crate) fn checkpoint(self) -> Checkpoint {
        Checkpoint {
            file: self.name.to_string(),
            offset: self.offset,
        }
    }
}

impl Sink {
    pub(crate) fn new(
        dir: Dir,
        settings: Arc<Settings>,
        lock: Arc<dyn Any + Send + Sync>,
        end: Option<End>,
    ) -> Self {
        Self {
            dir,
            settings,
            lock,
            end,
            made: None,
            file: None,
            failed: false,
            changed: Changed::default(),
        }
    }

    /// Appends `stories`, a line each, to the file of `today` and syncs them. On an error nothing
    /// of the group stands in the record, and the same group can be given again.
    ///
    /// A clock that went back does not lead back to an older file, nor to one that is finished: names
    /// only ever grow.
    pub fn commit(&mut self, stories: &[Story], today: NaiveDate) -> Result<Checkpoint, SinkError> {
        let mut lines = Vec::with_capacity(stories.len() * 4096);
        for story in stories {
            serde_json::to_writer(&mut lines, story).map_err(|source| SinkError::Json {
                id: story.id.to_string(),
                source,
            })?;
            lines.push(b'\n');
        }
        self.dir.check_reserve(self.settings.reserve)?;
        let end = self.open_file(today)?;
        let written = self.write(end, &lines);
        if written.is_err() {
            // Opened again, and cut back to what was synced, before the next attempt.
            self.file = None;
            self.failed = true;
        }
        let offset = written?;
        let end = End { offset, ..end };
        self.end = Some(end);
        Ok(end.checkpoint())
    }

    /// Finishes the newest file where its day is over, so that nobody waits for the next story to
    /// have it.
    pub fn close_past(&mut self, today: NaiveDate) {
        let over = |end: &&mut End| !end.closed && end.name.day() < today;
        if let Some(end) = self.end.as_mut().filter(over) {
            end.closed = true;
            self.file = None;
            // It names the open file and there is none. It is for people: a wrong one harms nobody.
            let _ = self.dir.remove(CURRENT);
        }
    }

    /// What is to be done with the files that are finished by now. It is for a caller whose ledger
    /// has acknowledged every line so far: what is not acknowledged is never removed.
    pub fn upkeep(&self) -> Upkeep {
        let open_from = self.end.map(|end| {
            if end.closed {
                end.name.next()
            } else {
                end.name
            }
        });
        Upkeep::new(
            self.dir.clone(),
            Arc::clone(&self.settings),
            Arc::clone(&self.lock),
            open_from,
            Arc::clone(&self.changed),
        )
    }

    /// The file that the next line goes to, where that is not the newest one.
    fn next_name(&self, today: NaiveDate) -> Option<FileName> {
        match self.end {
            None => Some(FileName::of(today)),
            Some(end) if end.name.day() < today => Some(FileName::of(today)),
            Some(end) => {
                let full = end.offset > 0 && end.offset >= self.settings.rotate_size;
                (end.closed || full).then(|| end.name.next())
            }
        }
    }

    /// Makes sure that the file of `today` is open and ends where it was last synced.
    fn open_file(&mut self, today: NaiveDate) -> Result<End, SinkError> {
        if let Some(name) = self.next_name(today) {
            self.take_back()?;
            self.create(name)?;
        }
        let end = self.end.expect("there is a newest file by now");
        if self.file.is_none() {
            self.file = Some(self.reopen(end)?);
            self.failed = false;
        }
        Ok(end)
    }

    /// Cuts off what a failed write left, so that the next file is not to hold it as well.
    fn take_back(&mut self) -> Result<(), SinkError> {
        if let Some(end) = self.end.filter(|_| self.failed) {
            self.reopen(end)?
                .sync()
                .map_err(io_error("sync", self.dir.file(&end.name.to_string())))?;
            self.failed = false;
        }
        Ok(())
    }

    /// Makes a new file, which must not be there: nothing is ever written over. It is the record's
    /// end only once its name is known to last: lines that are acknowledged in a file which a power
    /// loss takes away are lost.
    fn create(&mut self, name: FileName) -> Result<(), SinkError> {
        self.file = None;
        if self.made != Some(name) {
            self.dir.open(&name.to_string(), Open::New)?;
            self.made = Some(name);
        }
        fault::point(fault::ROTATION);
        self.dir.sync()?;
        let current = format!("{name}\n");
        self.dir.replace(CURRENT, current.as_bytes(), || ())?;
        self.made = None;
        self.end = Some(End {
            name,
            offset: 0,
            closed: false,
        });
        Ok(())
    }

    fn reopen(&self, end: End) -> Result<Box<dyn DiskFile>, SinkError> {
        let name = end.name.to_string();
        let mut file = self.dir.open(&name, Open::Write)?;
        file.set_length(end.offset)
            .map_err(io_error("cut back", self.dir.file(&name)))?;
        file.seek(SeekFrom::Start(end.offset))
            .map_err(io_error("seek in", self.dir.file(&name)))?;
        Ok(file)
    }

    /// Writes and syncs; returns the offset behind the lines.
    fn write(&mut self, end: End, lines: &[u8]) -> Result<u64, SinkError> {
        let path = self.dir.file(&end.name.to_string());
        let file = self.file.as_mut().expect("opened by open_file");
        fault::point(fault::BEFORE_WRITE);
        let result = fault::half_at(fault::MID_LINE, lines, |bytes| file.write_all(bytes))
            .map_err(io_error("append to", &path))
            .and_then(|()| {
                fault::point(fault::BEFORE_SYNC);
                file.sync().map_err(io_error("sync", &path))
            });
        if result.is_err() {
            // Readers see no half of it meanwhile; should this fail too, `reopen` does it again.
            let _ = file.set_length(end.offset);
        }
        result.map(|()| end.offset + lines.len() as u64)
    }
}

#[cfg(test)]
mod tests;
