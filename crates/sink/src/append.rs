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
            self.create(name)?;
        }
        let end = self.end.expect("there is a newest file by now");
        if self.file.is_none() {
            self.file = Some(self.reopen(end)?);
        }
        Ok(end)
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
mod tests {
    use std::{fs::OpenOptions, path::Path};

    use proptest::prelude::*;

    use super::*;
    use crate::{
        disk::simulated::SimulatedDisk,
        recover::tests::{ids, line, story},
    };

    fn day(n: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, n).unwrap()
    }

    fn open(dir: &Path, checkpoint: Option<&Checkpoint>) -> crate::Opened {
        Sink::open(&Settings::new(dir), checkpoint).unwrap()
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
            Sink::open(&Settings::new(dir.path()), None),
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
        let disk = SimulatedDisk::default();
        let settings = Settings::new(Path::new("stories"));
        let open = |disk: &SimulatedDisk| {
            let disk = Arc::new(disk.clone());
            Sink::open_on(disk, &settings, None).unwrap()
        };
        let mut sink = open(&disk).sink;
        sink.commit(&[story("a")], day(1)).unwrap();
        let before = sink.end;
        // The new file is made and its directory is not synced.
        disk.lose_power_after(1);
        sink.commit(&[story("b")], day(2)).unwrap_err();
        assert_eq!(sink.end, before);
        // The next attempt is not put off by its own file.
        disk.lose_power_after(u64::MAX);
        let end = sink.commit(&[story("b")], day(2)).unwrap();
        assert_eq!(end.file, FileName::of(day(2)).to_string());
        assert_eq!(ids(&open(&disk)), ["a", "b"]);
    }

    #[test]
    fn a_file_that_grew_too_large_gets_no_further_line() {
        let dir = tempfile::tempdir().unwrap();
        let settings = Settings {
            rotate_size: line("a").len() as u64 + 1,
            ..Settings::new(dir.path())
        };
        let mut sink = Sink::open(&settings, None).unwrap().sink;
        let mut file = |id: &str, today| sink.commit(&[story(id)], day(today)).unwrap().file;
        assert_eq!(file("a", 1), "stories-2026-01-01.jsonl");
        assert_eq!(file("b", 1), "stories-2026-01-01.jsonl");
        assert_eq!(file("c", 1), "stories-2026-01-01.part0002.jsonl");
        assert_eq!(file("d", 2), "stories-2026-01-02.jsonl");
        let current = std::fs::read_to_string(dir.path().join(CURRENT)).unwrap();
        assert_eq!(current, "stories-2026-01-02.jsonl\n");
    }

    #[test]
    fn a_finished_file_is_not_opened_again_by_a_clock_that_goes_back() {
        let dir = tempfile::tempdir().unwrap();
        let settings = Settings::new(dir.path());
        let mut sink = Sink::open(&settings, None).unwrap().sink;
        sink.commit(&[story("a")], day(5)).unwrap();
        sink.close_past(day(6));
        assert!(!dir.path().join(CURRENT).exists());
        let never = std::sync::atomic::AtomicBool::new(false);
        let now = "2026-01-06T00:00:00Z".parse().unwrap();
        sink.upkeep().run(now, &never, &mut |_| ()).unwrap();
        // The same process, and the next one.
        drop(sink.commit(&[story("b")], day(4)).unwrap());
        drop(sink);
        let mut sink = Sink::open(&settings, None).unwrap().sink;
        let end = sink.commit(&[story("c")], day(5)).unwrap();
        assert_eq!(end.file, "stories-2026-01-05.part0002.jsonl");
        let text = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
        assert_eq!(text("stories-2026-01-05.jsonl"), line("a"));
        assert_eq!(text(&end.file), line("b") + &line("c"));
    }

    #[test]
    fn room_that_is_to_be_left_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let settings = Settings {
            reserve: u64::MAX,
            ..Settings::new(dir.path())
        };
        let mut sink = Sink::open(&settings, None).unwrap().sink;
        let error = sink.commit(&[story("a")], day(1)).unwrap_err();
        assert!(error.is_full(), "{error}");
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
