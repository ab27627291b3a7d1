//! What a poll makes of a feed's state: its health, its validators, its next instant. Pure, so that
//! each rule can be tried without a server.

use std::time::{Duration, SystemTime};

use chrono::TimeDelta;
use sha2::{Digest, Sha256};
use story::{
    Entry, Health, Hints, Timestamp, hex,
    storage::{Child, FeedState, Moved, Sight, Validators},
};
use url::Url;

use crate::{
    Cut, Feed, FetchError, Settings,
    feed::FeedError,
    http::shown,
    push,
    schedule::{self, Ended},
};

mod index;

/// A permanent redirect is remembered after so many polls in a row that it led to a feed.
const MOVED_POLLS: u32 = 3;

/// An address that was left for another is asked again this often: redirects change their mind.
const MOVED_ASKED_AGAIN: TimeDelta = TimeDelta::days(7);

/// "Not modified" is doubted after so long, whatever the feed's rhythm.
const UNCHANGED_MAX: TimeDelta = TimeDelta::days(7);

/// And not before so long.
const UNCHANGED_MIN: TimeDelta = TimeDelta::hours(24);

/// A feed that has shown nothing for so many times the mean gap between its entries is doubted.
const UNCHANGED_GAPS: u32 = 8;

/// A poll that shows so many entries, and none of them known, may have missed others.
const OVERFLOWED: usize = 5;

/// A `Last-Modified` from before the year 2000 (in seconds since 1970) or from so far ahead is a clock
/// that was never set.
const YEAR_2000: u64 = 946_684_800;
const MODIFIED_AHEAD_MAX: Duration = Duration::from_hours(24);

/// An answer to a poll.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    /// The address that was asked.
    pub(crate) asked: Url,
    /// Where the redirects ended.
    pub(crate) url: Url,
    /// Whether there were redirects, all of them permanent and none from https to http.
    pub(crate) moved: bool,
    /// Whether validators were sent.
    pub(crate) conditional: bool,
    /// The validators that came.
    pub(crate) validators: Validators,
    /// For how long the answer is fresh.
    pub(crate) fresh_for: Option<Duration>,
    /// The sitemaps that were asked for, where the feed is an index of them.
    pub(crate) children: Vec<Child>,
    /// The feed; `None` where nothing was modified. Of an index, what was modified of it.
    pub(crate) brought: Option<Brought>,
    /// Whether the feed's changes are pushed.
    pub(crate) pushed: bool,
}

/// A feed that a poll brought.
#[derive(Clone, Debug, Default)]
pub(crate) struct Brought {
    /// The status.
    pub(crate) status: u16,
    /// Its entries.
    pub(crate) entries: Vec<Entry>,
    /// What it says of its pace.
    pub(crate) hints: Hints,
    /// What was wrong with it.
    pub(crate) problems: Vec<String>,
    /// Whether all of it came and was read.
    pub(crate) whole: bool,
    /// Why the rest of it is missing.
    pub(crate) cut: Option<String>,
}

/// Why a poll brought nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PollError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Feed(#[from] FeedError),
    #[error("{what}, where a feed was expected")]
    Challenge { what: &'static str },
    #[error("304 to a request without validators")]
    UnaskedNotModified,
}

/// Which address a feed is to be asked for at, and with which validators.
pub(crate) fn to_ask<'a>(
    feed: &'a Feed,
    state: &'a FeedState,
    now: Timestamp,
) -> (&'a Url, Option<(&'a Url, &'a Validators)>) {
    let moved = state.moved.as_ref().filter(|moved| {
        let fails = state.failures > 0; // whoever answers for the old address may know better
        moved.polls >= MOVED_POLLS && now - moved.asked < MOVED_ASKED_AGAIN && !fails
    });
    let moved = moved.filter(|moved| moved.from == feed.url);
    let url = moved.map_or(&feed.url, |moved| &moved.to);
    let plainly = state.ask_plainly || state.lied.is_some() || is_doubtful(state, now);
    let validators = (!plainly).then_some((&state.url, &state.validators));
    (url, validators)
}

