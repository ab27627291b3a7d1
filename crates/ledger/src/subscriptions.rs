//! WebSub subscriptions, as the fetcher writes them down.

use rusqlite::{Connection, params};
use story::FeedId;

/// All subscriptions with their feeds.
pub(crate) fn all(connection: &Connection) -> rusqlite::Result<Vec<(FeedId, String)>> {
    let mut query = connection.prepare_cached("SELECT feed, json FROM subscription")?;
    let rows = query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
    let rows = rows.collect::<Result<Vec<_>, _>>()?.into_iter();
    Ok(rows
        .filter_map(|(feed, json)| Some((feed.parse().ok()?, json)))
        .collect())
}

/// Keeps a feed's subscription, or forgets it.
pub(crate) fn keep(
    connection: &Connection,
    feed: &FeedId,
    json: Option<&str>,
) -> rusqlite::Result<()> {
    match json {
        Some(json) => connection
            .prepare_cached("INSERT OR REPLACE INTO subscription (feed, json) VALUES (?1, ?2)")?
            .execute(params![feed.as_str(), json])
            .map(drop),
        None => connection
            .prepare_cached("DELETE FROM subscription WHERE feed = ?1")?
            .execute([feed.as_str()])
            .map(drop),
    }
}
