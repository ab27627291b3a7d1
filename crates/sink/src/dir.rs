//! The record's directory: file operations by name, whose errors say what was tried on what.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    Compression, FileName, SinkError,
    disk::{Disk, DiskFile, Open},
    io_error,
};

/// Start of the names of files that are not whole yet: `stories-*` is the record and nothing else.
pub const NEW: &str = "new.";

/// A directory on a disk.
#[derive(Clone, Debug)]
pub(crate) struct Dir {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) path: PathBuf,
}

/// Makes a directory and those above it, where they are not there, and has their names last.
pub(crate) fn make(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    let above = path
        .parent()
        .filter(|above| !above.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let made = match disk.make_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && above != Path::new(".") => {
            make(disk, above)?;
            disk.make_dir(path)?
        }
        made => made?,
    };
    match disk.sync_dir(above) {
        // It was there before, in a directory that others look after.
        Err(error) if !made && error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        synced => synced,
    }
}

impl Dir {
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Names of the record's files and how they are stored, in the order of writing.
    pub(crate) fn record_files(&self) -> Result<Vec<(FileName, Compression)>, SinkError> {
        let names = self.names()?;
        let mut files: Vec<_> = names
            .iter()
            .filter_map(|name| FileName::of_stored(name))
            .collect();
        files.sort_by_key(|(name, compression)| (*name, *compression != Compression::None));
        Ok(files)
    }

    pub(crate) fn names(&self) -> Result<Vec<String>, SinkError> {
        self.disk
            .list(&self.path)
            .map_err(io_error("list", &self.path))
    }

    pub(crate) fn open(&self, name: &str, how: Open) -> Result<Box<dyn DiskFile>, SinkError> {
        let path = self.file(name);
        let what = match how {
            Open::Read | Open::Write => "open",
            Open::New | Open::Emptied => "make",
        };
        self.disk.open(&path, how).map_err(io_error(what, path))
    }

    pub(crate) fn rename(&self, from: &str, to: &str) -> Result<(), SinkError> {
        let path = self.file(to);
        self.disk
            .rename(&self.file(from), &path)
            .map_err(io_error("give a finished file the name", path))
    }

    pub(crate) fn remove(&self, name: &str) -> Result<(), SinkError> {
        let path = self.file(name);
        self.disk.remove(&path).map_err(io_error("remove", path))
    }

    pub(crate) fn sync(&self) -> Result<(), SinkError> {
        self.disk
            .sync_dir(&self.path)
            .map_err(io_error("sync", &self.path))
    }

    /// Puts a file in the place of the one of that name, whole or not at all. `written` is called
    /// when the new one is whole and not yet in its place.
    pub(crate) fn replace(
        &self,
        name: &str,
        bytes: &[u8],
        written: impl FnOnce(),
    ) -> Result<(), SinkError> {
        let new = format!("{NEW}{name}");
        let path = self.file(&new);
        let mut file = self.open(&new, Open::Emptied)?;
        let whole = file.write_all(bytes).and_then(|()| file.sync());
        if whole.is_err() {
            let _ = self.remove(&new); // the room it takes up may be the last
        }
        whole.map_err(io_error("write", path))?;
        written();
        self.rename(&new, name)?;
        self.sync()
    }

    /// Whether there is room for more than is to be left free.
    pub(crate) fn check_reserve(&self, reserve: u64) -> Result<(), SinkError> {
        if reserve == 0 {
            return Ok(());
        }
        let asked = self.disk.free(&self.path);
        let free = asked.map_err(io_error("ask for the room left at", &self.path))?;
        if free >= reserve {
            return Ok(());
        }
        Err(SinkError::Reserve {
            dir: self.path.clone(),
            free,
            reserve,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::RealDisk;

    #[test]
    fn a_directory_is_made_with_those_above_it() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/b/c");
        make(&RealDisk, &path).unwrap();
        make(&RealDisk, &path).unwrap();
        assert!(path.is_dir());
        std::fs::write(root.path().join("file"), "").unwrap();
        assert!(make(&RealDisk, &root.path().join("file")).is_err());
        assert!(make(&RealDisk, &root.path().join("file/a")).is_err());
    }
}
