//! The daemon and whoever looks after it: signals, systemd's socket, `vigia status`.

mod support;

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::Value;
use support::{Desk, Systemd, desk_with_news, feeds, text, until};
use testkit::{News, Reply, Site};

const SOON: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn systemd_hears_when_it_is_ready_and_when_it_stops() {
    let (_site, desk) = desk_with_news().await;
    let systemd = Systemd::at(&desk, SOON);
    let mut command = desk.command(&["run"]);
    command
        .env("NOTIFY_SOCKET", desk.path("notify"))
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let hear = || systemd.hear().expect("a message in time");
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
async fn a_stop_under_load_is_quick_and_loses_nothing() {
    let site = Site::start().await;
    let news = News::new(11).feeds(40).articles_per_feed(20);
    news.install(&site);
    let desk = Desk::new(&feeds(news.feed_paths().iter().map(|path| site.url(path))));
    let daemon = desk.daemon();
    until(SOON, "stories are written", || desk.stories().len() > 20);
    daemon.signal("TERM");
    let start = Instant::now();
    assert_eq!(daemon.wait(SOON).code(), Some(0), "{}", desk.log());
    assert!(start.elapsed() < Duration::from_secs(5), "{}", desk.log());
    assert!(desk.counts()["pending"] > 0, "it was not under load");
    desk.run_once();
    let counts = desk.counts();
    assert_eq!((counts["pending"], counts["failed"]), (0, 0), "{counts:?}");
    assert_eq!(counts.values().sum::<u64>(), 800, "{counts:?}");
    let paths = desk.story_paths();
    assert_eq!(paths.len() as u64, counts["kept"]);
    assert!(paths.values().all(|times| *times == 1));
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

/// What a daemon tells systemd, whose watchdog wants to hear of it every two seconds.
fn told(desk: &Desk, variables: &[(&str, &str)], seconds: u64) -> Vec<String> {
    let systemd = Systemd::at(desk, Duration::from_millis(100));
    let path = desk.path("notify");
    let path = path.to_str().unwrap().to_owned();
    let mut all = vec![
        ("NOTIFY_SOCKET", path.as_str()),
        ("WATCHDOG_USEC", "2000000"),
    ];
    all.extend(variables);
    let daemon = desk.daemon_with(&all);
    let start = Instant::now();
    let mut messages = Vec::new();
    while start.elapsed() < Duration::from_secs(seconds) {
        messages.extend(systemd.hear());
    }
    drop(daemon);
    messages
}

#[tokio::test(flavor = "multi_thread")]
async fn the_watchdog_bites_a_stage_that_stands_still_and_no_quiet_night() {
    let (_site, desk) = desk_with_news().await;
    let fed = |messages: &[String]| messages.iter().filter(|m| m.contains("WATCHDOG=1")).count();
    // Twenty stories, and then the feeds show nothing new.
    let quiet = told(&desk, &[], 8);
    assert!(fed(&quiet[quiet.len() / 2..]) >= 4, "{quiet:?}");

    let (_site, desk) = desk_with_news().await;
    let stalled = told(&desk, &[("VIGIA_STALL_AT", "classify")], 12);
    let last = &stalled[stalled.len() * 3 / 4..];
    assert_eq!(fed(last), 0, "{last:?}");
    assert!(desk.log().contains("stage=\"classify\""), "{}", desk.log());

    let (_site, desk) = desk_with_news().await;
    let config = std::fs::read_to_string(desk.config()).unwrap();
    let archived = format!("[archive]\nenabled = true\ndir = \"archive\"\n{config}");
    std::fs::write(desk.config(), archived).unwrap();
    let stalled = told(&desk, &[("VIGIA_STALL_AT", "archive-before-passing")], 12);
    let last = &stalled[stalled.len() * 3 / 4..];
    assert_eq!(fed(last), 0, "{last:?}");
    assert!(desk.log().contains("stage=\"archive\""), "{}", desk.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_looker_on_sees_what_passes_a_stage() {
    let site = Site::start().await;
    let news = News::new(3).feeds(2).articles_per_feed(10);
    let desk = Desk::new(&feeds(news.feed_paths().iter().map(|path| site.url(path))));
    let daemon = desk.daemon();
    until(SOON, "the daemon runs", || desk.path("vigia.sock").exists());
    let tap = |arguments: &[&str]| {
        let mut command = desk.command(&["tap"]);
        command
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    };
    for (arguments, remedy) in [
        (["fetch", "--country", "CO"], "from `classify` on"),
        (["sink", "--outcome", "dropped"], "kept, duplicate"),
    ] {
        let mut command = desk.command(&["tap"]);
        let refused = command.args(arguments).output().unwrap();
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        assert!(text(&refused.stderr).contains(remedy));
    }
    let classified = tap(&["classify", "-n", "20"]);
    let sunk = tap(&["sink", "-n", "1", "--outcome", "kept"]);
    let of_feed = tap(&["fetch", "-n", "10", "--feed", "f1"]);
    until(SOON, "they look on", || {
        let status = desk.run(&["status", "--json"]).stdout;
        let status: Value = serde_json::from_slice(&status).unwrap_or_default();
        status["lookers_on"] == 3
    });
    news.install(&site);
    let lines = |mut tap: std::process::Child| -> Vec<Value> {
        until(SOON, "it has seen enough", || {
            tap.try_wait().unwrap().is_some()
        });
        let output = tap.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        let said = text(&output.stdout);
        said.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let classified = lines(classified);
    assert_eq!(classified.len(), 20);
    let kept = classified.iter().filter(|story| story["outcome"] == "kept");
    let dropped = classified.iter().filter(|story| {
        let outcome = story["outcome"].as_str().unwrap();
        outcome.starts_with("dropped/") && story["score"].is_number()
    });
    assert_eq!(dropped.count() + kept.clone().count(), 20);
    let titles: Vec<&Value> = kept.map(|story| &story["title"]).collect();
    assert!(titles.contains(&&lines(sunk)[0]["title"]));
    assert!(lines(of_feed).iter().all(|page| page["feed"] == "f1"));
    daemon.signal("TERM");
    assert_eq!(daemon.wait(SOON).code(), Some(0), "{}", desk.log());
}

/// What the listener answers: status and body.
async fn get(address: &str, path: &str) -> (u16, String) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: vigia\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), body.to_owned())
}

/// The metrics that a file of rules or panels asks for.
fn metric_names(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_lowercase() && c != '_');
    let names = words.filter(|word| word.starts_with("vigia_"));
    names.map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_and_status_tell_the_same_story() {
    let (_site, desk) = desk_with_news().await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let config = std::fs::read_to_string(desk.config()).unwrap();
    let listen = format!("[listen]\naddress = \"{address}\"\n{config}");
    std::fs::write(desk.config(), &listen).unwrap();
    let daemon = desk.daemon();
    let status = || -> Value {
        let output = desk.run(&["status", "--json"]);
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    };
    until(
        SOON,
        "all twenty stories were judged, and the kept ones written",
        || {
            let now = status();
            let dropped: u64 = now["classify"]["ended"]
                .as_object()
                .map_or(0, |ended| ended.values().filter_map(Value::as_u64).sum());
            let kept = now["sink"]["ended"]["kept"].as_u64().unwrap_or_default();
            let lags = now["lags"]["kept_to_written"]["counts"].as_array();
            let written: u64 = lags.map_or(0, |lags| lags.iter().filter_map(Value::as_u64).sum());
            dropped + kept == 20 && written == kept
        },
    );
    let (code, metrics) = get(&address, "/metrics").await;
    assert_eq!(code, 200);
    let now = status();
    let kept = now["sink"]["ended"]["kept"].as_u64().unwrap();
    for line in [
        "vigia_stage_taken_total{stage=\"classify\"} 20".to_owned(),
        format!("vigia_stage_ended_total{{stage=\"sink\",ending=\"kept\",reason=\"\"}} {kept}"),
        format!("vigia_lag_published_to_written_seconds_count {kept}"),
        "vigia_feeds{health=\"ok\"} 2".to_owned(),
        "vigia_not_writing 0".to_owned(),
        "# EOF".to_owned(),
    ] {
        assert!(
            metrics.lines().any(|found| found == line),
            "{line} is not in\n{metrics}"
        );
    }
    for file in ["prometheus/vigia.rules.yml", "grafana/vigia.json"] {
        let asked = std::fs::read_to_string(
            std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("../../deploy")
                .join(file),
        );
        for name in metric_names(&asked.unwrap()) {
            assert!(
                metrics.contains(&name),
                "{file} asks for {name}, which is not in\n{metrics}"
            );
        }
    }
    assert_eq!(get(&address, "/health").await, (200, "alive\n".to_owned()));
    assert_eq!(get(&address, "/ready").await, (200, "ready\n".to_owned()));
    assert_eq!(get(&address, "/").await.0, 404);

    // Another daemon finds the port taken, says so, and does its work.
    let (_site, other) = desk_with_news().await;
    let config = std::fs::read_to_string(other.config()).unwrap();
    let listen = format!("[listen]\naddress = \"{address}\"\n{config}");
    std::fs::write(other.config(), &listen).unwrap();
    let second = other.daemon();
    until(SOON, "it keeps stories", || !other.stories().is_empty());
    assert!(
        other.log().contains("another program is listening there"),
        "{}",
        other.log()
    );
    second.signal("TERM");
    assert_eq!(second.wait(SOON).code(), Some(0));
    daemon.signal("TERM");
    assert_eq!(daemon.wait(SOON).code(), Some(0), "{}", desk.log());
}
