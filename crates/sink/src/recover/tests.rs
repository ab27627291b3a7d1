use story::{Article, Story, TextSource};

use std::fs;

use super::*;

/// A story with an id and nothing to say.
pub(crate) fn story(id: &str) -> Story {
    Story {
        id: StoryId::carried(id.to_owned()),
        relevant: true,
        score: 1.0,
        threshold: 0.5,
        ..Story::from(Article::new(
            "A title\nof two lines".to_owned(),
            String::new(),
            TextSource::Page,
        ))
    }
}

/// The line of [`story`].
pub(crate) fn line(id: &str) -> String {
    serde_json::to_string(&story(id)).unwrap() + "\n"
}

/// Ids of the lines that were read back.
pub(crate) fn ids(opened: &Opened) -> Vec<String> {
    opened
        .tail
        .written
        .iter()
        .map(|line| line.id.to_string())
        .collect()
}

const FILE: &str = "stories-2026-01-01.jsonl";

fn open_with(text: &[u8], checkpoint: Option<u64>) -> (tempfile::TempDir, Opened) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(FILE), text).unwrap();
    let checkpoint = checkpoint.map(|offset| Checkpoint {
        file: FILE.to_owned(),
        offset,
    });
    let opened = Sink::open(&Settings::new(dir.path()), checkpoint.as_ref()).unwrap();
    (dir, opened)
}

#[test]
fn a_torn_last_line_is_cut_off_and_kept_aside() {
    let (whole, torn) = (line("a"), &line("b")[..40]);
    let (dir, opened) = open_with(format!("{whole}{torn}").as_bytes(), None);
    assert_eq!(ids(&opened), ["a"]);
    assert_eq!(fs::read_to_string(dir.path().join(FILE)).unwrap(), whole);
    let cut = &opened.tail.torn[0];
    assert_eq!(fs::read_to_string(&cut.kept_as).unwrap(), torn);
    assert!(!cut.kept_as.to_string_lossy().ends_with(".jsonl"));
    assert_eq!(cut.bytes, 40);
}

#[test]
fn zeros_that_a_power_loss_left_are_no_lines() {
    let whole = line("a");
    let mut bytes = whole.clone().into_bytes();
    bytes.extend_from_slice(b"\0\0\0\n\0");
    let (_dir, opened) = open_with(&bytes, None);
    assert_eq!(opened.end.unwrap().offset, whole.len() as u64);
}

#[test]
fn only_what_stands_behind_the_checkpoint_is_read() {
    let text = line("a") + &line("b");
    let (_dir, opened) = open_with(text.as_bytes(), Some(line("a").len() as u64));
    assert_eq!(ids(&opened), ["b"]);
}

#[test]
fn a_file_that_is_not_the_one_that_was_acknowledged_is_read_whole() {
    let text = line("a") + &line("b");
    let inside = line("a").len() as u64 + 7;
    for checkpoint in [inside, text.len() as u64 + 1, 1_000_000] {
        let (_dir, opened) = open_with(text.as_bytes(), Some(checkpoint));
        assert_eq!(ids(&opened), ["a", "b"], "{checkpoint}");
        assert_eq!(opened.end.unwrap().offset, text.len() as u64);
    }
    let dir = tempfile::tempdir().unwrap();
    let packed = zstd::encode_all(text.as_bytes(), 3).unwrap();
    fs::write(dir.path().join(format!("{FILE}.zst")), packed).unwrap();
    for (offset, expected) in [
        (0, &["a", "b"][..]),
        (line("a").len() as u64, &["b"]),
        (inside, &["a", "b"]),
        (1_000_000, &["a", "b"]),
    ] {
        let file = FILE.to_owned();
        let checkpoint = Checkpoint { file, offset };
        let opened = Sink::open(&Settings::new(dir.path()), Some(&checkpoint)).unwrap();
        assert_eq!(ids(&opened), expected, "{offset}");
        assert_eq!(opened.end.unwrap().offset, text.len() as u64);
    }
}

#[test]
fn a_story_that_lost_the_end_of_its_line_stays_and_the_next_has_a_line_of_its_own() {
    let text = line("a") + &line("b");
    let (dir, mut opened) = open_with(text.trim_end().as_bytes(), Some(text.len() as u64));
    assert_eq!(ids(&opened), ["a", "b"]);
    assert_eq!(opened.tail.torn, []);
    assert_eq!(opened.tail.ended, [FILE.parse().unwrap()]);
    let today = "2026-01-01".parse().unwrap();
    opened.sink.commit(&[story("c")], today).unwrap();
    let written = fs::read_to_string(dir.path().join(FILE)).unwrap();
    assert_eq!(written, text + &line("c"));
}

