//! An archive as others would read it: its files, its records, and the pages that stories name.

#![allow(dead_code, reason = "each test uses its own part")]

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Cursor,
    path::{Path, PathBuf},
};

use serde_json::Value;
use warc::{HttpResponse, Kind, Reader};

/// The files of an archive, in the order of writing; none where there is no such folder.
pub(crate) fn files(archive: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(archive)
        .into_iter()
        .flatten()
        .map(|file| file.expect("a file").path())
        .filter(|path| path.to_string_lossy().ends_with(".warc.gz"))
        .collect();
    files.sort();
    files
}

/// How many records there are of each kind, and what is wrong with the others.
pub(crate) fn kinds(archive: &Path) -> (BTreeMap<String, usize>, Vec<String>) {
    let (mut kinds, mut faults) = (BTreeMap::new(), Vec::new());
    for file in files(archive) {
        let mut reader = Reader::new(File::open(&file).expect("a file")).expect("bytes");
        while let Some(next) = reader.advance() {
            let read = next.and_then(|head| reader.block(u64::MAX).map(|_| head.header.kind()));
            match read {
                Ok(kind) => *kinds.entry(kind.as_str().to_owned()).or_default() += 1,
                Err(problem) => faults.push(format!("{}: {problem}", file.display())),
            }
        }
    }
    (kinds, faults)
}

/// The page at a position, as a story's provenance names it, or what is there in its place.
pub(crate) fn find_page(archive: &Path, position: &Value) -> Result<Vec<u8>, String> {
    let number = |name: &str| position[name].as_u64().expect("a number") as usize;
    let name = position["file"].as_str().expect("a name");
    let file = fs::read(archive.join(name)).map_err(|error| format!("{name}: {error}"))?;
    let (offset, length) = (number("offset"), number("length"));
    // The bytes of the record are enough, without those around it.
    let member = file.get(offset..offset + length);
    let member = member.ok_or_else(|| format!("{name} is shorter than {position}"))?;
    let mut reader = Reader::new(Cursor::new(member.to_vec())).expect("bytes");
    let head = reader.advance().ok_or("nothing is there")?;
    let head = head.map_err(|problem| problem.to_string())?;
    if head.header.kind() != Kind::Response {
        return Err(format!("a {} is there", head.header.kind().as_str()));
    }
    let block = reader.block(u64::MAX);
    let block = block.map_err(|problem| problem.to_string())?;
    let response = HttpResponse::parse(&block, usize::MAX - 1);
    Ok(response.map_err(|problem| problem.to_string())?.body)
}

/// The same, which must be there.
pub(crate) fn page_at(archive: &Path, position: &Value) -> Vec<u8> {
    find_page(archive, position).unwrap_or_else(|why| panic!("{position}: {why}"))
}
