//! `vigia run`: the daemon, or one pass.

use std::{
    io::{self, IsTerminal},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use pipeline::{
    LOOKUPS_MAX, Line, Mode, Summary,
    status::{Phase, Snapshot, Status},
};
use sd_notify::NotifyState;
use tokio::{
    signal::unix::{SignalKind, signal},
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use self::reload::{Reloads, Running};
use crate::{
    config::{self, Config},
    telemetry::{self, Log},
};

mod reload;
mod settled;

/// Between two updates of the status in words.
const STATUS_EVERY: Duration = Duration::from_secs(5);

/// Threads for what blocks: look-ups of names, which may hang, and beside them the reading of feeds
/// and the record, which must never wait for those.
const BLOCKING_THREADS: usize = LOOKUPS_MAX + 32;

/// Between two summaries in the log.
const SUMMARY_EVERY: Duration = Duration::from_mins(1);

pub(crate) fn run(config_file: Option<&Path>, once: bool) -> Result<()> {
    let config = config::load(&config::find(config_file)?)?;
    let log = if once && io::stderr().is_terminal() {
        telemetry::start_quiet();
        None
    } else {
        Some(telemetry::start(&config.log_level, config.log_format)?)
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .build()
        .context("start the runtime")?;
    let mode = if once { Mode::Once } else { Mode::Daemon };
    let ran = runtime.block_on(run_line(config, mode, log.clone()));
    if let Some(log) = &log {
        log.end();
    }
    // A stage that did not end within the grace period must not keep the process.
    runtime.shutdown_background();
    let summary = ran?;
    if let Some(feeds) = &summary.feeds {
        report(&summary, feeds);
    }
    Ok(())
}

async fn run_line(config: Config, mode: Mode, log: Option<Log>) -> Result<Summary> {
    info!(
        config = %config.path.display(),
        feeds = config.settings.feeds.len(),
        record = %config.settings.record.dir.display(),
        version = env!("CARGO_PKG_VERSION"),
        "starting"
    );
    let running = Running::of(&config, Vec::new());
    let settings = config.settings;
    let status = Arc::new(Status::new(settings.feeds.len(), &settings.record));
    let stop = CancellationToken::new();
    stop_on_signals(stop.clone(), Some(Arc::clone(&status))).context("listen for signals")?;
    // A hang-up ends a single pass, as it ends any command that a person runs; to the daemon it says
    // that the configuration is to be read again, however long the ledger takes to open.
    let (listening, hang_up) = match mode {
        Mode::Daemon => (
            telemetry::listen(config.listen.as_ref(), &status).await,
            Some(signal(SignalKind::hangup()).context("listen for SIGHUP")?),
        ),
        Mode::Once => (None, None),
    };
    let (line, steering) = Line::open(settings, Arc::clone(&status)).await?;
    let steering = hang_up.zip(log.clone()).map(|(hang_up, log)| {
        let reloads = Reloads::new(hang_up, steering, running, log, Arc::clone(&status));
        tokio::spawn(reloads.serve())
    });
    notify(&[
        NotifyState::Ready,
        NotifyState::Status(&status.snapshot().sentence()),
    ]);
    let telling = tokio::spawn(tell(Arc::clone(&status), mode, log));
    let ran = line.run(mode, stop).await;
    telling.abort();
    if let Some(steering) = steering {
        steering.abort();
    }
    drop(listening);
    let summary = ran?;
    info!(
        kept = summary.counts.ended("kept"),
        dropped = summary.counts.ended("dropped"),
        duplicate = summary.counts.ended("duplicate"),
        failed = summary.counts.ended("failed"),
        "stopped"
    );
    Ok(summary)
}

/// Cancels `stop` at the first SIGTERM or SIGINT, and ends the process at the second.
pub(super) fn stop_on_signals(
    stop: CancellationToken,
    status: Option<Arc<Status>>,
) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        let mut stopping = false;
        loop {
            let name = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            };
            if stopping {
                warn!(signal = name, "second signal, exiting at once");
                std::process::exit(1);
            }
            stopping = true;
            info!(signal = name, "draining");
            notify(&[NotifyState::Stopping, NotifyState::Status("draining")]);
            if let Some(status) = &status {
                status.reached(Phase::Draining);
            }
            stop.cancel();
        }
    });
    Ok(())
}

