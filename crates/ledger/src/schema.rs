//! The tables, their version, and what is checked when a ledger is opened.

use std::{
    fs::{File, TryLockError},
    path::Path,
};

use rusqlite::Connection;

use crate::LedgerError;

/// The version of the tables below, kept in `PRAGMA user_version`.
const VERSION: i64 = 1;

/// "VIGI", kept in `PRAGMA application_id`: tells a ledger from any other SQLite file.
const APPLICATION_ID: i64 = 0x5649_4749;

/// An entry's row stays for as long as it must be known again and is kept small; what it takes to
/// work on it stands in `pending` and goes when it is finished.
const TABLES: &str = "
CREATE TABLE feed (
    no    INTEGER PRIMARY KEY,
    id    TEXT NOT NULL UNIQUE,
    state TEXT                      -- JSON of FeedState; null until the first poll is over
);
CREATE TABLE entry (
    id      INTEGER PRIMARY KEY,
    feed    INTEGER NOT NULL REFERENCES feed (no),
    key     BLOB NOT NULL,          -- EntryKey
    link    BLOB,                   -- StoryId of its link; null where the link names no story
    ending  TEXT,                   -- kept, dropped, duplicate, failed, skipped; null in flight
    reason  TEXT,
    story   TEXT,                   -- the story it became, or whose duplicate it is
    seen_ms INTEGER NOT NULL,
    done_ms INTEGER
);
CREATE UNIQUE INDEX entry_by_key ON entry (feed, key);
CREATE INDEX entry_by_link ON entry (link) WHERE link IS NOT NULL;
CREATE TABLE pending (
    entry    INTEGER PRIMARY KEY REFERENCES entry (id),
    host     TEXT NOT NULL,
    due_ms   INTEGER NOT NULL,
    claimed  INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    why      TEXT,                  -- what the last attempt failed of
    body     TEXT NOT NULL          -- JSON of Entry
);
CREATE INDEX pending_by_host ON pending (host, claimed, due_ms);
CREATE TABLE story (
    id       TEXT NOT NULL,
    revision INTEGER NOT NULL,
    entry    INTEGER,               -- null where the ledger that knew it was lost
    written  INTEGER NOT NULL,      -- 0 reserved, 1 its line is synced
    PRIMARY KEY (id, revision)
) WITHOUT ROWID;
CREATE INDEX story_reserved ON story (written) WHERE written = 0;
CREATE TABLE dropped (
    story   TEXT PRIMARY KEY,
    at_ms   INTEGER NOT NULL,
    verdict BLOB NOT NULL           -- the story's JSON, zstd
) WITHOUT ROWID;
CREATE INDEX dropped_by_time ON dropped (at_ms);
CREATE TABLE robots (
    authority TEXT PRIMARY KEY,
    copy      TEXT NOT NULL,        -- JSON of RobotsCopy without its body
    body      BLOB
) WITHOUT ROWID;
CREATE TABLE checkpoint (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    file   TEXT NOT NULL,
    offset INTEGER NOT NULL
);
";

/// Makes the ledger's folder where it is not there, and takes the lock beside the ledger, so that
/// no second daemon works on its entries.
pub(crate) fn lock(path: &Path) -> Result<File, LedgerError> {
    let unwritable = |source| LedgerError::Unwritable {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder).map_err(unwritable)?;
    }
    let lock = File::create(path.with_extension("lock")).map_err(unwritable)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(LedgerError::InUse {
            path: path.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(unwritable(source)),
    }
}

/// Opens or makes the ledger at `path` for writing.
pub(crate) fn open(path: &Path) -> Result<Connection, LedgerError> {
    let unwritable = |source| LedgerError::Unwritable {
        path: path.to_owned(),
        source,
    };
    // SQLite opens a file that it may not write read-only and says so much later, if at all.
    std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .map_err(unwritable)?;
    let sqlite = |source| LedgerError::of(path, source);
    let connection = Connection::open(path).map_err(sqlite)?;
    prepare(&connection, path)?;
    Ok(connection)
}

fn prepare(connection: &Connection, path: &Path) -> Result<(), LedgerError> {
    let sqlite = |source| LedgerError::of(path, source);
    connection
        .busy_timeout(std::time::Duration::from_secs(10))
        .map_err(sqlite)?;
    let found = version(connection).map_err(sqlite)?;
    let application: i64 = connection
        .query_row("PRAGMA application_id", [], |row| row.get(0))
        .map_err(sqlite)?;
    let empty: bool = connection
        .query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| {
            row.get(0)
        })
        .map_err(sqlite)?;
    if found > VERSION {
        return Err(LedgerError::TooNew {
            path: path.to_owned(),
            found,
            known: VERSION,
        });
    }
    if !empty && application != APPLICATION_ID {
        let source = rusqlite::Error::InvalidQuery;
        return Err(LedgerError::Corrupt {
            path: path.to_owned(),
            source,
        });
    }
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA foreign_keys = OFF;
             PRAGMA cache_size = -8192;",
        )
        .map_err(sqlite)?;
    if empty {
        let create = format!(
            "BEGIN IMMEDIATE;
             PRAGMA application_id = {APPLICATION_ID};
             PRAGMA user_version = {VERSION};
             {TABLES}
             COMMIT;"
        );
        connection.execute_batch(&create).map_err(sqlite)?;
    }
    Ok(())
}

/// The version of the tables in a ledger.
pub(crate) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary folder")
    }

    #[test]
    fn a_ledger_is_made_with_its_folder_and_locked_against_a_second_daemon() {
        let folder = folder();
        let path = folder.path().join("deep/er/ledger.db");
        let held = lock(&path).unwrap();
        assert!(matches!(
            lock(&path).unwrap_err(),
            LedgerError::InUse { .. }
        ));
        drop(held);
        lock(&path).unwrap();
        drop(open(&path).unwrap());
        assert_eq!(version(&open(&path).unwrap()).unwrap(), VERSION);
    }

    #[test]
    fn a_newer_ledger_is_left_alone() {
        let folder = folder();
        let path = folder.path().join("ledger.db");
        open(&path)
            .unwrap()
            .execute_batch("PRAGMA user_version = 99")
            .unwrap();
        let error = open(&path).unwrap_err();
        assert!(
            matches!(error, LedgerError::TooNew { found: 99, .. }),
            "{error}"
        );
    }

    #[test]
    fn bytes_that_are_no_ledger_are_named_as_such() {
        let folder = folder();
        let path = folder.path().join("ledger.db");
        std::fs::write(
            &path,
            "no database at all, only words, words and more words\n".repeat(40),
        )
        .unwrap();
        assert!(matches!(
            open(&path).unwrap_err(),
            LedgerError::Corrupt { .. }
        ));
        let other = folder.path().join("other.db");
        Connection::open(&other)
            .unwrap()
            .execute_batch("CREATE TABLE t (x)")
            .unwrap();
        assert!(matches!(
            open(&other).unwrap_err(),
            LedgerError::Corrupt { .. }
        ));
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let folder = folder();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let error = lock(&file.join("ledger.db")).unwrap_err();
        assert!(matches!(error, LedgerError::Unwritable { .. }), "{error}");
    }
}
