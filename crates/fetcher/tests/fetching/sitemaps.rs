//! Sitemap indexes, polled again and again.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use http_body_util::Full;
use hyper::{Response, body::Bytes};
use story::Health;

use crate::{
    pass,
    server::{Seen, Server, answer},
    settings,
    store::Store,
};

/// A sitemap of so many pages, or "not modified" to who knows it.
fn pages(seen: &Seen, count: usize) -> Response<Full<Bytes>> {
    let etag = format!("\"{}-{count}\"", seen.path);
    if seen.header("if-none-match") == Some(&etag) {
        return answer(304, &[], "");
    }
    let page = |number| format!("<url><loc>{}/{number}</loc></url>", seen.path);
    let pages: String = (0..count).map(page).collect();
    answer(200, &[("etag", &etag)], format!("<urlset>{pages}</urlset>"))
}

/// An index that never changes, of sitemaps of which the first grows.
async fn site(grown: &Arc<AtomicUsize>) -> Server {
    let grown = Arc::clone(grown);
    Server::start(move |seen| match seen.path.as_str() {
        "/index" if seen.header("if-none-match") == Some("\"i\"") => answer(304, &[], ""),
        "/index" => answer(
            200,
            &[("etag", "\"i\"")],
            "<sitemapindex><sitemap><loc>/news</loc></sitemap><sitemap><loc>/broken</loc></sitemap>\
             <sitemap><loc>/old</loc></sitemap></sitemapindex>",
        ),
        "/news" => pages(seen, grown.load(Ordering::Relaxed)),
        "/broken" if grown.load(Ordering::Relaxed) == 3 => answer(404, &[], ""),
        "/broken" | "/old" => pages(seen, 1),
        path => answer(200, &[], path.to_owned()),
    })
    .await
}

#[tokio::test]
async fn an_unchanged_index_hides_nothing_that_is_new_in_its_sitemaps() {
    let grown = Arc::new(AtomicUsize::new(2));
    let server = site(&grown).await;
    let store: Arc<Store> = Arc::default();
    for (pages, outcome, new) in [
        (2, "200 with 4 entries".to_owned(), 4),
        (2, "304 Not Modified".to_owned(), 0),
        (4, "304 with 4 entries".to_owned(), 2),
        (4, "304 Not Modified".to_owned(), 0),
    ] {
        grown.store(pages, Ordering::Relaxed);
        let (report, _) = pass(settings(), server.url("/index"), &store).await;
        let feed = &report.feeds[0];
        assert_eq!((&feed.outcome, feed.new), (&outcome, new));
        assert_eq!(store.state().health, Health::Ok);
        store.restart();
    }
    let asked = |path| {
        let seen = server.seen(path).into_iter();
        let etags = seen.map(|seen| seen.header("if-none-match").map(str::to_owned));
        etags.collect::<Vec<_>>()
    };
    let old = || Some("\"/old-1\"".to_owned());
    assert_eq!(asked("/old"), [None, old(), old(), old()]);
    let news = |count| Some(format!("\"/news-{count}\""));
    assert_eq!(asked("/news"), [None, news(2), news(2), news(4)]);
}

#[tokio::test]
async fn a_sitemap_that_fails_is_named_and_asked_for_anew() {
    let grown = Arc::new(AtomicUsize::new(3));
    let server = site(&grown).await;
    let store: Arc<Store> = Arc::default();
    let broken = format!("sitemap {}: 404 Not Found", server.url("/broken"));
    for outcome in [
        format!("200 with 4 entries; {broken}"),
        format!("304 with 0 entries; {broken}"),
    ] {
        let (report, _) = pass(settings(), server.url("/index"), &store).await;
        assert_eq!(report.feeds[0].outcome, outcome);
        assert_eq!(store.state().health_why, format!("came in part: {broken}"));
        store.restart();
    }
    grown.store(4, Ordering::Relaxed);
    let (report, _) = pass(settings(), server.url("/index"), &store).await;
    assert_eq!(report.feeds[0].outcome, "304 with 5 entries");
    assert!(store.state().health_why.is_empty());
}
