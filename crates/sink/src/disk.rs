//! What the sink asks of the file system, as a trait: the real one, and in tests one that loses power.

use std::{
    any::Any,
    fmt, fs,
    io::{self, Read, Seek, Write},
    path::Path,
};

#[cfg(test)]
pub(crate) mod simulated;

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Open {
    /// For reading; it must be there.
    Read,
    /// For reading and writing; it must be there.
    Write,
    /// For writing; it must not be there.
    New,
    /// For writing; what is there is emptied.
    Emptied,
}

/// A directory's files, and what happens to them.
pub(crate) trait Disk: fmt::Debug + Send + Sync {
    /// Makes a directory in one that is there; whether it was not there before.
    fn make_dir(&self, dir: &Path) -> io::Result<bool>;
    /// Takes a lock that ends with the process; `None` where another one has it.
    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Any + Send + Sync>>>;
    /// Names of what is in a directory, in any order.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;
    /// Opens a file.
    fn open(&self, path: &Path, how: Open) -> io::Result<Box<dyn DiskFile>>;
    /// Gives a file another name, over any file of that name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes names last: those that were given and those that were taken away.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
    /// Bytes that a process without privileges may still write.
    fn free(&self, dir: &Path) -> io::Result<u64>;
}

/// An open file.
pub(crate) trait DiskFile: fmt::Debug + Read + Write + Seek + Send + Sync {
    /// Its length in bytes.
    fn length(&self) -> io::Result<u64>;
    /// Cuts it back, or fills it up with zeros.
    fn set_length(&mut self, length: u64) -> io::Result<()>;
    /// Makes what was written last.
    fn sync(&mut self) -> io::Result<()>;
}

/// The file system of this machine.
#[derive(Debug)]
pub(crate) struct RealDisk;

impl Disk for RealDisk {
    fn make_dir(&self, dir: &Path) -> io::Result<bool> {
        match fs::create_dir(dir) {
            Ok(()) => Ok(true),
            Err(_) if dir.is_dir() => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Any + Send + Sync>>> {
        let file = fs::File::create(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(file))),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(dir)? {
            // A name that is no text is none of the sink's.
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    fn open(&self, path: &Path, how: Open) -> io::Result<Box<dyn DiskFile>> {
        let mut options = fs::OpenOptions::new();
        match how {
            Open::Read => options.read(true),
            Open::Write => options.read(true).write(true),
            Open::New => options.write(true).create_new(true),
            Open::Emptied => options.write(true).create(true).truncate(true),
        };
        Ok(Box::new(options.open(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        fs::File::open(dir).and_then(|dir| dir.sync_all())
    }

    fn free(&self, dir: &Path) -> io::Result<u64> {
        let said = rustix::fs::statvfs(dir)?;
        Ok(said.f_bavail.saturating_mul(said.f_frsize))
    }
}

impl DiskFile for fs::File {
    fn length(&self) -> io::Result<u64> {
        self.metadata().map(|said| said.len())
    }

    fn set_length(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}
