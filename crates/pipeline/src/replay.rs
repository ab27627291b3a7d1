//! What was kept through the same stages again: archives, saved pages and lines of JSON, read in
//! one thread, cleaned and judged on all cores, and recorded or compared in the order of the files.
//!
//! ```text
//! files ─source─▶ clean ─▶ classify ─▶ order ─▶ sink ─▶ JSONL
//!                                        └─────▶ diff: beside the verdicts of a record
//! ```
//!
//! It is exactly once as the daemon is, by the reservations in the ledger of the record that it
//! writes to; the journal beside that only saves reading again.

mod article;
mod diff;
mod done;
mod input;
mod journal;
mod order;
mod progress;
mod source;

use std::{
    collections::{BTreeMap, HashMap},
    io,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering::Relaxed},
    thread,
    time::Duration,
};

use classifier::Classifier;
use cleaner::Cleaner;
use ledger::Ledger;
use sink::Sink;
use story::{Article, FeedId, Home, storage::StorageError};
use tokio::{
    runtime::Handle,
    sync::{
        Semaphore,
        mpsc::{self, Receiver, Sender},
    },
    task::{self, JoinHandle},
};
use tokio_util::sync::CancellationToken;

pub use diff::{Change, Changed, Diff};
pub use progress::{Counts, Progress};

use crate::{
    line::{LineError, open_record},
    parcel::{Filed, Parcel, Verdict},
    pool::{self, Outlets},
    record,
    status::Status,
    stdout::Pipe,
    steps,
};
use article::Workshop;
use diff::Verdicts;
use done::{Done, ReplayStore};
use input::InputFile;
use journal::{Journal, Noted};
use source::{Mark, Source, Unit};

/// Why a replay cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// An input cannot be read.
    #[error("read `{}`", path.display())]
    Input {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// There is nothing to replay.
    #[error(
        "find anything to replay: name WARC files, pages or JSONL, or folders with files whose \
         names end so"
    )]
    Nothing,
    /// What it writes to cannot be used.
    #[error(transparent)]
    Line(#[from] LineError),
    /// The ledger failed at work.
    #[error("use the ledger")]
    Storage(#[from] StorageError),
    /// A thread cannot be started.
    #[error("start a worker thread")]
    Thread(#[source] io::Error),
    /// A stage died of a fault.
    #[error("keep the `{stage}` stage running: it panicked")]
    Panicked {
        /// The stage.
        stage: &'static str,
    },
    /// How far it came cannot be noted.
    #[error("note how far the replay is in `{}`", path.display())]
    Journal {
        /// The journal.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
}

/// How pages are judged, and where the stories go.
#[derive(Debug)]
pub struct ReplaySettings {
    /// What makes articles of pages.
    pub cleaner: Arc<Cleaner>,
    /// What judges them.
    pub classifier: Classifier,
    /// A hash over what it judges by, and over the configuration where there is one.
    pub judged_by: String,
    /// A hash over the configuration's sources, for each story's provenance.
    pub config_hash: Option<String>,
    /// Where feeds are at home.
    pub homes: HashMap<FeedId, Home>,
    /// Threads that clean; half as many judge.
    pub workers: usize,
    /// Messages that a queue between two stages holds.
    pub queue: usize,
    /// Bytes of a page that are taken.
    pub page_bytes_max: usize,
    /// Where the verdicts go.
    pub target: Target,
}

/// Where verdicts go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Into a record.
    Record {
        /// Where it lies, and what becomes of its files.
        record: sink::Settings,
        /// The ledger that knows what is in it.
        ledger: PathBuf,
        /// Where is noted how far the replay is.
        journal: PathBuf,
    },
    /// Beside those of the record in this folder, which stays as it is.
    Diff {
        /// The folder.
        record: PathBuf,
    },
}

impl Target {
    /// A record in a folder of its own, with its ledger and journal within.
    pub fn folder(folder: &Path) -> Self {
        Self::Record {
            record: sink::Settings::new(folder),
            ledger: ledger_within(folder),
            journal: folder.join(".vigia/replay.json"),
        }
    }
}

/// The ledger of a record in a folder of its own.
pub fn ledger_within(folder: &Path) -> PathBuf {
    folder.join(".vigia/ledger.db")
}

/// What a replay came to.
#[derive(Debug)]
pub struct ReplaySummary {
    /// How pages and articles ended, over all runs of this replay.
    pub counts: Counts,
    /// How those of this run ended, by "ending/reason".
    pub reasons: BTreeMap<String, u64>,
    /// Whether it was stopped before its end.
    pub interrupted: bool,
    /// Files that the system would not let be read: the same replay begins again with the first.
    pub unread: usize,
    /// What would change, where that was asked.
    pub diff: Option<Diff>,
}

/// A replay that is ready: its files are found, and what it writes to is open.
#[derive(Debug)]
pub struct Replay {
    settings: ReplaySettings,
    files: Vec<InputFile>,
    from: Mark,
    progress: Arc<Progress>,
    done: Arc<Done>,
    output: Output,
}

/// What verdicts are given to.
enum Output {
    Record(Arc<Ledger>, Sink),
    Diff(Verdicts),
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Record(..) => "Record",
            Self::Diff(_) => "Diff",
        })
    }
}