/// Whether a server that keeps saying "not modified" is to be asked for the whole feed, to see
/// whether it is true; at most once a day, since a whole answer starts the time anew.
fn is_doubtful(state: &FeedState, now: Timestamp) -> bool {
    let Some(last_body) = state.last_body else {
        return false;
    };
    let audited = state.audited.is_some_and(|at| now - at < UNCHANGED_MIN);
    let unchanged = now - last_body;
    if audited || unchanged < UNCHANGED_MIN {
        return false;
    }
    let overdue = state.rhythm.mean_gap().is_some_and(|gap| {
        let gaps = TimeDelta::from_std(gap * UNCHANGED_GAPS).unwrap_or(TimeDelta::MAX);
        unchanged > gaps
    });
    unchanged >= UNCHANGED_MAX || overdue
}

/// What a feed's state becomes with an answer, once it is known which of its entries are new.
pub(crate) fn answered(
    settings: &Settings,
    feed: &Feed,
    mut state: FeedState,
    answer: &Answered,
    sights: &[Sight],
    now: Timestamp,
) -> FeedState {
    state.configured = Some(feed.url.clone());
    state.last_poll = Some(now);
    state.last_success = Some(now);
    state.failures = 0;
    state.health = Health::Ok;
    state.health_why.clear();
    state.host_closed_until = None;
    state.ask_plainly = false;
    if answer.conditional {
        state.conditions_refused = None;
    }
    note_move(feed, &mut state, answer, now);
    let first = state.last_body.is_none();
    match &answer.brought {
        None => {
            freshen(&mut state, answer, now);
            "304 Not Modified".clone_into(&mut state.last_result);
        }
        Some(brought) if !answer.children.is_empty() => {
            index::take_in(&mut state, answer, brought, now);
        }
        Some(brought) => take_in(&mut state, answer, brought, now),
    }
    state.children = index::children(answer, now);
    state.url = answer.url.clone();
    let entries = answer.brought.as_ref().map(|brought| &*brought.entries);
    learn(&mut state, entries.unwrap_or_default(), sights, now);
    if state.lied.is_some() {
        state.health = Health::LyingValidators;
        let how = match state.conditions_refused {
            Some(_) => "refuses conditional requests",
            None => "says 304 where there is something new",
        };
        state.health_why = format!("{how}; asked for the whole of it, once a day");
    }
    let overflowed =
        !first && sights.len() >= OVERFLOWED && sights.iter().all(|sight| *sight == Sight::New);
    // What push did not bring shows that pulls must.
    let missed = sights.contains(&Sight::New) && push::is_late(&state, now);
    let ended = Ended::Answer {
        overflowed,
        pushed: answer.pushed && !missed,
    };
    state.next_poll = Some(schedule::next_poll(settings, feed, &state, ended, now));
    state
}

/// Takes in a 304: what it names is newer, what it leaves out stays (RFC 9111 §4.3.4).
fn freshen(state: &mut FeedState, answer: &Answered, now: Timestamp) {
    let newer = believable(answer.validators.clone(), now);
    let held = std::mem::take(&mut state.validators);
    state.validators.etag = newer.etag.or(held.etag);
    state.validators.last_modified = newer.last_modified.or(held.last_modified);
    state.fresh_for = answer.fresh_for.or(state.fresh_for);
}

/// Takes in a whole answer.
fn take_in(state: &mut FeedState, answer: &Answered, brought: &Brought, now: Timestamp) {
    let entries = &brought.entries;
    let problems = brought.cut.iter().chain(&brought.problems);
    state.last_result = in_words(brought.status, entries.len(), problems);
    state.fresh_for = answer.fresh_for;
    if !brought.whole {
        // With the validators of half a feed, a 304 would hide the other half.
        state.validators = Validators::default();
        let cut = brought.cut.as_deref().unwrap_or("it ends in the middle");
        state.health_why = format!("came in part: {cut}");
        return;
    }
    let validators = believable(answer.validators.clone(), now);
    let content = content_hash(entries);
    let changed = state.content.as_ref().is_some_and(|old| *old != content);
    if !answer.conditional {
        let same =
            !validators.is_empty() && validators == state.validators && answer.url == state.url;
        if changed && same {
            state.lied = Some(now);
        } else if changed {
            state.lied = None; // they follow what they stand for
        }
        state.audited = state.last_body.map(|_| now);
    }
    state.validators = validators;
    state.hints = brought.hints.clone();
    state.content = Some(content);
    state.last_body = Some(now);
}

