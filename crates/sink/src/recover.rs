//! Opening the record: the lock, the torn tail, and what was written since the last checkpoint.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{BufRead, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use serde::Deserialize;
use story::{StoryId, storage::Checkpoint};

use crate::{Sink, SinkError, append::sync_dir, io_error, is_of_record};

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
    /// The tail that was cut off, if there was one.
    pub torn: Option<Torn>,
    /// Whole lines that are no story: someone else's, left as they are.
    pub foreign_lines: u64,
}

impl Sink {
    /// Opens the record in `dir`, making it where it is not there, and reads back what was written
    /// behind `checkpoint`; one that names no file of the record says nothing about it.
    pub fn open(dir: &Path, checkpoint: Option<&Checkpoint>) -> Result<Opened, SinkError> {
        fs::create_dir_all(dir).map_err(io_error("make the directory", dir))?;
        let lock = lock(dir)?;
        let checkpoint = checkpoint.filter(|checkpoint| is_of_record(&checkpoint.file));
        let mut tail = Tail::default();
        let mut end = None;
        for file in record_files(dir)? {
            let from = match checkpoint {
                // Acknowledged whole; its length is only asked for in case it is the newest left.
                Some(checkpoint) if file < checkpoint.file => u64::MAX,
                Some(checkpoint) if file == checkpoint.file => checkpoint.offset,
                _ => 0,
            };
            let offset = read_back(dir, &file, from, &mut tail)?;
            end = Some(Checkpoint { file, offset });
        }
        sync_dir(dir)?;
        let sink = Sink::new(dir.to_owned(), lock, end.clone());
        Ok(Opened { sink, tail, end })
    }
}

