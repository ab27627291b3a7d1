//! Stories on standard output as well, for a pipe: each once its line is synced and acknowledged.
//!
//! The files are the record. A reader that goes away misses what is written while it is gone, and a
//! reader that is slow holds the line up, as a slow disk does.

use std::{
    io::{self, Write},
    sync::Arc,
};

use story::Story;
use tokio::task::spawn_blocking;
use tracing::warn;

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
    pub(crate) async fn write(&mut self, stories: &Arc<[Story]>) {
        if !self.open || stories.is_empty() {
            return;
        }
        let stories = Arc::clone(stories);
        let written = spawn_blocking(move || write(&mut io::stdout().lock(), &stories)).await;
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
