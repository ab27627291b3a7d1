//! `vigia feeds list`: the feeds, how they are doing, and what became of their entries.

use std::{
    collections::HashMap,
    io::{self, Write},
    path::Path,
};

use anyhow::Result;
use chrono::Utc;
use pipeline::{Feed, FeedCounts, Reader, status::ago};
use serde::Serialize;
use story::{Health, storage::FeedState};

use crate::config;

/// A feed as it is listed.
#[derive(Serialize)]
struct Listed<'a> {
    id: &'a str,
    url: &'a str,
    country: Option<String>,
    health: &'static str,
    last_result: &'a str,
    last_poll: Option<story::Timestamp>,
    next_poll: Option<story::Timestamp>,
    failures: u32,
    pending: u64,
    kept: u64,
    dropped: u64,
    duplicate: u64,
    failed: u64,
    skipped: u64,
}

pub(crate) fn list(json: bool, config_file: Option<&Path>) -> Result<()> {
    let config = config::load(&config::find(config_file)?)?;
    // Before the first run there is no ledger, and every feed is new.
    let (states, counts) = if config.settings.ledger.is_file() {
        let reader = Reader::open(&config.settings.ledger)?;
        (reader.feed_states()?, reader.feed_counts()?)
    } else {
        (Vec::new(), Vec::new())
    };
    let states: HashMap<&str, &FeedState> = states
        .iter()
        .map(|state| (state.feed.as_str(), state))
        .collect();
    let counts: HashMap<&str, &FeedCounts> = counts
        .iter()
        .map(|counts| (counts.feed.as_str(), counts))
        .collect();
    let listed = config.settings.feeds.iter().map(|feed| {
        let id = feed.id.as_str();
        listed(feed, states.get(id).copied(), counts.get(id).copied())
    });
    let mut out = io::stdout().lock();
    if json {
        for feed in listed {
            writeln!(out, "{}", serde_json::to_string(&feed)?)?;
        }
        return Ok(());
    }
    writeln!(
        out,
        "{:32} {:7} {:>10} {:>5} {:>5}  last result",
        "feed", "health", "polled", "kept", "drop"
    )?;
    for feed in listed {
        writeln!(
            out,
            "{:32} {:7} {:>10} {:>5} {:>5}  {}",
            shortened(feed.id, 32),
            feed.health,
            feed.last_poll.map(ago).unwrap_or_default(),
            feed.kept,
            feed.dropped,
            feed.last_result,
        )?;
    }
    Ok(())
}

fn listed<'a>(
    feed: &'a Feed,
    state: Option<&'a FeedState>,
    counts: Option<&FeedCounts>,
) -> Listed<'a> {
    let counts = counts.cloned().unwrap_or_default();
    Listed {
        id: feed.id.as_str(),
        url: feed.url.as_str(),
        country: feed.home.country.map(|country| country.to_string()),
        health: state
            .map_or(Health::New, |state| state.health_at(Utc::now()).0)
            .as_str(),
        last_result: state.map_or("never polled", |state| &state.last_result),
        last_poll: state.and_then(|state| state.last_poll),
        next_poll: state.and_then(|state| state.next_poll),
        failures: state.map_or(0, |state| state.failures),
        pending: counts.pending,
        kept: counts.kept,
        dropped: counts.dropped,
        duplicate: counts.duplicate,
        failed: counts.failed,
        skipped: counts.skipped,
    }
}

/// A text of at most `width` characters; what is longer ends in `…`.
fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width - 1).chain(['…']).collect()
}
