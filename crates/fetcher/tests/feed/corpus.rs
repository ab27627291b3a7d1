//! The feed corpus, which is not a part of this repository: where it is at hand, nearly all of
//! its feeds are read whole.

use std::{fs, path::Path};

use fetcher::feed::{self, FeedError};
use serde_json::Value;

use super::context;

/// The share of feeds that must give all the entries that they are known to have.
const COMPLETE_MIN: f64 = 0.995;

/// How many entries a file is known to have; 0 where it is known to be no feed.
fn known_entries(row: &Value) -> usize {
    if row["expected"] == "reject" {
        return 0;
    }
    let read = row["feedparser"]["n"].as_u64().unwrap_or(0);
    read.max(row["n_entries"].as_u64().unwrap_or(0)) as usize
}

#[test]
fn the_corpus_is_read_nearly_whole() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/feeds");
    let Ok(index) = fs::read_to_string(corpus.join("index.jsonl")) else {
        println!("skipped: the feed corpus is not at hand");
        return;
    };
    let (mut feeds, mut complete) = (0_u32, 0_u32);
    for line in index.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let file = row["file"].as_str().unwrap();
        let bytes = fs::read(corpus.join("files").join(file)).unwrap();
        let parsed = feed::parse(&bytes, None, &context());
        assert!(!matches!(parsed, Err(FeedError::Panicked)), "{file}");
        let known = known_entries(&row);
        if known > 0 {
            feeds += 1;
            complete += u32::from(parsed.is_ok_and(|feed| feed.entries.len() >= known));
        }
    }
    let share = f64::from(complete) / f64::from(feeds);
    assert!(
        share >= COMPLETE_MIN,
        "{complete} of {feeds} feeds are read whole"
    );
}
