//! What the daemon is doing, counted as it goes.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use story::{Story, StoryId, Timestamp};

mod lags;
mod stage;
mod trouble;

pub(crate) use lags::Judged;
pub use lags::LagSnapshot;
use lags::Lags;
pub use stage::{QueueSnapshot, StageCounters, StageSnapshot};
pub(crate) use trouble::Hindered;
use trouble::Troubles;

use crate::tap::Taps;

/// Stories that `status` shows.
const LAST_KEPT: usize = 10;

/// Room that was found longer ago is no longer told: the disk hangs.
const ROOM_AGE_MAX: Duration = Duration::from_mins(1);

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The ledger and the record are being opened; after a crash, or with a new version's ledger, that
    /// takes its time.
    #[default]
    Opening,
    /// Everything is at work.
    Running,
    /// It was told to stop, and what is in flight comes to its end.
    Draining,
}

/// What the daemon counts.
#[derive(Debug)]
pub struct Status {
    phase: Mutex<Phase>,
    started: Timestamp,
    feeds: AtomicUsize,
    record: PathBuf,
    fetch: OnceLock<Arc<fetcher::Counters>>,
    /// Where the line has one.
    archive: OnceLock<Arc<StageCounters>>,
    pub(crate) clean: Arc<StageCounters>,
    pub(crate) classify: Arc<StageCounters>,
    pub(crate) sink: Arc<StageCounters>,
    /// Shows what passes the stages to whoever looks on.
    pub(crate) taps: Taps,
    reserve: u64,
    room: Mutex<Option<(Instant, u64)>>,
    lags: Lags,
    last_kept: Mutex<VecDeque<KeptStory>>,
    troubles: Troubles,
    reload_problem: Mutex<Option<String>>,
    /// Hours of feeds whose books did not balance when they were last looked at.
    pub(crate) imbalances: AtomicU64,
}

/// Room on a disk, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// What is left.
    pub free: u64,
    /// What is to be left.
    pub reserve: u64,
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
    /// How far it is.
    #[serde(default)]
    pub phase: Phase,
    /// How many feeds it polls.
    pub feeds: usize,
    /// Where the record lies.
    pub record: PathBuf,
    /// Counters of the fetcher, by name.
    pub fetch: BTreeMap<String, u64>,
    /// Counters of the archive, where there is one.
    #[serde(default)]
    pub archive: Option<StageSnapshot>,
    /// Counters of the other stages.
    pub clean: StageSnapshot,
    /// See `clean`.
    pub classify: StageSnapshot,
    /// See `clean`.
    pub sink: StageSnapshot,
    /// How long kept stories took.
    #[serde(default)]
    pub lags: LagSnapshot,
    /// The room where the record lies, where that can be asked.
    #[serde(default)]
    pub disk: Option<Disk>,
    /// Feeds by their health.
    #[serde(default)]
    pub health: BTreeMap<String, u64>,
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
    /// How many look on at stages.
    #[serde(default)]
    pub lookers_on: usize,
}

impl Status {
    /// The counts of a line that polls so many feeds and keeps its record there.
    pub fn new(feeds: usize, record: &sink::Settings) -> Self {
        Self {
            phase: Mutex::default(),
            started: chrono::Utc::now(),
            feeds: AtomicUsize::new(feeds),
            record: record.dir.clone(),
            fetch: OnceLock::new(),
            archive: OnceLock::new(),
            clean: Arc::default(),
            classify: Arc::default(),
            sink: Arc::default(),
            taps: Taps::default(),
            reserve: record.reserve,
            room: Mutex::default(),
            lags: Lags::default(),
            last_kept: Mutex::default(),
            troubles: Troubles::default(),
            reload_problem: Mutex::default(),
            imbalances: AtomicU64::default(),
        }
    }

