//! Real feeds and real pages, served from loopback; runs only where the corpora are.

mod support;

use std::{collections::HashMap, fs, path::Path, process::Command};

use serde_json::Value;
use support::{Desk, feeds, shared, text, vigia};
use testkit::{Reply, Site};

/// Pages of each set, and feeds, that are served.
const PAGES: usize = 12;
const FEEDS: usize = 40;

fn json_lines(path: &Path) -> Vec<Value> {
    let lines = fs::read_to_string(path).unwrap();
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn gunzip(path: &Path) -> Vec<u8> {
    let output = Command::new("gzip")
        .arg("-dc")
        .arg(path)
        .output()
        .expect("gzip runs");
    output.stdout
}

#[tokio::test(flavor = "multi_thread")]
async fn real_pages_come_through_the_daemon_with_their_text() {
    let Some(folder) = shared("corpora/pages") else {
        return;
    };
    let site = Site::start().await;
    let mut truth = HashMap::new();
    let mut items = String::new();
    for set in ["latam_gold", "fundus"] {
        for page in json_lines(&folder.join(set).join("truth.jsonl"))
            .into_iter()
            .take(PAGES)
        {
            let id = page["id"].as_str().unwrap().to_owned();
            let html = gunzip(&folder.join(set).join(format!("html/{id}.html.gz")));
            let path = format!("/{set}/{id}");
            site.set(&path, Reply::ok("text/html", html));
            items += &format!(
                "<item><guid>{id}</guid><title>x</title><link>{}</link></item>",
                site.url(&path)
            );
            truth.insert(path, page["text"].as_str().unwrap_or_default().to_owned());
        }
    }
    let rss = format!("<rss version=\"2.0\"><channel><title>t</title>{items}</channel></rss>");
    site.set("/feed", Reply::ok("application/rss+xml", rss));
    let desk = Desk::new(&feeds([site.url("/feed")]));
    desk.run_once();
    let counts = desk.counts();
    assert_eq!(counts.values().sum::<u64>(), 2 * PAGES as u64, "{counts:?}");
    assert_eq!(counts["pending"] + counts["failed"], 0, "{counts:?}");
    // Whatever the verdict, the text that was judged is the article's: most of its words are there.
    let mut good = 0;
    for (path, expected) in &truth {
        let output = desk.run(&["explain", &site.url(path)]);
        assert!(output.status.success(), "{path}: {}", text(&output.stderr));
        let page = support::get_bytes(&site, path);
        let cleaned = clean(&page, &site.url(path));
        good += usize::from(shares_words(&cleaned, expected));
    }
    assert!(
        good * 10 >= truth.len() * 8,
        "only {good} of {} pages are read well",
        truth.len()
    );
}

fn clean(page: &[u8], url: &str) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), page).unwrap();
    let output = vigia()
        .args(["clean", "--url", url])
        .arg(file.path())
        .output()
        .unwrap();
    let article: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    article["text"].as_str().unwrap_or_default().to_owned()
}

/// Whether 8 in 10 of the words of each text stand in the other.
fn shares_words(a: &str, b: &str) -> bool {
    let share = |a: &str, b: &str| {
        let words: std::collections::HashSet<_> = b.split_whitespace().collect();
        let all = a.split_whitespace().count().max(1);
        a.split_whitespace()
            .filter(|word| words.contains(word))
            .count()
            * 10
            >= all * 8
    };
    share(a, b) && share(b, a)
}

#[tokio::test(flavor = "multi_thread")]
async fn real_feeds_are_polled_and_each_ends_with_entries_or_a_cause() {
    let Some(folder) = shared("corpora/feeds") else {
        return;
    };
    let rows = json_lines(&folder.join("index.jsonl"));
    let real = rows
        .iter()
        .filter(|row| row["notes"].as_str().unwrap_or("").contains("real site"));
    let files: Vec<_> = real
        .map(|row| folder.join("files").join(row["file"].as_str().unwrap()))
        .collect();
    let output = vigia().arg("entries").args(&files).output().unwrap();
    let site = Site::start().await;
    let mut urls = Vec::new();
    let mut readable = Vec::new();
    for (n, (file, line)) in files.iter().zip(text(&output.stdout).lines()).enumerate() {
        let read: Value = serde_json::from_str(line).unwrap();
        // Entries that are too old are not fetched: this test must not leave loopback.
        let dated = |entry: &Value| entry["published"].is_string() || entry["updated"].is_string();
        if !read["entries"]
            .as_array()
            .is_none_or(|entries| entries.iter().all(dated))
        {
            continue;
        }
        let path = format!("/{n}");
        site.set(&path, Reply::ok("application/xml", fs::read(file).unwrap()));
        urls.push(site.url(&path));
        readable.push(read["entries"].as_array().map_or(0, Vec::len));
        if urls.len() == FEEDS {
            break;
        }
    }
    let desk = Desk::new(&feeds(urls));
    let toml = fs::read_to_string(desk.config()).unwrap();
    fs::write(desk.config(), toml.replace("\"36500d\"", "\"1d\"")).unwrap();
    desk.run_once();
    for (feed, entries) in desk.listed().iter().zip(&readable) {
        let seen = feed["skipped"].as_u64().unwrap() + feed["duplicate"].as_u64().unwrap();
        let why = feed["last_result"].as_str().unwrap();
        assert_ne!(why, "never polled");
        // What was saved years ago has shown nothing for years.
        let is_read = feed["health"] == "ok" || feed["health"] == "quiet";
        assert!(*entries == 0 || is_read, "{why}");
        assert!(*entries == 0 || seen > 0, "{why}");
    }
    let read = readable.iter().filter(|entries| **entries > 0).count();
    assert!(
        read * 10 >= readable.len() * 7,
        "only {read} of {} feeds are read",
        readable.len()
    );
}
