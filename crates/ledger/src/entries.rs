//! Entries in flight: claimed, given back, taken up again after a crash.

use std::sync::Arc;

use rusqlite::{Connection, params};
use story::{
    EntryId, FeedId, Timestamp,
    storage::{
        Conclude, Ending, FeedState, FetchStore, PendingEntry, PollCounts, RobotsCopy, ShownEntry,
        Stored, Tries,
    },
};

use crate::{Ledger, feeds, robots, stories, subscriptions};

/// The clock as the ledger stores it.
pub(crate) fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

/// Gives back what the process before had claimed.
pub(crate) fn release_claims(connection: &Connection) -> rusqlite::Result<()> {
    connection
        .execute("UPDATE pending SET claimed = 0 WHERE claimed = 1", [])
        .map(drop)
}

/// Claims what is due. An entry that cannot be read any more ends here, as failed, and keeps none
/// of the others.
fn claim(
    connection: &Connection,
    host: &str,
    now: Timestamp,
    limit: usize,
) -> rusqlite::Result<Vec<PendingEntry>> {
    let mut query = connection.prepare_cached(
        "UPDATE pending SET claimed = 1 WHERE entry IN (
             SELECT entry FROM pending WHERE host = ?1 AND claimed = 0 AND due_ms <= ?2
             ORDER BY due_ms, entry LIMIT ?3)
         RETURNING entry, attempts, robots_waits, shares_page, body,
             (SELECT seen_s FROM entry AS shown WHERE shown.id = pending.entry)",
    )?;
    let rows = query.query_map(params![host, now.timestamp_millis(), limit as i64], |row| {
        let body = row.get_ref(4)?.as_bytes().unwrap_or_default();
        let tries = Tries {
            page: count(row.get(1)?),
            robots: count(row.get(2)?),
        };
        let entry = serde_json::from_slice(body);
        let seen = Timestamp::from_timestamp_secs(row.get(5)?).unwrap_or(now);
        Ok((EntryId(row.get(0)?), tries, row.get(3)?, seen, entry))
    })?;
    let mut claimed: Vec<PendingEntry> = Vec::new();
    for row in rows.collect::<rusqlite::Result<Vec<_>>>()? {
        match row {
            (id, tries, shares_page, seen, Ok(entry)) => claimed.push(PendingEntry {
                id,
                entry,
                seen,
                tries,
                shares_page,
            }),
            (id, _, _, _, Err(error)) => set_aside(connection, host, id, &error)?,
        }
    }
    // RETURNING promises no order.
    claimed.sort_by_key(|pending| pending.id);
    Ok(claimed)
}

/// A count as it was stored; the most there is for one that cannot be.
fn count(stored: i64) -> u32 {
    stored.try_into().unwrap_or(u32::MAX)
}

/// Ends an entry whose stored body is none.
fn set_aside(
    connection: &Connection,
    host: &str,
    id: EntryId,
    error: &serde_json::Error,
) -> rusqlite::Result<()> {
    tracing::error!(host, entry = id.0, %error, "a pending entry cannot be read, set aside as failed");
    let ending = Ending::Failed {
        reason: "unreadable-entry".to_owned(),
        detail: format!("what the ledger holds of it is no entry: {error}"),
    };
    stories::finish(connection, id, &ending)
}

impl FetchStore for Ledger {
    async fn feed_states(&self) -> Stored<Vec<FeedState>> {
        self.writer
            .write("read the feeds' states", feeds::states)
            .await
    }

    async fn commit_poll(
        &self,
        feed: &FeedId,
        entries: Arc<[ShownEntry]>,
        conclude: Conclude,
    ) -> Stored<(FeedState, PollCounts)> {
        let feed = feed.clone();
        self.writer
            .write("commit a poll", move |connection| {
                feeds::commit_poll(connection, &feed, &entries, &conclude)
            })
            .await
    }

    async fn pending_hosts(&self) -> Stored<Vec<String>> {
        self.writer
            .write("list the hosts of pending entries", |connection| {
                let mut query = connection.prepare_cached("SELECT DISTINCT host FROM pending")?;
                query.query_map([], |row| row.get(0))?.collect()
            })
            .await
    }

    async fn claim(&self, host: &str, now: Timestamp, limit: usize) -> Stored<Vec<PendingEntry>> {
        let host = host.to_owned();
        self.writer
            .write("claim entries", move |connection| {
                claim(connection, &host, now, limit)
            })
            .await
    }

    async fn next_due(&self, host: &str) -> Stored<Option<Timestamp>> {
        let host = host.to_owned();
        let due_ms: Option<i64> = self
            .writer
            .write("look for the next entry of a host", move |connection| {
                connection
                    .prepare_cached(
                        "SELECT min(due_ms) FROM pending WHERE host = ?1 AND claimed = 0",
                    )?
                    .query_row([host], |row| row.get(0))
            })
            .await?;
        Ok(due_ms.and_then(Timestamp::from_timestamp_millis))
    }

    async fn postpone(
        &self,
        id: EntryId,
        tries: Tries,
        next_try: Timestamp,
        why: String,
    ) -> Stored<()> {
        self.writer
            .write("postpone an entry", move |connection| {
                connection
                    .prepare_cached(
                        "UPDATE pending SET claimed = 0, attempts = ?2, robots_waits = ?3, due_ms = ?4,
                             why = ?5 WHERE entry = ?1",
                    )?
                    .execute(params![id.0, tries.page, tries.robots, next_try.timestamp_millis(), why])
                    .map(drop)
            })
            .await
    }

    async fn robots(&self, authority: &str) -> Stored<Option<RobotsCopy>> {
        let authority = authority.to_owned();
        self.writer
            .write("look up a robots.txt", move |connection| {
                robots::copy(connection, &authority)
            })
            .await
    }

    async fn keep_robots(&self, authority: &str, copy: RobotsCopy) -> Stored<()> {
        let authority = authority.to_owned();
        self.writer
            .write("keep a robots.txt", move |connection| {
                robots::keep(connection, &authority, &copy)
            })
            .await
    }

    async fn subscriptions(&self) -> Stored<Vec<(FeedId, String)>> {
        self.writer
            .write("read the subscriptions", subscriptions::all)
            .await
    }

    async fn keep_subscription(&self, feed: &FeedId, subscription: Option<String>) -> Stored<()> {
        let feed = feed.clone();
        self.writer
            .write("keep a subscription", move |connection| {
                subscriptions::keep(connection, &feed, subscription.as_deref())
            })
            .await
    }
}
