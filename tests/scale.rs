//! 10,000 feeds polled every 100 s from one local site: how late polls start, how many there are in
//! a second, and how much memory the daemon takes. Half of the feeds answer 304, half 200 with
//! 20 entries. One site stands for ten thousand here, so that the gap between two requests to one
//! server is off.
//!
//! Run it with `cargo bench -p vigia --bench scale`; it takes six minutes, and fails where a
//! figure is missed.

mod support;

use std::{
    fmt::Write,
    fs,
    time::{Duration, Instant},
};

use support::{Desk, feeds, resident_mb, until};
use testkit::{Reply, Site};

const FEEDS: usize = 10_000;

/// The wait between two polls of a feed: its instants lie a twentieth farther apart, so that
/// this makes a hundred polls a second.
const INTERVAL: &str = "95s";

/// How long the first round may take.
const FIRST_ROUND: Duration = Duration::from_mins(2);

/// How long it takes from there until polls come evenly.
const SETTLES: Duration = Duration::from_secs(205);

/// How long the daemon is watched after that.
const WATCH: Duration = Duration::from_mins(2);

#[tokio::main]
async fn main() {
    let site = Site::start().await;
    site.set_handler("/feed/", |request| {
        let number: usize = request.path["/feed/".len()..].parse().unwrap_or(0);
        let etag = format!("\"{number}\"");
        if number.is_multiple_of(2) && request.header("if-none-match") == Some(&etag) {
            return Reply::status(304).etag(&etag);
        }
        Reply::ok("application/rss+xml", document(number)).etag(&etag)
    });
    let urls = (0..FEEDS).map(|number| site.url(&format!("/feed/{number}")));
    let desk = Desk::new(&feeds(urls));
    let toml = fs::read_to_string(desk.config()).expect("a configuration");
    let steady = toml
        .replace(
            "min_interval = \"100ms\"",
            &format!("min_interval = \"{INTERVAL}\""),
        )
        .replace(
            "max_interval = \"1s\"",
            &format!("max_interval = \"{INTERVAL}\""),
        )
        .replace("\"36500d\"", "\"30d\"")
        .replace(
            "interval = \"200ms\"",
            &format!("interval = \"{INTERVAL}\""),
        );
    fs::write(desk.config(), steady).expect("a configuration");
    tokio::task::block_in_place(|| measure(&site, &desk));
}

/// A feed of old entries, which brings no pages along.
fn document(number: usize) -> String {
    let mut text = "<rss version=\"2.0\"><channel><title>Diario</title>".to_owned();
    for entry in 0..20 {
        let _ = write!(
            text,
            "<item><title>Nota {entry} del diario {number}</title>\
             <link>https://diario-{number}.test/nota-{entry}</link><guid>{number}-{entry}</guid>\
             <description>{}</description>\
             <pubDate>Mon, 05 Jan 2015 14:{entry:02}:00 GMT</pubDate></item>",
            "La alcaldía informó del avance de las obras en el puente. ".repeat(6)
        );
    }
    text + "</channel></rss>"
}

fn measure(site: &Site, desk: &Desk) {
    let daemon = desk.daemon();
    let start = Instant::now();
    until(FIRST_ROUND, "every feed was polled once", || {
        site.requests_seen() >= FEEDS
    });
    println!(
        "first round of {FEEDS} feeds: {:.0} s",
        start.elapsed().as_secs_f64()
    );
    // Each feed's second poll waits for the feed's own instant, the first of those a whole interval
    // after the first round.
    std::thread::sleep(SETTLES);
    let before = site.requests_seen();
    std::thread::sleep(WATCH);
    let polls = site.requests_seen() - before;
    let a_second = polls as f64 / WATCH.as_secs_f64();
    let status: serde_json::Value =
        serde_json::from_slice(&desk.run(&["status", "--json"]).stdout).expect("a status");
    let late = |name: &str| status["fetch"][name].as_u64().expect("a count");
    let (p50, p99) = (late("late_ms_p50"), late("late_ms_p99"));
    let resident = resident_mb(&daemon.pid());
    println!("polls a second: {a_second:.1}");
    println!("late by at most: {p50} ms (p50), {p99} ms (p99)");
    println!("resident: {resident} MB");
    assert!(a_second > 90.0 && p99 < 2000 && resident < 250);
}
