//! Headers: sentences 20 to 23.

use std::time::Duration;

use testkit::{Reply, Request};

use crate::{
    documents::{RSS, rss, rss_of_pages, served},
    sentences,
    world::{DAY, MINUTE, World, pass},
};

sentences! {
    20 the_user_agent_is_honest_and_one "one honest User-Agent for feeds, robots.txt and pages";
    21 nothing_follows_the_reader_around "no Cookie, no Referer, no added query";
    22 compression_is_offered_and_undone "at least gzip is offered, and whatever comes is decoded";
    23 feeds_are_preferred_and_known_by_content "Accept prefers feeds, and content decides what is one";
}

/// Everything that a site with a feed, a robots.txt and pages was asked in two days.
async fn asked_for_everything(world: &World) -> Vec<Request> {
    let site = world.site().await;
    let with_cookie = |reply: Reply| {
        reply
            .header("set-cookie", "visto=1; Path=/")
            .header("set-cookie", "ab=2")
    };
    let links = rss_of_pages(&site.url(""), &["/1", "/2?seccion=judicial"]);
    site.set(
        "/rss?formato=xml&vacio",
        with_cookie(Reply::redirect(302, "/canal?x=1")),
    );
    site.set(
        "/canal",
        with_cookie(Reply::ok(RSS, links).header("link", "</otro>; rel=preload")),
    );
    site.set(
        "/robots.txt",
        with_cookie(Reply::ok("text/plain", "User-agent: *\nDisallow: /x")),
    );
    site.set("/1", with_cookie(Reply::redirect(302, "/3")));
    site.set("/2", with_cookie(Reply::ok("text/html", "<p>dos</p>")));
    site.set("/3", with_cookie(Reply::ok("text/html", "<p>tres</p>")));
    let daemon = world.polling(&site, "/rss?formato=xml&vacio");
    pass(DAY * 2).await;
    daemon.stop().await;
    let requests = site.requests();
    for path in [
        "/rss?formato=xml&vacio",
        "/canal?x=1",
        "/robots.txt",
        "/1",
        "/2?seccion=judicial",
        "/3",
    ] {
        assert!(
            requests.iter().any(|request| request.path == path),
            "{path} is asked for, exactly so"
        );
    }
    requests
}

async fn the_user_agent_is_honest_and_one(mut world: World) {
    "vigia/9.8 (+https://vigia.test/contacto)".clone_into(&mut world.settings.user_agent);
    for request in asked_for_everything(&world).await {
        let agents = request
            .headers
            .iter()
            .filter(|(name, _)| name == "user-agent");
        let agents: Vec<_> = agents.map(|(_, value)| value.as_str()).collect();
        assert_eq!(
            agents,
            ["vigia/9.8 (+https://vigia.test/contacto)"],
            "{}",
            request.path
        );
        let mut names = request.headers.iter().map(|(name, _)| name.as_str());
        assert!(
            !names.any(|name| name.starts_with("sec-")),
            "a browser's headers: {:?}",
            request.headers
        );
    }
    let default = fetcher::Settings::default().user_agent;
    let (product, comment) = default.split_once(' ').expect("product and comment");
    assert!(
        product
            .split_once('/')
            .is_some_and(|(_, version)| version.starts_with(|c: char| c.is_ascii_digit()))
    );
    assert!(
        comment.contains("+https://") && !default.contains("Mozilla"),
        "{default}"
    );
}

async fn nothing_follows_the_reader_around(world: World) {
    let requests = asked_for_everything(&world).await;
    let known = [
        "/rss?formato=xml&vacio",
        "/canal?x=1",
        "/robots.txt",
        "/1",
        "/2?seccion=judicial",
        "/3",
    ];
    for request in &requests {
        for name in ["cookie", "referer", "origin", "from", "authorization"] {
            assert_eq!(request.header(name), None, "{name} to {}", request.path);
        }
        assert!(known.contains(&request.path.as_str()), "{}", request.path);
    }
}

