//! The last stage: stories into the record, and every entry's end into the ledger.

use std::{collections::HashMap, sync::Arc, time::Duration};

use sink::{Sink, SinkError, fault};
use story::{
    EntryId, Story,
    storage::{Checkpoint, Ending, Reservation, SinkStore, StorageError},
};
use tokio::{
    sync::mpsc::Receiver,
    task::spawn_blocking,
    time::{sleep, timeout},
};
use tracing::{debug, error, info};

use crate::{
    parcel::{Parcel, Verdict},
    status::{Hindered, Judged, Status},
    stdout::Pipe,
    tap::{Passing, Stage},
    upkeep::Keeper,
};

/// Parcels in one commit at most. A commit takes what has gathered while the one before was being
/// synced, so a lone story does not wait and a crowd shares its sync.
const GROUP_MAX: usize = 256;

/// Between two attempts to write to a disk that refuses.
const RETRY_FIRST: Duration = Duration::from_millis(250);
const RETRY_MAX: Duration = Duration::from_secs(10);

/// Between two looks at the files while there is nothing to write: a day ends meanwhile.
const IDLE_MAX: Duration = Duration::from_mins(1);

/// Writes what comes off `queue` until that is closed and empty.
///
/// For each group: reserve the stories in the ledger, write and sync their lines, then record in
/// the ledger how each entry ended. A step that fails is tried again until it succeeds: stages
/// before this one wait meanwhile, because their queues are full. Only a ledger that has stopped
/// for good ends it; what was not acknowledged is settled at the next start.
pub(crate) async fn run<S: SinkStore>(
    mut sink: Sink,
    store: Arc<S>,
    mut queue: Receiver<Parcel<Verdict>>,
    status: Arc<Status>,
    mut pipe: Pipe,
) -> Result<(), StorageError> {
    let mut group = Vec::with_capacity(GROUP_MAX);
    let mut keeper = Keeper::default();
    keeper.tend(&sink).await;
    loop {
        match timeout(IDLE_MAX, queue.recv_many(&mut group, GROUP_MAX)).await {
            Ok(0) => break,
            Ok(_) => {
                let stories;
                status.sink.set_busy(true);
                (sink, stories) =
                    commit(sink, &*store, std::mem::take(&mut group), &status).await?;
                status.sink.set_busy(false);
                pipe.write(&stories, &status).await;
            }
            Err(_) => {}
        }
        sink.close_past(chrono::Utc::now().date_naive());
        keeper.tend(&sink).await;
    }
    keeper.end(&sink).await;
    Ok(())
}

async fn commit<S: SinkStore>(
    sink: Sink,
    store: &S,
    group: Vec<Parcel<Verdict>>,
    status: &Status,
) -> Result<(Sink, Arc<[Story]>), StorageError> {
    let mut endings = Vec::with_capacity(group.len());
    let mut asking = Vec::new();
    let mut stories = Vec::new();
    let mut judged = HashMap::new();
    for Parcel {
        id,
        content,
        seen,
        since,
    } in group
    {
        match content {
            Verdict::End(ending) => {
                status.sink.met(since);
                let reason = ending.label();
                debug!(
                    entry = id.0,
                    reason,
                    story_id = ending.story().map(tracing::field::display),
                    "entry ended"
                );
                endings.push((id, ending));
            }
            Verdict::Keep(story) => {
                status.sink.took(since);
                judged.insert(story.id.clone(), Judged { seen, since });
                asking.push((id, story.id.clone(), story.revision));
                stories.push((id, *story));
            }
        }
    }
    let granted = if asking.is_empty() {
        Vec::new()
    } else {
        persist(status, || store.reserve(asking.clone())).await?
    };
    let mut kept = Vec::new();
    for ((id, story), reservation) in stories.into_iter().zip(granted) {
        match reservation {
            Reservation::Granted => kept.push((id, story)),
            Reservation::Taken => {
                let pass = || Passing::story(Stage::Sink, &story, "duplicate");
                status.taps.show(Stage::Sink, pass);
                let ending = Ending::Duplicate { of: story.id };
                status.sink.ended(&ending);
                endings.push((id, ending));
            }
        }
    }
    let (sink, checkpoint, stories) = write(sink, kept, &mut endings, status).await;
    if checkpoint.is_some() {
        fault::point(fault::BEFORE_ACKNOWLEDGEMENT);
    }
    persist(status, || store.finish(endings.clone(), checkpoint.clone())).await?;
    status.sink.moved();
    status.kept(&stories, &judged);
    for story in &*stories {
        let pass = || Passing::story(Stage::Sink, story, "kept");
        status.taps.show(Stage::Sink, pass);
    }
    Ok((sink, stories))
}

