//! The files that a replay reads: which, in which order, and what each of them is.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};
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
}

/// Endings of names, and what such files hold.
const ENDINGS: [(&str, Form); 11] = [
    (".warc", Form::Warc),
    (".warc.gz", Form::Warc),
    (".jsonl", Form::Lines),
    (".jsonl.gz", Form::Lines),
    (".jsonl.zst", Form::Lines),
    (".ndjson", Form::Lines),
    (".ndjson.gz", Form::Lines),
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
            files.push(file(input.clone(), form).map_err(unreadable)?);
        }
    }
    if files.is_empty() {
        return Err(ReplayError::Nothing);
    }
    Ok(files)
}

fn file(path: PathBuf, form: Form) -> io::Result<InputFile> {
    let bytes = fs::metadata(&path)?.len();
    Ok(InputFile { path, form, bytes })
}

/// Adds the files of a folder and of those within it whose names say what they are.
fn walk(folder: &Path, files: &mut Vec<InputFile>) -> io::Result<()> {
    let mut folders = vec![folder.to_owned()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            // A link is not followed: it may lead back up.
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if let Some(form) = kind.is_file().then(|| form_of(&entry.path())).flatten() {
                found.push(file(entry.path(), form)?);
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    files.extend(found);
    Ok(())
}

fn form_of(path: &Path) -> Option<Form> {
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
        [b'{', ..] => Form::Lines,
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

/// A file's text, unpacked where it is packed, from `offset` bytes of it on.
pub(super) fn unpacked(path: &Path, offset: u64) -> io::Result<Box<dyn BufRead>> {
    let mut file = File::open(path)?;
    let mut start = Vec::new();
    (&mut file).take(4).read_to_end(&mut start)?;
    file.seek(SeekFrom::Start(0))?;
    let packed = BufReader::with_capacity(128 << 10, file);
    let mut text: Box<dyn BufRead> = match start.as_slice() {
        [0x1f, 0x8b, ..] => Box::new(BufReader::new(MultiGzDecoder::new(packed))),
        [0x28, 0xb5, 0x2f, 0xfd] => {
            let decoder = zstd::stream::read::Decoder::with_buffer(packed)?;
            Box::new(BufReader::new(decoder))
        }
        _ => {
            let mut plain = packed;
            plain.seek(SeekFrom::Start(offset))?;
            return Ok(Box::new(plain));
        }
    };
    io::copy(&mut (&mut text).take(offset), &mut io::sink())?;
    Ok(text)
}

/// Reads a line of `bytes_max` bytes at most into `line`, and passes over what it has more; returns
/// how many bytes that were, 0 at the end.
pub(super) fn read_line(
    reader: &mut dyn BufRead,
    line: &mut Vec<u8>,
    bytes_max: u64,
) -> io::Result<u64> {
    line.clear();
    let mut read = reader.take(bytes_max).read_until(b'\n', line)? as u64;
    while read >= bytes_max && line.last() != Some(&b'\n') {
        let mut rest = Vec::new();
        let more = reader.take(64 << 10).read_until(b'\n', &mut rest)? as u64;
        read += more;
        if more == 0 || rest.last() == Some(&b'\n') {
            break;
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gives_the_files_that_it_can_tell_by_name() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("b")).unwrap();
        for name in [
            "b/2.html.gz",
            "a.WARC.gz",
            "c.jsonl",
            "b/1.htm",
            "notes.txt",
            "x.cdx",
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
        assert_eq!(names, ["a.WARC.gz", "b/1.htm", "b/2.html.gz", "c.jsonl"]);
        assert_eq!(files[0].form, Form::Warc);
        let named = list(&[folder.path().join("notes.txt")]).unwrap();
        assert_eq!(named[0].form, Form::Page);
        assert!(list(&[folder.path().join("gone")]).is_err());
    }

    #[test]
    fn a_line_that_is_too_long_is_cut_and_the_next_one_is_whole() {
        let mut text: &[u8] = b"0123456789\nab\nc";
        let mut line = Vec::new();
        let mut read = |expected: &[u8], bytes: u64| {
            assert_eq!(read_line(&mut text, &mut line, 4).unwrap(), bytes);
            assert_eq!(line, expected);
        };
        read(b"0123", 11);
        read(b"ab\n", 3);
        read(b"c", 1);
        read(b"", 0);
    }
}
