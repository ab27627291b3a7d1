//! `vigia label`: a person goes through stories and says which are looked for; the model is asked
//! what it is least certain of, and that comes first.

mod answers;
mod book;
mod card;
mod queue;
mod sitting;

use std::path::{Path, PathBuf};

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
    let book = Book::open(&place, file)?;
    if let Some(note) = book.note() {
        anstream::eprintln!("vigia: {note}");
    }
    let classifier = classifier(by)?;
    let queue = Queue::read(file, &classifier, &book)?;
    let mut sitting = Sitting::new(&classifier, book, queue);
    let mut screen = anstream::stdout().lock();
    sitting.run(&mut Answers::new(), &mut screen)?;
    sitting.report(by, &mut screen)?;
    Ok(())
}

/// Where labels of a file go: beside it, and not with the ending that the record's files have.
fn beside(file: &Path) -> PathBuf {
    file.with_extension("labels")
}
