//! Killed at any moment, the daemon loses nothing and writes nothing twice.

mod support;

use std::{
    collections::BTreeSet,
    thread::sleep,
    time::{Duration, Instant},
};

use support::{Desk, feeds, until};
use testkit::{MovingNews, Site};

/// How often the daemon is killed.
const KILLS: usize = 30;

/// Time for what is left when the killing is over.
const SETTLE: Duration = Duration::from_mins(1);

/// A small generator of numbers (xorshift64*), seeded by the clock and printed, so that a failing
/// run can be read.
struct Moments(u64);

impl Moments {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % below
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_and_nothing_doubled_over_thirty_kills() {
    let site = Site::start().await;
    let news = MovingNews::new(7).feeds(4).window(1000);
    news.install(&site);
    let urls = news
        .feed_paths()
        .iter()
        .map(|path| site.url(path))
        .collect::<Vec<_>>();
    let desk = Desk::new(&feeds(urls.clone()));
    let seed = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .unwrap()
        .as_nanos() as u64
        | 1;
    println!("seed {seed}");
    let mut moments = Moments(seed);

    tokio::task::block_in_place(|| {
        for kill in 0..KILLS {
            let daemon = desk.daemon();
            if kill % 3 == 0 {
                // Killed while what a poll has just brought is on its way to the record.
                let polls = || urls.iter().map(|url| polls_of(&site, url)).sum::<usize>();
                let before = polls();
                news.publish(5);
                until(Duration::from_secs(10), "a feed is polled", || {
                    polls() > before
                });
                sleep(Duration::from_millis(moments.next(60)));
            } else {
                let end = Instant::now() + Duration::from_millis(moments.next(2000));
                while Instant::now() < end {
                    news.publish(1);
                    sleep(Duration::from_millis(moments.next(100)));
                }
            }
            daemon.kill();
        }

        // One that is left alone takes up all that is pending.
        let daemon = desk.daemon();
        let expected = news.expected().len() as u64;
        until(SETTLE, "every entry has ended", || {
            let counts = desk.counts();
            counts["pending"] == 0 && counts.values().sum::<u64>() >= expected
        });
        daemon.signal("TERM");
        assert_eq!(
            daemon.wait(Duration::from_secs(10)).code(),
            Some(0),
            "{}",
            desk.log()
        );
    });

    let counts = desk.counts();
    assert_eq!(counts["failed"], 0, "{counts:?}");
    let written = desk.story_paths();
    let doubled: Vec<_> = written.iter().filter(|(_, times)| **times > 1).collect();
    assert!(doubled.is_empty(), "written twice: {doubled:?}");

    // What a daemon that was never killed makes of the same articles.
    let control = Desk::new(&feeds(urls));
    control.run_once();
    let kept = |desk: &Desk| desk.story_paths().into_keys().collect::<BTreeSet<_>>();
    assert_eq!(kept(&desk), kept(&control));
    assert!(
        written.len() > KILLS,
        "too few stories to prove anything: {}",
        written.len()
    );
    println!(
        "{KILLS} kills, {expected} entries, {} stories",
        written.len(),
        expected = news.expected().len()
    );
}

fn polls_of(site: &Site, url: &str) -> usize {
    let path = url.parse::<url::Url>().unwrap().path().to_owned();
    site.requests_to(&path).len()
}
