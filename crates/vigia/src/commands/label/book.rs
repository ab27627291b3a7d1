//! The file of labels: a line for each decision, synced as it is made, and cut back to undo one.

use std::{
    collections::HashSet,
    fs::{File, OpenOptions, TryLockError},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use pipeline::filter::label_of;
use serde::Deserialize;
use serde_json::Value;

use super::super::input::same_file;

/// A file that labels cannot be kept in.
#[derive(Debug, thiserror::Error)]
#[error("keep labels in `{}`: {why}; name another file with --out", path.display())]
pub(crate) struct WrongPlace {
    path: PathBuf,
    why: String,
}

/// Labels that are kept.
pub(super) struct Book {
    path: PathBuf,
    file: File,
    /// Where each line begins, and where the next one will.
    lines: Vec<u64>,
    end: u64,
    ids: HashSet<String>,
    kept: usize,
    torn: bool,
}

/// What is read of a line that stands there.
#[derive(Deserialize)]
struct Line {
    id: Value,
    label: Value,
}

/// The id and label of a line, if it is one of a label.
fn label_in(line: &[u8]) -> Option<(String, bool)> {
    let Line { id, label } = serde_json::from_slice(line).ok()?;
    Some((id.to_string(), label_of(&label)?))
}

/// Bytes of a line that are read.
const LINE_BYTES_MAX: u64 = 64 << 20;

impl Book {
    /// Opens a file, or begins one. What was half written when a run before was killed is cut off.
    pub(super) fn open(path: &Path, stories: &Path) -> Result<Self> {
        let wrong = |why: &str| WrongPlace {
            path: path.to_owned(),
            why: why.to_owned(),
        };
        if same_file(path, stories) {
            bail!(wrong("the stories are in it"));
        }
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        if path.extension().is_some_and(|ending| ending == "jsonl")
            && folder.unwrap_or(Path::new(".")).join(".lock").exists()
        {
            // The sink leaves its lock there; the record is all `*.jsonl` of its folder.
            let why =
                "in the folder of the record every file that ends with .jsonl is the record's";
            bail!(wrong(why));
        }
        let opening = || format!("open `{}`", path.display());
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false);
        let file = file.open(path).with_context(opening)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => bail!(wrong("another `vigia label` writes to it")),
            Err(TryLockError::Error(error)) => return Err(error).with_context(opening),
            Ok(()) => {}
        }
        let mut book = Self {
            path: path.to_owned(),
            file,
            lines: Vec::new(),
            end: 0,
            ids: HashSet::new(),
            kept: 0,
            torn: false,
        };
        book.read()?;
        Ok(book)
    }

    fn read(&mut self) -> Result<()> {
        let reading = format!("read `{}`", self.path.display());
        let mut reader = BufReader::new(&self.file);
        let mut bytes = Vec::new();
        let mut found = Vec::new();
        for number in 1.. {
            bytes.clear();
            let mut limited = (&mut reader).take(LINE_BYTES_MAX);
            let length = limited.read_until(b'\n', &mut bytes);
            let length = length.context(reading.clone())? as u64;
            if length == 0 {
                break;
            }
            match label_in(&bytes) {
                Some((id, label)) if bytes.ends_with(b"\n") => found.push((self.end, id, label)),
                _ if bytes.trim_ascii().is_empty() => {}
                _ if !bytes.ends_with(b"\n") && length < LINE_BYTES_MAX => {
                    self.torn = true;
                    break;
                }
                _ => bail!(WrongPlace {
                    path: self.path.clone(),
                    why: format!("line {number} is no label"),
                }),
            }
            self.end += length;
        }
        for (begin, id, label) in found {
            self.lines.push(begin);
            self.ids.insert(id);
            self.kept += usize::from(label);
        }
        if self.torn {
            self.cut(self.end)?;
        }
        Ok(())
    }

    /// What is worth telling of a file that was opened.
    pub(super) fn note(&self) -> Option<String> {
        let path = self.path.display();
        let torn = "its last line was half written, and was cut off";
        match (self.lines.len(), self.torn) {
            (0, false) => None,
            (0, true) => Some(format!("`{path}`: {torn}")),
            (count, false) => Some(format!(
                "`{path}` has {count} labels; going on with the rest"
            )),
            (count, true) => Some(format!("`{path}` has {count} labels; {torn}")),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How many labels there are, and how many of them keep their story.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.lines.len(), self.kept)
    }

    pub(super) fn has(&self, id: &Value) -> bool {
        self.ids.contains(&id.to_string())
    }

    /// Appends a label and returns once it is on the disk.
    pub(super) fn add(&mut self, id: &Value, label: bool, line: &str) -> Result<()> {
        let written = self
            .file
            .seek(SeekFrom::Start(self.end))
            .and_then(|_| self.file.write_all(format!("{line}\n").as_bytes()))
            .and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // What was written of it would be taken for a label's beginning.
            let _ = self.file.set_len(self.end);
            return Err(self.failed(error));
        }
        self.lines.push(self.end);
        self.end += line.len() as u64 + 1;
        self.ids.insert(id.to_string());
        self.kept += usize::from(label);
        Ok(())
    }

    /// Takes the last label back, on the disk too, and gives its line.
    pub(super) fn undo(&mut self) -> Result<Option<String>> {
        let Some(begin) = self.lines.last().copied() else {
            return Ok(None);
        };
        let mut line = String::new();
        self.file
            .seek(SeekFrom::Start(begin))
            .and_then(|_| BufReader::new(&self.file).read_line(&mut line))
            .map_err(|error| self.failed(error))?;
        self.cut(begin)?;
        self.lines.pop();
        if let Some((id, label)) = label_in(line.as_bytes()) {
            self.ids.remove(&id);
            self.kept -= usize::from(label);
        }
        Ok(Some(line))
    }

    fn cut(&mut self, end: u64) -> Result<()> {
        let cut = self.file.set_len(end).and_then(|()| self.file.sync_all());
        cut.map_err(|error| self.failed(error))?;
        self.end = end;
        Ok(())
    }

    fn failed(&self, error: io::Error) -> anyhow::Error {
        anyhow::Error::new(error).context(format!("write `{}`", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;

    fn line(id: u32, label: u8) -> String {
        json!({ "id": id, "title": "T", "text": "x", "label": label }).to_string()
    }

    fn open(path: &Path) -> Book {
        Book::open(path, Path::new("nowhere.jsonl")).unwrap()
    }

    #[test]
    fn labels_are_kept_and_taken_back_on_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.labels");
        let mut book = open(&path);
        book.add(&json!(1), true, &line(1, 1)).unwrap();
        book.add(&json!(2), false, &line(2, 0)).unwrap();
        assert_eq!(book.counts(), (2, 1));
        drop(book);
        let mut book = open(&path);
        assert_eq!(book.counts(), (2, 1));
        assert!(book.has(&json!(1)) && !book.has(&json!("1")));
        assert_eq!(book.undo().unwrap().unwrap().trim_end(), line(2, 0));
        assert!(!book.has(&json!(2)));
        book.add(&json!(3), true, &line(3, 1)).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, format!("{}\n{}\n", line(1, 1), line(3, 1)));
        assert!(book.undo().unwrap().is_some() && book.undo().unwrap().is_some());
        assert_eq!((book.undo().unwrap(), book.counts()), (None, (0, 0)));
        assert_eq!(fs::read(&path).unwrap(), b"");
    }

    #[test]
    fn a_label_may_be_a_truth() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.labels");
        let text = line(1, 1).replace(":1}", ":true}") + "\n" + &line(2, 0) + "\n";
        assert!(text.contains("true"));
        fs::write(&path, text).unwrap();
        let mut book = open(&path);
        assert_eq!(book.counts(), (2, 1));
        assert!(book.undo().unwrap().is_some() && book.undo().unwrap().is_some());
        assert_eq!(book.counts(), (0, 0));
    }

    #[test]
    fn a_line_that_was_half_written_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.labels");
        fs::write(&path, format!("{}\n{}", line(1, 1), &line(2, 0)[..9])).unwrap();
        let mut book = open(&path);
        assert!(book.note().unwrap().contains("half written"));
        book.add(&json!(3), false, &line(3, 0)).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, format!("{}\n{}\n", line(1, 1), line(3, 0)));
    }

    #[test]
    fn no_file_of_anything_else_is_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |name: &str, text: &str, part: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            let stories = folder.path().join("stories.jsonl");
            let error = Book::open(&path, &stories).err().unwrap().to_string();
            assert!(error.contains(part) && error.contains("--out"), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        };
        refused("stories.jsonl", "{}\n", "the stories are in it");
        let both = format!("{}\n{{\"id\":2}}\n", line(1, 1));
        refused("b.labels", &both, "line 2 is no label");
        refused("b.labels", &format!("\n \n{both}"), "line 4 is no label");
        refused("c.labels", &line(1, 2).replace('}', "}\n"), "no label");
        fs::write(folder.path().join(".lock"), "").unwrap();
        refused("d.jsonl", "", "the record's");
        let path = folder.path().join("e.labels");
        let _held = open(&path);
        let error = Book::open(&path, &path.with_extension("x")).err().unwrap();
        assert!(error.to_string().contains("another"), "{error}");
    }
}
