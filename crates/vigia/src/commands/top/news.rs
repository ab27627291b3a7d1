//! What is heard while the terminal is drawn on: keys, signals, the daemon's answers, the feeds.

use std::{
    io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow};
use crossterm::event::{self, Event};
use pipeline::{control::ask_status, status::Snapshot};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc::Sender,
    time::{MissedTickBehavior, interval},
};

use crate::commands::feeds::listed::{Listed, Roll};

/// How often the feeds are read: they are polled by the minute.
const FEEDS_EVERY: Duration = Duration::from_secs(5);

/// How often the configuration is read, which takes longer than reading its feeds' states.
const CONFIG_EVERY: Duration = Duration::from_mins(1);

/// Something that was heard.
pub(super) enum News {
    /// A key, or another size of the terminal.
    Terminal(io::Result<Event>),
    /// A signal to end.
    Stop,
    /// What the daemon answered, or why it did not.
    Daemon(io::Result<Box<Snapshot>>),
    /// The feeds as the ledger has them, or why they cannot be read.
    Feeds(Result<Vec<Listed>>),
}

/// Tells of the signals that end a program.
pub(super) fn signals(tell: &Sender<News>) -> Result<()> {
    for kind in [
        SignalKind::terminate(),
        SignalKind::interrupt(),
        SignalKind::hangup(),
    ] {
        let mut signal = signal(kind).context("listen for signals")?;
        let tell = tell.clone();
        tokio::spawn(async move {
            while signal.recv().await.is_some() && tell.send(News::Stop).await.is_ok() {}
        });
    }
    Ok(())
}

/// Tells of keys, on a thread of its own, which ends with the process.
pub(super) fn keys(tell: Sender<News>) -> Result<()> {
    let read = move || {
        loop {
            let event = event::read();
            let failed = event.is_err();
            if tell.blocking_send(News::Terminal(event)).is_err() || failed {
                break;
            }
        }
    };
    let thread = thread::Builder::new().name("keys".to_owned());
    thread.spawn(read).context("start the thread of the keys")?;
    Ok(())
}

/// Asks the daemon again and again.
pub(super) async fn snapshots(tell: Sender<News>, socket: PathBuf, every: Duration) {
    let mut ticks = interval(every);
    // Behind a daemon that was slow to answer, nothing is made up for.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let answer = ask_status(&socket).await.map(Box::new);
        if tell.send(News::Daemon(answer)).await.is_err() {
            break;
        }
    }
}

/// Reads the feeds again and again, and now and then the configuration, which may have been changed.
pub(super) async fn feeds(tell: Sender<News>, config: PathBuf) {
    let mut ticks = interval(FEEDS_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut known: Option<Known> = None;
    loop {
        ticks.tick().await;
        let (config, before) = (config.clone(), known.take());
        let read = tokio::task::spawn_blocking(move || {
            let known = Known::now(before, &config);
            (known.list(), known)
        });
        let feeds = match read.await {
            Ok((feeds, roll)) => {
                known = Some(roll);
                feeds
            }
            Err(error) => Err(error.into()),
        };
        if tell.send(News::Feeds(feeds)).await.is_err() {
            break;
        }
    }
}

/// The feeds of the configuration, as it was when it was last read and good.
struct Known {
    read: Instant,
    roll: Result<Roll, String>,
}

impl Known {
    /// Reads the configuration where it is time to. One that is wrong takes nothing away: the daemon goes
    /// on with the one before as well.
    fn now(before: Option<Self>, config: &Path) -> Self {
        let roll = match before {
            Some(fresh) if fresh.read.elapsed() < CONFIG_EVERY => return fresh,
            Some(Self { roll: Ok(roll), .. }) => Ok(Roll::load(config).unwrap_or(roll)),
            _ => Roll::load(config).map_err(|error| format!("{error:#}")),
        };
        Self {
            read: Instant::now(),
            roll,
        }
    }

    fn list(&self) -> Result<Vec<Listed>> {
        match &self.roll {
            Ok(roll) => roll.list(),
            Err(why) => Err(anyhow!("{why}")),
        }
    }
}
