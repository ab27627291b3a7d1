//! The sitemaps of a sitemap index. Each is asked for with validators of its own, and also where
//! the index has not changed, since that says nothing of them.

use reqwest::{
    StatusCode,
    header::{ETAG, LAST_MODIFIED},
};
use story::storage::{Child, Validators};
use url::Url;

use super::{access, read};
use crate::{
    Feed, FetchError,
    feed::{self, Kept, NewsAt},
    fetcher::Shared,
    http::{Request, Wanted, told},
    outcome::{Answered, Brought, PollError},
    stop::{Stop, Stopped},
};

/// How many sitemaps of an index are read, those with the news first.
const SITEMAPS_MAX: usize = 5;

/// What the sitemaps of an index brought together.
pub(super) struct Gathered {
    /// Those that were asked for.
    children: Vec<Child>,
    entries: Kept,
    problems: Vec<String>,
    /// Why one of them is missing.
    cut: Option<String>,
    /// Whether any did not say "not modified".
    modified: bool,
}

impl Gathered {
    /// Adds it all to what the index brought, which is nothing where it is not modified; nothing
    /// where its sitemaps are neither.
    fn join(self, index: Option<Brought>) -> Option<Brought> {
        let unchanged = || Brought {
            status: StatusCode::NOT_MODIFIED.as_u16(),
            whole: true,
            ..Brought::default()
        };
        let mut brought = index.or_else(|| self.modified.then(unchanged))?;
        let (entries, left_out) = self.entries.finish(NewsAt::Start);
        brought.entries.extend(entries);
        brought.problems.extend(self.problems);
        brought.problems.extend(feed::left_out(left_out));
        brought.cut = brought.cut.or(self.cut);
        Some(brought)
    }
}

impl Answered {
    /// The answer with what the feed brought, and its sitemaps where it is an index.
    pub(super) fn with(self, mut gathered: Gathered, brought: Option<Brought>) -> Self {
        Self {
            children: std::mem::take(&mut gathered.children),
            brought: gathered.join(brought),
            ..self
        }
    }
}

/// Asks for the first sitemaps that an index names, with the validators in `held`.
pub(super) async fn gather<S>(
    shared: &Shared<S>,
    feed: &Feed,
    named: impl Iterator<Item = &Url>,
    held: &[Child],
    stop: &Stop,
) -> Result<Gathered, Stopped> {
    let mut gathered = Gathered {
        children: Vec::new(),
        entries: Kept::default(),
        problems: Vec::new(),
        cut: None,
        modified: false,
    };
    for named in named.take(SITEMAPS_MAX) {
        let mut child = Child {
            named: named.clone(),
            url: named.clone(),
            validators: Validators::default(),
        };
        let held = held.iter().find(|held| held.named == *named);
        match ask(shared, feed, named, held, stop).await {
            Err(PollError::Fetch(FetchError::Stopped)) => return Err(Stopped),
            Ok(None) => child = held.cloned().unwrap_or(child),
            Ok(Some((now, brought))) => {
                // With the validators of a half, a 304 would hide the other half.
                if brought.whole {
                    child = now;
                }
                gathered.take(named, brought);
            }
            // Without validators it is asked for again.
            Err(error) => gathered.miss(named, &error.to_string()),
        }
        gathered.children.push(child);
    }
    Ok(gathered)
}

impl Gathered {
    fn take(&mut self, named: &Url, brought: Brought) {
        self.modified = true;
        for entry in brought.entries {
            self.entries.push(entry, NewsAt::Start);
        }
        self.problems.extend(brought.problems);
        if let Some(cut) = brought.cut {
            self.miss(named, &cut);
        }
    }

    fn miss(&mut self, named: &Url, why: &str) {
        self.modified = true;
        self.cut = Some(format!("sitemap {}: {why}", told(named)));
    }
}

/// Asks for one sitemap; `None` where it is not modified.
async fn ask<S>(
    shared: &Shared<S>,
    feed: &Feed,
    named: &Url,
    held: Option<&Child>,
    stop: &Stop,
) -> Result<Option<(Child, Brought)>, PollError> {
    let request = Request {
        validators: held.map(|held| (&held.url, &held.validators)),
        access: access(feed, named),
        ..Request::new(named, Wanted::Feed, shared.settings.feed_bytes_max)
    };
    let answer = shared.http.get(&request, stop).await?;
    shared
        .archive_feed(&answer, stop)
        .await
        .map_err(FetchError::from)?;
    match (answer.status, answer.conditional) {
        (StatusCode::NOT_MODIFIED, true) => return Ok(None),
        (StatusCode::NOT_MODIFIED, false) => return Err(PollError::UnaskedNotModified),
        _ => {}
    }
    let child = Child {
        named: named.clone(),
        url: answer.url.clone(),
        validators: Validators {
            etag: answer.header(&ETAG),
            last_modified: answer.header(&LAST_MODIFIED),
        },
    };
    let (_, brought, _) = read(shared, feed, answer).await?;
    Ok(Some((child, brought)))
}
