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
fn a_checkpoint_past_the_end_reads_nothing() {
    let (_dir, opened) = open_with(line("a").as_bytes(), Some(1_000_000));
    assert_eq!(ids(&opened), [""; 0]);
    assert_eq!(opened.end.unwrap().offset, line("a").len() as u64);
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
    assert_eq!(ids(&opened), [""; 0]);
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