/// Tells systemd, the log and a person at a terminal how it goes.
async fn tell(status: Arc<Status>, mode: Mode, log: Option<Log>) {
    let bar = (mode == Mode::Once && io::stderr().is_terminal()).then(progress);
    let watchdog = sd_notify::watchdog_enabled().map(Watchdog::new);
    let every = match (&bar, &watchdog) {
        (Some(_), _) => Duration::from_millis(100),
        (None, Some(watchdog)) => STATUS_EVERY.min(watchdog.limit / 4),
        (None, None) => STATUS_EVERY,
    };
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut summarised = Instant::now();
    loop {
        ticks.tick().await;
        if let Some(watchdog) = &watchdog {
            watchdog.feed(&status);
        }
        if let Some(log) = &log {
            log.tell_repeats();
        }
        let counts = status.snapshot();
        if let Some(bar) = &bar {
            bar.set_message(in_progress(&counts));
            bar.tick();
            continue;
        }
        notify(&[NotifyState::Status(&counts.sentence())]);
        if summarised.elapsed() >= SUMMARY_EVERY {
            summarised = Instant::now();
            summarise(&counts);
        }
    }
}

/// systemd's watchdog, fed while what is due gets done: a night without news is no fault, and a stage
/// that has work and does not move is.
struct Watchdog {
    /// Not fed for so long, systemd ends the process and starts another.
    limit: Duration,
}

impl Watchdog {
    fn new(limit: Duration) -> Self {
        Self { limit }
    }

    fn feed(&self, status: &Status) {
        match status.stuck() {
            Some((stage, since)) if since > self.limit / 2 => {
                let seconds = since.as_secs();
                error!(
                    stage,
                    seconds, "a stage has work and does not move, the watchdog is not fed"
                );
            }
            _ => notify(&[NotifyState::Watchdog]),
        }
    }
}

fn summarise(counts: &Snapshot) {
    info!(
        feeds = counts.feeds,
        kept = counts.ended("kept"),
        dropped = counts.ended("dropped"),
        duplicate = counts.ended("duplicate"),
        failed = counts.ended("failed"),
        "so far"
    );
}

fn progress() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {elapsed} {msg}");
    ProgressBar::new_spinner()
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}

fn in_progress(counts: &Snapshot) -> String {
    let fetched = |name: &str| counts.fetch.get(name).copied().unwrap_or_default();
    let polls: u64 = counts
        .fetch
        .iter()
        .filter(|(name, _)| name.starts_with("polls_"))
        .map(|(_, n)| n)
        .sum();
    format!(
        "{polls} of {} feeds polled, {} new entries, {} pages, {} kept, {} dropped",
        counts.feeds,
        fetched("entries_new"),
        counts.clean.taken,
        counts.ended("kept"),
        counts.ended("dropped"),
    )
}

/// What one pass did, for a person.
fn report(summary: &Summary, feeds: &pipeline::Report) {
    let counts = &summary.counts;
    for feed in feeds.feeds.iter().filter(|feed| !feed.health.is_read()) {
        anstream::eprintln!("  {}: {}", feed.feed, feed.outcome);
    }
    let failed = feeds
        .feeds
        .iter()
        .filter(|feed| !feed.health.is_read())
        .count();
    anstream::eprintln!(
        "{} feeds polled, {failed} failed; {} stories kept, {} dropped, {} duplicates, {} failed; \
         the record lies in {}",
        feeds.feeds.len(),
        counts.ended("kept"),
        counts.ended("dropped"),
        counts.ended("duplicate"),
        counts.ended("failed"),
        counts.record.display(),
    );
}

/// Tells systemd, where it listens.
fn notify(states: &[NotifyState]) {
    if let Err(error) = sd_notify::notify(states) {
        debug!(%error, "cannot notify systemd");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_allows_as_many_threads_as_the_daemon_may_start() {
        let unit = include_str!("../../../../deploy/vigia.service");
        let tasks_max = unit.lines().find_map(|line| line.strip_prefix("TasksMax="));
        let tasks_max: usize = tasks_max.unwrap().parse().unwrap();
        // The runtime's, the cleaners' and the classifiers', one a core and one for two of them; the
        // main thread and the ledger's.
        let cores = 64;
        let computing = 2 * cores + cores / 2;
        let threads = 2 + computing + BLOCKING_THREADS;
        assert!(
            threads <= tasks_max,
            "{threads} threads, {tasks_max} allowed"
        );
    }
}
