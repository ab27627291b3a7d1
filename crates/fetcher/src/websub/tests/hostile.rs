//! Strangers and hubs gone bad: what they cost is bounded, and others are served all the same.

use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{
    hub::{hear, say},
    *,
};

/// How much later than it should a busy machine may do something; still sooner than a connection
/// ends that nothing else ends.
const SLACK: Duration = Duration::from_secs(3);

#[tokio::test]
async fn a_stranger_learns_nothing() {
    let (bench, form) = Bench::active().await;
    let to = bench.push.address();
    let guess = Form::callback(&form).replace(|c: char| c.is_ascii_digit(), "0");
    let mut answers = Vec::new();
    for path in ["/", "/push", "/push/", "/favicon.ico", &guess] {
        answers.push(get(to, path).await);
        answers.push(get(to, &form.question(DAY, &[]).replace(&form.callback(), path)).await);
        answers.push(post(to, path, "sha256=00", "<rss/>").await);
    }
    let put = format!("PUT {} HTTP/1.1\r\nhost: a\r\n\r\n", form.callback());
    answers.push(say(to, put.as_bytes()).await);
    for answer in answers {
        assert_eq!((answer.status, &*answer.body), (404, ""), "{}", answer.head);
    }
}

#[tokio::test]
async fn a_body_over_the_cap_is_refused_whether_it_says_so_or_not() {
    let (mut bench, form) = Bench::active().await;
    let (to, path) = (bench.push.address(), form.callback());
    let head = format!("POST {path} HTTP/1.1\r\nhost: a\r\nx-hub-signature: sha1=00\r\n");
    let announced = format!("{head}content-length: 99999999999\r\n\r\n");
    assert_eq!(say(to, announced.as_bytes()).await.status, 413);

    let mut stream = TcpStream::connect(to).await.unwrap();
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n");
    stream.write_all(chunked.as_bytes()).await.unwrap();
    let chunk = format!("2000\r\n{}\r\n", "x".repeat(0x2000));
    let mut sent = 0;
    // It may not even take in what comes after the cap.
    while sent <= LIMITS.body_bytes && stream.write_all(chunk.as_bytes()).await.is_ok() {
        sent += 0x2000;
    }
    assert_eq!(hear(stream).await.status, 413);

    let whole = "x".repeat(LIMITS.body_bytes);
    assert_eq!(deliver(to, &form, &whole).await.status, 202);
    assert_eq!(bench.next().await.body, whole);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_not_handed_on() {
    let (mut bench, form) = Bench::active().await;
    let (to, path) = (bench.push.address(), form.callback());
    let signature = sign("sha256", form.field("secret"), b"<rss/>");
    let mut stream = TcpStream::connect(to).await.unwrap();
    let part = format!(
        "POST {path} HTTP/1.1\r\nhost: a\r\nx-hub-signature: {signature}\r\n\
         content-length: 100\r\n\r\n<rss/>"
    );
    stream.write_all(part.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    assert_ne!(hear(stream).await.status, 202);
    assert_eq!(deliver(to, &form, "whole").await.status, 202);
    assert_eq!(bench.next().await.body, "whole");
}

#[tokio::test]
async fn a_head_that_is_too_long_or_no_http_is_refused() {
    let bench = Bench::new().await;
    let to = bench.push.address();
    let long = format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "x".repeat(1 << 20));
    assert_ne!(say(to, long.as_bytes()).await.status, 200);
    let fields = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(1000));
    assert_ne!(say(to, fields.as_bytes()).await.status, 200);
    assert_ne!(say(to, b"\x16\x03\x01\x00\xff\xfe").await.status, 200);
    assert_eq!(get(to, "/").await.status, 404, "and it goes on");
}

#[tokio::test]
async fn who_says_nothing_or_says_it_slowly_is_hung_up_on() {
    let (bench, form) = Bench::active().await;
    let to = bench.push.address();
    for (words, patience) in [
        ("", LIMITS.head),
        ("GET /a HT", LIMITS.head),
        (&begun(&form), LIMITS.body),
    ] {
        let start = Instant::now();
        let answer = say(to, words.as_bytes()).await;
        assert!(matches!(answer.status, 0 | 408), "{words:?}: {answer:?}");
        let waited = start.elapsed();
        assert!(
            waited >= patience && waited < patience + SLACK,
            "{words:?}: {waited:?}"
        );
    }
}

#[tokio::test]
async fn who_goes_on_a_letter_at_a_time_is_hung_up_on_too() {
    let (bench, _) = Bench::active().await;
    let start = Instant::now();
    let mut stream = TcpStream::connect(bench.push.address()).await.unwrap();
    while stream.write_all(b"x").await.is_ok() && start.elapsed() < BOUND {
        tokio::time::sleep(LIMITS.head / 10).await;
    }
    assert!(
        start.elapsed() < LIMITS.head + SLACK,
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn a_crowd_of_silent_connections_holds_up_a_hub_for_moments_only() {
    let (mut bench, form) = Bench::active().await;
    let to = bench.push.address();
    let mut crowd = Vec::new();
    for _ in 0..LIMITS.connections * 2 {
        crowd.push(TcpStream::connect(to).await.unwrap());
    }
    let start = Instant::now();
    assert_eq!(deliver(to, &form, "news").await.status, 202);
    let waited = start.elapsed();
    // The crowd fills the room twice over.
    assert!(waited >= LIMITS.head, "nobody else was let in: {waited:?}");
    assert!(waited < LIMITS.head * 2 + SLACK, "{waited:?}");
    assert_eq!(bench.next().await.body, "news");
}

#[tokio::test]
async fn a_hub_that_sends_slowly_holds_up_its_own_feed_only() {
    let (mut bench, slow) = Bench::active().await;
    let to = bench.push.address();
    let radio: FeedId = "radio".parse().unwrap();
    let topic = "https://radio.test/rss".parse().unwrap();
    let hub = bench.hub.url("/");
    bench.push.found(&radio, Topic { hub, topic });
    let form = bench.hub.form(1).await;
    assert_eq!(bench.verify(&form).await, 200);

    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.write_all(begun(&slow).as_bytes()).await.unwrap();
    let answer = deliver(to, &slow, "more").await;
    assert_eq!(answer.status, 503, "one at a time");
    for body in ["1", "2", "3"] {
        assert_eq!(deliver(to, &form, body).await.status, 202);
        let delivery = bench.next().await;
        assert_eq!(
            (delivery.feed, &*delivery.body),
            (radio.clone(), body.as_bytes())
        );
    }
    stream.write_all(b"news").await.unwrap();
    assert_eq!(hear(stream).await.status, 202);
    assert_eq!(
        deliver(to, &slow, "more").await.status,
        202,
        "its turn is over"
    );
}

#[tokio::test]
async fn a_delivery_that_does_not_end_is_given_up_and_its_place_is_free() {
    let (mut bench, form) = Bench::active().await;
    let to = bench.push.address();
    for _ in 0..2 {
        let answer = say(to, begun(&form).as_bytes()).await;
        assert!(matches!(answer.status, 0 | 408), "{answer:?}");
    }
    assert_eq!(deliver(to, &form, "news").await.status, 202);
    assert_eq!(bench.next().await.body, "news");
}

/// A delivery without its last four bytes.
fn begun(form: &Form) -> String {
    let path = form.callback();
    format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n<")
}
