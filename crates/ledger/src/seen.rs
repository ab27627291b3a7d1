//! What feeds have shown: a row for each entry, from its first sight until it is forgotten.
//!
//! There are ten millions of them, so that each is found by an index over the first bytes of a hash,
//! and keeps the length that it has from the first (see the tables).

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use rusqlite::{Connection, OptionalExtension, params};
use story::{CanonicalUrl, Entry, EntryId, StoryId, is_front_page, storage::Ending};

use crate::{
    entries::now_ms,
    ids::{Id, StoredId},
    schema::PENDING,
};

/// What an entry of a feed is known again by.
#[derive(Debug)]
pub(crate) struct Marks {
    /// The feed's number.
    feed: i64,
    key: String,
    /// None where the link is a site's front page, which many different entries may share.
    link: Option<StoryId>,
    title: String,
}

impl Marks {
    pub(crate) fn of(feed: i64, entry: &Entry) -> Self {
        Self {
            feed,
            key: entry.key().as_str().to_owned(),
            link: link_story(entry),
            title: entry.title_key().as_str()[..12].to_owned(), // enough to tell a page's titles apart
        }
    }

    fn link(&self) -> Option<Id<'_>> {
        self.link.as_ref().map(|link| Id(link.as_str()))
    }
}

/// The story that an entry's link names.
fn link_story(entry: &Entry) -> Option<StoryId> {
    let link = entry.link.as_ref().filter(|link| !is_front_page(link))?;
    Some(StoryId::of_url(&CanonicalUrl::new(link)?))
}

/// By key, or by link and title. The plus keeps SQLite from going through all that a feed has shown for
/// one link.
const KNOWN: &str = "
    SELECT 1 FROM entry
    WHERE feed = ?1 AND substr(key, 1, 6) = substr(?2, 1, 6) AND key = ?2
    UNION ALL
    SELECT 1 FROM entry
    WHERE substr(link, 1, 6) = substr(?3, 1, 6) AND link = ?3
          AND +feed = ?1 AND coalesce(title, ?4) = ?4
    LIMIT 1";

/// Whether the feed has shown an entry. Some feeds give it a new guid at every poll: its link and
/// title know it as well. The link alone does not, since the posts of a live page share it.
pub(crate) fn is_known(connection: &Connection, entry: &Marks) -> rusqlite::Result<bool> {
    connection.prepare_cached(KNOWN)?.exists(params![
        entry.feed,
        Id(&entry.key),
        entry.link(),
        Id(&entry.title)
    ])
}

/// An entry that was shown before of the page that a new one links to.
pub(crate) struct Before {
    /// The story of the page: what that entry became, where this is known already, else the link's.
    pub(crate) story: StoryId,
    /// Whether it is the new one by its key or title, shown by another feed.
    pub(crate) is_same: bool,
    /// Whether the new one's feed has shown the page.
    pub(crate) in_feed: bool,
}

const PAGE_BEFORE: &str = "
    WITH before AS (
        SELECT id, link, key = ?2 OR title IS ?3 AS is_same, feed = ?4 AS in_feed
        FROM entry CROSS JOIN outcome ON outcome.no = entry.outcome
        WHERE substr(link, 1, 6) = substr(?1, 1, 6) AND link = ?1
              AND ending NOT IN ('failed', 'skipped'))
    SELECT coalesce(elsewhere.story, link), is_same, (SELECT max(in_feed) FROM before)
    FROM before LEFT JOIN elsewhere ON elsewhere.entry = before.id
    ORDER BY is_same DESC, id LIMIT 1";

/// The entry by which a page was shown first, and before it the one that is the same as the new one.
pub(crate) fn page_before(
    connection: &Connection,
    entry: &Marks,
) -> rusqlite::Result<Option<Before>> {
    connection
        .prepare_cached(PAGE_BEFORE)?
        .query_row(
            params![entry.link(), Id(&entry.key), Id(&entry.title), entry.feed],
            |row| {
                Ok(Before {
                    story: row.get::<_, StoredId>(0)?.0,
                    is_same: row.get(1)?,
                    in_feed: row.get(2)?,
                })
            },
        )
        .optional()
}

