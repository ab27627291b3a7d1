//! One poll of one feed: asked conditionally, read, and committed with what it brought.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, SystemTime},
};

use chrono::TimeDelta;
use reqwest::{
    StatusCode,
    header::{CONTENT_TYPE, ETAG, LAST_MODIFIED, LINK},
};
use story::{
    Entry, Timestamp,
    storage::{
        Conclude, FeedState, FetchStore, PollCounts, ShownEntry, Sight, Validators, entry_host,
    },
};
use url::Url;

mod index;

use crate::{
    Access, Feed, FetchError,
    body::Body,
    counters::add,
    feed::{self, FeedContext, FeedError, ParsedFeed},
    fetcher::{Shared, persist},
    freshness::freshness,
    http::{Answer, Request, Wanted, challenge},
    outcome::{self, Answered, Brought, PollError},
    politeness::Slot,
    schedule,
    stop::{Stop, Stopped},
    websub::{Delivery, Topic, discover},
};

/// Feeds bigger than this are parsed off the runtime's threads.
const PARSED_IN_PLACE_BYTES: usize = 8 << 10;

/// What reading a feed is given before it counts as hanging; the longest take some seconds.
const READING_TIME_MAX: Duration = Duration::from_secs(30);

/// What a poll came to.
#[derive(Debug)]
pub(crate) struct Polled {
    /// The feed's state, as it was committed.
    pub(crate) state: FeedState,
    /// How many of its entries were new.
    pub(crate) counts: PollCounts,
    /// The hosts of its entries.
    pub(crate) hosts: BTreeSet<String>,
    /// What the answer says of a hub.
    pub(crate) said: Said,
}

/// What a poll says of a hub that pushes the feed's changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Said {
    /// Nothing: it failed, or nothing was modified.
    #[default]
    Nothing,
    /// There is none.
    NoHub,
    /// There is this one.
    Hub(Topic),
}

/// An answer that was read.
struct Asked {
    answer: Answered,
    said: Said,
    /// Counts among the requests under way while the answer is in memory.
    slot: Option<Slot>,
}

/// Polls a feed and commits what came of it. `pushed` says that its changes are pushed besides.
pub(crate) async fn poll<S: FetchStore>(
    shared: &Shared<S>,
    feed: &Arc<Feed>,
    state: Option<FeedState>,
    pushed: bool,
    stop: &Stop,
) -> Result<Polled, Stopped> {
    let state = state.unwrap_or_else(|| FeedState::new(feed.id.clone(), feed.url.clone()));
    let asked_at = shared.clock.now();
    let (url, validators) = outcome::to_ask(feed, &state, asked_at);
    let conditional = validators.is_some_and(|(_, validators)| !validators.is_empty());
    let request = Request {
        validators,
        access: access(feed, url),
        ..Request::new(url, Wanted::Feed, shared.settings.feed_bytes_max)
    };
    match ask(shared, feed, &state, &request, stop).await {
        Err(PollError::Fetch(FetchError::Stopped)) => Err(Stopped),
        Ok(Asked { answer, said, slot }) => {
            let answer = Answered { pushed, ..answer };
            count(shared, &answer);
            let brought = answer.brought.as_ref();
            let entries = brought.map(|brought| brought.entries.clone());
            let conclude = on_answer(shared, feed, state, answer);
            let entries = entries.unwrap_or_default();
            let polled = commit(shared, feed, entries, conclude, stop).await?;
            // Until here the answer counted among the requests under way, so that where the ledger
            // is slow, answers do not pile up in memory.
            drop(slot);
            Ok(Polled { said, ..polled })
        }
        Err(error) => {
            add(&shared.counters.polls_failed, 1);
            let now = shared.clock.now();
            let state = outcome::failed(&shared.settings, feed, state, &error, conditional, now);
            report(feed, &state, &error, now);
            let conclude = Arc::new(move |_: &[Sight]| state.clone());
            commit(shared, feed, Vec::new(), conclude, stop).await
        }
    }
}

/// Commits what a hub delivered of a feed: a part of it at most, so that the feed's state learns
/// from the entries and keeps everything else. What cannot be read is left to the next pull.
pub(crate) async fn deliver<S: FetchStore>(
    shared: &Shared<S>,
    feed: &Arc<Feed>,
    state: FeedState,
    delivery: Delivery,
    stop: &Stop,
) -> Result<Option<Polled>, Stopped> {
    let Delivery {
        topic,
        content_type,
        body,
        ..
    } = delivery;
    let parsed = match parse(shared, feed, topic, content_type, body).await {
        Ok(parsed) => parsed,
        Err(error) => {
            tracing::warn!(feed = %feed.id, %error, "delivery cannot be read");
            return Ok(None);
        }
    };
    let now = shared.clock.now();
    let learned = parsed.entries.clone();
    let conclude = move |sights: &[Sight]| outcome::delivered(state.clone(), &learned, sights, now);
    commit(shared, feed, parsed.entries, Arc::new(conclude), stop)
        .await
        .map(Some)
}