fn lock(dir: &Path) -> Result<File, SinkError> {
    let path = dir.join(".lock");
    let file = File::create(&path).map_err(io_error("make the lock file", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(SinkError::Locked {
            dir: dir.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(io_error("lock", &path)(source)),
    }
}

/// Names of the record's files, oldest first.
fn record_files(dir: &Path) -> Result<Vec<String>, SinkError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(io_error("list", dir))? {
        let name = entry.map_err(io_error("list", dir))?.file_name();
        if let Some(name) = name.to_str()
            && is_of_record(name)
        {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Reads the lines of a file from `from`, cuts off what is torn, syncs the rest and returns where
/// it ends.
fn read_back(dir: &Path, name: &str, from: u64, tail: &mut Tail) -> Result<u64, SinkError> {
    let path = dir.join(name);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&path)
        .map_err(io_error("open", &path))?;
    let length = file.metadata().map_err(io_error("read", &path))?.len();
    let from = from.min(length);
    file.seek(SeekFrom::Start(from))
        .map_err(io_error("seek in", &path))?;
    let mut reader = BufReader::with_capacity(1 << 16, &file);
    let mut whole = from;
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = reader
            .read_until(b'\n', &mut line)
            .map_err(io_error("read", &path))?;
        // After a power loss a tail may have its length and not its bytes: zeros, newlines and all.
        if read == 0 || line.last() != Some(&b'\n') || line.contains(&0) {
            break;
        }
        match serde_json::from_slice(&line) {
            Ok(written) => tail.written.push(written),
            Err(_) => tail.foreign_lines += 1,
        }
        whole += read as u64;
    }
    drop(reader);
    if whole < length {
        tail.torn = Some(cut(&mut file, dir, name, whole, length)?);
    }
    file.sync_data().map_err(io_error("sync", &path))?;
    Ok(whole)
}

/// Moves everything behind `whole` out of the file, into one that no reader takes for the record.
fn cut(
    file: &mut File,
    dir: &Path,
    name: &str,
    whole: u64,
    length: u64,
) -> Result<Torn, SinkError> {
    let path = dir.join(name);
    let kept_as = dir.join(format!("{name}.torn-at-{whole}"));
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(whole))
        .map_err(io_error("seek in", &path))?;
    file.read_to_end(&mut tail)
        .map_err(io_error("read", &path))?;
    File::create(&kept_as)
        .and_then(|mut copy| copy.write_all(&tail).and_then(|()| copy.sync_all()))
        .map_err(io_error("keep the torn tail as", &kept_as))?;
    file.set_len(whole).map_err(io_error("cut back", &path))?;
    Ok(Torn {
        file: name.to_owned(),
        bytes: length - whole,
        kept_as,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use story::{Provenance, SCHEMA, Story, TextSource};

    use super::*;
    use crate::FILE_SUFFIX;

    /// A story with an id and nothing to say.
    pub(crate) fn story(id: &str) -> Story {
        Story {
            schema: SCHEMA.to_owned(),
            id: StoryId::carried(id.to_owned()),
            revision: 1,
            url: None,
            canonical_url: None,
            feed: None,
            outlet: None,
            title: "A title\nof two lines".to_owned(),
            bylines: Vec::new(),
            published: None,
            updated: None,
            fetched: None,
            lang: None,
            text: String::new(),
            text_source: TextSource::Page,
            words: 0,
            relevant: true,
            score: 1.0,
            threshold: 0.5,
            model: String::new(),
            categories: Vec::new(),
            countries: Vec::new(),
            places: Vec::new(),
            actors: Vec::new(),
            events: Vec::new(),
            evidence: Vec::new(),
            cluster: None,
            provenance: Provenance::default(),
        }
    }

    /// The line of [`story`].
    pub(crate) fn line(id: &str) -> String {
        serde_json::to_string(&story(id)).unwrap() + "\n"
    }

    /// Ids of the lines that were read back.
    pub(crate) fn ids(opened: &Opened) -> Vec<String> {
        opened
            .tail
            .written
            .iter()
            .map(|line| line.id.to_string())
            .collect()
    }

    const FILE: &str = "stories-2026-01-01.jsonl";

    fn open_with(text: &[u8], checkpoint: Option<u64>) -> (tempfile::TempDir, Opened) {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE), text).unwrap();
        let checkpoint = checkpoint.map(|offset| Checkpoint {
            file: FILE.to_owned(),
            offset,
        });
        let opened = Sink::open(dir.path(), checkpoint.as_ref()).unwrap();
        (dir, opened)
    }

    #[test]
    fn a_torn_last_line_is_cut_off_and_kept_aside() {
        let (whole, torn) = (line("a"), &line("b")[..40]);
        let (dir, opened) = open_with(format!("{whole}{torn}").as_bytes(), None);
        assert_eq!(ids(&opened), ["a"]);
        assert_eq!(fs::read_to_string(dir.path().join(FILE)).unwrap(), whole);
        let cut = opened.tail.torn.unwrap();
        assert_eq!(fs::read_to_string(&cut.kept_as).unwrap(), torn);
        assert!(!cut.kept_as.to_string_lossy().ends_with(FILE_SUFFIX));
        assert_eq!(cut.bytes, 40);
    }

    #[test]
    fn zeros_that_a_power_loss_left_are_no_lines() {
        let whole = line("a");
        let mut bytes = whole.clone().into_bytes();
        bytes.extend_from_slice(b"\0\0\0\n\0");
        let (_dir, opened) = open_with(&bytes, None);
        assert_eq!(opened.end.unwrap().offset, whole.len() as u64);
    }

    #[test]
    fn only_what_stands_behind_the_checkpoint_is_read() {
        let text = line("a") + &line("b");
        let (_dir, opened) = open_with(text.as_bytes(), Some(line("a").len() as u64));
        assert_eq!(ids(&opened), ["b"]);
    }

    #[test]
    fn a_checkpoint_past_the_end_reads_nothing() {
        let (_dir, opened) = open_with(line("a").as_bytes(), Some(1_000_000));
        assert_eq!(ids(&opened), [""; 0]);
        assert_eq!(opened.end.unwrap().offset, line("a").len() as u64);
    }

    #[test]
    fn a_lost_newest_file_leaves_the_older_ones_as_they_are() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE), line("a")).unwrap();
        let gone = Checkpoint {
            file: "stories-2026-01-09.jsonl".to_owned(),
            offset: 5,
        };
        let opened = Sink::open(dir.path(), Some(&gone)).unwrap();
        let end = Checkpoint {
            file: FILE.to_owned(),
            offset: line("a").len() as u64,
        };
        assert_eq!(opened.end, Some(end));
        assert_eq!(ids(&opened), [""; 0]);
    }

    #[test]
    fn only_files_that_the_sink_names_are_the_record() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE), line("a")).unwrap();
        let others = [
            "stories-export.jsonl",
            "stories-2026-01-01 (copy).jsonl",
            "stories-2026-1-2.jsonl",
            "stories-+2026-01-02.jsonl",
            "stories-2026-13-01.jsonl",
            "stories-.jsonl",
        ];
        for other in others {
            fs::write(dir.path().join(other), "half a li").unwrap();
        }
        let stray = Checkpoint {
            file: "stories-export.jsonl".to_owned(),
            offset: 9,
        };
        let mut opened = Sink::open(dir.path(), Some(&stray)).unwrap();
        assert_eq!(ids(&opened), ["a"]);
        assert_eq!(opened.tail.torn, None);
        assert_eq!(opened.end.as_ref().unwrap().file, FILE);
        let today = "2026-01-02".parse().unwrap();
        let end = opened.sink.commit(&[story("b")], today).unwrap();
        assert_eq!(end.file, "stories-2026-01-02.jsonl");
        for other in others {
            let text = fs::read_to_string(dir.path().join(other)).unwrap();
            assert_eq!(text, "half a li", "{other}");
        }
    }

    #[test]
    fn lines_of_others_are_counted_and_left() {
        let text = format!("not json\n{}", line("a"));
        let (dir, opened) = open_with(text.as_bytes(), None);
        assert_eq!(
            (opened.tail.foreign_lines, ids(&opened)),
            (1, vec!["a".to_owned()])
        );
        assert_eq!(fs::read_to_string(dir.path().join(FILE)).unwrap(), text);
    }
}