/// What an entry that is shown for the first time is to us.
pub(crate) enum First<'a> {
    /// It is to be worked on.
    Pending,
    /// It goes no further, with the reason.
    Skipped(&'a str),
    /// Its page is another entry's, which is or becomes this story.
    SamePage(&'a StoryId),
}

/// Remembers an entry that is shown for the first time.
pub(crate) fn insert(
    connection: &Connection,
    entry: &Marks,
    now_ms: i64,
    first: &First<'_>,
) -> rusqlite::Result<EntryId> {
    let outcome = match first {
        First::Pending => PENDING,
        First::Skipped(reason) => outcome(connection, "skipped", reason)?,
        First::SamePage(_) => outcome(connection, "duplicate", "same-page")?,
    };
    connection
        .prepare_cached(
            "INSERT INTO entry (feed, key, link, title, outcome, seen_s, done_s)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
        )?
        .execute(params![
            entry.feed,
            Id(&entry.key),
            entry.link(),
            Id(&entry.title),
            outcome,
            now_ms / 1000
        ])?;
    let id = EntryId(connection.last_insert_rowid());
    if let First::SamePage(story) = first
        && entry.link.as_ref() != Some(story)
    {
        became(connection, id, story)?;
    }
    Ok(id)
}

/// Remembers how a pending entry ended. Returns whether it was pending; one that was not stays as it
/// is.
pub(crate) fn end(
    connection: &Connection,
    entry: EntryId,
    ending: &Ending,
) -> rusqlite::Result<bool> {
    let (reason, story, detail) = match ending {
        Ending::Kept { story, .. } => ("", Some(story), None),
        Ending::Dropped { reason, story, .. } => (reason.as_str(), Some(story), None),
        Ending::Duplicate { of } => ("same-story", Some(of), None),
        Ending::Failed { reason, detail } => (reason.as_str(), None, Some(detail)),
    };
    let outcome = outcome(connection, word(ending), reason)?;
    let link: Option<Option<StoredId>> = connection
        .prepare_cached(
            "UPDATE entry SET outcome = ?2, done_s = ?3 WHERE id = ?1 AND outcome = ?4
             RETURNING link",
        )?
        .query_row(params![entry.0, outcome, now_ms() / 1000, PENDING], |row| {
            row.get(0)
        })
        .optional()?;
    let Some(link) = link else {
        return Ok(false);
    };
    if let Some(story) = story
        && link.is_none_or(|link| link.0 != *story)
    {
        became(connection, entry, story)?;
    }
    if let Some(detail) = detail {
        connection
            .prepare_cached("INSERT OR REPLACE INTO failure (entry, detail) VALUES (?1, ?2)")?
            .execute(params![entry.0, detail])?;
        forget_duplicates(connection, entry)?;
    }
    Ok(true)
}

/// The word for an ending.
pub(crate) fn word(ending: &Ending) -> &'static str {
    match ending {
        Ending::Kept { .. } => "kept",
        Ending::Dropped { .. } => "dropped",
        Ending::Duplicate { .. } => "duplicate",
        Ending::Failed { .. } => "failed",
    }
}

/// Remembers the story of an entry, where it is not its link's.
fn became(connection: &Connection, entry: EntryId, story: &StoryId) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO elsewhere (entry, story) VALUES (?1, ?2)")?
        .execute(params![entry.0, Id(story.as_str())])
        .map(drop)
}

/// The number of an ending with its reason. There are as many as there are reasons: some dozens.
fn outcome(connection: &Connection, ending: &str, reason: &str) -> rusqlite::Result<i64> {
    let known = connection
        .prepare_cached("SELECT no FROM outcome WHERE ending = ?1 AND reason = ?2")?
        .query_row([ending, reason], |row| row.get(0))
        .optional()?;
    if let Some(no) = known {
        return Ok(no);
    }
    connection
        .prepare_cached("INSERT INTO outcome (ending, reason) VALUES (?1, ?2)")?
        .execute([ending, reason])?;
    Ok(connection.last_insert_rowid())
}

const OF_SAME_PAGE: &str = "
    SELECT other.id, other.feed = failed.feed, ending, reason
    FROM entry AS failed
    CROSS JOIN entry AS other
        ON substr(other.link, 1, 6) = substr(failed.link, 1, 6) AND other.link = failed.link
    CROSS JOIN outcome ON outcome.no = other.outcome
    WHERE failed.id = ?1";