/// What the operator gave for the feed's own origin, where the address is of it.
fn access<'a>(feed: &'a Feed, url: &Url) -> Option<&'a Access> {
    (url.origin() == feed.url.origin()).then_some(&feed.access)
}

/// The state that an answer leads to, once it is known which of its entries are new.
fn on_answer<S>(
    shared: &Shared<S>,
    feed: &Arc<Feed>,
    state: FeedState,
    answer: Answered,
) -> Conclude {
    let (settings, feed) = (shared.settings.clone(), Arc::clone(feed));
    let now = shared.clock.now();
    Arc::new(move |sights| outcome::answered(&settings, &feed, state.clone(), &answer, sights, now))
}

fn count<S>(shared: &Shared<S>, answer: &Answered) {
    let counters = &shared.counters;
    match answer.brought {
        Some(_) => add(&counters.polls_ok, 1),
        None => add(&counters.polls_not_modified, 1),
    }
}

fn report(feed: &Feed, state: &FeedState, error: &PollError, now: Timestamp) {
    let wait = state.next_poll.map(|next| schedule::until(now, next));
    tracing::warn!(
        feed = %feed.id,
        host = entry_host(Some(&feed.url)),
        health = state.health.as_str(),
        attempt = state.failures,
        wait_s = wait.unwrap_or_default().as_secs(),
        %error,
        "poll failed"
    );
}

/// Asks for the feed and reads what comes.
async fn ask<S>(
    shared: &Shared<S>,
    feed: &Feed,
    state: &FeedState,
    request: &Request<'_>,
    stop: &Stop,
) -> Result<Asked, PollError> {
    let answer = shared.http.get(request, stop).await?;
    shared
        .archive_feed(&answer, stop)
        .await
        .map_err(FetchError::from)?;
    note_lateness(shared, state.next_poll, &answer);
    let answered = Answered {
        asked: request.url.clone(),
        url: answer.url.clone(),
        moved: answer.permanent && !answer.downgraded,
        conditional: answer.conditional,
        validators: Validators {
            etag: answer.header(&ETAG),
            last_modified: answer.header(&LAST_MODIFIED),
        },
        fresh_for: freshness(&answer.headers, SystemTime::from(shared.clock.now())),
        children: Vec::new(),
        brought: None,
        pushed: false,
    };
    // Who doubts the index's validators doubts those of its sitemaps.
    let held = request.validators.map_or(&[][..], |_| &state.children);
    if answer.status == StatusCode::NOT_MODIFIED {
        if !answer.conditional {
            return Err(PollError::UnaskedNotModified);
        }
        drop(answer); // with its slot: nobody waits for a second one while holding a first
        let named = held.iter().map(|child| &child.named);
        let gathered = index::gather(shared, feed, named, held, stop).await;
        return Ok(Asked {
            answer: answered.with(gathered.map_err(FetchError::from)?, None),
            said: Said::Nothing,
            slot: None,
        });
    }
    let links = link_headers(&answer);
    let (parsed, brought, slot) = read(shared, feed, answer).await?;
    let mut slot = Some(slot);
    let links: Vec<&str> = links.iter().map(String::as_str).collect();
    let topic = discover(
        &answered.url,
        &links,
        &parsed.hubs,
        parsed.self_url.as_ref(),
    );
    if !parsed.sitemaps.is_empty() {
        slot = None; // as above
    }
    let gathered = index::gather(shared, feed, parsed.sitemaps.iter(), held, stop).await;
    Ok(Asked {
        answer: answered.with(gathered.map_err(FetchError::from)?, Some(brought)),
        said: topic.map_or(Said::NoHub, Said::Hub),
        slot,
    })
}

fn note_lateness<S>(shared: &Shared<S>, due: Option<Timestamp>, answer: &Answer) {
    let Some(due) = due else { return };
    let since_due = (answer.at - due).to_std().unwrap_or_default();
    shared
        .counters
        .lateness
        .note(since_due.saturating_sub(answer.took));
}

