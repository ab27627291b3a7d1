//! The books: per feed and hour, shown = new + known, and new = kept + dropped + duplicate +
//! failed + skipped + pending.
//!
//! What was shown and how it ended are counted where they happen, in the same transaction; what is
//! pending is counted off the pending entries themselves. An entry that got lost in between, or one
//! that ended twice, shows as a difference. Hours that are over are put together to days.

mod days;

use rusqlite::{Connection, params};
use story::{
    EntryId, Timestamp,
    storage::{PollCounts, Stored},
};

use crate::Ledger;

const HOUR_MS: i64 = 3_600_000;

/// How many imbalances are told at most: where there are more, the books themselves are at fault.
const IMBALANCES_MAX: i64 = 1000;

/// What became of what one feed showed for the first time in one hour, or in one day that is over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct BalanceRow {
    pub feed: String,
    /// The begin of the hour or day.
    pub hour: Timestamp,
    /// Whether it is a day: hours of some days ago that balanced are put together.
    pub whole_day: bool,
    /// Entries that polls of this hour showed.
    pub shown: u64,
    /// Of them, those that the feed had not shown before; all that follows is about these.
    pub new: u64,
    pub known: u64,
    pub kept: u64,
    pub dropped: u64,
    pub duplicate: u64,
    pub failed: u64,
    pub skipped: u64,
    pub pending: u64,
}

impl BalanceRow {
    /// Whether everything that was shown is accounted for.
    pub fn is_balanced(&self) -> bool {
        let ended = self.kept + self.dropped + self.duplicate + self.failed + self.skipped;
        self.shown == self.new + self.known && self.new == ended + self.pending
    }
}

/// Counts what a poll showed; entries that ended with it are counted as such.
pub(crate) fn count_poll(
    connection: &Connection,
    feed: i64,
    now_ms: i64,
    counts: &PollCounts,
) -> rusqlite::Result<()> {
    let new = counts.new + counts.duplicate + counts.skipped;
    if new + counts.known == 0 {
        return Ok(());
    }
    let hour = now_ms / HOUR_MS;
    let values = [
        new + counts.known,
        new,
        counts.known,
        counts.duplicate,
        counts.skipped,
    ]
    .map(|count| count as i64);
    let [shown, new, known, duplicate, skipped] = values;
    connection
        .prepare_cached(
            "INSERT INTO tally (feed, hour, shown, new, known, duplicate, skipped)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT DO UPDATE SET shown = shown + ?3, new = new + ?4, known = known + ?5,
                 duplicate = duplicate + ?6, skipped = skipped + ?7",
        )?
        .execute(params![feed, hour, shown, new, known, duplicate, skipped])?;
    Ok(())
}

/// Counts how a pending entry ended, in the hour in which it was first seen.
pub(crate) fn count_ending(
    connection: &Connection,
    entry: EntryId,
    ending: &str,
) -> rusqlite::Result<()> {
    let count = match ending {
        "kept" => "UPDATE tally SET kept = kept + 1",
        "dropped" => "UPDATE tally SET dropped = dropped + 1",
        "duplicate" => "UPDATE tally SET duplicate = duplicate + 1",
        _ => "UPDATE tally SET failed = failed + 1",
    };
    let of_entry = "WHERE (feed, hour) = (SELECT feed, seen_s / 3600 FROM entry WHERE id = ?1)";
    connection
        .prepare_cached(&format!("{count} {of_entry}"))?
        .execute([entry.0])
        .map(drop)
}

