//! Ledgers that are new, old, newer, locked or none.

mod version_4;

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

/// A ledger as the program of that version left it.
fn older(path: &Path, version: i64, rows: &str) {
    let old = Connection::open(path).unwrap();
    old.execute_batch(&format!(
        "PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {version}; {}; {rows}",
        tables::steps(0, version)
    ))
    .unwrap();
}

#[test]
fn an_older_ledger_is_brought_forward_after_a_copy() {
    let folder = folder();
    let path = folder.path().join("ledger.db");
    let rows = "INSERT INTO feed (no, id) VALUES (1, 'diario');
        INSERT INTO entry (feed, key, ending, seen_ms)
        VALUES (1, 'a', 'kept', 7200000), (1, 'b', 'dropped', 7200001), (1, 'c', NULL, 7200002);";
    older(&path, 1, rows);
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
fn an_older_ledger_gets_what_it_lacks_and_no_more() {
    let tables = |ledger: &Connection| -> Vec<(String, Option<String>)> {
        let mut query = ledger
            .prepare("SELECT name, sql FROM sqlite_schema ORDER BY name")
            .unwrap();
        let names = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        names.unwrap().collect::<Result<_, _>>().unwrap()
    };
    for version in 1..VERSION {
        let folder = folder();
        let path = folder.path().join("ledger.db");
        older(&path, version, "");
        assert_eq!(
            tables(&open(&path).unwrap()),
            tables(&open(&folder.path().join("new.db")).unwrap())
        );
        let copy = folder.path().join(format!("ledger.db.v{version}"));
        assert!(copy.is_file());
    }
}

#[test]
fn a_reader_waits_for_a_ledger_that_is_being_made_and_refuses_an_older_one() {
    let folder = folder();
    let path = folder.path().join("ledger.db");
    std::fs::write(&path, "").unwrap();
    let reading = std::thread::spawn({
        let path = path.clone();
        move || crate::Reader::open(&path).and_then(|reader| reader.feed_counts())
    });
    drop(open(&path).unwrap());
    assert_eq!(reading.join().unwrap().unwrap(), []);

    let old = folder.path().join("old.db");
    older(&old, 4, "");
    let error = crate::Reader::open(&old).unwrap_err();
    assert!(
        matches!(error, LedgerError::TooOld { found: 4, .. }),
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
