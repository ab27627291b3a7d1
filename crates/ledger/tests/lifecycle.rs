//! The life of an entry in the ledger: shown, claimed, reserved, finished; over restarts and
//! crashes.

use std::sync::Arc;

use chrono::Utc;
use ledger::{BalanceRow, Ledger, Reader, Recovered, WrittenStory};
use story::{
    Entry, EntryId, Home, StoryId,
    storage::{
        Checkpoint, Ending, FeedState, FetchStore, PollCounts, Reservation, ShownEntry, SinkStore,
        Tries, Validators,
    },
};

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("ledger.db")
    }

    fn open(&self) -> Ledger {
        Ledger::open(&self.path()).unwrap()
    }
}

fn state(feed: &str) -> FeedState {
    let url = format!("https://{feed}.test/rss").parse().unwrap();
    FeedState {
        validators: Validators {
            etag: Some("\"1\"".to_owned()),
            last_modified: None,
        },
        ..FeedState::new(feed.parse().unwrap(), url)
    }
}

fn entry(feed: &str, guid: &str, link: &str) -> Entry {
    Entry {
        feed: feed.parse().unwrap(),
        feed_title: None,
        home: Home::default(),
        guid: Some(guid.to_owned()),
        link: Some(link.parse().unwrap()),
        title: Some(format!("La nota de {link}")),
        summary: None,
        content: None,
        published: None,
        updated: None,
        authors: Vec::new(),
        categories: Vec::new(),
    }
}

async fn poll(ledger: &Ledger, feed: &str, entries: &[(&str, &str)]) -> PollCounts {
    let shown = |&(guid, link): &(&str, &str)| ShownEntry {
        entry: entry(feed, guid, link),
        skip: None,
    };
    show(ledger, feed, entries.iter().map(shown).collect()).await
}

async fn show(ledger: &Ledger, feed: &str, shown: Arc<[ShownEntry]>) -> PollCounts {
    let after = state(feed);
    let committed = ledger
        .commit_poll(
            &feed.parse().unwrap(),
            shown,
            Arc::new(move |_| after.clone()),
        )
        .await
        .unwrap();
    committed.1
}

fn story(id: &str) -> StoryId {
    StoryId::carried(id.to_owned())
}

async fn claim(ledger: &Ledger, host: &str) -> Vec<EntryId> {
    let claimed = ledger.claim(host, Utc::now(), 100).await.unwrap();
    claimed.iter().map(|pending| pending.id).collect()
}

#[tokio::test]
async fn a_poll_brings_its_validators_and_entries_over_a_restart() {
    let bench = Bench::new();
    let ledger = bench.open();
    let first = poll(
        &ledger,
        "a",
        &[("1", "https://a.test/1"), ("2", "https://a.test/2")],
    )
    .await;
    assert_eq!(
        first,
        PollCounts {
            new: 2,
            ..PollCounts::default()
        }
    );
    drop(ledger);

    let ledger = bench.open();
    assert_eq!(ledger.feed_states().await.unwrap(), [state("a")]);
    assert_eq!(ledger.pending_hosts().await.unwrap(), ["a.test"]);
    let again = poll(
        &ledger,
        "a",
        &[("1", "https://a.test/1"), ("3", "https://a.test/3")],
    )
    .await;
    assert_eq!(
        again,
        PollCounts {
            new: 1,
            known: 1,
            ..PollCounts::default()
        }
    );
    assert_eq!(claim(&ledger, "a.test").await.len(), 3);
}

#[tokio::test]
async fn a_claim_is_exclusive_and_ends_with_the_process() {
    let bench = Bench::new();
    let ledger = bench.open();
    poll(&ledger, "a", &[("1", "https://a.test/1")]).await;
    let claimed = claim(&ledger, "a.test").await;
    assert_eq!(claimed.len(), 1);
    assert!(claim(&ledger, "a.test").await.is_empty());
    drop(ledger);
    assert_eq!(claim(&bench.open(), "a.test").await, claimed);
}

#[tokio::test]
async fn a_postponed_entry_waits_for_its_time() {
    let bench = Bench::new();
    let ledger = bench.open();
    poll(&ledger, "a", &[("1", "https://a.test/1")]).await;
    let id = claim(&ledger, "a.test").await[0];
    let later = Utc::now() + chrono::TimeDelta::hours(1);
    let tries = Tries { page: 1, robots: 9 };
    ledger
        .postpone(id, tries, later, "503".to_owned())
        .await
        .unwrap();
    assert!(claim(&ledger, "a.test").await.is_empty());
    let due = ledger.next_due("a.test").await.unwrap().unwrap();
    assert_eq!(due.timestamp_millis(), later.timestamp_millis());
    assert_eq!(
        ledger.claim("a.test", later, 1).await.unwrap()[0].tries,
        tries
    );
}

