//! Entries in flight: claimed, given back, taken up again after a crash.

use std::sync::Arc;

use rusqlite::{Connection, params};
use story::{
    Entry, EntryId, FeedId, Timestamp,
    storage::{
        Conclude, FeedState, FetchStore, PendingEntry, PollCounts, RobotsCopy, ShownEntry, Stored,
    },
};

use crate::{Ledger, feeds, robots, subscriptions};

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
         RETURNING entry, attempts, body",
    )?;
    let rows = query.query_map(params![host, now.timestamp_millis(), limit as i64], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?))
    })?;
    let mut claimed: Vec<PendingEntry> = Vec::new();
    for row in rows {
        let (id, attempts, body): (i64, u32, String) = row?;
        let entry: Entry = serde_json::from_str(&body).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(
                2,
                rusqlite::types::Type::Text,
                Box::new(error),
            )
        })?;
        claimed.push(PendingEntry {
            id: EntryId(id),
            entry,
            attempts,
        });
    }
    // RETURNING promises no order.
    claimed.sort_by_key(|pending| pending.id);
    Ok(claimed)
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
        attempts: u32,
        next_try: Timestamp,
        why: String,
    ) -> Stored<()> {
        self.writer
            .write("postpone an entry", move |connection| {
                connection
                    .prepare_cached(
                        "UPDATE pending SET claimed = 0, attempts = ?2, due_ms = ?3, why = ?4 WHERE entry = ?1",
                    )?
                    .execute(params![id.0, attempts, next_try.timestamp_millis(), why])
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