/// What a feed's state becomes with a part of it that was pushed: it learns from the entries.
pub(crate) fn delivered(
    mut state: FeedState,
    entries: &[Entry],
    sights: &[Sight],
    now: Timestamp,
) -> FeedState {
    learn(&mut state, entries, sights, now);
    state
}

/// Learns the feed's rhythm from the entries that are new.
fn learn(state: &mut FeedState, entries: &[Entry], sights: &[Sight], now: Timestamp) {
    let mut appeared = Vec::new();
    for (entry, sight) in entries.iter().zip(sights) {
        if *sight == Sight::Known {
            continue;
        }
        let at = entry.published.or(entry.updated);
        // What was skipped for its age counts here: a feed that ended years ago is quiet.
        let newest = at.filter(|at| *at <= now).unwrap_or(now);
        state.last_new = state.last_new.max(Some(newest));
        if *sight != Sight::Skipped {
            appeared.push(at);
        }
    }
    state.rhythm.learn(now, appeared);
}

/// Counts permanent redirects, and remembers where they lead from the third in a row on.
fn note_move(feed: &Feed, state: &mut FeedState, answer: &Answered, now: Timestamp) {
    let before = state.moved.take();
    let before = before.filter(|before| before.from == feed.url);
    state.moved = match before {
        // The new address was asked by itself.
        Some(before) if answer.asked == before.to && answer.asked != feed.url => {
            (answer.url == before.to).then_some(before)
        }
        before if answer.moved => {
            let polls = before
                .filter(|before| before.to == answer.url)
                .map_or(1, |before| before.polls.saturating_add(1));
            Some(Moved {
                from: feed.url.clone(),
                to: answer.url.clone(),
                polls,
                asked: now,
            })
        }
        _ => None,
    };
    if let Some(moved) = &state.moved {
        state.health = Health::Moved;
        state.health_why = format!("permanently to {}", shown(&moved.to));
    }
}

/// The state after a failure; validators stay, since what they stand for was read.
pub(crate) fn failed(
    settings: &Settings,
    feed: &Feed,
    mut state: FeedState,
    error: &PollError,
    conditional: bool,
    now: Timestamp,
) -> FeedState {
    let asked = !matches!(error, PollError::Fetch(FetchError::HostClosed { .. }));
    if asked {
        state.failures = state.failures.saturating_add(1);
        state.health = health(settings, feed, &state, error);
        state.health_why = error.to_string();
        if state.failures > 1 {
            state.health_why += &format!(", {} times in a row", state.failures);
        }
    }
    let was_audit = !conditional && !state.validators.is_empty();
    if was_audit && is_answer(error) {
        state.audited = Some(now);
    }
    match error {
        // Whatever it meant by that, it is asked for the whole feed the next time.
        PollError::UnaskedNotModified => state.validators = Validators::default(),
        // Asked with validators it refuses; without them it may not.
        PollError::Fetch(FetchError::Status { status, refusal })
            if may_mean_validators(*status) && refusal.conditional =>
        {
            state.ask_plainly = true;
            // Once may be a whim. A server that does it again is spared them, and whole answers
            // at the usual pace as well.
            if state.conditions_refused.replace(now).is_some() {
                state.lied = Some(now);
            }
        }
        _ => {}
    }
    let ended = ended(error, state.failures);
    let next = schedule::next_poll(settings, feed, &state, ended, now);
    if let Some(wait) = retry_after(error) {
        state.host_closed_until = Some(schedule::after(now, wait));
    }
    state.configured = Some(feed.url.clone());
    state.next_poll = Some(next);
    state.last_poll = Some(now);
    state.last_result = error.to_string();
    state
}