impl Replay {
    /// Finds the files of `inputs`, opens what is written to, and finds out how far an earlier run
    /// of the same replay came.
    pub async fn open(settings: ReplaySettings, inputs: &[PathBuf]) -> Result<Self, ReplayError> {
        let files = input::list(inputs)?;
        let mut noted = Noted {
            fingerprint: input::fingerprint(&files, &settings.judged_by),
            behind: Mark::default(),
            counts: Counts::default(),
        };
        let (output, journal) = match &settings.target {
            Target::Diff { record } => (Output::Diff(Verdicts::read(record)?), None),
            Target::Record {
                record,
                ledger,
                journal,
            } => {
                let (ledger, sink) = {
                    // What was seen is the daemon's to forget, which knows for how long it matters.
                    let ledger = Ledger::open(ledger)
                        .map_err(LineError::from)?
                        .keeping_seen(Duration::MAX);
                    open_record(ledger, record).await?
                };
                let journal = Journal::at(journal);
                noted = journal.read(&noted.fingerprint).unwrap_or(noted);
                (Output::Record(ledger, sink), Some(journal))
            }
        };
        let progress = Arc::new(Progress {
            files: files.len(),
            bytes_all: files.iter().map(|file| file.bytes).sum(),
            counts: noted.counts.into(),
            ..Progress::default()
        });
        Ok(Self {
            settings,
            from: noted.behind,
            done: Arc::new(Done::new(Arc::clone(&progress), noted, journal)),
            files,
            progress,
            output,
        })
    }

    /// What it counts while it runs.
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// Whether an earlier run of it was interrupted, or did everything already.
    pub fn is_resumed(&self) -> bool {
        self.from != Mark::default()
    }

    /// Replays everything, or as much as there is time for until `stop`.
    pub async fn run(self, stop: CancellationToken) -> Result<ReplaySummary, ReplayError> {
        let status = Arc::new(Status::new(0, &sink::Settings::new(Path::new(""))));
        let window = Arc::new(Semaphore::new(order::WINDOW));
        let (to_clean, units) = mpsc::channel(self.settings.queue);
        let (to_order, ended) = mpsc::channel(self.settings.queue);
        let (to_output, verdicts) = mpsc::channel(self.settings.queue);
        let workers = spawn_workers(&self.settings, &status, units, to_order)?;
        let ordering = task::spawn(order::in_order(ended, to_output, Arc::clone(&window)));
        let end = Mark {
            file: self.files.len(),
            ..Mark::default()
        };
        let page_bytes_max = self.settings.page_bytes_max as u64;
        let reading = self.spawn_source(page_bytes_max, to_clean, window, &stop)?;

        let diff = match self.output {
            Output::Diff(before) => Some(before.compare(verdicts, Arc::clone(&self.done)).await),
            Output::Record(ledger, sink) => {
                let done = Arc::clone(&self.done);
                let store = Arc::new(ReplayStore { ledger, done });
                record::run(sink, store, verdicts, Arc::clone(&status), Pipe::new(false)).await?;
                None
            }
        };
        let panicked = |stage| move |_| ReplayError::Panicked { stage };
        ordering.await.map_err(panicked("order"))?;
        let read = reading.await.map_err(panicked("read"))?;
        workers.await.map_err(panicked("clean"))?;
        let finished = read.is_continue();
        let unread = self.progress.unread.load(Relaxed);
        let journal = self.done.close((finished && unread == 0).then_some(end));
        if let (Err(source), Target::Record { journal, .. }) = (journal, &self.settings.target) {
            let path = journal.clone();
            return Err(ReplayError::Journal { path, source });
        }
        Ok(ReplaySummary {
            counts: self.progress.counts(),
            reasons: reasons(&status),
            interrupted: !finished,
            unread,
            diff,
        })
    }

