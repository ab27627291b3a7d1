use std::{fs::OpenOptions, path::Path};

use proptest::prelude::*;

use super::*;
use crate::{
    disk::simulated::SimulatedDisk,
    recover::tests::{ids, line, story},
};

fn day(n: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, n).unwrap()
}

fn open(dir: &Path, checkpoint: Option<&Checkpoint>) -> crate::Opened {
    Sink::open(&Settings::new(dir), checkpoint).unwrap()
}

#[test]
fn a_day_has_a_file_and_a_clock_that_goes_back_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let mut sink = open(dir.path(), None).sink;
    sink.commit(&[story("a")], day(2)).unwrap();
    let end = sink.commit(&[story("b")], day(1)).unwrap();
    assert_eq!(end.file, "stories-2026-01-02.jsonl");
    let end = sink.commit(&[story("c")], day(3)).unwrap();
    assert_eq!(end.file, "stories-2026-01-03.jsonl");
    assert_eq!(ids(&open_again(sink, dir.path(), None)), ["a", "b", "c"]);
}

/// Opens the record again, as a new process would.
fn open_again(sink: Sink, dir: &Path, checkpoint: Option<&Checkpoint>) -> crate::Opened {
    drop(sink);
    open(dir, checkpoint)
}

#[test]
fn a_second_daemon_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let _held = open(dir.path(), None);
    assert!(matches!(
        Sink::open(&Settings::new(dir.path()), None),
        Err(SinkError::Locked { .. })
    ));
}

#[test]
fn a_commit_after_a_failed_one_starts_where_the_record_was_synced() {
    let dir = tempfile::tempdir().unwrap();
    let mut sink = open(dir.path(), None).sink;
    let end = sink.commit(&[story("a")], day(1)).unwrap();
    // What a failed write leaves behind when even taking it back fails.
    let path = dir.path().join(&end.file);
    let mut torn = std::fs::read(&path).unwrap();
    torn.extend_from_slice(b"{\"id\":\"half");
    std::fs::write(&path, torn).unwrap();
    sink.file = None;
    sink.commit(&[story("b")], day(1)).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text, line("a") + &line("b"));
}

#[test]
fn a_new_file_is_not_the_end_before_its_name_is_synced() {
    let disk = SimulatedDisk::default();
    let settings = Settings::new(Path::new("stories"));
    let open = |disk: &SimulatedDisk| {
        let disk = Arc::new(disk.clone());
        Sink::open_on(disk, &settings, None).unwrap()
    };
    let mut sink = open(&disk).sink;
    sink.commit(&[story("a")], day(1)).unwrap();
    let before = sink.end;
    // The new file is made and its directory is not synced.
    disk.lose_power_after(1);
    sink.commit(&[story("b")], day(2)).unwrap_err();
    assert_eq!(sink.end, before);
    // The next attempt is not put off by its own file.
    disk.lose_power_after(u64::MAX);
    let end = sink.commit(&[story("b")], day(2)).unwrap();
    assert_eq!(end.file, FileName::of(day(2)).to_string());
    assert_eq!(ids(&open(&disk)), ["a", "b"]);
}

#[test]
fn what_a_failed_write_left_does_not_stay_where_its_day_is_over_meanwhile() {
    let disk = SimulatedDisk::default();
    let settings = Settings::new(Path::new("stories"));
    let open = || Sink::open_on(Arc::new(disk.clone()), &settings, None).unwrap();
    let mut sink = open().sink;
    sink.commit(&[story("a")], day(1)).unwrap();
    // The line is written; neither syncing it nor cutting it off again succeeds.
    let writes = line("b").len().div_ceil(700) as u64;
    disk.refuse_after(writes, std::io::ErrorKind::Other, 2);
    sink.commit(&[story("b")], day(1)).unwrap_err();
    let first = FileName::of(day(1)).to_string();
    assert_eq!(
        disk.bytes(&first).unwrap(),
        (line("a") + &line("b")).into_bytes()
    );
    sink.commit(&[story("b")], day(2)).unwrap();
    drop(sink);
    assert_eq!(ids(&open()), ["a", "b"]);
}

