//! The laws of cleaning, and what hostile input may cost.

use std::{
    collections::HashSet,
    sync::LazyLock,
    time::{Duration, Instant},
};

use bytes::Bytes;
use cleaner::{Cleaner, HTML_BYTES_MAX, Rejection};
use proptest::prelude::*;
use story::{Content, Entry, Fetched, Home, Page, PublishedSource, TextSource};

/// The rules take longer to compile than any of these texts to clean.
static CLEANER: LazyLock<Cleaner> = LazyLock::new(Cleaner::new);

fn words(text: &str) -> HashSet<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Lines as scrapers leave them: prose, noise, headings, repetitions.
fn scraped() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        3 => "[A-Z][a-zñé]{2,8}( [a-z]{1,9}){6,24}\\.",
        1 => Just("- Advertisement -".to_owned()),
        1 => Just("Latest Stories".to_owned()),
        1 => Just("Lea también: Otra nota del día".to_owned()),
        1 => "[A-Z][a-z]{2,8}( [A-Za-z]{2,9}){3,8}( AFP)?",
        1 => "[a-zA-ZÂÃâ€™±© \u{A0}\u{AD}]{0,40}",
        1 => Just(String::new()),
    ];
    (prop::collection::vec(line, 0..24), any::<bool>())
        .prop_map(|(lines, blank)| lines.join(if blank { "\n\n" } else { "\n" }))
}

proptest! {
    #[test]
    fn cleaning_clean_text_changes_nothing(text in scraped(), title in "[A-Z][a-z]{2,8}( [a-z]{2,8}){3,6}") {
        let cleaner = &*CLEANER;
        if let Ok(once) = cleaner.clean_text(Some(&title), &text, None) {
            let twice = cleaner.clean_text(Some(&title), &once.text, None).expect("clean text stays");
            prop_assert_eq!(once.text, twice.text);
        }
    }

    #[test]
    fn no_word_is_invented(text in "[a-z .,\n]{0,400}") {
        if let Ok(article) = CLEANER.clean_text(None, &text, None) {
            let known = words(&text);
            prop_assert!(words(&article.text).is_subset(&known));
            prop_assert!(words(&article.title).is_subset(&known));
        }
    }

    #[test]
    fn no_word_of_a_page_is_invented(paragraphs in prop::collection::vec("[a-z]{2,9}( [a-z]{1,9}){12,40}\\.", 1..8)) {
        let page = format!("<title>t</title><article><p>{}</article>", paragraphs.join("<p>"));
        let article = CLEANER.clean_html(page.as_bytes(), None, None).expect("prose");
        prop_assert!(words(&article.text).is_subset(&words(&page)));
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..3000), kind in "[a-z/;= ]{0,20}") {
        let _ = CLEANER.clean_html(&bytes, Some(&kind), None);
    }

    #[test]
    fn any_markup_is_survived(page in "(<[/!]?[a-z]{0,8}( [a-z]{0,6}=?[\"']?[a-z<> ]{0,6}[\"']?){0,3}/?>|[a-zé.& <]{0,20}){0,60}") {
        let _ = CLEANER.clean_html(page.as_bytes(), None, None);
    }

    #[test]
    fn any_text_is_survived(text in ".{0,600}") {
        let _ = CLEANER.clean_text(None, &text, None);
    }
}

#[track_caller]
fn check_rejected(bytes: &[u8], content_type: &str, expected: Rejection) {
    let started = Instant::now();
    let got = CLEANER.clean_html(bytes, Some(content_type), None);
    assert_eq!(got.map(|article| article.text), Err(expected));
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "took {:?}",
        started.elapsed()
    );
}

#[test]
fn hostile_pages_are_rejected_with_a_reason() {
    check_rejected(
        "<div>".repeat(100_000).as_bytes(),
        "text/html",
        Rejection::TooDeep,
    );
    check_rejected(
        b"%PDF-1.7\n%\xE2\xE3\xCF\xD3 1 0 obj",
        "text/html",
        Rejection::NotHtml,
    );
    check_rejected(b"\x89PNG\r\n\x1A\n", "text/html", Rejection::NotHtml);
    check_rejected(b"", "text/html", Rejection::NoText);
    check_rejected(&[0; 4000], "text/html", Rejection::NotHtml);
    check_rejected(
        b"<script>render('a long story that only a browser sees.')</script>",
        "text/html",
        Rejection::NoText,
    );
    check_rejected(
        &vec![b' '; HTML_BYTES_MAX + 1],
        "text/html",
        Rejection::TooLarge,
    );
    check_rejected(
        "<div>".repeat(10_000_000).as_bytes(),
        "text/html",
        Rejection::TooLarge,
    );
    check_rejected(
        b"<html><frameset><frame src=menu.html><frame src=nota.html></frameset></html>",
        "text/html",
        Rejection::NoText,
    );
    check_rejected(
        b"<html><body><img src=foto.jpg></body></html>",
        "text/html",
        Rejection::NoText,
    );
}

