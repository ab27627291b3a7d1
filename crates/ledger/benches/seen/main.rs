//! A ledger of ten million seen entries: its size, how it starts, how long look-ups and commits take,
//! and what forgetting the old ones costs.
//!
//! Run it with `cargo bench -p ledger --bench seen`. `VIGIA_BENCH_ENTRIES` is another number of
//! entries; `VIGIA_BENCH_DIR` names the disk, of which 1.5 GB are taken for a while. The default is that
//! of the build, since a temporary folder may lie in memory.

mod fill;

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::Utc;
use ledger::{Ledger, Reader};
use rustix::fs::{Advice, fadvise};
use story::{
    Entry, FeedId,
    storage::{Ending, FeedState, FetchStore, PendingEntry, PollCounts, ShownEntry, SinkStore},
};

use fill::{FEEDS, entry, feed};

/// Entries that are shown and ended as the daemon does it, after those that are put in as rows.
const LIVED: u64 = 100_000;

/// Entries of a poll of theirs.
const POLL: u64 = 100;

/// How many of them are in flight when the ledger is opened.
const IN_FLIGHT: u64 = 20_000;

/// Look-ups of each kind.
const LOOK_UPS: u64 = 50_000;

/// So long that nothing is forgotten.
const NEVER: Duration = Duration::from_hours(24 * 10_000);

/// Entries that end in one commit.
const GROUP: usize = 20;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let entries = std::env::var("VIGIA_BENCH_ENTRIES").map_or(10_000_000, |number| {
        number.parse().expect("VIGIA_BENCH_ENTRIES is a number")
    });
    let folder = std::env::var_os("VIGIA_BENCH_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target"),
        PathBuf::from,
    );
    let folder = tempfile::tempdir_in(folder).expect("a folder on a disk");
    let path = folder.path().join("ledger.db");
    let filled = entries - LIVED.min(entries);
    fill::fill(&path, filled);
    let before = bytes(&path);
    let for_a_while = live(&path, filled, entries).await;
    let after = bytes(&path) - for_a_while;
    println!(
        "{entries} entries: {:.2} GB, {:.0} B an entry, {:.0} B for each of the {} that were shown and ended \
         as the daemon does it; and {:.0} MB for those in flight",
        after as f64 / 1e9,
        after as f64 / entries as f64,
        (after - before) as f64 / (entries - filled) as f64,
        entries - filled,
        for_a_while as f64 / 1e6,
    );
    fill::tell_parts(&path);

    start(&path, "with nothing of it in memory").await;
    start(&path, "once more").await;
    println!("look-ups in the ledger, each by guid, then by link and title:");
    forget_pages(&path);
    look_up(&path, "known, from the disk", LOOK_UPS / 10, |n| n % filled);
    forget_pages(&path);
    look_up(&path, "unknown, from the disk", LOOK_UPS / 10, |n| {
        entries + n
    });
    std::io::copy(
        &mut File::open(&path).expect("the ledger's file"),
        &mut std::io::sink(),
    )
    .expect("all of it is in memory");
    look_up(&path, "known", LOOK_UPS, |n| n % filled);
    look_up(&path, "unknown", LOOK_UPS, |n| entries + n);
    polls(&path, entries).await;
    expire(&path).await;
    let counting = Instant::now();
    let counts = Reader::open(&path).and_then(|reader| reader.feed_counts());
    let feeds = counts.expect("counts").len();
    println!(
        "counting the entries of {feeds} feeds, as `vigia feeds list` does: {:.1?}",
        counting.elapsed()
    );
}

fn bytes(path: &Path) -> u64 {
    path.metadata().expect("the ledger's file").len()
}

/// Has the system forget what it holds of the file in memory.
fn forget_pages(path: &Path) {
    let file = File::open(path).expect("the ledger's file");
    file.sync_all().expect("it is written");
    fadvise(&file, 0, None, Advice::DontNeed).expect("the system is told");
}

/// The middle, the 99th of a hundred, and the longest.
fn tell(what: &str, mut took: Vec<Duration>) {
    took.sort();
    let at = |part: usize| took[(took.len() - 1) * part / 100];
    println!(
        "  {what}: {:.1?} in the middle, {:.1?} p99, {:.1?} at most, of {}",
        at(50),
        at(99),
        at(100),
        took.len()
    );
}

/// Numbers that jump about.
fn scattered(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20
}

/// Shows entries in polls and ends all but the last of them. Returns the bytes of what the ledger holds
/// for a while only: those in flight, and verdicts.
async fn live(path: &Path, from: u64, to: u64) -> u64 {
    let ledger = Ledger::open(path).expect("a ledger").keeping_seen(NEVER);
    let bar = fill::bar(to - from, "shown and ended");
    for first in (from..to).step_by(POLL as usize) {
        let feed = feed(scattered(first) % FEEDS);
        let entries = (first..(first + POLL).min(to)).map(|n| entry(&feed, n));
        show(&ledger, &feed, entries.collect()).await;
        bar.inc(POLL);
        if first + POLL + IN_FLIGHT <= to {
            let claimed = claim(&ledger, POLL as usize).await;
            end(&ledger, claimed).await;
        }
    }
    drop(ledger);
    bar.finish_and_clear();
    let for_a_while = ["pending", "pending_by_host", "dropped", "dropped_by_time"];
    fill::bytes_of(path, &for_a_while)
}

