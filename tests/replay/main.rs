//! `vigia replay`: archives, folders and lines through the real binary, whole, broken, and killed.

#[path = "../archived.rs"]
mod archived;
#[path = "../support.rs"]
mod support;

mod archive;
mod files;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread::sleep,
    time::Duration,
};

use files::{Packed, pack};
use serde_json::Value;
use support::{Desk, text, vigia, vigia_with_input};
use tempfile::TempDir;
use testkit::News;

/// `vigia replay`, which must end well.
fn replay(arguments: &[&str]) -> Output {
    let mut command = vigia();
    let output = command.arg("replay").args(arguments).output();
    let output = output.expect("vigia runs");
    assert!(output.status.success(), "{}", text(&output.stderr));
    output
}

/// Every line of the record in a folder; each must be whole JSON.
fn stories(folder: &Path) -> Vec<Value> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .map(|files| files.map(|file| file.expect("a file").path()).collect())
        .unwrap_or_default();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "jsonl"));
    files.sort();
    let texts = files
        .iter()
        .map(|path| fs::read_to_string(path).expect("UTF-8"));
    let lines: Vec<String> = texts
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let read = |line: &String| serde_json::from_str(line).expect("a line is JSON");
    lines.iter().map(read).collect()
}

/// Score by address.
fn scores(folder: &Path) -> BTreeMap<String, f64> {
    let stories = stories(folder);
    let scores: BTreeMap<_, _> = stories
        .iter()
        .map(|story| {
            let url = story["url"].as_str().expect("an address");
            (url.to_owned(), story["score"].as_f64().expect("a score"))
        })
        .collect();
    assert_eq!(scores.len(), stories.len(), "a story stands there twice");
    scores
}

/// A folder with `pages.warc.gz`, and what is in that.
fn desk(feeds: usize, articles: usize) -> (TempDir, Packed) {
    let folder = tempfile::tempdir().expect("a folder");
    let news = News::new(11).feeds(feeds).articles_per_feed(articles);
    let packed = pack(&news, &folder.path().join("pages.warc.gz"));
    (folder, packed)
}

fn path(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).display().to_string()
}

#[test]
fn an_archive_of_others_gives_the_stories_in_it() {
    let (folder, packed) = desk(3, 10);
    let out = path(&folder, "out");
    replay(&[&packed.path(), "--out", &out]);
    let stories = stories(Path::new(&out));
    let mut urls: Vec<_> = stories
        .iter()
        .map(|story| story["url"].as_str().unwrap().to_owned())
        .collect();
    urls.sort();
    assert_eq!(urls, packed.security());
    for story in &stories {
        assert_eq!(story["fetched"], files::DATE);
        assert_eq!(story["provenance"]["http_status"], 200);
        let page = packed.page_at(&story["provenance"]["archive"]);
        let url = story["url"].as_str().unwrap();
        assert_eq!(page, packed.html(url), "{url}");
    }
    // Once more: everything was replayed before.
    let again = text(&replay(&[&packed.path(), "--out", &out]).stderr);
    assert!(again.contains("going on behind 31 records"), "{again}");
    assert_eq!(scores(Path::new(&out)).len(), urls.len());
}