#[tokio::test]
async fn a_page_that_two_feeds_show_is_fetched_once() {
    let bench = Bench::new();
    let ledger = bench.open();
    poll(
        &ledger,
        "a",
        &[("1", "https://www.x.test/nota?utm_source=a")],
    )
    .await;
    let second = poll(&ledger, "b", &[("9", "https://x.test/nota")]).await;
    assert_eq!(
        second,
        PollCounts {
            duplicate: 1,
            ..PollCounts::default()
        }
    );
    // A feed that invents a new guid at every poll is known by its link and title.
    let renamed = ShownEntry {
        entry: Entry {
            guid: Some("10".to_owned()),
            ..entry("b", "9", "https://x.test/nota")
        },
        skip: None,
    };
    let renamed = show(&ledger, "b", Arc::new([renamed])).await;
    assert_eq!(
        renamed,
        PollCounts {
            known: 1,
            ..PollCounts::default()
        }
    );
    // Entries that link to the front page are told apart by their guids alone.
    let front = poll(
        &ledger,
        "b",
        &[("11", "https://x.test/"), ("12", "https://x.test/")],
    )
    .await;
    assert_eq!(
        front,
        PollCounts {
            new: 2,
            ..PollCounts::default()
        }
    );
}

#[tokio::test]
async fn a_page_that_failed_for_one_feed_is_tried_for_the_next() {
    let bench = Bench::new();
    let ledger = bench.open();
    let shown = [("1", "https://x.test/nota")];
    poll(&ledger, "a", &shown).await;
    let of = |new, known, duplicate| PollCounts {
        new,
        known,
        duplicate,
        ..PollCounts::default()
    };
    assert_eq!(poll(&ledger, "b", &shown).await, of(0, 0, 1));
    assert_eq!(poll(&ledger, "b", &shown).await, of(0, 1, 0));
    let fail = async |id| {
        let failed = Ending::Failed {
            reason: "no-text".to_owned(),
            detail: String::new(),
        };
        ledger.finish(vec![(id, failed)], None).await.unwrap();
    };
    fail(claim(&ledger, "x.test").await[0]).await;
    assert_eq!(poll(&ledger, "a", &shown).await, of(0, 1, 0));
    assert_eq!(poll(&ledger, "b", &shown).await, of(1, 0, 0));
    assert_eq!(ledger.imbalanced_hours().await.unwrap(), []);
    // It ends: each feed's entry is tried once.
    fail(claim(&ledger, "x.test").await[0]).await;
    assert_eq!(poll(&ledger, "a", &shown).await, of(0, 1, 0));
    assert_eq!(poll(&ledger, "b", &shown).await, of(0, 1, 0));
}

#[tokio::test]
async fn a_story_is_reserved_once() {
    let bench = Bench::new();
    let ledger = bench.open();
    poll(
        &ledger,
        "a",
        &[("1", "https://a.test/1"), ("2", "https://a.test/2")],
    )
    .await;
    let ids = claim(&ledger, "a.test").await;
    let asked = vec![(ids[0], story("s"), 1), (ids[1], story("s"), 1)];
    let answers = ledger.reserve(asked).await.unwrap();
    assert_eq!(answers, [Reservation::Granted, Reservation::Taken]);
    // Asked again after a failed write, the holder keeps it.
    let again = ledger.reserve(vec![(ids[0], story("s"), 1)]).await.unwrap();
    assert_eq!(again, [Reservation::Granted]);
}

#[tokio::test]
async fn finished_entries_are_counted_by_how_they_ended() {
    let bench = Bench::new();
    let ledger = bench.open();
    let links = [
        "https://a.test/1",
        "https://a.test/2",
        "https://a.test/3",
        "https://a.test/4",
    ];
    poll(&ledger, "a", &links.map(|link| (link, link))).await;
    let ids = claim(&ledger, "a.test").await;
    ledger.reserve(vec![(ids[0], story("s"), 1)]).await.unwrap();
    let verdict = "{\"title\":\"Clima\"}".to_owned();
    let endings = vec![
        (
            ids[0],
            Ending::Kept {
                story: story("s"),
                revision: 1,
            },
        ),
        (
            ids[1],
            Ending::Dropped {
                reason: "not-security".to_owned(),
                story: story("d"),
                verdict,
            },
        ),
        (
            ids[2],
            Ending::Failed {
                reason: "no-text".to_owned(),
                detail: "empty".to_owned(),
            },
        ),
    ];
    let at = Checkpoint {
        file: "f".to_owned(),
        offset: 7,
    };
    ledger.finish(endings, Some(at.clone())).await.unwrap();
    assert_eq!(ledger.checkpoint().await.unwrap(), Some(at));

    let reader = Reader::open(&bench.path()).unwrap();
    let counts = &reader.feed_counts().unwrap()[0];
    assert_eq!(
        (counts.pending, counts.kept, counts.dropped, counts.failed),
        (1, 1, 1, 1),
        "{counts:?}"
    );
    assert_eq!(
        reader.dropped(&story("d")).unwrap().unwrap(),
        "{\"title\":\"Clima\"}"
    );
    assert_eq!(reader.dropped(&story("s")).unwrap(), None);
    assert_eq!(
        reader.failures().unwrap(),
        [("no-text: empty".to_owned(), 1)]
    );
}

