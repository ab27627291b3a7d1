//! Breaks feeds at random, many times: `cargo run --release -p fetcher --example mutate_feeds --
//! 100000 [SEED]`.
//!
//! It takes the feed corpus where that is at hand and the samples of the tests else, and fails
//! where a panic is caught, where a feed takes too long or too much memory, or where two readings
//! differ.

#[path = "../tests/feed/mutate.rs"]
mod mutate;
#[path = "../tests/feed/samples.rs"]
mod samples;
#[path = "../tests/feed/size.rs"]
mod size;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use fetcher::feed::{self, FeedContext, FeedError, ParsedFeed};
use story::{EntryKey, Home};

/// The least time that a feed is given, whatever its length.
const TIME_MIN: Duration = Duration::from_millis(100);

/// One in so many feeds is blown up besides.
const BLOATED: u64 = 50;

/// The time that a byte is given: a hundredth of the speed that is measured.
const TIME_PER_BYTE: Duration = Duration::from_micros(1);

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default| {
        let argument = arguments.next();
        argument.map_or(default, |number| number.parse().expect("a number"))
    };
    let (times, first_seed): (u64, u64) = (number(100_000), number(0));
    let feeds = feeds();
    let (mut read, mut slowest) = (0, (Duration::ZERO, 0, 0));
    for seed in first_seed..first_seed + times {
        let mut dice = fastrand::Rng::with_seed(seed);
        let feed = dice.choice(&feeds).expect("there are feeds");
        let mut broken = mutate::broken(feed, &feeds, &mut dice);
        if seed % BLOATED == 0 {
            broken = mutate::bloated(&broken, &mut dice);
        }
        let (is_read, taken) = check(seed, &broken);
        read += u64::from(is_read);
        slowest = slowest.max((taken, broken.len(), seed));
    }
    println!(
        "{times} faults in {} feeds: {read} read, {} refused; the slowest took {:?} for {} bytes (seed {})",
        feeds.len(),
        times - read,
        slowest.0,
        slowest.1,
        slowest.2
    );
}

/// Reads a broken feed twice; whether it could be, and how long it took.
fn check(seed: u64, broken: &[u8]) -> (bool, Duration) {
    let context = FeedContext {
        id: "diario".parse().expect("a valid id"),
        url: "https://diario.test/rss".parse().expect("a valid address"),
        home: Home::default(),
        timezone: chrono_tz::America::Bogota,
    };
    let started = Instant::now();
    let first = feed::parse(broken, None, &context);
    let taken = started.elapsed();
    let length = broken.len();
    let allowed = TIME_MIN + TIME_PER_BYTE * length as u32;
    assert!(
        taken <= allowed,
        "seed {seed}: {taken:?} for {length} bytes"
    );
    assert!(
        !matches!(first, Err(FeedError::Panicked)),
        "seed {seed}: a panic"
    );
    if let Ok(feed) = &first {
        size::check_budget(feed, broken, &format!("seed {seed}"));
    }
    let again = feed::parse(broken, None, &context);
    let (first, again) = (first.ok().map(keys), again.ok().map(keys));
    assert_eq!(first, again, "seed {seed}: other keys");
    (first.is_some(), taken)
}

fn keys(feed: ParsedFeed) -> Vec<EntryKey> {
    feed.entries.into_iter().map(|entry| entry.key()).collect()
}

/// The corpus, or the samples.
fn feeds() -> Vec<Vec<u8>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/feeds/files");
    let mut feeds = Vec::new();
    collect(&corpus, &mut feeds);
    feeds.sort(); // a seed names the same fault wherever the folder lies
    if feeds.is_empty() {
        println!("the feed corpus is not at hand: the samples of the tests are broken instead");
        feeds.extend(samples::ALL.map(|sample| sample.as_bytes().to_vec()));
    }
    feeds
}

fn collect(folder: &Path, feeds: &mut Vec<Vec<u8>>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, feeds);
        } else {
            feeds.extend(std::fs::read(&path));
        }
    }
}
