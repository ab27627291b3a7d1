//! Every entry that a feed showed is accounted for, also where links are shared, entries cannot be
//! read, or very many come at once.

use std::sync::Arc;

use chrono::Utc;
use ledger::{BalanceRow, Reader};
use story::{
    Entry, EntryId,
    storage::{Ending, FetchStore, ShownEntry, SinkStore},
};

use crate::bench::{Bench, claim, entry, poll, show, state, story};

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
