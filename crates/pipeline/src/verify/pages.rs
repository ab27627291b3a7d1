//! The pages that stories name, looked up in the archive: some of each of its files, and all of a
//! small one.

use std::{
    fs::File,
    io,
    path::{Component, Path},
};

use sink::{Inspection, Pages, Problem};
use story::ArchivePosition;
use warc::{Kind, Reader};

/// Bytes of a record that is read: more than a page and its headers may have.
const RECORD_BYTES_MAX: u64 = 256 << 20;

/// What was looked up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LookedUp {
    /// Stories that name a page.
    pub named: u64,
    /// Pages that were looked up.
    pub pages: u64,
    /// Stories whose page is in a file that is not in this archive: one that its owner removed, or
    /// one of those that were replayed.
    pub elsewhere: u64,
}

/// Looks up pages that the stories of a record name, and notes those that are not there. A record
/// that was replayed is looked up in the folder with the files that it was made of.
pub fn verify_pages(archive: &Path, found: &mut Inspection) -> LookedUp {
    let mut looked_up = LookedUp::default();
    let mut problems = Vec::new();
    for (name, pages) in &found.pages {
        looked_up.named += pages.count;
        match open(archive, name) {
            Ok(file) => {
                looked_up.pages += pages.some.len() as u64;
                problems.extend(astray(&file, name, pages, found));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                looked_up.elsewhere += pages.count;
            }
            Err(error) => {
                let what = format!("cannot be opened: {error}");
                problems.push(Problem::for_a_person(name, what));
            }
        }
    }
    found.problems.extend(problems);
    looked_up
}

/// Opens a file of the archive; a name that leads elsewhere is none of its files.
fn open(archive: &Path, name: &str) -> io::Result<File> {
    let mut parts = Path::new(name).components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(_)), None) => File::open(archive.join(name)),
        _ => Err(io::ErrorKind::NotFound.into()),
    }
}

/// The first page that is not where its story says, with the number of others.
fn astray(file: &File, name: &str, pages: &Pages, found: &Inspection) -> Option<Problem> {
    let astray = pages.some.iter().filter_map(|(position, place)| {
        let why = look_up(file, position).err()?;
        Some((position, place, why))
    });
    let astray: Vec<_> = astray.collect();
    let (position, place, why) = astray.first()?;
    let what = format!(
        "{} of {} pages that were looked up are not there; the first is at byte {}, as {} says: {why}",
        astray.len(),
        pages.some.len(),
        position.offset,
        found.place(**place),
    );
    Some(Problem::for_a_person(name, what))
}

/// Reads the record at a position.
fn look_up(file: &File, position: &ArchivePosition) -> Result<(), String> {
    let said = |error: io::Error| error.to_string();
    let mut reader = Reader::at(file, position.offset).map_err(said)?;
    let head = reader.advance().ok_or("the file ends before it")?;
    let head = head.map_err(|problem| problem.to_string())?;
    if !matches!(head.header.kind(), Kind::Response | Kind::Revisit) {
        return Err(format!("a `{}` is there", head.header.kind().as_str()));
    }
    let block = reader.block(RECORD_BYTES_MAX);
    block.map_err(|problem| problem.to_string())?;
    match reader.span() {
        Some(span) if (span.offset, span.length) == (position.offset, position.length) => Ok(()),
        _ => Err(format!("what is there is not {} bytes", position.length)),
    }
}
