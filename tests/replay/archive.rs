//! The daemon with its archive on: what it keeps can be read, by others too, and replayed.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde_json::Value;
use testkit::{News, Reply, Site};
use warc::{Kind, Reader};

use crate::{
    files::page_at,
    replay,
    support::{Desk, feeds, get_bytes, text, until},
};

/// A site with news, and a desk whose archive is on.
async fn desk() -> (Site, Desk) {
    let site = Site::start().await;
    let news = News::new(5).feeds(2).articles_per_feed(8);
    news.install(&site);
    // A page that is gone: the feed's own text stands in.
    site.set(&news.articles()[0].path, Reply::status(410));
    let desk = Desk::new(&feeds(news.feed_paths().iter().map(|path| site.url(path))));
    let config = fs::read_to_string(desk.config()).expect("a configuration");
    let archive = "[archive]\nenabled = true\ndir = \"archive\"\nrotate_size = \"40KB\"\n";
    fs::write(desk.config(), format!("{archive}{config}")).expect("written");
    (site, desk)
}

fn archives(desk: &Desk) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(desk.path("archive"))
        .expect("a folder")
        .map(|file| file.expect("a file").path())
        .filter(|path| path.to_string_lossy().ends_with(".warc.gz"))
        .collect();
    files.sort();
    files
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
    assert!(archives(&desk).len() > 1, "no file was rotated");

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

    let last = archives(&desk).pop().unwrap();
    check_with_warcio(&archives(&desk));
    drop(last);
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

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_the_archive_is_whole_up_to_what_stories_name() {
    let (_site, desk) = desk().await;
    for kill in 0..6 {
        let daemon = desk.daemon();
        std::thread::sleep(Duration::from_millis(150 + 60 * kill));
        daemon.kill();
    }
    // What a kill may leave of a record that was being written.
    if let Some(newest) = archives_or_none(&desk).pop() {
        use std::io::Write;
        let mut file = fs::OpenOptions::new().append(true).open(newest).unwrap();
        file.write_all(b"\x1f\x8b\x08\0\0\0\0\0\0\xff half a record")
            .unwrap();
    }
    let daemon = desk.daemon();
    until(Duration::from_secs(30), "every entry has ended", || {
        let counts = desk.counts();
        counts["pending"] == 0 && counts.values().sum::<u64>() == 16
    });
    daemon.signal("TERM");
    assert_eq!(
        daemon.wait(Duration::from_secs(10)).code(),
        Some(0),
        "{}",
        desk.log()
    );
    let written = desk.story_paths();
    assert!(written.values().all(|times| *times == 1), "{written:?}");
    for story in desk.stories() {
        if story["text_source"] == "page" {
            let page = page_at(&desk.path("archive"), &story["provenance"]["archive"]);
            assert!(!page.is_empty());
        }
    }
    let mut kinds = BTreeMap::new();
    for file in archives(&desk) {
        let mut reader = Reader::new(File::open(&file).unwrap()).unwrap();
        while let Some(head) = reader.advance() {
            let head = head.unwrap_or_else(|problem| panic!("{}: {problem}", file.display()));
            *kinds
                .entry(head.header.kind().as_str().to_owned())
                .or_insert(0) += 1;
        }
    }
    // Feeds that had not changed took no room.
    assert!(kinds[Kind::Revisit.as_str()] > 0, "{kinds:?}");
}

fn archives_or_none(desk: &Desk) -> Vec<PathBuf> {
    if desk.path("archive").exists() {
        archives(desk)
    } else {
        Vec::new()
    }
}