/// Writes and syncs stories, and adds to `endings` that they are kept.
async fn write(
    mut sink: Sink,
    kept: Vec<(EntryId, Story)>,
    endings: &mut Vec<(EntryId, Ending)>,
    status: &Status,
) -> (Sink, Option<Checkpoint>, Arc<[Story]>) {
    if kept.is_empty() {
        return (sink, None, Arc::new([]));
    }
    let (ids, stories): (Vec<_>, Vec<_>) = kept.into_iter().unzip();
    let stories: Arc<[Story]> = stories.into();
    let mut wait = Backoff::of(Hindered::Record);
    let checkpoint = loop {
        let lines = Arc::clone(&stories);
        let today = chrono::Utc::now().date_naive();
        let result;
        (sink, result) = spawn_blocking(move || {
            let result = sink.commit(&lines, today);
            (sink, result)
        })
        .await
        .expect("committing stories does not panic and is not cancelled");
        match result {
            Ok(checkpoint) => break checkpoint,
            Err(error) => wait.after(status, &in_words(&error)).await,
        }
    };
    wait.over(status);
    for (id, story) in ids.into_iter().zip(&*stories) {
        let ending = Ending::Kept {
            story: story.id.clone(),
            revision: story.revision,
        };
        debug!(story_id = %story.id, feed = story.feed.as_ref().map(story::FeedId::as_str), "story kept");
        status.sink.ended(&ending);
        endings.push((id, ending));
    }
    (sink, Some(checkpoint), stories)
}

fn in_words(error: &SinkError) -> String {
    let chain = chain(error);
    if error.is_full() {
        format!("the disk is full: {chain}; it goes on by itself when there is room")
    } else {
        chain
    }
}

/// An error with its causes, on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Asks the ledger until it does what it is asked, or can do nothing any more.
async fn persist<T, F>(status: &Status, mut ask: impl FnMut() -> F) -> Result<T, StorageError>
where
    F: Future<Output = Result<T, StorageError>>,
{
    let mut wait = Backoff::of(Hindered::Ledger);
    loop {
        match ask().await {
            Ok(answer) => {
                wait.over(status);
                return Ok(answer);
            }
            Err(error) if error.is_final() => {
                status.hindered(Hindered::Ledger, chain(&error));
                return Err(error);
            }
            Err(error) => wait.after(status, &chain(&error)).await,
        }
    }
}

/// Waits between attempts, and says so when it begins, once a minute, and when it is over.
pub(crate) struct Backoff {
    who: Hindered,
    attempts: u32,
    said: Option<tokio::time::Instant>,
}

impl Backoff {
    /// Of somebody who has not tried yet.
    pub(crate) fn of(who: Hindered) -> Self {
        Self {
            who,
            attempts: 0,
            said: None,
        }
    }

    /// Says what is wrong, and waits: longer each time.
    pub(crate) async fn after(&mut self, status: &Status, trouble: &str) {
        status.hindered(self.who, trouble.to_owned());
        if self
            .said
            .is_none_or(|said| said.elapsed() >= Duration::from_mins(1))
        {
            error!(
                error = trouble,
                attempts = self.attempts,
                "cannot write, trying again"
            );
            self.said = Some(tokio::time::Instant::now());
        }
        sleep(RETRY_MAX.min(RETRY_FIRST * 2_u32.saturating_pow(self.attempts.min(10)))).await;
        self.attempts += 1;
    }

