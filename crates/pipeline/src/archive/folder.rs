//! The archive's folder, whose names are on disk before anything relies on them.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

/// Makes a folder, and those above it, where they are not there, so that it lasts.
pub(super) fn make(dir: &Path) -> io::Result<()> {
    let above = match dir.parent() {
        Some(above) if above.as_os_str().is_empty() => Path::new("."),
        Some(above) => above,
        None => return Ok(()),
    };
    if dir.is_dir() {
        // The process that made it may have died before this; one that is not ours may be closed to us.
        let _ = sync(above);
        return Ok(());
    }
    make(above)?;
    fs::create_dir(dir)?;
    sync(above)
}

/// Makes names last: those that were given in a folder, and those that were taken away.
pub(super) fn sync(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}
