//! An answer of the daemon and some feeds, for the tests.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta};
use pipeline::{HistogramSnapshot, status::Snapshot};
use serde_json::json;
use story::{Health, Timestamp};

use super::{
    rates::History,
    view::{FeedRow, View},
};
use crate::commands::feeds::listed::Listed;

/// When everything here is.
pub(super) fn now() -> Timestamp {
    DateTime::from_timestamp(1_790_000_000, 0).expect("a moment")
}

fn ago(seconds: i64) -> Timestamp {
    now() - TimeDelta::seconds(seconds)
}

fn histogram(bounds: &[f64], counts: &[u64]) -> HistogramSnapshot {
    HistogramSnapshot {
        bounds: bounds.to_vec(),
        counts: counts.to_vec(),
        sum: 0.0,
    }
}

/// A daemon that is at work, as it answers.
pub(super) fn snapshot() -> Snapshot {
    let waits = histogram(&[0.001, 0.01, 0.5], &[90, 8, 2, 0]);
    let lag = histogram(&[60.0, 3_600.0, 86_400.0], &[5, 80, 12, 3]);
    let stage = |taken: u64, passed: u64, ended: serde_json::Value, length: usize| {
        json!({
            "taken": taken, "passed": passed, "ended": ended, "waits": waits,
            "queue": {"length": length, "capacity": 64},
        })
    };
    let kept = |seconds, country, title: &str| json!({"at": ago(seconds), "country": country, "title": title, "url": null});
    let answer = json!({
        "version": "0.1.0", "pid": 4242, "started": ago(11_000), "phase": "running", "feeds": 316,
        "record": "/var/lib/vigia/stories",
        "fetch": {
            "polls_ok": 1200, "polls_not_modified": 800, "polls_failed": 31, "entries_new": 960,
            "entries_known": 23_000, "pages_fetched": 940, "pages_failed": 7, "requests": 3100,
            "requests_under_way": 6, "bytes": 148_000_000, "late_ms_p50": 80, "late_ms_p99": 2300,
        },
        "clean": stage(960, 931, json!({"failed/no-text": 23, "failed/not-found": 2}), 3),
        "classify": stage(930, 140, json!({"dropped/not-security": 702, "dropped/not-latin-america": 80}), 60),
        "sink": stage(140, 0, json!({"kept": 139, "duplicate": 1}), 0),
        "lags": {
            "published_to_seen": lag, "seen_to_kept": lag, "kept_to_written": waits,
            "published_to_written": lag,
        },
        "disk": {"free": 48_200_000_000_u64, "reserve": 1_000_000_000},
        "health": {"ok": 290, "blocked": 12, "gone": 4, "new": 0, "quiet": 10},
        "last_kept": [
            kept(4, "CO", "Ataque a una patrulla en el Cauca deja dos heridos"),
            kept(130, "MX", "Hallan \u{1b}[2Jcuerpos\u{202e} en Guerrero\n\ny detienen a dos"),
            kept(7300, "BR", "新聞記者 é ameaçado depois de reportagem sobre milícias do Rio de Janeiro, diz a associação"),
        ],
        "trouble": null,
    });
    serde_json::from_value(answer).expect("an answer")
}

/// The same a second later, after some work.
pub(super) fn snapshot_later() -> Snapshot {
    let mut later = snapshot();
    for (name, more) in [
        ("polls_ok", 2),
        ("entries_new", 5),
        ("bytes", 120_000),
        ("requests_under_way", 3),
    ] {
        *later.fetch.get_mut(name).expect("a counter") += more;
    }
    later.clean.taken += 5;
    later.clean.passed += 4;
    later.classify.taken += 4;
    *later
        .classify
        .ended
        .get_mut("dropped/not-security")
        .expect("a reason") += 3;
    later
}

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
