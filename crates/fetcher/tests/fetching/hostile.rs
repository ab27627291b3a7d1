//! Servers that would have a reader wait, swell or go round for ever: each costs a bounded time,
//! is told by its cause, and slows nobody else.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use fetcher::{Feed, Fetcher, Settings};
use tokio::{sync::mpsc, time::timeout};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{
    BOUND, feed, news, outcome,
    server::{Server, answer, dripping, gzip, hanging},
    settings,
    store::Store,
};

const TIMEOUT: Duration = Duration::from_secs(2);

/// A site that sends the same headers again and again.
async fn endless_headers() -> Url {
    let more = "x-more: and more\r\n".repeat(256);
    dripping("HTTP/1.1 200 OK\r\n", more, Duration::ZERO).await
}

/// A site that sends one letter at a time.
async fn slow() -> Url {
    let start = "HTTP/1.1 200 OK\r\n\r\n<rss>";
    dripping(start, " ", Duration::from_millis(100)).await
}

#[tokio::test]
async fn a_hundred_megabytes_of_zeros_cost_the_cap() {
    let zeros = gzip(&vec![0; 100 << 20]);
    let server =
        Server::start(move |_| answer(200, &[("content-encoding", "gzip")], zeros.clone())).await;
    let begun = Instant::now();
    let said = outcome(settings(), server.url("/rss")).await;
    assert_eq!(said, "body over 10 MB");
    // Computing, which a busy machine does more slowly; all of it would take ten times as long.
    assert!(begun.elapsed() < TIMEOUT * 3, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_letter_at_a_time_ends_with_the_requests_time() {
    let settings = Settings {
        request_timeout: Duration::from_millis(500),
        ..settings()
    };
    let begun = Instant::now();
    let said = outcome(settings, slow().await).await;
    assert!(said.starts_with("body slower than allowed"), "{said}");
    assert!(begun.elapsed() < TIMEOUT, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn headers_without_end_are_cut() {
    let begun = Instant::now();
    let said = outcome(settings(), endless_headers().await).await;
    assert_eq!(said, "connection failed: message head is too large");
    assert!(begun.elapsed() < TIMEOUT, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn slow_redirects_share_one_requests_time() {
    let url = dripping(
        "HTTP/1.1 302 Found\r\nlocation: /x",
        "x",
        Duration::from_millis(100),
    )
    .await;
    let settings = Settings {
        request_timeout: Duration::from_millis(500),
        ..settings()
    };
    assert_eq!(outcome(settings, url).await, "no answer within 0.5 s");
}

#[tokio::test]
async fn another_hosts_feed_does_not_wait_for_them() {
    let zeros = gzip(&vec![0; 100 << 20]);
    let bomb =
        Server::start(move |_| answer(200, &[("content-encoding", "gzip")], zeros.clone())).await;
    let good = Server::start(news).await;
    let addresses = [
        slow().await,
        hanging("").await,
        endless_headers().await,
        bomb.url("/rss"),
        good.url("/rss"),
    ];
    let feeds: Vec<Feed> = addresses
        .into_iter()
        .enumerate()
        .map(|(number, url)| Feed {
            id: format!("feed-{number}").parse().unwrap(),
            ..feed(url)
        })
        .collect();
    let fetcher = Fetcher::new(settings(), feeds, Arc::<Store>::default()).unwrap();
    let (out, mut line) = mpsc::channel(4);
    let begun = Instant::now();
    let run = tokio::spawn(fetcher.run_once(out, CancellationToken::new()));
    let first = timeout(BOUND, line.recv()).await.unwrap().unwrap();
    let first_page = begun.elapsed();
    assert_eq!(first.page.entry.feed.as_str(), "feed-4");
    timeout(BOUND, async { while line.recv().await.is_some() {} })
        .await
        .unwrap();
    let all = begun.elapsed();
    assert_eq!(run.await.unwrap().unwrap().feeds.len(), 5);
    assert!(all >= settings().request_timeout && all < BOUND);
    assert!(first_page < all / 2, "{first_page:?} of {all:?}");
}
