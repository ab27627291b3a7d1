//! Points at which a test has the process killed, by SIGKILL and by the process itself.
//!
//! They do something only where the crate is built with its feature `faults`, as the project's own
//! tests are, and there only where `VIGIA_KILL_AT` names one: `before-sync:3` kills at the third
//! passage. `VIGIA_STALL_AT` names one where whoever comes stays for ever. In a program that ships they
//! are empty.

#[cfg(not(feature = "faults"))]
use std::io;

/// Every point of the record, in the order in which a story passes them; recovery's last.
pub const POINTS: [&str; 14] = [
    BEFORE_WRITE,
    MID_LINE,
    BEFORE_SYNC,
    BEFORE_ACKNOWLEDGEMENT,
    ROTATION,
    MANIFEST,
    COMPRESSION_WRITING,
    COMPRESSION_WRITTEN,
    COMPRESSION_NAMED,
    COMPRESSION_REMOVED,
    RETENTION_TAKEN,
    RETENTION,
    RECOVERY_CUTTING,
    RECOVERY,
];

/// Lines are ready and none is written.
pub const BEFORE_WRITE: &str = "before-write";
/// Half of a group of lines is written, which ends in the middle of one.
pub const MID_LINE: &str = "mid-line";
/// Lines are written and not synced.
pub const BEFORE_SYNC: &str = "before-sync";
/// Lines are synced and the ledger does not know it.
pub const BEFORE_ACKNOWLEDGEMENT: &str = "before-acknowledgement";
/// A new file is made and its name is not synced.
pub const ROTATION: &str = "rotation";
/// A new manifest is written and has not taken the old one's place.
pub const MANIFEST: &str = "manifest";
/// A compressed file is begun.
pub const COMPRESSION_WRITING: &str = "compression-writing";
/// A compressed file is written and synced under a name for the time being.
pub const COMPRESSION_WRITTEN: &str = "compression-written";
/// A compressed file has its name and the plain one is still there.
pub const COMPRESSION_NAMED: &str = "compression-named";
/// The plain file is removed and the manifest does not know it.
pub const COMPRESSION_REMOVED: &str = "compression-removed";
/// A file that is to go has another name, and the manifest does not know it.
pub const RETENTION_TAKEN: &str = "retention-taken";
/// It is about to be removed, and the manifest says so.
pub const RETENTION: &str = "retention";
/// A torn tail was copied and is not cut off yet.
pub const RECOVERY_CUTTING: &str = "recovery-cutting";
/// The record is read back and the ledger does not know it.
pub const RECOVERY: &str = "recovery";

/// Every point of the archive, which is another stage's and is killed in the same way, in the order in
/// which a page passes them; recovery's last.
pub const ARCHIVE_POINTS: [&str; 7] = [
    ARCHIVE_ROTATION,
    ARCHIVE_BEFORE_WRITE,
    ARCHIVE_MID_RECORD,
    ARCHIVE_BEFORE_SYNC,
    ARCHIVE_BEFORE_PASSING,
    ARCHIVE_RECOVERY_CUTTING,
    ARCHIVE_RECOVERY,
];

/// A new file of the archive is made and its name is not synced.
pub const ARCHIVE_ROTATION: &str = "archive-rotation";
/// Records are ready and none is written.
pub const ARCHIVE_BEFORE_WRITE: &str = "archive-before-write";
/// Half of a group of records is written, which ends in the middle of one.
pub const ARCHIVE_MID_RECORD: &str = "archive-mid-record";
/// Records are written and not synced.
pub const ARCHIVE_BEFORE_SYNC: &str = "archive-before-sync";
/// Records are synced and their pages have not gone on.
pub const ARCHIVE_BEFORE_PASSING: &str = "archive-before-passing";
/// A torn end of the archive was copied and is not cut off yet.
pub const ARCHIVE_RECOVERY_CUTTING: &str = "archive-recovery-cutting";
/// The archive is open and nothing was written to it.
pub const ARCHIVE_RECOVERY: &str = "archive-recovery";

/// Kills the process where it was told to end here, and holds up who was told to stay.
#[cfg(not(feature = "faults"))]
pub fn point(_: &'static str) {}

/// Writes bytes with what writes all that it is given; at the point, half of them and no more.
#[cfg(not(feature = "faults"))]
pub fn half_at(
    _: &'static str,
    bytes: &[u8],
    mut write: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    write(bytes)
}

#[cfg(feature = "faults")]
pub use armed::{half_at, point};

#[cfg(feature = "faults")]
mod armed {
    use std::{
        io,
        sync::{
            OnceLock,
            atomic::{AtomicU64, Ordering::Relaxed},
        },
    };

    use rustix::process::{Signal, getpid, kill_process};

    /// Which point kills, and how often it is still passed before.
    fn armed() -> Option<&'static (String, AtomicU64)> {
        static ARMED: OnceLock<Option<(String, AtomicU64)>> = OnceLock::new();
        let read = || {
            let said = std::env::var("VIGIA_KILL_AT").ok()?;
            let (point, passage) = said.split_once(':').unwrap_or((&said, "1"));
            Some((point.to_owned(), AtomicU64::new(passage.parse().ok()?)))
        };
        ARMED.get_or_init(read).as_ref()
    }

    /// Whether the process is to be killed at this passage of a point.
    fn is_due(here: &'static str) -> bool {
        armed().is_some_and(|(point, left)| point == here && left.fetch_sub(1, Relaxed) == 1)
    }

    /// Kills the process where it was told to end here, and holds up who was told to stay.
    pub fn point(here: &'static str) {
        if is_due(here) {
            kill();
        }
        while stalled() == Some(here) {
            std::thread::park();
        }
    }

    fn stalled() -> Option<&'static str> {
        static STALLED: OnceLock<Option<String>> = OnceLock::new();
        let stalled = STALLED.get_or_init(|| std::env::var("VIGIA_STALL_AT").ok());
        stalled.as_deref()
    }

    /// Writes bytes with what writes all that it is given; at the point, half of them and no more.
    pub fn half_at(
        here: &'static str,
        bytes: &[u8],
        mut write: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        if is_due(here) {
            write(&bytes[..bytes.len() / 2])?;
            kill();
        }
        write(bytes)
    }

    fn kill() -> ! {
        let _ = kill_process(getpid(), Signal::KILL);
        loop {
            std::thread::park(); // the signal is on its way
        }
    }
}
