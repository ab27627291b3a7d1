//! Copies of robots.txt, so that a restart asks no server anew.

use rusqlite::{Connection, OptionalExtension, params};
use story::storage::RobotsCopy;

use crate::packed::{pack, unpack};

/// Copies that nobody asked for again in so long are forgotten.
const KEPT_MS: i64 = 60 * 24 * 3_600_000;

/// Asked at every write, which is why there is an index for it.
const FORGET: &str = "DELETE FROM robots WHERE asked_ms < ?1";

/// The copy of an authority's file. One that cannot be read is as good as none.
pub(crate) fn copy(
    connection: &Connection,
    authority: &str,
) -> rusqlite::Result<Option<RobotsCopy>> {
    let packed: Option<Vec<u8>> = connection
        .prepare_cached("SELECT copy FROM robots WHERE authority = ?1")?
        .query_row([authority], |row| row.get(0))
        .optional()?;
    Ok(packed
        .and_then(|packed| unpack(&packed))
        .and_then(|json| serde_json::from_str(&json).ok()))
}

/// Keeps a copy, and forgets those that have gone stale.
pub(crate) fn keep(
    connection: &Connection,
    authority: &str,
    copy: &RobotsCopy,
) -> rusqlite::Result<()> {
    let json = serde_json::to_string(copy).expect("a copy is plain data");
    let asked_ms = copy.asked.timestamp_millis();
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO robots (authority, asked_ms, copy) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![authority, asked_ms, pack(&json)?])?;
    connection
        .prepare_cached(FORGET)?
        .execute([asked_ms - KEPT_MS])
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;

    #[test]
    fn forgetting_goes_through_no_copy_that_stays() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = schema::open(&folder.path().join("ledger.db")).unwrap();
        let plan: String = ledger
            .query_row(&format!("EXPLAIN QUERY PLAN {FORGET}"), [0], |row| {
                row.get("detail")
            })
            .unwrap();
        assert!(plan.contains("robots_by_time"), "{plan}");
    }
}
