//! The record and the ledger held against each other, and what can be mended of it.

mod pages;

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use ledger::{Ledger, Reader, WrittenStory};
use sink::{Done, FileName, Inspection, Problem, Settings, Sink, Tail};
use story::storage::Checkpoint;

pub use pages::{LookedUp, verify_pages};

use crate::{LineError, record::chain};

/// Where a ledger is named in problems.
const LEDGER: &str = "ledger";

/// Looks at the whole record in `dir`, and at `ledger` where there is one. It changes nothing and may
/// be done beside a daemon. `progress` is told how many bytes were read since it was told last.
pub fn verify(
    dir: &Path,
    ledger: Option<&Path>,
    progress: &mut dyn FnMut(u64),
) -> Result<Inspection, LineError> {
    // Before the files are read, so that every line that it knows of is in them.
    let reader = ledger
        .map(|path| Reader::open(path)?.steady())
        .transpose()?;
    let mut inspection = sink::inspect(dir, progress)?;
    if let Some(reader) = reader {
        compare(&reader, &mut inspection)?;
    }
    Ok(inspection)
}

/// Notes where files and ledger do not agree.
fn compare(ledger: &Reader, found: &mut Inspection) -> Result<(), LineError> {
    let checkpoint = ledger.checkpoint()?;
    if let Some(at) = &checkpoint {
        found.problems.extend(past_the_end(at, found));
    }
    let mut known = HashSet::new();
    let mut gone = 0;
    let mut example = None;
    ledger.written(|id, revision| {
        let key = sink::key(id, revision);
        known.insert(key);
        if !found.stories.contains_key(&key) {
            gone += 1;
            example.get_or_insert_with(|| format!("`{id}`, revision {revision}"));
        }
    })?;
    // Files that were removed took their stories with them.
    found.removed_known = found.removed_lines.min(gone);
    if gone > found.removed_lines {
        let what = format!(
            "{} stories are acknowledged and stand nowhere in the record, such as {}; put their \
             files back from a copy",
            gone - found.removed_lines,
            example.unwrap_or_default()
        );
        found.problems.push(Problem::for_a_person(LEDGER, what));
    }
    let excused = |place| found.in_use && is_behind(found, place, checkpoint.as_ref());
    let unknown = found.stories.iter();
    let unknown = unknown.filter(|(key, place)| !(known.contains(key) || excused(place)));
    let places: Vec<_> = unknown.map(|(_, place)| *place).collect();
    if let Some(first) = places.iter().min_by_key(|place| (place.file, place.line)) {
        let what = format!(
            "{} stories of the record are not in it; the first stands at {}",
            places.len(),
            found.place(*first)
        );
        found.problems.push(Problem::repairable(LEDGER, what));
    }
    Ok(())
}

/// Whether a line stands behind what a running daemon had acknowledged when this began.
fn is_behind(found: &Inspection, place: &sink::Place, checkpoint: Option<&Checkpoint>) -> bool {
    checkpoint.is_none_or(|at| {
        let file = found.files[place.file as usize].to_string();
        (file.as_str(), place.offset) >= (at.file.as_str(), at.offset)
    })
}

/// The ledger may know of lines that the files do not have: then it is newer than they are. A file that
/// was removed or cannot be read is told of elsewhere.
fn past_the_end(at: &Checkpoint, found: &Inspection) -> Option<Problem> {
    let length = *found.bytes.get(&at.file.parse().ok()?)?;
    (length < at.offset && !found.in_use).then(|| {
        let what = format!(
            "it is newer than the record: it knows `{}` up to byte {}, and the file has {length}",
            at.file, at.offset
        );
        Problem::for_a_person(LEDGER, what)
    })
}

/// What a repair did.
#[derive(Debug, Default)]
pub struct Repaired {
    /// Where what was no whole line lies now.
    pub cut: Vec<PathBuf>,
    /// Files whose last story has the end of its line now.
    pub ended: Vec<FileName>,
    /// Files that could not be looked after, and why.
    pub failed: Vec<(FileName, String)>,
    /// Files that stood beside another form of themselves and differed, and are called this now.
    pub set_aside: Vec<String>,
    /// Finished files that were counted into the manifest.
    pub counted: u64,
    /// Stories that the ledger knows again.
    pub adopted: u64,
    /// Stories that the ledger held for reserved, and whose lines stand in the record.
    pub acknowledged: u64,
}

/// Mends what can be mended without losing anything: what a start of the daemon does, over the whole
/// record and not only over its end. No daemon may be at work.
pub async fn repair(dir: &Path, ledger: Option<&Path>) -> Result<Repaired, LineError> {
    let ledger = ledger.map(Ledger::open).transpose()?;
    let opened = Sink::open(&Settings::new(dir), None)?;
    let Tail {
        written,
        torn,
        ended,
        set_aside,
        ..
    } = opened.tail;
    let mut repaired = Repaired {
        cut: torn.into_iter().map(|torn| torn.kept_as).collect(),
        ended,
        set_aside,
        ..Repaired::default()
    };
    let never = AtomicBool::new(false);
    let upkeep = opened.sink.upkeep();
    upkeep.run(chrono::Utc::now(), &never, &mut |done| match done {
        Done::Finished(_) => repaired.counted += 1,
        Done::Failed { file, error } => repaired.failed.push((file, chain(&error))),
        _ => {}
    })?;
    if let Some(ledger) = ledger {
        let written = written.into_iter().map(|line| WrittenStory {
            id: line.id,
            revision: line.revision,
        });
        let recovered = ledger.recover(written.collect(), opened.end).await?;
        repaired.adopted = recovered.adopted;
        repaired.acknowledged = recovered.acknowledged;
    }
    Ok(repaired)
}