/// The books with what is pending beside them: `hours`, and the `days` of hours that are over.
/// Pending entries are gone through from their own side, so that one of an hour that has no row in
/// the books shows as well; and CROSS has SQLite do so, which would read ten million seen ones.
const BOOKS: &str = "
    WITH waiting AS MATERIALIZED (
        SELECT entry.feed AS feed, entry.seen_s / 3600 AS hour, count(*) AS pending
        FROM pending CROSS JOIN entry ON entry.id = pending.entry GROUP BY 1, 2),
    hours AS (
        SELECT tally.feed AS feed, tally.hour AS hour, shown, new, known, kept, dropped, duplicate,
               failed, skipped, coalesce(pending, 0) AS pending, 0 AS whole_day
        FROM tally LEFT JOIN waiting ON waiting.feed = tally.feed AND waiting.hour = tally.hour
        UNION ALL
        SELECT feed, hour, 0, 0, 0, 0, 0, 0, 0, 0, pending, 0 FROM waiting
        WHERE NOT EXISTS (
            SELECT 1 FROM tally WHERE tally.feed = waiting.feed AND tally.hour = waiting.hour)),
    days AS (
        SELECT feed, day * 24 AS hour, shown, new, known, kept, dropped, duplicate,
               failed, skipped, 0 AS pending, 1 AS whole_day
        FROM tally_day)";

/// What [`BalanceRow::is_balanced`] says, of a row of the books.
const BALANCED: &str = "(shown = new + known
    AND new = kept + dropped + duplicate + failed + skipped + pending)";

/// Every feed's days and hours, oldest first.
pub(crate) fn rows(connection: &Connection) -> rusqlite::Result<Vec<BalanceRow>> {
    let all = "(SELECT * FROM hours UNION ALL SELECT * FROM days)";
    read(connection, all, "", i64::MAX)
}

/// Reads up to `limit` rows of `books` for which a condition holds, oldest first.
fn read(
    connection: &Connection,
    books: &str,
    condition: &str,
    limit: i64,
) -> rusqlite::Result<Vec<BalanceRow>> {
    let mut query = connection.prepare(&format!(
        "{BOOKS}
         SELECT feed.id, hour, shown, new, known, kept, dropped, duplicate, failed, skipped,
                pending, whole_day
         FROM {books} AS books JOIN feed ON feed.no = books.feed {condition}
         ORDER BY hour, feed.id LIMIT ?1"
    ))?;
    let rows = query.query_map([limit], |row| {
        let count = |column| row.get::<_, i64>(column).map(|count| count as u64);
        let hour = Timestamp::from_timestamp(row.get::<_, i64>(1)?.saturating_mul(3600), 0);
        Ok(BalanceRow {
            feed: row.get(0)?,
            hour: hour.unwrap_or_default(),
            shown: count(2)?,
            new: count(3)?,
            known: count(4)?,
            kept: count(5)?,
            dropped: count(6)?,
            duplicate: count(7)?,
            failed: count(8)?,
            skipped: count(9)?,
            pending: count(10)?,
            whole_day: row.get(11)?,
        })
    })?;
    rows.collect()
}

impl Ledger {
    /// The hours whose books do not balance, the oldest thousand of them: for the check that the
    /// daemon makes of itself. It is read beside the writing thread, which goes on meanwhile.
    pub async fn imbalanced_hours(&self) -> Stored<Vec<BalanceRow>> {
        self.imbalanced("hours").await
    }

    /// The days whose books do not balance, which they did when their hours were put together.
    pub async fn imbalanced_days(&self) -> Stored<Vec<BalanceRow>> {
        self.imbalanced("days").await
    }

    async fn imbalanced(&self, books: &'static str) -> Stored<Vec<BalanceRow>> {
        self.read("balance the books", move |connection| {
            let condition = format!("WHERE NOT {BALANCED}");
            read(connection, books, &condition, IMBALANCES_MAX)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_books_are_gone_through_without_the_entries_that_were_seen() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = crate::schema::open(&folder.path().join("ledger.db")).unwrap();
        for books in ["hours", "days"] {
            let sql = format!("EXPLAIN QUERY PLAN {BOOKS} SELECT * FROM {books}");
            let mut query = ledger.prepare(&sql).unwrap();
            let steps = query.query_map([], |row| row.get::<_, String>(3)).unwrap();
            for step in steps {
                let step = step.unwrap();
                assert!(!step.starts_with("SCAN entry"), "{books}: {step}");
            }
        }
    }
}