async fn show(ledger: &Ledger, feed: &FeedId, entries: Vec<Entry>) -> PollCounts {
    let url = format!("https://{feed}.example/rss").parse();
    let state = FeedState::new(feed.clone(), url.expect("an address"));
    let old = |number: usize| number % 10 == 1;
    let shown = entries.into_iter().enumerate();
    let shown = shown.map(|(number, entry)| ShownEntry {
        entry,
        skip: old(number).then(|| "too-old".to_owned()),
    });
    let conclude = Arc::new(move |_: &[_]| state.clone());
    let committed = ledger.commit_poll(feed, shown.collect(), conclude).await;
    committed.expect("a poll is committed").1
}

async fn claim(ledger: &Ledger, limit: usize) -> Vec<PendingEntry> {
    let claimed = ledger.claim(fill::HOST, Utc::now(), limit).await;
    claimed.expect("entries are claimed")
}

/// Ends entries as the sink does, with the shares that the rows put in have. Returns how long the
/// commit took.
async fn end(ledger: &Ledger, claimed: Vec<PendingEntry>) -> Duration {
    let mut kept = Vec::new();
    let mut endings = Vec::new();
    for PendingEntry { id, entry, .. } in claimed {
        let story = fill::link_story(&entry);
        let ending = match id.0 % 16 {
            0 | 8 => {
                kept.push((id, story.clone(), 1));
                Ending::Kept { story, revision: 1 }
            }
            1 => Ending::Failed {
                reason: "no-text".to_owned(),
                detail: fill::DETAIL.to_owned(),
            },
            2 => Ending::Duplicate {
                of: fill::story(id.0 as u64),
            },
            _ => Ending::Dropped {
                reason: "not-security".to_owned(),
                story,
                verdict: "{}".to_owned(),
            },
        };
        endings.push((id, ending));
    }
    ledger.reserve(kept).await.expect("stories are reserved");
    let begun = Instant::now();
    ledger.finish(endings, None).await.expect("they are ended");
    begun.elapsed()
}

/// Opens the ledger and asks it what a daemon asks before its first poll.
async fn start(path: &Path, how: &str) {
    forget_pages(path);
    let begun = Instant::now();
    let ledger = Ledger::open(path).expect("a ledger");
    let opened = begun.elapsed();
    let checkpoint = ledger.checkpoint().await.expect("a checkpoint");
    ledger
        .recover(Vec::new(), checkpoint)
        .await
        .expect("recovery");
    let feeds = ledger.feed_states().await.expect("the feeds").len();
    let hosts = ledger.pending_hosts().await.expect("the hosts").len();
    let off = ledger.imbalanced_hours().await.expect("the books").len();
    println!(
        "started {how} after {:.0?}, of that {opened:.0?} to open it; {feeds} feeds, {hosts} hosts, \
         {off} hours off balance",
        begun.elapsed()
    );
}

fn look_up(path: &Path, what: &str, count: u64, number: impl Fn(u64) -> u64) {
    let reader = Reader::open(path).expect("a reader");
    let expected = what.starts_with("known");
    let took = (0..count).map(|n| {
        let number = number(scattered(n));
        let entry = entry(&fill::feed_of(number), number);
        let begun = Instant::now();
        let known = reader.knows(&entry).expect("an answer");
        let took = begun.elapsed();
        assert_eq!(known, expected, "entry {number}");
        took
    });
    tell(what, took.collect());
}

/// Whole polls, committed and synced.
async fn polls(path: &Path, entries: u64) {
    let ledger = Ledger::open(path).expect("a ledger");
    println!("polls of 50 entries, committed and synced:");
    for (what, start) in [("all known", 0), ("all new", 2 * entries)] {
        let mut took = Vec::new();
        for poll in 0..200 {
            let no = poll % FEEDS;
            // Every so many entries are of this feed.
            let numbers = (0..50)
                .map(|n| start + no + FEEDS * (scattered(poll * 50 + n) % (entries / 2 / FEEDS)));
            let feed = feed(no);
            let entries: Vec<_> = numbers.map(|number| entry(&feed, number)).collect();
            let begun = Instant::now();
            show(&ledger, &feed, entries).await;
            took.push(begun.elapsed());
        }
        tell(what, took);
    }
}

/// Ends entries while there are none to be forgotten, and while there are.
async fn expire(path: &Path) {
    println!("commits of {GROUP} endings, synced:");
    for (what, kept) in [
        ("nothing to forget", NEVER),
        ("old ones forgotten", Duration::ZERO),
    ] {
        let ledger = Ledger::open(path).expect("a ledger").keeping_seen(kept);
        let left = fill::count(path);
        let mut took = Vec::new();
        for _ in 0..400 {
            let claimed = claim(&ledger, GROUP).await;
            assert!(!claimed.is_empty());
            took.push(end(&ledger, claimed).await);
        }
        let what = format!("{what} ({} rows)", left - fill::count(path));
        tell(&what, took);
    }
}
