//! Feeds that a page names: in its `Link` header (RFC 8288), in its `<link rel="alternate">`
//! elements, and in the links that a reader could follow.

use story::same_site;
use url::Url;

use super::{
    How,
    markup::{Tag, Tags},
};
use crate::link_header;

/// More feeds of one kind of a page are not looked at.
const LINKS_MAX: usize = 64;

/// The media types under which feeds are announced. Plain JSON is not among them: it is what
/// `WordPress` announces its programming interface as.
const FEED_TYPES: [&str; 6] = [
    "application/rss+xml",
    "application/atom+xml",
    "application/feed+json",
    "application/rdf+xml",
    "application/xml",
    "text/xml",
];

/// Whole parts of a path that stand for a feed or a list of feeds.
const FEED_WORDS: [&str; 8] = [
    "rss", "rss2", "feed", "feeds", "atom", "rss.php", "rss.aspx", "rss.html",
];

/// Ends of the last part of a path that stand for a feed.
const FEED_ENDS: [&str; 4] = [".rss", ".rdf", ".atom", "rss.xml"];

/// The feeds that `Link` header fields name.
pub(super) fn in_headers<'a>(fields: impl Iterator<Item = &'a [u8]>, base: &Url) -> Vec<Url> {
    let links = fields.flat_map(|field| link_header::parse(&String::from_utf8_lossy(field)));
    let feeds = links.filter(|link| {
        link.has_rel("alternate") && is_feed_type(link.parameter("type").unwrap_or_default())
    });
    let addresses = feeds.filter_map(|link| address(&link.target, base));
    addresses.take(LINKS_MAX).collect()
}

/// The feeds that a page names, those that it announces as such first.
pub(super) fn in_page(bytes: &[u8], page: &Url) -> Vec<(Url, How)> {
    let mut base = None;
    let (mut declared, mut linked) = (Vec::new(), Vec::new());
    for tag in Tags::of(bytes).filter(|tag| !tag.is_closing) {
        if tag.is("base") && base.is_none() {
            base = tag.attribute("href").and_then(|href| address(&href, page));
            continue;
        }
        let base = base.as_ref().unwrap_or(page);
        if tag.is("link") && declared.len() < LINKS_MAX {
            declared.extend(announced(&tag, base));
        } else if tag.is("a") && linked.len() < LINKS_MAX {
            linked.extend(followed(&tag, base).filter(|url| same_site(url, page)));
        }
    }
    let declared = declared.into_iter().map(|url| (url, How::Declared));
    let linked = linked.into_iter().map(|url| (url, How::Linked));
    declared.chain(linked).collect()
}

/// The address of a `<link>` that announces a feed.
fn announced(tag: &Tag<'_>, base: &Url) -> Option<Url> {
    let kind = tag.attribute("type").unwrap_or_default();
    is_announced(&tag.attribute("rel")?, &kind).then(|| address(&tag.attribute("href")?, base))?
}

/// The address of an `<a>` that looks like a feed.
fn followed(tag: &Tag<'_>, base: &Url) -> Option<Url> {
    let url = address(&tag.attribute("href")?, base)?;
    let typed = || {
        tag.attribute("type")
            .is_some_and(|kind| is_feed_type(&kind))
    };
    (looks_like_feed(&url) || typed()).then_some(url)
}

fn is_announced(rel: &str, kind: &str) -> bool {
    let mut words = rel.split_ascii_whitespace();
    words.any(|word| word.eq_ignore_ascii_case("alternate")) && is_feed_type(kind)
}

fn is_feed_type(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim();
    FEED_TYPES
        .iter()
        .any(|known| kind.eq_ignore_ascii_case(known))
}

/// Whether an address looks like that of a feed, or of a page that lists feeds.
fn looks_like_feed(url: &Url) -> bool {
    let path = url.path().to_ascii_lowercase();
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let last = path
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    let asked = url.query_pairs().any(|(name, value)| {
        matches!(&*name, "feed" | "format" | "type")
            && ["rss", "rss2", "atom", "feed"].contains(&&*value.to_ascii_lowercase())
    });
    asked
        || parts.any(|part| FEED_WORDS.contains(&part))
        || FEED_ENDS.iter().any(|end| last.ends_with(end))
}

