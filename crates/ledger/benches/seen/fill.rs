//! The rows of a ledger that has been at work for more than a year, put in as they would be there.

use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use ledger::Ledger;
use rusqlite::{Connection, params};
use story::{CanonicalUrl, Entry, FeedId, StoryId};

/// Feeds, which show entries in turn.
pub(crate) const FEEDS: u64 = 316;

/// The host of all pages.
pub(crate) const HOST: &str = "diario.example";

/// Why an entry failed, at the length that such reasons have.
pub(crate) const DETAIL: &str = "the page holds 37 words in 4 blocks";

/// Over how many days the entries were first seen: the oldest are past their time.
const DAYS: u64 = 420;

/// Rows of one transaction.
const ROWS: u64 = 100_000;

pub(crate) fn feed(no: u64) -> FeedId {
    format!("diario-{no}").parse().expect("a feed's id")
}

pub(crate) fn feed_of(number: u64) -> FeedId {
    feed(number % FEEDS)
}

/// The entry with this number: a fifth of all show a page that another feed showed before.
pub(crate) fn entry(feed: &FeedId, number: u64) -> Entry {
    let page = if shows_page_again(number) {
        number - 7
    } else {
        number
    };
    let link = format!("https://{HOST}/judicial/2026/nota-{page}");
    Entry {
        guid: Some(format!("https://{HOST}/?p={number}")),
        link: Some(link.parse().expect("an address")),
        title: Some(format!("La nota {page}")),
        ..Entry::new(feed.clone())
    }
}

fn shows_page_again(number: u64) -> bool {
    number % 5 == 4 && number > 7
}

/// The story that an entry's link names.
pub(crate) fn link_story(entry: &Entry) -> StoryId {
    let url = CanonicalUrl::new(entry.link.as_ref().expect("a link"));
    StoryId::of_url(&url.expect("a story's address"))
}

/// A story that is no link's.
pub(crate) fn story(number: u64) -> StoryId {
    let url = format!("https://{HOST}/canonica/{number}")
        .parse()
        .expect("an address");
    StoryId::of_url(&CanonicalUrl::new(&url).expect("a story's address"))
}

pub(crate) fn bar(length: u64, what: &'static str) -> ProgressBar {
    let style = "{msg} {wide_bar} {human_pos} of {human_len}, {per_sec}, {eta} left";
    let style = ProgressStyle::with_template(style);
    ProgressBar::new(length)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        .with_message(what)
}

/// Makes a ledger at `path` with entries 0 to `count`, oldest first, and indexes that have grown with
/// them.
pub(crate) fn fill(path: &Path, count: u64) {
    drop(Ledger::open(path).expect("a ledger"));
    let mut connection = Connection::open(path).expect("its file");
    connection
        .execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -2000000;",
        )
        .expect("a ledger that is quick and not safe");
    set_up(&connection);
    let bar = bar(count, "put in");
    for first in (0..count).step_by(ROWS as usize) {
        let transaction = connection.transaction().expect("a transaction");
        for number in first..(first + ROWS).min(count) {
            row(&transaction, number, count);
        }
        transaction.commit().expect("rows are put in");
        bar.inc(ROWS);
    }
    bar.finish_and_clear();
    connection
        .execute_batch("PRAGMA journal_mode = WAL")
        .expect("a ledger that is safe");
}

/// The feeds, the endings, and the books of 90 days.
fn set_up(connection: &Connection) {
    connection
        .execute_batch(
            "BEGIN;
             INSERT INTO outcome (no, ending, reason)
             VALUES (3, 'kept', ''), (4, 'dropped', 'not-security'), (5, 'duplicate', 'same-page'),
                    (6, 'duplicate', 'same-story'), (7, 'failed', 'no-text'), (8, 'skipped', 'too-old');",
        )
        .expect("endings");
    for no in 0..FEEDS {
        connection
            .execute(
                "INSERT INTO feed (no, id) VALUES (?1, ?2)",
                params![no as i64 + 1, feed(no).as_str()],
            )
            .expect("a feed");
    }
    let today = chrono::Utc::now().timestamp() / 86_400;
    connection
        .execute_batch(&format!(
            "WITH RECURSIVE past (d) AS (VALUES (2) UNION ALL SELECT d + 1 FROM past WHERE d < 89)
             INSERT INTO tally_day SELECT {today} - d, no, 100, 75, 25, 10, 40, 20, 5, 0 FROM past, feed;
             COMMIT;"
        ))
        .expect("books");
}

