//! What the daemon is doing, counted as it goes, and told to whoever asks over a Unix socket.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use serde::{Deserialize, Serialize};
use story::{Story, Timestamp, storage::Ending};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
};
use tracing::{debug, warn};

/// Stories that `status` shows.
const LAST_KEPT: usize = 10;

/// Longest request that is read, and longest wait for it.
const REQUEST_BYTES_MAX: u64 = 256;
const REQUEST_TIME_MAX: Duration = Duration::from_secs(5);

/// Counters of one stage: taken = passed + ended + in work. The last stage passes nothing on.
#[derive(Debug, Default)]
pub struct StageCounters {
    taken: AtomicU64,
    passed: AtomicU64,
    /// How entries ended here, by "ending/reason"; both of bounded vocabulary.
    ended: Mutex<BTreeMap<String, u64>>,
}

impl StageCounters {
    pub(crate) fn taken(&self) {
        self.taken.fetch_add(1, Relaxed);
    }

    pub(crate) fn passed(&self) {
        self.passed.fetch_add(1, Relaxed);
    }

    pub(crate) fn ended(&self, ending: &Ending) {
        let label = match ending {
            Ending::Kept { .. } => "kept".to_owned(),
            Ending::Dropped { reason, .. } => format!("dropped/{reason}"),
            Ending::Duplicate { .. } => "duplicate".to_owned(),
            Ending::Failed { reason, .. } => format!("failed/{reason}"),
        };
        *self
            .ended
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(label)
            .or_default() += 1;
    }

    /// The counters as they stand now.
    pub fn snapshot(&self) -> StageSnapshot {
        StageSnapshot {
            taken: self.taken.load(Relaxed),
            passed: self.passed.load(Relaxed),
            ended: self
                .ended
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        }
    }
}

/// Counters of one stage at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageSnapshot {
    /// Parcels that the stage took.
    pub taken: u64,
    /// Parcels that it passed on.
    pub passed: u64,
    /// Entries that ended here, by how and why.
    pub ended: BTreeMap<String, u64>,
}

/// What the daemon counts.
#[derive(Debug)]
pub struct Status {
    started: Timestamp,
    feeds: usize,
    record: PathBuf,
    pub(crate) fetch: Mutex<Option<Arc<fetcher::Counters>>>,
    pub(crate) clean: Arc<StageCounters>,
    pub(crate) classify: Arc<StageCounters>,
    pub(crate) sink: Arc<StageCounters>,
    last_kept: Mutex<VecDeque<KeptStory>>,
    trouble: Mutex<Option<String>>,
    /// Hours of feeds whose books did not balance when they were last looked at.
    pub(crate) imbalances: AtomicU64,
}

/// A story that was kept lately.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptStory {
    /// When its line was synced.
    pub at: Timestamp,
    /// Its main country.
    pub country: Option<String>,
    /// Its headline.
    pub title: String,
    /// Its address.
    pub url: Option<String>,
}

/// What the daemon is doing, at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The program's version.
    pub version: String,
    /// Its process id.
    pub pid: u32,
    /// When it started.
    pub started: Timestamp,
    /// How many feeds it polls.
    pub feeds: usize,
    /// Where the record lies.
    pub record: PathBuf,
    /// Counters of the fetcher, by name.
    pub fetch: BTreeMap<String, u64>,
    /// Counters of the other stages.
    pub clean: StageSnapshot,
    /// See `clean`.
    pub classify: StageSnapshot,
    /// See `clean`.
    pub sink: StageSnapshot,
    /// The last stories kept, newest first.
    pub last_kept: Vec<KeptStory>,
    /// What keeps the daemon from writing, if anything does.
    pub trouble: Option<String>,
    /// Hours of feeds in which not everything that was shown is accounted for: a fault of vigia's.
    #[serde(default)]
    pub imbalances: u64,
}

impl Status {
    pub(crate) fn new(feeds: usize, record: &Path) -> Self {
        Self {
            started: chrono::Utc::now(),
            feeds,
            record: record.to_owned(),
            fetch: Mutex::default(),
            clean: Arc::default(),
            classify: Arc::default(),
            sink: Arc::default(),
            last_kept: Mutex::default(),
            trouble: Mutex::default(),
            imbalances: AtomicU64::default(),
        }
    }

    pub(crate) fn kept(&self, stories: &[Story]) {
        let mut last = self
            .last_kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for story in stories {
            last.truncate(LAST_KEPT - 1);
            last.push_front(KeptStory {
                at: chrono::Utc::now(),
                country: story
                    .countries
                    .first()
                    .map(|country| country.iso2.to_string()),
                title: story.title.clone(),
                url: story.url.as_ref().map(ToString::to_string),
            });
        }
    }

