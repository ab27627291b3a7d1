//! The tables in SQL, as each version made them: a new ledger goes through all of them as well.

/// An entry's row stays for as long as it must be known again and is kept small; what it takes to
/// work on it stands in `pending` and goes when it is finished.
const TABLES: &str = "
CREATE TABLE feed (
    no    INTEGER PRIMARY KEY,
    id    TEXT NOT NULL UNIQUE,
    state TEXT                      -- JSON of FeedState; null until the first poll is over
);
CREATE TABLE entry (
    id      INTEGER PRIMARY KEY,
    feed    INTEGER NOT NULL REFERENCES feed (no),
    key     BLOB NOT NULL,          -- EntryKey
    link    BLOB,                   -- StoryId of its link; null where the link names no story
    ending  TEXT,                   -- kept, dropped, duplicate, failed, skipped; null in flight
    reason  TEXT,
    story   TEXT,                   -- the story it became, or whose duplicate it is
    seen_ms INTEGER NOT NULL,
    done_ms INTEGER
);
CREATE UNIQUE INDEX entry_by_key ON entry (feed, key);
CREATE INDEX entry_by_link ON entry (link) WHERE link IS NOT NULL;
CREATE TABLE pending (
    entry    INTEGER PRIMARY KEY REFERENCES entry (id),
    host     TEXT NOT NULL,
    due_ms   INTEGER NOT NULL,
    claimed  INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    why      TEXT,                  -- what the last attempt failed of
    body     TEXT NOT NULL          -- JSON of Entry
);
CREATE INDEX pending_by_host ON pending (host, claimed, due_ms);
CREATE TABLE story (
    id       TEXT NOT NULL,
    revision INTEGER NOT NULL,
    entry    INTEGER,               -- null where the ledger that knew it was lost
    written  INTEGER NOT NULL,      -- 0 reserved, 1 its line is synced
    PRIMARY KEY (id, revision)
) WITHOUT ROWID;
CREATE INDEX story_reserved ON story (written) WHERE written = 0;
CREATE TABLE dropped (
    story   TEXT PRIMARY KEY,
    at_ms   INTEGER NOT NULL,
    verdict BLOB NOT NULL           -- the story's JSON, zstd
) WITHOUT ROWID;
CREATE INDEX dropped_by_time ON dropped (at_ms);
CREATE TABLE checkpoint (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    file   TEXT NOT NULL,
    offset INTEGER NOT NULL
);
";

/// The tables that version 2 added.
const TABLES_2: &str = "
CREATE TABLE tally (                -- what became of what a feed showed, by the hour of first sight
    feed      INTEGER NOT NULL REFERENCES feed (no),
    hour      INTEGER NOT NULL,     -- since 1970
    shown     INTEGER NOT NULL DEFAULT 0,
    new       INTEGER NOT NULL DEFAULT 0,
    known     INTEGER NOT NULL DEFAULT 0,
    kept      INTEGER NOT NULL DEFAULT 0,
    dropped   INTEGER NOT NULL DEFAULT 0,
    duplicate INTEGER NOT NULL DEFAULT 0,
    failed    INTEGER NOT NULL DEFAULT 0,
    skipped   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (feed, hour)
) WITHOUT ROWID;
CREATE TABLE robots (
    authority TEXT PRIMARY KEY,     -- scheme, host and port
    asked_ms  INTEGER NOT NULL,
    copy      BLOB NOT NULL         -- JSON of RobotsCopy, zstd
) WITHOUT ROWID;
CREATE TABLE subscription (
    feed TEXT PRIMARY KEY,
    json TEXT NOT NULL
) WITHOUT ROWID;
";

/// What version 2 added to the tables of version 1.
const COLUMNS_2: &str = "
ALTER TABLE entry ADD COLUMN title TEXT; -- start of a hash of it; null where version 1 wrote the row
";

/// Version 1 knew how entries ended and not how often they were shown again.
const MIGRATE_1_TO_2: &str = "
INSERT INTO tally (feed, hour, shown, new, kept, dropped, duplicate, failed, skipped)
SELECT feed, seen_ms / 3600000, count(*), count(*),
       sum(ending IS 'kept'), sum(ending IS 'dropped'), sum(ending IS 'duplicate'),
       sum(ending IS 'failed'), sum(ending IS 'skipped')