/// Forgets that other feeds showed the page of an entry that failed, where nobody else made
/// something of it: whichever shows it next has it taken up as new, with that feed's text.
fn forget_duplicates(connection: &Connection, failed: EntryId) -> rusqlite::Result<()> {
    let of_page = connection
        .prepare_cached(OF_SAME_PAGE)?
        .query_map([failed.0], |row| {
            let (ending, reason): (String, String) = (row.get(2)?, row.get(3)?);
            let is_shown_only = ending == "duplicate" && reason == "same-page";
            let is_made = matches!(&*ending, "pending" | "kept" | "dropped" | "duplicate");
            Ok((
                EntryId(row.get(0)?),
                row.get(1)?,
                is_shown_only,
                is_made && !is_shown_only,
            ))
        })?
        .collect::<rusqlite::Result<Vec<(EntryId, bool, bool, bool)>>>()?;
    if of_page.iter().any(|(.., is_made)| *is_made) {
        return Ok(());
    }
    of_page
        .iter()
        .filter(|(_, in_feed, is_shown_only, _)| *is_shown_only && !in_feed)
        .try_for_each(|(id, ..)| forget(connection, *id))
}

fn forget(connection: &Connection, entry: EntryId) -> rusqlite::Result<()> {
    for delete in [
        "DELETE FROM elsewhere WHERE entry = ?1",
        "DELETE FROM failure WHERE entry = ?1",
        "DELETE FROM entry WHERE id = ?1",
    ] {
        connection.prepare_cached(delete)?.execute([entry.0])?;
    }
    Ok(())
}

/// Entries that are forgotten with one commit, and with each ending in it: more than come, so that none
/// stays for long, and no more work than the endings are.
const EXPIRED_MAX: usize = 20;
const EXPIRED_PER_ENDING: usize = 2;

/// Forgets a few of the oldest entries, where they ended and were first seen longer ago than `kept`;
/// called with each group of endings, so that it never has much to do at once. Ids grow with time, so
/// that no index by time is needed to find them.
pub(crate) fn expire(
    connection: &Connection,
    kept: Duration,
    endings: usize,
) -> rusqlite::Result<()> {
    let limit = (EXPIRED_MAX + EXPIRED_PER_ENDING * endings) as i64;
    let kept_s = kept.as_secs().try_into().unwrap_or(i64::MAX);
    let oldest = (now_ms() / 1000).saturating_sub(kept_s);
    let due = connection
        .prepare_cached(
            "SELECT id FROM (SELECT id, seen_s, outcome FROM entry ORDER BY id LIMIT ?2)
             WHERE seen_s < ?1 AND outcome <> ?3",
        )?
        .query_map([oldest, limit, PENDING], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<i64>>>()?;
    due.iter()
        .try_for_each(|id| forget(connection, EntryId(*id)))
}

const STORY_OF_LINK: &str = "
    SELECT coalesce(elsewhere.story, entry.link)
    FROM entry CROSS JOIN outcome ON outcome.no = entry.outcome
    LEFT JOIN elsewhere ON elsewhere.entry = entry.id
    WHERE substr(link, 1, 6) = substr(?1, 1, 6) AND link = ?1
          AND ending IN ('kept', 'dropped', 'duplicate')
    ORDER BY entry.id LIMIT 1";

/// The story that the first entry with this link became, or whose duplicate it is.
pub(crate) fn story_of_link(
    connection: &Connection,
    link: &StoryId,
) -> rusqlite::Result<Option<StoryId>> {
    let story: Option<StoredId> = connection
        .prepare_cached(STORY_OF_LINK)?
        .query_row([Id(link.as_str())], |row| row.get(0))
        .optional()?;
    Ok(story.map(|story| story.0))
}

const COUNTS: &str = "
    SELECT feed.id, ending, sum(entries)
    FROM entry_count JOIN feed ON feed.no = entry_count.feed
    JOIN outcome ON outcome.no = entry_count.outcome
    WHERE entries > 0 GROUP BY feed.id, ending";

/// How many entries of each feed have which ending.
pub(crate) fn counts(
    connection: &Connection,
) -> rusqlite::Result<BTreeMap<String, HashMap<String, u64>>> {
    let mut query = connection.prepare(COUNTS)?;
    let mut rows = query.query([])?;
    let mut counts: BTreeMap<String, HashMap<String, u64>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let of_feed = counts.entry(row.get(0)?).or_default();
        of_feed.insert(row.get(1)?, row.get::<_, i64>(2)? as u64);
    }
    Ok(counts)
}

/// Why entries failed, most frequent first.
pub(crate) fn failures(connection: &Connection) -> rusqlite::Result<Vec<(String, u64)>> {
    connection
        .prepare(
            "SELECT reason || ': ' || detail AS why, count(*)
             FROM failure CROSS JOIN entry ON entry.id = failure.entry
             CROSS JOIN outcome ON outcome.no = entry.outcome
             GROUP BY why ORDER BY count(*) DESC, why LIMIT 50",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64)))?
        .collect()
}

#[cfg(test)]
mod tests;
