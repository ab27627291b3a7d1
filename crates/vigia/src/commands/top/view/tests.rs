use std::{
    cmp::Reverse,
    time::{Duration, Instant},
};

use super::*;
use crate::commands::{
    daemon::samples::{now, snapshot, snapshot_later},
    top::samples::{feeds, view},
};

fn stage<'a>(view: &'a View, name: &str) -> &'a StageRow {
    let mut stages = view.stages.iter();
    stages.find(|stage| stage.name == name).expect("a stage")
}

#[test]
fn a_stage_tells_its_rates_its_queue_and_its_waits() {
    let view = view();
    assert_eq!(view.stages[0].name, "fetch");
    let clean = stage(&view, "clean");
    assert_eq!((clean.taken, clean.passed), (Some(5.0), Some(4.0)));
    assert_eq!(clean.rejected, Some(0.0));
    assert_eq!(clean.in_work, 960 + 5 - 931 - 4 - 25);
    let queue = clean.queue.map(|queue| (queue.length, queue.capacity));
    assert_eq!(queue, Some((3, 64)));
    assert_eq!(clean.waits, ["≤1ms", "≤10ms"]);
    let fetch = stage(&view, "fetch");
    assert_eq!((fetch.taken, fetch.in_work), (Some(5.0), 9));
    assert_eq!(fetch.queue, None);
}

#[test]
fn pages_go_out_to_the_first_stage_that_there_is() {
    let names = |view: &View| {
        view.stages
            .iter()
            .map(|stage| stage.name)
            .collect::<Vec<_>>()
    };
    let view = view();
    assert_eq!(names(&view)[..3], ["fetch", "archive", "clean"]);
    assert_eq!(stage(&view, "fetch").passed, Some(5.0));
    let start = Instant::now();
    let mut history = History::default();
    for (second, mut snapshot) in [(0, snapshot()), (1, snapshot_later())] {
        snapshot.archive = None;
        snapshot.clean.queue.length += second;
        history.add(start + Duration::from_secs(second as u64), snapshot);
    }
    let view = View::of(&history, now());
    assert_eq!(names(&view)[..2], ["fetch", "clean"]);
    assert_eq!(stage(&view, "fetch").passed, Some(6.0));
}

#[test]
fn what_the_last_stage_keeps_it_passes_on() {
    let mut history = History::default();
    let start = Instant::now();
    let mut later = snapshot_later();
    *later.sink.ended.get_mut("kept").unwrap() += 8;
    *later.sink.ended.get_mut("duplicate").unwrap() += 2;
    history.add(start, snapshot());
    history.add(start + Duration::from_secs(2), later);
    let view = View::of(&history, now());
    let sink = stage(&view, "sink");
    assert_eq!((sink.passed, sink.rejected), (Some(4.0), Some(1.0)));
}

#[test]
fn a_daemon_that_stops_is_not_steady() {
    let mut snapshot = snapshot();
    snapshot.phase = Phase::Draining;
    let mut history = History::default();
    history.add(Instant::now(), snapshot);
    let view = View::of(&history, now());
    assert!(
        !view.is_steady && view.head.contains("stopping"),
        "{}",
        view.head
    );
}

#[test]
fn counters_are_told_with_their_rates_unless_they_go_up_and_down() {
    let counters = view().counters;
    assert_eq!(counters[0], "31 polls failed");
    assert!(
        counters.contains(&"1202 polls ok +2/s".to_owned()),
        "{counters:?}"
    );
    assert!(
        counters.contains(&"9 requests under way".to_owned()),
        "{counters:?}"
    );
    assert!(counters.contains(&"148 MB +120 kB/s".to_owned()));
    assert!(
        counters.contains(&"late p99 2.3s".to_owned()),
        "{counters:?}"
    );
}

#[test]
fn the_most_frequent_rejections_come_first_and_what_was_kept_is_none() {
    let rejections = view().rejections;
    assert_eq!(
        rejections[0],
        Rejection {
            why: "dropped: not-security".to_owned(),
            count: 705,
            rate: Some(3.0),
        }
    );
    assert!(rejections.is_sorted_by_key(|rejection| Reverse(rejection.count)));
    assert!(rejections.iter().all(|rejection| rejection.why != "kept"));
}

#[test]
fn the_worst_feeds_come_first_and_among_them_those_that_failed_for_longest() {
    let rows = FeedRow::worst_first(&feeds());
    let ids: Vec<_> = rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(
        ids[..5],
        [
            "co-cerrado",
            "mx-portal",
            "co-judicial",
            "co-semanal",
            "co-diario-0"
        ]
    );
    assert_eq!(
        rows[1].says,
        "login page, where a feed was expected; last poll: 200 OK"
    );
    assert_eq!(rows[2].says, "403 Forbidden (Cloudflare challenge)");
}

#[test]
fn what_strangers_wrote_does_not_command_the_terminal() {
    let view = view();
    let titles = view.stories.iter().map(|story| &story.title);
    let says = view.feeds.iter().map(|feed| &feed.says);
    for text in titles.chain(says) {
        let obeyed = |c: char| c.is_control() || c == '\u{202e}';
        assert!(!text.contains(obeyed), "{text:?}");
    }
    assert_eq!(
        view.stories[1].title,
        "Hallan [2Jcuerpos en Guerrero y detienen a dos"
    );
}

#[test]
fn healths_begin_with_those_that_most_need_somebody() {
    let healths = view().healths;
    let words: Vec<_> = healths.iter().map(|(word, _)| word.as_str()).collect();
    assert_eq!(words, ["gone", "blocked", "quiet", "ok"]);
}

#[test]
fn before_the_first_answer_there_is_nothing_to_see() {
    let view = View::of(&History::default(), now());
    assert_eq!((view.head.as_str(), view.stages.len()), ("vigia", 0));
}