#[test]
fn one_that_is_killed_and_run_again_writes_each_story_once() {
    let (folder, packed) = desk(5, 24);
    let (out, control) = (path(&folder, "out"), path(&folder, "control"));
    replay(&[&packed.path(), "--out", &control]);
    let mut kills = 0;
    // Longer each time, so that it comes to an end; short at first, for machines that are quick.
    let mut patience = Duration::from_millis(60);
    loop {
        let mut command = vigia();
        command
            .args(["replay", &packed.path(), "--out", &out, "--jobs", "1"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = command.spawn().expect("vigia starts");
        sleep(patience);
        patience = patience * 3 / 2;
        if let Some(status) = child.try_wait().expect("it can be asked") {
            assert!(status.success());
            break;
        }
        if kills % 2 == 0 {
            child.kill().expect("it is killed");
            child.wait().expect("it ends");
        } else {
            // Asked to stop, it finishes what is under way.
            let pid = child.id().to_string();
            let asked = Command::new("kill").args(["-INT", &pid]).status();
            assert!(asked.expect("kill runs").success());
            let status = child.wait().expect("it ends");
            // One that had not begun to listen is ended by the signal itself.
            assert!(matches!(status.code(), None | Some(0 | 1)), "{status}");
        }
        kills += 1;
    }
    assert!(kills >= 2, "it was too quick to be killed");
    assert_eq!(scores(Path::new(&out)), scores(Path::new(&control)));
    println!("{kills} kills");
}

#[test]
fn a_broken_archive_costs_what_is_broken_and_says_where() {
    let (folder, packed) = desk(1, 10);
    let file = fs::read(packed.path()).unwrap();
    let mut broken = file.clone();
    let hit = packed.spans[3];
    broken[hit.offset as usize + 1000] ^= 0x5a;
    let last = packed.spans.last().unwrap();
    broken.truncate(last.offset as usize + 500);
    let name = path(&folder, "broken.warc.gz");
    fs::write(&name, broken).unwrap();
    let out = path(&folder, "out");
    let said = text(&replay(&[&name, "--out", &out]).stderr);
    assert!(
        said.contains(&format!("at byte {}: ", hit.offset)),
        "{said}"
    );
    let cut = format!("at byte {}: the file is cut off", last.offset);
    assert!(said.contains(&cut), "{said}");
    assert!(said.contains("2 faults in the files"), "{said}");
    // What is behind the first fault is there, and a page that is no more says nothing.
    let kept: Vec<_> = scores(Path::new(&out)).into_keys().collect();
    let left = |url: &&String| **url != packed.urls[3] && *url != packed.urls.last().unwrap();
    let expected: Vec<_> = packed.security();
    let expected: Vec<_> = expected.iter().filter(left).cloned().collect();
    assert_eq!(kept, expected);
}

#[test]
fn a_file_that_the_system_refuses_is_told_and_tried_again() {
    let (folder, packed) = desk(1, 10);
    let (refused, page) = (path(&folder, "refused.html"), path(&folder, "page.html"));
    // Memory is a file that may be opened, and its first byte cannot be read.
    let memory = format!("/proc/{}/mem", std::process::id());
    std::os::unix::fs::symlink(memory, &refused).unwrap();
    fs::write(&page, packed.html(&packed.security()[0])).unwrap();
    let out = path(&folder, "out");
    for begun in [None, Some("going on behind 11 records")] {
        let arguments = ["replay", &packed.path(), &refused, &page, "--out", &out];
        let output = vigia().args(arguments).output().unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("12 records of 3 files"), "{said}");
        assert!(said.contains(&format!("{refused}: ")), "{said}");
        assert!(said.contains("1 file could not be read"), "{said}");
        assert!(begun.is_none_or(|begun| said.contains(begun)), "{said}");
    }
    for story in packed.security() {
        assert!(scores(Path::new(&out)).contains_key(&story));
    }
}

#[test]
fn saved_pages_and_lines_give_the_same_stories() {
    let (folder, packed) = desk(1, 10);
    let (out, saved, lines) = (
        path(&folder, "out"),
        path(&folder, "saved"),
        path(&folder, "l.jsonl"),
    );
    replay(&[&packed.path(), "--out", &out]);
    fs::create_dir_all(format!("{saved}/within")).unwrap();
    let mut jsonl = String::new();
    for (n, url) in packed.urls.iter().enumerate() {
        let html = packed.html(url);
        fs::write(format!("{saved}/within/{n}.html"), &html).unwrap();
        fs::write(format!("{saved}/within/{n}.url"), format!("{url}\n")).unwrap();
        let html = String::from_utf8(html).unwrap();
        jsonl += &format!(
            "{}\n",
            serde_json::json!({ "id": n, "url": url, "html": html })
        );
    }
    fs::write(&lines, jsonl + "no line\n").unwrap();
    for input in [&saved, &lines] {
        let other = format!("{input}-out");
        replay(&[input, "--out", &other]);
        assert_eq!(
            scores(Path::new(&other)),
            scores(Path::new(&out)),
            "{input}"
        );
    }
    // Both at once are the same stories still.
    let both = path(&folder, "both");
    let said = text(&replay(&[&saved, &lines, "--out", &both]).stderr);
    assert_eq!(scores(Path::new(&both)), scores(Path::new(&out)));
    assert!(said.contains("failed: 1 line"), "{said}");
}

#[test]
fn a_record_in_small_compressed_files_is_replayed_to_and_from() {
    let (folder, packed) = desk(3, 10);
    let out = path(&folder, "out");
    replay(&[&packed.path(), "--out", &out]);
    let scores = scores(Path::new(&out));
    let desk = Desk::with_sink(&[], "", "rotate_size = \"8kB\"\ncompress = \"zstd\"\n");
    let config = desk.config().display().to_string();
    replay(&[&packed.path(), "--config", &config]);
    let files = sink::record_files(&desk.path("stories")).unwrap();
    let packed_files = files
        .iter()
        .filter(|file| file.compression != sink::Compression::None);
    assert!(packed_files.count() >= 2, "{files:?}");
    assert_eq!(desk.stories().len(), scores.len());
    let archive = folder.path().display().to_string();
    let verified = desk.run(&["verify", "--archive", &archive]);
    let said = text(&verified.stdout) + &text(&verified.stderr);
    assert!(
        verified.status.success() && said.contains("held against the ledger"),
        "{said}"
    );
    assert!(
        said.contains(&format!("and {} of those", scores.len())),
        "{said}"
    );

    let record = desk.path("stories").display().to_string();
    let same = text(&replay(&["--diff", &record]).stdout);
    let none = format!(
        "0 kept now, 0 dropped now, 0 moved; {} the same",
        scores.len()
    );
    assert!(same.starts_with(&none), "{same}");
    // A compressed file beside the plain one, and one that is not whole, change nothing.
    let first = files[0].path.file_name().unwrap().to_str().unwrap();
    let plain = desk.path("stories").join(first.trim_end_matches(".zst"));
    let mut lines = String::new();
    std::io::Read::read_to_string(&mut files[0].open().unwrap(), &mut lines).unwrap();
    fs::write(plain, lines).unwrap();
    let half = &fs::read(&files[0].path).unwrap()[..100];
    fs::write(desk.path("stories").join(format!("new.{first}")), half).unwrap();
    let again = path(&folder, "again");
    let said = text(&replay(&[&record, "--out", &again]).stderr);
    let all = format!(": {} kept, 0 dropped, 0 duplicates", scores.len());
    assert!(said.contains(&all) && said.contains("0 faults"), "{said}");
    // Where a story's page lies is known of its line alone.
    let places = |stories: Vec<Value>| -> BTreeMap<String, Value> {
        let place = |story: Value| {
            let place = &story["provenance"]["archive"];
            assert!(place.is_object(), "{story}");
            (story["id"].to_string(), place.clone())
        };
        stories.into_iter().map(place).collect()
    };
    assert_eq!(places(stories(Path::new(&again))), places(desk.stories()));
}

#[test]
fn what_the_daemon_has_seen_is_not_forgotten_by_a_replay() {
    let (_folder, packed) = desk(1, 10);
    let desk = Desk::with_sink(&[], "", "");
    desk.run_once();
    let ledger = rusqlite::Connection::open(desk.path("ledger.db")).unwrap();
    ledger
        .execute_batch(
            "INSERT INTO feed (no, id) VALUES (1, 'diario');
             INSERT INTO outcome (no, ending, reason) VALUES (9, 'kept', '');
             INSERT INTO entry (feed, key, outcome, seen_s, done_s) VALUES (1, x'00', 9, 0, 0)",
        )
        .unwrap();
    replay(&[
        &packed.path(),
        "--config",
        &desk.config().display().to_string(),
    ]);
    assert_eq!(desk.stories().len(), packed.security().len());
    let seen = "SELECT count(*) FROM entry";
    let seen: i64 = ledger.query_row(seen, [], |row| row.get(0)).unwrap();
    assert_eq!(seen, 1);
}

#[test]
fn a_diff_says_what_would_change() {
    let (folder, packed) = desk(1, 10);
    let out = path(&folder, "out");
    replay(&[&packed.path(), "--out", &out]);
    for arguments in [vec![packed.path()], Vec::new()] {
        let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        arguments.extend(["--diff", &out]);
        let said = text(&replay(&arguments).stdout);
        assert!(
            said.starts_with("0 kept now, 0 dropped now, 0 moved;"),
            "{said}"
        );
    }
    // A record of other days: one story is not in it, one has another score, one is no news today.
    let mut record = stories(Path::new(&out));
    assert!(record.len() >= 3);
    let new = record.pop().unwrap();
    record[0]["score"] = 0.75.into();
    let dull = packed
        .urls
        .iter()
        .find(|url| !packed.security().contains(url));
    let dull_id = files::id_of(dull.unwrap());
    let mut dropped = record[1].clone();
    dropped["id"] = dull_id.as_str().into();
    record.push(dropped);
    let mut absent = record[1].clone();
    absent["id"] = "elsewhere".into();
    record.push(absent);
    let older = path(&folder, "older");
    fs::create_dir(&older).unwrap();
    let lines: Vec<String> = record.iter().map(ToString::to_string).collect();
    let text_of_lines = lines.join("\n") + "\n";
    fs::write(format!("{older}/stories-2026-01-01.jsonl"), text_of_lines).unwrap();
    let json = text(&replay(&[&packed.path(), "--diff", &older, "--json"]).stdout);
    let changed: Vec<Value> = json
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let changes: Vec<_> = changed
        .iter()
        .map(|change| (change["change"].as_str().unwrap(), change["id"].clone()))
        .collect();
    let expected = [
        ("kept-now", new["id"].clone()),
        ("dropped-now", dull_id.into()),
        ("moved", record[0]["id"].clone()),
    ];
    assert_eq!(changes, expected);
    let table = text(&replay(&[&packed.path(), "--diff", &older]).stdout);
    assert!(
        table.contains("kept now") && table.contains("0.750"),
        "{table}"
    );
    assert!(table.contains("1 of the record not among"), "{table}");
    assert_eq!(
        fs::read_dir(&older).unwrap().count(),
        1,
        "a diff writes nothing"
    );
}

#[test]
fn what_cannot_be_replayed_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = vigia()
        .args(["replay", &path(&folder, ""), "--out", &path(&folder, "out")])
        .output()
        .unwrap();
    assert_eq!(nothing.status.code(), Some(1));
    assert!(text(&nothing.stderr).contains("find anything to replay"));
    let gone = vigia_with_input(&["replay", "/nowhere/x.warc", "--out", "out"], "");
    assert_eq!(gone.status.code(), Some(1));
    assert!(text(&gone.stderr).contains("/nowhere/x.warc"));
    assert_eq!(vigia_with_input(&["replay"], "").status.code(), Some(2));
}
