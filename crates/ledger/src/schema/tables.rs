//! The tables in SQL, as each version made them: a new ledger goes through all of them as well.

/// An entry's row stays for as long as it must be known again and is kept small; what it takes to
/// work on it stands in `pending` and goes when it is finished.
pub(super) const TABLES: &str = "
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
pub(super) const TABLES_2: &str = "
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
pub(super) const COLUMNS_2: &str = "
ALTER TABLE entry ADD COLUMN title TEXT; -- start of a hash of it; null where version 1 wrote the row
";

/// Version 1 knew how entries ended and not how often they were shown again.
pub(super) const MIGRATE_1_TO_2: &str = "
INSERT INTO tally (feed, hour, shown, new, kept, dropped, duplicate, failed, skipped)
SELECT feed, seen_ms / 3600000, count(*), count(*),
       sum(ending IS 'kept'), sum(ending IS 'dropped'), sum(ending IS 'duplicate'),
       sum(ending IS 'failed'), sum(ending IS 'skipped')
FROM entry GROUP BY feed, seen_ms / 3600000;
";

/// What version 3 added: days in the books, so that 90 days of hours are not gone through again and
/// again, the order in which robots.txt go stale, how often an entry waited for one, and whether its
/// page is another's.
pub(super) const STEP_3: &str = "
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
pub(super) const STEP_4: &str = "
CREATE TABLE site_template (
    host       TEXT PRIMARY KEY,    -- with its port where that is not the scheme's own
    learned_ms INTEGER NOT NULL,
    template   BLOB NOT NULL        -- JSON of SiteTemplate, zstd
) WITHOUT ROWID;
CREATE INDEX site_template_by_time ON site_template (learned_ms);
";
