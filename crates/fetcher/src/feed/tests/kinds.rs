//! Each kind of feed in each of its spellings.

use super::*;

/// The kind and the titles of a feed's entries.
#[track_caller]
fn check(text: &str, kind: &str, titles: &[&str]) {
    let feed = read(text);
    let got: Vec<&str> = feed
        .entries
        .iter()
        .filter_map(|entry| entry.title.as_deref())
        .collect();
    assert_eq!(
        (feed.kind.as_str(), got.as_slice()),
        (kind, titles),
        "{text}"
    );
}

#[test]
fn rss_is_read_whatever_its_root_says() {
    let items = "<item><title>Uno</title></item><item><title>Dos</title></item>";
    for root in [
        "<rss>",
        "<rss version='0.91'>",
        "<rss version='9'>",
        "<RSS>",
        "<rss xmlns='urn:nobody'>",
    ] {
        check(
            &format!("{root}<channel>{items}</channel></rss>"),
            "rss",
            &["Uno", "Dos"],
        );
    }
    check(
        &format!("<channel>{items}</channel>"),
        "rss",
        &["Uno", "Dos"],
    );
    check(
        &format!("<rss><channel><title>D</title></channel>{items}</rss>"),
        "rss",
        &["Uno", "Dos"],
    );
    check(
        "<rss><CHANNEL><ITEM><TITLE>Uno</TITLE></ITEM></CHANNEL></rss>",
        "rss",
        &["Uno"],
    );
}

#[test]
fn rss_1_0_and_1_1_are_read() {
    let rdf = read(
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>\
         <channel rdf:about='/'><title>D</title><items><rdf:Seq><rdf:li rdf:resource='/1'/></rdf:Seq></items></channel>\
         <image rdf:about='/i'><title>Escudo</title></image>\
         <item rdf:about='https://diario.test/1'><title>Uno</title></item></rdf:RDF>",
    );
    assert_eq!((rdf.kind, rdf.title.as_deref()), (FeedKind::Rdf, Some("D")));
    assert_eq!(
        rdf.entries[0].guid.as_deref(),
        Some("https://diario.test/1")
    );
    assert_eq!(rdf.entries[0].link.as_ref().unwrap().path(), "/1");
    check(
        "<Channel xmlns='http://purl.org/net/rss1.1#'><title>D</title><items><item><title>Uno</title></item></items></Channel>",
        "rss",
        &["Uno"],
    );
}

#[test]
fn atom_0_3_is_read_as_atom() {
    let feed = read(
        "<feed version='0.3' xmlns='http://purl.org/atom/ns#'><tagline>t</tagline><entry>\
         <title mode='escaped' type='text/html'>&lt;b&gt;Uno</title><link rel='alternate' type='text/html' href='/1'/>\
         <id>a1</id><issued>2026-01-05T10:00:00-05:00</issued><modified>2026-01-05T16:00:00Z</modified>\
         <content type='application/xhtml+xml' mode='xml'><div><p>x</p></div></content></entry></feed>",
    );
    let entry = &feed.entries[0];
    assert_eq!(entry.title.as_deref(), Some("Uno"));
    assert_eq!(
        entry.published.unwrap().to_rfc3339(),
        "2026-01-05T15:00:00+00:00"
    );
    assert_eq!(
        entry.updated.unwrap().to_rfc3339(),
        "2026-01-05T16:00:00+00:00"
    );
    assert_eq!(entry.content.as_deref(), Some("<div><p>x</p></div>"));
}

#[test]
fn atom_is_read_under_any_prefix_type_and_namespace() {
    check(
        "<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:entry><a:title>Uno</a:title></a:entry></a:feed>",
        "atom",
        &["Uno"],
    );
    check(
        "<feed xmlns='urn:nobody'><entry><title>Uno</title></entry></feed>",
        "atom",
        &["Uno"],
    );
    for kind in [
        "",
        "invalid",
        "text/plain",
        "application/octet-stream",
        "image/jpeg",
    ] {
        let entry = format!("<title type='{kind}'>Uno</title><summary type='{kind}'>s</summary>");
        check(
            &format!("<feed><entry>{entry}</entry></feed>"),
            "atom",
            &["Uno"],
        );
    }
    check(
        "<entry xmlns='http://www.w3.org/2005/Atom'><title>Uno</title></entry>",
        "atom",
        &["Uno"],
    );
}

