//! Feeds broken at random: whatever comes, it is read or refused, and twice in the same way.

use fetcher::feed::{self, FeedError};

use super::{context, mutate, samples};

/// How often each kind is broken; the example `mutate_feeds` does more of the same.
const TIMES: u64 = 400;

#[test]
fn a_broken_feed_is_read_the_same_way_twice() {
    let others = samples::ALL.map(|sample| sample.as_bytes().to_vec());
    for sample in &others {
        let mut read = 0;
        for seed in 0..TIMES {
            let mut dice = fastrand::Rng::with_seed(seed);
            let broken = mutate::broken(sample, &others, &mut dice);
            let first = feed::parse(&broken, None, &context());
            let again = feed::parse(&broken, None, &context());
            assert!(!matches!(first, Err(FeedError::Panicked)), "seed {seed}");
            assert_eq!(first.as_ref().ok(), again.as_ref().ok(), "seed {seed}");
            read += u64::from(first.is_ok_and(|feed| !feed.entries.is_empty()));
        }
        // Half of what gives none was cut before its first entry; JSON holds by every comma.
        let least = if sample.starts_with(b"{") { 20 } else { 70 };
        assert!(
            read * 100 >= TIMES * least,
            "{read} of {TIMES} give entries"
        );
    }
}

/// The share of a feed's entries that are read when its tail is missing.
#[test]
fn a_cut_feed_gives_the_entries_before_the_cut() {
    let items: Vec<String> = (0..40)
        .map(|number| format!("<item><title>Nota {number}</title><link>https://diario.test/{number}</link><guid>n-{number}</guid></item>"))
        .collect();
    let items = items.concat();
    let feed = format!("<rss version='2.0'><channel><title>D</title>{items}</channel></rss>");
    for share in [50, 75, 95] {
        let cut = &feed.as_bytes()[..feed.len() * share / 100];
        let parsed = feed::parse(cut, None, &context()).unwrap();
        assert!(parsed.entries.len() >= 40 * share / 100 - 1, "{share} %");
        assert!(!parsed.whole);
    }
}