/// Whether the server said anything at all.
fn is_answer(error: &PollError) -> bool {
    match error {
        PollError::Fetch(error) => matches!(
            error,
            FetchError::Status { .. } | FetchError::Challenge { .. } | FetchError::Body(_)
        ),
        PollError::Feed(_) | PollError::Challenge { .. } | PollError::UnaskedNotModified => true,
    }
}

fn retry_after(error: &PollError) -> Option<Duration> {
    match error {
        PollError::Fetch(FetchError::Status { refusal, .. }) => refusal.retry_after,
        _ => None,
    }
}

/// Whether a status may be a refusal of the conditions and not of the request.
fn may_mean_validators(status: u16) -> bool {
    let other_cause = [401, 402, 403, 404, 407, 408, 410, 421, 425, 429, 451];
    (400..500).contains(&status) && !other_cause.contains(&status)
}

/// What a failure says of the feed.
fn health(settings: &Settings, feed: &Feed, state: &FeedState, error: &PollError) -> Health {
    match error {
        PollError::Fetch(FetchError::Challenge { .. })
        | PollError::Feed(FeedError::Html { .. })
        | PollError::Challenge { .. } => Health::Blocked,
        PollError::Fetch(FetchError::Status { refusal, .. }) if refusal.challenge.is_some() => {
            Health::Blocked
        }
        PollError::Fetch(FetchError::Status { status, .. }) => match status {
            401 | 402 | 403 | 407 | 429 | 451 => Health::Blocked,
            410 => Health::Gone,
            404 if schedule::is_given_up(settings, feed, &state.hints, state.failures) => {
                Health::Gone
            }
            _ => Health::Unreachable,
        },
        PollError::Fetch(FetchError::Body(Cut::TooLong { .. }))
        | PollError::Feed(_)
        | PollError::UnaskedNotModified => Health::Unreadable,
        PollError::Fetch(_) => Health::Unreachable,
    }
}

/// What a failure means for the schedule.
fn ended(error: &PollError, in_a_row: u32) -> Ended {
    if let Some(wait) = retry_after(error) {
        return Ended::Asked { wait };
    }
    match error {
        PollError::Fetch(FetchError::HostClosed { wait, .. }) => Ended::Asked { wait: *wait },
        PollError::Fetch(FetchError::Status { status: 404, .. }) => Ended::Missing { in_a_row },
        PollError::Fetch(FetchError::Status { status: 410, .. }) => Ended::Gone,
        _ => Ended::Failure { in_a_row },
    }
}

/// The validators that are worth sending back: a date from before the web's clocks were set, or
/// from days ahead, makes some servers say "not modified" for ever.
fn believable(mut validators: Validators, now: Timestamp) -> Validators {
    let plausible = |text: &String| {
        let Ok(modified) = httpdate::parse_http_date(text) else {
            return true; // what we cannot read, its server may
        };
        let first = SystemTime::UNIX_EPOCH + Duration::from_secs(YEAR_2000);
        (first..SystemTime::from(now) + MODIFIED_AHEAD_MAX).contains(&modified)
    };
    validators.last_modified = validators.last_modified.filter(plausible);
    validators
}

/// A hash over what the entries say, and nothing of what a server adds to each answer, such as the
/// time of its making.
fn content_hash(entries: &[Entry]) -> String {
    let mut hash = Sha256::new();
    for entry in entries {
        let title = entry.title.as_deref().unwrap_or_default();
        hash.update(entry.key().as_str());
        hash.update(title);
        hash.update([0]);
    }
    hex(&hash.finalize()[..8])
}

/// "200 with 20 entries", and what was wrong.
fn in_words<'a>(status: u16, entries: usize, problems: impl Iterator<Item = &'a String>) -> String {
    let noun = if entries == 1 { "entry" } else { "entries" };
    problems.fold(
        format!("{status} with {entries} {noun}"),
        |words, problem| format!("{words}; {problem}"),
    )
}

#[cfg(test)]
mod tests;
