//! The configuration read again while the daemon runs: at SIGHUP, or when `vigia reload` asks.

use std::{path::PathBuf, sync::Arc};

use pipeline::{
    Change, Reins, ReloadError, Steering,
    control::{ReloadAsked, Reloaded},
    status::Status,
};
use sd_notify::NotifyState;
use tokio::{signal::unix::Signal, sync::mpsc, task::spawn_blocking};
use tracing::{error, info, warn};

use super::{
    notify,
    settled::{self, Unsettled},
};
use crate::{
    config::{Config, LogFormat},
    telemetry::{ANSWER, Listen, Log},
};

/// Who asks, and what is steered.
pub(super) struct Reloads {
    hang_up: Signal,
    asked: mpsc::Receiver<ReloadAsked>,
    reins: Reins,
    log: Log,
    running: Running,
    status: Arc<Status>,
}

/// What of the configuration in use the line knows nothing of.
pub(super) struct Running {
    path: PathBuf,
    files: Vec<PathBuf>,
    listen: Option<Listen>,
    log_level: String,
    log_format: LogFormat,
}

impl Running {
    /// That of a configuration which was read from these files.
    pub(super) fn of(config: &Config, files: Vec<PathBuf>) -> Self {
        Self {
            path: config.path.clone(),
            files,
            listen: config.listen.clone(),
            log_level: config.log_level.clone(),
            log_format: config.log_format,
        }
    }
}

impl Reloads {
    /// Serves those who ask from now on, and who has sent a hang-up since that is listened for.
    pub(super) fn new(
        hang_up: Signal,
        steering: Steering,
        running: Running,
        log: Log,
        status: Arc<Status>,
    ) -> Self {
        Self {
            hang_up,
            asked: steering.asked,
            reins: steering.reins,
            log,
            running,
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
    async fn reload(&mut self) -> Reloaded {
        let reloading = NotifyState::Status("reading the configuration again");
        match NotifyState::monotonic_usec_now() {
            Ok(now) => notify(&[NotifyState::Reloading, now, reloading]),
            Err(_) => notify(&[NotifyState::Reloading, reloading]),
        }
        let came = self.change().await;
        let problem = match &came {
            Reloaded::Ok(_) => None,
            Reloaded::Refused(why) | Reloaded::Failed(why) => Some(why.clone()),
        };
        self.status.set_reload_problem(problem);
        let sentence = self.status.snapshot().sentence();
        notify(&[NotifyState::Ready, NotifyState::Status(&sentence)]);
        came
    }

    async fn change(&mut self) -> Reloaded {
        let (path, files) = (self.running.path.clone(), self.running.files.clone());
        let read = spawn_blocking(move || settled::load(&path, &files)).await;
        let (config, files) = match read {
            Ok(Ok(read)) => read,
            Err(panic) => {
                error!(target: ANSWER, %panic, "reading the configuration broke off, going on with the one before");
                return Reloaded::Failed(format!("reading it broke off: {panic}"));
            }
            Ok(Err(unsettled @ Unsettled::Written { .. })) => {
                error!(target: ANSWER, error = %unsettled, "going on with the configuration before");
                return Reloaded::Failed(unsettled.to_string());
            }
            Ok(Err(Unsettled::Wrong(problems))) => {
                let path = self.running.path.display();
                error!(target: ANSWER, %path, %problems, "the configuration is wrong, going on with the one before");
                return Reloaded::Refused(problems.to_string());
            }
        };
        let new = Running::of(&config, files);
        match self.reins.reload(config.settings).await {
            Ok(mut change) => {
                self.change_beside(new, &mut change);
                info!(%change, "configuration read again");
                Reloaded::Ok(change.to_string())
            }
            Err(problem) => {
                let not_now = matches!(problem, ReloadError::Stopping | ReloadError::Behind);
                let problem = anyhow::Error::new(problem);
                error!(
                    target: ANSWER,
                    error = format!("{problem:#}"),
                    "going on with the configuration before"
                );
                let why = format!("{problem:#}");
                if not_now {
                    Reloaded::Failed(why)
                } else {
                    Reloaded::Refused(why)
                }
            }
        }
    }

    /// Changes what stands beside the line, and adds it to what was changed.
    fn change_beside(&mut self, new: Running, change: &mut Change) {
        if new.log_level != self.running.log_level {
            match self.log.set_level(&new.log_level) {
                Ok(true) => change.replaced.push("log level"),
                Ok(false) => {}
                Err(error) => warn!(
                    error = format!("{error:#}"),
                    "the log level stays as it was"
                ),
            }
        }
        if new.log_format != self.running.log_format {
            change.at_restart.push("[log] format");
        }
        if new.listen != self.running.listen {
            change.at_restart.push("[listen]");
        }
        // What waits for the next start goes on being told until then.
        self.running = Running {
            listen: self.running.listen.clone(),
            log_format: self.running.log_format,
            ..new
        };
    }
}
