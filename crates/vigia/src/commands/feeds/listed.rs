//! The feeds of a configuration with what the ledger knows of each, read beside a running daemon.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use anyhow::Result;
use pipeline::{Feed, FeedCounts, Reader};
use serde::Serialize;
use story::{Health, Timestamp, storage::FeedState};

use super::health::health_of;
use crate::config;

/// A feed as it is listed.
#[derive(Clone, Debug, Serialize)]
pub(in crate::commands) struct Listed {
    pub(in crate::commands) id: String,
    pub(super) url: String,
    pub(super) country: Option<String>,
    pub(in crate::commands) health: Health,
    pub(in crate::commands) health_why: String,
    pub(in crate::commands) last_result: String,
    pub(super) last_poll: Option<Timestamp>,
    pub(in crate::commands) last_success: Option<Timestamp>,
    pub(super) last_new: Option<Timestamp>,
    pub(super) next_poll: Option<Timestamp>,
    pub(super) failures: u32,
    pub(super) pending: u64,
    pub(super) kept: u64,
    pub(super) dropped: u64,
    pub(super) duplicate: u64,
    pub(super) failed: u64,
    pub(super) skipped: u64,
}

/// The feeds of a configuration, and the ledger that knows of them.
#[derive(Clone, Debug)]
pub(in crate::commands) struct Roll {
    feeds: Vec<Feed>,
    ledger: PathBuf,
}

impl Roll {
    /// Reads the configuration at `path`, which with knowledge and model takes a moment.
    pub(in crate::commands) fn load(path: &Path) -> Result<Self> {
        let settings = config::load(path)?.settings;
        Ok(Self {
            feeds: settings.feeds,
            ledger: settings.ledger,
        })
    }

    /// What the ledger knows of each feed now, in the configuration's order.
    pub(in crate::commands) fn list(&self) -> Result<Vec<Listed>> {
        // Before the first run there is no ledger, and every feed is new.
        let (states, counts) = if self.ledger.is_file() {
            let reader = Reader::open(&self.ledger)?;
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
        let listed = self.feeds.iter().map(|feed| {
            let id = feed.id.as_str();
            listed(feed, states.get(id).copied(), counts.get(id).copied())
        });
        Ok(listed.collect())
    }
}

fn listed(feed: &Feed, state: Option<&FeedState>, counts: Option<&FeedCounts>) -> Listed {
    let counts = counts.cloned().unwrap_or_default();
    let (health, health_why) = health_of(state);
    Listed {
        id: feed.id.as_str().to_owned(),
        url: feed.url.as_str().to_owned(),
        country: feed.home.country.map(|country| country.to_string()),
        health,
        health_why,
        last_result: state
            .map_or("never polled", |state| &state.last_result)
            .to_owned(),
        last_poll: state.and_then(|state| state.last_poll),
        last_success: state.and_then(|state| state.last_success),
        last_new: state.and_then(|state| state.last_new),
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

#[cfg(test)]
impl Listed {
    /// A feed that is polled and of which nothing else is known.
    pub(in crate::commands) fn sample(id: &str, health: Health, why: &str) -> Self {
        Self {
            id: id.to_owned(),
            url: "https://a.test/rss".to_owned(),
            country: None,
            health,
            health_why: why.to_owned(),
            last_result: String::new(),
            last_poll: Some(chrono::Utc::now()),
            last_success: None,
            last_new: None,
            next_poll: None,
            failures: 0,
            pending: 0,
            kept: 0,
            dropped: 0,
            duplicate: 0,
            failed: 0,
            skipped: 0,
        }
    }
}
