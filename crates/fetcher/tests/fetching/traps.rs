//! Known misbehaviour of feeds' servers, one test each.

use std::sync::Arc;

use hyper::{Response, body::Bytes};

use crate::{
    outcome, pass,
    server::{Server, answer, gzip, rss},
    settings,
    store::Store,
};

type Answer = Response<http_body_util::Full<Bytes>>;

async fn check(expected: &str, site: impl Fn() -> Answer + Send + Sync + 'static) {
    let server = Server::start(move |_| site()).await;
    assert_eq!(outcome(settings(), server.url("/rss")).await, expected);
}

fn two() -> String {
    rss(&["mailto:a@a.test", "mailto:b@a.test"])
}

#[tokio::test]
async fn gzip_that_no_header_names() {
    check("200 with 2 entries", || {
        answer(
            200,
            &[("content-type", "application/xml")],
            gzip(two().as_bytes()),
        )
    })
    .await;
}

#[tokio::test]
async fn plain_text_that_the_header_calls_gzip() {
    check("200 with 2 entries", || {
        answer(200, &[("content-encoding", "gzip")], two())
    })
    .await;
}

#[tokio::test]
async fn a_charset_where_the_coding_belongs() {
    check("200 with 2 entries", || {
        answer(200, &[("content-encoding", "UTF-8")], two())
    })
    .await;
}

#[tokio::test]
async fn gzip_that_is_cut_off_is_read_as_far_as_it_came_and_its_validators_are_not_kept() {
    let links: Vec<String> = (0..2000_u32)
        .map(|n| format!("mailto:{:x}@a.test", n.wrapping_mul(2_654_435_761)))
        .collect();
    let links: Vec<&str> = links.iter().map(String::as_str).collect();
    let mut body = gzip(rss(&links).as_bytes());
    body.truncate(body.len() / 2);
    let headers = &[("content-encoding", "gzip"), ("etag", "\"x\"")];
    let server = Server::start(move |_| answer(200, headers, body.clone())).await;
    let store: Arc<Store> = Arc::default();
    let (report, _) = pass(settings(), server.url("/rss"), &store).await;
    let said = &report.feeds[0].outcome;
    assert!(said.contains("entries; body cut off after"), "{said}");
    assert!((100..1900).contains(&report.feeds[0].new), "{said}");
    assert_eq!(store.state().validators.etag, None);
}

#[tokio::test]
async fn an_etag_of_each_coding_goes_back_byte_for_byte() {
    for etag in ["W/\"x-gzip\"", "\"x;br\"", "unquoted", "\"\""] {
        let server = Server::start(move |seen| match seen.header("if-none-match") {
            Some(sent) if sent == etag => answer(304, &[], ""),
            Some(_) => answer(500, &[], ""),
            None => answer(200, &[("etag", etag)], two()),
        })
        .await;
        let store = Arc::default();
        pass(settings(), server.url("/rss"), &store).await;
        store.restart();
        let (report, _) = pass(settings(), server.url("/rss"), &store).await;
        assert_eq!(report.feeds[0].outcome, "304 Not Modified", "{etag}");
    }
}

#[tokio::test]
async fn a_challenge_is_named_whatever_its_status() {
    let page = "<html><head><title>Just a moment...</title></head></html>";
    check("403 Forbidden (Cloudflare challenge)", move || {
        answer(403, &[("cf-mitigated", "challenge")], page)
    })
    .await;
    check(
        "503 Service Unavailable (Cloudflare challenge)",
        move || answer(503, &[], gzip(page.as_bytes())),
    )
    .await;
    check("Cloudflare challenge with status 200", move || {
        answer(200, &[("cf-mitigated", "challenge")], page)
    })
    .await;
    check("AWS WAF challenge with status 202", || {
        answer(202, &[("x-amzn-waf-action", "challenge")], "")
    })
    .await;
    check("401 Unauthorized (login page)", || {
        answer(401, &[], "<form><input type=\"password\"></form>")
    })
    .await;
    check("451 Unavailable For Legal Reasons", || answer(451, &[], "")).await;
}

#[tokio::test]
async fn retry_after_is_honoured_with_any_refusal() {
    let date = "Fri, 01 Jan 2100 00:00:00 GMT";
    for (status, value, least, most) in [
        (403, "7200", 7200, 7200),
        (429, "0", 1, 1),
        (500, "7200", 7200, 7200),
        (503, date, 168 * 3600, 168 * 3600),
    ] {
        let server = Server::start(move |_| answer(status, &[("retry-after", value)], "")).await;
        let store: Arc<Store> = Arc::default();
        pass(settings(), server.url("/rss"), &store).await;
        let state = store.state();
        let wait = (state.next_poll.unwrap() - state.last_poll.unwrap()).num_seconds();
        assert!(
            (least..=most.max(24 * 3600)).contains(&wait),
            "{status} {value}: {wait}"
        );
    }
}

#[tokio::test]
async fn a_redirect_that_asks_for_time_is_followed_after_it() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/rss" => answer(302, &[("location", "/new"), ("retry-after", "1")], ""),
        _ => answer(200, &[], two()),
    })
    .await;
    assert_eq!(
        outcome(settings(), server.url("/rss")).await,
        "200 with 2 entries"
    );
    let (first, then) = (&server.seen("/rss")[0], &server.seen("/new")[0]);
    assert!((then.at - first.at).as_millis() >= 1000);
}

#[tokio::test]
async fn two_addresses_that_send_each_other_on_are_a_loop() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/rss" => answer(302, &[("location", "/m/rss")], ""),
        _ => answer(302, &[("location", "/rss")], ""),
    })
    .await;
    let said = outcome(settings(), server.url("/rss")).await;
    assert!(
        said.starts_with("redirect loop at `http://127.0.0.1"),
        "{said}"
    );
    assert_eq!(server.seen("/rss").len(), 1, "no address is asked twice");
}
