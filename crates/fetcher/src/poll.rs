//! One poll of one feed: asked conditionally, read, and committed with what it brought.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use reqwest::{
    StatusCode,
    header::{CONTENT_TYPE, ETAG, LAST_MODIFIED},
};
use story::{
    Entry, Health, Timestamp,
    storage::{FeedState, FetchStore, PollCounts, ShownEntry, Validators, entry_host},
};
use url::Url;

use crate::{
    Feed, FetchError, Refusal,
    body::Body,
    counters::add,
    feed::{self, FeedContext, FeedError, ParsedFeed},
    fetcher::{Shared, persist},
    http::{Answer, Request, Wanted},
    schedule::{self, Ended},
    stop::{Stop, Stopped},
};

/// Feeds bigger than this are parsed off the runtime's threads.
const PARSED_IN_PLACE_BYTES: usize = 8 << 10;

/// What a poll came to.
#[derive(Debug)]
pub(crate) struct Polled {
    /// The feed's state, as it was committed.
    pub(crate) state: FeedState,
    /// How many of its entries were new.
    pub(crate) counts: PollCounts,
    /// The hosts of its entries.
    pub(crate) hosts: BTreeSet<String>,
}

/// What a server gave.
enum Brought {
    /// Nothing new.
    NotModified { issuer: Url, validators: Validators },
    /// A feed, and why the rest of it is missing.
    Feed {
        issuer: Url,
        validators: Validators,
        status: u16,
        feed: ParsedFeed,
        cut: Option<String>,
    },
}

/// Why a poll brought nothing.
#[derive(Debug, thiserror::Error)]
enum PollError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Feed(#[from] FeedError),
    #[error("304 to a request without validators")]
    UnaskedNotModified,
}

/// Polls a feed and commits what came of it.
pub(crate) async fn poll<S: FetchStore>(
    shared: &Shared<S>,
    feed: &Feed,
    state: Option<FeedState>,
    stop: &Stop,
) -> Result<Polled, Stopped> {
    let state = state.unwrap_or_else(|| FeedState::new(feed.id.clone(), feed.url.clone()));
    let brought = ask(shared, feed, &state, stop).await;
    if matches!(brought, Err(PollError::Fetch(FetchError::Stopped))) {
        return Err(Stopped);
    }
    let now = shared.clock.now();
    let (state, entries) = match brought {
        Ok(brought) => answered(shared, feed, state, brought, now),
        Err(error) => (failed(shared, feed, state, &error, now), Vec::new()),
    };
    commit(shared, state, entries, stop).await
}

/// Asks for the feed and reads what comes.
async fn ask<S>(
    shared: &Shared<S>,
    feed: &Feed,
    state: &FeedState,
    stop: &Stop,
) -> Result<Brought, PollError> {
    let request = Request {
        url: &feed.url,
        wanted: Wanted::Feed,
        validators: Some((&state.url, &state.validators)),
        bytes_max: shared.settings.feed_bytes_max,
        access: Some(&feed.access),
    };
    let answer = shared.http.get(&request, stop).await?;
    let validators = Validators {
        etag: answer.header(&ETAG),
        last_modified: answer.header(&LAST_MODIFIED),
    };
    if answer.status == StatusCode::NOT_MODIFIED {
        return if answer.conditional {
            Ok(Brought::NotModified {
                issuer: answer.url,
                validators,
            })
        } else {
            Err(PollError::UnaskedNotModified)
        };
    }
    read(feed, answer, validators).await
}

/// Reads an answer's body as a feed, as far as it came.
async fn read(feed: &Feed, answer: Answer, validators: Validators) -> Result<Brought, PollError> {
    let content_type = answer.header(&CONTENT_TYPE);
    let Answer {
        url: issuer,
        status,
        body: Body { bytes, cut },
        slot,
        ..
    } = answer;
    let context = FeedContext {
        id: feed.id.clone(),
        url: issuer.clone(),
        home: feed.home,
        timezone: feed.timezone,
    };
    let small = bytes.len() <= PARSED_IN_PLACE_BYTES;
    let parse = move || feed::parse(&bytes, content_type.as_deref(), &context);
    let parsed = if small {
        parse()
    } else {
        tokio::task::spawn_blocking(parse)
            .await
            .unwrap_or(Err(FeedError::Panicked))
    };
    drop(slot); // until here the body counted among the requests under way
    let feed = match (parsed, &cut) {
        (Ok(feed), _) => feed,
        (Err(_), Some(cut)) => return Err(FetchError::from(cut.clone()).into()),
        (Err(error), None) => return Err(error.into()),
    };
    let partial = (status == StatusCode::PARTIAL_CONTENT).then(|| "partial content".to_owned());
    let cut = cut.map(|cut| cut.to_string()).or(partial);
    let status = status.as_u16();
    Ok(Brought::Feed {
        issuer,
        validators,
        status,
        feed,
        cut,
    })
}

