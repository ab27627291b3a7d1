//! What the system refused, told by what was tried on which path.

use std::{io, path::PathBuf};

/// Something that could not be done with a file or folder.
#[derive(Debug, thiserror::Error)]
#[error("{what} `{}`", path.display())]
pub struct FileError {
    /// What was tried: "append to", "sync" and so on.
    what: &'static str,
    /// The file or folder.
    path: PathBuf,
    /// The system's reason.
    #[source]
    source: io::Error,
}

impl FileError {
    /// Names an I/O error by what was tried on which path.
    pub fn of(what: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self { what, path, source }
    }

    /// Whether the disk is full or a quota used up: trying again helps once there is room.
    pub fn is_full(&self) -> bool {
        use io::ErrorKind as Kind;
        matches!(self.source.kind(), Kind::StorageFull | Kind::QuotaExceeded)
    }

    /// Whether the system refused, so that nothing is known of what the file holds. A folder that stands
    /// in a file's place holds no lines for certain.
    pub(crate) fn is_refusal(&self) -> bool {
        self.source.raw_os_error().is_some() && self.source.kind() != io::ErrorKind::IsADirectory
    }

    /// Whether there is no such file.
    pub(crate) fn is_missing(&self) -> bool {
        self.source.kind() == io::ErrorKind::NotFound
    }
}
