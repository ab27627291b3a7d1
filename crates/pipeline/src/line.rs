//! The line of stages: opened in an order that loses nothing, run, drained, and watched.

use std::{path::Path, sync::Arc, time::Duration};

use fetcher::{FeedChange, Fetcher, FetcherError, Report};
use ledger::{Ledger, LedgerError, WrittenStory};
use sink::{Sink, SinkError, Tail};
use story::{
    Article, Page,
    storage::{Checkpoint, StorageError},
};
use tokio::{
    runtime::Handle,
    sync::mpsc,
    task::{JoinHandle, JoinSet},
    time::{Instant, timeout_at},
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::{
    archive::{self, Archive, ArchiveError},
    balance,
    control::{self, ReloadAsked},
    parcel::{Filed, Parcel},
    pool::{self, Outlets},
    record,
    reins::{Bench, Judge, Reins},
    room,
    settings::Settings,
    status::{Phase, Snapshot, Status},
    stdout::Pipe,
    steps,
    tap::{Passing, Stage},
    templates::Templates,
};

/// Why a line cannot be opened or ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The ledger cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The record cannot be written.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// The archive cannot be written.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The ledger failed at work.
    #[error("use the ledger")]
    Storage(#[from] StorageError),
    /// The fetcher cannot be made, or ended.
    #[error(transparent)]
    Fetcher(#[from] FetcherError),
    /// A thread cannot be started.
    #[error("start a worker thread")]
    Thread(#[source] std::io::Error),
    /// A stage ended without being asked to.
    #[error("keep the `{stage}` stage running: {why}")]
    StageEnded {
        /// The stage.
        stage: &'static str,
        /// What it died of.
        why: String,
    },
    /// The line did not drain in time.
    #[error(
        "drain within {grace:?}: still running: {stages}; what was in flight is taken up again at the next start"
    )]
    Grace {
        /// How long it had.
        grace: Duration,
        /// The stages that had not ended.
        stages: String,
    },
}

/// How long a line runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Until it is told to stop.
    Daemon,
    /// One pass over all feeds.
    Once,
}

/// What a run did.
#[derive(Debug)]
pub struct Summary {
    /// The counters at the end.
    pub counts: Snapshot,
    /// What became of each feed in one pass; `None` for a daemon.
    pub feeds: Option<Report>,
}

/// A line that is open: its ledger and record are locked and agree with each other, and nothing
/// was polled yet.
#[derive(Debug)]
pub struct Line {
    settings: Settings,
    ledger: Arc<Ledger>,
    sink: Sink,
    archive: Option<Archive>,
    status: Arc<Status>,
    bench: Arc<Bench>,
    changes: mpsc::Receiver<FeedChange>,
    reloads: mpsc::Sender<ReloadAsked>,
}

/// What steers a line while it runs.
#[derive(Debug)]
pub struct Steering {
    /// Changes it.
    pub reins: Reins,
    /// Who asks over the socket that it be changed.
    pub asked: mpsc::Receiver<ReloadAsked>,
}

impl Line {
    /// Opens the ledger and the record, and settles what a crash left between them. `status` tells
    /// how far it is.
    pub async fn open(
        settings: Settings,
        status: Arc<Status>,
    ) -> Result<(Self, Steering), LineError> {
        // Twice the age of entries that are fetched: what is forgotten is too old to be fetched again.
        let kept = settings.fetch.max_entry_age.saturating_mul(2);
        let ledger = Ledger::open(&settings.ledger)?.keeping_seen(kept);
        let (ledger, sink) = open_record(ledger, &settings.record).await?;
        let archive = settings.archive.clone().map(Archive::open).transpose()?;
        let bench = Arc::new(Bench::new(Judge::of(&settings)));
        let (to_fetcher, changes) = mpsc::channel(1);
        let (reloads, asked) = mpsc::channel(1);
        let reins = Reins::new(
            settings.clone(),
            Arc::clone(&bench),
            to_fetcher,
            Arc::clone(&status),
        );
        let line = Self {
            settings,
            ledger,
            sink,
            archive,
            status,
            bench,
            changes,
            reloads,
        };
        Ok((line, Steering { reins, asked }))
    }

