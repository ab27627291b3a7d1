//! The tables, their version, and what is checked when a ledger is opened.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
};

use rusqlite::Connection;

use crate::LedgerError;

/// The version of the tables below, kept in `PRAGMA user_version`.
const VERSION: i64 = 3;

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
CREATE TABLE checkpoint (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    file   TEXT NOT NULL,
    offset INTEGER NOT NULL
);
";

/// The tables that version 2 added.
const TABLES_2: &str = "
CREATE TABLE tally (                -- what became of what a feed showed, by the hour of first sight
    feed      INTEGER NOT NULL REFERENCES feed (no),
    hour      INTEGER NOT NULL,     -- since 1970
    shown     INTEGER NOT NULL DEFAULT 0,
    new       INTEGER NOT NULL DEFAULT 0,
    known     INTEGER NOT NULL DEFAULT 0,
    kept      INTEGER NOT NULL DEFAULT 0,
    dropped   INTEGER NOT NULL DEFAULT 0,
    duplicate INTEGER NOT NULL DEFAULT 0,
    failed    INTEGER NOT NULL DEFAULT 0,
    skipped   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (feed, hour)
) WITHOUT ROWID;
CREATE TABLE robots (
    authority TEXT PRIMARY KEY,     -- scheme, host and port
    asked_ms  INTEGER NOT NULL,
    copy      BLOB NOT NULL         -- JSON of RobotsCopy, zstd
) WITHOUT ROWID;
CREATE TABLE subscription (
    feed TEXT PRIMARY KEY,
    json TEXT NOT NULL
) WITHOUT ROWID;
";

/// What version 2 added to the tables of version 1.
const COLUMNS_2: &str = "
ALTER TABLE entry ADD COLUMN title TEXT; -- start of a hash of it; null where version 1 wrote the row
";

/// Version 1 knew how entries ended and not how often they were shown again.
const MIGRATE_1_TO_2: &str = "
INSERT INTO tally (feed, hour, shown, new, kept, dropped, duplicate, failed, skipped)
SELECT feed, seen_ms / 3600000, count(*), count(*),
       sum(ending IS 'kept'), sum(ending IS 'dropped'), sum(ending IS 'duplicate'),
       sum(ending IS 'failed'), sum(ending IS 'skipped')
FROM entry GROUP BY feed, seen_ms / 3600000;
";

/// What version 3 added: days in the books, so that 90 days of hours are not gone through again and
/// again, the order in which robots.txt go stale, how often an entry waited for one, and whether its
/// page is another's.
const STEP_3: &str = "
CREATE TABLE tally_day (            -- hours of tally that balanced and are over, by the day
    day       INTEGER NOT NULL,     -- since 1970
    feed      INTEGER NOT NULL REFERENCES feed (no),
    shown     INTEGER NOT NULL,
    new       INTEGER NOT NULL,
    known     INTEGER NOT NULL,
    kept      INTEGER NOT NULL,
    dropped   INTEGER NOT NULL,
    duplicate INTEGER NOT NULL,
    failed    INTEGER NOT NULL,
    skipped   INTEGER NOT NULL,
    PRIMARY KEY (day, feed)
) WITHOUT ROWID;
CREATE INDEX robots_by_time ON robots (asked_ms);
ALTER TABLE pending ADD COLUMN robots_waits INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pending ADD COLUMN shares_page INTEGER NOT NULL DEFAULT 0;
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
             {TABLES_2}
             {COLUMNS_2}
             {STEP_3}
             COMMIT;"
        );
        connection.execute_batch(&create).map_err(sqlite)?;
    } else if found < VERSION {
        migrate(connection, path, found)?;
    }
    Ok(())
}

/// Brings an older ledger's tables up to this version, after a copy that the older program can
/// still read, beside it: `ledger.db.v1` for the tables of version 1.
fn migrate(connection: &Connection, path: &Path, found: i64) -> Result<(), LedgerError> {
    let sqlite = |source| LedgerError::of(path, source);
    let mut copy = path.as_os_str().to_owned();
    copy.push(format!(".v{found}"));
    let copy = PathBuf::from(copy);
    // A copy from a migration that a crash ended is of the same ledger, or not whole.
    match std::fs::remove_file(&copy) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(LedgerError::Unwritable {
                path: copy,
                source: error,
            });
        }
        _ => {}
    }
    connection
        .execute("VACUUM INTO ?1", [copy.to_string_lossy()])
        .map_err(sqlite)?;
    let to_2 = [TABLES_2, COLUMNS_2, MIGRATE_1_TO_2].concat();
    let steps = [&*to_2, STEP_3];
    let missing = steps[(found - 1).clamp(0, 2) as usize..].concat();
    let steps = format!("BEGIN IMMEDIATE; {missing} PRAGMA user_version = {VERSION}; COMMIT;");
    connection.execute_batch(&steps).map_err(sqlite)
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
    fn an_older_ledger_is_brought_forward_after_a_copy() {
        let folder = folder();
        let path = folder.path().join("ledger.db");
        let old = Connection::open(&path).unwrap();
        old.execute_batch(&format!(
            "PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 1; {TABLES}
             INSERT INTO feed (no, id) VALUES (1, 'diario');
             INSERT INTO entry (feed, key, ending, seen_ms)
             VALUES (1, 'a', 'kept', 7200000), (1, 'b', 'dropped', 7200001), (1, 'c', NULL, 7200002);"
        ))
        .unwrap();
        drop(old);
        let ledger = open(&path).unwrap();
        assert_eq!(version(&ledger).unwrap(), VERSION);
        let tally: (i64, i64, i64, i64) = ledger
            .query_row("SELECT hour, new, kept, dropped FROM tally", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .unwrap();
        assert_eq!(tally, (2, 3, 1, 1));
        let copy = Connection::open(folder.path().join("ledger.db.v1")).unwrap();
        assert_eq!(version(&copy).unwrap(), 1);
    }

    #[test]
    fn a_ledger_of_version_2_gets_what_it_lacks_and_no_more() {
        let folder = folder();
        let path = folder.path().join("ledger.db");
        let old = Connection::open(&path).unwrap();
        old.execute_batch(&format!(
            "PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 2;
             {TABLES} {TABLES_2} {COLUMNS_2}"
        ))
        .unwrap();
        drop(old);
        let tables = |ledger: &Connection| -> Vec<String> {
            let mut query = ledger
                .prepare("SELECT name FROM sqlite_schema ORDER BY name")
                .unwrap();
            let names = query.query_map([], |row| row.get(0)).unwrap();
            names.collect::<Result<_, _>>().unwrap()
        };
        let brought = tables(&open(&path).unwrap());
        assert_eq!(
            brought,
            tables(&open(&folder.path().join("new.db")).unwrap())
        );
        assert!(folder.path().join("ledger.db.v2").is_file());
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
