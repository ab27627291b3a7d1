//! A file that is written whole or not at all, and never over what it is made from.

use std::{
    fs::{self, File, Permissions},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use tempfile::{Builder, NamedTempFile};

use super::input::same_file;

/// A place where no file can be put.
#[derive(Debug, thiserror::Error)]
#[error("write `{}`: {why}; name another file with --out", path.display())]
pub(crate) struct WrongOut {
    path: PathBuf,
    why: String,
}

/// Where a file will stand.
#[derive(Debug)]
pub(super) struct WholeFile {
    path: PathBuf,
}

impl WholeFile {
    /// Finds out whether a file can be written here, before any work is done for it. `sources` are
    /// what it is made from. Nothing is left behind by work that is broken off.
    pub(super) fn at<'a>(path: &Path, sources: impl IntoIterator<Item = &'a Path>) -> Result<Self> {
        let wrong = |why: String| WrongOut {
            path: path.to_owned(),
            why,
        };
        if path.is_dir() {
            bail!(wrong("it is a folder".to_owned()));
        }
        if let Some(source) = sources.into_iter().find(|source| same_file(path, source)) {
            let why = format!("it is made from `{}`", source.display());
            bail!(wrong(why));
        }
        let whole = Self {
            path: path.to_owned(),
        };
        whole.beside()?;
        Ok(whole)
    }

    /// Puts the file in its place, on the disk when this returns.
    pub(super) fn write(&self, bytes: &[u8]) -> Result<()> {
        let mut file = self.beside()?;
        file.write_all(bytes)
            .and_then(|()| file.as_file().sync_all())
            .and_then(|()| Ok(file.persist(&self.path)?))
            // The new name is safe only once the folder that has it is.
            .and_then(|_| File::open(self.folder())?.sync_all())
            .with_context(|| format!("write `{}`", self.path.display()))
    }

    fn folder(&self) -> &Path {
        let folder = self.path.parent();
        folder
            .filter(|folder| *folder != Path::new(""))
            .unwrap_or(Path::new("."))
    }

    /// A file of a name that is nobody's, in the same folder, gone when it is let go.
    fn beside(&self) -> Result<NamedTempFile> {
        // As the file that is replaced, or as any new one: the user's umask takes from it.
        let mode = fs::metadata(&self.path).map_or(0o666, |there| there.permissions().mode());
        Builder::new()
            .prefix(".vigia-")
            .suffix(".part")
            .permissions(Permissions::from_mode(mode & 0o777))
            .tempfile_in(self.folder())
            .with_context(|| format!("write `{}`", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn nothing_beside_the_file_is_touched_and_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.model");
        fs::write(folder.path().join("a.part"), "a neighbour").unwrap();
        let file = WholeFile::at(&path, []).unwrap();
        assert_eq!(names(folder.path()), ["a.part"]);
        file.write(b"one").unwrap();
        file.write(b"two").unwrap();
        assert_eq!(names(folder.path()), ["a.model", "a.part"]);
        assert_eq!(fs::read(&path).unwrap(), b"two");
        let neighbour = fs::read(folder.path().join("a.part")).unwrap();
        assert_eq!(neighbour, b"a neighbour");
        let mode = |name: &str| {
            let there = fs::metadata(folder.path().join(name)).unwrap();
            there.permissions().mode()
        };
        assert_eq!(mode("a.model"), mode("a.part"), "readable as any new file");
    }

    #[test]
    fn a_file_is_never_put_over_what_it_is_made_from() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("data"), folder.path().join("other"));
        fs::write(&path, "x").unwrap();
        let spelled = folder.path().join(".").join("data");
        let error = WholeFile::at(&path, [&*other, &*spelled]).unwrap_err();
        assert!(error.is::<WrongOut>() && error.to_string().contains("made from"));
        assert!(
            WholeFile::at(folder.path(), [])
                .unwrap_err()
                .is::<WrongOut>()
        );
        assert!(WholeFile::at(&other, [&*path]).is_ok());
        let nowhere = folder.path().join("nowhere/a.model");
        assert!(WholeFile::at(&nowhere, []).is_err());
    }
}
