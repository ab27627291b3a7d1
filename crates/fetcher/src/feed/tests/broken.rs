//! Markup with faults, and what is read in spite of them.

use super::*;

/// The titles of what the feed holds between `<rss><channel>` and wherever it ends.
#[track_caller]
fn check(text: &str, titles: &[&str]) {
    let feed = read(text);
    let got: Vec<&str> = feed
        .entries
        .iter()
        .map(|entry| entry.title.as_deref().unwrap_or("-"))
        .collect();
    assert_eq!(got, titles, "{text:.300}");
}

#[test]
fn what_stands_before_the_feed_is_passed_over() {
    let feed = "<rss version='2.0'><channel><item><title>Uno</title></item></channel></rss>";
    check(
        &format!("<?xml version='1.0' encoding='nope'?>{feed}"),
        &["Uno"],
    );
    check(
        &format!("\n\u{FEFF} <?xml version='1.0'?><?xml-stylesheet href='a>b'?>{feed}"),
        &["Uno"],
    );
    check(
        &format!("<!DOCTYPE rss PUBLIC '-//N//DTD' 'x.dtd' [<!ENTITY e 'x'>]>{feed}"),
        &["Uno"],
    );
    check(
        &format!("<br />\n<b>Warning</b>: headers sent {feed}"),
        &["Uno"],
    );
    let problems = read(&format!("Warning: x {feed}")).problems;
    assert_eq!(problems, ["text `Warning: x` before the feed"]);
}

#[test]
fn entities_are_never_expanded() {
    let feed = read(
        "<!DOCTYPE rss [<!ENTITY a 'ja'><!ENTITY b '&a;&a;&a;'>]><rss><channel><item><title>&b; &aacute;</title></item></channel></rss>",
    );
    assert_eq!(feed.entries[0].title.as_deref(), Some("&b; á"));
}

#[test]
fn elements_without_an_end_are_closed_where_they_must_have_ended() {
    check(
        "<rss><channel><item><title>Uno<link>/1</link></item><item><title>Dos</title></channel></rss>",
        &["Uno", "Dos"],
    );
    check(
        "<rss><channel><item><title>Uno</title><item><title>Dos</title></item></item></channel></rss>",
        &["Uno", "Dos"],
    );
    check(
        "<rss><channel><item><title>Uno</link></item><item><title>Dos</titel></item></channel></rss>",
        &["Uno", "Dos"],
    );
    check(
        "<rss><channel><item><foo><title>Uno</title></item><item><title>Dos</title></item></channel></rss>",
        &["Uno", "Dos"],
    );
    check(
        "<rss><channel><image><title>I</title><item><title>Uno</title></item></channel></rss>",
        &["Uno"],
    );
    check(
        "<feed><entry><author>Ana<title>Uno</title></entry></feed>",
        &["Uno"],
    );
    check(
        "<feed><entry><content type='xhtml'><div><p>x<title>Uno</title></entry></feed>",
        &["Uno"],
    );
    let feed = read("<rss><channel><item><title>Uno<guid>1</guid></item></channel></rss>");
    assert_eq!(feed.problems, ["elements without an end: 1"]);
    assert!(feed.whole);
}

#[test]
fn bare_signs_and_open_cdata_lose_nothing() {
    check(
        "<rss><channel><item><title>R & D < 5 &x</title></item></channel></rss>",
        &["R & D < 5 &x"],
    );
    check(
        "<rss><channel><item><title>Uno</title><description><![CDATA[x</description></item>\
         <item><title><![CDATA[Dos]]></title></item></channel></rss>",
        &["Uno", "Dos"],
    );
    check(
        "<rss><channel><item><title>Uno</title><description><![CDATA[x</description></item></channel></rss>",
        &["Uno"],
    );
    check(
        "<rss><channel><item><title a=\"b>Uno</title></item><item><title c=\"d\">Dos</title></item></channel></rss>",
        &["Uno", "Dos"],
    );
}

#[test]
fn a_cut_entry_counts_where_its_page_is_known() {
    let feed = read(
        "<rss><channel><item><link>/1</link><guid>1</guid></item><item><link>/2</link><title>Do",
    );
    assert_eq!(feed.entries.len(), 2);
    assert_eq!(feed.entries[1].title, None);
    assert!(!feed.whole);
    let feed = read("<rss><channel><item><guid>1</guid></item><item><guid>2</guid><link>/2");
    assert_eq!(feed.entries.len(), 1);
}

#[test]
fn a_packed_body_needs_no_header() {
    use std::io::Write;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer
        .write_all(b"<rss><channel><item><title>Uno</title></item></channel></rss>")
        .unwrap();
    let packed = packer.finish().unwrap();
    let feed = parse(&packed, Some("application/rss+xml"), &context()).unwrap();
    assert_eq!(feed.entries[0].title.as_deref(), Some("Uno"));
    assert!(feed.whole);
}

#[test]
fn depth_costs_nothing() {
    let deep = "<b>".repeat(200_000);
    check(
        &format!(
            "<rss><channel><item><title>Uno</title><description>{deep}</description></item></channel></rss>"
        ),
        &["Uno"],
    );
    check(
        &format!(
            "<rss>{}<item><title>Uno</title></item>",
            "<channel>".repeat(200_000)
        ),
        &["Uno"],
    );
}

/// Texts that would be searched again and again by a careless reader.
#[test]
fn what_is_open_a_hundred_thousand_times_is_searched_once() {
    for piece in [
        "<",
        "</",
        "<a ",
        "<a b='",
        "<!",
        "<![CDATA[",
        "<!--",
        "<?",
        "<!DOCTYPE a [",
        "&",
        "<x>",
        "<author>",
        "<title>",
        "<item>",
        "<x xmlns:a='b'>",
        "<item/><author>",
        "<item/><x>",
        "<item/><content type='xhtml'>",
        "<item><x><!-- --><!--",
        "<item><title><![CDATA[x</item>",
    ] {
        let text = format!("<rss><channel>{}", piece.repeat(100_000));
        let started = std::time::Instant::now();
        let _ = parse(text.as_bytes(), None, &context());
        assert!(
            started.elapsed().as_secs() < 5,
            "{piece}: {:?}",
            started.elapsed()
        );
    }
}
