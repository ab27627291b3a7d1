//! What of a running line can be changed: its feeds, and what articles are made and judged with.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use classifier::Classifier;
use cleaner::Cleaner;
use fetcher::{Feed, FeedChange, FetcherError, check_secrets};
use story::FeedId;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use crate::{settings::Settings, status::Status};

/// How long the fetcher is waited for, which asks the ledger about feeds that are new.
const FOLLOWING_TIME_MAX: Duration = Duration::from_secs(20);

/// What pages are made into articles with, and articles judged by.
#[derive(Debug)]
pub(crate) struct Judge {
    pub(crate) cleaner: Arc<Cleaner>,
    pub(crate) learn_templates: bool,
    pub(crate) classifier: Classifier,
    pub(crate) config_hash: String,
}

impl Judge {
    pub(crate) fn of(settings: &Settings) -> Self {
        Self {
            cleaner: Arc::clone(&settings.cleaner),
            learn_templates: settings.learn_templates,
            classifier: settings.classifier(),
            config_hash: settings.config_hash.clone(),
        }
    }
}

/// The judge of the moment, which workers ask for with each page and article.
#[derive(Debug)]
pub(crate) struct Bench(RwLock<Arc<Judge>>);

impl Bench {
    pub(crate) fn new(judge: Judge) -> Self {
        Self(RwLock::new(Arc::new(judge)))
    }

    pub(crate) fn judge(&self) -> Arc<Judge> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn seat(&self, judge: Judge) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(judge);
    }
}

/// Changes a line while it runs. What is in flight is judged by whoever sits when its turn comes.
#[derive(Debug)]
pub struct Reins {
    running: Settings,
    bench: Arc<Bench>,
    feeds: mpsc::Sender<FeedChange>,
    status: Arc<Status>,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// A feed's login or header is not to be had.
    #[error(transparent)]
    Feeds(#[from] FetcherError),
    /// There are no feeds: half a file, most likely, which was about to be written whole.
    #[error("it has no feeds, and {running} are polled now: stop the daemon if that is meant")]
    NoFeeds {
        /// How many feeds are polled.
        running: usize,
    },
    /// The fetcher has not taken up what it was given last.
    #[error(
        "the feeds of the last reload are not taken up yet, because the ledger keeps the fetcher waiting"
    )]
    Behind,
    /// The line is being stopped.
    #[error("the daemon is stopping")]
    Stopping,
}

impl Reins {
    pub(crate) fn new(
        running: Settings,
        bench: Arc<Bench>,
        feeds: mpsc::Sender<FeedChange>,
        status: Arc<Status>,
    ) -> Self {
        Self {
            running,
            bench,
            feeds,
            status,
        }
    }

    /// Has the line go on with other settings, and says what that changes once it does. Nothing is
    /// changed where it fails.
    pub async fn reload(&mut self, settings: Settings) -> Result<Change, ReloadError> {
        check_secrets(&settings.feeds)?;
        let running = self.running.feeds.len();
        if settings.feeds.is_empty() && running > 0 {
            return Err(ReloadError::NoFeeds { running });
        }
        let taking = timeout(FOLLOWING_TIME_MAX, self.feeds.reserve()).await;
        let taking = taking.map_err(|_| ReloadError::Behind)?;
        let taking = taking.map_err(|_| ReloadError::Stopping)?;
        let running = &mut self.running;
        let mut change = Change::between(running, &settings);
        let (followed, following) = oneshot::channel();
        taking.send(FeedChange {
            feeds: settings.feeds.clone(),
            followed,
        });
        self.bench.seat(Judge::of(&settings));
        self.status.set_feeds(settings.feeds.len());
        // What waits for the next start goes on being told until then.
        *running = Settings {
            fetch: running.fetch.clone(),
            ledger: running.ledger.clone(),
            record: running.record.clone(),
            stdout: running.stdout,
            archive: running.archive.clone(),
            queue: running.queue,
            workers: running.workers,
            grace: running.grace,
            ..settings
        };
        match timeout(FOLLOWING_TIME_MAX, following).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(ReloadError::Stopping),
            Err(_) => change.following = true,
        }
        Ok(change)
    }
}

/// What other settings change. As words: what does at once, and what waits for the next start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Feeds that are new.
    pub added: usize,
    /// Feeds that are no longer polled.
    pub removed: usize,
    /// Feeds that are polled otherwise.
    pub changed: usize,
    /// What else is in use now.
    pub replaced: Vec<&'static str>,
    /// Tables of the configuration that are used at the next start only.
    pub at_restart: Vec<&'static str>,
    /// Whether the fetcher has yet to take the feeds up, because the ledger keeps it waiting.
    pub following: bool,
}

impl Change {
    fn between(old: &Settings, new: &Settings) -> Self {
        let before: HashMap<&FeedId, &Feed> =
            old.feeds.iter().map(|feed| (&feed.id, feed)).collect();
        let known = |feed: &&Feed| before.contains_key(&feed.id);
        let kept = new.feeds.iter().filter(known).count();
        let differs = |feed: &&Feed| before.get(&feed.id).is_some_and(|old| *old != *feed);
        let if_so = |pairs: &[(bool, &'static str)]| {
            let so = pairs.iter().filter(|(so, _)| *so);
            so.map(|(_, name)| *name).collect()
        };
        let websub = |settings: &Settings| settings.fetch.websub.clone();
        let fetch = |settings: &Settings| fetcher::Settings {
            websub: None,
            ..settings.fetch.clone()
        };
        let pipeline = |settings: &Settings| (settings.queue, settings.workers, settings.grace);
        let sink = |settings: &Settings| (settings.record.clone(), settings.stdout);
        Self {
            added: new.feeds.len() - kept,
            removed: old.feeds.len() - kept,
            changed: new.feeds.iter().filter(differs).count(),
            replaced: if_so(&[
                (old.knowledge.hash() != new.knowledge.hash(), "knowledge"),
                (old.model.name() != new.model.name(), "model"),
                (
                    (old.threshold - new.threshold).abs() > f64::EPSILON,
                    "threshold",
                ),
                (
                    old.other_languages != new.other_languages,
                    "other languages",
                ),
                (old.cleaner.rules() != new.cleaner.rules(), "cleaning rules"),
                (
                    old.learn_templates != new.learn_templates,
                    "learning of templates",
                ),
            ]),
            at_restart: if_so(&[
                (old.ledger != new.ledger, "[state]"),
                (sink(old) != sink(new), "[sink]"),
                (old.archive != new.archive, "[archive]"),
                (fetch(old) != fetch(new), "[fetch]"),
                (websub(old) != websub(new), "[websub]"),
                (pipeline(old) != pipeline(new), "[pipeline]"),
            ]),
            following: false,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            (self.added, "added"),
            (self.removed, "removed"),
            (self.changed, "changed"),
        ];
        let mut parts: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {} {what}", plural(*count)))
            .collect();
        parts.extend(self.replaced.iter().map(|what| format!("new {what}")));
        if parts.is_empty() {
            parts.push("feeds and judgement as before".to_owned());
        }
        write!(f, "{}", parts.join(", "))?;
        if self.following {
            write!(f, "; the feeds follow as soon as the ledger answers")?;
        }
        if !self.at_restart.is_empty() {
            let tables = self.at_restart.join(", ");
            write!(
                f,
                "; what changed in {tables} is used from the next start on"
            )?;
        }
        Ok(())
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "feed" } else { "feeds" }
}
