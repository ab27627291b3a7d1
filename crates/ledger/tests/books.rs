//! The books of a daemon that has run for a long time.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use chrono::{TimeDelta, Utc};
use ledger::{BalanceRow, Ledger, Reader};
use rusqlite::Connection;

const FEEDS: u64 = 316;
const DAYS: u64 = 90;

/// Makes a ledger whose feeds showed 3 entries each hour for so many days, up to this hour: 2 new.
fn long_run(path: &Path, feeds: u64, days: u64) {
    drop(Ledger::open(path).unwrap());
    let hour = Utc::now().timestamp() / 3600;
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch(&format!(
            "PRAGMA synchronous = OFF;
             BEGIN;
             WITH RECURSIVE no (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM no WHERE n < {feeds})
             INSERT INTO feed (no, id) SELECT n, 'diario-' || n FROM no;
             WITH RECURSIVE past (h) AS (VALUES (0) UNION ALL SELECT h + 1 FROM past WHERE h < {days} * 24 - 1)
             INSERT INTO tally (feed, hour, shown, new, known, kept, dropped)
             SELECT no, {hour} - h, 3, 2, 1, 1, 1 FROM feed, past;
             COMMIT;"
        ))
        .unwrap();
}

fn write(path: &Path, sql: &str) {
    let connection = Connection::open(path).unwrap();
    connection.busy_timeout(Duration::from_secs(5)).unwrap();
    connection.execute_batch(sql).unwrap();
}

fn sum(rows: &[BalanceRow], count: fn(&BalanceRow) -> u64) -> u64 {
    rows.iter().map(count).sum()
}

#[tokio::test]
async fn hours_that_are_over_become_days_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    long_run(&path, 2, 5);
    // An hour that does not balance and one of which an entry is pending stay as they are.
    let hour = Utc::now().timestamp() / 3600 - 60;
    write(
        &path,
        &format!(
            "UPDATE tally SET new = new + 1, shown = shown + 1 WHERE feed = 1 AND hour = {hour};
             UPDATE tally SET new = new + 1, shown = shown + 1 WHERE feed = 2 AND hour = {hour};
             INSERT INTO entry (id, feed, key, outcome, seen_s, done_s)
             VALUES (1, 2, 'k', 2, {hour} * 3600, {hour} * 3600);
             INSERT INTO pending (entry, host, due_ms, body) VALUES (1, '', 0, '')"
        ),
    );
    let ledger = Ledger::open(&path).unwrap();
    let before = Reader::open(&path).unwrap().balance().unwrap();
    let folded = ledger.fold_books().await.unwrap();
    assert_eq!(folded, 2 * (5 * 24 - 49) - 2);
    assert_eq!(ledger.fold_books().await.unwrap(), 0);

    let after = Reader::open(&path).unwrap().balance().unwrap();
    let (days, hours): (Vec<_>, Vec<_>) = after.iter().cloned().partition(|row| row.whole_day);
    assert!(
        days.len() <= 2 * 4 && hours.len() == 2 * 49 + 2,
        "{after:?}"
    );
    assert!(after.is_sorted_by_key(|row| row.hour));
    let open = Utc::now() - TimeDelta::hours(48 + 24);
    assert!(
        days.iter().any(|row| row.hour > open),
        "the newest that are over"
    );
    for count in [
        |row: &BalanceRow| row.shown,
        |row: &BalanceRow| row.known,
        |row: &BalanceRow| row.kept,
        |row: &BalanceRow| row.dropped,
        |row: &BalanceRow| row.pending,
    ] {
        assert_eq!(sum(&before, count), sum(&after, count));
    }
    let off = ledger.imbalanced_hours().await.unwrap();
    assert!(off.len() == 1 && off[0].feed == "diario-1", "{off:?}");
    assert_eq!(ledger.imbalanced_days().await.unwrap(), []);
    write(&path, "UPDATE tally_day SET kept = kept - 1 WHERE feed = 2");
    let off = ledger.imbalanced_days().await.unwrap();
    assert!(off.iter().all(|row| row.feed == "diario-2") && !off.is_empty());
}

#[tokio::test]
async fn days_are_forgotten_after_three_months() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    long_run(&path, 1, 100);
    let ledger = Ledger::open(&path).unwrap();
    ledger.fold_books().await.unwrap();
    let rows = Reader::open(&path).unwrap().balance().unwrap();
    let oldest = Utc::now() - TimeDelta::days(91);
    assert!(
        rows[0].hour > oldest && rows.len() < 49 + 91,
        "{}",
        rows[0].hour
    );
}

/// The longest that a commit took while `work` went on, and how long that was.
async fn longest_commit<T>(ledger: &Ledger, work: impl Future<Output = T>) -> (Duration, Duration) {
    let begun = Instant::now();
    let mut longest = Duration::ZERO;
    tokio::pin!(work);
    loop {
        let asked = Instant::now();
        tokio::select! {
            biased;
            _ = &mut work => return (longest, begun.elapsed()),
            read = ledger.checkpoint() => {
                read.unwrap();
                longest = longest.max(asked.elapsed());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_books_of_three_months_keep_no_commit_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    long_run(&path, FEEDS, DAYS);
    let ledger = Ledger::open(&path).unwrap();
    let check = async { assert_eq!(ledger.imbalanced_hours().await.unwrap(), []) };
    let (check_held, check_took) = longest_commit(&ledger, check).await;
    let fold = async { ledger.fold_books().await.unwrap() };
    let (fold_held, fold_took) = longest_commit(&ledger, fold).await;
    let check = async { assert_eq!(ledger.imbalanced_hours().await.unwrap(), []) };
    let (again_held, again_took) = longest_commit(&ledger, check).await;
    println!(
        "{} hours: first check {check_took:?}, commits held {check_held:?} at most; \
         put to days {fold_took:?}, held {fold_held:?}; check then {again_took:?}, held {again_held:?}",
        FEEDS * DAYS * 24
    );
    // A disk that is slow for a moment is allowed for.
    let bound = Duration::from_millis(500);
    assert!(check_held.max(fold_held).max(again_held) < bound);
    let rows = Reader::open(&path).unwrap().balance().unwrap();
    assert!(rows.len() as u64 <= FEEDS * (49 + DAYS), "{}", rows.len());
    assert_eq!(sum(&rows, |row| row.shown), FEEDS * DAYS * 24 * 3);
}
