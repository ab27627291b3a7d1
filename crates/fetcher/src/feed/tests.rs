//! Feeds as bytes, and what is read of them.

mod broken;
mod fields;
mod kinds;

use proptest::prelude::*;

use super::*;

fn context() -> FeedContext {
    FeedContext {
        id: "diario".parse().unwrap(),
        url: "https://user:secret@diario.test/rss/todo.xml"
            .parse()
            .unwrap(),
        home: Home::default(),
        timezone: chrono_tz::America::Bogota,
    }
}

pub(super) fn read(text: &str) -> ParsedFeed {
    parse(text.as_bytes(), None, &context()).unwrap()
}

/// Reads a feed of one RSS item.
fn item(inside: &str) -> Entry {
    let feed = format!("<rss version='2.0'><channel><item>{inside}</item></channel></rss>");
    let mut feed = read(&feed);
    assert_eq!(feed.entries.len(), 1);
    feed.entries.remove(0)
}

fn check_link(inside: &str, expected: Option<&str>) {
    assert_eq!(
        item(inside).link.as_ref().map(Url::as_str),
        expected,
        "{inside}"
    );
}

fn check_error(bytes: &[u8], expected: &str) {
    let error = parse(bytes, None, &context()).unwrap_err();
    assert_eq!(error.to_string(), expected);
}

#[test]
fn an_rss_item_is_read_whole() {
    let entry = item(
        "<title>Masacre en &amp;quot;El Tigre&amp;quot;</title><link>https://diario.test/1</link>\
         <guid isPermaLink='false'>n-1</guid><description>&lt;p&gt;Ocho muertos</description>\
         <pubDate>2026-01-05 14:30:00</pubDate><category>Judicial</category>\
         <category>Judicial</category>\
         <dc:creator xmlns:dc='http://purl.org/dc/elements/1.1/'>Ana Ruiz</dc:creator>\
         <content:encoded xmlns:content='http://purl.org/rss/1.0/modules/content/'>&lt;p&gt;Todo\
         </content:encoded>",
    );
    assert_eq!(entry.title.as_deref(), Some("Masacre en \"El Tigre\""));
    assert_eq!(entry.guid.as_deref(), Some("n-1"));
    assert_eq!(entry.link.unwrap().as_str(), "https://diario.test/1");
    assert_eq!(entry.summary.as_deref(), Some("<p>Ocho muertos"));
    assert_eq!(entry.content.as_deref(), Some("<p>Todo"));
    assert_eq!(
        entry.published.unwrap().to_rfc3339(),
        "2026-01-05T19:30:00+00:00"
    );
    assert_eq!(
        (entry.authors, entry.categories),
        (vec!["Ana Ruiz".into()], vec!["Judicial".into()])
    );
}

#[test]
fn the_link_is_the_articles_page() {
    check_link(
        "<link>/judicial/1</link>",
        Some("https://diario.test/judicial/1"),
    );
    check_link(
        "<guid>https://diario.test/2</guid>",
        Some("https://diario.test/2"),
    );
    check_link("<guid>tag:2</guid>", None);
    check_link(
        "<link>mailto:a@diario.test</link><guid>http://diario.test/3</guid>",
        Some("http://diario.test/3"),
    );
    check_link(
        "<comments>https://diario.test/1#c</comments><link>https://diario.test/1</link>",
        Some("https://diario.test/1"),
    );
}

#[test]
fn an_entry_without_guid_and_link_gets_no_invented_id() {
    let entry = item("<title>Alerta</title>");
    assert_eq!((entry.guid, entry.link), (None, None));
}

#[test]
fn atom_and_json_feeds_are_read() {
    let atom = read(
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>Diario</title><entry><id>a1</id>\
         <title type='html'>&lt;b&gt;Uno&lt;/b&gt;</title><link rel='replies' href='/c'/>\
         <link href='https://diario.test/uno'/><updated>2026-01-05T10:00:00Z</updated></entry></feed>",
    );
    assert_eq!(
        (atom.kind, atom.title.as_deref()),
        (FeedKind::Atom, Some("Diario"))
    );
    assert_eq!(atom.entries[0].title.as_deref(), Some("Uno"));
    assert_eq!(atom.entries[0].link.as_ref().unwrap().path(), "/uno");
    let json = read(
        "{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"D\",\"items\":\
         [{\"id\":\"1\",\"url\":\"/uno\",\"content_text\":\"Texto\"}]}",
    );
    assert_eq!(json.kind, FeedKind::Json);
    assert_eq!(
        json.entries[0].link.as_ref().unwrap().as_str(),
        "https://diario.test/uno"
    );
}

#[test]
fn bytes_are_decoded_before_they_are_parsed() {
    let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><rss version='2.0'><channel><item>\
                  <title>Ni\xF1o</title></item></channel></rss>";
    let feed = parse(latin, None, &context()).unwrap();
    assert_eq!(feed.entries[0].title.as_deref(), Some("Niño"));
    let lying = String::from_utf8_lossy(latin).replace('\u{FFFD}', "ñ");
    assert_eq!(read(&lying).entries[0].title.as_deref(), Some("Niño"));
    let wide: Vec<u8> = lying.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let feed = parse(&wide, None, &context()).unwrap();
    assert_eq!(feed.entries[0].title.as_deref(), Some("Niño"));
}

#[test]
fn a_feed_that_was_cut_off_is_read_as_far_as_it_came() {
    let feed = read("<rss version='2.0'><channel><item><guid>1</guid></item><item><gui");
    assert_eq!(feed.entries.len(), 1);
    assert!(!feed.whole);
    assert_eq!(feed.problems.len(), 1);
}

#[test]
fn what_is_no_feed_is_named() {
    check_error(b"", "empty body where a feed was expected");
    check_error(b" \n ", "empty body where a feed was expected");
    check_error(
        b"<!DOCTYPE html><title>Acceso denegado</title>",
        "HTML where a feed was expected: `Acceso denegado`",
    );
    check_error(b"<opml/>", "`<opml>` where a feed was expected");
    check_error(b"Not found", "text `Not found` where a feed was expected");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes, None, &context());
    }

    #[test]
    fn no_broken_feed_makes_it_panic(cut in 0_usize..600, at in 0_usize..600, byte in any::<u8>()) {
        let mut feed = b"<?xml version='1.0'?><rss version='2.0'><channel><title>D</title><item>\
            <title>Uno &amp;aacute; &lt;b&gt;</title><link>/1</link><guid>1</guid><author>a@b.test (Ana)\
            </author><pubDate>Mon, 05 Jan 2026 14:30:00 -0500</pubDate><description><![CDATA[<p>x]]>\
            </description></item><item><title>Dos</title></item></channel></rss>".to_vec();
        let at = at % feed.len();
        feed[at] = byte;
        feed.truncate(cut);
        let _ = parse(&feed, None, &context());
    }
}
