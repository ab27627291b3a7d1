//! What passes the stages, shown to whoever looks on. Where nobody does it costs nothing, and who reads
//! too slowly misses some of it and is told how much: no stage ever waits for a looker-on.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use story::{Article, Content, FeedId, Page, Story, Timestamp, storage::Ending};
use tokio::sync::broadcast;

use crate::parcel::{Filed, Step, Verdict};

/// Messages that wait for a slow looker-on.
const WAITING_MAX: usize = 256;

/// A stage, as a looker-on names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Entries with their pages, as the cleaner takes them.
    Fetch,
    /// What the cleaner makes of them.
    Clean,
    /// The verdicts.
    Classify,
    /// What was written.
    Sink,
}

impl Stage {
    /// All of them, in their order.
    pub const ALL: [Self; 4] = [Self::Fetch, Self::Clean, Self::Classify, Self::Sink];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::Clean => "clean",
            Self::Classify => "classify",
            Self::Sink => "sink",
        }
    }

    /// What can become of what passes it; behind a slash stands the reason.
    pub fn outcomes(self) -> &'static [&'static str] {
        match self {
            Self::Fetch => &["fetched", "no-page", "shared-page"],
            Self::Clean => &["cleaned", "failed/"],
            Self::Classify => &["kept", "dropped/"],
            Self::Sink => &["kept", "duplicate"],
        }
    }

    /// The stage of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == name)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One thing that passes a stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Passing {
    /// When.
    pub at: Timestamp,
    /// Which stage.
    pub stage: Stage,
    /// What became of it there: `fetched`, `no-page`, `shared-page`; `cleaned`; `kept`, `duplicate`; or, with
    /// the reason behind it, `dropped/…` and `failed/…`.
    pub outcome: String,
    /// More of that, for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The feed that led to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feed: Option<FeedId>,
    /// Its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its headline, as far as it is known by then.
    pub title: String,
    /// How likely it is looked for, once that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// The countries where it plays, main first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub countries: Vec<String>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
}

impl Passing {
    fn new(stage: Stage, outcome: impl Into<String>, title: &str) -> Self {
        Self {
            at: chrono::Utc::now(),
            stage,
            outcome: outcome.into(),
            detail: None,
            feed: None,
            url: None,
            title: title.to_owned(),
            score: None,
            countries: Vec::new(),
            categories: Vec::new(),
        }
    }

    /// An entry with what came of its page.
    pub(crate) fn page(Page { entry, content }: &Page) -> Self {
        let (outcome, detail) = match content {
            Content::Fetched(fetched) => {
                let (status, bytes) = (fetched.status, fetched.body.len());
                ("fetched", Some(format!("status {status}, {bytes} bytes")))
            }
            Content::FeedOnly { why, .. } => ("no-page", Some(why.clone())),
            Content::SharedPage { .. } => ("shared-page", None),
        };
        Self {
            detail,
            feed: Some(entry.feed.clone()),
            url: entry.link.as_ref().map(ToString::to_string),
            ..Self::new(
                Stage::Fetch,
                outcome,
                entry.title.as_deref().unwrap_or_default(),
            )
        }
    }

    /// What the cleaner made of an entry, which `before` shows.
    pub(crate) fn cleaned(before: Self, step: &Step<Filed<Article>>) -> Self {
        match step {
            Step::On(Filed {
                message: article, ..
            }) => {
                let words = article.words();
                let lang = article
                    .lang
                    .as_ref()
                    .map_or("unknown", |lang| lang.as_str());
                Self {
                    detail: Some(format!("{words} words, language {lang}")),
                    feed: article.feed.clone(),
                    url: article.url.as_ref().map(ToString::to_string),
                    ..Self::new(Stage::Clean, "cleaned", &article.title)
                }
            }
            Step::End(ending) => Self {
                at: chrono::Utc::now(),
                stage: Stage::Clean,
                outcome: ending.label(),
                detail: match ending {
                    Ending::Failed { detail, .. } => Some(detail.clone()),
                    _ => None,
                },
                ..before
            },
        }
    }

    /// What was judged; `None` for what cannot be read back.
    pub(crate) fn judged(step: &Step<Verdict>) -> Option<Self> {
        match step {
            Step::On(Verdict::Keep(story)) => Some(Self::story(Stage::Classify, story, "kept")),
            Step::On(Verdict::End(ending)) | Step::End(ending) => {
                let Ending::Dropped { verdict, .. } = ending else {
                    return None;
                };
                let story: Story = serde_json::from_str(verdict).ok()?;
                Some(Self::story(Stage::Classify, &story, ending.label()))
            }
        }
    }

    /// A story at a stage.
    pub(crate) fn story(stage: Stage, story: &Story, outcome: impl Into<String>) -> Self {
        let countries = story.countries.iter();
        let categories = story.categories.iter();
        Self {
            feed: story.feed.clone(),
            url: story.url.as_ref().map(ToString::to_string),
            score: Some(story.score),
            countries: countries.map(|country| country.iso2.to_string()).collect(),
            categories: categories.map(|category| category.name.clone()).collect(),
            ..Self::new(stage, outcome, &story.title)
        }
    }
}

/// A tap on each stage.
#[derive(Debug)]
pub(crate) struct Taps([broadcast::Sender<Arc<Passing>>; Stage::ALL.len()]);

impl Default for Taps {
    fn default() -> Self {
        Self(Stage::ALL.map(|_| broadcast::Sender::new(WAITING_MAX)))
    }
}

impl Taps {
    /// Whether anybody looks on at a stage.
    pub(crate) fn watched(&self, stage: Stage) -> bool {
        self.of(stage).receiver_count() > 0
    }

    /// How many look on at all of them.
    pub(crate) fn lookers_on(&self) -> usize {
        self.0.iter().map(broadcast::Sender::receiver_count).sum()
    }

    /// Shows what passes a stage, if anybody looks on.
    pub(crate) fn show<P: Into<Option<Passing>>>(&self, stage: Stage, passing: impl FnOnce() -> P) {
        if self.watched(stage)
            && let Some(passing) = passing().into()
        {
            // Who was there a moment ago may have gone.
            let _ = self.of(stage).send(Arc::new(passing));
        }
    }

    /// What passes a stage from now on.
    pub(crate) fn open(&self, stage: Stage) -> broadcast::Receiver<Arc<Passing>> {
        self.of(stage).subscribe()
    }

    fn of(&self, stage: Stage) -> &broadcast::Sender<Arc<Passing>> {
        &self.0[stage as usize]
    }
}
