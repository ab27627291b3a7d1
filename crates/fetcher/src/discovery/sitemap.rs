//! News sitemaps: those that `robots.txt` names, and those that an index of sitemaps lists.

use url::Url;

use super::markup::Tags;

/// Lines of a `robots.txt`, or parts of an index, that are looked at.
const SITEMAPS_MAX: usize = 500;

/// The sitemaps that a `robots.txt` names.
pub(super) fn in_robots(bytes: &[u8]) -> Vec<Url> {
    let text = String::from_utf8_lossy(bytes);
    let named = text.lines().filter_map(|line| {
        let (field, value) = line.trim().split_once(':')?;
        let is_sitemap = field.trim().eq_ignore_ascii_case("sitemap");
        is_sitemap.then(|| web_address(value.trim()))?
    });
    named.take(SITEMAPS_MAX).collect()
}

/// Whether an address looks like a news sitemap's: the ones that hold the last two days. The word
/// stands in the file's name, or in that of a folder of sitemaps.
pub(super) fn looks_like_news(url: &Url) -> bool {
    let path = url.path().to_ascii_lowercase();
    let mut parts = path.split('/').filter(|part| !part.is_empty()).rev();
    let Some(name) = parts.next() else {
        return false;
    };
    let is_packed = name.rsplit('.').next() == Some("gz");
    !is_packed
        && (names_news(name) || parts.any(|part| part.contains("sitemap") && names_news(part)))
}

fn names_news(name: &str) -> bool {
    const WORDS: [&str; 5] = [
        "news",
        "googlenews",
        "noticias",
        "newssitemap",
        "sitemapnews",
    ];
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| WORDS.contains(&word))
}

/// Whether an address looks like an index of sitemaps.
pub(super) fn looks_like_index(url: &Url) -> bool {
    let path = url.path().to_ascii_lowercase();
    path.contains("index") || path.ends_with("/sitemap.xml")
}

/// The news sitemaps that an index lists.
pub(super) fn news_in_index(bytes: &[u8]) -> Vec<Url> {
    let mut tags = Tags::of(bytes).filter(|tag| !tag.is_closing);
    if !tags
        .next()
        .is_some_and(|root| root.is_local("sitemapindex"))
    {
        return Vec::new();
    }
    let listed = tags.filter(|tag| tag.is_local("loc")).take(SITEMAPS_MAX);
    let listed = listed.filter_map(|loc| web_address(&loc.text()));
    listed.filter(looks_like_news).collect()
}

fn web_address(text: &str) -> Option<Url> {
    let url = text.parse::<Url>().ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn robots_names_sitemaps() {
        let robots = b"User-agent: *\nDisallow: /x\n sitemap : https://a.test/news.xml\r\n\
                       Sitemap: /relative.xml\nSITEMAP:https://a.test/sitemap.xml # all\n";
        let found = in_robots(robots);
        assert_eq!(found[0].as_str(), "https://a.test/news.xml");
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn names_tell_news_sitemaps_from_others() {
        let news = |path: &str| looks_like_news(&format!("https://a.test{path}").parse().unwrap());
        for path in [
            "/sitemap-news.xml",
            "/news-sitemap.xml",
            "/arc/outboundfeeds/sitemap_news/",
            "/sitemap-google-news/1.xml",
            "/arc/outboundfeeds/sitemap-news/sitemap.xml",
            "/noticias.xml",
        ] {
            assert!(news(path), "{path}");
        }
        for path in [
            "/sitemap.xml",
            "/newsletter-sitemap.xml",
            "/sitemap-news.xml.gz",
            "/news/sitemap-video.xml",
        ] {
            assert!(!news(path), "{path}");
        }
    }

    #[test]
    fn an_index_leads_to_its_news_sitemaps_only() {
        let index = b"<?xml version='1.0'?><sitemapindex xmlns='x'><sitemap><loc>https://a.test/posts-1.xml</loc>\
                      </sitemap><sitemap><loc> https://a.test/sitemap-news.xml?a&amp;b </loc></sitemap></sitemapindex>";
        let found = news_in_index(index);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].as_str(), "https://a.test/sitemap-news.xml?a&b");
        assert_eq!(
            news_in_index(b"<urlset><loc>https://a.test/news.xml</loc></urlset>"),
            []
        );
        assert_eq!(news_in_index(b""), []);
    }
}
