use chrono::NaiveDate;

use super::*;
use crate::{
    Settings, Sink,
    recover::tests::{line, story},
};

/// A record of three files, the first two of which are finished.
fn record(compress: Compression) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings {
        compress,
        ..Settings::new(dir.path())
    };
    let mut sink = Sink::open(&settings, None).unwrap().sink;
    for (day, id) in (1..).zip(["a", "b", "c"]) {
        let day = NaiveDate::from_ymd_opt(2026, 1, day).unwrap();
        sink.commit(&[story(id)], day).unwrap();
    }
    let never = std::sync::atomic::AtomicBool::new(false);
    let now = chrono::Utc::now();
    sink.upkeep().run(now, &never, &mut |_| ()).unwrap();
    dir
}

/// What is wrong with a record after something was done to it, and whether a repair mends it.
fn check(harm: impl Fn(&Path), expected: &[(&str, Remedy)]) {
    let dir = record(Compression::None);
    harm(dir.path());
    let found = inspect(dir.path(), &mut |_| ()).unwrap().problems;
    let told: Vec<_> = found
        .iter()
        .map(|problem| (problem.to_string(), problem.remedy))
        .collect();
    let matches = told.len() == expected.len()
        && told
            .iter()
            .zip(expected)
            .all(|(told, expected)| told.0.starts_with(expected.0) && told.1 == expected.1);
    assert!(matches, "{told:#?}");
}

const FIRST: &str = "stories-2026-01-01.jsonl";
const LAST: &str = "stories-2026-01-03.jsonl";

fn append(dir: &Path, name: &str, text: &str) {
    let path = dir.join(name);
    let old = fs::read_to_string(&path).unwrap_or_default();
    fs::write(path, old + text).unwrap();
}

#[test]
fn a_sound_record_is_found_sound() {
    check(|_| (), &[]);
    for compress in [Compression::Zstd, Compression::Gzip] {
        let dir = record(compress);
        let mut read = 0;
        let found = inspect(dir.path(), &mut |bytes| read += bytes).unwrap();
        assert_eq!((found.problems, found.stories.len()), (Vec::new(), 3));
        let bytes: Vec<_> = found.bytes.into_values().collect();
        assert_eq!(bytes, [line("a").len() as u64; 3]);
        let sizes = record_files(dir.path()).unwrap();
        assert_eq!(
            read,
            sizes.iter().map(|file| file.stored_bytes).sum::<u64>()
        );
    }
}

#[test]
fn what_was_done_to_a_record_by_hand_is_told() {
    let (repair, person) = (Remedy::Repair, Remedy::Person);
    let last = |text: String| move |dir: &Path| append(dir, LAST, &text);
    check(
        last("{\"id\":".to_owned()),
        &[("stories-2026-01-03.jsonl: ends in the middle", repair)],
    );
    check(
        last(line("d").trim_end().to_owned()),
        &[("stories-2026-01-03.jsonl: ends in a story without", repair)],
    );
    check(
        last("\0\n".to_owned()),
        &[("stories-2026-01-03.jsonl:2: is no story", repair)],
    );
    check(
        |dir| append(dir, FIRST, "{\"id\":"),
        &[
            ("stories-2026-01-01.jsonl: ends in the middle", person),
            ("stories-2026-01-01.jsonl: was changed", person),
        ],
    );
    check(
        last("{}\n".to_owned()),
        &[(
            "stories-2026-01-03.jsonl:2: is no story: missing field `schema`",
            person,
        )],
    );
    check(
        last(line("d").replace("story/1", "story/9")),
        &[(
            "stories-2026-01-03.jsonl:2: is no story: its schema is",
            person,
        )],
    );
    check(
        last(line("a")),
        &[(
            "stories-2026-01-01.jsonl:1 and stories-2026-01-03.jsonl:2: story `a`",
            person,
        )],
    );
    check(
        |dir| append(dir, FIRST, &line("d")),
        &[(
            "stories-2026-01-01.jsonl: was changed after it was finished: 1 lines",
            person,
        )],
    );
    check(
        |dir| fs::remove_file(dir.join(FIRST)).unwrap(),
        &[(
            "stories-2026-01-01.jsonl: is in the manifest, with 1 stories, and is not",
            person,
        )],
    );
    check(
        |dir| {
            let manifest = fs::read_to_string(dir.join(MANIFEST)).unwrap();
            fs::write(dir.join(MANIFEST), manifest.split_once('\n').unwrap().1).unwrap();
        },
        &[(
            "stories-2026-01-01.jsonl: is missing from the manifest",
            repair,
        )],
    );
    check(
        |dir| append(dir, MANIFEST, "half a li"),
        &[("MANIFEST: 1 lines cannot be read", person)],
    );
    check(
        |dir| append(dir, "new.stories-2026-01-01.jsonl.zst", "half"),
        &[(
            "new.stories-2026-01-01.jsonl.zst: was never finished",
            repair,
        )],
    );
}

#[test]
fn files_that_are_yet_to_be_counted_are_no_problem() {
    let dir = record(Compression::None);
    fs::remove_file(dir.path().join(MANIFEST)).unwrap();
    let found = inspect(dir.path(), &mut |_| ()).unwrap();
    assert_eq!((found.uncounted, found.problems), (2, Vec::new()));
}

#[test]
fn a_story_without_the_end_of_its_line_is_found() {
    let dir = record(Compression::None);
    append(dir.path(), LAST, line("d").trim_end());
    let found = inspect(dir.path(), &mut |_| ()).unwrap();
    assert!(found.stories.contains_key(&key("d", 1)));
}

#[test]
fn what_a_daemon_removes_meanwhile_is_not_missing() {
    let dir = record(Compression::None);
    let settings = Settings {
        retain_size: Some(1),
        ..Settings::new(dir.path())
    };
    let mut sink = Sink::open(&settings, None).unwrap().sink;
    let today = NaiveDate::from_ymd_opt(2026, 1, 4).unwrap();
    sink.commit(&[story("d")], today).unwrap();
    let never = std::sync::atomic::AtomicBool::new(false);
    let found = inspect(dir.path(), &mut |_| {
        let now = chrono::Utc::now();
        sink.upkeep().run(now, &never, &mut |_| ()).unwrap();
    });
    let found = found.unwrap();
    assert_eq!(found.problems, []);
    // The first was read before it went; of the others, one was not counted when this began.
    assert_eq!((found.stories.len(), found.removed_lines), (2, 2));
}

#[test]
fn a_record_that_is_being_written_is_not_blamed_for_it() {
    let dir = record(Compression::None);
    let sink = Sink::open(&Settings::new(dir.path()), None).unwrap();
    append(dir.path(), LAST, "{\"id\":");
    let found = inspect(dir.path(), &mut |_| ()).unwrap();
    assert!(found.in_use && found.problems.is_empty(), "{found:?}");
    drop(sink);
}
