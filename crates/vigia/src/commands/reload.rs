//! `vigia reload`: has the running daemon read its configuration again.

use std::path::Path;

use anyhow::{Context, Result};
use pipeline::control::{ask_reload, socket_path};

use crate::config;

/// The daemon found its configuration wrong, and goes on with the one before.
#[derive(Debug, thiserror::Error)]
#[error("{0}\nthe daemon goes on with the configuration that it had")]
pub(crate) struct NotReloaded(String);

pub(crate) fn run(config_file: Option<&Path>) -> Result<()> {
    // What is wrong with the rest of the file is for the daemon to find, so that its log and status
    // tell it too.
    let socket = socket_path(&config::ledger(&config::find(config_file)?)?);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let came = runtime.block_on(ask_reload(&socket)).with_context(|| {
        format!(
            "reach the daemon at `{}`: is `vigia run` running?",
            socket.display()
        )
    })?;
    let changed = came.map_err(NotReloaded)?;
    anstream::eprintln!("{changed}");
    Ok(())
}
