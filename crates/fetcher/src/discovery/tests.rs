use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use super::*;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// A site on loopback: what each path answers with, status line and headers included, and what
/// was asked.
struct Site {
    url: Url,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Site {
    async fn start(answers: &[(&str, String)]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url: Url = format!("http://{}/", listener.local_addr().unwrap())
            .parse()
            .unwrap();
        let answers: HashMap<String, String> = answers
            .iter()
            .map(|(path, answer)| ((*path).to_owned(), answer.replace("SITE/", url.as_str())))
            .collect();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = vec![0; 4096];
                let length = stream.read(&mut request).await.unwrap_or(0);
                let request = String::from_utf8_lossy(&request[..length]).into_owned();
                let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
                let missing = "404 Not Found\r\n\r\n".to_owned();
                let answer = answers.get(&path).unwrap_or(&missing);
                log.lock().unwrap().push(path);
                let whole = format!(
                    "HTTP/1.1 {}",
                    answer.replacen("\r\n", "\r\nconnection: close\r\n", 1)
                );
                let _ = stream.write_all(whole.as_bytes()).await;
            }
        });
        Self { url, asked }
    }

    async fn discover(&self, path: &str, scope: Scope) -> Discovery {
        scout()
            .discover(&self.url.join(path).unwrap(), scope, &|_| ())
            .await
    }

    /// Asserts which feeds were found, in order, and that nothing was asked twice.
    fn check(&self, found: &Discovery, expected: &[(&str, How)]) {
        let feeds: Vec<_> = found
            .feeds
            .iter()
            .map(|feed| (feed.url.path(), feed.how))
            .collect();
        assert_eq!(feeds, expected, "{found:?}");
        let asked = self.asked.lock().unwrap().clone();
        let mut once = asked.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), asked.len(), "asked twice: {asked:?}");
    }

    fn was_asked(&self, path: &str) -> bool {
        self.asked.lock().unwrap().iter().any(|asked| asked == path)
    }
}

fn scout() -> Scout {
    let settings = Settings {
        allow_private_networks: true,
        host_gap: std::time::Duration::ZERO,
        host_concurrency: 4,
        ..Settings::default()
    };
    Scout::new(&settings).unwrap()
}

const PAGE_ONLY: Scope = Scope {
    sitemaps: false,
    guesses: false,
};
const SITEMAPS: Scope = Scope {
    sitemaps: true,
    guesses: false,
};
const GUESSES: Scope = Scope {
    sitemaps: false,
    guesses: true,
};

fn ok(body: &str) -> String {
    format!("200 OK\r\n\r\n{body}")
}

fn rss(title: &str) -> String {
    let now = chrono::Utc::now().to_rfc2822();
    ok(&format!(
        "<rss version='2.0'><channel><title>{title}</title><item><guid>1</guid><title>Uno</title>\
         <pubDate>{now}</pubDate></item></channel></rss>"
    ))
}

#[tokio::test]
async fn a_page_leads_to_its_feeds_and_each_is_asked_once() {
    let page = "200 OK\r\nlink: </header.xml>; rel=alternate; type=\"application/atom+xml\"\r\n\r\n\
                <html><head><base href='/sub/'><link rel=alternate type=application/rss+xml href=declared.xml>\
                <link rel=alternate type=application/rss+xml href='/comments/feed/'>\
                <link rel=alternate type=application/rss+xml href='declared.xml#again'>\
                <link rel=alternate type=application/rss+xml href='/broken'>\
                </head><body><a href='/rss/'>Canales</a></body></html>";
    let list =
        ok("<html><a href='/judicial.rss'>Judicial</a><a href='/rss/otros/'>Otros</a></html>");
    let site = Site::start(&[
        ("/", page.to_owned()),
        ("/header.xml", rss("H")),
        ("/sub/declared.xml", rss("D")),
        ("/comments/feed/", rss("Comentarios")),
        ("/rss/", list),
        ("/judicial.rss", rss("J")),
        (
            "/rss/otros/",
            ok("<html><a href='/demasiado.rss'>no</a></html>"),
        ),
    ])
    .await;
    let found = site.discover("/", SITEMAPS).await;
    site.check(
        &found,
        &[
            ("/header.xml", How::LinkHeader),
            ("/sub/declared.xml", How::Declared),
            ("/judicial.rss", How::Linked),
            ("/comments/feed/", How::Declared),
        ],
    );
    assert!(!site.was_asked("/demasiado.rss"), "a list behind a list");
    let broken: Vec<_> = found.not_feeds.iter().map(|(url, ..)| url.path()).collect();
    assert_eq!(broken, ["/broken", "/rss/", "/rss/otros/"]);
}

