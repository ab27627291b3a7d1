//! The books: per feed and hour, shown = new + known, and new = kept + dropped + duplicate +
//! failed + skipped + pending.
//!
//! What was shown and how it ended are counted where they happen, in the same transaction; what is
//! pending is counted off the pending entries themselves. An entry that got lost in between, or one
//! that ended twice, shows as a difference.

use rusqlite::{Connection, params};
use story::{EntryId, Timestamp, storage::PollCounts};

use crate::Ledger;

const HOUR_MS: i64 = 3_600_000;

/// The books are kept for so many hours.
const KEPT_HOURS: i64 = 24 * 90;

/// What became of what one feed showed for the first time in one hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct BalanceRow {
    pub feed: String,
    /// The begin of the hour.
    pub hour: Timestamp,
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
    let of_entry = "WHERE (feed, hour) = (SELECT feed, seen_ms / 3600000 FROM entry WHERE id = ?1)";
    connection
        .prepare_cached(&format!("{count} {of_entry}"))?
        .execute([entry.0])
        .map(drop)
}

/// Every feed's hours, oldest first.
pub(crate) fn rows(connection: &Connection) -> rusqlite::Result<Vec<BalanceRow>> {
    // Pending entries are joined from their own side, so that one of an hour that has no row in the
    // books shows as well.
    let mut query = connection.prepare(
        "WITH waiting AS (
             SELECT entry.feed AS feed, entry.seen_ms / 3600000 AS hour, count(*) AS pending
             FROM pending JOIN entry ON entry.id = pending.entry GROUP BY 1, 2),
         hours AS (SELECT feed, hour FROM tally UNION SELECT feed, hour FROM waiting)
         SELECT feed.id, hours.hour, coalesce(shown, 0), coalesce(new, 0), coalesce(known, 0),
                coalesce(kept, 0), coalesce(dropped, 0), coalesce(duplicate, 0),
                coalesce(failed, 0), coalesce(skipped, 0), coalesce(pending, 0)
         FROM hours JOIN feed ON feed.no = hours.feed
         LEFT JOIN tally ON tally.feed = hours.feed AND tally.hour = hours.hour
         LEFT JOIN waiting ON waiting.feed = hours.feed AND waiting.hour = hours.hour
         ORDER BY hours.hour, feed.id",
    )?;
    let rows = query.query_map([], |row| {
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
        })
    })?;
    rows.collect()
}

impl Ledger {
    /// The hours whose books do not balance, and forgets those that are long over: for the check
    /// that the daemon makes of itself.
    pub async fn imbalances(&self) -> Result<Vec<BalanceRow>, story::storage::StorageError> {
        self.writer
            .write("balance the books", |connection| {
                let oldest = crate::entries::now_ms() / HOUR_MS - KEPT_HOURS;
                connection.execute(
                    "DELETE FROM tally WHERE hour < ?1 AND new = kept + dropped + duplicate + failed + skipped",
                    [oldest],
                )?;
                let mut rows = rows(connection)?;
                rows.retain(|row| !row.is_balanced());
                Ok(rows)
            })
            .await
    }
}