/// The state after an answer, and the entries that it showed.
fn answered<S>(
    shared: &Shared<S>,
    feed: &Feed,
    mut state: FeedState,
    brought: Brought,
    now: Timestamp,
) -> (FeedState, Vec<ShownEntry>) {
    let ended = if state.last_success.is_none() {
        Ended::FirstAnswer
    } else {
        Ended::Answer
    };
    state.next_poll = Some(schedule::after(
        now,
        schedule::wait(&shared.settings, feed, ended),
    ));
    state.last_poll = Some(now);
    state.last_success = Some(now);
    state.failures = 0;
    state.health = Health::Ok;
    match brought {
        Brought::NotModified { issuer, validators } => {
            add(&shared.counters.polls_not_modified, 1);
            state.url = issuer;
            // What a 304 names is newer, what it leaves out stays (RFC 9111 §4.3.4).
            state.validators.etag = validators.etag.or(state.validators.etag);
            state.validators.last_modified =
                validators.last_modified.or(state.validators.last_modified);
            "304 Not Modified".clone_into(&mut state.last_result);
            (state, Vec::new())
        }
        Brought::Feed {
            issuer,
            validators,
            status,
            feed: parsed,
            cut,
        } => {
            add(&shared.counters.polls_ok, 1);
            state.url = issuer;
            let whole = cut.is_none() && parsed.whole;
            // With the validators of half a feed, a 304 would hide the other half.
            state.validators = if whole {
                validators
            } else {
                Validators::default()
            };
            let problems = cut.iter().chain(&parsed.problems);
            state.last_result = in_words(status, parsed.entries.len(), problems);
            let shown = parsed.entries.into_iter();
            (state, shown.map(|entry| show(shared, entry, now)).collect())
        }
    }
}

/// The state after a failure; validators stay, since what they stand for was read.
fn failed<S>(
    shared: &Shared<S>,
    feed: &Feed,
    mut state: FeedState,
    error: &PollError,
    now: Timestamp,
) -> FeedState {
    add(&shared.counters.polls_failed, 1);
    if !matches!(error, PollError::Fetch(FetchError::HostClosed { .. })) {
        state.failures = state.failures.saturating_add(1); // otherwise it was not asked at all
    }
    let wait = schedule::wait(&shared.settings, feed, ended(error, state.failures));
    tracing::warn!(
        feed = %feed.id,
        host = entry_host(Some(&feed.url)),
        attempt = state.failures,
        wait_s = wait.as_secs(),
        %error,
        "poll failed"
    );
    if matches!(error, PollError::UnaskedNotModified) {
        state.validators = Validators::default();
    }
    state.next_poll = Some(schedule::after(now, wait));
    state.last_poll = Some(now);
    state.health = health(error);
    state.health_why = error.to_string();
    state.last_result = error.to_string();
    state
}

/// What a failure says of the feed.
fn health(error: &PollError) -> Health {
    match error {
        PollError::Fetch(FetchError::Status { status, .. }) => match status {
            401 | 402 | 403 | 429 | 451 => Health::Blocked,
            404 | 410 => Health::Gone,
            _ => Health::Unreachable,
        },
        PollError::Fetch(FetchError::Challenge { .. })
        | PollError::Feed(FeedError::Html { .. }) => Health::Blocked,
        PollError::Fetch(_) => Health::Unreachable,
        PollError::Feed(_) | PollError::UnaskedNotModified => Health::Unreadable,
    }
}

/// What a failure means for the schedule.
fn ended(error: &PollError, in_a_row: u32) -> Ended {
    match error {
        PollError::Fetch(FetchError::Status {
            refusal:
                Refusal {
                    retry_after: Some(asked),
                    ..
                },
            ..
        }) => Ended::Failure {
            in_a_row,
            asked: Some(*asked),
        },
        PollError::Fetch(FetchError::HostClosed { wait }) => Ended::Failure {
            in_a_row,
            asked: Some(*wait),
        },
        PollError::Fetch(FetchError::Status { status: 404, .. }) => Ended::Missing { in_a_row },
        PollError::Fetch(FetchError::Status { status: 410, .. }) => Ended::Gone,
        _ => Ended::Failure {
            in_a_row,
            asked: None,
        },
    }
}

/// Commits a poll, and counts what it brought.
async fn commit<S: FetchStore>(
    shared: &Shared<S>,
    state: FeedState,
    entries: Vec<ShownEntry>,
    stop: &Stop,
) -> Result<Polled, Stopped> {
    let commit = || shared.store.commit_poll(state.clone(), entries.clone());
    let counts = persist(stop, commit).await?;
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
    })
}

/// Marks an entry that is too old to be fetched; an undated one is fetched.
fn show<S>(shared: &Shared<S>, entry: Entry, now: Timestamp) -> ShownEntry {
    let max_age = TimeDelta::from_std(shared.settings.max_entry_age).unwrap_or(TimeDelta::MAX);
    let dated = entry.published.or(entry.updated);
    let too_old = dated.is_some_and(|dated| now.signed_duration_since(dated) > max_age);
    ShownEntry {
        entry,
        skip: too_old.then(|| "too-old".to_owned()),
    }
}

/// "200 with 20 entries", and what was wrong.
fn in_words<'a>(status: u16, entries: usize, problems: impl Iterator<Item = &'a String>) -> String {
    let noun = if entries == 1 { "entry" } else { "entries" };
    problems.fold(
        format!("{status} with {entries} {noun}"),
        |words, problem| format!("{words}; {problem}"),
    )
}
