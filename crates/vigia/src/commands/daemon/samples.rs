//! An answer of the daemon, for the tests.

use chrono::{DateTime, TimeDelta};
use pipeline::{HistogramSnapshot, status::Snapshot};
use serde_json::json;
use story::Timestamp;

/// When everything here is.
pub(in crate::commands) fn now() -> Timestamp {
    DateTime::from_timestamp(1_790_000_000, 0).expect("a moment")
}

/// So many seconds before that.
pub(in crate::commands) fn ago(seconds: i64) -> Timestamp {
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
pub(in crate::commands) fn snapshot() -> Snapshot {
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
        "archive": stage(960, 960, json!({}), 0),
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
pub(in crate::commands) fn snapshot_later() -> Snapshot {
    let mut later = snapshot();
    for (name, more) in [
        ("polls_ok", 2),
        ("entries_new", 5),
        ("bytes", 120_000),
        ("requests_under_way", 3),
    ] {
        *later.fetch.get_mut(name).expect("a counter") += more;
    }
    let archive = later.archive.as_mut().expect("an archive");
    archive.taken += 5;
    archive.passed += 5;
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
