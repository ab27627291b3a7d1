//! A newsroom whose daemon is killed again and again, and what is counted when the killing is over.

#![allow(dead_code, reason = "each test uses its own part")]

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
    os::unix::process::ExitStatusExt,
    process::Stdio,
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::Value;
use sink::fault;
use testkit::{MovingNews, Site};

use crate::{
    archived,
    support::{Daemon, Desk, Systemd, feeds, get_bytes, skipped, text, until},
};

/// Time for what is left when the killing is over.
const SETTLE: Duration = Duration::from_mins(3);

/// Time for a daemon to come to the point at which it is to be killed.
const REACH: Duration = Duration::from_secs(30);

/// How long there is news while a daemon comes to that point.
const BUSY: Duration = Duration::from_secs(2);

/// A record whose files are small, so that much happens to them.
pub(crate) const BUSY_SINK: &str = "rotate_size = \"12kB\"\ncompress = \"zstd\"\n";

/// The same, of which the oldest files are removed.
pub(crate) const BUSY_RETENTION: &str =
    "rotate_size = \"12kB\"\ncompress = \"zstd\"\nretain_size = \"40kB\"\n";

/// A busy record, beside an archive whose files are small as well.
pub(crate) const BUSY_ARCHIVE: &str = "rotate_size = \"12kB\"\ncompress = \"zstd\"\n\
    [archive]\nenabled = true\ndir = \"archive\"\nrotate_size = \"12kB\"\n";

/// So that little is under way when writing stops.
pub(crate) const SHORT_QUEUES: &str = "[pipeline]\nqueue = 1\nworkers = 1\n";

/// How soon it writes again once there is room.
const SOON: Duration = Duration::from_secs(11);

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
    /// Stories that were removed with their files, as the configuration asks.
    pub(crate) removed: usize,
    pub(crate) lost: usize,
    pub(crate) doubled: usize,
    pub(crate) torn: usize,
    /// Stories that say where their page is archived.
    pub(crate) pages: usize,
    /// Those of them whose page is not there.
    pub(crate) astray: usize,
    /// Faults in the archive.
    pub(crate) broken: usize,
}

impl Toll {
    /// The toll of nothing amiss, over as many stories.
    pub(crate) fn none(&self) -> Self {
        Self {
            stories: self.stories,
            removed: self.removed,
            pages: self.pages,
            ..Self::default()
        }
    }
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
        // So that there is something to cut.
        match point {
            fault::RECOVERY_CUTTING => self.kill_at(fault::MID_LINE, 1),
            fault::ARCHIVE_RECOVERY_CUTTING => self.kill_at(fault::ARCHIVE_MID_RECORD, 1),
            _ => {}
        }
        let armed = format!("{point}:{passage}");
        let daemon = self.desk.daemon_with(&[("VIGIA_KILL_AT", &armed)]);
        let start = Instant::now();
        let status = daemon.outlive(REACH, || {
            // A slow machine is not to be buried in news.
            if start.elapsed() < BUSY {
                self.news.publish(1);
            }
            sleep(Duration::from_millis(40));
        });
        let status = status.unwrap_or_else(|| panic!("{armed} was not passed in {REACH:?}"));
        let log = self.desk.log();
        assert_eq!(status.signal(), Some(9), "at {armed}: {status}\n{log}");
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
        let (pages, astray) = self.pages();
        let (_, faults) = archived::kinds(&self.desk.path("archive"));
        faults.iter().for_each(|fault| println!("{fault}"));
        let missing = wanted.iter().filter(|id| !written.contains_key(*id));
        let removed = self.removed();
        Toll {
            stories: written.len(),
            removed,
            // What was removed is missing, and no other story.
            lost: missing.count().abs_diff(removed),
            doubled: written.values().filter(|times| **times > 1).count(),
            torn,
            pages,
            astray,
            broken: faults.len(),
        }
    }

    /// How many stories were removed with their files.
    fn removed(&self) -> usize {
        let manifest = std::fs::read(self.desk.path("stories").join(sink::MANIFEST));
        let files = sink::Manifest::parse(&manifest.unwrap_or_default()).files;
        let removed = files
            .into_values()
            .filter(|file| file.state == sink::State::Removed);
        removed.map(|file| file.content.lines as usize).sum()
    }

    /// How many stories say where their page is archived, and of how many the page, as the site
    /// has it, is not there.
    fn pages(&self) -> (usize, usize) {
        let archive = self.desk.path("archive");
        let (mut pages, mut astray) = (0, 0);
        for story in self.desk.stories() {
            let position = &story["provenance"]["archive"];
            let paged = archive.exists() && story["text_source"] == "page";
            if position.is_null() && !paged {
                continue;
            }
            pages += 1;
            let url = story["url"].as_str().expect("an address");
            let url: url::Url = url.parse().expect("an address");
            let page = match position {
                Value::Null => Err("it names no page".to_owned()),
                position => archived::find_page(&archive, position),
            };
            if page.as_ref() != Ok(&get_bytes(&self.site, url.path())) {
                println!("{url} at {position}: {:?}", page.err());
                astray += 1;
            }
        }
        (pages, astray)
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

/// Parts of a day whose files are named to `strace`, which knows no patterns.
const PARTS: usize = 40;

impl Newsroom {
    /// Has a daemon write all there is while system calls on the record's files fail, and returns how
    /// many did; `None` where there is no `strace` that could do that.
    pub(crate) fn write_under(&self, call: &str, error: &str) -> Option<usize> {
        let log = self.desk.path("strace.log");
        let mut command = std::process::Command::new("strace");
        command.args(["-D", "-f", "-qq", "-o"]).arg(&log);
        command.args(["-e", &format!("trace={call}")]);
        command.args(["-e", &format!("inject={call}:error={error}:when=2+3")]);
        let stories = self.desk.path("stories");
        for name in Self::written_names() {
            command.arg("-P").arg(stories.join(name));
        }
        command.arg("-P").arg(&stories);
        let vigia = self.desk.command(&["run"]);
        command.arg(vigia.get_program()).args(vigia.get_args());
        let daemon_log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.desk.path("daemon.log"));
        command
            .current_dir(self.desk.path(""))
            .stdin(Stdio::null())
            .stderr(daemon_log.expect("the log is opened"));
        let daemon = match command.spawn() {
            Ok(child) => Daemon::of(child),
            Err(problem) => {
                skipped("strace", &format!("strace cannot be run: {problem}"));
                return None;
            }
        };
        for _ in 0..20 {
            self.news.publish(2);
            sleep(Duration::from_millis(60));
        }
        self.settle_with(&daemon);
        daemon.signal("TERM");
        let status = daemon.wait(Duration::from_secs(20));
        assert_eq!(status.code(), Some(0), "{}", self.desk.log());
        let said = std::fs::read_to_string(log).expect("what strace saw");
        Some(said.matches("(INJECTED)").count())
    }

    /// Names of the files that a daemon may write today.
    fn written_names() -> Vec<String> {
        let today = chrono::Utc::now().date_naive();
        let first = [format!("stories-{today}.jsonl")];
        let parts = (2..PARTS).map(|part| format!("stories-{today}.part{part:04}.jsonl"));
        let plain: Vec<_> = first.into_iter().chain(parts).collect();
        let packed = plain
            .iter()
            .flat_map(|name| [format!("new.{name}.zst"), format!("{name}.zst")]);
        let others = ["new.MANIFEST", "MANIFEST", "new.CURRENT", "CURRENT"];
        let others = others.map(ToOwned::to_owned);
        packed.chain(plain.clone()).chain(others).collect()
    }

    /// Mounts a small disk of its own where the record or the archive lies; `None` where that is not
    /// allowed.
    pub(crate) fn mount_small_disk(&self, folder: &str, kilobytes: u32) -> Option<SmallDisk> {
        let at = self.desk.path(folder);
        std::fs::create_dir_all(&at).expect("a folder on the disk");
        let size = format!("size={kilobytes}k");
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(&at)
            .stderr(Stdio::null())
            .status();
        if !mounted.is_ok_and(|status| status.success()) {
            skipped("tmpfs", "a tmpfs cannot be mounted here; it takes root");
            return None;
        }
        Some(SmallDisk { at })
    }
}

