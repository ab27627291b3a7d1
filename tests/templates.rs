//! Learned site templates, end to end: a paragraph that a site puts on each of its pages.

mod support;

use std::fmt::Write as _;

use serde_json::Value;
use support::{Desk, DeskFeed, feeds, text};
use testkit::{Article, News, Reply, Site};

/// No rule for noise knows it, and nothing sets it apart from the story but that it recurs.
const HOUSE: &str = "Los cronistas de esta casa recorren a pie tres ciudades y contestan cada carta \
                     que reciben de quienes los leen.";

const LEARN: &str = "[clean]\nlearn_templates = true";

/// A site on whose pages the paragraph stands, and the articles that the pages are of.
async fn site_with_house_paragraph() -> (Site, Vec<Article>) {
    let site = Site::start().await;
    let news = News::new(11).feeds(4).articles_per_feed(30);
    let mut articles = news.articles();
    articles.retain(|article| article.security && article.lang == "es");
    articles.truncate(13);
    for article in &mut articles {
        article.paragraphs.insert(3, HOUSE.to_owned());
        let page = article.html(&site.url(""));
        site.set(&article.path, Reply::ok("text/html; charset=utf-8", page));
    }
    assert_eq!(articles.len(), 13);
    (site, articles)
}

/// Has the site's feed show these articles.
fn show(site: &Site, articles: &[Article]) -> Vec<DeskFeed> {
    let mut items = String::new();
    for article in articles {
        let (link, date) = (site.url(&article.path), article.published.to_rfc2822());
        let Article { guid, title, .. } = article;
        let _ = write!(
            items,
            "<item><guid>{guid}</guid><title>{title}</title><link>{link}</link>\
             <pubDate>{date}</pubDate></item>"
        );
    }
    let feed =
        format!("<rss version=\"2.0\"><channel><title>Prueba</title>{items}</channel></rss>");
    site.set("/rss", Reply::ok("application/rss+xml", feed));
    feeds([site.url("/rss")])
}

/// The stories whose text has the paragraph, and those that say that it was left out.
fn with_and_without(desk: &Desk) -> (Vec<Value>, Vec<Value>) {
    let (with, without): (Vec<_>, Vec<_>) = desk
        .stories()
        .into_iter()
        .partition(|story| story["text"].as_str().unwrap().contains(HOUSE));
    for story in &with {
        let provenance = &story["provenance"];
        assert!(provenance.get("template_blocks").is_none(), "{provenance}");
    }
    for story in &without {
        assert_eq!(
            story["provenance"]["template_blocks"],
            serde_json::json!([HOUSE])
        );
    }
    (with, without)
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_tenth_page_on_what_recurs_is_left_out_and_a_restart_forgets_nothing() {
    let (site, articles) = site_with_house_paragraph().await;
    let desk = Desk::with(&show(&site, &articles[..6]), LEARN);
    desk.run_once();
    assert_eq!(with_and_without(&desk).0.len(), 6);

    show(&site, &articles[..12]);
    desk.run_once();
    let (with, without) = with_and_without(&desk);
    assert_eq!((with.len(), without.len()), (9, 3));
    // The stories' own paragraphs are all there.
    for story in &without {
        let path = story["url"].as_str().unwrap();
        let article = articles
            .iter()
            .find(|article| path.ends_with(&article.path));
        let mut own = article.unwrap().paragraphs.clone();
        own.retain(|paragraph| paragraph != HOUSE);
        assert_eq!(story["text"].as_str().unwrap(), own.join("\n\n"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn explain_shows_what_was_left_out() {
    let (site, articles) = site_with_house_paragraph().await;
    let desk = Desk::with(&show(&site, &articles[..12]), LEARN);
    desk.run_once();
    let shown = |url: &str| {
        let explained = desk.run(&["explain", url]);
        assert!(explained.status.success(), "{}", text(&explained.stderr));
        let explained = text(&explained.stdout);
        let left_out = explained
            .split("Left out, since it recurs on the site\n")
            .nth(1);
        left_out.is_some_and(|lines| lines.trim_start().starts_with(HOUSE))
    };
    let (with, without) = with_and_without(&desk);
    assert!(!shown(with[0]["url"].as_str().unwrap()));
    assert!(shown(without[0]["url"].as_str().unwrap()));
    // A page that no feed has shown is cleaned as the daemon would.
    assert!(shown(&site.url(&articles[12].path)));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_learned_unless_it_is_asked_for() {
    let (site, articles) = site_with_house_paragraph().await;
    let desk = Desk::new(&show(&site, &articles));
    desk.run_once();
    let (with, without) = with_and_without(&desk);
    assert_eq!((with.len(), without.len()), (13, 0));
}