#[tokio::test]
async fn recovery_settles_reservations_by_the_record() {
    let bench = Bench::new();
    let ledger = bench.open();
    poll(
        &ledger,
        "a",
        &[("1", "https://a.test/1"), ("2", "https://a.test/2")],
    )
    .await;
    let ids = claim(&ledger, "a.test").await;
    let reserved = vec![(ids[0], story("written"), 1), (ids[1], story("lost"), 1)];
    ledger.reserve(reserved).await.unwrap();
    drop(ledger);

    let ledger = bench.open();
    let found = ["written", "foreign"].map(|id| WrittenStory {
        id: story(id),
        revision: 1,
    });
    let end = Checkpoint {
        file: "f".to_owned(),
        offset: 9,
    };
    let recovered = ledger.recover(found.to_vec(), Some(end)).await.unwrap();
    assert_eq!(
        recovered,
        Recovered {
            acknowledged: 1,
            released: 1,
            adopted: 1
        }
    );
    assert_eq!(
        claim(&ledger, "a.test").await,
        [ids[1]],
        "the lost one is pending, the other done"
    );
    let asked = ["written", "foreign", "lost"].map(|id| (ids[1], story(id), 1));
    let answers = ledger.reserve(asked.to_vec()).await.unwrap();
    assert_eq!(
        answers,
        [Reservation::Taken, Reservation::Taken, Reservation::Granted]
    );
}

#[tokio::test]
async fn the_books_balance_until_an_entry_is_lost() {
    let bench = Bench::new();
    let ledger = bench.open();
    let shown = [
        ("1", "https://a.test/1"),
        ("2", "https://a.test/2"),
        ("3", "https://a.test/3"),
    ];
    poll(&ledger, "a", &shown).await;
    poll(&ledger, "a", &shown).await;
    poll(&ledger, "b", &shown[..1]).await;
    let ids = claim(&ledger, "a.test").await;
    let failed = Ending::Failed {
        reason: "no-text".to_owned(),
        detail: String::new(),
    };
    let duplicate = Ending::Duplicate { of: story("s") };
    let endings = vec![(ids[0], failed.clone()), (ids[1], duplicate)];
    ledger.finish(endings, None).await.unwrap();
    // An ending that is told twice is one ending.
    ledger.finish(vec![(ids[0], failed)], None).await.unwrap();
    assert_eq!(ledger.imbalanced_hours().await.unwrap(), []);

    let rows = Reader::open(&bench.path()).unwrap().balance().unwrap();
    let of = |feed| rows.iter().filter(move |row| row.feed == feed);
    let sum = |feed, count: fn(&BalanceRow) -> u64| of(feed).map(count).sum::<u64>();
    assert_eq!(
        (sum("a", |row| row.shown), sum("a", |row| row.known)),
        (6, 3)
    );
    assert_eq!(
        (sum("a", |row| row.failed), sum("a", |row| row.duplicate)),
        (1, 1)
    );
    assert_eq!(
        (sum("a", |row| row.pending), sum("b", |row| row.duplicate)),
        (1, 1)
    );

    rusqlite::Connection::open(bench.path())
        .unwrap()
        .execute("DELETE FROM pending", [])
        .unwrap();
    let imbalances = ledger.imbalanced_hours().await.unwrap();
    assert!(
        imbalances.len() == 1 && imbalances[0].feed == "a",
        "{imbalances:?}"
    );
}

