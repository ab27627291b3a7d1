//! The daemon and whoever looks after it: signals, systemd's socket, `vigia status`.

mod support;

use std::{
    os::unix::net::UnixDatagram,
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::Value;
use support::{Desk, feeds, text, until};
use testkit::{News, Reply, Site};

const SOON: Duration = Duration::from_secs(10);

async fn desk_with_news() -> (Site, Desk) {
    let site = Site::start().await;
    let news = News::new(3).feeds(2).articles_per_feed(10);
    news.install(&site);
    let desk = Desk::new(&feeds(news.feed_paths().iter().map(|path| site.url(path))));
    (site, desk)
}

#[tokio::test(flavor = "multi_thread")]
async fn systemd_hears_when_it_is_ready_and_when_it_stops() {
    let (_site, desk) = desk_with_news().await;
    let socket = UnixDatagram::bind(desk.path("notify")).unwrap();
    socket.set_read_timeout(Some(SOON)).unwrap();
    let mut command = desk.command(&["run"]);
    command
        .env("NOTIFY_SOCKET", desk.path("notify"))
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let hear = || {
        let mut message = [0; 4096];
        let length = socket.recv(&mut message).expect("a message in time");
        text(&message[..length])
    };
    let ready = hear();
    assert!(ready.starts_with("READY=1\nSTATUS=2 feeds"), "{ready}");
    std::process::Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .unwrap();
    let start = Instant::now();
    while !hear().starts_with("STOPPING=1") {
        assert!(start.elapsed() < SOON);
    }
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn status_says_what_it_is_doing_and_that_it_is_not_there() {
    let (_site, desk) = desk_with_news().await;
    let absent = desk.run(&["status"]);
    assert_eq!(absent.status.code(), Some(1));
    assert!(
        text(&absent.stderr).contains("is `vigia run` running?"),
        "{}",
        text(&absent.stderr)
    );

    let daemon = desk.daemon();
    let status = || -> Option<Value> {
        serde_json::from_slice(&desk.run(&["status", "--json"]).stdout).ok()
    };
    let ended = |status: &Value, how: &str| -> u64 {
        let stages = ["clean", "classify", "sink"].map(|stage| status[stage]["ended"].clone());
        let counts = stages.iter().filter_map(Value::as_object).flatten();
        counts
            .filter(|(label, _)| label.starts_with(how))
            .filter_map(|(_, n)| n.as_u64())
            .sum()
    };
    let mut last = Value::Null;
    until(SOON, "all twenty stories are kept or dropped", || {
        last = status().unwrap_or_default();
        ended(&last, "kept") + ended(&last, "dropped") == 20
    });
    // What leaves a stage enters the next one.
    assert_eq!(last["clean"]["taken"], 20, "{last}");
    assert_eq!(last["classify"]["taken"], last["clean"]["passed"], "{last}");
    assert_eq!(last["sink"]["taken"], last["classify"]["passed"], "{last}");
    let words = text(&desk.run(&["status"]).stdout);
    assert!(
        words.contains("feeds     2") && words.contains("sink "),
        "{words}"
    );
    daemon.signal("INT");
    assert_eq!(daemon.wait(SOON).code(), Some(0), "{}", desk.log());
    assert!(
        !desk.path("vigia.sock").exists(),
        "the socket is left behind"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_daemons_do_not_share_a_ledger() {
    let (_site, desk) = desk_with_news().await;
    let daemon = desk.daemon();
    until(SOON, "the first one runs", || {
        desk.path("vigia.sock").exists()
    });
    let second = desk.run(&["run", "--once"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(
        text(&second.stderr).contains("another vigia is using it"),
        "{}",
        text(&second.stderr)
    );
    drop(daemon);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_does_not_wait_for_a_server_that_never_answers() {
    let site = Site::start().await;
    site.set(
        "/feed",
        Reply::ok("application/rss+xml", "<rss").drip(1, Duration::from_secs(1)),
    );
    let desk = Desk::new(&feeds([site.url("/feed")]));
    let daemon = desk.daemon();
    until(SOON, "the feed is asked for", || {
        !site.requests().is_empty()
    });
    daemon.signal("TERM");
    assert_eq!(daemon.wait(SOON).code(), Some(0), "{}", desk.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_asks_with_the_validators_of_the_run_before() {
    let (site, desk) = desk_with_news().await;
    desk.run_once();
    let stories = desk.stories().len();
    assert!(stories > 0);
    let before = site.requests().len();
    desk.run_once();
    let requests = site.requests().split_off(before);
    assert!(!requests.is_empty());
    for request in &requests {
        assert!(request.header("if-none-match").is_some(), "{request:?}");
    }
    assert_eq!(
        desk.stories().len(),
        stories,
        "a second pass writes nothing new"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_too_deep_for_a_socket_costs_the_status_and_no_story() {
    let (_site, desk) = desk_with_news().await;
    let deep = format!("{}/ledger.db", "d".repeat(120));
    let config = std::fs::read_to_string(desk.config()).unwrap();
    std::fs::write(desk.config(), config.replace("ledger.db", &deep)).unwrap();
    let checked = desk.run(&["check"]);
    let warned = text(&checked.stderr);
    assert!(checked.status.success(), "{warned}");
    assert!(
        warned.contains("107 are allowed") && warned.contains("[state]"),
        "{warned}"
    );
    let said = desk.run_once();
    assert!(said.contains("going on without"), "{said}");
    assert!(!desk.stories().is_empty(), "{said}");
}
