//! Pages: what is put off, what goes on with the feed's text, what is left alone.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use fetcher::{Errand, FetchError, InFlight, Settings};
use story::Content;

use crate::{
    body, news, pass,
    server::{Server, answer, rss},
    settings,
    store::Store,
    why,
};

#[tokio::test]
async fn a_page_that_is_gone_goes_on_at_once_with_the_feeds_text() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/rss" => answer(200, &[], rss(&["/404", "/403", "/big", "mailto:a@b.test"])),
        "/404" => answer(404, &[], ""),
        "/403" => answer(403, &[], ""),
        _ => answer(200, &[], vec![b'x'; 4096]),
    })
    .await;
    let store: Arc<Store> = Arc::default();
    let settings = Settings {
        page_bytes_max: 2048,
        ..settings()
    };
    let (_, sent) = pass(settings, server.url("/rss"), &store).await;
    let mut reasons: Vec<&str> = sent.iter().map(why).collect();
    reasons.sort_unstable();
    assert_eq!(
        reasons,
        [
            "403 Forbidden",
            "404 Not Found",
            "body over 2 kB",
            "no link"
        ]
    );
    assert!(store.inside().put_off.is_empty());
}

#[tokio::test]
async fn what_stands_in_an_articles_place_is_not_taken_for_it() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/rss" => answer(200, &[], rss(&["/1", "/2", "/3", "/4", "/5"])),
        "/robots.txt" => answer(404, &[], ""),
        "/1" => answer(302, &[("location", "/login?next=/1")], ""),
        "/2" => answer(302, &[("location", "/")], ""),
        "/3" => answer(302, &[("location", "/cmp/consent")], ""),
        "/4" => answer(200, &[], "<title>Just a moment...</title>"),
        "/5" => answer(301, &[("location", "/nota-5")], ""),
        _ => answer(200, &[], "<title>Otra cosa</title>"),
    })
    .await;
    let (_, sent) = pass(settings(), server.url("/rss"), &Arc::default()).await;
    let without = |sent: &&InFlight| matches!(sent.page.content, Content::FeedOnly { .. });
    let mut reasons: Vec<&str> = sent.iter().filter(without).map(why).collect();
    reasons.sort_unstable();
    assert_eq!(
        reasons,
        [
            "Cloudflare challenge with status 200",
            "consent page in the article's place",
            "login page in the article's place",
            "the site's front page in the article's place",
        ]
    );
    assert_eq!(sent.len(), 5, "and the moved one is read where it is now");
}

#[tokio::test]
async fn a_page_that_fails_is_put_off_and_then_goes_on_without() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/rss" => answer(200, &[], rss(&["/1"])),
        "/robots.txt" => answer(404, &[], ""),
        _ => answer(500, &[("retry-after", "3600")], ""),
    })
    .await;
    let store: Arc<Store> = Arc::default();
    let settings = Settings {
        page_attempts: 2,
        ..settings()
    };
    let (_, sent) = pass(settings.clone(), server.url("/rss"), &store).await;
    assert!(
        sent.is_empty(),
        "what must wait longer than 30 s stays pending"
    );
    assert_eq!(store.inside().put_off, ["500 Internal Server Error"]);
    store.restart();
    let (_, sent) = pass(settings, server.url("/rss"), &store).await;
    assert_eq!(why(&sent[0]), "500 Internal Server Error");
}

#[tokio::test]
async fn a_blip_heals_within_the_pass() {
    let failures = AtomicU32::new(1);
    let server = Server::start(move |seen| match seen.path.as_str() {
        "/rss" => answer(200, &[], rss(&["/1"])),
        "/robots.txt" => answer(404, &[], ""),
        _ if failures.swap(0, Ordering::Relaxed) > 0 => answer(503, &[("retry-after", "1")], ""),
        path => answer(200, &[], path.to_owned()),
    })
    .await;
    let begun = Instant::now();
    let (report, sent) = pass(settings(), server.url("/rss"), &Arc::default()).await;
    assert_eq!((report.pages_fetched, body(&sent[0])), (1, &b"/1"[..]));
    assert!(
        begun.elapsed() >= Duration::from_secs(1),
        "Retry-After is waited for"
    );
}

