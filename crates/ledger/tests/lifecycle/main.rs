//! The life of an entry in the ledger: shown, claimed, reserved, finished; over restarts and
//! crashes.

mod accounts;
mod bench;

use std::sync::Arc;

use bench::{Bench, claim, entry, poll, show, state, story, two_claimed};
use chrono::Utc;
use ledger::{Reader, Recovered, WrittenStory};
use story::{
    Entry,
    storage::{
        Checkpoint, Ending, FetchStore, PollCounts, Reservation, ShownEntry, SinkStore, Tries,
    },
};

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
    let claimed = ledger.claim("a.test", later, 1).await.unwrap();
    assert_eq!(claimed[0].tries, tries);
    let since_seen = Utc::now() - claimed[0].seen;
    assert!((0..60).contains(&since_seen.num_seconds()), "{since_seen}");
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
    let ids = two_claimed(&ledger).await;
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
    let ids = two_claimed(&ledger).await;
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
    assert!(ledger.checkpoint().await.unwrap().is_some());
    // A record that is gone was read up to nowhere.
    ledger.recover(Vec::new(), None).await.unwrap();
    assert_eq!(ledger.checkpoint().await.unwrap(), None);
    let asked = ["written", "foreign", "lost"].map(|id| (ids[1], story(id), 1));
    let answers = ledger.reserve(asked.to_vec()).await.unwrap();
    assert_eq!(
        answers,
        [Reservation::Taken, Reservation::Taken, Reservation::Granted]
    );
}
