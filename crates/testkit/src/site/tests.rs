//! The site as a client sees it, byte by byte.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{Reply, Site};

/// Sends bytes on a fresh connection and reads until the site closes it.
async fn exchange(site: &Site, request: &str) -> String {
    let mut stream = TcpStream::connect(site.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

async fn get(site: &Site, path: &str, headers: &str) -> String {
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: a.test\r\n{headers}Connection: close\r\n\r\n");
    exchange(site, &request).await
}

#[track_caller]
fn check(answer: &str, status: &str, parts: &[&str]) {
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status} ")),
        "{answer}"
    );
    for part in parts {
        assert!(answer.contains(part), "`{part}` is not in {answer}");
    }
}

#[tokio::test]
async fn what_was_not_set_is_not_found() {
    let site = Site::start().await;
    check(
        &get(&site, "/nada", "").await,
        "404",
        &["content-length: 0"],
    );
}

#[tokio::test]
async fn a_page_has_its_type_length_and_body() {
    let site = Site::start().await;
    site.set("/nota", Reply::ok("text/html", "<p>Hola</p>"));
    let parts = [
        "content-type: text/html",
        "content-length: 11",
        "\r\n\r\n<p>Hola</p>",
    ];
    check(&get(&site, "/nota?utm_source=rss", "").await, "200", &parts);
}

#[tokio::test]
async fn matching_validators_are_answered_with_304() {
    let site = Site::start().await;
    let reply = Reply::ok("text/xml", "<rss/>")
        .etag("\"a1\"")
        .last_modified("Mon, 05 Jan 2026 10:00:00 GMT");
    site.set("/feed", reply);
    let same = "If-Modified-Since: Mon, 05 Jan 2026 10:00:00 GMT\r\n";
    check(
        &get(&site, "/feed", "").await,
        "200",
        &["etag: \"a1\"", "<rss/>"],
    );
    let unchanged = get(&site, "/feed", "If-None-Match: \"a0\", \"a1\"\r\n").await;
    check(&unchanged, "304", &["etag: \"a1\""]);
    assert!(
        unchanged.ends_with("\r\n\r\n"),
        "a 304 has no body: {unchanged}"
    );
    check(&get(&site, "/feed", same).await, "304", &[]);
    let newer = get(&site, "/feed", &format!("If-None-Match: \"a0\"\r\n{same}")).await;
    check(&newer, "200", &["<rss/>"]);
}

#[tokio::test]
async fn a_truncated_body_is_shorter_than_announced() {
    let site = Site::start().await;
    site.set(
        "/corte",
        Reply::ok("text/html", "0123456789").truncated_at(4),
    );
    let answer = get(&site, "/corte", "").await;
    check(&answer, "200", &["content-length: 10"]);
    assert!(answer.ends_with("\r\n\r\n0123"), "{answer}");
}

#[tokio::test]
async fn a_redirect_names_its_target() {
    let site = Site::start().await;
    site.set(
        "/viejo",
        Reply::redirect(301, "/nuevo").header("retry-after", "3"),
    );
    check(
        &get(&site, "/viejo", "").await,
        "301",
        &["location: /nuevo\r\n", "retry-after: 3\r\n"],
    );
}

#[tokio::test]
async fn one_connection_carries_many_requests() {
    let site = Site::start().await;
    site.set("/a", Reply::ok("text/plain", "uno"));
    let close = "HEAD /a HTTP/1.1\r\nConnection: close\r\n\r\n";
    let answer = exchange(&site, &format!("GET /a HTTP/1.1\r\nX-N: 1\r\n\r\n{close}")).await;
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 2, "{answer}");
    assert_eq!(answer.matches("\r\n\r\nuno").count(), 1, "{answer}");
    let asked = site.requests_to("/a");
    assert_eq!(asked[0].header("x-n"), Some("1"));
    assert_eq!(
        (asked[0].method.as_str(), asked[1].method.as_str()),
        ("GET", "HEAD")
    );
    assert!(asked[0].at <= asked[1].at);
}

#[tokio::test]
async fn a_hang_up_sends_nothing_and_raw_bytes_are_sent_as_they_are() {
    let site = Site::start().await;
    site.set("/mudo", Reply::status(200).hang_up());
    site.set("/crudo", Reply::raw("NO HTTP"));
    assert_eq!(get(&site, "/mudo", "").await, "");
    assert_eq!(get(&site, "/crudo", "").await, "NO HTTP");
}

#[tokio::test]
async fn an_endless_body_goes_on_as_long_as_the_client_reads() {
    let site = Site::start().await;
    site.set("/mar", Reply::ok("text/html", "agua ").endless());
    let mut stream = TcpStream::connect(site.address()).await.unwrap();
    let request = b"GET /mar HTTP/1.1\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut read = vec![0; 1 << 20];
    stream.read_exact(&mut read).await.unwrap();
    let start = String::from_utf8_lossy(&read[..200]).into_owned();
    check(
        &start,
        "200",
        &["transfer-encoding: chunked", "\r\n\r\n10000\r\nagua agua"],
    );
}

#[tokio::test]
async fn a_dripped_body_arrives_whole() {
    let site = Site::start().await;
    let slow = Reply::ok("text/plain", "gota a gota").drip(3, Duration::from_millis(1));
    site.set("/lento", slow.delay(Duration::from_millis(1)));
    check(
        &get(&site, "/lento", "").await,
        "200",
        &["\r\n\r\ngota a gota"],
    );
}

#[tokio::test]
async fn the_longest_prefix_handles_what_has_no_answer_of_its_own() {
    let site = Site::start().await;
    site.set_handler("/", |request| Reply::ok("text/plain", request.path.clone()));
    site.set_handler("/a/", |_| Reply::status(410));
    site.set("/a/b", Reply::status(503));
    check(&get(&site, "/x?y=1", "").await, "200", &["\r\n\r\n/x?y=1"]);
    check(&get(&site, "/a/c", "").await, "410", &[]);
    check(&get(&site, "/a/b", "").await, "503", &[]);
    assert_eq!(site.requests().len(), 3);
    assert_eq!(site.requests_at_once_max(), 1);
}

#[tokio::test]
async fn a_series_is_given_in_order_and_ends_with_its_last_answer() {
    let site = Site::start().await;
    site.set_series("/turno", [503, 404, 200].map(Reply::status));
    for status in ["503", "404", "200", "200"] {
        check(&get(&site, "/turno", "").await, status, &[]);
    }
}

#[tokio::test]
async fn the_body_of_a_request_is_recorded() {
    let site = Site::start().await;
    let post = "POST /hub HTTP/1.1\r\nContent-Length: 4\r\n\r\na=b&";
    let close = "GET /a HTTP/1.1\r\nConnection: close\r\n\r\n";
    exchange(&site, &format!("{post}{close}")).await;
    let asked = site.requests();
    assert_eq!((&*asked[0].body, &*asked[1].path), (&b"a=b&"[..], "/a"));
}

#[tokio::test]
async fn a_client_that_is_held_up_is_counted_until_it_goes() {
    let site = Site::start().await;
    site.set("/nunca", Reply::status(200).hang());
    let mut stream = TcpStream::connect(site.address()).await.unwrap();
    stream
        .write_all(b"GET /nunca HTTP/1.1\r\n\r\n")
        .await
        .unwrap();
    while site.requests_held_up() == 0 {
        tokio::task::yield_now().await;
    }
    drop(stream);
    while site.requests_held_up() > 0 {
        tokio::task::yield_now().await;
    }
}
