//! Stories: reserved before they are written, and how entries ended.

use rusqlite::{Connection, OptionalExtension, params};
use story::{
    EntryId, StoryId,
    storage::{Checkpoint, DROPPED_KEPT, Ending, Reservation, SinkStore, Stored},
};

use crate::{Ledger, balance, entries::now_ms, ids::Id, packed::pack, seen};

impl SinkStore for Ledger {
    async fn reserve(&self, stories: Vec<(EntryId, StoryId, u32)>) -> Stored<Vec<Reservation>> {
        self.writer
            .write("reserve stories", move |connection| {
                stories
                    .iter()
                    .map(|(entry, story, revision)| reserve(connection, *entry, story, *revision))
                    .collect()
            })
            .await
    }

    async fn finish(
        &self,
        endings: Vec<(EntryId, Ending)>,
        checkpoint: Option<Checkpoint>,
    ) -> Stored<()> {
        let seen_kept = self.seen_kept;
        self.writer
            .write("finish entries", move |connection| {
                for (entry, ending) in &endings {
                    finish(connection, *entry, ending)?;
                }
                if let Some(checkpoint) = &checkpoint {
                    set_checkpoint(connection, checkpoint)?;
                }
                expire_dropped(connection)?;
                seen::expire(connection, seen_kept, endings.len())
            })
            .await
    }
}

fn reserve(
    connection: &Connection,
    entry: EntryId,
    story: &StoryId,
    revision: u32,
) -> rusqlite::Result<Reservation> {
    let holder: Option<(Option<i64>, bool)> = connection
        .prepare_cached("SELECT entry, written FROM story WHERE id = ?1 AND revision = ?2")?
        .query_row(params![Id(story.as_str()), revision], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    match holder {
        // The same entry asks again after a failed write: the reservation is still its own.
        Some((Some(holder), false)) if holder == entry.0 => Ok(Reservation::Granted),
        Some(_) => Ok(Reservation::Taken),
        None => {
            connection
                .prepare_cached(
                    "INSERT INTO story (id, revision, entry, written) VALUES (?1, ?2, ?3, 0)",
                )?
                .execute(params![Id(story.as_str()), revision, entry.0])?;
            Ok(Reservation::Granted)
        }
    }
}

/// Records how an entry ended and lets go of what it took to work on it.
pub(crate) fn finish(
    connection: &Connection,
    entry: EntryId,
    ending: &Ending,
) -> rusqlite::Result<()> {
    match ending {
        Ending::Kept { story, revision } => connection
            .prepare_cached(
                "UPDATE story SET written = 1, entry = NULL WHERE id = ?1 AND revision = ?2",
            )?
            .execute(params![Id(story.as_str()), revision])
            .map(drop)?,
        Ending::Dropped { story, verdict, .. } => keep_verdict(connection, story, verdict)?,
        Ending::Duplicate { .. } | Ending::Failed { .. } => {}
    }
    if !seen::end(connection, entry, ending)? {
        return Ok(()); // it ended before, and was counted then
    }
    connection
        .prepare_cached("DELETE FROM pending WHERE entry = ?1")?
        .execute([entry.0])?;
    balance::count_ending(connection, entry, seen::word(ending))
}

fn keep_verdict(connection: &Connection, story: &StoryId, verdict: &str) -> rusqlite::Result<()> {
    let packed = pack(verdict)?;
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO dropped (story, at_ms, verdict) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![story.as_str(), now_ms(), packed])
        .map(drop)
}

/// Forgets a few verdicts that are past their time; called with each group, so that it never has
/// much to do at once.
fn expire_dropped(connection: &Connection) -> rusqlite::Result<()> {
    let oldest = now_ms() - DROPPED_KEPT.as_millis() as i64;
    connection
        .prepare_cached(
            "DELETE FROM dropped WHERE story IN
                 (SELECT story FROM dropped WHERE at_ms < ?1 ORDER BY at_ms LIMIT 100)",
        )?
        .execute([oldest])
        .map(drop)
}

/// Remembers up to where the record is on disk.
pub(crate) fn set_checkpoint(connection: &Connection, at: &Checkpoint) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO checkpoint (one, file, offset) VALUES (1, ?1, ?2)")?
        .execute(params![at.file, at.offset as i64])
        .map(drop)
}

/// Forgets up to where the record was on disk: it is not there any more.
pub(crate) fn forget_checkpoint(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM checkpoint", []).map(drop)
}

/// Up to where the record was on disk when it was last looked at.
pub(crate) fn checkpoint(connection: &Connection) -> rusqlite::Result<Option<Checkpoint>> {
    connection
        .query_row("SELECT file, offset FROM checkpoint", [], |row| {
            Ok(Checkpoint {
                file: row.get(0)?,
                offset: row.get::<_, i64>(1)? as u64,
            })
        })
        .optional()
}
