use std::{fs, io, path::Path, time::Duration};

use chrono::NaiveDate;

use super::*;
use crate::{
    MANIFEST, Sink,
    disk::simulated::SimulatedDisk,
    recover::tests::{ids, line, story},
};

fn day(n: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, n).unwrap()
}

/// A round, with what it tells.
fn round(sink: &Sink) -> (Result<(), SinkError>, Vec<Done>) {
    let now = "2026-01-09T00:00:00Z".parse().unwrap();
    let mut told = Vec::new();
    let ended = sink
        .upkeep()
        .run(now, &AtomicBool::new(false), &mut |done| told.push(done));
    (ended, told)
}

/// A record with a file for each of some days.
fn record(settings: &Settings, days: u32) -> Sink {
    let mut sink = Sink::open(settings, None).unwrap().sink;
    for n in 1..=days {
        sink.commit(&[story(&format!("s{n}"))], day(n)).unwrap();
    }
    sink
}

fn zstd(dir: &Path) -> Settings {
    Settings {
        compress: Compression::Zstd,
        ..Settings::new(dir)
    }
}

#[test]
fn the_open_file_stays_where_somebody_compresses_it() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings::new(folder.path());
    let mut sink = record(&settings, 1);
    let open = folder.path().join("stories-2026-01-01.jsonl");
    let packed = zstd::encode_all(&*fs::read(&open).unwrap(), 3).unwrap();
    fs::write(open.with_extension("jsonl.zst"), packed).unwrap();
    round(&sink).0.unwrap();
    sink.commit(&[story("s2")], day(1)).unwrap();
    assert_eq!(fs::read_to_string(&open).unwrap(), line("s1") + &line("s2"));
    // The next process finds two that differ, and takes the one that was written.
    drop(sink);
    let opened = Sink::open(&settings, None).unwrap();
    assert_eq!(ids(&opened), ["s1", "s2"]);
}

#[test]
fn a_file_that_cannot_be_read_is_told_of_and_the_others_are_looked_after() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let settings = Settings {
        retain_size: Some(1),
        ..zstd(folder.path())
    };
    let mut sink = record(&settings, 3);
    // A folder can be opened and not read, whoever asks.
    fs::create_dir(path("stories-2025-12-31.jsonl.zst")).unwrap();
    fs::remove_file(path("stories-2026-01-01.jsonl")).unwrap();
    fs::create_dir(path("stories-2026-01-01.jsonl")).unwrap();
    let (ended, told) = round(&sink);
    ended.unwrap();
    let failed = |done: &&Done| matches!(done, Done::Failed { .. });
    let removed = |done: &&Done| matches!(done, Done::Removed { .. });
    assert_eq!(told.iter().filter(failed).count(), 2, "{told:?}");
    assert_eq!(told.iter().filter(removed).count(), 1, "{told:?}");
    assert!(!path("stories-2026-01-02.jsonl").exists());
    sink.commit(&[story("s4")], day(4)).unwrap();
    // Where the other form can be read, that counts; and the record opens beside what cannot.
    let packed = zstd::encode_all(line("s1").as_bytes(), 3).unwrap();
    fs::write(path("stories-2026-01-01.jsonl.zst"), packed).unwrap();
    drop(sink);
    let opened = Sink::open(&settings, None).unwrap();
    assert_eq!(ids(&opened), ["s1", "s3", "s4"]);
    assert_eq!(opened.tail.damaged.len(), 1);
    assert_eq!(opened.tail.set_aside, ["aside.stories-2026-01-01.jsonl.1"]);
}