fn link_headers(answer: &Answer) -> Vec<String> {
    let links = answer.headers.get_all(LINK).iter();
    links
        .filter_map(|value| value.to_str().ok().map(str::to_owned))
        .collect()
}

/// Reads an answer's body as a feed, as far as it came.
async fn read<S>(
    shared: &Shared<S>,
    feed: &Feed,
    answer: Answer,
) -> Result<(ParsedFeed, Brought, Slot), PollError> {
    let content_type = answer.header(&CONTENT_TYPE);
    let Answer {
        url,
        status,
        headers,
        body: Body { bytes, cut },
        slot,
        ..
    } = answer;
    let parsed = parse(shared, feed, url, content_type, bytes.clone()).await;
    let mut parsed = match (parsed, &cut) {
        (Ok(parsed), None) => parsed,
        (Ok(parsed), Some(_)) if !parsed.entries.is_empty() => parsed,
        (_, Some(cut)) => return Err(FetchError::from(cut.clone()).into()),
        (Err(FeedError::Html { title }), None) => {
            return Err(match challenge(status, &headers, &bytes) {
                Some(what) => PollError::Challenge { what },
                None => FeedError::Html { title }.into(),
            });
        }
        (Err(error), None) => return Err(error.into()),
    };
    let partial = (status == StatusCode::PARTIAL_CONTENT).then(|| "partial content".to_owned());
    let cut = cut.map(|cut| cut.to_string()).or(partial);
    let brought = Brought {
        status: status.as_u16(),
        entries: std::mem::take(&mut parsed.entries),
        hints: parsed.hints.clone(),
        problems: std::mem::take(&mut parsed.problems),
        whole: parsed.whole && cut.is_none(),
        cut,
    };
    Ok((parsed, brought, slot))
}

async fn parse<S>(
    shared: &Shared<S>,
    feed: &Feed,
    url: Url,
    content_type: Option<String>,
    bytes: bytes::Bytes,
) -> Result<ParsedFeed, FeedError> {
    let context = FeedContext {
        id: feed.id.clone(),
        url,
        home: feed.home,
        timezone: feed.timezone,
    };
    let small = bytes.len() <= PARSED_IN_PLACE_BYTES;
    let parse = move || feed::parse(&bytes, content_type.as_deref(), &context);
    if small {
        return parse();
    }
    let _due = shared.counters.due_within(READING_TIME_MAX);
    tokio::task::spawn_blocking(parse)
        .await
        .unwrap_or(Err(FeedError::Panicked))
}

/// Commits a poll, and counts what it brought.
async fn commit<S: FetchStore>(
    shared: &Shared<S>,
    feed: &Feed,
    entries: Vec<Entry>,
    conclude: Conclude,
    stop: &Stop,
) -> Result<Polled, Stopped> {
    let now = shared.clock.now();
    let max_age = TimeDelta::from_std(shared.settings.max_entry_age).unwrap_or(TimeDelta::MAX);
    let entries: Arc<[ShownEntry]> = entries
        .into_iter()
        .map(|entry| show(entry, now, max_age))
        .collect();
    let commit = || {
        let (entries, conclude) = (Arc::clone(&entries), Arc::clone(&conclude));
        shared.store.commit_poll(&feed.id, entries, conclude)
    };
    let (state, counts) = persist(&shared.counters, stop, commit).await?;
    add(&shared.counters.entries_new, counts.new);
    add(
        &shared.counters.entries_known,
        counts.known + counts.duplicate,
    );
    add(&shared.counters.entries_skipped, counts.skipped);
    tracing::debug!(
        feed = %state.feed,
        result = state.last_result,
        new = counts.new,
        known = counts.known,
        "polled"
    );
    let wanted = entries.iter().filter(|shown| shown.skip.is_none());
    let hosts = wanted
        .map(|shown| entry_host(shown.entry.link.as_ref()))
        .collect();
    Ok(Polled {
        state,
        counts,
        hosts,
        said: Said::Nothing,
    })
}

/// Leaves out dates that lie ahead, and marks an entry that is too old to be fetched; an undated
/// one is fetched.
fn show(mut entry: Entry, now: Timestamp, max_age: TimeDelta) -> ShownEntry {
    let believable = |date| feed::believable(date, now);
    entry.published = entry.published.and_then(believable);
    entry.updated = entry.updated.and_then(believable);
    let dated = entry.published.or(entry.updated);
    let too_old = dated.is_some_and(|dated| now.signed_duration_since(dated) > max_age);
    ShownEntry {
        entry,
        skip: too_old.then(|| "too-old".to_owned()),
    }
}
