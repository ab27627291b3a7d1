//! Feeds, and what is to be seen of a daemon, for the tests.

use std::time::{Duration, Instant};

use story::Health;

use super::{
    rates::History,
    view::{FeedRow, View},
};
use crate::commands::{
    daemon::samples::{ago, now, snapshot, snapshot_later},
    feeds::listed::Listed,
};

/// Feeds as they are listed.
pub(super) fn feeds() -> Vec<Listed> {
    let feed = |id: &str, health, why: &str, last_result: &str, seconds: Option<i64>| {
        let mut feed = Listed::sample(id, health, why);
        feed.last_success = seconds.map(ago);
        feed.last_result = last_result.to_owned();
        feed
    };
    let mut feeds: Vec<Listed> = (0..8)
        .map(|n| {
            feed(
                &format!("co-diario-{n}"),
                Health::Ok,
                "200 with 20 entries",
                "200 with 20 entries",
                Some(40),
            )
        })
        .collect();
    feeds.push(feed(
        "co-judicial",
        Health::Blocked,
        "403 Forbidden (Cloudflare challenge)",
        "403 Forbidden",
        Some(90_000),
    ));
    feeds.push(feed(
        "mx-portal",
        Health::Blocked,
        "login page, where a feed was expected",
        "200 OK",
        None,
    ));
    feeds.push(feed(
        "co-semanal",
        Health::Quiet,
        "normally 14 a day, nothing for 9 hours",
        "304 Not Modified",
        Some(500),
    ));
    feeds.push(feed(
        "co-cerrado",
        Health::Gone,
        "410 Gone\u{1b}]0;x\u{7}, 2 times in a row",
        "410 Gone",
        Some(260_000),
    ));
    feeds
}

/// What is to be seen of a daemon that was asked twice.
pub(super) fn view() -> View {
    let mut history = History::default();
    let start = Instant::now();
    history.add(start, snapshot());
    history.add(start + Duration::from_secs(1), snapshot_later());
    let mut view = View::of(&history, now());
    view.feeds = FeedRow::worst_first(&feeds()).into();
    view
}