    /// Starts the thread that reads the files.
    fn spawn_source(
        &self,
        page_bytes_max: u64,
        to_clean: Sender<Parcel<Unit>>,
        window: Arc<Semaphore>,
        stop: &CancellationToken,
    ) -> Result<JoinHandle<ControlFlow<()>>, ReplayError> {
        let (files, from, stop) = (self.files.clone(), self.from, stop.clone());
        let (progress, done) = (Arc::clone(&self.progress), Arc::clone(&self.done));
        let runtime = Handle::current();
        let reading = move || {
            let mut number = 0;
            let mut emit = |unit, behind| {
                // No room is given any more where the line behind is being torn down.
                let Ok(room) = runtime.block_on(window.acquire()) else {
                    return ControlFlow::Break(());
                };
                room.forget();
                if progress.unread.load(Relaxed) == 0 {
                    done.begin(number, behind);
                }
                let id = order::entry(number);
                number += 1;
                match to_clean.blocking_send(Parcel::new(id, unit)) {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(_) => ControlFlow::Break(()),
                }
            };
            let source = Source {
                files: &files,
                page_bytes_max,
                progress: &progress,
                stop: &stop,
            };
            source.read(from, &mut emit)
        };
        let thread = thread::Builder::new()
            .name("vigia-read".to_owned())
            .spawn(reading)
            .map_err(ReplayError::Thread)?;
        Ok(task::spawn_blocking(move || {
            thread.join().expect("reading files does not panic")
        }))
    }
}

/// Starts the threads that clean and judge; what is returned ends with them.
fn spawn_workers(
    settings: &ReplaySettings,
    status: &Arc<Status>,
    units: Receiver<Parcel<Unit>>,
    to_order: Sender<Parcel<Verdict>>,
) -> Result<JoinHandle<()>, ReplayError> {
    let (to_classify, articles) = mpsc::channel(settings.queue);
    let workshop = Workshop {
        cleaner: Arc::clone(&settings.cleaner),
        homes: settings.homes.clone(),
        page_bytes_max: settings.page_bytes_max,
    };
    let outlets = Outlets {
        next: to_classify,
        ended: to_order.clone(),
    };
    let clean = move |unit: Unit| workshop.article(unit);
    let workers = settings.workers.max(1);
    let mut threads = pool::spawn("clean", workers, units, outlets, &status.clean, clean)
        .map_err(ReplayError::Thread)?;

    let (classifier, hash) = (settings.classifier.clone(), settings.config_hash.clone());
    let judge =
        move |article: Filed<Article>| steps::classify(&classifier, article, hash.as_deref());
    let outlets = Outlets {
        next: to_order.clone(),
        ended: to_order,
    };
    let judges = workers.div_ceil(2);
    threads.extend(
        pool::spawn(
            "classify",
            judges,
            articles,
            outlets,
            &status.classify,
            judge,
        )
        .map_err(ReplayError::Thread)?,
    );
    Ok(task::spawn_blocking(move || {
        for thread in threads {
            thread.join().expect("a worker catches what panics");
        }
    }))
}

/// How entries ended in all stages, by how and why.
fn reasons(status: &Status) -> BTreeMap<String, u64> {
    let snapshot = status.snapshot();
    let mut reasons = BTreeMap::new();
    for stage in [snapshot.clean, snapshot.classify, snapshot.sink] {
        for (reason, count) in stage.ended {
            *reasons.entry(reason).or_default() += count;
        }
    }
    reasons
}