impl Newsroom {
    /// Runs a daemon into a full disk, watches what it says and does there, and makes room for it.
    pub(crate) fn fill_and_free(&self, free: impl FnOnce()) {
        let room = self;
        let systemd = Systemd::at(&room.desk, SOON);
        let notify = room.desk.path("notify");
        let daemon = room
            .desk
            .daemon_with(&[("NOTIFY_SOCKET", notify.to_str().unwrap())]);
        let status = || -> serde_json::Value {
            let said = room.desk.run(&["status", "--json"]);
            serde_json::from_slice(&said.stdout).unwrap_or_default()
        };
        until(Duration::from_secs(20), "the disk is full", || {
            room.news.publish(10);
            status()["trouble"].is_string()
        });
        // What is under way comes to a halt: no page is fetched that nobody could keep.
        let pages = || status()["fetch"]["pages_fetched"].as_u64().unwrap();
        let mut before = pages();
        until(Duration::from_secs(30), "fetching has stopped", || {
            room.news.publish(15); // more than the queues hold
            std::thread::sleep(Duration::from_secs(1));
            std::mem::replace(&mut before, pages()) == before
        });
        let trouble = status()["trouble"].as_str().unwrap().to_owned();
        let in_words = text(&room.desk.run(&["status"]).stdout);
        assert!(
            in_words.contains(&format!("NOT WRITING: {trouble}")),
            "{in_words}"
        );
        assert!(
            trouble.contains("goes on by itself when there is room"),
            "{trouble}"
        );
        let told = Instant::now();
        loop {
            let message = systemd.hear().expect("systemd is told in time");
            if message.contains("STATUS=NOT WRITING") {
                break;
            }
            assert!(told.elapsed() < SOON, "systemd is not told");
        }
        let said = room
            .desk
            .log()
            .matches("cannot write, trying again")
            .count();
        assert_eq!(said, 1, "said once a minute");

        let kept = room.desk.counts()["kept"];
        free();
        until(SOON, "it writes again", || {
            room.desk.counts()["kept"] > kept
        });
        room.settle_with(&daemon);
        assert!(status()["trouble"].is_null());
        daemon.signal("TERM");
        assert_eq!(daemon.wait(Duration::from_secs(20)).code(), Some(0));
    }
}

/// A small disk, gone when it is dropped.
pub(crate) struct SmallDisk {
    pub(crate) at: std::path::PathBuf,
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount")
            .arg("-l")
            .arg(&self.at)
            .status();
    }
}
