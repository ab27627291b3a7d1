//! A ledger in a folder of its own, and what is put into it.

use std::sync::Arc;

use chrono::Utc;
use ledger::Ledger;
use story::{
    Entry, EntryId, StoryId,
    storage::{FeedState, FetchStore, PollCounts, ShownEntry, Validators},
};

pub(crate) struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("ledger.db")
    }

    pub(crate) fn open(&self) -> Ledger {
        Ledger::open(&self.path()).unwrap()
    }
}

pub(crate) fn state(feed: &str) -> FeedState {
    let url = format!("https://{feed}.test/rss").parse().unwrap();
    FeedState {
        validators: Validators {
            etag: Some("\"1\"".to_owned()),
            last_modified: None,
        },
        ..FeedState::new(feed.parse().unwrap(), url)
    }
}

pub(crate) fn entry(feed: &str, guid: &str, link: &str) -> Entry {
    Entry {
        guid: Some(guid.to_owned()),
        link: Some(link.parse().unwrap()),
        title: Some(format!("La nota de {link}")),
        ..Entry::new(feed.parse().unwrap())
    }
}

pub(crate) async fn poll(ledger: &Ledger, feed: &str, entries: &[(&str, &str)]) -> PollCounts {
    let shown = |&(guid, link): &(&str, &str)| ShownEntry {
        entry: entry(feed, guid, link),
        skip: None,
    };
    show(ledger, feed, entries.iter().map(shown).collect()).await
}

pub(crate) async fn show(ledger: &Ledger, feed: &str, shown: Arc<[ShownEntry]>) -> PollCounts {
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

pub(crate) fn story(id: &str) -> StoryId {
    StoryId::carried(id.to_owned())
}

pub(crate) async fn claim(ledger: &Ledger, host: &str) -> Vec<EntryId> {
    let claimed = ledger.claim(host, Utc::now(), 100).await.unwrap();
    claimed.iter().map(|pending| pending.id).collect()
}

/// Two entries of a feed, shown and claimed.
pub(crate) async fn two_claimed(ledger: &Ledger) -> Vec<EntryId> {
    let links = [("1", "https://a.test/1"), ("2", "https://a.test/2")];
    poll(ledger, "a", &links).await;
    claim(ledger, "a.test").await
}