#[test]
fn whole_lines_behind_a_damaged_one_stay() {
    let damaged = line("b").replace("two", "\0\0\0");
    let harmed = [
        &line("a"),
        &damaged,
        &damaged,
        &line("c"),
        "\0\n",
        &line("d"),
    ];
    for (end, torn) in [("", ""), ("\0\0\n\0", "\0\0\n\0"), ("{\"id\"", "{\"id\"")] {
        let harmed = harmed.concat() + end;
        let (dir, opened) = open_with(harmed.as_bytes(), Some(line("a").len() as u64));
        assert_eq!(ids(&opened), ["c", "d"]);
        let text = fs::read_to_string(dir.path().join(FILE)).unwrap();
        assert_eq!(text, line("a") + &line("c") + &line("d"));
        assert_eq!(opened.end.unwrap().offset, text.len() as u64);
        let kept = fs::read_to_string(&opened.tail.torn[0].kept_as).unwrap();
        assert_eq!(kept, format!("{damaged}{damaged}\0\n{torn}"));
        assert_eq!(opened.tail.torn[0].bytes, kept.len() as u64);
    }
}

#[test]
fn a_file_that_the_manifest_knows_is_not_mended() {
    let dir = tempfile::tempdir().unwrap();
    let mut sink = Sink::open(&Settings::new(dir.path()), None).unwrap().sink;
    sink.commit(&[story("a")], "2026-01-01".parse().unwrap())
        .unwrap();
    sink.commit(&[story("b")], "2026-01-02".parse().unwrap())
        .unwrap();
    let never = std::sync::atomic::AtomicBool::new(false);
    let now = "2026-01-02T00:00:00Z".parse().unwrap();
    sink.upkeep().run(now, &never, &mut |_| ()).unwrap();
    drop(sink);
    let harmed = line("a") + "\0\n{\"id\"";
    fs::write(dir.path().join(FILE), &harmed).unwrap();
    let opened = Sink::open(&Settings::new(dir.path()), None).unwrap();
    assert_eq!(
        (ids(&opened), opened.tail.torn.len()),
        (vec!["a".to_owned(), "b".to_owned()], 0)
    );
    assert_eq!(fs::read_to_string(dir.path().join(FILE)).unwrap(), harmed);
}

#[test]
fn a_torn_end_is_kept_aside_a_piece_at_a_time() {
    let disk = crate::disk::simulated::SimulatedDisk::default();
    let settings = Settings::new(std::path::Path::new("stories"));
    let torn = vec![0; 1 << 20];
    disk.open(std::path::Path::new(FILE), Open::New)
        .unwrap()
        .write_all(&torn)
        .unwrap();
    let opened = Sink::open_on(Arc::new(disk.clone()), &settings, None).unwrap();
    assert_eq!(opened.tail.torn[0].bytes, torn.len() as u64);
    assert_eq!(disk.bytes(&format!("torn.{FILE}.at-0")), Some(torn));
    assert!(disk.longest_read() <= 1 << 16, "{}", disk.longest_read());
}

#[test]
fn a_lost_newest_file_leaves_the_older_ones_as_they_are() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(FILE), line("a")).unwrap();
    let gone = Checkpoint {
        file: "stories-2026-01-09.jsonl".to_owned(),
        offset: 5,
    };
    let opened = Sink::open(&Settings::new(dir.path()), Some(&gone)).unwrap();
    let end = Checkpoint {
        file: FILE.to_owned(),
        offset: line("a").len() as u64,
    };
    assert_eq!(opened.end, Some(end));
    let text = fs::read_to_string(dir.path().join(FILE)).unwrap();
    assert_eq!(text, line("a"));
}

#[test]
fn only_files_that_the_sink_names_are_the_record() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(FILE), line("a")).unwrap();
    let others = [
        "stories-export.jsonl",
        "stories-2026-01-01 (copy).jsonl",
        "stories-2026-1-2.jsonl",
        "stories-+2026-01-02.jsonl",
        "stories-2026-13-01.jsonl",
        "stories-.jsonl",
    ];
    for other in others {
        fs::write(dir.path().join(other), "half a li").unwrap();
    }
    let stray = Checkpoint {
        file: "stories-export.jsonl".to_owned(),
        offset: 9,
    };
    let mut opened = Sink::open(&Settings::new(dir.path()), Some(&stray)).unwrap();
    assert_eq!(ids(&opened), ["a"]);
    assert_eq!(opened.tail.torn, []);
    assert_eq!(opened.end.as_ref().unwrap().file, FILE);
    let today = "2026-01-02".parse().unwrap();
    let end = opened.sink.commit(&[story("b")], today).unwrap();
    assert_eq!(end.file, "stories-2026-01-02.jsonl");
    for other in others {
        let text = fs::read_to_string(dir.path().join(other)).unwrap();
        assert_eq!(text, "half a li", "{other}");
    }
}

#[test]
fn lines_of_others_are_counted_and_left() {
    let text = format!("not json\n{}", line("a"));
    let (dir, opened) = open_with(text.as_bytes(), None);
    assert_eq!(
        (opened.tail.foreign_lines, ids(&opened)),
        (1, vec!["a".to_owned()])
    );
    assert_eq!(fs::read_to_string(dir.path().join(FILE)).unwrap(), text);
}