#[test]
fn bytes_in_no_charset_leave_the_rest_readable() {
    let mut page = format!("<h1>Hieren a dos guardias</h1><p>{STORY}</p><p>").into_bytes();
    page.extend([0x81, 0x8D, 0xFE, 0xC3, 0x28, 0xF0, 0x9F].repeat(20));
    page.extend(format!("</p><p>{STORY} Fin.</p>").into_bytes());
    let article = CLEANER
        .clean_html(&page, Some("text/html; charset=none-such"), None)
        .unwrap();
    assert!(
        article
            .text
            .contains(" guardias de una mina en el norte del pa")
    );
    assert!(article.text.ends_with("Fin."));
}

#[test]
fn a_page_of_another_language_is_read_and_says_so() {
    let text = "Drei bewaffnete Männer haben am Montag zwei Wachleute einer Mine im Norden des Landes verletzt, teilte die Staatsanwaltschaft mit.";
    let page = format!("<h1>Zwei Wachleute verletzt</h1><p>{text}</p><p>{text}</p>");
    let article = CLEANER.clean_html(page.as_bytes(), None, None).unwrap();
    assert_eq!(
        article.lang.map(|lang| lang.to_string()).as_deref(),
        Some("de")
    );
}

const STORY: &str = "Tres hombres armados hirieron a dos guardias de una mina en el norte del país, informó la fiscalía.";

fn page(entry_content: Option<&str>, content: Content) -> Page {
    let entry = Entry {
        feed: "prueba".parse().expect("an id"),
        feed_title: Some("El Diario de Prueba".to_owned()),
        home: Home::default(),
        guid: Some("7".to_owned()),
        link: "https://www.eldiario.test/judicial/nota-7?utm_source=rss"
            .parse()
            .ok(),
        title: Some("Hieren a dos guardias de una mina".to_owned()),
        summary: Some("<p>Tres hombres armados…".to_owned()),
        content: entry_content.map(str::to_owned),
        published: "2024-05-02T10:00:00Z".parse().ok(),
        updated: None,
        authors: vec!["Redacción".to_owned(), "Ana Ruiz".to_owned()],
        categories: Vec::new(),
    };
    Page { entry, content }
}

fn fetched(html: &str) -> Content {
    Content::Fetched(Fetched {
        final_url: "https://www.eldiario.test/judicial/nota-7"
            .parse()
            .expect("an address"),
        status: 200,
        content_type: Some("text/html".to_owned()),
        etag: Some("\"a\"".to_owned()),
        last_modified: None,
        body: Bytes::from(html.to_owned()),
        fetched: "2024-05-02T11:00:00Z".parse().expect("a time"),
        exchange: None,
    })
}

#[test]
fn a_page_gives_its_own_text() {
    let html = format!(
        "<h1>Hieren a dos guardias de una mina</h1><article><p>{STORY}<p>{STORY} La zona es disputada.</article>"
    );
    let article = CLEANER.clean(&page(None, fetched(&html))).expect("a story");
    assert_eq!(
        article.text,
        format!("{STORY}\n\n{STORY} La zona es disputada.")
    );
    assert_eq!(article.text_source, TextSource::Page);
    assert_eq!(article.page_missing, None);
    assert_eq!(article.bylines, ["Ana Ruiz"]);
    assert_eq!(article.published_source, Some(PublishedSource::Feed));
    assert_eq!(
        article.lang.map(|lang| lang.to_string()).as_deref(),
        Some("es")
    );
    assert_eq!(
        article.canonical_url.map(|url| url.to_string()).as_deref(),
        Some("https://www.eldiario.test/judicial/nota-7")
    );
    assert_eq!(article.content_hash.map(|hash| hash.len()), Some(64));
}

#[test]
fn the_feed_stands_in_for_a_page_without_text() {
    let content = format!("<p>{STORY}</p><p>Lea también: <a href=x>Otra nota</a></p>");
    for (missing, source) in [
        (fetched("<script>app()</script>"), "no text on the page"),
        (fetched("%PDF-1.4"), "the bytes are not HTML"),
        (
            Content::FeedOnly {
                why: "404 Not Found".to_owned(),
                at: "2024-05-02T11:00:00Z".parse().expect("a time"),
            },
            "404 Not Found",
        ),
    ] {
        let article = CLEANER
            .clean(&page(Some(&content), missing))
            .expect("the feed's text");
        assert_eq!(article.text, STORY);
        assert_eq!(article.text_source, TextSource::Feed);
        assert_eq!(article.page_missing.as_deref(), Some(source));
        assert_eq!(article.title, "Hieren a dos guardias de una mina");
        assert!(article.fetched.is_some());
    }
}

#[test]
fn what_shares_its_page_is_a_story_of_its_own_without_an_address_of_its_own() {
    let content = format!("<p>{STORY}</p>");
    let at = "2024-05-02T11:00:00Z".parse().expect("a time");
    let clean = |missing| {
        CLEANER
            .clean(&page(Some(&content), missing))
            .expect("the feed's text")
    };
    let alone = clean(Content::FeedOnly {
        why: "404 Not Found".to_owned(),
        at,
    });
    let shared = clean(Content::SharedPage { at });
    assert_ne!(shared.id, alone.id);
    assert_eq!((&shared.text, &shared.url), (&alone.text, &alone.url));
    assert_eq!(
        (shared.text_source, shared.canonical_url),
        (TextSource::Feed, None)
    );
    assert!(alone.canonical_url.is_some() && shared.page_missing.is_some());
}
