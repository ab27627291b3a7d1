//! `vigia reload`: has the running daemon read its configuration again.

use std::path::Path;

use anyhow::Result;
use pipeline::control::ask_reload;

use super::daemon;

/// The daemon found its configuration wrong, and goes on with the one before.
#[derive(Debug, thiserror::Error)]
#[error("{0}\nthe daemon goes on with the configuration that it had")]
pub(crate) struct NotReloaded(String);

pub(crate) fn run(config_file: Option<&Path>) -> Result<()> {
    // What is wrong with the file is for the daemon to find, so that its log and status tell it too.
    let came = daemon::ask(config_file, async |socket| ask_reload(socket).await)?;
    let changed = came.map_err(NotReloaded)?;
    anstream::eprintln!("{changed}");
    Ok(())
}
