//! What the daemon is doing, counted as it goes.

use std::{
    collections::{BTreeMap, VecDeque},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
};

use serde::{Deserialize, Serialize};
use story::{Story, Timestamp, storage::Ending};

/// Stories that `status` shows.
const LAST_KEPT: usize = 10;

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
    feeds: AtomicUsize,
    record: PathBuf,
    pub(crate) fetch: Mutex<Option<Arc<fetcher::Counters>>>,
    pub(crate) clean: Arc<StageCounters>,
    pub(crate) classify: Arc<StageCounters>,
    pub(crate) sink: Arc<StageCounters>,
    last_kept: Mutex<VecDeque<KeptStory>>,
    trouble: Mutex<Option<String>>,
    reload_problem: Mutex<Option<String>>,
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
    /// Why the configuration that was read last is not in use, if it is not.
    #[serde(default)]
    pub reload_problem: Option<String>,
    /// Hours of feeds in which not everything that was shown is accounted for: a fault of vigia's.
    #[serde(default)]
    pub imbalances: u64,
}

impl Status {
    pub(crate) fn new(feeds: usize, record: &Path) -> Self {
        Self {
            started: chrono::Utc::now(),
            feeds: AtomicUsize::new(feeds),
            record: record.to_owned(),
            fetch: Mutex::default(),
            clean: Arc::default(),
            classify: Arc::default(),
            sink: Arc::default(),
            last_kept: Mutex::default(),
            trouble: Mutex::default(),
            reload_problem: Mutex::default(),
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

    pub(crate) fn set_feeds(&self, feeds: usize) {
        self.feeds.store(feeds, Relaxed);
    }

    pub(crate) fn set_trouble(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// Notes why the configuration that was read last is not in use, if it is not.
    pub fn set_reload_problem(&self, problem: Option<String>) {
        *self
            .reload_problem
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = problem;
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
            feeds: self.feeds.load(Relaxed),
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
            reload_problem: self
                .reload_problem
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
        let counts = match &self.reload_problem {
            Some(problem) => {
                let first = problem.lines().next().unwrap_or_default();
                format!("NOT RELOADED: {first}; {counts}")
            }
            None => counts,
        };
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
