//! Asking the running daemon, wherever the configuration says that it is.

use std::{io, path::Path};

use anyhow::{Context, Result};
use pipeline::control::socket_path;

use crate::{args::DaemonArgs, config};

/// Asks the daemon over its socket. Of the configuration only the ledger's place is needed, so that a
/// daemon can be asked beside a file that is otherwise wrong.
pub(super) fn ask<T>(
    daemon: &DaemonArgs,
    ask: impl AsyncFnOnce(&Path) -> io::Result<T>,
) -> Result<T> {
    let socket = match &daemon.socket {
        Some(socket) => socket.clone(),
        None => socket_path(&config::ledger(&config::find(daemon.config.as_deref())?)?),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(ask(&socket)).with_context(|| {
        format!(
            "reach the daemon at `{}`: is `vigia run` running? Where [state] was changed since it \
             started, name its socket with --socket",
            socket.display()
        )
    })
}
