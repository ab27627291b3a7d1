//! Bad feeds, bad pages, bad disks: each costs one recorded reason, and nothing else is lost.

mod support;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    time::{Duration, Instant},
};

use support::{Desk, DeskFeed, feeds, get, text};
use testkit::{News, Reply, Site};

const RSS: &str = "application/rss+xml";

/// One pass over a good feed and a bad one; the good one's stories must be there, and the bad
/// one's last result must name the cause.
async fn check_bad_feed(reply: Reply, health: &str, cause: &str) {
    let site = Site::start().await;
    let news = News::new(1).feeds(1).articles_per_feed(6);
    news.install(&site);
    site.set("/bad", reply);
    let feeds = feeds([site.url(&news.feed_paths()[0]), site.url("/bad")]);
    let desk = Desk::with(&feeds, "request_timeout = \"2s\"\nfeed_bytes_max = 100000");
    let start = Instant::now();
    desk.run_once();
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{cause}: took {:?}",
        start.elapsed()
    );
    assert!(!desk.stories().is_empty(), "{cause}");
    let listed = desk.listed();
    assert_eq!(listed[0]["health"], "ok", "{cause}");
    let said = listed[1]["last_result"].as_str().unwrap();
    assert!(said.contains(cause), "`{cause}` is not in `{said}`");
    assert_eq!(listed[1]["health"], health, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_feeds_are_named_for_what_they_are() {
    let html =
        "<!doctype html><html><head><title>Iniciar sesión</title></head><body></body></html>";
    let drip = Duration::from_millis(200);
    for (reply, health, cause) in [
        (Reply::ok("text/html", html), "blocked", "login page"),
        (Reply::ok(RSS, ""), "unreadable", "empty"),
        (
            Reply::ok(RSS, vec![0xff, 0xfe, 0x00, 0x80, 0x81]),
            "unreadable",
            "where a feed",
        ),
        (Reply::status(500), "unreachable", "500"),
        (Reply::redirect(302, "/bad"), "unreachable", "redirect loop"),
        (
            Reply::redirect(302, "file:///etc/passwd"),
            "unreachable",
            "not http",
        ),
        (
            Reply::ok(RSS, "x").hang_up(),
            "unreachable",
            "connection failed",
        ),
        (
            Reply::ok(RSS, "<rss><channel>").endless(),
            "unreadable",
            "body over",
        ),
        (
            Reply::ok(RSS, "<rss><channel>").drip(1, drip),
            "unreachable",
            "slower",
        ),
        (
            Reply::gzip_bomb(RSS, 100_000_000),
            "unreadable",
            "body over",
        ),
    ] {
        check_bad_feed(reply, health, cause).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_is_cut_off_gives_what_arrived_and_no_validators() {
    let site = Site::start().await;
    let news = News::new(4).feeds(1).articles_per_feed(10);
    news.install(&site);
    let path = &news.feed_paths()[0];
    let whole = get(&site, path);
    site.set(
        path,
        Reply::ok(RSS, whole.clone())
            .etag("\"1\"")
            .truncated_at(whole.len() * 3 / 4),
    );
    let desk = Desk::new(&feeds([site.url(path)]));
    desk.run_once();
    let counts = desk.counts();
    let read = counts["kept"] + counts["dropped"];
    assert!((5..10).contains(&read), "{counts:?}");
    // Served whole under the same ETag, the rest is asked for and found.
    site.set(path, Reply::ok(RSS, whole).etag("\"1\""));
    desk.run_once();
    let counts = desk.counts();
    assert_eq!(counts["kept"] + counts["dropped"], 10, "{counts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_pages_fall_back_to_the_feeds_text() {
    let site = Site::start().await;
    let summary = "Al menos siete policías murieron en una emboscada atribuida al ELN en Arauca, \
                   Colombia, informó el Ministerio de Defensa. Tres agentes resultaron heridos.";
    let pages = ["huge", "loop", "gone", "pdf", "deep", "script"];
    let items: String = pages
        .iter()
        .map(|page| {
            format!(
                "<item><guid>{page}</guid><title>Emboscada del ELN en Arauca: {page}</title>\
                 <link>{}</link><description>{summary}</description></item>",
                site.url(&format!("/{page}"))
            )
        })
        .chain([format!(
            "<item><guid>mail</guid><title>Emboscada del ELN: correo</title>\
             <link>mailto:redaccion@example.test</link><description>{summary}</description></item>"
        )])
        .collect();
    site.set(
        "/feed",
        Reply::ok(
            RSS,
            format!("<rss version=\"2.0\"><channel><title>t</title>{items}</channel></rss>"),
        ),
    );
    site.set("/huge", Reply::ok("text/html", vec![b'a'; 50 << 20]));
    site.set("/loop", Reply::redirect(302, "/loop"));
    site.set("/gone", Reply::status(404));
    site.set("/pdf", Reply::ok("text/html", "%PDF-1.7 binary"));
    site.set("/deep", Reply::ok("text/html", "<div>".repeat(100_000)));
    site.set(
        "/script",
        Reply::ok("text/html", "<script>while(true){}</script>"),
    );
    let desk = Desk::new(&feeds([site.url("/feed")]));
    desk.run_once();
    let stories = desk.stories();
    assert_eq!(stories.len(), pages.len() + 1, "{:?}", desk.counts());
    for story in &stories {
        assert_eq!(story["text_source"], "feed", "{story:#}");
        let why = story["provenance"]["page_missing"]
            .as_str()
            .unwrap_or_default();
        assert!(!why.is_empty(), "no reason is recorded: {story:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn private_addresses_are_not_asked_unless_allowed() {
    let site = Site::start().await;
    let news = News::new(6).feeds(1).articles_per_feed(2);
    news.install(&site);
    let desk = Desk::new(&feeds([site.url(&news.feed_paths()[0])]));
    let toml = fs::read_to_string(desk.config()).unwrap();
    let toml = toml.replace(
        "allow_private_networks = true",
        "allow_private_networks = false",
    );
    fs::write(desk.config(), toml).unwrap();
    desk.run_once();
    assert!(site.requests().is_empty());
    let said = desk.listed()[0]["last_result"].as_str().unwrap().to_owned();
    assert!(
        said.contains("not public") || said.contains("private"),
        "{said}"
    );
}

/// Runs one pass that must fail with status 1 and say these words.
fn check_refused(desk: &Desk, words: &[&str]) {
    let output = desk.run(&["run", "--once"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for word in words {
        assert!(said.contains(word), "`{word}` is not in: {said}");
    }
}

fn idle_desk() -> Desk {
    Desk::new(&[DeskFeed {
        id: "f".to_owned(),
        url: "http://127.0.0.1:9/feed".to_owned(),
    }])
}

#[test]
fn a_ledger_that_cannot_be_used_is_named_with_the_remedy() {
    let desk = idle_desk();
    fs::write(
        desk.path("ledger.db"),
        "certainly not a database. ".repeat(100),
    )
    .unwrap();
    check_refused(&desk, &["ledger.db", "damaged or no ledger", "move it"]);

    let desk = idle_desk();
    fs::create_dir(desk.path("ledger.db")).unwrap();
    check_refused(&desk, &["ledger.db"]);

    let desk = idle_desk();
    fs::write(desk.path("stories"), "a file where the directory should be").unwrap();
    check_refused(&desk, &["stories"]);
}

#[test]
fn a_read_only_state_directory_is_named() {
    let desk = idle_desk();
    let folder = desk.path("locked");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o500)).unwrap();
    if fs::write(folder.join("probe"), "").is_ok() {
        println!("skipped: this user may write anywhere");
        return;
    }
    let toml = fs::read_to_string(desk.config()).unwrap();
    fs::write(
        desk.config(),
        toml.replace("\"ledger.db\"", "\"locked/ledger.db\""),
    )
    .unwrap();
    check_refused(&desk, &["locked/ledger.db", "writable"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_ledger_writes_nothing_twice() {
    let site = Site::start().await;
    let news = News::new(9).feeds(2).articles_per_feed(10);
    news.install(&site);
    let desk = Desk::new(&feeds(news.feed_paths().iter().map(|path| site.url(path))));
    desk.run_once();
    let before = desk.story_paths();
    for file in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
        let _ = fs::remove_file(desk.path(file));
    }
    desk.run_once();
    assert_eq!(desk.story_paths(), before);
    assert!(before.values().all(|times| *times == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_line_is_cut_off_before_anything_is_appended() {
    let site = Site::start().await;
    let news = News::new(9).feeds(1).articles_per_feed(10);
    news.install(&site);
    let desk = Desk::new(&feeds([site.url(&news.feed_paths()[0])]));
    desk.run_once();
    let before = desk.stories();
    let file = fs::read_dir(desk.path("stories"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .find(|path| {
            path.extension()
                .is_some_and(|extension| extension == "jsonl")
        })
        .unwrap();
    let mut bytes = fs::read(&file).unwrap();
    bytes.extend_from_slice(b"{\"schema\":\"vigia.story/1\",\"id\":\"half");
    fs::write(&file, bytes).unwrap();
    desk.run_once();
    assert_eq!(desk.stories(), before);
}
