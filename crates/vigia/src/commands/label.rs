//! `vigia label`: a person goes through stories and says which are looked for; the model is asked
//! what it is least certain of, and that comes first.

mod answers;
mod book;
mod card;
mod queue;
mod sitting;

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use anyhow::Result;

pub(crate) use book::WrongPlace;

use super::classify::classifier;
use crate::args::JudgeArgs;
use answers::Answers;
use book::Book;
use queue::Queue;
use sitting::Sitting;

pub(crate) fn run(file: &Path, out: Option<&Path>, by: &JudgeArgs) -> Result<()> {
    let place = out.map_or_else(|| beside(file), Path::to_owned);
    // The stories first: where there are none, no file of labels is begun.
    let stories = Queue::open(file)?;
    let book = Book::open(&place, file)?;
    if let Some(note) = book.note() {
        anstream::eprintln!("vigia: {note}");
    }
    let classifier = classifier(by)?;
    let queue = Queue::read(file, stories, &classifier, &book)?;
    let mut sitting = Sitting::new(&classifier, book, queue);
    let mut screen = anstream::stdout().lock();
    sitting.run(&mut Answers::new(), &mut screen)?;
    sitting.report(by, &mut screen)?;
    Ok(())
}

/// Where labels of a file go: beside it, and not with the ending that the record's files have.
fn beside(file: &Path) -> PathBuf {
    let plain = match file.extension().and_then(OsStr::to_str) {
        Some("zst" | "gz") => file.with_extension(""),
        _ => file.to_owned(),
    };
    plain.with_extension("labels")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_lie_beside_their_stories() {
        for (file, expected) in [
            ("a/desk.jsonl", "a/desk.labels"),
            ("stories-2026-03-01.jsonl.zst", "stories-2026-03-01.labels"),
            ("stories-2026-03-01.jsonl.gz", "stories-2026-03-01.labels"),
            ("desk", "desk.labels"),
        ] {
            assert_eq!(beside(Path::new(file)), Path::new(expected));
        }
    }
}