#[test]
fn a_file_that_grew_too_large_gets_no_further_line() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings {
        rotate_size: line("a").len() as u64 + 1,
        ..Settings::new(dir.path())
    };
    let mut sink = Sink::open(&settings, None).unwrap().sink;
    let mut file = |id: &str, today| sink.commit(&[story(id)], day(today)).unwrap().file;
    assert_eq!(file("a", 1), "stories-2026-01-01.jsonl");
    assert_eq!(file("b", 1), "stories-2026-01-01.jsonl");
    assert_eq!(file("c", 1), "stories-2026-01-01.part0002.jsonl");
    assert_eq!(file("d", 2), "stories-2026-01-02.jsonl");
    let current = std::fs::read_to_string(dir.path().join(CURRENT)).unwrap();
    assert_eq!(current, "stories-2026-01-02.jsonl\n");
}

#[test]
fn a_finished_file_is_not_opened_again_by_a_clock_that_goes_back() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings::new(dir.path());
    let mut sink = Sink::open(&settings, None).unwrap().sink;
    sink.commit(&[story("a")], day(5)).unwrap();
    sink.close_past(day(6));
    assert!(!dir.path().join(CURRENT).exists());
    let never = std::sync::atomic::AtomicBool::new(false);
    let now = "2026-01-06T00:00:00Z".parse().unwrap();
    sink.upkeep().run(now, &never, &mut |_| ()).unwrap();
    // The same process, and the next one.
    drop(sink.commit(&[story("b")], day(4)).unwrap());
    drop(sink);
    let mut sink = Sink::open(&settings, None).unwrap().sink;
    let end = sink.commit(&[story("c")], day(5)).unwrap();
    assert_eq!(end.file, "stories-2026-01-05.part0002.jsonl");
    let text = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
    assert_eq!(text("stories-2026-01-05.jsonl"), line("a"));
    assert_eq!(text(&end.file), line("b") + &line("c"));
}

#[test]
fn room_that_is_to_be_left_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings {
        reserve: u64::MAX,
        ..Settings::new(dir.path())
    };
    let mut sink = Sink::open(&settings, None).unwrap().sink;
    let error = sink.commit(&[story("a")], day(1)).unwrap_err();
    assert!(error.is_full(), "{error}");
}

#[test]
fn a_file_that_is_not_ours_to_continue_is_never_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let sink = open(dir.path(), None).sink;
    let path = dir.path().join("stories-2026-01-01.jsonl");
    std::fs::write(&path, "someone's\n").unwrap();
    let mut sink = sink;
    assert!(sink.commit(&[story("a")], day(1)).is_err());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "someone's\n");
}

proptest! {
    /// Whatever a crash leaves behind the last sync, the record afterwards holds what was
    /// acknowledged, whole and once, and appending goes on.
    #[test]
    fn what_was_acknowledged_survives_any_crash(
        steps in prop::collection::vec((1_usize..4, 0_usize..3, any::<prop::sample::Index>()), 1..12)
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut acknowledged = Vec::new();
        let mut checkpoint = None;
        let mut next = 0;
        for (today, (stories, crash, cut)) in (1..).zip(steps) {
            let mut sink = open(dir.path(), checkpoint.as_ref()).sink;
            let group: Vec<_> = (0..stories).map(|i| story(&format!("s{}", next + i))).collect();
            next += stories;
            let end = sink.commit(&group, day(today)).unwrap();
            let start = checkpoint.as_ref().filter(|c: &&Checkpoint| c.file == end.file).map_or(0, |c| c.offset);
            drop(sink);
            if crash == 0 {
                // Killed before the acknowledgement: any part of the group may be there.
                let path = dir.path().join(&end.file);
                let keep = start + cut.index((end.offset - start) as usize + 1) as u64;
                OpenOptions::new().write(true).open(&path).unwrap().set_len(keep).unwrap();
                let opened = open(dir.path(), checkpoint.as_ref());
                let found = ids(&opened);
                for (found, written) in found.iter().zip(&group) {
                    prop_assert_eq!(found.as_str(), written.id.as_str());
                }
                acknowledged.extend(found);
                checkpoint = opened.end;
            } else {
                acknowledged.extend(group.iter().map(|story| story.id.to_string()));
                checkpoint = Some(end);
            }
        }
        prop_assert_eq!(ids(&open(dir.path(), None)), acknowledged);
    }
}
