//! What a daemon with 300 quiet feeds costs: time to the first poll, memory, CPU, and that of its metrics.
//!
//! Run it with `cargo bench -p vigia --bench idle`.

mod support;

use std::{
    fs,
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::{Duration, Instant},
};

use support::{Desk, feeds, resident_mb, until};
use testkit::{News, Site};

const FEEDS: usize = 300;
const SETTLE: Duration = Duration::from_mins(2);
const WATCH: Duration = Duration::from_secs(30);

#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() {
    let site = Site::start().await;
    let news = News::new(1).feeds(FEEDS).articles_per_feed(2);
    news.install(&site);
    let desk = Desk::new(&feeds(news.feed_paths().iter().map(|path| site.url(path))));
    let toml = fs::read_to_string(desk.config()).expect("a configuration");
    let hourly = toml
        .replace("max_interval = \"1s\"\n", "")
        .replace("interval = \"200ms\"", "interval = \"1h\"");
    let listening = hourly.replace("[log]", "[listen]\naddress = \"unix:http.sock\"\n[log]");
    fs::write(desk.config(), listening.replace("\"100ms\"", "\"5m\"")).expect("a configuration");
    tokio::task::block_in_place(|| measure(&site, &desk));
}

fn measure(site: &Site, desk: &Desk) {
    let start = Instant::now();
    let daemon = desk.daemon();
    until(SETTLE, "the first poll", || !site.requests().is_empty());
    println!("start to first poll: {} ms", start.elapsed().as_millis());
    until(SETTLE, "every article has ended", || {
        let counts = desk.counts();
        counts.values().sum::<u64>() == 2 * FEEDS as u64 && counts["pending"] == 0
    });
    println!(
        "resident after {} articles: {} MB",
        2 * FEEDS,
        resident_mb(&daemon.pid())
    );
    let before = cpu_seconds(&daemon.pid());
    std::thread::sleep(WATCH);
    let used = cpu_seconds(&daemon.pid()) - before;
    println!(
        "CPU while idle: {:.2} % of one core",
        100.0 * used / WATCH.as_secs_f64()
    );
    println!("resident while idle: {} MB", resident_mb(&daemon.pid()));
    let before = cpu_seconds(&daemon.pid());
    let scrapes = 300;
    for _ in 0..scrapes {
        scrape(&desk.path("http.sock"));
    }
    let each = (cpu_seconds(&daemon.pid()) - before) / f64::from(scrapes);
    println!(
        "CPU for /metrics every 15 s: {:.3} % of one core",
        100.0 * each / 15.0
    );
}

/// Asks for the metrics once, as Prometheus does.
fn scrape(socket: &Path) {
    let mut stream = UnixStream::connect(socket).expect("the listener");
    stream
        .write_all(b"GET /metrics HTTP/1.1\r\nHost: vigia\r\nConnection: close\r\n\r\n")
        .expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.ends_with("# EOF\n"), "{answer}");
}

fn cpu_seconds(pid: &str) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let numbers = stat.rsplit_once(')').expect("a name").1;
    // utime and stime, in ticks of 10 ms.
    let ticks = numbers.split_whitespace().skip(11).take(2);
    ticks
        .map(|ticks| ticks.parse::<f64>().expect("a number"))
        .sum::<f64>()
        / 100.0
}
