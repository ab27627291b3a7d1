//! `vigia replay`: archives, saved pages and lines of JSON through the same stages again.

mod print;

use std::{
    collections::HashMap,
    io::{self, IsTerminal},
    num::NonZeroUsize,
    path::PathBuf,
    sync::{Arc, atomic::Ordering::Relaxed},
    thread::available_parallelism,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use pipeline::{
    Classifier, Cleaner, FetchSettings, Knowledge, Model, Settings,
    replay::{Progress, Replay, ReplaySettings, ReplaySummary, Target},
};
use sha2::{Digest, Sha256};
use story::hex;
use tokio_util::sync::CancellationToken;

use crate::{config, telemetry, topic::Topic};

/// What is replayed, and to where.
#[derive(Clone, Debug, Args)]
pub(crate) struct ReplayArgs {
    /// WARC files, saved pages and JSONL, or folders of them
    #[arg(value_name = "FILE|DIR", required_unless_present = "diff")]
    inputs: Vec<PathBuf>,
    /// Write the stories to a folder of their own [default: the configuration's record]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write nothing, and print what would change of the record in this folder; without other
    /// inputs, its own stories are judged again
    #[arg(long, value_name = "DIR", conflicts_with = "out")]
    diff: Option<PathBuf>,
    /// Print the changes as JSON, an object a line
    #[arg(long, requires = "diff")]
    json: bool,
    /// How many pages are cleaned at once [default: one for each core]
    #[arg(long, value_name = "NUMBER")]
    jobs: Option<NonZeroUsize>,
    /// Judge as this configuration does
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Messages that a queue between two stages holds where no configuration says it.
const QUEUE: usize = 32;

/// Between two looks at how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(100);

pub(crate) fn run(arguments: &ReplayArgs) -> Result<()> {
    telemetry::start_quiet();
    let settings = settings(arguments)?;
    let inputs = match &arguments.diff {
        Some(record) if arguments.inputs.is_empty() => std::slice::from_ref(record),
        _ => &arguments.inputs,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2) // it waits; the stages have threads of their own
        .enable_all()
        .build()
        .context("start the runtime")?;
    let replayed = runtime.block_on(replay(settings, inputs));
    runtime.shutdown_background();
    let (summary, progress) = replayed?;
    print::summary(&summary, &progress);
    if summary.interrupted {
        bail!("replay everything: it was interrupted; the same command goes on where it stopped");
    }
    if let Some(diff) = &summary.diff {
        print::diff(diff, arguments.json)?;
    }
    if summary.unread > 0 {
        let files = super::feeds::counted(summary.unread, "file");
        bail!("replay everything: {files} could not be read; the same command tries again");
    }
    Ok(())
}

async fn replay(
    settings: ReplaySettings,
    inputs: &[PathBuf],
) -> Result<(ReplaySummary, Arc<Progress>)> {
    let stop = CancellationToken::new();
    super::run::stop_on_signals(stop.clone(), None).context("listen for signals")?;
    let replay = Replay::open(settings, inputs).await?;
    let progress = replay.progress();
    if replay.is_resumed() {
        let counts = progress.counts();
        anstream::eprintln!("going on behind {} records", counts.all());
    }
    let watching = tokio::spawn(watch(Arc::clone(&progress)));
    let ran = replay.run(stop).await;
    watching.abort();
    // Its bar is gone with it.
    let _ = watching.await;
    tell_problems(&progress, None);
    Ok((ran?, progress))
}

/// How pages are judged, and where the stories go.
fn settings(arguments: &ReplayArgs) -> Result<ReplaySettings> {
    let needs_record = arguments.out.is_none() && arguments.diff.is_none();
    let config = match &arguments.config {
        Some(path) => Some(config::load(path)?.settings),
        None if needs_record => Some(config::load(&config::find(None)?)?.settings),
        None => None,
    };
    let target = match (&arguments.out, &arguments.diff, &config) {
        (Some(folder), ..) => Target::folder(folder),
        (None, Some(record), _) => Target::Diff {
            record: record.clone(),
        },
        (None, None, config) => {
            let config = config.as_ref().expect("found above");
            Target::Record {
                record: config.record.clone(),
                ledger: config.ledger.clone(),
                journal: config.ledger.with_file_name("replay.json"),
            }
        }
    };
    let mut settings = match config {
        Some(config) => of_config(config, target),
        None => embedded(target)?,
    };
    if let Some(jobs) = arguments.jobs {
        settings.workers = jobs.get();
    }
    Ok(settings)
}

fn of_config(config: Settings, target: Target) -> ReplaySettings {
    let feeds = config.feeds.iter();
    let homes = feeds.map(|feed| (feed.id.clone(), feed.home)).collect();
    ReplaySettings {
        judged_by: judged_by(&config.knowledge, &config.model, &config.config_hash),
        classifier: config.classifier(),
        config_hash: Some(config.config_hash),
        cleaner: config.cleaner,
        homes,
        workers: config.workers,
        queue: config.queue,
        page_bytes_max: config.fetch.page_bytes_max,
        target,
    }
}

/// What the program has of its own.
fn embedded(target: Target) -> Result<ReplaySettings> {
    let topic = Topic::default();
    let knowledge = topic.load_knowledge()?;
    let model = topic.load_model(&knowledge)?;
    let threshold = topic.threshold(None, &model);
    Ok(ReplaySettings {
        judged_by: judged_by(&knowledge, &model, ""),
        config_hash: None,
        classifier: Classifier::new(knowledge, model, threshold),
        cleaner: Arc::new(Cleaner::new()),
        homes: HashMap::new(),
        workers: available_parallelism().map_or(1, usize::from),
        queue: QUEUE,
        page_bytes_max: FetchSettings::default().page_bytes_max,
        target,
    })
}

/// What two runs must have in common for one to go on where the other stopped.
fn judged_by(knowledge: &Knowledge, model: &Model, config: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(env!("CARGO_PKG_VERSION"));
    hash.update(knowledge.hash());
    hash.update(model.write(knowledge));
    hash.update(config);
    hex(&hash.finalize()[..16])
}

/// Shows a person how far it is, until it is aborted.
async fn watch(progress: Arc<Progress>) {
    let bar = io::stderr().is_terminal().then(|| bar(&progress));
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        tell_problems(&progress, bar.as_ref());
        if let Some(bar) = &bar {
            let counts = progress.counts();
            bar.set_position(progress.bytes.load(Relaxed));
            bar.set_message(format!(
                "{}/{} files, {} records, {:.0}/s, {} kept",
                progress.files_done.load(Relaxed),
                progress.files,
                counts.all(),
                counts.all() as f64 / bar.elapsed().as_secs_f64().max(0.1),
                counts.kept,
            ));
        }
    }
}

fn bar(progress: &Progress) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:24} {percent}% {msg}, {eta} left");
    ProgressBar::new(progress.bytes_all)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        .with_position(progress.bytes.load(Relaxed))
}

fn tell_problems(progress: &Progress, bar: Option<&ProgressBar>) {
    for problem in progress.take_problems() {
        match bar {
            Some(bar) => bar.suspend(|| anstream::eprintln!("{problem}")),
            None => anstream::eprintln!("{problem}"),
        }
    }
}