    /// Counts stories that were written, with when each was judged.
    pub(crate) fn kept(&self, stories: &[Story], judged: &HashMap<StoryId, Judged>) {
        for story in stories {
            if let Some(judged) = judged.get(&story.id) {
                self.lags.note(story, *judged);
            }
        }
        let mut last = lock(&self.last_kept);
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

    /// Says how far the run is; it never goes back.
    pub fn reached(&self, phase: Phase) {
        let mut reached = lock(&self.phase);
        *reached = phase.max(*reached);
    }

    pub(crate) fn set_feeds(&self, feeds: usize) {
        self.feeds.store(feeds, Relaxed);
    }

    /// Shows what the fetcher counts. Each line has one.
    pub(crate) fn show_fetcher(&self, counters: Arc<fetcher::Counters>) {
        let _ = self.fetch.set(counters);
    }

    /// The counters of the archive, which is shown from then on.
    pub(crate) fn show_archive(&self) -> Arc<StageCounters> {
        Arc::clone(self.archive.get_or_init(Arc::default))
    }

    /// Says that somebody cannot go on, and why.
    pub(crate) fn hindered(&self, who: Hindered, why: String) {
        self.troubles.set(who, why);
    }

    /// Says that somebody goes on again.
    pub(crate) fn unhindered(&self, who: Hindered) {
        self.troubles.clear(who);
    }

    /// What keeps the daemon from writing, if anything does.
    fn trouble(&self) -> Option<String> {
        let ledger = self.fetch.get().and_then(|fetch| fetch.store_trouble());
        let ledger = ledger.map(|why| format!("the ledger takes nothing new: {why}"));
        match (self.troubles.in_words(), ledger) {
            (Some(troubles), Some(ledger)) => Some(format!("{troubles}; {ledger}")),
            (troubles, ledger) => troubles.or(ledger),
        }
    }

    /// Asks how much room is left where the record lies.
    pub(crate) fn measure_room(&self) {
        let room = sink::room(&self.record).ok();
        *lock(&self.room) = room.map(|room| (Instant::now(), room));
    }

    /// Notes why the configuration that was read last is not in use, if it is not.
    pub fn set_reload_problem(&self, problem: Option<String>) {
        *lock(&self.reload_problem) = problem;
    }

    /// The stage that has work and does not move, and for how long, as far as that was looked at; none
    /// while a disk refuses, which is no fault of a stage's.
    pub fn stuck(&self) -> Option<(&'static str, Duration)> {
        let fetch = self.fetch.get();
        if self.troubles.excuse() || fetch.is_some_and(|fetch| fetch.store_refuses()) {
            return None;
        }
        let overdue = fetch.map(|counters| ("fetch", counters.overdue()));
        let archive = self.archive.get().map(|archive| ("archive", archive));
        let stages = [
            ("clean", &self.clean),
            ("classify", &self.classify),
            ("sink", &self.sink),
        ];
        let stuck = archive
            .into_iter()
            .chain(stages)
            .filter_map(|(name, stage)| Some((name, stage.stuck_for()?)));
        stuck.chain(overdue).max_by_key(|(_, duration)| *duration)
    }

    /// The room that was found lately.
    fn disk(&self) -> Option<Disk> {
        let (measured, free) = (*lock(&self.room))?;
        (measured.elapsed() < ROOM_AGE_MAX).then_some(Disk {
            free,
            reserve: self.reserve,
        })
    }

    /// What the daemon is doing now. Nothing in it takes long.
    pub fn snapshot(&self) -> Snapshot {
        let fetch = self.fetch.get().map(Arc::as_ref);
        Snapshot {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            started: self.started,
            phase: *lock(&self.phase),
            feeds: self.feeds.load(Relaxed),
            record: self.record.clone(),
            fetch: fetch.map(fetch_counts).unwrap_or_default(),
            archive: self.archive.get().map(|archive| archive.snapshot()),
            clean: self.clean.snapshot(),
            classify: self.classify.snapshot(),
            sink: self.sink.snapshot(),
            lags: self.lags.snapshot(),
            disk: self.disk(),
            health: fetch.map(feeds_by_health).unwrap_or_default(),
            last_kept: lock(&self.last_kept).iter().cloned().collect(),
            trouble: self.trouble(),
            reload_problem: lock(&self.reload_problem).clone(),
            imbalances: self.imbalances.load(Relaxed),
            lookers_on: self.taps.lookers_on(),
        }
    }
}

/// What a lock guards, also where somebody panicked holding it: each value here is whole at any time.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
        ("politeness_asked_to_wait", &counters.asked_to_wait),
        ("politeness_held_back", &counters.held_back),
        ("politeness_disallowed", &counters.disallowed),
    ];
    let late_ms = |share| counters.lateness.quantile(share).as_millis() as u64;
    let lateness = [("late_ms_p50", 0.5), ("late_ms_p99", 0.99)];
    counts
        .map(|(name, count)| (name.to_owned(), count.load(Relaxed)))
        .into_iter()
        .chain(lateness.map(|(name, share)| (name.to_owned(), late_ms(share))))
        .collect()
}

/// Feeds that are polled, by their health in a word.
fn feeds_by_health(counters: &fetcher::Counters) -> BTreeMap<String, u64> {
    let counts = counters.feeds_by_health();
    counts
        .map(|(health, feeds)| (health.as_str().to_owned(), feeds))
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

    /// Why the daemon cannot take work now; `None` where it can.
    pub fn not_ready(&self) -> Option<String> {
        match (self.phase, &self.trouble) {
            (Phase::Opening, _) => Some("opening the ledger and the record".to_owned()),
            (Phase::Draining, _) => Some("stopping".to_owned()),
            (Phase::Running, trouble) => trouble.clone(),
        }
    }

    /// The stages behind the fetcher, in their order, with their names.
    pub fn stages(&self) -> Vec<(&'static str, &StageSnapshot)> {
        let archive = self.archive.iter().map(|archive| ("archive", archive));
        let stages = [
            ("clean", &self.clean),
            ("classify", &self.classify),
            ("sink", &self.sink),
        ];
        archive.chain(stages).collect()
    }

    /// One line in words, as `systemctl status` shows it.
    pub fn sentence(&self) -> String {
        let last = match self.last_kept.first() {
            Some(story) => format!("last story {}", ago(story.at)),
            None => "no story yet".to_owned(),
        };
        let mut unwell = String::new();
        for (health, feeds) in &self.health {
            if *feeds > 0 && !["ok", "new", "quiet"].contains(&health.as_str()) {
                unwell += &format!("{feeds} {health}, ");
            }
        }
        let counts = format!(
            "{} feeds, {unwell}{} kept, {} dropped, {last}",
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