    /// Runs the line until `stop` is cancelled, or for one pass, and drains it.
    ///
    /// Only the fetcher hears the stop signal; each later stage ends when the queue before it is
    /// closed and empty.
    pub async fn run(self, mode: Mode, stop: CancellationToken) -> Result<Summary, LineError> {
        let Self {
            settings,
            ledger,
            sink,
            archive,
            status,
            bench,
            changes,
            reloads,
        } = self;
        let socket = control::socket_path(&settings.ledger);
        let serving = serve_socket(&socket, &status, reloads);
        let balancing = tokio::spawn(balance::watch(Arc::clone(&ledger), Arc::clone(&status)));
        let measuring = tokio::spawn(room::watch(Arc::clone(&status)));

        let mut fetcher = Fetcher::new(
            settings.fetch.clone(),
            settings.feeds.clone(),
            Arc::clone(&ledger),
        )?
        .following(changes);
        status.show_fetcher(fetcher.counters());

        let mut stages = JoinSet::new();
        let (pages, queue) = mpsc::channel(settings.queue);
        match &archive {
            None => status.clean.watch(&pages),
            Some(_) => status.show_archive().watch(&pages),
        }
        let mut running = vec!["fetch", "clean", "classify", "sink"];
        match archive {
            None => spawn_stages(&mut stages, &settings, bench, &status, &ledger, sink, queue)?,
            Some(archive) => {
                running.insert(1, "archive");
                let (feeds, answers) = mpsc::channel(settings.queue);
                let (to_clean, filed) = mpsc::channel(settings.queue);
                status.clean.watch(&to_clean);
                fetcher = fetcher.archiving(feeds);
                let archiving =
                    archive::run(archive, queue, answers, to_clean, Arc::clone(&status));
                stages.spawn(async move {
                    archiving.await;
                    ("archive", Ok(None))
                });
                spawn_stages(&mut stages, &settings, bench, &status, &ledger, sink, filed)?;
            }
        }
        status.reached(Phase::Running);
        let draining = stop.clone();
        let watching = watch_ledger(&ledger, stop.clone());
        stages.spawn(async move {
            let ended = match mode {
                Mode::Daemon => fetcher.run(pages, stop).await.map(|()| None),
                Mode::Once => fetcher.run_once(pages, stop).await.map(Some),
            };
            ("fetch", ended.map_err(LineError::from))
        });

        let mut ended = supervise(stages, running, mode, &draining, settings.grace, &status).await;
        if watching.is_finished() {
            let why = "its thread died of a fault; the log says where".to_owned();
            ended = Err(LineError::StageEnded {
                stage: "ledger",
                why,
            });
        }
        watching.abort();
        balancing.abort();
        measuring.abort();
        balance::check(&ledger, &status).await;
        if let Some(serving) = serving {
            serving.abort();
            // Whoever comes next would ask a daemon that is gone.
            let _ = std::fs::remove_file(&socket);
        }
        Ok(Summary {
            feeds: ended?,
            counts: status.snapshot(),
        })
    }
}

/// Opens a ledger's record, and settles what a crash left between them.
pub(crate) async fn open_record(
    ledger: Ledger,
    record: &sink::Settings,
) -> Result<(Arc<Ledger>, Sink), LineError> {
    let ledger = Arc::new(ledger);
    let checkpoint = ledger.checkpoint().await?;
    let opened = Sink::open(record, checkpoint.as_ref())?;
    tell_found(&opened.tail);
    // Also where there is no record yet: a reservation whose line was never begun is to be let go.
    reconcile(&ledger, opened.tail.written, opened.end).await?;
    Ok((ledger, opened.sink))
}

/// Opens the socket for `vigia status` and serves it. Stories are not given up for want of it.
fn serve_socket(
    socket: &Path,
    status: &Arc<Status>,
    reloads: mpsc::Sender<ReloadAsked>,
) -> Option<JoinHandle<()>> {
    match control::listen(socket) {
        Ok(listener) => {
            let serving = control::serve(listener, Arc::clone(status), reloads);
            Some(tokio::spawn(serving))
        }
        Err(error) => {
            let socket = socket.display();
            warn!(%socket, %error, "no socket for `vigia status`, going on without");
            None
        }
    }
}

/// Stops the line where its ledger has stopped, and ends then: no stage can do its work any more.
fn watch_ledger(ledger: &Ledger, stop: CancellationToken) -> JoinHandle<()> {
    let ended = ledger.ended();
    tokio::spawn(async move {
        ended.await;
        error!("the ledger has stopped, ending the run");
        stop.cancel();
    })
}

/// Says what was found in the record that should not be there.
fn tell_found(tail: &Tail) {
    for torn in &tail.torn {
        let kept_as = torn.kept_as.display();
        warn!(file = torn.file, bytes = torn.bytes, %kept_as, "took what is no whole line out of the record");
    }
    for file in &tail.ended {
        warn!(%file, "a file's last story lacked the end of its line, which it has now");
    }
    if tail.foreign_lines > 0 {
        let lines = tail.foreign_lines;
        warn!(lines, "the record holds lines that are no stories");
    }
    for (file, problem) in &tail.damaged {
        let problem = crate::record::chain(problem);
        error!(%file, error = problem, "a file of the record is not as it should be");
    }
    for file in &tail.set_aside {
        warn!(
            file,
            "a file of the record stood there twice and differed, set aside"
        );
    }
}

/// Tells the ledger what stands in the record.
async fn reconcile(
    ledger: &Ledger,
    written: Vec<sink::WrittenLine>,
    end: Option<Checkpoint>,
) -> Result<(), LineError> {
    let written = written
        .into_iter()
        .map(|line| WrittenStory {
            id: line.id,
            revision: line.revision,
        })
        .collect();
    let recovered = ledger.recover(written, end).await?;
    if recovered != ledger::Recovered::default() {
        let ledger::Recovered {
            acknowledged,
            released,
            adopted,
        } = recovered;
        info!(
            acknowledged,
            released, adopted, "settled what the last run left open"
        );
    }
    Ok(())
}

