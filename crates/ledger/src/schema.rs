//! The tables, their version, and what is checked when a ledger is opened.

mod tables;

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rusqlite::Connection;

pub(crate) use self::tables::PENDING;
use crate::LedgerError;

/// The version of the tables, kept in `PRAGMA user_version`.
const VERSION: i64 = 6;

/// "VIGI", kept in `PRAGMA application_id`: tells a ledger from any other SQLite file.
const APPLICATION_ID: i64 = 0x5649_4749;

/// Statements that are kept compiled: all that the daemon uses.
const STATEMENTS: usize = 64;

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
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    prepare(&connection, path)?;
    Ok(connection)
}

fn prepare(connection: &Connection, path: &Path) -> Result<(), LedgerError> {
    let sqlite = |source| LedgerError::of(path, source);
    connection
        .busy_timeout(Duration::from_secs(10))
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
             {}
             COMMIT;",
            tables::steps(0, VERSION)
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
    tracing::info!(found, version = VERSION, copy = %copy.display(), "the ledger is brought up to date");
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
    let steps = tables::steps(found, VERSION);
    let steps = format!("BEGIN IMMEDIATE; {steps} PRAGMA user_version = {VERSION}; COMMIT;");
    connection.execute_batch(&steps).map_err(sqlite)?;
    if let Err(error) = give_back_room(connection) {
        // The ledger is whole, and what comes goes where the old tables were.
        tracing::warn!(%error, "the migrated ledger keeps the room that it had");
    }
    Ok(())
}

/// Makes the file as small as what it holds, where that is less than half of it.
fn give_back_room(connection: &Connection) -> rusqlite::Result<()> {
    let pages = |pragma| connection.query_row(pragma, [], |row| row.get::<_, i64>(0));
    if pages("PRAGMA freelist_count")? * 2 > pages("PRAGMA page_count")? {
        connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)")?;
    }
    Ok(())
}

/// How long a reader waits for a ledger that is just being made.
const MAKING: Duration = Duration::from_secs(5);

/// Checks that a ledger has the tables of this version, as only who writes it can bring it forward.
pub(crate) fn check_readable(connection: &Connection, path: &Path) -> Result<(), LedgerError> {
    let sqlite = |source| LedgerError::of(path, source);
    let begun = Instant::now();
    loop {
        let found = version(connection).map_err(sqlite)?;
        let path = path.to_owned();
        let known = VERSION;
        match found {
            VERSION => return Ok(()),
            0 if begun.elapsed() < MAKING => std::thread::sleep(Duration::from_millis(20)),
            0 => {
                let source = rusqlite::Error::InvalidQuery;
                return Err(LedgerError::Corrupt { path, source });
            }
            newer if newer > VERSION => return Err(LedgerError::TooNew { path, found, known }),
            _ => return Err(LedgerError::TooOld { path, found, known }),
        }
    }
}

/// The version of the tables in a ledger.
pub(crate) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

#[cfg(test)]
mod tests;
