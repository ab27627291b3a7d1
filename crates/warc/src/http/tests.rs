use std::io::Write;

use flate2::{Compression, write::GzEncoder};

use super::*;

const BYTES_MAX: usize = 1000;

fn parse(head: &str, body: &[u8]) -> Result<HttpResponse, BadResponse> {
    let block = [head.as_bytes(), body].concat();
    HttpResponse::parse(&block, BYTES_MAX)
}

fn check(head: &str, body: &[u8], expected: &[u8]) {
    let response = parse(head, body).unwrap();
    assert_eq!(response.body, expected, "{head}");
    assert_eq!(response.incomplete, None, "{head}");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

const GZIPPED: &str = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

#[test]
fn status_and_headers_are_read() {
    let response = parse("HTTP/1.1 404 No \u{e1}\r\nX-A:  b \r\n\r\n", b"gone").unwrap();
    assert_eq!(response.status, 404);
    assert_eq!(response.header("x-a"), Some("b"));
    assert_eq!(response.body, b"gone");
    assert_eq!(parse("HTTP/2 200\nA: b\n\nx", b"").unwrap().body, b"x");
    assert_eq!(
        parse("HTTP/1.1 301 Moved\r\nLocation: /", b"")
            .unwrap()
            .status,
        301
    );
    assert_eq!(
        parse("HTTP/1.1 OK\r\n\r\n", b""),
        Err(BadResponse::NoStatus)
    );
    assert_eq!(parse("<html>", b""), Err(BadResponse::NoStatus));
}

#[test]
fn codings_are_undone_where_the_bytes_have_them() {
    check(GZIPPED, &gzip(b"news"), b"news");
    check(GZIPPED, b"news", b"news");
    check("HTTP/1.1 200 OK\r\n\r\n", &gzip(b"news"), b"news");
    check(
        "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n",
        b"<p>news",
        b"<p>news",
    );
    check(
        "HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\n\r\n",
        b"<p>news",
        b"<p>news",
    );
    let twice = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\n\r\n";
    check(twice, &gzip(&gzip(b"news")), b"news");
    let zstd = zstd::encode_all(&b"news"[..], 3).unwrap();
    check(
        "HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\n\r\n",
        &zstd,
        b"news",
    );
}

#[test]
fn chunks_are_joined_where_there_are_some() {
    check(CHUNKED, b"3\r\nnew\r\n1;x=y\r\ns\r\n0\r\n\r\n", b"news");
    check(CHUNKED, b"news", b"news");
    check(CHUNKED, b"", b"");
    let cut = parse(CHUNKED, b"3\r\nnew\r\nffffffff\r\ns").unwrap();
    assert_eq!(
        (cut.body.as_slice(), cut.incomplete.is_some()),
        (&b"news"[..], true)
    );
    let huge = parse(CHUNKED, b"ffffffffffffffff\r\nx").unwrap();
    assert_eq!(huge.body, b"x");
}

#[test]
fn what_breaks_off_is_given_as_far_as_it_goes() {
    let long: Vec<u8> = (0..900_u32).map(|n| (n * n % 251) as u8).collect();
    let zipped = gzip(&long);
    let cut = parse(GZIPPED, &zipped[..zipped.len() - 40]).unwrap();
    assert!(!cut.body.is_empty() && long.starts_with(&cut.body));
    assert!(cut.incomplete.is_some());
}

#[test]
fn bodies_are_bounded_packed_or_not() {
    let too_large = Err(BadResponse::TooLarge {
        bytes_max: BYTES_MAX,
    });
    let long = vec![b'a'; BYTES_MAX + 1];
    assert_eq!(parse(GZIPPED, &gzip(&long)), too_large);
    assert_eq!(parse("HTTP/1.1 200 OK\r\n\r\n", &long), too_large);
    check(GZIPPED, &gzip(&long[1..]), &long[1..]);
    let endless = format!("HTTP/1.1 200 OK\r\n{}", "a: b\r\n".repeat(60_000));
    assert_eq!(parse(&endless, b""), Err(BadResponse::NoEnd));
}