#[tokio::test]
async fn the_posts_of_a_live_page_are_each_accounted_for() {
    let bench = Bench::new();
    let ledger = bench.open();
    let post = |guid: &str, title: &str| ShownEntry {
        entry: Entry {
            title: Some(title.to_owned()),
            ..entry("a", guid, "https://a.test/en-vivo#ultimo")
        },
        skip: None,
    };
    let shown = async |posts: [ShownEntry; 2]| {
        let after = state("a");
        let conclude = Arc::new(move |_: &[_]| after.clone());
        let feed = "a".parse().unwrap();
        let committed = ledger.commit_poll(&feed, Arc::new(posts), conclude).await;
        committed.unwrap().1
    };
    let counts = shown([post("1", "Uno"), post("2", "Dos")]).await;
    assert_eq!((counts.new, counts.duplicate, counts.known), (1, 1, 0));
    // New guids for what was shown before.
    let counts = shown([post("3", "Uno"), post("4", "Dos")]).await;
    assert_eq!((counts.new, counts.duplicate, counts.known), (0, 0, 2));
}

#[tokio::test]
async fn bulletins_that_share_a_link_are_stories_of_their_own_by_the_feeds_text() {
    let bench = Bench::new();
    let ledger = bench.open();
    let bulletin = |feed: &str, guid: &str, title: &str| ShownEntry {
        entry: Entry {
            title: Some(title.to_owned()),
            summary: Some(format!("{title}: lo que se sabe.")),
            ..entry(feed, guid, "https://a.test/boletines")
        },
        skip: None,
    };
    let first = [bulletin("a", "1", "Uno"), bulletin("a", "2", "Dos")];
    let counts = show(&ledger, "a", Arc::new(first)).await;
    assert_eq!((counts.new, counts.duplicate), (2, 0));
    let claimed = ledger.claim("a.test", Utc::now(), 9).await.unwrap();
    let shares: Vec<bool> = claimed.iter().map(|pending| pending.shares_page).collect();
    assert_eq!(shares, [false, true], "the page is the first one's");
    assert_eq!(ledger.imbalanced_hours().await.unwrap(), []);

    // New guids or titles for what was shown before bring nothing twice, and neither does another
    // feed that shows the same.
    let again = [
        bulletin("a", "3", "Dos"),
        bulletin("a", "2", "Dos (corregido)"),
    ];
    assert_eq!(show(&ledger, "a", Arc::new(again)).await.known, 2);
    let other = [
        bulletin("b", "2", "Dos"),
        bulletin("b", "x", "Uno"),
        bulletin("b", "y", "Tres"),
    ];
    let counts = show(&ledger, "b", Arc::new(other)).await;
    assert_eq!((counts.new, counts.duplicate), (1, 2));
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_fails_alone() {
    let bench = Bench::new();
    let ledger = bench.open();
    let shown = ["1", "2", "3", "4"].map(|guid| (guid, format!("https://a.test/{guid}")));
    let shown: Vec<_> = shown.iter().map(|(g, link)| (*g, link.as_str())).collect();
    poll(&ledger, "a", &shown).await;
    let spoil = rusqlite::Connection::open(bench.path()).unwrap();
    spoil
        .execute_batch(
            "UPDATE pending SET body = '{\"feed\":' WHERE entry = 2;
             UPDATE pending SET body = x'ff00' WHERE entry = 3;
             UPDATE pending SET attempts = -1 WHERE entry = 4",
        )
        .unwrap();
    let others = [EntryId(1), EntryId(4)];
    assert_eq!(claim(&ledger, "a.test").await, others);
    assert_eq!(ledger.next_due("a.test").await.unwrap(), None);

    assert_eq!(ledger.imbalanced_hours().await.unwrap(), []);
    let reader = Reader::open(&bench.path()).unwrap();
    let counts = &reader.feed_counts().unwrap()[0];
    assert_eq!((counts.failed, counts.pending), (2, 2));
    let failures = reader.failures().unwrap();
    let told = |(why, _): &(String, u64)| why.starts_with("unreadable-entry: ");
    assert!(failures.iter().all(told), "{failures:?}");
}

/// The fetcher keeps so many entries of a feed at most, so that no commit holds up the others.
#[tokio::test]
async fn the_largest_poll_is_committed_at_once() {
    let bench = Bench::new();
    let ledger = bench.open();
    let text = "El ataque dejó tres heridos. ".repeat(35);
    let shown: Arc<[ShownEntry]> = (0..5_000)
        .map(|number| {
            let link = format!("https://a.test/judicial/2026/nota-{number}");
            let mut entry = entry("a", &number.to_string(), &link);
            entry.summary = Some(text.clone());
            ShownEntry { entry, skip: None }
        })
        .collect();
    for (round, expected) in [("new", 5_000), ("known", 0)] {
        let started = std::time::Instant::now();
        let counts = show(&ledger, "a", Arc::clone(&shown)).await;
        let taken = started.elapsed();
        println!("5,000 {round} entries: {taken:?}");
        assert_eq!(counts.new, expected);
        // Half a second is the aim; this is without the compiler's care and on a busy machine.
        assert!(taken.as_secs() < 10, "{taken:?}");
    }
}
