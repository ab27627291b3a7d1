//! The files of an archive: appended and synced a group at a time, rotated by size, and cut back to
//! what was synced where a group could not be written whole.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use sink::fault;
use story::{ArchivePosition, Content, Timestamp};
use tracing::warn;
use warc::{Span, Writer};

use super::{
    ArchiveError, ArchiveSettings, Piece,
    records::{self, Place, Records},
    seen::{Addresses, Seen},
    tail,
};

/// The archive in one folder, open for appending.
#[derive(Debug)]
pub(crate) struct Archive {
    settings: ArchiveSettings,
    /// Held as long as the archive is; a killed process lets go of it by itself.
    _lock: File,
    /// The newest file and how much of it is synced.
    end: Option<End>,
    /// A file that this process made and whose name is not known to be on disk yet.
    made: Option<End>,
    /// The newest file, once this process wrote to it.
    file: Option<File>,
    seen: Addresses,
}

/// Up to where the archive is on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct End {
    /// The number of the file, which its name begins with.
    pub(super) number: u32,
    pub(super) name: String,
    pub(super) offset: u64,
}

/// A group, compressed and not yet written.
#[derive(Default)]
struct Group {
    positions: Vec<Option<ArchivePosition>>,
    seen: Vec<(String, Seen)>,
}

impl Archive {
    /// Opens the archive, making its folder where it is not there, and cuts a torn end off its
    /// newest file.
    pub(crate) fn open(settings: ArchiveSettings) -> Result<Self, ArchiveError> {
        let dir = &settings.dir;
        sink::make_dir(dir).map_err(ArchiveError::io("make the folder", dir))?;
        let lock = lock(dir)?;
        // The newest file may be of a process that died before its name was on disk.
        sink::sync_dir(dir).map_err(ArchiveError::io("sync", dir))?;
        let end = tail::newest(dir)?;
        if let Some((_, Some(torn))) = &end {
            let kept_as = torn.kept_as.display();
            warn!(bytes = torn.bytes, %kept_as, "cut a torn record off the archive");
        }
        fault::point(fault::ARCHIVE_RECOVERY);
        Ok(Self {
            end: end.map(|(end, _)| end),
            _lock: lock,
            made: None,
            file: None,
            seen: Addresses::default(),
            settings,
        })
    }

    /// Writes and syncs a group, and says where each page stands. On an error nothing of the group
    /// is in the archive, and the same group can be given again.
    pub(crate) fn write(
        &mut self,
        pieces: &[Piece],
        now: Timestamp,
    ) -> Result<Vec<Option<ArchivePosition>>, ArchiveError> {
        let end = self.open_file(now)?;
        let mut writer = Writer::at(Vec::new(), end.offset);
        if end.offset == 0 {
            in_memory(&mut writer, &records::warcinfo(&end.name, now));
        }
        let mut group = Group::default();
        for piece in pieces {
            self.add(&mut group, &mut writer, piece, &end.name);
        }
        let written = self.append(&end, writer.get_ref());
        if written.is_err() {
            self.file = None;
        }
        written?;
        let offset = writer.offset();
        tail::note(&self.settings.dir, &end.name, offset);
        self.end = Some(End { offset, ..end });
        for (url, seen) in group.seen {
            self.seen.note(url, seen);
        }
        Ok(group.positions)
    }

    /// Adds the records of a piece to what is to be written.
    fn add(&self, group: &mut Group, writer: &mut Writer<Vec<u8>>, piece: &Piece, file: &str) {
        let place = Place {
            file,
            offset: writer.offset(),
        };
        let (records, paged) = match piece {
            Piece::Feed(exchange) => {
                let url = exchange.url.as_str();
                // One that stands earlier in the group is newer than what was noted.
                let within = group.seen.iter().rev().find(|(seen, _)| seen == url);
                let seen = within.map(|(_, seen)| seen).or_else(|| self.seen.get(url));
                let Records { records, seen: new } = records::of_feed(exchange, &place, seen);
                group.seen.extend(new);
                (records, false)
            }
            Piece::Page(page) => {
                let page = &page.page;
                let paged = matches!(page.content, Content::Fetched(_));
                (records::of_page(page, &place), paged)
            }
        };
        let spans = records.iter().map(|record| in_memory(writer, record));
        let answer = spans.last().filter(|_| paged);
        let position = answer.map(|span| records::position(file, span));
        group.positions.push(position);
    }

    /// Makes sure that a file with room is open and ends where it was last synced.
    fn open_file(&mut self, now: Timestamp) -> Result<End, ArchiveError> {
        let full = |end: &End| end.offset >= self.settings.rotate_bytes;
        let end = match &self.end {
            Some(end) if !full(end) => end.clone(),
            _ => self.create(now)?,
        };
        if self.file.is_none() {
            self.file = Some(self.reopen(&end)?);
        }
        Ok(end)
    }

    /// Makes the next file. Names grow with their numbers, whatever the clock says.
    fn create(&mut self, now: Timestamp) -> Result<End, ArchiveError> {
        self.file = None;
        if self.made.is_none() {
            let number = self.end.as_ref().map_or(1, |end| end.number + 1);
            let name = format!("vigia-{number:06}-{}.warc.gz", now.format("%Y%m%d%H%M%S"));
            let path = self.path(&name);
            File::create_new(&path).map_err(ArchiveError::io("make", &path))?;
            self.made = Some(End {
                number,
                name,
                offset: 0,
            });
            fault::point(fault::ARCHIVE_ROTATION);
        }
        // It is the archive's end only once its name lasts.
        let dir = &self.settings.dir;
        sink::sync_dir(dir).map_err(ArchiveError::io("sync", dir))?;
        let end = self.made.take().expect("made above");
        self.end = Some(end.clone());
        Ok(end)
    }

    fn reopen(&self, end: &End) -> Result<File, ArchiveError> {
        let path = self.path(&end.name);
        let file = OpenOptions::new().write(true).open(&path);
        let mut file = file.map_err(ArchiveError::io("open", &path))?;
        file.set_len(end.offset)
            .and_then(|()| file.seek(SeekFrom::Start(end.offset)))
            .map_err(ArchiveError::io("cut back", &path))?;
        Ok(file)
    }

    fn append(&mut self, end: &End, bytes: &[u8]) -> Result<(), ArchiveError> {
        let path = self.path(&end.name);
        let file = self.file.as_mut().expect("opened by open_file");
        fault::point(fault::ARCHIVE_BEFORE_WRITE);
        let written = fault::half_at(fault::ARCHIVE_MID_RECORD, bytes, |bytes| {
            file.write_all(bytes)
        })
        .map_err(ArchiveError::io("append to", &path))
        .and_then(|()| {
            fault::point(fault::ARCHIVE_BEFORE_SYNC);
            file.sync_data().map_err(ArchiveError::io("sync", &path))
        });
        if written.is_err() {
            // Readers see no half of it meanwhile; should this fail too, `reopen` does it again.
            let _ = file.set_len(end.offset);
        }
        written
    }

    fn path(&self, name: &str) -> PathBuf {
        self.settings.dir.join(name)
    }
}

fn in_memory(writer: &mut Writer<Vec<u8>>, record: &warc::Record) -> Span {
    writer.write(record).expect("memory takes every byte")
}

fn lock(dir: &Path) -> Result<File, ArchiveError> {
    let path = dir.join(".lock");
    let file = File::create(&path).map_err(ArchiveError::io("make the lock file", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ArchiveError::Locked {
            dir: dir.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(ArchiveError::io("lock", &path)(source)),
    }
}