#[test]
fn what_rss_came_from_is_read() {
    let feed = read(
        "<CHANNEL HREF='/'><TITLE>D</TITLE><ITEM HREF='/1' LASTMOD='2026-01-05T10:00:00Z'><TITLE>Uno</TITLE>\
         <ABSTRACT>a</ABSTRACT></ITEM></CHANNEL>",
    );
    let entry = &feed.entries[0];
    assert_eq!(
        entry.link.as_ref().unwrap().as_str(),
        "https://diario.test/1"
    );
    assert_eq!(
        (entry.title.as_deref(), entry.summary.as_deref()),
        (Some("Uno"), Some("a"))
    );
    assert!(entry.updated.is_some());
}

#[test]
fn a_news_sitemap_is_read_and_its_pictures_are_not() {
    let feed = read(
        "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' xmlns:n='http://www.google.com/schemas/sitemap-news/0.9'\
         xmlns:image='http://www.google.com/schemas/sitemap-image/1.1'><url><loc>https://diario.test/1</loc>\
         <image:image><image:loc>/foto.jpg</image:loc><image:title>Foto</image:title></image:image>\
         <n:news><n:publication><n:name>El Diario</n:name></n:publication><n:title>Uno</n:title>\
         <n:publication_date>2026-01-05</n:publication_date><n:keywords>a, b</n:keywords></n:news>\
         <lastmod>2026-01-06T00:00:00Z</lastmod></url><url><loc>/2</loc></url></urlset>",
    );
    assert_eq!(
        (feed.kind, feed.title.as_deref()),
        (FeedKind::Sitemap, Some("El Diario"))
    );
    let [first, second] = feed.entries.as_slice() else {
        panic!("{:?}", feed.entries);
    };
    assert_eq!(first.title.as_deref(), Some("Uno"));
    assert_eq!(
        first.published.unwrap().to_rfc3339(),
        "2026-01-05T05:00:00+00:00"
    );
    assert_eq!(
        first.updated.unwrap().to_rfc3339(),
        "2026-01-06T00:00:00+00:00"
    );
    assert_eq!(first.categories, ["a", "b"]);
    assert_eq!(
        second.link.as_ref().unwrap().as_str(),
        "https://diario.test/2"
    );
    assert_eq!((second.title.as_deref(), second.published), (None, None));
}

#[test]
fn a_sitemap_index_names_its_newest_sitemaps_first() {
    let old: Vec<String> = (10..80)
        .map(|n| format!("<sitemap><loc>/{n}.xml</loc></sitemap>"))
        .collect();
    let old = old.concat();
    let feed = read(&format!(
        "<sitemapindex><sitemap><loc>/a.xml</loc><lastmod>2026-01-04</lastmod></sitemap>{old}\
         <sitemap><loc>/b.xml</loc><lastmod>2026-01-05</lastmod></sitemap></sitemapindex>"
    ));
    assert_eq!(
        (feed.kind, feed.entries.len(), feed.sitemaps.len()),
        (FeedKind::SitemapIndex, 0, 50)
    );
    let newest: Vec<&str> = feed.sitemaps[..3].iter().map(Url::path).collect();
    assert_eq!(newest, ["/b.xml", "/a.xml", "/79.xml"]);
}

#[test]
fn broken_json_is_read_as_far_as_it_can_be() {
    check(
        "{\"items\":[{\"id\":1,\"title\":\"Uno\"},{\"id\":2,\"ti",
        "json",
        &["Uno"],
    );
    check(
        "{\"version\":\"1.0\",\"items\":[{\"title\":\"Uno\n\",},],}",
        "json",
        &["Uno"],
    );
    check(
        "{\"items\":[{\"title\":\"Uno\",\"authors\":{\"name\":\"Ana\"}}]} <!-- x -->",
        "json",
        &["Uno"],
    );
    check(
        "Notice: x\n{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[{\"title\":\"Uno\"}]}",
        "json",
        &["Uno"],
    );
    check_error(
        b"{\"error\":1}",
        "JSON that is no feed where a feed was expected",
    );
    let deep = "[".repeat(100_000);
    assert!(parse(format!("{{\"items\":{deep}").as_bytes(), None, &context()).is_err());
}