/// A stage's name, and how it ended.
type Ended = (&'static str, Result<Option<Report>, LineError>);

/// Starts the stages that make stories of pages.
fn spawn_stages<Incoming: Into<Parcel<Filed<Page>>> + Send + 'static>(
    stages: &mut JoinSet<Ended>,
    settings: &Settings,
    bench: Arc<Bench>,
    status: &Arc<Status>,
    ledger: &Arc<Ledger>,
    sink: Sink,
    pages: mpsc::Receiver<Incoming>,
) -> Result<(), LineError> {
    let (to_classify, classify_queue) = mpsc::channel(settings.queue);
    let (to_sink, sink_queue) = mpsc::channel(settings.queue);
    status.classify.watch(&to_classify);
    status.sink.watch(&to_sink);

    let outlets = Outlets {
        next: to_classify,
        ended: to_sink.clone(),
    };
    let templates = Templates::new(Arc::clone(ledger), Handle::current());
    let judging = Arc::clone(&bench);
    let shown = Arc::clone(status);
    let clean = move |page: Filed<Page>| {
        let judge = bench.judge();
        let templates = judge.learn_templates.then_some(&templates);
        let taps = &shown.taps;
        taps.show(Stage::Fetch, || Passing::page(&page.message));
        let before = (taps.watched(Stage::Clean)).then(|| Passing::page(&page.message));
        let step = steps::clean(&judge.cleaner, templates, page);
        if let Some(before) = before {
            taps.show(Stage::Clean, || Passing::cleaned(before, &step));
        }
        step
    };
    let cleaning = pool::spawn(
        "clean",
        settings.workers,
        pages,
        outlets,
        &status.clean,
        clean,
    )
    .map_err(LineError::Thread)?;

    let shown = Arc::clone(status);
    let classify = move |article: Filed<Article>| {
        let judge = judging.judge();
        let step = steps::classify(&judge.classifier, article, Some(&judge.config_hash));
        shown.taps.show(Stage::Classify, || Passing::judged(&step));
        step
    };
    let outlets = Outlets {
        next: to_sink.clone(),
        ended: to_sink,
    };
    let workers = settings.workers.div_ceil(2);
    let classifying = pool::spawn(
        "classify",
        workers,
        classify_queue,
        outlets,
        &status.classify,
        classify,
    )
    .map_err(LineError::Thread)?;

    for (stage, threads) in [("clean", cleaning), ("classify", classifying)] {
        stages.spawn_blocking(move || {
            let panicked = threads
                .into_iter()
                .filter_map(|thread| thread.join().err())
                .count();
            let why = format!("{panicked} of its threads panicked");
            let ended = if panicked == 0 {
                Ok(None)
            } else {
                Err(LineError::StageEnded { stage, why })
            };
            (stage, ended)
        });
    }
    let pipe = Pipe::new(settings.stdout);
    let (ledger, status) = (Arc::clone(ledger), Arc::clone(status));
    let recording = record::run(sink, ledger, sink_queue, status, pipe);
    stages.spawn(async move {
        let ended = recording.await;
        ("sink", ended.map(|()| None).map_err(LineError::from))
    });
    Ok(())
}

/// Waits for the stages to end one after the other. One that ends with an error stops the line;
/// what is in flight behind it still drains.
async fn supervise(
    mut stages: JoinSet<Ended>,
    mut running: Vec<&'static str>,
    mode: Mode,
    stop: &CancellationToken,
    grace: Duration,
    status: &Status,
) -> Result<Option<Report>, LineError> {
    let mut report = None;
    let mut failed = None;
    let mut deadline = None;
    while !running.is_empty() {
        let next = match deadline {
            None => tokio::select! {
                next = stages.join_next() => next,
                () = stop.cancelled() => {
                    status.reached(Phase::Draining);
                    deadline = Some(Instant::now() + grace);
                    continue;
                }
            },
            Some(deadline) => match timeout_at(deadline, stages.join_next()).await {
                Ok(next) => next,
                Err(_) => {
                    let stages = running.join(", ");
                    return Err(failed.unwrap_or(LineError::Grace { grace, stages }));
                }
            },
        };
        let ended = match next {
            Some(Ok((stage, ended))) => {
                running.retain(|other| *other != stage);
                let unasked = stage == "fetch" && mode == Mode::Daemon && !stop.is_cancelled();
                let why = "it ended without being asked to".to_owned();
                if unasked && ended.is_ok() {
                    Err(LineError::StageEnded { stage, why })
                } else {
                    ended
                }
            }
            Some(Err(panic)) => {
                let why = panic.to_string();
                stop.cancel();
                failed.get_or_insert(LineError::StageEnded {
                    stage: "unnamed",
                    why,
                });
                // Which one it was is not known; the queues tell the others.
                continue;
            }
            None => break,
        };
        match ended {
            Ok(Some(feeds)) => report = Some(feeds),
            Ok(None) => {}
            Err(error) => {
                stop.cancel();
                failed.get_or_insert(error);
            }
        }
    }
    failed.map_or(Ok(report), Err)
}