    pub(crate) fn set_trouble(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// What the daemon is doing now.
    pub fn snapshot(&self) -> Snapshot {
        let fetch = self.fetch.lock().unwrap_or_else(PoisonError::into_inner);
        let last_kept = self
            .last_kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Snapshot {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            started: self.started,
            feeds: self.feeds,
            record: self.record.clone(),
            fetch: fetch.as_deref().map(fetch_counts).unwrap_or_default(),
            clean: self.clean.snapshot(),
            classify: self.classify.snapshot(),
            sink: self.sink.snapshot(),
            last_kept: last_kept.iter().cloned().collect(),
            trouble: self
                .trouble
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
            imbalances: self.imbalances.load(Relaxed),
        }
    }
}

/// The fetcher's counters, by name.
fn fetch_counts(counters: &fetcher::Counters) -> BTreeMap<String, u64> {
    let counts = [
        ("polls_ok", &counters.polls_ok),
        ("polls_not_modified", &counters.polls_not_modified),
        ("polls_failed", &counters.polls_failed),
        ("entries_new", &counters.entries_new),
        ("entries_known", &counters.entries_known),
        ("entries_skipped", &counters.entries_skipped),
        ("pages_fetched", &counters.pages_fetched),
        ("pages_failed", &counters.pages_failed),
        ("pages_retried", &counters.pages_retried),
        ("requests", &counters.requests),
        ("requests_under_way", &counters.requests_under_way),
        ("bytes", &counters.bytes),
    ];
    let late_ms = |share| counters.lateness.quantile(share).as_millis() as u64;
    let lateness = [("late_ms_p50", 0.5), ("late_ms_p99", 0.99)];
    counts
        .map(|(name, count)| (name.to_owned(), count.load(Relaxed)))
        .into_iter()
        .chain(lateness.map(|(name, share)| (name.to_owned(), late_ms(share))))
        .collect()
}

impl Snapshot {
    /// How many entries ended one way or the other, over all stages.
    pub fn ended(&self, how: &str) -> u64 {
        [&self.clean, &self.classify, &self.sink]
            .iter()
            .flat_map(|stage| &stage.ended)
            .filter(|(label, _)| label.split('/').next() == Some(how))
            .map(|(_, count)| count)
            .sum()
    }

    /// One line in words, as `systemctl status` shows it.
    pub fn sentence(&self) -> String {
        let last = match self.last_kept.first() {
            Some(story) => format!("last story {}", ago(story.at)),
            None => "no story yet".to_owned(),
        };
        let counts = format!(
            "{} feeds, {} kept, {} dropped, {last}",
            self.feeds,
            self.ended("kept"),
            self.ended("dropped")
        );
        match &self.trouble {
            Some(trouble) => format!("NOT WRITING: {trouble}; {counts}"),
            None => counts,
        }
    }
}

/// How long ago something was: "38 s ago", "5 min ago", "3 h ago", "2 d ago".
pub fn ago(then: Timestamp) -> String {
    let seconds = (chrono::Utc::now() - then).num_seconds().max(0);
    match seconds {
        0..=119 => format!("{seconds} s ago"),
        120..=7_199 => format!("{} min ago", seconds / 60),
        7_200..=172_799 => format!("{} h ago", seconds / 3600),
        _ => format!("{} d ago", seconds / 86_400),
    }
}

/// The socket of the daemon whose ledger lies at `ledger`.
pub fn socket_path(ledger: &Path) -> PathBuf {
    ledger.with_file_name("vigia.sock")
}

/// Answers `status` on a socket, until the task is dropped. Whoever holds the ledger's lock may
/// take the place of a socket that an earlier process left behind.
pub(crate) fn listen(path: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
    Ok(listener)
}

/// Bytes of a Unix socket's path, above which the system refuses it (`sun_path`, less its NUL).
const SOCKET_PATH_BYTES_MAX: usize = 107;

/// Why the socket beside this ledger cannot be had, where that can be told beforehand.
pub fn socket_problem(ledger: &Path) -> Option<String> {
    let socket = socket_path(ledger);
    let bytes = socket.as_os_str().len();
    (bytes > SOCKET_PATH_BYTES_MAX).then(|| {
        format!(
            "the socket for `vigia status` would lie at `{}`, a path of {bytes} bytes where \
             {SOCKET_PATH_BYTES_MAX} are allowed: the daemon goes on without it; give the ledger a \
             shorter path in [state]",
            socket.display()
        )
    })
}

/// Serves the socket.
pub(crate) async fn serve(listener: UnixListener, status: Arc<Status>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let answer = answer(stream, &status);
                // One client at a time, each bounded in time: a stuck one cannot pile up others.
                match tokio::time::timeout(REQUEST_TIME_MAX, answer).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => debug!(%error, "status request failed"),
                    Err(_) => debug!("status request timed out"),
                }
            }
            Err(error) => {
                warn!(%error, "cannot accept on the status socket");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn answer(stream: UnixStream, status: &Status) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut request = String::new();
    BufReader::new(read.take(REQUEST_BYTES_MAX))
        .read_line(&mut request)
        .await?;
    let mut line = match request.trim() {
        "status" => serde_json::to_string(&status.snapshot())?,
        other => serde_json::json!({ "error": format!("unknown request `{other}`") }).to_string(),
    };
    line.push('\n');
    write.write_all(line.as_bytes()).await
}

/// Asks the daemon behind `socket` what it is doing.
pub async fn ask(socket: &Path) -> io::Result<Snapshot> {
    let mut stream = UnixStream::connect(socket).await?;
    stream.write_all(b"status\n").await?;
    let mut answer = String::new();
    tokio::time::timeout(REQUEST_TIME_MAX, stream.read_to_string(&mut answer)).await??;
    Ok(serde_json::from_str(&answer)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_client_reads_what_the_daemon_counts() {
        let folder = tempfile::tempdir().unwrap();
        let socket = socket_path(&folder.path().join("ledger.db"));
        std::fs::write(&socket, "left over from a crash").unwrap();
        let status = Arc::new(Status::new(3, Path::new("stories")));
        status.clean.taken();
        status.set_trouble(Some("the disk is full".to_owned()));
        let serving = tokio::spawn(serve(listen(&socket).unwrap(), Arc::clone(&status)));
        let snapshot = ask(&socket).await.unwrap();
        assert_eq!(snapshot, status.snapshot());
        assert!(
            snapshot
                .sentence()
                .starts_with("NOT WRITING: the disk is full; 3 feeds")
        );
        let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o660);
        serving.abort();
    }
}
