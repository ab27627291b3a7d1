//! A newsroom whose daemon is killed again and again, and what is counted when the killing is over.

#![allow(dead_code, reason = "each test uses its own part")]

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
    process::{Child, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::Value;
use testkit::{MovingNews, Site};

use crate::support::{Daemon, Desk, feeds, until};

/// Time for what is left when the killing is over.
const SETTLE: Duration = Duration::from_mins(1);

/// Time for a daemon to come to the point at which it is to be killed.
const REACH: Duration = Duration::from_secs(30);

/// A record whose files are small, so that much happens to them.
pub(crate) const BUSY_SINK: &str = "rotate_size = \"12kB\"\ncompress = \"zstd\"\n";

/// A small generator of numbers (xorshift64*), seeded by the clock and printed, so that a failing
/// run can be read.
pub(crate) struct Moments(u64);

impl Moments {
    pub(crate) fn new() -> Self {
        let seed = std::time::SystemTime::UNIX_EPOCH
            .elapsed()
            .expect("the clock is past 1970")
            .as_nanos() as u64
            | 1;
        println!("seed {seed}");
        Self(seed)
    }

    pub(crate) fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % below
    }
}

/// A news site and a desk that reads it.
pub(crate) struct Newsroom {
    pub(crate) site: Site,
    pub(crate) news: MovingNews,
    pub(crate) desk: Desk,
    urls: Vec<String>,
}

/// What was found when everything had ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Toll {
    pub(crate) stories: usize,
    pub(crate) lost: usize,
    pub(crate) doubled: usize,
    pub(crate) torn: usize,
}

impl Newsroom {
    pub(crate) async fn open(seed: u64, sink: &str) -> Self {
        let site = Site::start().await;
        let news = MovingNews::new(seed).feeds(4).window(1000);
        news.install(&site);
        let paths = news.feed_paths();
        let urls: Vec<_> = paths.iter().map(|path| site.url(path)).collect();
        let desk = Desk::with_sink(&feeds(urls.clone()), "", sink);
        Self {
            site,
            news,
            desk,
            urls,
        }
    }

    /// Starts a daemon that kills itself at the given passage of a point, and publishes news until it
    /// has. Afterwards it has died of SIGKILL, or this panics.
    pub(crate) fn kill_at(&self, point: &str, passage: u64) {
        let mut child = self.armed(point, passage);
        let start = Instant::now();
        loop {
            if let Some(status) = child.try_wait().expect("the daemon can be asked") {
                use std::os::unix::process::ExitStatusExt;
                assert_eq!(
                    status.signal(),
                    Some(9),
                    "at {point}: {status}\n{}",
                    self.desk.log()
                );
                return;
            }
            if start.elapsed() > REACH {
                child.kill().expect("the daemon is killed");
                child.wait().expect("the daemon ends");
                panic!("{point}:{passage} was not passed in {REACH:?}");
            }
            self.news.publish(2);
            sleep(Duration::from_millis(40));
        }
    }

    fn armed(&self, point: &str, passage: u64) -> Child {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.desk.path("daemon.log"));
        let mut command = self.desk.command(&["run"]);
        command
            .env("VIGIA_KILL_AT", format!("{point}:{passage}"))
            .stdin(Stdio::null())
            .stderr(log.expect("the log is opened"));
        command.spawn().expect("vigia starts")
    }

    /// Kills a daemon at a random moment, in every third case while what a poll has just brought is
    /// on its way to the record.
    pub(crate) fn kill_at_random(&self, number: usize, moments: &mut Moments) {
        let daemon = self.desk.daemon();
        if number.is_multiple_of(3) {
            let polls = || {
                let asked = |path: &String| self.site.requests_to(path).len();
                self.news.feed_paths().iter().map(asked).sum::<usize>()
            };
            let before = polls();
            self.news.publish(5);
            until(Duration::from_secs(10), "a feed is polled", || {
                polls() > before
            });
            sleep(Duration::from_millis(moments.next(60)));
        } else {
            let end = Instant::now() + Duration::from_millis(moments.next(2000));
            while Instant::now() < end {
                self.news.publish(1);
                sleep(Duration::from_millis(moments.next(100)));
            }
        }
        daemon.kill();
    }

    /// Lets a daemon that is left alone take up all that is pending.
    pub(crate) fn settle(&self) {
        let daemon = self.desk.daemon();
        self.settle_with(&daemon);
        daemon.signal("TERM");
        let status = daemon.wait(Duration::from_secs(20));
        assert_eq!(status.code(), Some(0), "{}", self.desk.log());
    }

    /// Waits until every entry has ended.
    pub(crate) fn settle_with(&self, _: &Daemon) {
        let expected = self.news.expected().len() as u64;
        until(SETTLE, "every entry has ended", || {
            let counts = self.desk.counts();
            counts["pending"] == 0 && counts.values().sum::<u64>() >= expected
        });
        let counts = self.desk.counts();
        assert_eq!(counts["failed"], 0, "{counts:?}");
    }

    /// Compares the record with that of a daemon that was never killed.
    pub(crate) fn toll(&self) -> Toll {
        let control = Desk::new(&feeds(self.urls.clone()));
        control.run_once();
        let (written, torn) = written(&self.desk);
        let (wanted, _) = written_by(&control);
        Toll {
            stories: written.len(),
            lost: wanted.iter().filter(|id| !written.contains_key(*id)).count(),
            doubled: written.values().filter(|times| **times > 1).count(),
            torn,
        }
    }
}

fn written_by(desk: &Desk) -> (BTreeSet<String>, usize) {
    let (ids, torn) = written(desk);
    (ids.into_keys().collect(), torn)
}

/// How often each story stands in the record, over all files as they lie there, a plain one beside a
/// compressed one too; and how many lines are none.
fn written(desk: &Desk) -> (BTreeMap<String, usize>, usize) {
    let mut ids = BTreeMap::new();
    let mut torn = 0;
    for file in std::fs::read_dir(desk.path("stories")).expect("a record") {
        let path = file.expect("a file").path();
        let name = path.file_name().and_then(|name| name.to_str());
        if name.is_none_or(|name| sink::FileName::of_stored(name).is_none()) {
            continue;
        }
        let mut text = String::new();
        sink::open_lines(&path)
            .and_then(|mut lines| lines.read_to_string(&mut text))
            .expect("a file of the record is read");
        torn += usize::from(!text.is_empty() && !text.ends_with('\n'));
        for line in text.lines() {
            match serde_json::from_str::<Value>(line) {
                Ok(story) => {
                    let id = story["id"].as_str().expect("an id").to_owned();
                    *ids.entry(id).or_default() += 1;
                }
                Err(_) => torn += 1,
            }
        }
    }
    (ids, torn)
}
