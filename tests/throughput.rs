//! One pass over 20 local feeds with 2,000 articles, through all four stages, synced to disk:
//! articles a second, and where the time goes.
//!
//! Run it with `cargo bench -p vigia --bench throughput`. `-- --serve` only serves the site, for
//! another program to be measured on it (`tests/throughput_peer.py`).

mod support;

use std::time::{Duration, Instant};

use support::{Desk, feeds};
use testkit::{News, Site};

const FEEDS: usize = 20;
const ARTICLES_PER_FEED: usize = 100;
const RUNS: usize = 3;

/// A site that another program measures itself on is served for so long at most.
const SERVE: Duration = Duration::from_mins(10);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let news = News::new(1)
        .feeds(FEEDS)
        .articles_per_feed(ARTICLES_PER_FEED);
    let site = Site::start().await;
    news.install(&site);
    let urls: Vec<_> = news
        .feed_paths()
        .iter()
        .map(|path| site.url(path))
        .collect();
    if std::env::args().any(|argument| argument == "--serve") {
        urls.iter().for_each(|url| println!("{url}"));
        tokio::time::sleep(SERVE).await;
        return;
    }
    let bytes: usize = news
        .articles()
        .iter()
        .map(|article| article.html(&site.url("")).len())
        .sum();
    let articles = FEEDS * ARTICLES_PER_FEED;
    println!(
        "{articles} articles of {} kB in the middle",
        bytes / articles / 1000
    );
    let mut best = f64::MAX;
    for _ in 0..RUNS {
        let desk = Desk::new(&feeds(urls.clone()));
        let mut command = desk.command(&["run", "--once"]);
        let start = Instant::now();
        let ended = tokio::task::spawn_blocking(move || {
            let mut child = command
                .stderr(std::process::Stdio::null())
                .spawn()
                .expect("vigia starts");
            let cpu = cpu_seconds_by_thread(&mut child);
            (child.wait().expect("vigia ends"), cpu)
        });
        let (status, threads) = ended.await.expect("the run is awaited");
        let seconds = start.elapsed().as_secs_f64();
        assert!(status.success());
        let counts = desk.counts();
        assert_eq!(counts.values().sum::<u64>(), articles as u64, "{counts:?}");
        println!(
            "{:5.0} articles/s: {seconds:.2} s, {} kept, {} dropped; CPU seconds {}",
            articles as f64 / seconds,
            counts["kept"],
            counts["dropped"],
            threads
        );
        best = best.min(seconds);
    }
    println!(
        "best: {:.0} articles/s through all four stages, synced",
        articles as f64 / best
    );
}

/// CPU seconds by thread name, as Linux counts them, read until the process ends.
fn cpu_seconds_by_thread(child: &mut std::process::Child) -> String {
    let mut last = std::collections::BTreeMap::new();
    while child.try_wait().expect("the child can be asked").is_none() {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", child.id()));
        let mut now = std::collections::BTreeMap::<String, f64>::new();
        for task in tasks.into_iter().flatten().flatten() {
            let Ok(stat) = std::fs::read_to_string(task.path().join("stat")) else {
                continue;
            };
            let Some((name, numbers)) = stat
                .split_once('(')
                .and_then(|(_, rest)| rest.rsplit_once(')'))
            else {
                continue;
            };
            let numbers: Vec<f64> = numbers
                .split_whitespace()
                .skip(11)
                .take(2)
                .map(|n| n.parse().unwrap_or(0.0))
                .collect();
            let stage = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-');
            *now.entry(stage.to_owned()).or_default() += numbers.iter().sum::<f64>() / 100.0;
        }
        for (stage, seconds) in now {
            last.entry(stage)
                .and_modify(|most: &mut f64| *most = most.max(seconds))
                .or_insert(seconds);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let parts: Vec<_> = last
        .iter()
        .map(|(stage, seconds)| format!("{stage} {seconds:.2}"))
        .collect();
    parts.join(", ")
}
