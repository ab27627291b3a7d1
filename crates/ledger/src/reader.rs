//! Reading a ledger beside the daemon that writes it, for `status`, `feeds list` and `explain`.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags, OptionalExtension};
use story::{
    Entry, SiteTemplate, StoryId,
    storage::{Checkpoint, FeedState},
};

use crate::{
    BalanceRow, LedgerError, balance, feeds,
    ids::StoredId,
    packed::unpack,
    schema,
    seen::{self, Marks},
    stories, templates,
};

/// A read-only view of a ledger.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    path: PathBuf,
}

/// What became of a feed's entries: shown = pending + kept + dropped + duplicate + failed + skipped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct FeedCounts {
    pub feed: String,
    pub pending: u64,
    pub kept: u64,
    pub dropped: u64,
    pub duplicate: u64,
    pub failed: u64,
    pub skipped: u64,
}

impl FeedCounts {
    fn of(feed: String, endings: &HashMap<String, u64>) -> Self {
        let count = |ending| endings.get(ending).copied().unwrap_or_default();
        Self {
            feed,
            pending: count("pending"),
            kept: count("kept"),
            dropped: count("dropped"),
            duplicate: count("duplicate"),
            failed: count("failed"),
            skipped: count("skipped"),
        }
    }
}

impl Reader {
    /// Opens the ledger at `path`, which must be there and of this version.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let sqlite = |source| LedgerError::of(path, source);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(sqlite)?;
        connection
            .busy_timeout(std::time::Duration::from_secs(5))
            .map_err(sqlite)?;
        schema::check_readable(&connection, path)?;
        Ok(Self {
            connection,
            path: path.to_owned(),
        })
    }

    /// Reads with the connection itself.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, LedgerError> {
        work(&self.connection).map_err(|e| LedgerError::of(&self.path, e))
    }

    /// The state of every feed that was polled.
    pub fn feed_states(&self) -> Result<Vec<FeedState>, LedgerError> {
        feeds::states(&self.connection).map_err(|e| LedgerError::of(&self.path, e))
    }

    /// What became of each feed's entries.
    pub fn feed_counts(&self) -> Result<Vec<FeedCounts>, LedgerError> {
        self.read(|connection| {
            let counts = seen::counts(connection)?.into_iter();
            Ok(counts
                .map(|(feed, endings)| FeedCounts::of(feed, &endings))
                .collect())
        })
    }

    /// What became of what each feed showed, by the hour in which it was first seen, oldest first;
    /// by the day where that is over.
    pub fn balance(&self) -> Result<Vec<BalanceRow>, LedgerError> {
        self.read(balance::rows)
    }

    /// The verdict on a story that was dropped in the last 30 days, as the story's JSON.
    pub fn dropped(&self, story: &StoryId) -> Result<Option<String>, LedgerError> {
        let packed: Option<Vec<u8>> = self
            .connection
            .query_row(
                "SELECT verdict FROM dropped WHERE story = ?1",
                [story.as_str()],
                |row| row.get(0),
            )
            .optional()
            .map_err(|e| LedgerError::of(&self.path, e))?;
        Ok(packed.and_then(|packed| unpack(&packed)))
    }

    /// The story that an entry which linked to the address with this id became, or whose duplicate
    /// it is; that is another one where the address led elsewhere.
    pub fn story_of_link(&self, link: &StoryId) -> Result<Option<StoryId>, LedgerError> {
        self.read(|connection| seen::story_of_link(connection, link))
    }

    /// Whether a feed has shown an entry, by its guid or by its link and title, as a poll finds out.
    pub fn knows(&self, entry: &Entry) -> Result<bool, LedgerError> {
        self.read(|connection| {
            let feed = connection
                .prepare_cached("SELECT no FROM feed WHERE id = ?1")?
                .query_row([entry.feed.as_str()], |row| row.get(0))
                .optional()?;
            feed.map_or(Ok(false), |feed| {
                seen::is_known(connection, &Marks::of(feed, entry))
            })
        })
    }

    /// The newest verdict on a dropped story of whose JSON `found` makes something. It reads them
    /// all where there is none.
    pub fn find_dropped<T>(
        &self,
        found: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, LedgerError> {
        let find = || {
            let mut query = self
                .connection
                .prepare("SELECT verdict FROM dropped ORDER BY at_ms DESC")?;
            let mut rows = query.query([])?;
            while let Some(row) = rows.next()? {
                let verdict = unpack(row.get_ref(0)?.as_blob().unwrap_or_default());
                if let Some(found) = verdict.as_deref().and_then(&found) {
                    return Ok(Some(found));
                }
            }
            Ok(None)
        };
        find().map_err(|e| LedgerError::of(&self.path, e))
    }

    /// The newest verdicts on dropped stories, as their JSON, newest first.
    pub fn newest_dropped(&self, limit: usize) -> Result<Vec<String>, LedgerError> {
        let read = || {
            let mut query = self
                .connection
                .prepare("SELECT verdict FROM dropped ORDER BY at_ms DESC LIMIT ?1")?;
            query
                .query_map([limit as i64], |row| row.get::<_, Vec<u8>>(0))?
                .collect::<rusqlite::Result<Vec<_>>>()
        };
        let packed = read().map_err(|e| LedgerError::of(&self.path, e))?;
        Ok(packed.iter().filter_map(|packed| unpack(packed)).collect())
    }

    /// What was learned of a host's pages; `None` where nothing was.
    pub fn site_template(&self, host: &str) -> Result<Option<SiteTemplate>, LedgerError> {
        self.read(|connection| templates::template(connection, host))
    }

    /// The same view, of the ledger as it is now: what is committed from here on is not seen.
    pub fn steady(self) -> Result<Self, LedgerError> {
        self.read(|connection| connection.execute_batch("BEGIN; SELECT 1 FROM checkpoint"))?;
        Ok(self)
    }

    /// Up to where the record was acknowledged; `None` for a ledger that knows of no record.
    pub fn checkpoint(&self) -> Result<Option<Checkpoint>, LedgerError> {
        self.read(stories::checkpoint)
    }

    /// Tells every story whose line stands in the record, by its id and revision.
    pub fn written(&self, mut each: impl FnMut(&str, u32)) -> Result<(), LedgerError> {
        self.read(|connection| {
            let mut query =
                connection.prepare("SELECT id, revision FROM story WHERE written = 1")?;
            let mut rows = query.query([])?;
            while let Some(row) = rows.next()? {
                each(row.get::<_, StoredId>(0)?.0.as_str(), row.get(1)?);
            }
            Ok(())
        })
    }

    /// Why entries failed, most frequent first.
    pub fn failures(&self) -> Result<Vec<(String, u64)>, LedgerError> {
        self.read(seen::failures)
    }
}
