//! Any bytes as a feed: no panic, no more memory than they are worth, twice the same keys.

#![no_main]

#[path = "../../crates/fetcher/tests/feed/size.rs"]
mod size;

use std::sync::LazyLock;

use fetcher::feed::{self, FeedContext, FeedError};
use libfuzzer_sys::fuzz_target;
use story::Home;

static CONTEXT: LazyLock<FeedContext> = LazyLock::new(|| FeedContext {
    id: "diario".parse().expect("a valid id"),
    url: "https://diario.test/rss".parse().expect("a valid address"),
    home: Home::default(),
    timezone: chrono_tz::America::Bogota,
});

fuzz_target!(|bytes: &[u8]| {
    let keys = || match feed::parse(bytes, None, &CONTEXT) {
        Ok(feed) => {
            size::check_budget(&feed, bytes, "a feed");
            let entries = feed.entries.iter();
            Some(entries.map(story::Entry::key).collect::<Vec<_>>())
        }
        Err(error) => {
            assert!(!matches!(error, FeedError::Panicked));
            None
        }
    };
    assert_eq!(keys(), keys(), "two readings differ");
});
