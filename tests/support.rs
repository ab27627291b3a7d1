//! What the end-to-end tests share: a folder with a configuration, and the real binary in it.

#![allow(dead_code, reason = "each test uses its own part")]

use std::{
    collections::BTreeMap,
    fs,
    os::unix::{net::UnixDatagram, process::ExitStatusExt},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

/// The binary under test.
pub(crate) fn vigia() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vigia"));
    command
        .env_remove("NOTIFY_SOCKET")
        .env_remove("JOURNAL_STREAM")
        .env_remove("VIGIA_LOG");
    command
}

/// Runs `vigia` with `input` on its standard input.
pub(crate) fn vigia_with_input(arguments: &[&str], input: &str) -> Output {
    let mut command = vigia();
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("vigia starts");
    let mut stdin = child.stdin.take().expect("a piped input");
    let input = input.to_owned();
    let writing = std::thread::spawn(move || {
        use std::io::Write;
        // A program that stops reading early is not this thread's business.
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().expect("vigia ends");
    writing.join().expect("the input was written");
    output
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The folder of the development corpora, where it is there; says that a test is skipped where not.
pub(crate) fn shared(what: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared")
        .join(what);
    if !path.exists() {
        println!("skipped: {what} is not there");
        return None;
    }
    Some(path)
}

/// Names what has to be there for the tests to be whole: `strace`, `tmpfs`, `systemd`, `promtool`,
/// `shellcheck`. Where it is named
/// and cannot be had, they fail.
const NEEDED: &str = "VIGIA_TESTS_NEED";

/// Says that something cannot be tried here, or fails where that was not to be.
pub(crate) fn skipped(what: &str, why: &str) {
    let needed = std::env::var(NEEDED).unwrap_or_default();
    assert!(!needed.contains(what), "{NEEDED} names {what}: {why}");
    println!("skipped: {why}");
}

/// A folder with a configuration, a ledger and a record.
pub(crate) struct Desk {
    folder: TempDir,
}

/// systemd's end of the socket on which a daemon tells how it is.
pub(crate) struct Systemd(UnixDatagram);

impl Systemd {
    /// Listens at `notify` in a desk's folder; nothing is waited for longer than `patience`.
    pub(crate) fn at(desk: &Desk, patience: Duration) -> Self {
        let socket = UnixDatagram::bind(desk.path("notify")).expect("a socket");
        socket
            .set_read_timeout(Some(patience))
            .expect("a time limit");
        Self(socket)
    }

    /// The next message; `None` where none comes in time.
    pub(crate) fn hear(&self) -> Option<String> {
        let mut message = [0; 4096];
        let length = self.0.recv(&mut message).ok()?;
        Some(text(&message[..length]))
    }
}

/// A feed of a [`Desk`].
pub(crate) struct DeskFeed {
    pub(crate) id: String,
    pub(crate) url: String,
}

/// Feeds `f0`, `f1` and so on at these addresses.
pub(crate) fn feeds(urls: impl IntoIterator<Item = String>) -> Vec<DeskFeed> {
    urls.into_iter()
        .enumerate()
        .map(|(n, url)| DeskFeed {
            id: format!("f{n}"),
            url,
        })
        .collect()
}

/// A desk with a site of two feeds, of ten articles each.
pub(crate) async fn desk_with_news() -> (testkit::Site, Desk) {
    let site = testkit::Site::start().await;
    let news = testkit::News::new(3).feeds(2).articles_per_feed(10);
    news.install(&site);
    let desk = Desk::new(&feeds(news.feed_paths().iter().map(|path| site.url(path))));
    (site, desk)
}

impl Desk {
    /// A configuration for a site on loopback: no gaps, private addresses allowed, quick polls.
    pub(crate) fn new(feeds: &[DeskFeed]) -> Self {
        Self::with(feeds, "")
    }

    /// The same, with further lines for `[fetch]`.
    pub(crate) fn with(feeds: &[DeskFeed], fetch: &str) -> Self {
        Self::with_sink(feeds, fetch, "")
    }

    /// The same, with further lines for `[sink]` as well.
    pub(crate) fn with_sink(feeds: &[DeskFeed], fetch: &str, sink: &str) -> Self {
        let desk = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        desk.configure(feeds, fetch, sink);
        desk
    }

    /// Writes the configuration anew.
    pub(crate) fn configure(&self, feeds: &[DeskFeed], fetch: &str, sink: &str) {
        let mut toml = format!(
            "[state]\npath = \"ledger.db\"\n[sink]\ndir = \"stories\"\n{sink}\n[log]\nformat = \"text\"\n\
             [fetch]\nallow_private_networks = true\nhost_gap = \"0s\"\nhost_concurrency = 16\n\
             min_interval = \"100ms\"\nmax_interval = \"1s\"\nmax_entry_age = \"36500d\"\n{fetch}\n"
        );
        for DeskFeed { id, url } in feeds {
            toml += &format!("[[feed]]\nid = \"{id}\"\nurl = \"{url}\"\ninterval = \"200ms\"\n");
        }
        fs::write(self.config(), toml).expect("the configuration is written");
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path("vigia.toml")
    }

    /// `vigia COMMAND… --config FILE`.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = vigia();
        command
            .args(arguments)
            .arg("--config")
            .arg(self.config())
            .current_dir(self.folder.path());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("vigia runs")
    }

    /// One pass, which must end well; returns what it said.
    pub(crate) fn run_once(&self) -> String {
        let output = self.run(&["run", "--once"]);
        let said = text(&output.stderr);
        assert!(output.status.success(), "{said}");
        said
    }

    /// Starts the daemon; its log goes to `daemon.log`.
    pub(crate) fn daemon(&self) -> Daemon {
        self.daemon_with(&[])
    }

    /// The same, with variables in its environment.
    pub(crate) fn daemon_with(&self, variables: &[(&str, &str)]) -> Daemon {
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.path("daemon.log"));
        let mut command = self.command(&["run"]);
        command
            .envs(variables.iter().copied())
            .stderr(log.expect("the log is opened"))
            .stdin(Stdio::null());
        Daemon {
            child: command.spawn().expect("vigia starts"),
        }
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("daemon.log")).unwrap_or_default()
    }

    /// Every line of the record; each must be whole JSON.
    pub(crate) fn stories(&self) -> Vec<Value> {
        let files = sink::record_files(&self.path("stories")).expect("the record is listed");
        let mut stories = Vec::new();
        for file in files {
            let mut content = String::new();
            let mut reader = file.open().expect("a file of the record");
            std::io::Read::read_to_string(&mut reader, &mut content).expect("a record is UTF-8");
            assert!(
                content.is_empty() || content.ends_with('\n'),
                "a torn line in {}",
                file.path.display()
            );
            for line in content.lines() {
                stories.push(serde_json::from_str(line).expect("a line of the record is JSON"));
            }
        }
        stories
    }

    /// How often each story stands in the record, by the path of its address.
    pub(crate) fn story_paths(&self) -> BTreeMap<String, usize> {
        let mut paths = BTreeMap::new();
        for story in self.stories() {
            let url: url::Url = story["url"]
                .as_str()
                .expect("a url")
                .parse()
                .expect("a url");
            *paths.entry(url.path().to_owned()).or_default() += 1;
        }
        paths
    }

    /// Sums over all feeds of what became of their entries.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        let mut sums = BTreeMap::new();
        for feed in self.listed() {
            for name in [
                "pending",
                "kept",
                "dropped",
                "duplicate",
                "failed",
                "skipped",
            ] {
                *sums.entry(name.to_owned()).or_default() += feed[name].as_u64().expect("a count");
            }
        }
        sums
    }

    /// `vigia feeds list --json`, one object a feed.
    pub(crate) fn listed(&self) -> Vec<Value> {
        let listed = self.run(&["feeds", "list", "--json"]);
        assert!(listed.status.success(), "{}", text(&listed.stderr));
        let lines = text(&listed.stdout);
        lines
            .lines()
            .map(|line| serde_json::from_str(line).expect("a feed"))
            .collect()
    }
}

