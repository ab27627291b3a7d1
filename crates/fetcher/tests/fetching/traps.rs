//! Known misbehaviour of feeds' servers, one test each; `TRAPS` says which.

use std::{sync::Arc, time::Duration};

use fetcher::Settings;
use hyper::{Response, body::Bytes};

use crate::{
    outcome, pass,
    server::{Server, answer, dripping, gzip, rss},
    settings,
    store::Store,
};

/// Words of each trap of the collection that is measured against, and the test that tries it.
const TRAPS: &[(&str, &str)] = &[
    (
        "byte for byte",
        "an_etag_of_each_coding_goes_back_byte_for_byte",
    ),
    (
        "store both",
        "both_validators_are_replaced_with_every_answer",
    ),
    ("1970-01-01", "clocks_that_were_never_set_are_not_sent_back"),
    (
        "always 304",
        "a_long_run_of_304s_is_doubted_at_most_once_a_day",
    ),
    (
        "although entries are newer",
        "an_old_last_modified_hides_no_new_entries",
    ),
    (
        "rejects conditional",
        "a_server_that_refuses_conditions_is_asked_without_them",
    ),
    (
        "304 carrying a body",
        "a_304_with_a_body_leaves_validators_and_connection_as_they_are",
    ),
    ("Accept-Encoding identity", "gzip_that_no_header_names"),
    ("but body is plain", "plain_text_that_the_header_calls_gzip"),
    ("wrong header", "a_charset_where_the_coding_belongs"),
    (
        "contradicts bytes",
        "bytes_win_over_what_header_and_prolog_say_of_them",
    ),
    (
        "bytes are UTF-8",
        "bytes_win_over_what_header_and_prolog_say_of_them",
    ),
    ("interstitial", "a_challenge_is_named_whatever_its_status"),
    ("429 with", "retry_after_is_honoured_with_any_refusal"),
    (
        "come back",
        "a_feed_that_is_gone_is_asked_now_and_then_and_comes_back",
    ),
    (
        "ping-pong",
        "two_addresses_that_send_each_other_on_are_a_loop",
    ),
    (
        "goes stale",
        "a_permanent_redirect_is_remembered_at_the_third_poll_and_asked_about_again",
    ),
    (
        "instead of feed",
        "html_in_a_feeds_place_keeps_what_was_known",
    ),
    ("datacentre", "health_names_the_cause"),
    ("slow server", "a_slow_server_is_waited_for"),
    (
        "closed mid-body",
        "a_truncated_body_is_read_as_far_as_it_came",
    ),
    ("dates in the future", "dates_that_cannot_be_are_none"),
    (
        "unknown agents",
        "a_page_for_unknown_readers_is_not_what_we_get",
    ),
    (
        "GUID changing",
        "the_posts_of_a_live_page_are_each_accounted_for",
    ),
];

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
    for (status, value, expected) in [
        (403, "7200", 7200),
        (429, "0", 300), // the host may be asked in a second, the same feed not
        (500, "7200", 7200),
        (503, date, 168 * 3600),
    ] {
        let server = Server::start(move |_| answer(status, &[("retry-after", value)], "")).await;
        let store: Arc<Store> = Arc::default();
        pass(settings(), server.url("/rss"), &store).await;
        let state = store.state();
        let wait = (state.next_poll.unwrap() - state.last_poll.unwrap()).num_seconds();
        assert_eq!(wait, expected, "{status} {value}");
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

#[tokio::test]
async fn both_validators_are_replaced_with_every_answer() {
    let modified = "Mon, 05 Jan 2026 11:00:00 GMT";
    let server = Server::start(move |seen| {
        let (etag, link) = match seen.header("if-none-match") {
            None => ("\"1\"", "mailto:a@a.test"),
            Some("\"1\"") => ("\"2\"", "mailto:b@a.test"),
            Some(_) => return answer(304, &[], ""),
        };
        answer(
            200,
            &[("etag", etag), ("last-modified", modified)],
            rss(&[link]),
        )
    })
    .await;
    let store: Arc<Store> = Arc::default();
    for expected in ["200 with 1 entry", "200 with 1 entry", "304 Not Modified"] {
        store.restart();
        let (report, _) = pass(settings(), server.url("/rss"), &store).await;
        assert_eq!(report.feeds[0].outcome, expected);
    }
    let sent = server.seen("/rss").pop().unwrap();
    let fields = (
        sent.header("if-none-match"),
        sent.header("if-modified-since"),
    );
    assert_eq!(fields, (Some("\"2\""), Some(modified)));
}

#[tokio::test]
async fn an_old_last_modified_hides_no_new_entries() {
    let links = Arc::new(std::sync::Mutex::new(vec!["mailto:a@a.test"]));
    let shown = Arc::clone(&links);
    let old = &[("last-modified", "Fri, 03 Jan 2020 00:00:00 GMT")];
    let server = Server::start(move |_| answer(200, old, rss(&shown.lock().unwrap()))).await;
    let store: Arc<Store> = Arc::default();
    pass(settings(), server.url("/rss"), &store).await;
    links.lock().unwrap().push("mailto:b@a.test");
    store.restart();
    let (report, _) = pass(settings(), server.url("/rss"), &store).await;
    assert_eq!((report.feeds[0].new, report.feeds[0].known), (1, 1));
}

#[tokio::test]
async fn a_server_that_refuses_conditions_is_asked_without_them() {
    let server = Server::start(|seen| match seen.header("if-none-match") {
        None => answer(200, &[("etag", "\"1\"")], two()),
        Some(_) => answer(400, &[], "I do not accept If-None-Match"),
    })
    .await;
    let store: Arc<Store> = Arc::default();
    let mut outcomes = Vec::new();
    for _ in 0..3 {
        store.restart();
        let (report, _) = pass(settings(), server.url("/rss"), &store).await;
        outcomes.push(report.feeds[0].outcome.clone());
    }
    assert_eq!(
        outcomes,
        [
            "200 with 2 entries",
            "400 Bad Request",
            "200 with 2 entries"
        ]
    );
}

#[tokio::test]
async fn a_304_with_a_body_leaves_validators_and_connection_as_they_are() {
    let server = Server::start(|seen| match seen.header("if-none-match") {
        None => answer(200, &[("etag", "\"1\"")], two()),
        Some(_) => answer(304, &[("content-type", "text/html")], "<p>Not modified"),
    })
    .await;
    let store: Arc<Store> = Arc::default();
    for expected in ["200 with 2 entries", "304 Not Modified", "304 Not Modified"] {
        store.restart();
        let (report, _) = pass(settings(), server.url("/rss"), &store).await;
        assert_eq!(report.feeds[0].outcome, expected);
        assert_eq!(store.state().validators.etag.as_deref(), Some("\"1\""));
    }
}

/// The title of the only entry of a feed that is sent as these bytes.
async fn title(content_type: &'static str, body: Vec<u8>) -> String {
    let server =
        Server::start(move |_| answer(200, &[("content-type", content_type)], body.clone())).await;
    let store: Arc<Store> = Arc::default();
    pass(settings(), server.url("/rss"), &store).await;
    let inside = store.inside();
    inside.entries[0].entry.title.clone().unwrap()
}

fn titled(prolog: &str, title: &str) -> String {
    format!(
        "{prolog}<rss version=\"2.0\"><channel><item><title>{title}</title>\
         <link>mailto:a@a.test</link></item></channel></rss>"
    )
}

#[tokio::test]
async fn bytes_win_over_what_header_and_prolog_say_of_them() {
    let word = "Explosión en Nariño";
    let latin = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>";
    let one_byte = |text: &str| text.chars().map(|c| c as u8).collect::<Vec<u8>>();
    for (content_type, body) in [
        (
            "application/xml; charset=iso-8859-1",
            titled("", word).into_bytes(),
        ),
        ("application/xml", titled(latin, word).into_bytes()),
        (
            "application/xml; charset=utf-8",
            one_byte(&titled(latin, word)),
        ),
        ("application/xml", one_byte(&titled("", word))),
    ] {
        assert_eq!(title(content_type, body).await, word, "{content_type}");
    }
}

#[tokio::test]
async fn html_in_a_feeds_place_keeps_what_was_known() {
    let html = "<!DOCTYPE html><title>En mantenimiento</title><p>Volvemos pronto";
    let seen_before = std::sync::atomic::AtomicBool::new(false);
    let server = Server::start(move |_| {
        if seen_before.swap(true, std::sync::atomic::Ordering::Relaxed) {
            answer(200, &[("etag", "\"html\"")], html)
        } else {
            answer(200, &[("etag", "\"1\"")], two())
        }
    })
    .await;
    let store: Arc<Store> = Arc::default();
    for _ in 0..2 {
        store.restart();
        pass(settings(), server.url("/rss"), &store).await;
    }
    let state = store.state();
    assert_eq!(state.health, story::Health::Blocked, "{}", state.health_why);
    assert_eq!(state.validators.etag.as_deref(), Some("\"1\""));
    assert_eq!(store.inside().entries.len(), 2);
}

#[tokio::test]
async fn a_slow_server_is_waited_for() {
    let usual = Settings::default();
    assert!(usual.request_timeout.as_secs() >= 20 && usual.concurrency >= 16);
    let url = dripping(
        "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\n",
        "x",
        Duration::from_millis(300),
    )
    .await;
    let said = outcome(settings(), url).await;
    assert_eq!(
        said, "text `xxxx` where a feed was expected",
        "all of it came"
    );
}

#[tokio::test]
async fn dates_that_cannot_be_are_none() {
    let dated = |date: &str| {
        format!(
            "<item><title>{date}</title><link>mailto:{}@a.test</link><pubDate>{date}</pubDate></item>",
            date.len()
        )
    };
    let dates = [
        "Sat, 16 Nov 2041 00:00:00 GMT",
        "Sun, 30 Nov -0001 00:00:00 +0000",
        "Mon, 05 Jan 2026 14:30:00 GMT",
    ];
    let items: String = dates.iter().map(|date| dated(date)).collect();
    let body = format!("<rss version=\"2.0\"><channel>{items}</channel></rss>");
    let server = Server::start(move |_| answer(200, &[], body.clone())).await;
    let store: Arc<Store> = Arc::default();
    pass(settings(), server.url("/rss"), &store).await;
    let kept = |date: &str| {
        let inside = store.inside();
        let found = inside
            .entries
            .iter()
            .find(|kept| kept.entry.title.as_deref() == Some(date));
        found.unwrap().entry.published.map(|at| at.to_rfc3339())
    };
    assert_eq!(
        dates.map(kept),
        [None, None, Some("2026-01-05T14:30:00+00:00".to_owned())]
    );
}

#[tokio::test]
async fn a_page_for_unknown_readers_is_not_what_we_get() {
    let server = Server::start(|seen| {
        let agent = seen.header("user-agent").unwrap_or_default();
        let wanted = seen.header("accept").unwrap_or_default();
        if agent.contains("(+http") && wanted.contains("application/rss+xml") {
            answer(200, &[], two())
        } else {
            answer(200, &[], "<!DOCTYPE html><title>Use un navegador</title>")
        }
    })
    .await;
    assert_eq!(
        outcome(settings(), server.url("/rss")).await,
        "200 with 2 entries"
    );
}

#[test]
fn every_trap_has_its_test() {
    let collection = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/corpora/http_traps.jsonl"
    );
    let Ok(text) = std::fs::read_to_string(collection) else {
        eprintln!("skipped: the collection of traps is not there");
        return;
    };
    let sources = [
        include_str!("traps.rs"),
        include_str!("polls.rs"),
        include_str!("../../src/outcome/tests.rs"),
        include_str!("../../../ledger/tests/lifecycle/main.rs"),
        include_str!("../../../ledger/tests/lifecycle/accounts.rs"),
    ];
    for (_, test) in TRAPS {
        let function = format!("fn {test}(");
        assert!(
            sources.iter().any(|source| source.contains(&function)),
            "{test}"
        );
    }
    for line in text.lines() {
        let trap: serde_json::Value = serde_json::from_str(line).unwrap();
        let trap = trap["trap"].as_str().unwrap();
        let named = TRAPS
            .iter()
            .filter(|(words, _)| trap.contains(words))
            .count();
        assert_eq!(named, 1, "{trap}");
    }
}