FROM entry GROUP BY feed, seen_ms / 3600000;
";

/// What version 3 added: days in the books, so that 90 days of hours are not gone through again and
/// again, the order in which robots.txt go stale, how often an entry waited for one, and whether its
/// page is another's.
const STEP_3: &str = "
CREATE TABLE tally_day (            -- hours of tally that balanced and are over, by the day
    day       INTEGER NOT NULL,     -- since 1970
    feed      INTEGER NOT NULL REFERENCES feed (no),
    shown     INTEGER NOT NULL,
    new       INTEGER NOT NULL,
    known     INTEGER NOT NULL,
    kept      INTEGER NOT NULL,
    dropped   INTEGER NOT NULL,
    duplicate INTEGER NOT NULL,
    failed    INTEGER NOT NULL,
    skipped   INTEGER NOT NULL,
    PRIMARY KEY (day, feed)
) WITHOUT ROWID;
CREATE INDEX robots_by_time ON robots (asked_ms);
ALTER TABLE pending ADD COLUMN robots_waits INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pending ADD COLUMN shares_page INTEGER NOT NULL DEFAULT 0;
";

/// What version 4 added.
const STEP_4: &str = "
CREATE TABLE site_template (
    host       TEXT PRIMARY KEY,    -- with its port where that is not the scheme's own
    learned_ms INTEGER NOT NULL,
    template   BLOB NOT NULL        -- JSON of SiteTemplate, zstd
) WITHOUT ROWID;
CREATE INDEX site_template_by_time ON site_template (learned_ms);
";

/// What an entry that is on its way has for its outcome. Neither 0 nor 1: SQLite keeps those without
/// a byte, and a row that grows when its entry ends splits its page.
pub(crate) const PENDING: i64 = 2;

/// A column of hexadecimal text as [`Id`](crate::ids::Id) keeps it.
macro_rules! packed {
    ($column:literal) => {
        concat!(
            "CASE WHEN length(",
            $column,
            ") % 2 = 0 AND ",
            $column,
            " NOT GLOB '*[^0-9a-f]*'
                  AND ",
            $column,
            " <> '' THEN unhex(",
            $column,
            ") ELSE ",
            $column,
            " END"
        )
    };
}

/// Version 5 keeps an entry in less than half the room, for there are ten million of them: ids in
/// bytes, endings as numbers, and what only some entries have in tables of their own.
///
/// Nothing that tells entries apart is shortened: keys and links keep their 128 bits, of which not
/// even a thousand million entries have two alike. The indexes hold the first 48 of them, by which a
/// look-up finds its row and, once in thousands of times, one more, and the row decides.
///
/// A row has its final length from the first: as entries come with growing ids, pages are filled to
/// the end, and none is split when its entries end.
const ENTRY_5: &str = "
CREATE TABLE outcome (
    no     INTEGER PRIMARY KEY,
    ending TEXT NOT NULL,           -- pending, kept, dropped, duplicate, failed, skipped
    reason TEXT NOT NULL,           -- a word; empty where the ending says it all
    UNIQUE (ending, reason)
);
INSERT INTO outcome (no, ending, reason) VALUES (2, 'pending', '');
CREATE TABLE compact (
    id      INTEGER PRIMARY KEY,
    feed    INTEGER NOT NULL REFERENCES feed (no),
    key     BLOB NOT NULL,          -- EntryKey
    link    BLOB,                   -- StoryId of its link; null where the link names no story
    title   BLOB,                   -- start of a hash of it; null where version 1 wrote the row
    outcome INTEGER NOT NULL REFERENCES outcome (no),
    seen_s  INTEGER NOT NULL,       -- seconds since 1970
    done_s  INTEGER NOT NULL        -- the same as seen_s while it is pending
);
CREATE TABLE elsewhere (            -- what entries became where it is not their link's story
    entry INTEGER PRIMARY KEY REFERENCES entry (id),
    story BLOB NOT NULL             -- the story it became, or whose duplicate it is
);
CREATE TABLE failure (
    entry  INTEGER PRIMARY KEY REFERENCES entry (id),
    detail TEXT NOT NULL            -- the particulars behind the reason
);
";