/// Whether a feed is one of readers' comments.
pub(super) fn is_of_comments(url: &Url, title: Option<&str>) -> bool {
    let path = url.path().to_ascii_lowercase();
    let title = title.unwrap_or_default().to_lowercase();
    ["comments", "comentarios"]
        .iter()
        .any(|word| path.contains(word))
        || [
            "comments on",
            "comments for",
            "comentarios en",
            "comentarios de",
        ]
        .iter()
        .any(|words| title.contains(words))
}

/// An http or https address, absolute and without a fragment.
pub(super) fn address(href: &str, base: &Url) -> Option<Url> {
    let href = href.trim();
    if href.is_empty() {
        return None;
    }
    let mut url = base.join(href).ok()?;
    url.set_fragment(None);
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Url {
        "https://diario.test/portada/".parse().unwrap()
    }

    fn check_page(markup: &str, expected: &[(&str, How)]) {
        let found = in_page(markup.as_bytes(), &page());
        let found: Vec<_> = found
            .iter()
            .map(|(url, how)| (url.as_str(), *how))
            .collect();
        assert_eq!(found, expected, "{markup}");
    }

    fn check_header(field: &str, expected: &[&str]) {
        let found = in_headers(std::iter::once(field.as_bytes()), &page());
        let found: Vec<_> = found.iter().map(Url::as_str).collect();
        assert_eq!(found, expected, "{field}");
    }

    #[test]
    fn a_page_announces_its_feeds() {
        check_page(
            "<link rel=alternate type=application/rss+xml href=rss.xml>",
            &[("https://diario.test/portada/rss.xml", How::Declared)],
        );
        check_page(
            "<base href='https://cdn.diario.test/x/'><base href='/no/'>\
             <LINK REL='Alternate Home' TYPE='application/atom+xml; charset=utf-8' HREF='../a?x&amp;y#z'>",
            &[("https://cdn.diario.test/a?x&y", How::Declared)],
        );
        for other in [
            "<link rel=stylesheet type=text/xml href=/a>",
            "<link rel=alternate hreflang=en href=/en>",
            "<link rel=alternate type=application/json href=/wp-json/>",
            "<link rel=alternate type=text/xml+oembed href=/oembed>",
            "<link rel=alternate type=application/rss+xml href=''>",
            "<link rel=alternate type=application/rss+xml href='javascript:void(0)'>",
            "<!-- <link rel=alternate type=application/rss+xml href=/rss> -->",
        ] {
            check_page(other, &[]);
        }
    }

    #[test]
    fn links_that_look_like_feeds_are_followed_on_the_same_site() {
        check_page(
            "<a href='/rss/'>RSS</a><a href=//www.diario.test/judicial.rss>J</a>\
             <a href='/?feed=rss2'>W</a><a href='https://otro.test/rss'>O</a><a href='/pressrss-2'>N</a>\
             <a type='application/rss+xml' href='/canal'>C</a>",
            &[
                ("https://diario.test/rss/", How::Linked),
                ("https://www.diario.test/judicial.rss", How::Linked),
                ("https://diario.test/?feed=rss2", How::Linked),
                ("https://diario.test/canal", How::Linked),
            ],
        );
    }

    #[test]
    fn a_link_header_announces_feeds() {
        check_header(
            "</a,b>; rel=\"alternate\"; type=\"application/rss+xml\"; title=\"uno, dos; tres\", \
             <https://x.test/f>; type=application/feed+json; rel=alternate",
            &["https://diario.test/a,b", "https://x.test/f"],
        );
        check_header("</wp-json/>; rel=\"https://api.w.org/\"", &[]);
        check_header(
            "</b>; rel=preload; as=style, nonsense; rel=alternate, <",
            &[],
        );
    }

    #[test]
    fn comments_are_told_from_news() {
        let url = |path: &str| page().join(path).unwrap();
        assert!(is_of_comments(&url("/comments/feed/"), None));
        assert!(is_of_comments(
            &url("/feed"),
            Some("Comentarios en: Capturan a jefe")
        ));
        assert!(!is_of_comments(&url("/feed"), Some("Diario")));
    }
}
