//! The configuration read again while the daemon runs: at SIGHUP, or when `vigia reload` asks.

use std::{path::PathBuf, sync::Arc};

use pipeline::{Reins, Steering, control::ReloadAsked, status::Status};
use sd_notify::NotifyState;
use tokio::{signal::unix::Signal, sync::mpsc, task::spawn_blocking};
use tracing::{error, info};

use super::notify;
use crate::config;

/// Who asks, and what is steered.
pub(super) struct Reloads {
    hang_up: Signal,
    asked: mpsc::Receiver<ReloadAsked>,
    reins: Reins,
    path: PathBuf,
    status: Arc<Status>,
}

impl Reloads {
    /// Serves those who ask from now on, and who has sent a hang-up since that is listened for.
    pub(super) fn new(
        hang_up: Signal,
        steering: Steering,
        path: PathBuf,
        status: Arc<Status>,
    ) -> Self {
        Self {
            hang_up,
            asked: steering.asked,
            reins: steering.reins,
            path,
            status,
        }
    }

    /// Reads the configuration whenever somebody asks for it, one time after the other. However many
    /// signals come while it is read, it is read once more for all of them.
    pub(super) async fn serve(mut self) {
        loop {
            let asked = tokio::select! {
                Some(()) = self.hang_up.recv() => None,
                Some(asked) = self.asked.recv() => Some(asked),
                else => return,
            };
            let came = self.reload().await;
            if let Some(ReloadAsked { answer }) = asked {
                // Whoever asked may have gone.
                let _ = answer.send(came);
            }
        }
    }

    /// Reads and checks the whole configuration, and only then puts it to use.
    async fn reload(&mut self) -> Result<String, String> {
        let reloading = NotifyState::Status("reading the configuration again");
        match NotifyState::monotonic_usec_now() {
            Ok(now) => notify(&[NotifyState::Reloading, now, reloading]),
            Err(_) => notify(&[NotifyState::Reloading, reloading]),
        }
        let came = self.change().await;
        self.status.set_reload_problem(came.as_ref().err().cloned());
        let sentence = self.status.snapshot().sentence();
        notify(&[NotifyState::Ready, NotifyState::Status(&sentence)]);
        came
    }

    async fn change(&mut self) -> Result<String, String> {
        let path = self.path.clone();
        let read = spawn_blocking(move || config::load(&path)).await;
        let config = match read {
            Ok(Ok(config)) => config,
            Err(panic) => {
                error!(%panic, "reading the configuration broke off, going on with the one before");
                return Err(format!("reading it broke off: {panic}"));
            }
            Ok(Err(problems)) => {
                let path = self.path.display();
                error!(%path, %problems, "the configuration is wrong, going on with the one before");
                return Err(problems.to_string());
            }
        };
        match self.reins.reload(config.settings).await {
            Ok(change) => {
                info!(%change, "configuration read again");
                Ok(change.to_string())
            }
            Err(problem) => {
                let problem = anyhow::Error::new(problem);
                error!(
                    error = format!("{problem:#}"),
                    "going on with the configuration before"
                );
                Err(format!("{problem:#}"))
            }
        }
    }
}