#[tokio::test]
async fn an_old_entry_is_remembered_and_not_fetched() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/rss" => {
            let item = "<rss version='2.0'><channel><item><link>/old</link>\
                        <pubDate>Mon, 05 Jan 2015 10:00:00 GMT</pubDate></item></channel></rss>";
            answer(200, &[], item)
        }
        _ => answer(200, &[], "old"),
    })
    .await;
    let store: Arc<Store> = Arc::default();
    let (_, sent) = pass(settings(), server.url("/rss"), &store).await;
    assert!(sent.is_empty() && server.seen("/old").is_empty());
    assert_eq!(store.inside().entries[0].skip.as_deref(), Some("too-old"));
}

#[tokio::test]
async fn one_page_is_fetched_as_the_daemon_would() {
    let server = Server::start(news).await;
    let errand = Errand::new(&settings()).unwrap();
    let fetched = errand.named(&server.url("/uno"), None).await.unwrap();
    assert_eq!((&fetched.body[..], fetched.status), (&b"/uno"[..], 200));
    assert_eq!(
        fetched.content_type.as_deref(),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(server.seen("/uno").len(), 1);
    assert!(server.host().starts_with("127.0.0.1:"));
}

#[tokio::test]
async fn the_pages_of_a_host_that_refuses_them_all_go_on_with_the_feeds_text() {
    let links: Vec<String> = (0..12).map(|number| format!("/{number}")).collect();
    let server = Server::start(move |seen| match seen.path.as_str() {
        "/rss" => {
            let links: Vec<&str> = links.iter().map(String::as_str).collect();
            answer(200, &[], rss(&links))
        }
        "/robots.txt" => answer(404, &[], ""),
        _ => answer(403, &[], ""),
    })
    .await;
    let (_, sent) = pass(settings(), server.url("/rss"), &Arc::default()).await;
    assert_eq!(sent.len(), 12, "none waits for what will not come");
    let unasked = |sent: &&InFlight| why(sent).starts_with("host refused everything");
    let unasked = sent.iter().filter(unasked).count();
    assert!((4..=9).contains(&unasked), "{unasked} were not asked for");
}

#[tokio::test]
async fn an_errand_obeys_robots_and_leaves_alone_who_asks_for_it() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/robots.txt" => answer(200, &[], "User-agent: *\nDisallow: /privado/\n"),
        "/2" => answer(429, &[("retry-after", "600")], ""),
        path => answer(200, &[], path.to_owned()),
    })
    .await;
    let errand = Errand::new(&settings()).unwrap();
    let found = async |path: &str| errand.found(&server.url(path)).await;
    assert!(found("/1").await.is_ok());
    let forbidden = found("/privado/1").await.unwrap_err();
    assert!(matches!(
        forbidden,
        FetchError::RobotsDisallow { line: 2, .. }
    ));
    assert!(found("/2").await.is_err());
    let closed = found("/3").await.unwrap_err();
    assert!(matches!(closed, FetchError::HostClosed { .. }), "{closed}");
    assert_eq!(server.seen("/robots.txt").len(), 1);
    assert!(server.seen("/3").is_empty());
}

#[tokio::test]
async fn a_page_that_is_another_entrys_is_not_asked_for() {
    let server = Server::start(news).await;
    let store: Arc<Store> = Arc::default();
    let context = fetcher::feed::FeedContext {
        id: "diario".parse().unwrap(),
        url: server.url("/rss"),
        home: story::Home::default(),
        timezone: chrono_tz::UTC,
    };
    let bulletin = fetcher::feed::parse(rss(&["/boletines"]).as_bytes(), None, &context).unwrap();
    store.enter_of(bulletin.entries[0].clone(), true);
    let (_, sent) = pass(settings(), server.url("/none"), &store).await;
    let shared = |sent: &InFlight| matches!(sent.page.content, Content::SharedPage { .. });
    assert!(sent.len() == 1 && shared(&sent[0]));
    assert!(server.seen("/boletines").is_empty());
}

#[tokio::test]
async fn a_page_that_panics_ends_alone() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/rss" => answer(200, &[], rss(&["/1", "/2", "/3"])),
        path => answer(200, &[], path.to_owned()),
    })
    .await;
    let store: Arc<Store> = Arc::default();
    store.inside().faults = 1;
    let (report, sent) = pass(settings(), server.url("/rss"), &store).await;
    assert_eq!((report.pages_fetched, report.pages_failed), (2, 1));
    let without = |sent: &&InFlight| matches!(sent.page.content, Content::FeedOnly { .. });
    let broken = sent.iter().find(without).unwrap();
    assert!(why(broken).starts_with("a fault of the program"));
    assert_eq!(sent.len(), 3);
}
