//! What was last learned of each authority's robots.txt.

use rusqlite::{Connection, OptionalExtension, params};
use story::storage::RobotsCopy;

/// The copy of an authority's file. One that an older program wrote and this one cannot read is
/// none.
pub(crate) fn copy(
    connection: &Connection,
    authority: &str,
) -> rusqlite::Result<Option<RobotsCopy>> {
    let row: Option<(String, Option<Vec<u8>>)> = connection
        .prepare_cached("SELECT copy, body FROM robots WHERE authority = ?1")?
        .query_row([authority], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(row.and_then(|(copy, body)| {
        let copy = serde_json::from_str(&copy).ok()?;
        Some(RobotsCopy { body, ..copy })
    }))
}

/// Keeps a copy in place of the one before. Runs inside a transaction.
pub(crate) fn keep(
    connection: &Connection,
    authority: &str,
    mut copy: RobotsCopy,
) -> rusqlite::Result<()> {
    let body = copy.body.take();
    let json = serde_json::to_string(&copy).expect("a copy is plain data");
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO robots (authority, copy, body) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![authority, json, body])
        .map(drop)
}
