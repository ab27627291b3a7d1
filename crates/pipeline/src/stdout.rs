//! Stories on standard output as well, for a pipe: each once its line is synced and acknowledged.
//!
//! The files are the record. A reader that goes away misses what is written while it is gone, and a
//! reader that is slow holds the line up, as a slow disk does.

use std::{
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use story::Story;
use tokio::{task::spawn_blocking, time::timeout};
use tracing::{info, warn};

use crate::status::{Hindered, Status};

/// How long a reader may take nothing before that is told.
const PATIENCE: Duration = Duration::from_secs(5);

/// Standard output, as long as somebody reads it.
#[derive(Debug)]
pub(crate) struct Pipe {
    open: bool,
}

impl Pipe {
    /// A pipe that is used only where it is `wanted`.
    pub(crate) fn new(wanted: bool) -> Self {
        Self { open: wanted }
    }

    /// Writes stories, a line each.
    pub(crate) async fn write(&mut self, stories: &Arc<[Story]>, status: &Status) {
        if !self.open || stories.is_empty() {
            return;
        }
        let stories = Arc::clone(stories);
        let mut writing = spawn_blocking(move || write(&mut io::stdout().lock(), &stories));
        let written = match timeout(PATIENCE, &mut writing).await {
            Ok(written) => written,
            Err(_) => {
                warn!("whoever reads standard output takes nothing, and the line waits");
                let why = "whoever reads standard output takes nothing".to_owned();
                status.hindered(Hindered::StandardOutput, why);
                let written = writing.await;
                status.unhindered(Hindered::StandardOutput);
                info!("standard output is read again");
                written
            }
        };
        if let Err(error) = written.unwrap_or_else(|fault| Err(io::Error::other(fault))) {
            warn!(%error, "nobody reads standard output any more; the record goes on without it");
            self.open = false;
        }
    }
}

fn write(out: &mut impl Write, stories: &[Story]) -> io::Result<()> {
    let mut lines = Vec::new();
    for story in stories {
        serde_json::to_writer(&mut lines, story)?;
        lines.push(b'\n');
    }
    out.write_all(&lines)?;
    out.flush()
}
