//! A daemon whose configuration is read again while it runs.

use std::{
    fs,
    process::Output,
    time::{Duration, Instant},
};

use testkit::{News, Site};

use crate::support::{Daemon, Desk, DeskFeed, feeds, text, until};

pub(crate) const SOON: Duration = Duration::from_secs(20);

pub(crate) fn reload(desk: &Desk) -> Output {
    desk.run(&["reload"])
}

/// Feeds of a site's news, each with its address.
pub(crate) async fn news(feed_count: usize, articles: usize) -> (Site, Vec<DeskFeed>) {
    let site = Site::start().await;
    let news = News::new(7).feeds(feed_count).articles_per_feed(articles);
    news.install(&site);
    let all = feeds(news.feed_paths().iter().map(|path| site.url(path)));
    (site, all)
}

pub(crate) fn running(desk: &Desk) -> Daemon {
    let daemon = desk.daemon();
    until(SOON, "the daemon runs", || desk.path("vigia.sock").exists());
    daemon
}

/// Reloads again and again while stories come, every fifth time with a configuration that is wrong;
/// afterwards every story stands there once. Returns the slowest reload.
pub(crate) async fn under_load(feed_count: usize, articles: usize, reloads: usize) -> Duration {
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
