//! Bringing the ledger and the record together after a crash, before anything is polled.

use rusqlite::{Connection, OptionalExtension, params};
use story::{
    EntryId, StoryId,
    storage::{Checkpoint, Ending, Stored},
};

use crate::{Ledger, ids::Id, stories};

/// A line that was found in the record behind the checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenStory {
    /// The story.
    pub id: StoryId,
    /// Its revision.
    pub revision: u32,
}

/// What recovery did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Stories whose line stood in the record and was not acknowledged; they are now.
    pub acknowledged: u64,
    /// Reservations whose line was never written; their entries are pending again.
    pub released: u64,
    /// Stories in the record that the ledger had never heard of.
    pub adopted: u64,
}

impl Ledger {
    /// Up to where the record was acknowledged; `None` for a ledger that knows of no record.
    pub async fn checkpoint(&self) -> Stored<Option<Checkpoint>> {
        self.writer
            .write("read the checkpoint", stories::checkpoint)
            .await
    }

    /// Settles every reservation by what stands in the record: `written` are the stories found
    /// there behind the checkpoint, and `checkpoint` is how far the record was read and synced;
    /// `None` where there is no record, and nothing is known of one that is made later.
    pub async fn recover(
        &self,
        written: Vec<WrittenStory>,
        checkpoint: Option<Checkpoint>,
    ) -> Stored<Recovered> {
        self.writer
            .write("recover", move |connection| {
                let mut recovered = Recovered::default();
                for story in &written {
                    settle(connection, story, &mut recovered)?;
                }
                recovered.released =
                    connection.execute("DELETE FROM story WHERE written = 0", [])? as u64;
                match &checkpoint {
                    Some(checkpoint) => stories::set_checkpoint(connection, checkpoint)?,
                    None => stories::forget_checkpoint(connection)?,
                }
                Ok(recovered)
            })
            .await
    }
}

fn settle(
    connection: &Connection,
    story: &WrittenStory,
    recovered: &mut Recovered,
) -> rusqlite::Result<()> {
    let known: Option<(Option<i64>, bool)> = connection
        .prepare_cached("SELECT entry, written FROM story WHERE id = ?1 AND revision = ?2")?
        .query_row(params![Id(story.id.as_str()), story.revision], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    match known {
        Some((_, true)) => {}
        Some((entry, false)) => {
            let kept = Ending::Kept {
                story: story.id.clone(),
                revision: story.revision,
            };
            // Without an entry there is only the story to mark; entry ids start at 1.
            stories::finish(connection, EntryId(entry.unwrap_or(0)), &kept)?;
            recovered.acknowledged += 1;
        }
        None => {
            connection
                .prepare_cached("INSERT INTO story (id, revision, written) VALUES (?1, ?2, 1)")?
                .execute(params![Id(story.id.as_str()), story.revision])?;
            recovered.adopted += 1;
        }
    }
    Ok(())
}
