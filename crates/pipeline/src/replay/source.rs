//! The thread that reads the files: what is in them as units, in order, each with the place behind
//! it, from which an interrupted replay goes on.

use std::{
    fs::File,
    io::{self, Read},
    ops::ControlFlow,
    path::Path,
    sync::atomic::Ordering::Relaxed,
};

use serde::{Deserialize, Serialize};
use sink::{Line, Lines, open_lines};
use story::{ArchivePosition, Page, Timestamp};
use tokio_util::sync::CancellationToken;
use url::Url;
use warc::{Fault, Head, Kind, Problem, Reader};

use super::{
    input::{Form, InputFile},
    progress::Progress,
};
use crate::archived::{ArchivedEntry, ENTRY, FEED, ROLE};

/// Bytes of a saved page that are read: more than the cleaner takes, so that it says so.
const PAGE_BYTES_MAX: u64 = 16 << 20;

/// Bytes that the record of a page may have beside the page.
const HEADERS_BYTES: u64 = 1 << 20;

/// A place between two units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// Which of the files.
    pub(super) file: usize,
    /// Bytes of it.
    pub(super) offset: u64,
    /// Records behind the offset.
    pub(super) index: u64,
}

/// What is yet to become an article.
#[derive(Debug)]
pub(super) enum Unit {
    /// The answer of a server.
    Response(Box<Response>),
    /// An entry that went without a page.
    Entry(Box<Page>),
    /// A line of JSON.
    Line(String),
    /// A saved page, and what is known of it as a line of `vigia clean`.
    Saved { html: Vec<u8>, about: String },
}

/// The answer of a server, as an archive has it.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) target: Url,
    pub(super) fetched: Option<Timestamp>,
    /// The entry that led to it, in an archive of vigia's.
    pub(super) entry: Option<ArchivedEntry>,
    pub(super) block: Vec<u8>,
    pub(super) archive: Option<ArchivePosition>,
}

/// Who takes the units; breaks off where it takes no more.
pub(super) type Emit<'a> = &'a mut dyn FnMut(Unit, Mark) -> ControlFlow<()>;

/// Reads files one after another.
pub(super) struct Source<'a> {
    pub(super) files: &'a [InputFile],
    /// Bytes of a page that are taken.
    pub(super) page_bytes_max: u64,
    pub(super) progress: &'a Progress,
    pub(super) stop: &'a CancellationToken,
}

