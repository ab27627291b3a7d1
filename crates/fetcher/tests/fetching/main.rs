//! The fetcher against a server on loopback that misbehaves in known ways.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use fetcher::{Access, Feed, Fetcher, InFlight, Report, Settings};
use story::{Content, Home};
use tokio::{sync::mpsc, time::timeout};
use tokio_util::sync::CancellationToken;
use url::Url;

mod auth;
mod hostile;
mod pages;
mod polls;
mod proxy;
mod robots;
mod server;
mod sitemaps;
mod store;
mod traps;

use server::{Server, answer, hanging, rss};
use store::Store;

/// No test takes longer than this.
const BOUND: Duration = Duration::from_secs(20);

fn settings() -> Settings {
    Settings {
        allow_private_networks: true,
        host_gap: Duration::ZERO,
        host_concurrency: 4,
        request_timeout: Duration::from_secs(2),
        ..Settings::default()
    }
}

fn feed(url: Url) -> Feed {
    Feed {
        id: "diario".parse().unwrap(),
        url,
        home: Home::default(),
        interval: None,
        timezone: chrono_tz::America::Bogota,
        access: Access::default(),
    }
}

/// One pass over one feed: its report and what went down the line.
async fn pass(settings: Settings, url: Url, store: &Arc<Store>) -> (Report, Vec<InFlight>) {
    let fetcher = Fetcher::new(settings, vec![feed(url)], Arc::clone(store)).unwrap();
    let (out, mut line) = mpsc::channel(4);
    let run = tokio::spawn(fetcher.run_once(out, CancellationToken::new()));
    let collect = async {
        let mut sent = Vec::new();
        while let Some(page) = line.recv().await {
            sent.push(page);
        }
        sent
    };
    let sent = timeout(BOUND, collect).await.expect("a pass is bounded");
    (run.await.unwrap().unwrap(), sent)
}

/// What one poll of a feed at `url` is said to be like.
async fn outcome(settings: Settings, url: Url) -> String {
    let (report, _) = pass(settings, url, &Arc::default()).await;
    report.feeds[0].outcome.clone()
}

fn why(sent: &InFlight) -> &str {
    match &sent.page.content {
        Content::FeedOnly { why, .. } => why,
        other => panic!("not without its page: {other:?}"),
    }
}

fn body(sent: &InFlight) -> &[u8] {
    match &sent.page.content {
        Content::Fetched(fetched) => &fetched.body,
        other => panic!("no page: {other:?}"),
    }
}

/// A feed with a strong validator, and pages.
fn news(seen: &server::Seen) -> hyper::Response<http_body_util::Full<hyper::body::Bytes>> {
    let date = "Mon, 05 Jan 2026 14:30:00 GMT";
    match seen.path.as_str() {
        "/rss" if seen.header("if-none-match") == Some("W/\"v1\"") => answer(304, &[], ""),
        "/rss" => answer(
            200,
            &[("etag", "W/\"v1\""), ("last-modified", date)],
            rss(&["/1", "/2"]),
        ),
        path => answer(
            200,
            &[("content-type", "text/html; charset=utf-8")],
            path.to_owned(),
        ),
    }
}

#[tokio::test]
async fn a_pass_brings_every_new_page() {
    let server = Server::start(news).await;
    let store = Arc::default();
    let (report, mut sent) = pass(settings(), server.url("/rss"), &store).await;
    assert_eq!(report.feeds[0].outcome, "200 with 2 entries");
    assert_eq!((report.feeds[0].new, report.pages_fetched), (2, 2));
    sent.sort_by_key(|sent| sent.id);
    assert_eq!(sent.iter().map(body).collect::<Vec<_>>(), [b"/1", b"/2"]);
    assert_eq!(sent[0].page.entry.feed_title.as_deref(), Some("Diario"));
}