/// A running daemon; killed when it is dropped.
pub(crate) struct Daemon {
    child: Child,
}

impl Daemon {
    /// A daemon that was started otherwise.
    pub(crate) fn of(child: Child) -> Self {
        Self { child }
    }

    /// Sends SIGKILL and waits for the end.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("the daemon is killed");
        let status = self.child.wait().expect("the daemon ends");
        assert_eq!(
            status.signal(),
            Some(9),
            "the daemon ended by itself: {status}"
        );
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args([&format!("-{name}"), &self.pid()])
            .status();
        assert!(status.expect("kill runs").success());
    }

    pub(crate) fn pid(&self) -> String {
        self.child.id().to_string()
    }

    /// Does something again and again until the daemon ends by itself; `None` where it did not in time.
    pub(crate) fn outlive(mut self, limit: Duration, mut work: impl FnMut()) -> Option<ExitStatus> {
        let start = Instant::now();
        while start.elapsed() < limit {
            if let Some(status) = self.child.try_wait().expect("the daemon can be asked") {
                return Some(status);
            }
            work();
        }
        None
    }

    /// Waits for the end, at most `limit`.
    pub(crate) fn wait(mut self, limit: Duration) -> ExitStatus {
        let mut ended = None;
        until(limit, "the daemon ends", || {
            ended = self.child.try_wait().expect("the daemon can be asked");
            ended.is_some()
        });
        ended.expect("it has ended")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The body that a site answers with, as text.
pub(crate) fn get(site: &testkit::Site, path: &str) -> String {
    String::from_utf8(get_bytes(site, path)).expect("the answer is text")
}

/// The body that a site answers with.
pub(crate) fn get_bytes(site: &testkit::Site, path: &str) -> Vec<u8> {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(site.address()).expect("the site listens");
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
        site.address()
    )
    .expect("the request is sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the answer is read");
    let body = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .expect("a header")
        + 4;
    answer.split_off(body)
}

/// Waits until `condition` holds, at most `limit`.
pub(crate) fn until(limit: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(
            start.elapsed() < limit,
            "waited {limit:?} in vain until {what}"
        );
        sleep(Duration::from_millis(20));
    }
}

/// The memory that a process holds now, in MB.
pub(crate) fn resident_mb(pid: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .expect("a size");
    let kb: u64 = line
        .split_whitespace()
        .nth(1)
        .expect("a number")
        .parse()
        .expect("a number");
    kb / 1024
}
