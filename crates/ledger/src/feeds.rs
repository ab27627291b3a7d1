//! The state of feeds, and polls: what a feed showed, committed with its validators.

use rusqlite::{Connection, params};
use story::{
    Entry, FeedId,
    storage::{Conclude, FeedState, PollCounts, ShownEntry, Sight, entry_host},
};

use crate::{
    balance,
    entries::now_ms,
    seen::{self, Before, First, Marks},
};

/// The state of every feed that was polled.
pub(crate) fn states(connection: &Connection) -> rusqlite::Result<Vec<FeedState>> {
    let mut query = connection.prepare_cached("SELECT state FROM feed WHERE state IS NOT NULL")?;
    let rows = query.query_map([], |row| row.get::<_, String>(0))?;
    // A state that an older program wrote and this one cannot read is a feed that starts afresh.
    Ok(rows
        .collect::<Result<Vec<_>, _>>()?
        .iter()
        .filter_map(|s| serde_json::from_str(s).ok())
        .collect())
}

/// Stores the feed's new entries and the state that comes of them. Runs inside a transaction.
pub(crate) fn commit_poll(
    connection: &Connection,
    feed: &FeedId,
    shown: &[ShownEntry],
    conclude: &Conclude,
) -> rusqlite::Result<(FeedState, PollCounts)> {
    connection
        .prepare_cached("INSERT INTO feed (id) VALUES (?1) ON CONFLICT (id) DO NOTHING")?
        .execute([feed.as_str()])?;
    let no: i64 = connection
        .prepare_cached("SELECT no FROM feed WHERE id = ?1")?
        .query_row([feed.as_str()], |row| row.get(0))?;
    let now = now_ms();
    let sights = shown
        .iter()
        .map(|shown| place(connection, no, shown, now))
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let counts = PollCounts::of(&sights);
    balance::count_poll(connection, no, now, &counts)?;
    let state = conclude(&sights);
    let json = serde_json::to_string(&state).expect("a feed's state is plain data");
    connection
        .prepare_cached("UPDATE feed SET state = ?2 WHERE no = ?1")?
        .execute(params![no, json])?;
    Ok((state, counts))
}

/// Finds out what a shown entry is to us and records it where it is new.
fn place(
    connection: &Connection,
    feed: i64,
    shown: &ShownEntry,
    now: i64,
) -> rusqlite::Result<Sight> {
    let marks = Marks::of(feed, &shown.entry);
    if seen::is_known(connection, &marks)? {
        return Ok(Sight::Known);
    }
    let before = seen::page_before(connection, &marks)?;
    let shares_page = (before.as_ref()).is_some_and(|before| is_own_story(&shown.entry, before));
    let (placed, first) = match (&shown.skip, &before) {
        (Some(reason), _) => (Sight::Skipped, First::Skipped(reason)),
        (None, Some(before)) if !shares_page => (Sight::Duplicate, First::SamePage(&before.story)),
        (None, _) => (Sight::New, First::Pending),
    };
    let id = seen::insert(connection, &marks, now, &first)?;
    if matches!(placed, Sight::New) {
        let body = serde_json::to_string(&shown.entry).expect("an entry is plain data");
        connection
            .prepare_cached(
                "INSERT INTO pending (entry, host, due_ms, body, shares_page)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                id.0,
                entry_host(shown.entry.link.as_ref()),
                now,
                body,
                shares_page
            ])?;
    }
    Ok(placed)
}

/// Whether an entry is a story of its own though its page is another's: bulletins, the posts of a
/// live page and what links to a section differ in guid, title and text, and share the link.
fn is_own_story(entry: &Entry, before: &Before) -> bool {
    let has_text = |text: &Option<String>| text.as_ref().is_some_and(|t| !t.trim().is_empty());
    before.in_feed && !before.is_same && (has_text(&entry.summary) || has_text(&entry.content))
}