#[tokio::test]
async fn requests_are_those_of_an_honest_reader() {
    let server = Server::start(news).await;
    pass(settings(), server.url("/rss"), &Arc::default()).await;
    for path in ["/rss", "/robots.txt", "/1"] {
        let seen = &server.seen(path)[0];
        assert_eq!(
            seen.header("user-agent"),
            Some("vigia/0.1 (+https://example.org/contact)")
        );
        assert!(seen.header("accept-encoding").unwrap().contains("gzip"));
        assert_eq!(
            (seen.header("cookie"), seen.header("referer")),
            (None, None)
        );
    }
    assert!(
        server.seen("/rss")[0]
            .header("accept")
            .unwrap()
            .starts_with("application/rss+xml")
    );
    assert!(
        server.seen("/1")[0]
            .header("accept")
            .unwrap()
            .starts_with("text/html")
    );
}

#[tokio::test]
async fn a_request_that_hangs_is_given_up_after_the_grace() {
    let url = hanging("").await;
    let grace = Duration::from_millis(100);
    let settings = Settings {
        stop_grace: grace,
        request_timeout: BOUND,
        ..settings()
    };
    let store: Arc<Store> = Arc::default();
    let fetcher = Fetcher::new(settings, vec![feed(url)], Arc::clone(&store)).unwrap();
    let counters = fetcher.counters();
    let (out, _line) = mpsc::channel(1);
    let stop = CancellationToken::new();
    let run = tokio::spawn(fetcher.run(out, stop.clone()));
    while counters.requests_under_way.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    let begun = Instant::now();
    stop.cancel();
    timeout(BOUND, run).await.unwrap().unwrap().unwrap();
    assert!(begun.elapsed() >= grace && begun.elapsed() < BOUND / 4);
    assert!(
        store.inside().commits.is_empty(),
        "a poll that was given up is no failure"
    );
}

#[tokio::test]
async fn the_gap_between_requests_to_a_host_is_kept() {
    let server = Server::start(news).await;
    let gap = Duration::from_millis(100);
    let settings = Settings {
        host_gap: gap,
        ..settings()
    };
    pass(settings, server.url("/rss"), &Arc::default()).await;
    let mut starts: Vec<Instant> = ["/rss", "/robots.txt", "/1", "/2"]
        .iter()
        .map(|path| server.seen(path)[0].at)
        .collect();
    starts.sort_unstable();
    let near = gap * 4 / 5; // arrivals jitter, starts do not
    assert!(
        starts.windows(2).all(|pair| pair[1] - pair[0] >= near),
        "{starts:?}"
    );
}

#[tokio::test]
async fn a_daemon_takes_up_what_was_pending_polls_at_once_and_stops_when_told() {
    let server = Server::start(news).await;
    let store: Arc<Store> = Arc::default();
    let context = fetcher::feed::FeedContext {
        id: "diario".parse().unwrap(),
        url: server.url("/rss"),
        home: Home::default(),
        timezone: chrono_tz::UTC,
    };
    let left = fetcher::feed::parse(rss(&["/left"]).as_bytes(), None, &context).unwrap();
    store.enter(left.entries[0].clone());

    let fetcher = Fetcher::new(
        settings(),
        vec![feed(server.url("/rss"))],
        Arc::clone(&store),
    )
    .unwrap();
    let counters = fetcher.counters();
    let (out, mut line) = mpsc::channel(1);
    let stop = CancellationToken::new();
    let run = tokio::spawn(fetcher.run(out, stop.clone()));
    let mut paths = Vec::new();
    for _ in 0..3 {
        let sent = timeout(BOUND, line.recv()).await.unwrap().unwrap();
        paths.push(sent.page.entry.link.unwrap().path().to_owned());
    }
    paths.sort_unstable();
    assert_eq!(paths, ["/1", "/2", "/left"]);
    stop.cancel();
    timeout(BOUND, run).await.unwrap().unwrap().unwrap();
    assert_eq!(counters.requests_under_way.load(Ordering::Relaxed), 0);
    assert_eq!(counters.polls_ok.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_run_whose_line_is_closed_says_so() {
    let server = Server::start(news).await;
    let fetcher = Fetcher::new(
        settings(),
        vec![feed(server.url("/rss"))],
        Arc::<Store>::default(),
    )
    .unwrap();
    let (out, line) = mpsc::channel(1);
    drop(line);
    let run = timeout(BOUND, fetcher.run(out, CancellationToken::new()))
        .await
        .unwrap();
    assert!(matches!(run, Err(fetcher::FetcherError::LineClosed)));
}
