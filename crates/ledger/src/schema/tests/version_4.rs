//! A ledger of version 4 with entries in every state, and what is known of them after.

use std::sync::Arc;

use story::{
    CanonicalUrl, Entry, EntryId, FeedId, StoryId,
    storage::{Ending, FeedState, FetchStore, PollCounts, Reservation, ShownEntry, SinkStore},
};

use super::{folder, older};
use crate::{Ledger, Reader, WrittenStory};

fn entry(feed: &str, name: &str) -> Entry {
    Entry {
        guid: Some(format!("guid-{name}")),
        link: Some(format!("https://x.test/{name}").parse().unwrap()),
        title: Some(format!("La nota {name}")),
        ..Entry::new(feed.parse().unwrap())
    }
}

fn link(name: &str) -> StoryId {
    let link = entry("a", name).link.unwrap();
    StoryId::of_url(&CanonicalUrl::new(&link).unwrap())
}

/// SQL for a row as version 4 wrote it: ids in hexadecimal, the title's mark in twelve digits.
fn row(feed: &str, name: &str, ending: &str) -> String {
    let entry = entry(feed, name);
    let feed_no = if feed == "a" { 1 } else { 2 };
    let seen_ms = 1_790_000_000_123_i64;
    format!(
        "INSERT INTO entry (feed, key, link, title, ending, reason, story, seen_ms, done_ms)
         VALUES ({feed_no}, '{}', '{}', '{}', {ending}, {seen_ms}, {seen_ms} + 2000);",
        entry.key().as_str(),
        link(name),
        &entry.title_key().as_str()[..12],
    )
}

fn rows() -> String {
    let own = |name| format!("'{}'", link(name));
    let body = serde_json::to_string(&entry("a", "pending")).unwrap();
    [
        "INSERT INTO feed (no, id) VALUES (1, 'a'), (2, 'b');".to_owned(),
        row("a", "kept", &format!("'kept', NULL, {}", own("kept"))),
        row(
            "a",
            "dropped",
            &format!("'dropped', 'not-security', {}", own("dropped")),
        ),
        row(
            "a",
            "moved",
            &format!("'dropped', 'not-security', {}", own("landed")),
        ),
        row("a", "failed", "'failed', 'no-text: a: b', NULL"),
        row("a", "old", "'skipped', 'too-old', NULL"),
        row("a", "pending", "NULL, NULL, NULL").replace(" + 2000", " * NULL"),
        row(
            "b",
            "kept",
            &format!("'duplicate', 'same-page', {}", own("kept")),
        ),
        row("b", "carried", "'duplicate', 'same-story', 'carried-1'"),
        format!(
            "INSERT INTO pending (entry, host, due_ms, claimed, body)
             VALUES (6, 'x.test', 0, 1, '{body}');
             INSERT INTO story (id, revision, entry, written)
             VALUES ({}, 1, 1, 1), ('carried-1', 1, NULL, 1), ({}, 1, 6, 0);
             INSERT INTO tally (feed, hour, shown, new, kept, dropped, duplicate, failed, skipped)
             VALUES (1, 1790000000 / 3600, 6, 6, 1, 2, 0, 1, 1),
                    (2, 1790000000 / 3600, 2, 2, 0, 0, 2, 0, 0);",
            own("kept"),
            own("pending"),
        ),
    ]
    .concat()
}

async fn show(ledger: &Ledger, feed: &str, entries: &[Entry]) -> PollCounts {
    let feed: FeedId = feed.parse().unwrap();
    let state = FeedState::new(feed.clone(), "https://x.test/rss".parse().unwrap());
    let shown = entries.iter().cloned();
    let shown = shown
        .map(|entry| ShownEntry { entry, skip: None })
        .collect();
    let conclude = Arc::new(move |_: &[_]| state.clone());
    ledger.commit_poll(&feed, shown, conclude).await.unwrap().1
}