impl Source<'_> {
    /// Reads from a mark on. A file that cannot be read is told and passed over; where that is the
    /// system's doing and not the file's, it is counted as unread.
    pub(super) fn read(&self, from: Mark, emit: Emit) -> ControlFlow<()> {
        let mut before: u64 = self.files[..from.file.min(self.files.len())]
            .iter()
            .map(|file| file.bytes)
            .sum();
        self.progress.files_done.store(from.file, Relaxed);
        for (number, file) in self.files.iter().enumerate().skip(from.file) {
            let start = if number == from.file {
                from
            } else {
                Mark::default()
            };
            let start = Mark {
                file: number,
                ..start
            };
            let read = match file.form {
                Form::Warc => self.warc(&file.path, start, before, emit),
                Form::Lines => self.lines(file, start, before, emit),
                Form::Page => self.page(&file.path, number, emit),
            };
            match read {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => return ControlFlow::Break(()),
                Err(error) => {
                    // What is wrong with the file itself has no number of the system's.
                    let refused = error.raw_os_error().is_some();
                    self.progress.unread.fetch_add(refused.into(), Relaxed);
                    self.progress.problem(&file.path, &error);
                }
            }
            before += file.bytes;
            self.progress.bytes.store(before, Relaxed);
            self.progress.files_done.store(number + 1, Relaxed);
        }
        ControlFlow::Continue(())
    }

    fn warc(
        &self,
        path: &Path,
        start: Mark,
        before: u64,
        emit: Emit,
    ) -> io::Result<ControlFlow<()>> {
        let mut reader = Reader::at(File::open(path)?, start.offset)?;
        reader.pass(start.index);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut entry = None;
        while let Some(next) = reader.advance() {
            if self.stop.is_cancelled() {
                return Ok(ControlFlow::Break(()));
            }
            self.progress
                .bytes
                .store(before + reader.position(), Relaxed);
            let unit = next.and_then(|head| self.unit(&mut reader, &head, &mut entry, &name));
            match unit {
                Err(Problem {
                    fault: Fault::Io(error),
                    ..
                }) => return Err(error),
                Err(problem) => self.progress.problem(path, &problem),
                Ok(None) => {}
                Ok(Some(unit)) => {
                    let (offset, index) = reader.mark();
                    let behind = Mark {
                        offset,
                        index,
                        ..start
                    };
                    if emit(unit, behind).is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// What a record gives; most of those that are no answers give nothing.
    fn unit(
        &self,
        reader: &mut Reader<File>,
        head: &Head,
        entry: &mut Option<(String, ArchivedEntry)>,
        file: &str,
    ) -> Result<Option<Unit>, warc::Problem> {
        let header = &head.header;
        let bytes_max = self.page_bytes_max + HEADERS_BYTES;
        let role = header.get(ROLE);
        match header.kind() {
            Kind::Metadata if role == Some(ENTRY) => {
                let read: Option<ArchivedEntry> =
                    serde_json::from_slice(&reader.block(bytes_max)?).ok();
                let page = read.as_ref().and_then(ArchivedEntry::without_page);
                let of = header.get("WARC-Concurrent-To").unwrap_or_default();
                *entry = read.map(|read| (of.to_owned(), read));
                Ok(page.map(|page| Unit::Entry(Box::new(page))))
            }
            Kind::Response if role != Some(FEED) => {
                let target = header.target().and_then(|target| target.parse().ok());
                let Some(target) = target.filter(|url: &Url| url.scheme().starts_with("http"))
                else {
                    return Ok(None); // what DNS answered, say
                };
                let id = header.get("WARC-Record-ID");
                let entry = entry.take().filter(|(of, _)| Some(of.as_str()) == id);
                let fetched = header.get("WARC-Date").and_then(|date| date.parse().ok());
                let block = reader.block(bytes_max)?;
                let archive = reader.span().map(|span| ArchivePosition {
                    file: file.to_owned(),
                    offset: span.offset,
                    length: span.length,
                });
                Ok(Some(Unit::Response(Box::new(Response {
                    target,
                    fetched,
                    entry: entry.map(|(_, entry)| entry),
                    block,
                    archive,
                }))))
            }
            _ => Ok(None),
        }
    }

    fn lines(
        &self,
        file: &InputFile,
        start: Mark,
        before: u64,
        emit: Emit,
    ) -> io::Result<ControlFlow<()>> {
        let mut lines = Lines::new(file.open_lines()?);
        lines.skip(start.offset)?;
        let mut line = Vec::new();
        while let Some(kind) = lines.next(&mut line)? {
            let behind = Mark {
                offset: lines.offset(),
                ..start
            };
            // Of a packed file it is not known how far it was read; it is no longer than that.
            let within = behind.offset.min(file.bytes);
            self.progress.bytes.store(before + within, Relaxed);
            if kind == Line::TooLong {
                let problem = format!("the line before byte {} is too long", behind.offset);
                self.progress.problem(&file.path, &problem);
                continue;
            }
            let text = String::from_utf8_lossy(&line);
            let text = text.trim().trim_start_matches('\u{feff}');
            let stopped = self.stop.is_cancelled()
                || (!text.is_empty() && emit(Unit::Line(text.to_owned()), behind).is_break());
            if stopped {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn page(&self, path: &Path, number: usize, emit: Emit) -> io::Result<ControlFlow<()>> {
        if self.stop.is_cancelled() {
            return Ok(ControlFlow::Break(()));
        }
        let mut html = Vec::new();
        open_lines(path)?
            .take(PAGE_BYTES_MAX)
            .read_to_end(&mut html)?;
        let about = about(path)?;
        let behind = Mark {
            file: number + 1,
            ..Mark::default()
        };
        Ok(emit(Unit::Saved { html, about }, behind))
    }
}

/// What is known of a saved page: `page.json` beside `page.html`, or its address in `page.url`.
fn about(path: &Path) -> io::Result<String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.strip_suffix(".gz").unwrap_or(&name);
    let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
    let beside = |ending: &str| {
        let mut text = String::new();
        let read = File::open(path.with_file_name(format!("{stem}.{ending}")))
            .and_then(|file| file.take(1 << 20).read_to_string(&mut text));
        match read {
            Ok(_) => Ok(Some(text)),
            Err(error) => match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::InvalidData => Ok(None),
                _ => Err(error),
            },
        }
    };
    if let Some(json) = beside("json")?
        && json.trim_start().starts_with('{')
    {
        return Ok(json);
    }
    Ok(match beside("url")? {
        Some(url) => serde_json::json!({ "url": url.trim() }).to_string(),
        None => "{}".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_damaged_is_read_and_one_that_the_system_refuses_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("damaged.jsonl.gz"), b"\x1f\x8b\x08\0\0").unwrap();
        std::fs::write(
            path("damaged.jsonl.zst"),
            b"\x28\xb5\x2f\xfd\xff\xff\xff\xff",
        )
        .unwrap();
        std::fs::create_dir(path("page.json")).unwrap();
        std::fs::write(path("page.html"), "<p>a page</p>").unwrap();
        let unread = |name: &str, form| {
            let path = path(name);
            let files = [InputFile {
                path,
                form,
                bytes: 0,
                record: None,
            }];
            let progress = Progress::default();
            let source = Source {
                files: &files,
                page_bytes_max: 0,
                progress: &progress,
                stop: &CancellationToken::new(),
            };
            let mut emit = |_, _| ControlFlow::Continue(());
            assert!(source.read(Mark::default(), &mut emit).is_continue());
            assert_eq!(progress.take_problems().len(), 1, "{name}");
            progress.unread.into_inner()
        };
        assert_eq!(unread("damaged.jsonl.gz", Form::Lines), 0);
        assert_eq!(unread("damaged.jsonl.zst", Form::Lines), 0);
        assert_eq!(unread("gone.jsonl", Form::Lines), 1);
        assert_eq!(unread("gone.warc", Form::Warc), 1);
        assert_eq!(unread("gone.html", Form::Page), 1);
        // What is known of a page belongs to it.
        assert_eq!(unread("page.html", Form::Page), 1);
    }
}
