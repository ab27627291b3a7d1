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

/// Start of the name of a finished file that is on its way out of the record.
const GOING: &str = "going.";

/// The name of a stored file on its way out.
pub(crate) fn going(stored: &str) -> String {
    format!("{GOING}{stored}")
}

/// Files that are on their way out, by the names that they have and that they had, of all that are in
/// the directory.
pub(crate) fn all_going(names: &[String]) -> Vec<(String, FileName)> {
    let going = names.iter().filter_map(|name| {
        let (file, _) = FileName::of_stored(name.strip_prefix(GOING)?)?;
        Some((name.clone(), file))
    });
    going.collect()
}

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

/// What became of files that stood there twice.
#[derive(Debug, Default)]
pub(crate) struct Doubles {
    /// Names of those that were set aside: they held something else than their double, and the manifest
    /// or the order of things says which counts.
    pub(crate) set_aside: Vec<String>,
    /// Files that are still there twice, for the system refused something.
    pub(crate) failed: Vec<(FileName, SinkError)>,
}

/// Leaves each file of the record in one form, up to the one that is open.
pub(crate) fn settle_doubles(
    dir: &Dir,
    manifest: &Manifest,
    open_from: Option<FileName>,
) -> Result<Doubles, SinkError> {
    let mut doubles = Doubles::default();
    let mut counted: Option<(FileName, Compression)> = None;
    for (name, compression) in dir.record_files()? {
        // Whoever compresses the open file by hand does not take it away from the one that writes it.
        if open_from.is_some_and(|open_from| name >= open_from) {
            break;
        }
        let first = counted.filter(|(first, _)| *first == name);
        counted = Some((name, compression));
        if let Some((_, first)) = first {
            let known = manifest.files.get(&name);
            match settle(dir, name, [first, compression], known) {
                Ok((keep, aside)) => {
                    counted = Some((name, keep));
                    doubles.set_aside.extend(aside);
                }
                Err(error) => doubles.failed.push((name, error)),
            }
        }
    }
    Ok(doubles)
}

/// Leaves a file in one of two forms. Returns which, and the other's name where it was set aside.
fn settle(
    dir: &Dir,
    name: FileName,
    forms: [Compression; 2],
    known: Option<&Finished>,
) -> Result<(Compression, Option<String>), SinkError> {
    let (keep, spare, alike) = weigh(dir, name, forms, known)?;
    let spare = name.stored(spare);
    dir.sync()?; // the one that stays is there for certain before the other goes
    let aside = if alike {
        dir.remove(&spare)?;
        None
    } else {
        Some(set_aside(dir, &spare)?)
    };
    dir.sync()?;
    Ok((keep, aside))
}

/// Which of two forms of a file counts, which is to spare, and whether both hold the same. One that the
/// system does not let read at the moment does not lose to another for that.
fn weigh(
    dir: &Dir,
    name: FileName,
    [plain, packed]: [Compression; 2],
    known: Option<&Finished>,
) -> Result<(Compression, Compression, bool), SinkError> {
    let hash = |compression| match content(dir, name, compression) {
        Ok(content) => Ok(Some(content.sha256)),
        Err(error) if error.is_refusal() => Err(error),
        Err(_) => Ok(None), // no such file as its name says
    };
    let (in_plain, in_packed) = (hash(plain), hash(packed));
    let finished = known.map(|known| known.content.sha256.as_str());
    let is_finished = |read: &Result<Option<String>, _>| {
        let held = read.as_ref().ok().and_then(Option::as_deref);
        held.is_some() && held == finished
    };
    let packed_counts = match (&in_plain, &in_packed) {
        (Ok(Some(plain_held)), Ok(Some(packed_held))) if plain_held == packed_held => {
            return Ok((packed, plain, true));
        }
        (_, read) if is_finished(read) => true,
        (read, _) if is_finished(read) => false,
        _ => in_plain?.is_none() && in_packed?.is_some() && finished.is_none(),
    };
    Ok(if packed_counts {
        (packed, plain, false)
    } else {
        (plain, packed, false)
    })
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
mod tests;
