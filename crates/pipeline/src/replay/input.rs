//! The files that a replay reads: which, in which order, and what each of them is.

use std::{
    fs::{self, File},
    io::{self, BufRead, Read},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};
use sink::{Compression, FileName, RecordFile, open_lines};
use story::hex;

use super::ReplayError;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Records of an archive.
    Warc,
    /// JSON, an object a line.
    Lines,
    /// One page.
    Page,
}

/// A file that is read.
#[derive(Clone, Debug)]
pub(super) struct InputFile {
    pub(super) path: PathBuf,
    pub(super) form: Form,
    pub(super) bytes: u64,
    /// What it is of a record, which a daemon may be compressing meanwhile.
    pub(super) record: Option<RecordFile>,
}

impl InputFile {
    fn named(path: PathBuf, form: Form) -> io::Result<Self> {
        let bytes = fs::metadata(&path)?.len();
        let stored = record_name(&path, "");
        let record = stored.map(|(name, compression)| RecordFile {
            name,
            compression,
            path: path.clone(),
            stored_bytes: bytes,
        });
        Ok(Self {
            path,
            form,
            bytes,
            record,
        })
    }

    fn of_record(file: RecordFile) -> Self {
        Self {
            path: file.path.clone(),
            form: Form::Lines,
            bytes: file.stored_bytes,
            record: Some(file),
        }
    }

    /// Opens it for reading its lines.
    pub(super) fn open_lines(&self) -> io::Result<Box<dyn BufRead + Send>> {
        match &self.record {
            Some(file) => file.open(),
            None => open_lines(&self.path),
        }
    }
}

/// Endings of names, and what such files hold.
const ENDINGS: [(&str, Form); 12] = [
    (".warc", Form::Warc),
    (".warc.gz", Form::Warc),
    (".jsonl", Form::Lines),
    (".jsonl.gz", Form::Lines),
    (".jsonl.zst", Form::Lines),
    (".ndjson", Form::Lines),
    (".ndjson.gz", Form::Lines),
    (".ndjson.zst", Form::Lines),
    (".html", Form::Page),
    (".html.gz", Form::Page),
    (".htm", Form::Page),
    (".htm.gz", Form::Page),
];

/// The files that are named, and those in the folders that are, by name.
pub(super) fn list(inputs: &[PathBuf]) -> Result<Vec<InputFile>, ReplayError> {
    let mut files = Vec::new();
    for input in inputs {
        let unreadable = |source| ReplayError::Input {
            path: input.clone(),
            source,
        };
        if fs::metadata(input).map_err(unreadable)?.is_dir() {
            walk(input, &mut files).map_err(unreadable)?;
        } else {
            let form = match form_of(input) {
                Some(form) => form,
                None => sniffed(input).map_err(unreadable)?,
            };
            files.push(InputFile::named(input.clone(), form).map_err(unreadable)?);
        }
    }
    if files.is_empty() {
        return Err(ReplayError::Nothing);
    }
    Ok(files)
}

/// Adds the files of a folder and of those within it whose names say what they are. Those of a
/// record are there once each.
fn walk(folder: &Path, files: &mut Vec<InputFile>) -> io::Result<()> {
    let mut folders = vec![folder.to_owned()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        let record = sink::record_files(&folder).map_err(io::Error::other)?;
        found.extend(record.into_iter().map(InputFile::of_record));
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            // A link is not followed: it may lead back up.
            let kind = entry.file_type()?;
            let path = entry.path();
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file()
                && record_name(&path, "").is_none()
                && let Some(form) = form_of(&path)
            {
                found.push(InputFile::named(path, form)?);
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    files.extend(found);
    Ok(())
}

/// What a file is of a record, where it is called so behind `prefix`.
fn record_name(path: &Path, prefix: &str) -> Option<(FileName, Compression)> {
    let name = path.file_name()?.to_str()?;
    FileName::of_stored(name.strip_prefix(prefix)?)
}

fn form_of(path: &Path) -> Option<Form> {
    if record_name(path, sink::NEW).is_some() {
        return None; // it is not whole yet, and what it is made of is beside it
    }
    let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
    ENDINGS
        .iter()
        .find(|(ending, _)| name.ends_with(ending))
        .map(|(_, form)| *form)
}

/// What a file of any other name holds, by how it begins.
fn sniffed(path: &Path) -> io::Result<Form> {
    let mut start = Vec::new();
    File::open(path)?.take(64).read_to_end(&mut start)?;
    Ok(match start.trim_ascii_start() {
        [0x1f, 0x8b, ..] => Form::Warc,
        start if start.starts_with(b"WARC/") => Form::Warc,
        [b'{', ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] => Form::Lines,
        _ => Form::Page,
    })
}

/// What tells one set of files, judged in one way, from another.
pub(super) fn fingerprint(files: &[InputFile], judged_by: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(judged_by.as_bytes());
    for file in files {
        let path = fs::canonicalize(&file.path).unwrap_or_else(|_| file.path.clone());
        hash.update(path.as_os_str().as_encoded_bytes());
        hash.update(b"\0");
        hash.update(file.bytes.to_le_bytes());
    }
    hex(&hash.finalize()[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_a_record_is_read_although_it_was_compressed_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stories-2026-01-01.jsonl");
        fs::write(&path, "a line\n").unwrap();
        for input in [folder.path(), &path] {
            let files = list(&[input.to_owned()]).unwrap();
            // What a file is stands in its first bytes.
            fs::rename(&path, path.with_extension("jsonl.gz")).unwrap();
            let mut text = String::new();
            let mut lines = files[0].open_lines().unwrap();
            lines.read_to_string(&mut text).unwrap();
            assert_eq!((files.len(), text.as_str()), (1, "a line\n"));
            fs::rename(path.with_extension("jsonl.gz"), &path).unwrap();
        }
    }

    #[test]
    fn a_folder_gives_the_files_that_it_can_tell_by_name() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("b")).unwrap();
        fs::create_dir(folder.path().join("s")).unwrap();
        for name in [
            "b/2.html.gz",
            "a.WARC.gz",
            "c.jsonl",
            "b/1.htm",
            "notes.txt",
            "x.cdx",
            "s/stories-2026-01-01.jsonl",
            "s/stories-2026-01-01.jsonl.zst",
            "s/stories-2026-01-02.jsonl.zst",
            "s/new.stories-2026-01-03.jsonl.zst",
        ] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        let files = list(&[folder.path().to_owned()]).unwrap();
        let names: Vec<_> = files
            .iter()
            .map(|file| {
                file.path
                    .strip_prefix(folder.path())
                    .unwrap()
                    .display()
                    .to_string()
            })
            .collect();
        let expected = [
            "a.WARC.gz",
            "b/1.htm",
            "b/2.html.gz",
            "c.jsonl",
            "s/stories-2026-01-01.jsonl",
            "s/stories-2026-01-02.jsonl.zst",
        ];
        assert_eq!(names, expected);
        assert_eq!(files[0].form, Form::Warc);
        let named = list(&[folder.path().join("notes.txt")]).unwrap();
        assert_eq!(named[0].form, Form::Page);
        assert!(list(&[folder.path().join("gone")]).is_err());
    }
}
