//! What a crash leaves behind in the directory: files that are not whole yet, and a file that stands
//! there both plain and compressed. Nothing of the record is deleted but what is there twice.

use std::sync::atomic::AtomicBool;

use crate::{
    CURRENT, Compression, FileName, MANIFEST, Manifest, SinkError,
    dir::{Dir, NEW},
    io_error,
    manifest::{Content, Finished},
};

/// Start of the name of a file that was set aside.
const ASIDE: &str = "aside.";

/// Removes files that were never whole. What they were made of is still there.
pub(crate) fn remove_unfinished(dir: &Dir) -> Result<(), SinkError> {
    for name in dir.names()? {
        let of = name.strip_prefix(NEW);
        let ours =
            |of: &str| [MANIFEST, CURRENT].contains(&of) || FileName::of_stored(of).is_some();
        if of.is_some_and(ours) {
            dir.remove(&name)?;
        }
    }
    Ok(())
}

/// Leaves each file of the record in one form, up to the one that is open. Returns the names of files
/// that were set aside: they held something else than their double, and the manifest or the order of
/// things says which counts.
pub(crate) fn settle_doubles(
    dir: &Dir,
    manifest: &Manifest,
    open_from: Option<FileName>,
) -> Result<Vec<String>, SinkError> {
    let mut aside = Vec::new();
    let mut counted: Option<(FileName, Compression)> = None;
    for (name, compression) in dir.record_files()? {
        // Whoever compresses the open file by hand does not take it away from the one that writes it.
        if open_from.is_some_and(|open_from| name >= open_from) {
            break;
        }
        counted = match counted {
            Some((first, plain)) if first == name => {
                let known = manifest.files.get(&name);
                let (keep, spare, alike) = weigh(dir, name, [plain, compression], known);
                let spare = name.stored(spare);
                dir.sync()?; // the one that stays is there for certain before the other goes
                if alike {
                    dir.remove(&spare)?;
                } else {
                    aside.push(set_aside(dir, &spare)?);
                }
                dir.sync()?;
                Some((name, keep))
            }
            _ => Some((name, compression)),
        };
    }
    Ok(aside)
}

/// Which of two forms of a file counts, which is to spare, and whether both hold the same.
fn weigh(
    dir: &Dir,
    name: FileName,
    [plain, packed]: [Compression; 2],
    known: Option<&Finished>,
) -> (Compression, Compression, bool) {
    // One that cannot be read is as one that holds something else.
    let hash = |compression| Some(content(dir, name, compression).ok()?.sha256);
    let (in_plain, in_packed) = (hash(plain), hash(packed));
    let finished = known.map(|known| known.content.sha256.clone());
    let alike = in_plain.is_some() && in_plain == in_packed;
    let packed_counts = in_packed.is_some() && (in_plain.is_none() || in_packed == finished);
    if alike || packed_counts {
        (packed, plain, alike)
    } else {
        (plain, packed, false)
    }
}

/// What a file of the record holds.
pub(crate) fn content(
    dir: &Dir,
    name: FileName,
    compression: Compression,
) -> Result<Content, SinkError> {
    let never = AtomicBool::new(false);
    let read = Content::of(dir.read(name, compression)?, &never);
    let read = read.map_err(io_error("read", dir.file(&name.stored(compression))))?;
    Ok(read.expect("nobody stops it"))
}

/// Gives a file a name that no reader takes for the record's, and none that is taken.
fn set_aside(dir: &Dir, name: &str) -> Result<String, SinkError> {
    let taken = dir.names()?;
    let free = (1..=taken.len() + 1)
        .map(|n| format!("{ASIDE}{name}.{n}"))
        .find(|name| !taken.contains(name))
        .expect("there are more numbers than files are there");
    dir.rename(name, &free)?;
    Ok(free)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::{
        Settings, Sink,
        recover::tests::{ids, line},
    };

    const FILE: &str = "stories-2026-01-01.jsonl";

    /// Opens a directory with a file in both forms, and says what was read and what was set aside.
    fn check(plain: &str, packed: &[u8], ids_read: &[&str], aside: &[&str]) {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::write(path(FILE), plain).unwrap();
        fs::write(path(&format!("{FILE}.zst")), packed).unwrap();
        fs::write(path(&format!("new.{FILE}.zst")), "half of a").unwrap();
        fs::write(path("new.MANIFEST"), "half of a").unwrap();
        fs::write(path("new.theirs"), "not ours").unwrap();
        let opened = Sink::open(&Settings::new(dir.path()), None).unwrap();
        assert_eq!(ids(&opened), ids_read);
        assert_eq!(opened.tail.set_aside, aside);
        assert!(aside.iter().all(|name| path(name).exists()));
        let new = |name: &str| name.starts_with("new.");
        let names = fs::read_dir(dir.path()).unwrap();
        let names = names.map(|file| file.unwrap().file_name().into_string().unwrap());
        assert_eq!(names.filter(|n| new(n)).collect::<Vec<_>>(), ["new.theirs"]);
    }

    #[test]
    fn a_file_that_is_there_twice_is_there_once_afterwards() {
        let text = line("a") + &line("b");
        let packed = zstd::encode_all(text.as_bytes(), 3).unwrap();
        check(&text, &packed, &["a", "b"], &[]);
    }

    #[test]
    fn of_two_files_that_differ_neither_is_deleted() {
        let packed = zstd::encode_all(line("b").as_bytes(), 3).unwrap();
        let aside = format!("aside.{FILE}.zst.1");
        check(&line("a"), &packed, &["a"], &[&aside]);
        check(&line("a"), b"no zstd at all", &["a"], &[&aside]);
    }
}
