//! Finished files of the record, looked after beside the sink: one round at a time, in a thread of
//! the blocking pool, so that compressing a file never holds up a line.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use sink::{Done, FileName, Sink, SinkError};
use tokio::{
    task::{JoinError, JoinHandle, spawn_blocking},
    time::{Instant, timeout_at},
};
use tracing::{info, warn};

/// Between two rounds where no file was finished: files grow older meanwhile.
const ROUND_EVERY: Duration = Duration::from_hours(1);

/// Between a round that failed and the next.
const RETRY_AFTER: Duration = Duration::from_mins(1);

/// How long a round may go on when the line has ended; what is left is taken up at the next start.
const LAST_ROUND_MAX: Duration = Duration::from_secs(5);

/// Whoever looks after the files that a sink has finished.
#[derive(Debug, Default)]
pub(crate) struct Keeper {
    round: Option<JoinHandle<Result<(), SinkError>>>,
    last: Option<Round>,
    stop: Arc<AtomicBool>,
}

/// A round that was begun.
#[derive(Clone, Copy, Debug)]
struct Round {
    open_from: Option<FileName>,
    begun: Instant,
    failed: bool,
}

impl Keeper {
    /// Begins a round where one is due. Every line that `sink` wrote is acknowledged.
    pub(crate) async fn tend(&mut self, sink: &Sink) {
        match self.round.take() {
            Some(round) if !round.is_finished() => {
                self.round = Some(round);
                return;
            }
            Some(round) => self.ended(round.await),
            None => {}
        }
        let upkeep = sink.upkeep();
        let open_from = upkeep.open_from();
        let due = self.last.is_none_or(|last| {
            let wait = if last.failed {
                RETRY_AFTER
            } else {
                ROUND_EVERY
            };
            last.open_from != open_from || last.begun.elapsed() >= wait
        });
        if !due {
            return;
        }
        self.last = Some(Round {
            open_from,
            begun: Instant::now(),
            failed: false,
        });
        let stop = Arc::clone(&self.stop);
        let round = move || upkeep.run(chrono::Utc::now(), &stop, &mut |done| tell(&done));
        self.round = Some(spawn_blocking(round));
    }

    fn ended(&mut self, round: Result<Result<(), SinkError>, JoinError>) {
        let problem = match round {
            Ok(Ok(())) => return,
            Ok(Err(error)) => crate::record::chain(&error),
            Err(fault) => fault.to_string(),
        };
        if let Some(last) = &mut self.last {
            last.failed = true;
        }
        warn!(
            error = problem,
            "cannot look after the finished files, trying again"
        );
    }

    /// Does what is still to be done, up to where it can be taken up again if it takes too long.
    pub(crate) async fn end(mut self, sink: &Sink) {
        let end = Instant::now() + LAST_ROUND_MAX;
        // The round that is under way may have begun before the last file was finished.
        for _ in 0..2 {
            if let Some(round) = self.round.take() {
                let Ok(ended) = timeout_at(end, round).await else {
                    self.stop.store(true, Relaxed);
                    break;
                };
                self.ended(ended);
            }
            self.tend(sink).await;
        }
    }
}

fn tell(done: &Done) {
    match done {
        Done::Finished(file) => {
            let content = &file.content;
            info!(file = %file.name, lines = content.lines, bytes = content.bytes, "file of the record finished");
        }
        Done::Compressed { file, from, to } => {
            info!(%file, bytes = from, compressed_bytes = to, "file of the record compressed");
        }
        Done::Removed { file, lines } => {
            info!(%file, lines, "file of the record removed, as the configuration asks");
        }
        Done::Changed { file } => {
            warn!(%file, "a file of the record was changed after it was finished, left as it is");
        }
        Done::Failed { file, error } => {
            let error = crate::record::chain(error);
            warn!(%file, error, "cannot look after a file of the record, going on with the others");
        }
        Done::SetAside { name } => {
            warn!(
                file = name,
                "a file of the record stood there twice and differed, set aside"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, File},
        sync::Arc,
    };

    use sink::Settings;
    use story::{Article, Story, TextSource};

    use super::*;

    #[tokio::test]
    async fn a_last_round_that_fails_is_told_of() {
        let folder = tempfile::tempdir().unwrap();
        let stories = folder.path().join("stories");
        let mut sink = Sink::open(&Settings::new(&stories), None).unwrap().sink;
        let article = Article::new(String::new(), String::new(), TextSource::Page);
        let story = Story::from(article);
        sink.commit(&[story], "2026-01-01".parse().unwrap())
            .unwrap();
        fs::create_dir(stories.join(sink::MANIFEST)).unwrap();

        let log = folder.path().join("log");
        let subscriber = tracing_subscriber::fmt()
            .with_writer(Arc::new(File::create(&log).unwrap()))
            .finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        Keeper::default().end(&sink).await;
        let said = fs::read_to_string(&log).unwrap();
        assert!(
            said.contains("cannot look after the finished files"),
            "{said}"
        );
        assert!(said.contains("MANIFEST"), "{said}");
    }
}