/// Brings the entries of version 4 over.
const MIGRATE_4_TO_5: &str = concat!(
    "
CREATE TEMP VIEW old AS
SELECT *, CASE WHEN ending = 'failed' THEN instr(reason, ': ') ELSE 0 END AS cut FROM main.entry;
INSERT OR IGNORE INTO outcome (ending, reason)
SELECT ending, iif(cut > 0, substr(reason, 1, cut - 1), coalesce(reason, ''))
FROM old WHERE ending IS NOT NULL;
INSERT INTO compact (id, feed, key, link, title, outcome, seen_s, done_s)
SELECT id, feed, ",
    packed!("key"),
    ", ",
    packed!("link"),
    ", ",
    packed!("title"),
    ",
    coalesce(outcome.no, 2), seen_ms / 1000, coalesce(done_ms, seen_ms) / 1000
FROM old LEFT JOIN outcome ON outcome.ending = old.ending
    AND outcome.reason = iif(cut > 0, substr(old.reason, 1, cut - 1), coalesce(old.reason, ''))
ORDER BY id;
INSERT INTO elsewhere (entry, story)
SELECT id, ",
    packed!("story"),
    " FROM old WHERE story IS NOT NULL AND story IS NOT link ORDER BY id;
INSERT INTO failure (entry, detail)
SELECT id, iif(cut > 0, substr(reason, cut + 2), '') FROM old WHERE ending = 'failed' ORDER BY id;
DROP VIEW old;
DROP TABLE entry;
ALTER TABLE compact RENAME TO entry;
CREATE INDEX entry_by_key ON entry (feed, substr(key, 1, 6));
CREATE INDEX entry_by_link ON entry (substr(link, 1, 6)) WHERE link IS NOT NULL;
ALTER TABLE story RENAME TO old_story;
DROP INDEX story_reserved;
CREATE TABLE story (
    id       BLOB NOT NULL,
    revision INTEGER NOT NULL,
    entry    INTEGER,               -- whose it is while it is reserved
    written  INTEGER NOT NULL,      -- 0 reserved, 1 its line is synced
    PRIMARY KEY (id, revision)
) WITHOUT ROWID;
INSERT INTO story (id, revision, entry, written)
SELECT ",
    packed!("id"),
    ", revision, iif(written = 0, entry, NULL), written FROM old_story ORDER BY 1, 2;
DROP TABLE old_story;
CREATE INDEX story_reserved ON story (written) WHERE written = 0;
"
);

/// Version 6 counts entries where they come, end and go, so that nobody goes through ten millions of
/// them to know how many ended how.
const STEP_6: &str = "
CREATE TABLE entry_count (
    feed    INTEGER NOT NULL REFERENCES feed (no),
    outcome INTEGER NOT NULL REFERENCES outcome (no),
    entries INTEGER NOT NULL,
    PRIMARY KEY (feed, outcome)
) WITHOUT ROWID;
INSERT INTO entry_count (feed, outcome, entries)
SELECT feed, outcome, count(*) FROM entry GROUP BY feed, outcome;
CREATE TRIGGER entry_comes AFTER INSERT ON entry BEGIN
    INSERT INTO entry_count (feed, outcome, entries) VALUES (new.feed, new.outcome, 1)
    ON CONFLICT DO UPDATE SET entries = entries + 1;
END;
CREATE TRIGGER entry_ends AFTER UPDATE OF outcome ON entry BEGIN
    UPDATE entry_count SET entries = entries - 1 WHERE feed = old.feed AND outcome = old.outcome;
    INSERT INTO entry_count (feed, outcome, entries) VALUES (new.feed, new.outcome, 1)
    ON CONFLICT DO UPDATE SET entries = entries + 1;
END;
CREATE TRIGGER entry_goes AFTER DELETE ON entry BEGIN
    UPDATE entry_count SET entries = entries - 1 WHERE feed = old.feed AND outcome = old.outcome;
END;
";

/// The SQL that brings the tables of version `from` up to version `to`; version 0 has none.
pub(super) fn steps(from: i64, to: i64) -> String {
    let to_2 = [TABLES_2, COLUMNS_2, MIGRATE_1_TO_2].concat();
    let to_5 = [ENTRY_5, MIGRATE_4_TO_5].concat();
    let steps = [TABLES, &to_2, STEP_3, STEP_4, &to_5, STEP_6];
    let place = |version| usize::try_from(version).unwrap_or(0).min(steps.len());
    steps[place(from)..place(to)].concat()
}