    /// Says that it goes on, where it had not.
    pub(crate) fn over(self, status: &Status) {
        if self.attempts > 0 {
            info!(attempts = self.attempts, "writing again");
            status.unhindered(self.who);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::Mutex};

    use story::{StoryId, TextSource, storage::StoreEnded};
    use tokio::sync::mpsc;

    use super::*;

    /// A store that grants the first story of each name, and can be made to fail.
    #[derive(Default)]
    struct Store {
        taken: Mutex<Vec<StoryId>>,
        failures: Mutex<Vec<StorageError>>,
    }

    impl Store {
        fn fail(&self) -> Result<(), StorageError> {
            self.failures.lock().unwrap().pop().map_or(Ok(()), Err)
        }
    }

    impl SinkStore for Store {
        async fn reserve(
            &self,
            stories: Vec<(EntryId, StoryId, u32)>,
        ) -> Result<Vec<Reservation>, StorageError> {
            self.fail()?;
            let mut taken = self.taken.lock().unwrap();
            let mut reserve = |id: StoryId| {
                if taken.contains(&id) {
                    return Reservation::Taken;
                }
                taken.push(id);
                Reservation::Granted
            };
            Ok(stories.into_iter().map(|(_, id, _)| reserve(id)).collect())
        }

        async fn finish(
            &self,
            _: Vec<(EntryId, Ending)>,
            _: Option<Checkpoint>,
        ) -> Result<(), StorageError> {
            self.fail()
        }
    }

    fn failure(source: Option<StoreEnded>) -> StorageError {
        StorageError {
            what: "reserve stories".to_owned(),
            source: source.map(Into::into),
        }
    }

    /// Records stories with these titles, one group, and returns how that ended.
    async fn record(store: Store, titles: &[&str]) -> (Result<(), StorageError>, Arc<Status>) {
        let folder = tempfile::tempdir().unwrap();
        let settings = sink::Settings::new(folder.path());
        let sink = Sink::open(&settings, None).unwrap().sink;
        let status = Arc::new(Status::new(0, &sink::Settings::new(Path::new("stories"))));
        let (sender, queue) = mpsc::channel(titles.len());
        for (title, id) in titles.iter().zip(1..) {
            let content = Verdict::Keep(Box::new(story(title)));
            let id = EntryId(id);
            sender.send(Parcel::new(id, content)).await.unwrap();
        }
        drop(sender);
        let pipe = Pipe::new(false);
        let ended = run(sink, Arc::new(store), queue, Arc::clone(&status), pipe).await;
        (ended, status)
    }

    fn story(title: &str) -> Story {
        let knowledge = crate::load_knowledge(None).unwrap();
        let article = story::Article::new(title.to_owned(), String::new(), TextSource::Text);
        let model = crate::load_model(None, &knowledge).unwrap();
        classifier::Classifier::new(knowledge, model, 0.5).classify(article)
    }

    #[tokio::test]
    async fn a_story_that_the_sink_took_ended_there_and_was_not_passed_on() {
        let (ended, status) = record(Store::default(), &["a", "b", "a"]).await;
        ended.unwrap();
        let counts = status.sink.snapshot();
        assert_eq!((counts.taken, counts.passed), (3, 0));
        assert_eq!(counts.ended.values().sum::<u64>(), 3);
        assert_eq!((counts.ended["kept"], counts.ended["duplicate"]), (2, 1));
    }

    #[tokio::test]
    async fn a_ledger_that_refuses_is_asked_again_and_one_that_stopped_is_not() {
        let store = Store::default();
        store.failures.lock().unwrap().push(failure(None));
        let (ended, status) = record(store, &["a"]).await;
        ended.unwrap();
        assert_eq!(status.sink.snapshot().ended["kept"], 1);

        let store = Store::default();
        store
            .failures
            .lock()
            .unwrap()
            .push(failure(Some(StoreEnded)));
        let (ended, status) = record(store, &["a"]).await;
        let error = chain(&ended.unwrap_err());
        assert!(error.contains("the ledger has stopped"), "{error}");
        assert!(status.snapshot().trouble.is_some());
    }
}
