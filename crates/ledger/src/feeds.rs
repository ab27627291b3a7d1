//! The state of feeds, and polls: what a feed showed, committed with its validators.

use rusqlite::{Connection, OptionalExtension, params};
use story::{
    CanonicalUrl, Entry, FeedId, StoryId, is_front_page,
    storage::{Conclude, FeedState, PollCounts, ShownEntry, Sight, entry_host},
};

use crate::{balance, entries::now_ms};

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
    let key = shown.entry.key();
    let link = link_story(&shown.entry);
    let link = link.as_ref().map(StoryId::as_str);
    let title = shown.entry.title_key();
    let title = &title.as_str()[..12]; // enough to tell a page's titles apart
    // Some feeds give an entry a new guid at every poll: its link and title know it as well. The
    // link alone does not, since the posts of a live page share it.
    let known = connection
        .prepare_cached(
            "SELECT 1 FROM entry WHERE feed = ?1 AND key = ?2
             UNION ALL
             SELECT 1 FROM entry WHERE link = ?3 AND feed = ?1 AND coalesce(title, ?4) = ?4 LIMIT 1",
        )?
        .exists(params![feed, key.as_str(), link, title])?;
    if known {
        return Ok(Sight::Known);
    }
    let before = page_before(connection, feed, key.as_str(), link, title)?;
    let shares_page = (before.as_ref()).is_some_and(|before| is_own_story(&shown.entry, before));
    let (placed, ending, reason, story) = match (&shown.skip, before) {
        (Some(reason), _) => (Sight::Skipped, Some("skipped"), Some(reason.as_str()), None),
        (None, Some(before)) if !shares_page => {
            let of = before.story.or_else(|| link.map(str::to_owned));
            (Sight::Duplicate, Some("duplicate"), Some("same-page"), of)
        }
        (None, _) => (Sight::New, None, None, None),
    };
    connection
        .prepare_cached(
            "INSERT INTO entry (feed, key, link, ending, reason, story, seen_ms, done_ms, title)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            feed,
            key.as_str(),
            link,
            ending,
            reason,
            story,
            now,
            ending.map(|_| now),
            title
        ])?;
    if matches!(placed, Sight::New) {
        let body = serde_json::to_string(&shown.entry).expect("an entry is plain data");
        connection
            .prepare_cached(
                "INSERT INTO pending (entry, host, due_ms, body, shares_page)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                connection.last_insert_rowid(),
                entry_host(shown.entry.link.as_ref()),
                now,
                body,
                shares_page
            ])?;
    }
    Ok(placed)
}

/// An entry that was shown before of the page that a new one links to.
struct Before {
    /// What it became, where that is known already.
    story: Option<String>,
    /// Whether it is the new one by its key or title, shown by another feed.
    is_same: bool,
    /// Whether the new one's feed has shown the page.
    in_feed: bool,
}

/// The entry by which a page was shown first, and before it the one that is the same as the new one.
fn page_before(
    connection: &Connection,
    feed: i64,
    key: &str,
    link: Option<&str>,
    title: &str,
) -> rusqlite::Result<Option<Before>> {
    connection
        .prepare_cached(
            "WITH before AS (
                 SELECT id, story, key = ?2 OR title IS ?3 AS is_same, feed = ?4 AS in_feed
                 FROM entry
                 WHERE link = ?1 AND ending IS NOT 'failed' AND ending IS NOT 'skipped')
             SELECT story, is_same, (SELECT max(in_feed) FROM before) FROM before
             ORDER BY is_same DESC, id LIMIT 1",
        )?
        .query_row(params![link, key, title, feed], |row| {
            Ok(Before {
                story: row.get(0)?,
                is_same: row.get(1)?,
                in_feed: row.get(2)?,
            })
        })
        .optional()
}

/// Whether an entry is a story of its own though its page is another's: bulletins, the posts of a
/// live page and what links to a section differ in guid, title and text, and share the link.
fn is_own_story(entry: &Entry, before: &Before) -> bool {
    let has_text = |text: &Option<String>| text.as_ref().is_some_and(|t| !t.trim().is_empty());
    before.in_feed && !before.is_same && (has_text(&entry.summary) || has_text(&entry.content))
}

/// The story that an entry's link names; none where the link is a site's front page, which many
/// different entries may share.
fn link_story(entry: &Entry) -> Option<StoryId> {
    let link = entry.link.as_ref().filter(|link| !is_front_page(link))?;
    Some(StoryId::of_url(&CanonicalUrl::new(link)?))
}
