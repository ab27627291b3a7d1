//! Hours that are over, put together to days, so that the books stay small however long the daemon
//! runs.
//!
//! Only an hour that balances and of which nothing is pending is put away, so that whatever is
//! wrong stays among the hours, which are looked at often.

use rusqlite::{Connection, params};
use story::storage::Stored;

use super::{BALANCED, BOOKS, HOUR_MS};
use crate::{Ledger, entries::now_ms};

/// Hours stay hours for so long.
const OPEN_HOURS: i64 = 48;

/// Days are kept for so long.
const KEPT_DAYS: i64 = 90;

/// How many hours are looked up at once, beside the writing thread.
const ROUND: usize = 50_000;

/// How many of them are put away in one transaction: some milliseconds.
const BITE: usize = 500;

impl Ledger {
    /// Puts the hours that are long over together to days, and forgets days that are past their
    /// time. In small bites, so that nothing else has to wait. Returns how many hours that were.
    pub async fn fold_books(&self) -> Stored<u64> {
        let mut folded = 0;
        loop {
            let over = self
                .read("look for hours that are over", hours_over)
                .await?;
            for bite in over.chunks(BITE) {
                let bite = bite.to_vec();
                let fold = move |connection: &Connection| fold(connection, &bite);
                folded += self.writer.write("put hours to days", fold).await?;
            }
            if over.len() < ROUND {
                break;
            }
        }
        self.writer.write("forget days", forget).await?;
        Ok(folded)
    }
}

/// Feed and hour of rows that may be put away.
fn hours_over(connection: &Connection) -> rusqlite::Result<Vec<(i64, i64)>> {
    let mut query = connection.prepare(&format!(
        "{BOOKS} SELECT feed, hour FROM hours WHERE hour < ?1 AND pending = 0 AND {BALANCED} LIMIT ?2"
    ))?;
    let before = now_ms() / HOUR_MS - OPEN_HOURS;
    let rows = query.query_map([before, ROUND as i64], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// Puts hours away that still balance without anything pending. Returns how many.
fn fold(connection: &Connection, hours: &[(i64, i64)]) -> rusqlite::Result<u64> {
    let mut add = connection.prepare_cached(
        "INSERT INTO tally_day (day, feed, shown, new, known, kept, dropped, duplicate, failed, skipped)
         SELECT hour / 24, feed, shown, new, known, kept, dropped, duplicate, failed, skipped
         FROM tally WHERE feed = ?1 AND hour = ?2 AND shown = new + known
              AND new = kept + dropped + duplicate + failed + skipped
         ON CONFLICT DO UPDATE SET shown = shown + excluded.shown, new = new + excluded.new,
             known = known + excluded.known, kept = kept + excluded.kept,
             dropped = dropped + excluded.dropped, duplicate = duplicate + excluded.duplicate,
             failed = failed + excluded.failed, skipped = skipped + excluded.skipped",
    )?;
    let mut remove =
        connection.prepare_cached("DELETE FROM tally WHERE feed = ?1 AND hour = ?2")?;
    let mut folded = 0;
    for (feed, hour) in hours {
        if add.execute(params![feed, hour])? == 1 {
            folded += remove.execute(params![feed, hour])? as u64;
        }
    }
    Ok(folded)
}

fn forget(connection: &Connection) -> rusqlite::Result<()> {
    let oldest = now_ms() / HOUR_MS / 24 - KEPT_DAYS;
    connection
        .prepare_cached("DELETE FROM tally_day WHERE day < ?1")?
        .execute([oldest])
        .map(drop)
}