#[tokio::test]
async fn what_version_4_knew_is_known() {
    let folder = folder();
    let path = folder.path().join("ledger.db");
    older(&path, 4, &rows());
    let ledger = Ledger::open(&path).unwrap();
    let reader = Reader::open(&path).unwrap();

    let counts = reader.feed_counts().unwrap();
    let told: Vec<_> = counts
        .iter()
        .map(|c| {
            (
                c.pending,
                c.kept,
                c.dropped,
                c.duplicate,
                c.failed,
                c.skipped,
            )
        })
        .collect();
    assert_eq!(told, [(1, 1, 2, 0, 1, 1), (0, 0, 0, 2, 0, 0)]);
    assert_eq!(ledger.imbalanced_hours().await.unwrap(), []);
    assert_eq!(
        reader.failures().unwrap(),
        [("no-text: a: b".to_owned(), 1)]
    );
    let story_of = |name| reader.story_of_link(&link(name)).unwrap();
    assert_eq!(story_of("kept"), Some(link("kept")));
    assert_eq!(story_of("moved"), Some(link("landed")));
    assert_eq!(
        story_of("carried"),
        Some(StoryId::carried("carried-1".to_owned()))
    );
    assert_eq!(story_of("failed"), None);

    // By its guid, or by link and title under another guid.
    let of_a = ["kept", "dropped", "moved", "failed", "old", "pending"].map(|n| entry("a", n));
    let renamed = of_a.clone().map(|entry| Entry {
        guid: Some("new".to_owned()),
        ..entry
    });
    for entries in [of_a, renamed] {
        assert_eq!(show(&ledger, "a", &entries).await.known, 6);
    }
    let at_b = show(&ledger, "b", &[entry("b", "moved"), entry("b", "failed")]).await;
    assert_eq!((at_b.duplicate, at_b.new), (1, 1));
    let reader = Reader::open(&path).unwrap();
    let newest = reader.story_of_link(&link("moved")).unwrap();
    assert_eq!(newest, Some(link("landed")));
}

#[tokio::test]
async fn what_version_4_had_in_flight_goes_on_and_what_it_wrote_is_not_written_again() {
    let folder = folder();
    let path = folder.path().join("ledger.db");
    older(&path, 4, &rows());
    let ledger = Ledger::open(&path).unwrap();
    let mut written = Vec::new();
    let reader = Reader::open(&path).unwrap();
    reader.written(|id, _| written.push(id.to_owned())).unwrap();
    written.sort();
    let mut expected = [link("kept").to_string(), "carried-1".to_owned()];
    expected.sort();
    assert_eq!(written, expected);

    // The line of the one that was reserved stands in the record behind the checkpoint.
    let found = WrittenStory {
        id: link("pending"),
        revision: 1,
    };
    let recovered = ledger.recover(vec![found], None).await.unwrap();
    assert_eq!(
        (
            recovered.acknowledged,
            recovered.released,
            recovered.adopted
        ),
        (1, 0, 0)
    );
    assert_eq!(ledger.pending_hosts().await.unwrap(), Vec::<String>::new());
    let again = EntryId(77);
    let asked = ["kept", "pending"].map(|name| (again, link(name), 1));
    let answers = ledger.reserve(asked.to_vec()).await.unwrap();
    assert_eq!(answers, [Reservation::Taken, Reservation::Taken]);
    assert_eq!(ledger.imbalanced_hours().await.unwrap(), []);
}

#[tokio::test]
async fn a_claim_of_version_4_is_taken_up_again() {
    let folder = folder();
    let path = folder.path().join("ledger.db");
    older(&path, 4, &rows());
    let ledger = Ledger::open(&path).unwrap();
    ledger.recover(Vec::new(), None).await.unwrap();
    let claimed = ledger.claim("x.test", chrono::Utc::now(), 9).await.unwrap();
    assert_eq!(claimed[0].entry, entry("a", "pending"));
    let id = claimed[0].id;
    let asked = vec![(id, link("pending"), 1)];
    assert_eq!(ledger.reserve(asked).await.unwrap(), [Reservation::Granted]);
    let kept = Ending::Kept {
        story: link("pending"),
        revision: 1,
    };
    ledger.finish(vec![(id, kept)], None).await.unwrap();
    let counts = Reader::open(&path).unwrap().feed_counts().unwrap();
    assert_eq!((counts[0].pending, counts[0].kept), (0, 2));
}
