//! Polls: validators, redirects, bodies that are not what they should be.

use std::{sync::Arc, time::Duration};

use fetcher::Settings;

use crate::{
    news, outcome, pass,
    server::{Server, answer, hanging, raw, rss},
    settings,
    store::Store,
    why,
};

#[tokio::test]
async fn the_first_request_after_a_restart_is_conditional() {
    let server = Server::start(news).await;
    let store = Arc::default();
    pass(settings(), server.url("/rss"), &store).await;
    store.restart();
    let (report, _) = pass(settings(), server.url("/rss"), &store).await;
    assert_eq!(report.feeds[0].outcome, "304 Not Modified");
    assert!(report.feeds[0].health.is_read());
    let seen = server.seen("/rss");
    assert_eq!(seen[0].header("if-none-match"), None);
    assert_eq!(seen[1].header("if-none-match"), Some("W/\"v1\""));
    assert_eq!(
        seen[1].header("if-modified-since"),
        Some("Mon, 05 Jan 2026 14:30:00 GMT")
    );
    assert_eq!(store.state().validators.etag.as_deref(), Some("W/\"v1\""));
}

#[tokio::test]
async fn validators_are_committed_with_the_entries_that_came_with_them() {
    let server = Server::start(news).await;
    let store: Arc<Store> = Arc::default();
    pass(settings(), server.url("/rss"), &store).await;
    let commits = &store.inside().commits;
    assert_eq!(commits.len(), 1);
    assert_eq!(
        (commits[0].0.etag.as_deref(), commits[0].1),
        (Some("W/\"v1\""), 2)
    );
}

#[tokio::test]
async fn validators_go_only_to_the_address_that_gave_them() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/rss" => answer(302, &[("location", "/new"), ("etag", "\"hop\"")], ""),
        _ => answer(200, &[("etag", "\"v1\"")], rss(&[])),
    })
    .await;
    let store = Arc::default();
    pass(settings(), server.url("/rss"), &store).await;
    pass(settings(), server.url("/rss"), &store).await;
    assert_eq!(server.seen("/rss")[1].header("if-none-match"), None);
    assert_eq!(
        server.seen("/new")[1].header("if-none-match"),
        Some("\"v1\"")
    );
}

async fn check_outcome(
    status: u16,
    headers: &'static [(&str, &str)],
    body: String,
    expected: &str,
) {
    let server = Server::start(move |_| answer(status, headers, body.clone())).await;
    let store: Arc<Store> = Arc::default();
    let (report, _) = pass(settings(), server.url("/rss"), &store).await;
    assert_eq!(report.feeds[0].outcome, expected);
    assert_eq!(store.state().validators.etag, None, "{expected}");
}

#[tokio::test]
async fn an_answer_that_is_no_feed_is_a_failure_that_names_the_cause() {
    let etag = &[("etag", "\"x\"")];
    let html = "<!DOCTYPE html><html><head><title>Un momento…</title></head></html>";
    check_outcome(
        200,
        etag,
        html.into(),
        "HTML where a feed was expected: `Un momento…`",
    )
    .await;
    check_outcome(
        200,
        etag,
        String::new(),
        "empty body where a feed was expected",
    )
    .await;
    check_outcome(404, etag, String::new(), "404 Not Found").await;
    check_outcome(
        304,
        etag,
        String::new(),
        "304 to a request without validators",
    )
    .await;
    check_outcome(302, &[], String::new(), "302 Found").await;
    check_outcome(
        302,
        &[("location", "ftp://a.test/")],
        String::new(),
        "`ftp` address, not http or https",
    )
    .await;
}

#[tokio::test]
async fn a_body_over_the_cap_is_read_as_far_as_it_came() {
    let links: Vec<String> = (0..200).map(|number| format!("/{number}")).collect();
    let links: Vec<&str> = links.iter().map(String::as_str).collect();
    let feed = rss(&links);
    let server = Server::start(move |_| answer(200, &[("etag", "\"x\"")], feed.clone())).await;
    let store: Arc<Store> = Arc::default();
    let settings = Settings {
        feed_bytes_max: 2048,
        ..settings()
    };
    let (report, _) = pass(settings, server.url("/rss"), &store).await;
    assert!(
        report.feeds[0]
            .outcome
            .contains("; body over 2 kB; read up to the last whole entry"),
        "{}",
        report.feeds[0].outcome
    );
    assert!((10..50).contains(&report.feeds[0].new));
    assert_eq!(store.state().validators.etag, None);
}

#[tokio::test]
async fn a_truncated_body_is_read_as_far_as_it_came() {
    let url = raw(
        b"HTTP/1.1 200 OK\r\netag: \"x\"\r\ncontent-length: 5000\r\n\r\n\
          <rss version='2.0'><channel><item><title>Uno</title></item><item><ti",
    )
    .await;
    let store: Arc<Store> = Arc::default();
    let (report, sent) = pass(settings(), url, &store).await;
    assert!(
        report.feeds[0]
            .outcome
            .starts_with("200 with 1 entry; body cut off after")
    );
    assert!(!report.feeds[0].health.is_read());
    assert_eq!(store.state().validators.etag, None);
    assert_eq!(why(&sent[0]), "no link");
}

#[tokio::test]
async fn a_body_that_never_ends_costs_a_bounded_time() {
    let start =
        "HTTP/1.1 200 OK\r\n\r\n<rss version='2.0'><channel><item><title>Uno</title></item>";
    let settings = Settings {
        request_timeout: Duration::from_millis(200),
        ..settings()
    };
    let said = outcome(settings.clone(), hanging(start).await).await;
    assert!(
        said.starts_with("200 with 1 entry; body slower than allowed"),
        "{said}"
    );
    assert_eq!(
        outcome(settings, hanging("").await).await,
        "no answer within 0.2 s"
    );
}

#[tokio::test]
async fn a_connection_that_cannot_be_made_is_a_failure() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let said = outcome(settings(), url.parse().unwrap()).await;
    assert!(said.starts_with("connection failed: "), "{said}");
}

#[tokio::test]
async fn a_redirect_loop_ends() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/rss" => answer(301, &[("location", "/b")], ""),
        "/b" => answer(302, &[("location", "/rss#x")], ""),
        path => {
            let next = format!("{path}x");
            answer(307, &[("location", next.as_str())], "")
        }
    })
    .await;
    let loops = outcome(settings(), server.url("/rss")).await;
    assert!(loops.starts_with("redirect loop at"), "{loops}");
    assert_eq!(
        outcome(settings(), server.url("/long")).await,
        "more than 5 redirects"
    );
}

#[tokio::test]
async fn a_private_address_is_refused_before_anything_is_sent() {
    let server = Server::start(news).await;
    let public_only = || Settings {
        allow_private_networks: false,
        ..settings()
    };
    let literal = outcome(public_only(), server.url("/rss")).await;
    assert_eq!(literal, "private address: `127.0.0.1`");
    let mut named = server.url("/rss");
    named.set_host(Some("localhost")).unwrap();
    assert_eq!(
        outcome(public_only(), named).await,
        "private address: `localhost`"
    );
    assert!(server.seen("/rss").is_empty());
}

#[tokio::test]
async fn a_feed_that_asks_for_time_gets_it() {
    let server = Server::start(|_| answer(429, &[("retry-after", "7200")], "")).await;
    let store: Arc<Store> = Arc::default();
    pass(settings(), server.url("/rss"), &store).await;
    let state = store.state();
    let wait = state.next_poll.unwrap() - state.last_poll.unwrap();
    assert_eq!((wait.num_seconds(), state.failures), (7200, 1));
}
