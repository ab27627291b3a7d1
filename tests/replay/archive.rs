//! The daemon with its archive on: what it keeps can be read, by others too, and replayed.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use testkit::{News, Reply, Site};

use crate::{
    archived::{self, page_at},
    replay,
    support::{Desk, feeds, get_bytes, text},
};

/// A site with news, and a desk whose archive is on.
async fn desk() -> (Site, Desk) {
    let site = Site::start().await;
    let news = News::new(5).feeds(2).articles_per_feed(8);
    news.install(&site);
    // A page that is gone: the feed's own text stands in.
    site.set(&news.articles()[0].path, Reply::status(410));
    // What gathers on a busy machine is written together, into one file: the feeds are to fill theirs.
    let archive = "[archive]\nenabled = true\ndir = \"archive\"\nrotate_size = \"1KB\"\n";
    let urls = news.feed_paths();
    let urls = feeds(urls.iter().map(|path| site.url(path)));
    (site, Desk::with_sink(&urls, "", archive))
}

/// What must be the same of two stories: all but who made them, and where from.
fn essence(stories: Vec<Value>) -> BTreeMap<String, Value> {
    stories
        .into_iter()
        .map(|mut story| {
            let provenance = story["provenance"].as_object_mut().expect("provenance");
            provenance.remove("config");
            (story["id"].as_str().expect("an id").to_owned(), story)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_daemon_archives_gives_its_stories_again() {
    let (site, desk) = desk().await;
    desk.run_once();
    let stories = desk.stories();
    assert!(stories.len() > 5);
    for story in &stories {
        let position = &story["provenance"]["archive"];
        if story["text_source"] == "feed" {
            assert!(position.is_null(), "{position}");
            continue;
        }
        let url: url::Url = story["url"].as_str().unwrap().parse().unwrap();
        let page = page_at(&desk.path("archive"), position);
        assert_eq!(page, get_bytes(&site, url.path()), "{url}");
    }
    assert!(
        archived::files(&desk.path("archive")).len() > 1,
        "no file was rotated"
    );

    let out = desk.path("replayed");
    let archive = desk.path("archive").display().to_string();
    let said = replay(&[&archive, "--out", &out.display().to_string()]);
    let said = text(&said.stderr);
    assert!(said.contains("0 faults"), "{said}");
    let replayed = essence(crate::stories(&out));
    assert_eq!(replayed, essence(stories));
    // Beside what the daemon wrote, nothing changes.
    let record = desk.path("stories").display().to_string();
    let same = text(&replay(&[&archive, "--diff", &record]).stdout);
    assert!(
        same.starts_with("0 kept now, 0 dropped now, 0 moved;"),
        "{same}"
    );
    // Into the daemon's own record: everything is there already.
    let config = desk.config().display().to_string();
    let again = text(&replay(&[&archive, "--config", &config]).stderr);
    assert!(again.contains(": 0 kept,"), "{again}");
    assert_eq!(desk.stories().len(), replayed.len());

    check_with_warcio(&archived::files(&desk.path("archive")));
    check_with_verify(&desk, &out);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_archive_relies_on_is_on_disk_before() {
    let site = Site::start().await;
    let news = News::new(6).feeds(1).articles_per_feed(2);
    news.install(&site);
    let urls = feeds(news.feed_paths().iter().map(|path| site.url(path)));
    let sink = "[archive]\nenabled = true\ndir = \"deep/er/archive\"\n";
    let desk = Desk::with_sink(&urls, "", sink);
    let Some(first) = changes(&desk) else {
        println!("skipped: strace cannot be run");
        return;
    };
    assert_in_order(
        &first,
        &[
            "mkdir deep/er",
            "sync deep",
            "mkdir deep/er/archive",
            "sync deep/er",
            "sync archive",
        ],
    );
    // A file that a process left before its name was on disk, with a record that is not whole.
    let file = archived::files(&desk.path("deep/er/archive"))
        .pop()
        .expect("a file");
    let torn = std::fs::read(&file).expect("a file").len() - 1;
    let shorter = std::fs::OpenOptions::new().write(true).open(&file);
    shorter
        .and_then(|file| file.set_len(torn as u64))
        .expect("it is cut");
    std::fs::remove_file(desk.path("deep/er/archive/.synced")).expect("a note");
    let again = changes(&desk).expect("strace ran before");
    assert_in_order(
        &again,
        &["sync archive", "sync torn", "sync archive", "cut file"],
    );
}

/// What a pass does to the archive: folders made, files and folders synced, files cut, in order;
/// `None` where `strace` cannot tell.
fn changes(desk: &Desk) -> Option<Vec<String>> {
    let log = desk.path("strace.log");
    let vigia = desk.command(&["run", "--once"]);
    let ran = Command::new("strace")
        .args([
            "-f",
            "-qq",
            "-y",
            "-e",
            "trace=/^(mkdir|mkdirat|fsync|fdatasync|ftruncate)$",
            "-o",
        ])
        .arg(&log)
        .arg(vigia.get_program())
        .args(vigia.get_args())
        .current_dir(desk.path(""))
        .output()
        .ok()?;
    assert!(ran.status.success(), "{}", text(&ran.stderr));
    let said = std::fs::read_to_string(log).expect("what strace saw");
    let changes: Vec<_> = said.lines().filter_map(change).collect();
    (!changes.is_empty()).then_some(changes)
}

/// A line of strace's, short: `mkdir deep`, `sync archive`, `cut file`.
fn change(line: &str) -> Option<String> {
    let (call, path) = line.split_once('(')?;
    let path = path.split(['<', '>', '"']).nth(1)?;
    let deep = path.find("/deep").map(|at| &path[at + 1..])?;
    let what = match deep.strip_prefix("deep/er/archive") {
        _ if call.contains("mkdir") => return Some(format!("mkdir {deep}")),
        None => deep,
        Some("") => "archive",
        Some(file) if file.contains(".torn-at-") => "torn",
        Some(_) => "file",
    };
    let did = if call.contains("ftruncate") {
        "cut"
    } else {
        "sync"
    };
    Some(format!("{did} {what}"))
}

fn assert_in_order(changes: &[String], expected: &[&str]) {
    let mut left = changes.iter();
    for wanted in expected {
        let found = left.any(|change| change == wanted);
        assert!(found, "`{wanted}` in {expected:?} is not in {changes:?}");
    }
}

/// Has `vigia verify` hold the record, and what was replayed of it, against the archive, and against
/// one that somebody changed.
fn check_with_verify(desk: &Desk, replayed: &Path) {
    let mut stories = desk.stories();
    stories.retain(|story| story["text_source"] == "page");
    let looked_up = format!("{0} stories name their page, and {0}", stories.len());
    let verify = |arguments: &[&str], status: i32, parts: &[&str]| {
        let output = desk.run(&[&["verify"], arguments].concat());
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{said}");
        for part in parts {
            assert!(said.contains(part), "{part} is not in:\n{said}");
        }
    };
    verify(&[], 0, &[&looked_up]);
    let replayed = replayed.display().to_string();
    // The ledger of a replay lies within, and its archive is where one says.
    verify(&[&replayed], 0, &[".vigia/ledger.db"]);
    let archive = desk.path("archive");
    let archive_path = archive.display().to_string();
    verify(&[&replayed, "--archive", &archive_path], 0, &[&looked_up]);

    let file = stories[0]["provenance"]["archive"]["file"].as_str();
    let file = archive.join(file.expect("a name"));
    let content = std::fs::read(&file).expect("a file");
    std::fs::write(&file, &content[1..]).expect("changed");
    let astray = ["that were looked up are not there", "the first is at byte"];
    verify(&[], 1, &astray);
    std::fs::remove_file(&file).expect("removed");
    verify(&[], 0, &["are in files that are not there"]);
    let nowhere = ["--archive", "nowhere"];
    verify(&nowhere, 1, &["find an archive in `nowhere`"]);
}

/// Has warcio check the digests of an archive, where it is installed.
fn check_with_warcio(files: &[PathBuf]) {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/peers");
    let programs = [
        PathBuf::from("warcio"),
        ours.join("warcio/bin/warcio"),
        ours.join("trafilatura/bin/warcio"),
    ];
    let checked = programs.iter().find_map(|program| {
        Command::new(program)
            .args(["check", "-v"])
            .args(files)
            .output()
            .ok()
    });
    let Some(checked) = checked else {
        println!("skipped: warcio is not there (pip install warcio)");
        return;
    };
    let said = text(&checked.stdout);
    assert!(checked.status.success(), "{said}{}", text(&checked.stderr));
    let passed = said.matches("digest pass").count();
    assert!(passed > 40, "{said}");
    println!("warcio: {passed} records pass");
}