#[tokio::test]
async fn a_feed_is_found_at_its_own_address_with_one_request() {
    let site = Site::start(&[("/feed", rss("Diario"))]).await;
    let found = site.discover("/feed", PAGE_ONLY).await;
    site.check(&found, &[("/feed", How::Itself)]);
    let look = &found.feeds[0].look;
    assert_eq!(
        (look.kind, look.title.as_deref(), look.entries),
        ("rss", Some("Diario"), 1)
    );
    assert_eq!(site.asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn news_sitemaps_are_found_by_robots_txt_and_through_an_index() {
    let index = ok("<sitemapindex><sitemap><loc>SITE/posts.xml</loc></sitemap>\
                    <sitemap><loc>SITE/sitemap-news.xml</loc></sitemap></sitemapindex>");
    let news = ok(
        "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' \
                   xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'><url><loc>SITE/1</loc><news:news>\
                   <news:publication><news:name>D</news:name><news:language>es</news:language></news:publication>\
                   <news:publication_date>2026-01-05T10:00:00Z</news:publication_date><news:title>Uno</news:title>\
                   </news:news></url></urlset>",
    );
    let site = Site::start(&[
        ("/", ok("<html>")),
        ("/robots.txt", ok("User-agent: *\nSitemap: SITE/sitemap_index.xml\nSitemap: http://otro.test/news.xml\n")),
        ("/sitemap_index.xml", index),
        ("/sitemap-news.xml", news),
    ])
    .await;
    let found = site.discover("/", SITEMAPS).await;
    site.check(&found, &[("/sitemap-news.xml", How::Sitemap)]);
    assert_eq!(found.feeds[0].look.entries, 1);
    assert!(!site.was_asked("/posts.xml"));
    let found = site.discover("/?otra", PAGE_ONLY).await;
    assert!(found.feeds.is_empty());
}

#[tokio::test]
async fn addresses_are_guessed_only_when_asked_for() {
    let answers = [
        ("/", ok("<html>")),
        ("/feed/", rss("WordPress")),
        ("/rss", "301 Moved\r\nlocation: /feed/\r\n\r\n".to_owned()),
    ];
    let site = Site::start(&answers).await;
    let found = site.discover("/", SITEMAPS).await;
    site.check(&found, &[]);
    assert_eq!(*site.asked.lock().unwrap(), ["/", "/robots.txt"]);
    let site = Site::start(&answers).await;
    let found = site.discover("/", GUESSES).await;
    let feeds: Vec<_> = found
        .feeds
        .iter()
        .map(|feed| (feed.url.path(), feed.how))
        .collect();
    assert_eq!(
        feeds,
        [("/feed/", How::Guessed)],
        "two addresses of one feed"
    );
}

#[tokio::test]
async fn a_page_that_fails_still_lets_guesses_be_made() {
    let site = Site::start(&[
        ("/", "403 Forbidden\r\n\r\n".to_owned()),
        ("/rss.xml", rss("R")),
    ])
    .await;
    let found = site.discover("/", GUESSES).await;
    site.check(&found, &[("/rss.xml", How::Guessed)]);
    assert_eq!(found.page_error.unwrap().to_string(), "403 Forbidden");
}

#[tokio::test]
async fn a_page_with_a_thousand_feeds_is_not_asked_for_all() {
    let mut links = String::new();
    for n in 0..1000 {
        links += &format!("<link rel=alternate type=application/rss+xml href='/f{n}'>");
    }
    let site = Site::start(&[("/", ok(&links))]).await;
    let found = site.discover("/", PAGE_ONLY).await;
    assert_eq!(found.not_feeds.len(), LOOKS_MAX);
    assert_eq!(found.left_out, 64 - LOOKS_MAX);
}

async fn diagnose(site: &Site, path: &str) -> Option<(Ailment, Option<String>)> {
    let scout = scout();
    let probe = scout.probe(&site.url.join(path).unwrap(), Tz::UTC).await;
    let diagnosis = Successors::new(&scout).diagnose(&probe, &|_| false).await?;
    let path = diagnosis.successor.map(|found| found.url.path().to_owned());
    Some((diagnosis.ailment, path))
}

#[tokio::test]
async fn the_doctor_finds_where_a_feed_went() {
    let old = "Mon, 05 Jan 2015 10:00:00 GMT";
    let dry = ok(&format!(
        "<rss version='2.0' xmlns:atom='http://www.w3.org/2005/Atom'><channel>\
         <atom:link rel='self' href='/nuevo.xml'/><item><guid>1</guid><pubDate>{old}</pubDate></item></channel></rss>"
    ));
    let front = ok(
        "<link rel=alternate type=application/rss+xml href='/comments/feed'>\
                    <link rel=alternate type=application/rss+xml href='/deportes/feed'>\
                    <link rel=alternate type=application/rss+xml href='/feed'>\
                    <link rel=alternate type=application/rss+xml href='/judicial/feed'>",
    );
    let site = Site::start(&[
        ("/", front),
        ("/well", rss("W")),
        ("/moved", "308 Moved\r\nlocation: /well\r\n\r\n".to_owned()),
        (
            "/for-now",
            "302 Found\r\nlocation: /well\r\n\r\n".to_owned(),
        ),
        ("/dry", dry),
        ("/nuevo.xml", rss("N")),
        ("/portal", ok("<!DOCTYPE html><title>Portada</title>")),
        ("/wall", "403 Forbidden\r\n\r\n".to_owned()),
        (
            "/guarded",
            ok("<!DOCTYPE html><title>Just a moment...</title>"),
        ),
        ("/comments/feed", rss("C")),
        ("/deportes/feed", rss("D")),
        ("/feed", rss("F")),
        ("/judicial/feed", rss("J")),
    ])
    .await;
    let found = |path: &str| Some(path.to_owned());
    for (path, expected) in [
        ("/well", None),
        ("/for-now", None),
        ("/moved", Some((Ailment::Moved, found("/well")))),
        ("/gone.xml", Some((Ailment::Gone, found("/feed")))),
        (
            "/rss/judicial.xml",
            Some((Ailment::Gone, found("/judicial/feed"))),
        ),
        ("/portal", Some((Ailment::NotAFeed, found("/feed")))),
        ("/dry", Some((Ailment::Dry, found("/nuevo.xml")))),
        ("/wall", Some((Ailment::Blocked, None))),
        ("/guarded", Some((Ailment::Blocked, None))),
    ] {
        assert_eq!(diagnose(&site, path).await, expected, "{path}");
    }
}

#[tokio::test]
async fn a_successor_that_is_configured_already_is_said_to_be() {
    let front = ok("<link rel=alternate type=application/rss+xml href='/feed'>");
    let site = Site::start(&[("/", front), ("/feed", rss("F"))]).await;
    let scout = scout();
    let mut successors = Successors::new(&scout);
    for (path, is_known) in [("/uno.xml", false), ("/dos.xml", true)] {
        let probe = scout.probe(&site.url.join(path).unwrap(), Tz::UTC).await;
        let is_taken = |url: &Url| is_known && url.path() == "/feed";
        let diagnosis = successors.diagnose(&probe, &is_taken).await.unwrap();
        assert_eq!(diagnosis.successor.unwrap().url.path(), "/feed");
        assert_eq!(diagnosis.is_known, is_known);
    }
    let fronts = site
        .asked
        .lock()
        .unwrap()
        .iter()
        .filter(|path| *path == "/")
        .count();
    assert_eq!(fronts, 1, "a site's front page is asked for once");
}