#[test]
fn a_full_disk_is_freed_by_what_is_to_go() {
    let disk = SimulatedDisk::default();
    let settings = Settings::new(Path::new("stories"));
    let mut sink = Sink::open_on(Arc::new(disk.clone()), &settings, None)
        .unwrap()
        .sink;
    for n in 1..=3 {
        sink.commit(&[story("s")], day(n)).unwrap();
    }
    let (ended, _) = round(&sink);
    ended.unwrap();
    drop(sink);
    let settings = Settings {
        retain_size: Some(2 * line("s").len() as u64),
        ..settings
    };
    let mut sink = Sink::open_on(Arc::new(disk.clone()), &settings, None)
        .unwrap()
        .sink;
    sink.commit(&[story("s")], day(4)).unwrap();
    // Neither the third file can be counted nor the removal of the first noted beforehand.
    disk.refuse(io::ErrorKind::StorageFull, 2);
    let (ended, told) = round(&sink);
    assert!(ended.unwrap_err().is_full());
    assert!(matches!(&told[0], Done::Removed { .. }), "{told:?}");
    assert_eq!(disk.bytes("stories-2026-01-01.jsonl"), None);
    let manifest = Manifest::parse(&disk.bytes(MANIFEST).unwrap());
    let states: Vec<_> = manifest.files.values().map(|file| file.state).collect();
    assert_eq!(states, [State::Removed, State::Removed]);
    let (ended, _) = round(&sink);
    ended.unwrap();
}

#[test]
fn a_file_that_was_changed_is_not_compressed_and_not_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut sink = record(&Settings::new(folder.path()), 2);
    round(&sink).0.unwrap();
    drop(sink);
    let first = folder.path().join("stories-2026-01-01.jsonl");
    fs::write(&first, line("other")).unwrap();
    sink = Sink::open(&zstd(folder.path()), None).unwrap().sink;
    let (ended, told) = round(&sink);
    ended.unwrap();
    assert!(matches!(told[..], [Done::Changed { .. }]), "{told:?}");
    let (_, told) = round(&sink);
    assert!(told.is_empty(), "{told:?}");
    // Put back as it was, it is compressed by the next process.
    fs::write(&first, line("s1")).unwrap();
    drop(sink);
    sink = Sink::open(&zstd(folder.path()), None).unwrap().sink;
    let (_, told) = round(&sink);
    assert!(matches!(told[..], [Done::Compressed { .. }]), "{told:?}");
}

#[test]
fn a_file_stands_there_once_whatever_fails_while_it_is_compressed() {
    for operations in 0.. {
        let disk = SimulatedDisk::default();
        let settings = zstd(Path::new("stories"));
        let opened = Sink::open_on(Arc::new(disk.clone()), &settings, None);
        let mut sink = opened.unwrap().sink;
        for n in 1..=2 {
            sink.commit(&[story("s")], day(n)).unwrap();
        }
        disk.refuse_after(operations, io::ErrorKind::Other, 1);
        let (_, told) = round(&sink);
        let forms = ["", ".zst"].map(|form| disk.bytes(&format!("stories-2026-01-01.jsonl{form}")));
        assert_eq!(forms.iter().flatten().count(), 1, "{operations}: {told:?}");
        if disk.refuses() {
            assert!(operations > 10, "{operations}");
            break; // there was nothing left to refuse
        }
    }
}

#[test]
fn what_cannot_be_read_of_the_manifest_stays_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = folder.path().join(MANIFEST);
    let sink = record(&Settings::new(folder.path()), 2);
    fs::write(&manifest, "someone's note").unwrap();
    round(&sink).0.unwrap();
    let text = fs::read_to_string(&manifest).unwrap();
    assert!(text.ends_with("}\nsomeone's note\n"), "{text}");
}

#[test]
fn a_clock_that_is_far_ahead_does_not_empty_a_record() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        retain_age: Some(Duration::from_hours(24 * 30)),
        ..Settings::new(folder.path())
    };
    let mut sink = record(&settings, 3);
    let ahead = "2099-01-01T00:00:00Z".parse().unwrap();
    sink.close_past(NaiveDate::from_ymd_opt(2099, 1, 1).unwrap());
    let never = AtomicBool::new(false);
    sink.upkeep().run(ahead, &never, &mut |_| ()).unwrap();
    assert_eq!(crate::record_files(folder.path()).unwrap().len(), 3);
}
