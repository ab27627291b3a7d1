//! `vigia reload`: has the running daemon read its configuration again.

use anyhow::{Result, anyhow};
use pipeline::control::{Reloaded, ask_reload};

use super::daemon;
use crate::args::DaemonArgs;

/// The daemon found its configuration wrong, and goes on with the one before.
#[derive(Debug, thiserror::Error)]
#[error("{0}\nthe daemon goes on with the configuration that it had")]
pub(crate) struct NotReloaded(String);

pub(crate) fn run(daemon: &DaemonArgs) -> Result<()> {
    // What is wrong with the file is for the daemon to find, so that its log and status tell it too.
    match daemon::ask(daemon, async |socket| ask_reload(socket).await)? {
        Reloaded::Ok(changed) => {
            anstream::eprintln!("{changed}");
            Ok(())
        }
        Reloaded::Refused(why) => Err(NotReloaded(why).into()),
        Reloaded::Failed(why) => Err(anyhow!("have the configuration read again: {why}")),
    }
}