/// zlib's form of a body that is not compressed (RFC 1950 and 1951).
fn zlib(body: &[u8]) -> Vec<u8> {
    let (low, high) = body.iter().fold((1_u32, 0_u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    let length = body.len() as u16;
    [
        &[0x78, 0x01, 1][..],
        &length.to_le_bytes(),
        &(!length).to_le_bytes(),
        body,
        &((high << 16) | low).to_be_bytes(),
    ]
    .concat()
}

/// Zstandard's form (RFC 8878): one raw block.
fn zstd(body: &[u8]) -> Vec<u8> {
    let size = (body.len() as u16 - 256).to_le_bytes();
    let block = ((body.len() as u32) << 3 | 1).to_le_bytes();
    [
        &[0x28, 0xb5, 0x2f, 0xfd, 0x60][..],
        &size,
        &block[..3],
        body,
    ]
    .concat()
}

/// Brotli's form (RFC 7932): one metablock that is not compressed, and an empty last one.
fn brotli(body: &[u8]) -> Vec<u8> {
    let head = ((body.len() as u32 - 1) << 4 | 1 << 20).to_le_bytes();
    [&head[..3], body, &[3]].concat()
}

async fn compression_is_offered_and_undone(world: World) {
    let document = rss(&["una", "dos", "tres", "cuatro"]);
    let plain = document.as_bytes();
    let encoded = |name: &str, body: Vec<u8>| Reply::ok(RSS, body).header("content-encoding", name);
    for (number, reply) in [
        Reply::ok(RSS, document.clone()),
        Reply::ok(RSS, document.clone()).gzip(),
        encoded("deflate", zlib(plain)),
        encoded("deflate", zlib(plain)[2..plain.len() + 7].to_vec()), // without zlib's wrapping
        encoded("zstd", zstd(plain)),
        encoded("br", brotli(plain)),
    ]
    .into_iter()
    .enumerate()
    {
        let world = world.anew();
        let site = world.site().await;
        site.set("/rss", reply);
        let report = world.pass(&site, "/rss").await;
        assert_eq!(
            world.titles().len(),
            4,
            "encoding {number}: {}",
            report.feeds[0].outcome
        );
        let offered = site.requests()[0]
            .header("accept-encoding")
            .unwrap_or_default()
            .to_owned();
        let refused = |coding: &str| coding.replace(' ', "").ends_with(";q=0");
        let gzip =
            |coding: &str| coding.trim().split(';').next() == Some("gzip") && !refused(coding);
        assert!(offered.split(',').any(gzip), "{offered}");
    }
}

/// How much a type is wanted, by the weights of an `Accept` field.
fn weight(accept: &str, wanted: &str) -> f32 {
    let ranges = accept
        .split(',')
        .map(|range| range.trim().split_once(';').unwrap_or((range.trim(), "")));
    let weighed = ranges.filter_map(|(range, parameters)| {
        let q = parameters
            .split("q=")
            .nth(1)
            .map_or(1.0, |q| q.trim().parse().unwrap_or(0.0));
        let kind = wanted.split('/').next().unwrap_or_default();
        match range {
            range if range == wanted => Some((2, q)),
            range if range.strip_suffix("/*") == Some(kind) => Some((1, q)),
            "*/*" => Some((0, q)),
            _ => None,
        }
    });
    weighed
        .max_by_key(|(exact, _)| *exact)
        .map_or(0.0, |(_, q)| q)
}

async fn feeds_are_preferred_and_known_by_content(world: World) {
    let document = rss(&["una"]);
    for kind in [
        "text/html",
        "text/plain",
        "application/octet-stream",
        "image/png",
        "application/json",
        "x",
    ] {
        let world = world.anew();
        let site = world.site().await;
        site.set("/rss", Reply::ok(kind, document.clone()));
        site.set("/sin", Reply::status(200).body(document.clone()));
        world.pass(&site, "/rss").await;
        assert_eq!(world.titles(), ["una"], "served as {kind}");
        let world = world.anew();
        world.pass(&site, "/sin").await;
        assert_eq!(world.titles(), ["una"], "served as nothing");
        let accept = site.requests()[0]
            .header("accept")
            .unwrap_or_default()
            .to_owned();
        for feed in [
            "application/rss+xml",
            "application/atom+xml",
            "application/feed+json",
        ] {
            assert!(
                weight(&accept, feed) > weight(&accept, "text/html"),
                "{accept}"
            );
        }
        assert!(
            weight(&accept, "text/html") > 0.0,
            "nothing is refused: {accept}"
        );
    }
    let page = world.anew();
    let site = page.site().await;
    site.set(
        "/rss",
        Reply::ok(
            RSS,
            "<!doctype html><title>Portada</title><p>Buenos d\u{ed}as</p>",
        ),
    );
    page.pass(&site, "/rss").await;
    assert!(
        !page.state().await.health.is_read(),
        "a page that is called a feed"
    );
    let slow = served(&["una"]).delay(Duration::from_secs(1));
    site.set("/lento", slow);
    let daemon = page.polling(&site, "/lento");
    pass(MINUTE).await;
    daemon.stop().await;
}
