//! Appending: a group of stories is written and synced as one, or taken back.

use std::{
    fs::{File, OpenOptions},
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use chrono::NaiveDate;
use story::{Story, storage::Checkpoint};

use crate::{SinkError, file_of, io_error};

/// The record in one directory, open for appending.
#[derive(Debug)]
pub struct Sink {
    dir: PathBuf,
    /// Held as long as the sink is; a killed process lets go of it by itself.
    _lock: File,
    /// The newest file's name and how much of it is synced; nothing behind that is to be believed.
    end: Option<Checkpoint>,
    /// A file that this process made and whose name is not known to be on disk yet.
    made: Option<String>,
    /// The newest file, once something was written to it by this process.
    file: Option<File>,
}

impl Sink {
    pub(crate) fn new(dir: PathBuf, lock: File, end: Option<Checkpoint>) -> Self {
        Self {
            dir,
            _lock: lock,
            end,
            made: None,
            file: None,
        }
    }

    /// Appends `stories`, a line each, to the file of `today` and syncs them. On an error nothing
    /// of the group stands in the record, and the same group can be given again.
    ///
    /// A clock that went back does not lead back to an older file: names only ever grow.
    pub fn commit(&mut self, stories: &[Story], today: NaiveDate) -> Result<Checkpoint, SinkError> {
        let mut lines = Vec::with_capacity(stories.len() * 4096);
        for story in stories {
            serde_json::to_writer(&mut lines, story).map_err(|source| SinkError::Json {
                id: story.id.to_string(),
                source,
            })?;
            lines.push(b'\n');
        }
        let end = self.open_file(today)?;
        let written = self.write(&end, &lines);
        if written.is_err() {
            // Opened again, and cut back to what was synced, before the next attempt.
            self.file = None;
        }
        let end = Checkpoint {
            offset: written?,
            ..end
        };
        self.end = Some(end.clone());
        Ok(end)
    }

    /// Makes sure that the file of `today` is open and ends where it was last synced.
    fn open_file(&mut self, today: NaiveDate) -> Result<Checkpoint, SinkError> {
        let name = file_of(today);
        let end = match &self.end {
            Some(end) if end.file >= name => end.clone(),
            _ => self.create(name, sync_dir)?,
        };
        if self.file.is_none() {
            self.file = Some(self.reopen(&end)?);
        }
        Ok(end)
    }

    /// Makes the file of a new day, which must not be there: nothing is ever written over.
    /// It is the record's end only once `sync_dir` has made its name last: lines that are
    /// acknowledged in a file which a power loss takes away are lost.
    fn create(
        &mut self,
        name: String,
        sync_dir: impl FnOnce(&Path) -> Result<(), SinkError>,
    ) -> Result<Checkpoint, SinkError> {
        self.file = None;
        if self.made.as_ref() != Some(&name) {
            let path = self.dir.join(&name);
            File::create_new(&path).map_err(io_error("make", &path))?;
            self.made = Some(name.clone());
        }
        sync_dir(&self.dir)?;
        self.made = None;
        let end = Checkpoint {
            file: name,
            offset: 0,
        };
        self.end = Some(end.clone());
        Ok(end)
    }

    fn reopen(&self, end: &Checkpoint) -> Result<File, SinkError> {
        let path = self.dir.join(&end.file);
        let mut file = OpenOptions::new()
            .write(true)
            .open(&path)
            .map_err(io_error("open", &path))?;
        file.set_len(end.offset)
            .map_err(io_error("cut back", &path))?;
        file.seek(SeekFrom::Start(end.offset))
            .map_err(io_error("seek in", &path))?;
        Ok(file)
    }

    /// Writes and syncs; returns the offset behind the lines.
    fn write(&mut self, end: &Checkpoint, lines: &[u8]) -> Result<u64, SinkError> {
        let path = self.dir.join(&end.file);
        let file = self.file.as_mut().expect("opened by open_file");
        let result = file
            .write_all(lines)
            .map_err(io_error("append to", &path))
            .and_then(|()| file.sync_data().map_err(io_error("sync", &path)));
        if result.is_err() {
            // Readers see no half of it meanwhile; should this fail too, `reopen` does it again.
            let _ = file.set_len(end.offset);
        }
        result.map(|()| end.offset + lines.len() as u64)
    }
}

/// Syncs a directory, so that a file made in it is there after a power loss.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), SinkError> {
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(io_error("sync", dir))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::recover::tests::{ids, line, story};

    fn day(n: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, n).unwrap()
    }

    fn open(dir: &Path, checkpoint: Option<&Checkpoint>) -> crate::Opened {
        Sink::open(dir, checkpoint).unwrap()
    }

    #[test]
    fn a_day_has_a_file_and_a_clock_that_goes_back_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let mut sink = open(dir.path(), None).sink;
        sink.commit(&[story("a")], day(2)).unwrap();
        let end = sink.commit(&[story("b")], day(1)).unwrap();
        assert_eq!(end.file, "stories-2026-01-02.jsonl");
        let end = sink.commit(&[story("c")], day(3)).unwrap();
        assert_eq!(end.file, "stories-2026-01-03.jsonl");
        assert_eq!(ids(&open_again(sink, dir.path(), None)), ["a", "b", "c"]);
    }

    /// Opens the record again, as a new process would.
    fn open_again(sink: Sink, dir: &Path, checkpoint: Option<&Checkpoint>) -> crate::Opened {
        drop(sink);
        open(dir, checkpoint)
    }

    #[test]
    fn a_second_daemon_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let _held = open(dir.path(), None);
        assert!(matches!(
            Sink::open(dir.path(), None),
            Err(SinkError::Locked { .. })
        ));
    }

    #[test]
    fn a_commit_after_a_failed_one_starts_where_the_record_was_synced() {
        let dir = tempfile::tempdir().unwrap();
        let mut sink = open(dir.path(), None).sink;
        let end = sink.commit(&[story("a")], day(1)).unwrap();
        // What a failed write leaves behind when even taking it back fails.
        let path = dir.path().join(&end.file);
        let mut torn = std::fs::read(&path).unwrap();
        torn.extend_from_slice(b"{\"id\":\"half");
        std::fs::write(&path, torn).unwrap();
        sink.file = None;
        sink.commit(&[story("b")], day(1)).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, line("a") + &line("b"));
    }

    #[test]
    fn a_new_file_is_not_the_end_before_its_name_is_synced() {
        let dir = tempfile::tempdir().unwrap();
        let mut sink = open(dir.path(), None).sink;
        let before = sink.commit(&[story("a")], day(1)).unwrap();
        let refuse = |dir: &Path| Err(io_error("sync", dir)(std::io::Error::other("no")));
        assert!(sink.create(file_of(day(2)), refuse).is_err());
        assert_eq!(sink.end, Some(before));
        // The next attempt syncs the directory as well, and is not put off by its own file.
        let mut synced = false;
        let sync = |_: &Path| {
            synced = true;
            Ok(())
        };
        sink.create(file_of(day(2)), sync).unwrap();
        assert!(synced);
        let end = sink.commit(&[story("b")], day(2)).unwrap();
        assert_eq!(end.file, file_of(day(2)));
        assert_eq!(ids(&open_again(sink, dir.path(), None)), ["a", "b"]);
    }

    #[test]
    fn a_file_that_is_not_ours_to_continue_is_never_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let sink = open(dir.path(), None).sink;
        let path = dir.path().join("stories-2026-01-01.jsonl");
        std::fs::write(&path, "someone's\n").unwrap();
        let mut sink = sink;
        assert!(sink.commit(&[story("a")], day(1)).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "someone's\n");
    }

    proptest! {
        /// Whatever a crash leaves behind the last sync, the record afterwards holds what was
        /// acknowledged, whole and once, and appending goes on.
        #[test]
        fn what_was_acknowledged_survives_any_crash(
            steps in prop::collection::vec((1_usize..4, 0_usize..3, any::<prop::sample::Index>()), 1..12)
        ) {
            let dir = tempfile::tempdir().unwrap();
            let mut acknowledged = Vec::new();
            let mut checkpoint = None;
            let mut next = 0;
            for (today, (stories, crash, cut)) in (1..).zip(steps) {
                let mut sink = open(dir.path(), checkpoint.as_ref()).sink;
                let group: Vec<_> = (0..stories).map(|i| story(&format!("s{}", next + i))).collect();
                next += stories;
                let end = sink.commit(&group, day(today)).unwrap();
                let start = checkpoint.as_ref().filter(|c: &&Checkpoint| c.file == end.file).map_or(0, |c| c.offset);
                drop(sink);
                if crash == 0 {
                    // Killed before the acknowledgement: any part of the group may be there.
                    let path = dir.path().join(&end.file);
                    let keep = start + cut.index((end.offset - start) as usize + 1) as u64;
                    OpenOptions::new().write(true).open(&path).unwrap().set_len(keep).unwrap();
                    let opened = open(dir.path(), checkpoint.as_ref());
                    let found = ids(&opened);
                    for (found, written) in found.iter().zip(&group) {
                        prop_assert_eq!(found.as_str(), written.id.as_str());
                    }
                    acknowledged.extend(found);
                    checkpoint = opened.end;
                } else {
                    acknowledged.extend(group.iter().map(|story| story.id.to_string()));
                    checkpoint = Some(end);
                }
            }
            prop_assert_eq!(ids(&open(dir.path(), None)), acknowledged);
        }
    }
}
