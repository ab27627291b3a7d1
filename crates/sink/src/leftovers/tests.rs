use std::{
    fs,
    path::Path,
    sync::{Arc, atomic::AtomicBool},
};

use super::*;
use crate::{
    Done, Settings, Sink,
    disk::simulated::SimulatedDisk,
    recover::tests::{ids, line, story},
};

const FILE: &str = "stories-2026-01-01.jsonl";
const PACKED: &str = "stories-2026-01-01.jsonl.zst";

/// Opens a directory with a file in both forms, and says what was read and what was set aside.
fn check(plain: &str, packed: &[u8], ids_read: &[&str], aside: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    fs::write(path(FILE), plain).unwrap();
    fs::write(path(&format!("{FILE}.zst")), packed).unwrap();
    fs::write(path(&format!("new.{FILE}.zst")), "half of a").unwrap();
    fs::write(path("new.MANIFEST"), "half of a").unwrap();
    fs::write(path("new.theirs"), "not ours").unwrap();
    let opened = Sink::open(&Settings::new(dir.path()), None).unwrap();
    assert_eq!(ids(&opened), ids_read);
    assert_eq!(opened.tail.set_aside, aside);
    assert!(aside.iter().all(|name| path(name).exists()));
    let new = |name: &str| name.starts_with("new.");
    let names = fs::read_dir(dir.path()).unwrap();
    let names = names.map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|n| new(n)).collect::<Vec<_>>(), ["new.theirs"]);
}

#[test]
fn a_file_that_is_there_twice_is_there_once_afterwards() {
    let text = line("a") + &line("b");
    let packed = zstd::encode_all(text.as_bytes(), 3).unwrap();
    check(&text, &packed, &["a", "b"], &[]);
}

#[test]
fn of_two_files_that_differ_neither_is_deleted() {
    let packed = zstd::encode_all(line("b").as_bytes(), 3).unwrap();
    let aside = format!("aside.{FILE}.zst.1");
    check(&line("a"), &packed, &["a"], &[&aside]);
    check(&line("a"), b"no zstd at all", &["a"], &[&aside]);
}

/// A disk with a file in both forms, of which the plain one was finished.
fn both(plain: &str, packed: &str) -> (SimulatedDisk, Settings) {
    let disk = SimulatedDisk::default();
    let settings = Settings::new(Path::new("stories"));
    let mut sink = open(&disk, &settings).sink;
    for (id, today) in [("a", "2026-01-01"), ("z", "2026-01-02")] {
        let today = today.parse().unwrap();
        sink.commit(&[story(id)], today).unwrap();
    }
    round(&sink);
    disk.put(FILE, plain.into());
    let packed = zstd::encode_all(packed.as_bytes(), 3).unwrap();
    disk.put(PACKED, packed);
    (disk, settings)
}

fn open(disk: &SimulatedDisk, settings: &Settings) -> crate::Opened {
    Sink::open_on(Arc::new(disk.clone()), settings, None).unwrap()
}

/// What a round fails with, and what it sets aside.
fn round(sink: &Sink) -> (Vec<FileName>, Vec<String>) {
    let (mut failed, mut aside) = (Vec::new(), Vec::new());
    let now = "2026-01-03T00:00:00Z".parse().unwrap();
    let tell = &mut |done| match done {
        Done::Failed { file, .. } => failed.push(file),
        Done::SetAside { name } => aside.push(name),
        _ => {}
    };
    sink.upkeep()
        .run(now, &AtomicBool::new(false), tell)
        .unwrap();
    (failed, aside)
}

#[test]
fn a_file_that_cannot_be_read_at_the_moment_does_not_lose_to_another() {
    let (disk, settings) = both(&line("a"), &line("other"));
    let name: FileName = FILE.parse().unwrap();
    disk.refuse_opening(Some(FILE));
    let opened = open(&disk, &settings);
    let told = opened.tail.damaged.iter().map(|(file, _)| *file);
    assert_eq!(told.collect::<Vec<_>>(), [name, name]); // nor can its lines be read
    assert_eq!(opened.tail.set_aside, [""; 0]);
    assert_eq!(round(&opened.sink), (vec![name], vec![]));
    assert!(disk.bytes(FILE).is_some() && disk.bytes(PACKED).is_some());
    disk.refuse_opening(None);
    let aside = format!("aside.{PACKED}.1");
    assert_eq!(round(&opened.sink), (vec![], vec![aside]));
    // Nor does it win where the other holds what was finished.
    let (disk, settings) = both(&line("other"), &line("a"));
    disk.refuse_opening(Some(FILE));
    let opened = open(&disk, &settings);
    assert_eq!(opened.tail.set_aside, [format!("aside.{FILE}.1")]);
    assert_eq!(ids(&opened), ["a", "z"]);
}

#[test]
fn a_double_that_cannot_be_moved_holds_up_nothing_else() {
    let name: FileName = FILE.parse().unwrap();
    for (packed, immovable) in [("a", FILE), ("other", PACKED)] {
        let (disk, settings) = both(&line("a"), &line(packed));
        disk.refuse_moving(Some(immovable));
        let mut opened = open(&disk, &settings);
        assert_eq!(ids(&opened), ["a", "z"]);
        assert!(matches!(opened.tail.damaged[..], [(file, _)] if file == name));
        let today = "2026-01-03".parse().unwrap();
        opened.sink.commit(&[story("b")], today).unwrap();
        assert_eq!(round(&opened.sink), (vec![name], vec![]));
        let manifest = Manifest::parse(&disk.bytes(MANIFEST).unwrap());
        assert_eq!(manifest.files.len(), 2);
        disk.refuse_moving(None);
        assert_eq!(round(&opened.sink).0, []);
        let forms = [FILE, PACKED].map(|form| disk.bytes(form));
        assert_eq!(forms.iter().flatten().count(), 1);
    }
}