/// Of ten entries one is kept, two show another's page, one was too old; of twenty one failed.
fn row(connection: &Connection, number: u64, count: u64) {
    let feed = feed_of(number);
    let entry = entry(&feed, number);
    let link = bytes(link_story(&entry).as_str());
    let seen = chrono::Utc::now().timestamp() - (DAYS * 86_400 * (count - number) / count) as i64;
    let outcome = match number % 20 {
        0 | 10 => 3,
        _ if shows_page_again(number) => 5,
        1 | 11 => 8,
        2 => 7,
        3 => 6,
        _ => 4,
    };
    let execute = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
        let statement = connection.prepare_cached(sql);
        let done = statement.and_then(|mut statement| statement.execute(values));
        done.expect("a row is put in");
    };
    let id = number as i64 + 1;
    execute(
        "INSERT INTO entry (id, feed, key, link, title, outcome, seen_s, done_s)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            id,
            (number % FEEDS) as i64 + 1,
            bytes(entry.key().as_str()),
            link,
            bytes(&entry.title_key().as_str()[..12]),
            outcome,
            seen,
            seen + 40
        ],
    );
    // A tenth of the pages name another address as their story's.
    let moved = number % 100 == 10 || matches!(number % 100, 5..=12 if outcome == 4);
    let story = if outcome == 6 || moved {
        bytes(story(number).as_str())
    } else {
        link
    };
    if outcome == 6 || moved {
        execute(
            "INSERT INTO elsewhere (entry, story) VALUES (?1, ?2)",
            params![id, story],
        );
    }
    match outcome {
        3 => execute(
            "INSERT INTO story (id, revision, written) VALUES (?1, 1, 1)",
            params![story],
        ),
        7 => execute(
            "INSERT INTO failure (entry, detail) VALUES (?1, ?2)",
            params![id, DETAIL],
        ),
        _ => {}
    }
}

/// The bytes of an id in hexadecimal.
fn bytes(hex: &str) -> Vec<u8> {
    let pair = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal");
    (0..hex.len()).step_by(2).map(pair).collect()
}

/// Tells where the bytes are.
pub(crate) fn tell_parts(path: &Path) {
    let connection = Connection::open(path).expect("the ledger");
    let mut query = connection
        .prepare(
            "SELECT name, pgsize / 1e6, 100.0 * payload / pgsize FROM dbstat WHERE aggregate = 1
             ORDER BY 2 DESC LIMIT 6",
        )
        .expect("a query");
    let parts = query.query_map([], |row| {
        let (name, size, full): (String, f64, f64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(format!("{name} {size:.0} MB ({full:.0} % payload)"))
    });
    let parts: Result<Vec<_>, _> = parts.expect("parts").collect();
    println!("  of that {}", parts.expect("parts").join(", "));
}

/// The bytes of some tables or indexes.
pub(crate) fn bytes_of(path: &Path, names: &[&str]) -> u64 {
    let connection = Connection::open(path).expect("the ledger");
    let bytes = |name: &&str| -> i64 {
        let sql = "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name = ?1 AND aggregate = 1";
        connection
            .query_row(sql, [name], |row| row.get(0))
            .expect("its size")
    };
    names.iter().map(bytes).sum::<i64>() as u64
}

/// Rows of entries.
pub(crate) fn count(path: &Path) -> i64 {
    let connection = Connection::open(path).expect("the ledger");
    connection
        .query_row("SELECT count(*) FROM entry", [], |row| row.get(0))
        .expect("a count")
}
