//! The configuration read again while the daemon runs: what is new is used, what is the same goes on,
//! and what is wrong changes nothing.

mod support;

use std::{
    fs,
    os::unix::net::UnixDatagram,
    process::{Output, Stdio},
    time::{Duration, Instant},
};

use support::{Daemon, Desk, DeskFeed, feeds, text, until};
use testkit::{News, Site};

const SOON: Duration = Duration::from_secs(20);
/// A reload takes effect within this, on a machine that has nothing else to do.
const EFFECT: Duration = Duration::from_secs(2);

fn reload(desk: &Desk) -> Output {
    desk.run(&["reload"])
}

/// Feeds of a site's news, each with its address.
async fn news(feed_count: usize, articles: usize) -> (Site, Vec<DeskFeed>) {
    let site = Site::start().await;
    let news = News::new(7).feeds(feed_count).articles_per_feed(articles);
    news.install(&site);
    let all = feeds(news.feed_paths().iter().map(|path| site.url(path)));
    (site, all)
}

fn running(desk: &Desk) -> Daemon {
    let daemon = desk.daemon();
    until(SOON, "the daemon runs", || desk.path("vigia.sock").exists());
    daemon
}

#[tokio::test(flavor = "multi_thread")]
async fn feeds_come_and_go_without_a_restart() {
    let (site, all) = news(3, 4).await;
    let desk = Desk::new(&all[..2]);
    let daemon = running(&desk);
    until(SOON, "both are polled", || {
        site.requests()
            .iter()
            .any(|r| all[1].url.ends_with(&r.path))
    });
    // The first stays, the second goes, the third comes.
    let next = [&all[0], &all[2]].map(|feed| DeskFeed {
        id: feed.id.clone(),
        url: feed.url.clone(),
    });
    desk.configure(&next, "", "");
    let reloaded = reload(&desk);
    assert_eq!(
        reloaded.status.code(),
        Some(0),
        "{}",
        text(&reloaded.stderr)
    );
    let said = text(&reloaded.stderr);
    assert!(said.contains("1 feed added, 1 feed removed"), "{said}");
    let mark = site.requests().len();
    until(SOON, "the third is polled", || {
        site.requests()
            .iter()
            .any(|r| all[2].url.ends_with(&r.path))
    });
    until(SOON, "the first goes on", || {
        site.requests()[mark..]
            .iter()
            .any(|r| all[0].url.ends_with(&r.path))
    });
    // A poll may have been under way when it went.
    let polls = |feed: &DeskFeed| {
        let requests = site.requests();
        let of_feed = requests[mark..].iter();
        of_feed.filter(|r| feed.url.ends_with(&r.path)).count()
    };
    let before = polls(&all[1]);
    until(SOON, "the third is polled five times", || {
        polls(&all[2]) > 5
    });
    assert!(
        polls(&all[1]) <= before.max(1),
        "the second is still polled"
    );
    daemon.signal("TERM");
    assert_eq!(daemon.wait(SOON).code(), Some(0), "{}", desk.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_configuration_changes_nothing_and_everybody_is_told_why() {
    let (site, all) = news(1, 4).await;
    let desk = Desk::new(&all);
    let daemon = running(&desk);
    let good = fs::read_to_string(desk.config()).unwrap();

    fs::write(desk.config(), good.replace("[log]", "[lgo]")).unwrap();
    let refused = reload(&desk);
    assert_eq!(refused.status.code(), Some(2));
    let said = text(&refused.stderr);
    assert!(
        said.contains("lgo") && said.contains("goes on with"),
        "{said}"
    );
    let status = text(&desk.run(&["status"]).stdout);
    assert!(status.contains("NOT RELOADED"), "{status}");
    assert!(desk.log().contains("lgo"), "{}", desk.log());

    // Half of it was written when the signal came.
    let half = good.find("http").unwrap();
    fs::write(desk.config(), &good[..half]).unwrap();
    daemon.signal("HUP");
    until(SOON, "the log says so", || {
        desk.log().matches("going on with the one before").count() == 2
    });

    // Or nothing of it but what comes before the feeds, which is a configuration of its own.
    let before = good.find("[[feed]]").unwrap();
    fs::write(desk.config(), &good[..before]).unwrap();
    let refused = reload(&desk);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("no feeds"));

    fs::write(desk.config(), &good).unwrap();
    let status = text(&desk.run(&["status"]).stdout);
    assert!(status.contains("NOT RELOADED"), "{status}");
    let polled = site.requests().len();
    until(SOON, "it goes on polling", || {
        site.requests().len() > polled
    });
    assert_eq!(reload(&desk).status.code(), Some(0));
    let status = text(&desk.run(&["status"]).stdout);
    assert!(!status.contains("NOT RELOADED"), "{status}");
    drop(daemon);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_change_in_a_running_daemon_is_named() {
    let (_site, all) = news(1, 1).await;
    let desk = Desk::new(&all);
    let daemon = running(&desk);
    desk.configure(&all, "page_attempts = 2", "rotate_size = \"9MB\"");
    let said = text(&reload(&desk).stderr);
    assert!(
        said.contains("[sink], [fetch]") && said.contains("next start"),
        "{said}"
    );
    drop(daemon);
}

#[tokio::test(flavor = "multi_thread")]
async fn systemd_hears_of_a_reload_and_a_storm_of_signals_disturbs_nothing() {
    let (_site, all) = news(1, 1).await;
    let desk = Desk::new(&all);
    let socket = UnixDatagram::bind(desk.path("notify")).unwrap();
    socket.set_read_timeout(Some(SOON)).unwrap();
    let mut command = desk.command(&["run"]);
    command
        .env("NOTIFY_SOCKET", desk.path("notify"))
        .stderr(Stdio::null());
    let daemon = Daemon::of(command.spawn().unwrap());
    let hear = |start: &str| loop {
        let mut message = [0; 4096];
        let length = socket.recv(&mut message).expect("a message in time");
        let message = text(&message[..length]);
        if message.starts_with(start) {
            return message;
        }
    };
    hear("READY=1");
    for _ in 0..200 {
        daemon.signal("HUP");
    }
    let reloading = hear("RELOADING=1");
    assert!(reloading.contains("MONOTONIC_USEC="), "{reloading}");
    let ready = hear("READY=1");
    assert!(ready.contains("STATUS=1 feeds"), "{ready}");
    daemon.signal("TERM");
    hear("STOPPING=1");
    assert_eq!(daemon.wait(SOON).code(), Some(0));
}

/// Reloads again and again while stories come, every fifth time with a configuration that is wrong;
/// afterwards every story stands there once. Returns the slowest reload.
async fn under_load(feed_count: usize, articles: usize, reloads: usize) -> Duration {
    let (_site, all) = news(feed_count, articles).await;
    let desk = Desk::new(&all);
    let daemon = running(&desk);
    let mut slowest = Duration::ZERO;
    for round in 0..reloads {
        let wrong = round % 5 == 4;
        if wrong {
            fs::write(desk.config(), "include = 7\n[[feed]]\nid = ").unwrap();
            daemon.signal("HUP");
            let known = format!("{}", round / 5 + 1);
            until(SOON, &known, || {
                desk.log().matches("going on with the one before").count() > round / 5
            });
            continue;
        }
        // Each time another third of the feeds is away.
        let there = |(number, _): &(usize, &DeskFeed)| number % 3 != round % 3;
        let some: Vec<DeskFeed> = all
            .iter()
            .enumerate()
            .filter(there)
            .map(|(_, feed)| DeskFeed {
                id: feed.id.clone(),
                url: feed.url.clone(),
            })
            .collect();
        desk.configure(&some, "", "");
        let start = Instant::now();
        let done = reload(&desk);
        slowest = slowest.max(start.elapsed());
        assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    }
    desk.configure(&all, "", "");
    assert_eq!(reload(&desk).status.code(), Some(0));
    let total = (feed_count * articles) as u64;
    until(SOON * 6, "every story has ended", || {
        let counts = desk.counts();
        let ended: u64 = counts
            .iter()
            .filter(|(how, _)| *how != "pending")
            .map(|(_, n)| n)
            .sum();
        counts["pending"] == 0 && ended >= total
    });
    daemon.signal("TERM");
    assert_eq!(daemon.wait(SOON).code(), Some(0), "{}", desk.log());
    let counts = desk.counts();
    assert_eq!(counts["failed"], 0, "{counts:?}");
    let paths = desk.story_paths();
    assert!(
        paths.values().all(|times| *times == 1),
        "a story stands there twice"
    );
    assert_eq!(paths.len() as u64, counts["kept"]);
    assert!(counts["kept"] > 0);
    slowest
}

#[tokio::test(flavor = "multi_thread")]
async fn reloads_under_load_lose_and_double_nothing() {
    under_load(60, 5, 15).await;
}

/// The whole figure: `cargo test --release -p vigia --test reload -- --ignored --nocapture`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes"]
async fn a_hundred_reloads_of_a_thousand_feeds() {
    let slowest = under_load(1_000, 5, 100).await;
    println!("slowest of 80 reloads: {slowest:?}");
    assert!(slowest < EFFECT, "{slowest:?}");
}
