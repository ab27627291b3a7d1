//! `vigia top`: what the running daemon is doing, live in the terminal.
//!
//! [`Watch`] holds what was heard, [`View`](view::View) is made from that alone, and
//! [`draw`] puts it on a screen of any size; here they are given keys, answers and a terminal.

mod draw;
mod lists;
mod news;
mod palette;
mod panels;
mod rates;
#[cfg(test)]
mod samples;
mod screen;
mod view;
mod watch;

use std::{
    io::{self, IsTerminal},
    mem::ManuallyDrop,
    time::{Duration, Instant},
};

use anstream::ColorChoice;
use anyhow::{Context, Result, anyhow};
use ratatui::DefaultTerminal;
use tokio::sync::mpsc;

use super::daemon;
use crate::{args::DaemonArgs, config};
use news::News;
use palette::Palette;
use watch::Watch;

/// What is heard and not yet drawn. Whoever has more to tell waits.
const NEWS_MAX: usize = 16;

/// Why the feeds are not listed where the socket is named and not the configuration.
const NO_CONFIG: &str = "--socket names no configuration";

/// Standard output is no terminal that could be drawn on.
#[derive(Debug, thiserror::Error)]
#[error(
    "draw on a terminal: standard output is none; `vigia status` says the same once, and \
     `vigia status --json` for a program"
)]
pub(crate) struct NoTerminal;

pub(crate) fn run(every: Duration, daemon: &DaemonArgs) -> Result<()> {
    if !io::stdout().is_terminal() {
        return Err(NoTerminal.into());
    }
    let socket = daemon::socket(daemon)?;
    // A socket that is named may be that of a daemon with another configuration than the one here.
    let config = match &daemon.socket {
        Some(_) => None,
        None => Some(config::find(daemon.config.as_deref())?),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let ended = runtime.block_on(async {
        let (tell, mut heard) = mpsc::channel(NEWS_MAX);
        // Before the terminal is taken, so that no signal finds it taken and nobody listening.
        news::signals(&tell)?;
        let mut screen = Screenful::take()?;
        news::keys(tell.clone())?;
        tokio::spawn(news::snapshots(tell.clone(), socket.clone(), every));
        match config {
            Some(config) => drop(tokio::spawn(news::feeds(tell, config))),
            None => tell.send(News::Feeds(Err(anyhow!(NO_CONFIG)))).await?,
        }
        show(&mut screen.0, &mut heard, Watch::new(socket)).await
    });
    // The ledger may be in the middle of being read, which need not be waited for.
    runtime.shutdown_background();
    ended
}

/// Draws whatever is heard, until somebody quits.
async fn show(
    terminal: &mut DefaultTerminal,
    heard: &mut mpsc::Receiver<News>,
    mut watch: Watch,
) -> Result<()> {
    let colours = anstream::AutoStream::choice(&io::stdout()) != ColorChoice::Never;
    let palette = Palette { colours };
    while watch.goes_on() {
        let view = watch.view(chrono::Utc::now());
        terminal
            .draw(|frame| draw::draw(frame, &view, &mut watch.screen, palette))
            .context("draw on the terminal")?;
        // Each of those who tell has a sender; the keys' thread ends only with an error of its own.
        let Some(news) = heard.recv().await else {
            break;
        };
        watch.hear(news, Instant::now())?;
        // A key that is held down, or a window that is pulled, is not drawn at every step.
        while let Ok(news) = heard.try_recv() {
            watch.hear(news, Instant::now())?;
        }
    }
    Ok(())
}

/// The terminal while it is drawn on; whatever happens, it is given back as it was. It may be gone by
/// then, as when its window was closed, and so may be wherever a complaint of that would go to.
struct Screenful(ManuallyDrop<DefaultTerminal>);

impl Screenful {
    fn take() -> Result<Self> {
        match ratatui::try_init() {
            Ok(terminal) => Ok(Self(ManuallyDrop::new(terminal))),
            Err(error) => {
                // Half of it may be done.
                give_back();
                Err(error).context("take over the terminal")
            }
        }
    }
}

impl Drop for Screenful {
    fn drop(&mut self) {
        // Being dropped it would do the same, and complain where nobody can be reached, which panics.
        let _ = self.0.show_cursor();
        give_back();
    }
}

/// Leaves the screen and the hook that would do so in a panic, which complains likewise.
fn give_back() {
    let _ = ratatui::try_restore();
    if !std::thread::panicking() {
        drop(std::panic::take_hook());
    }
}

/// How often the daemon may be asked.
pub(crate) fn interval(text: &str) -> Result<Duration, String> {
    let bounds = Duration::from_millis(100)..=Duration::from_hours(1);
    match humantime::parse_duration(text) {
        Ok(every) if bounds.contains(&every) => Ok(every),
        Ok(_) => Err("it lies between 100ms and 1h".to_owned()),
        Err(error) => Err(format!("{error}; write a number and a unit, such as 1s")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_daemon_is_asked_neither_without_pause_nor_never() {
        assert_eq!(interval("1s"), Ok(Duration::from_secs(1)));
        assert_eq!(interval("100ms"), Ok(Duration::from_millis(100)));
        for wrong in ["0s", "99ms", "2h", "often", ""] {
            assert!(interval(wrong).is_err(), "{wrong}");
        }
    }
}
