//! The sink alone: stories of 4 kB a second with a sync every 100 ms, and how long a lone story takes
//! to the disk.
//!
//! Run it with `cargo bench -p sink`. `VIGIA_BENCH_DIR` names the disk; the default is that of the
//! build, since a temporary folder may lie in memory.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use chrono::NaiveDate;
use sink::{Settings, Sink};
use story::{Article, Story, StoryId, TextSource};

/// Between two syncs.
const SYNC_EVERY: Duration = Duration::from_millis(100);

/// How long stories are appended.
const APPENDING: Duration = Duration::from_secs(5);

/// Lone stories.
const LONE: usize = 50;

/// Bytes of a story's line.
const LINE_BYTES: usize = 4000;

fn main() {
    let folder = std::env::var_os("VIGIA_BENCH_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target"),
        PathBuf::from,
    );
    let folder = tempfile::tempdir_in(folder).expect("a folder on a disk");
    let settings = Settings::new(folder.path());
    let mut sink = Sink::open(&settings, None).expect("an empty record").sink;
    let day = NaiveDate::from_ymd_opt(2026, 1, 1).expect("a day");

    // As many as fit between two syncs: each commit is written and synced once.
    let begun = Instant::now();
    let (mut written, mut group, mut slowest) = (0, 2500, Duration::ZERO);
    while begun.elapsed() < APPENDING {
        let stories: Vec<_> = (written..written + group).map(story).collect();
        let start = Instant::now();
        sink.commit(&stories, day).expect("it is written");
        let took = start.elapsed();
        slowest = slowest.max(took);
        written += group;
        // Adapts to the disk, so that a sync comes every 100 ms.
        let fitting = group as f64 * SYNC_EVERY.as_secs_f64() / took.as_secs_f64();
        group = (fitting as usize).clamp(group / 2 + 1, group * 2);
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{:.0} stories/s of {LINE_BYTES} bytes, {:.0} MB/s, making them included; slowest sync {slowest:.0?}",
        written as f64 / seconds,
        (written * LINE_BYTES) as f64 / seconds / 1e6
    );

    let mut took: Vec<_> = (0..LONE)
        .map(|n| {
            let story = [story(written + n)];
            let start = Instant::now();
            sink.commit(&story, day).expect("it is written");
            start.elapsed()
        })
        .collect();
    took.sort();
    println!(
        "a lone story is on disk after {:.1?} in the middle, {:.1?} at most",
        took[LONE / 2],
        took[LONE - 1]
    );
}

fn story(number: usize) -> Story {
    let mut story = Story {
        id: StoryId::carried(format!("{number:032x}")),
        outlet: Some("El Mirador del Sur".to_owned()),
        relevant: true,
        score: 0.99,
        threshold: 0.5,
        ..Story::from(Article::new(
            "Emboscada mata a cuatro policías".to_owned(),
            String::new(),
            TextSource::Page,
        ))
    };
    let length = serde_json::to_vec(&story).expect("JSON").len() + 1;
    story.text = "Cuatro agentes murieron. "
        .chars()
        .cycle()
        .take(LINE_BYTES - length)
        .collect();
    story
}
