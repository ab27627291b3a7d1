//! What the address of a feed tells: the site's front page, and what the feed is about.

use url::Url;

/// The front page of an address's host.
pub(super) fn front_page(url: &Url) -> Url {
    let mut front = url.clone();
    front.set_path("/");
    front.set_query(None);
    front.set_fragment(None);
    front
}

/// Parts of addresses that say nothing of what a feed is about.
const GENERIC: [&str; 30] = [
    "amp",
    "arc",
    "asp",
    "aspx",
    "atom",
    "category",
    "categoria",
    "com",
    "default",
    "feed",
    "feeds",
    "format",
    "html",
    "index",
    "json",
    "news",
    "noticias",
    "outboundfeeds",
    "outputtype",
    "php",
    "posts",
    "rdf",
    "rss",
    "rss2",
    "section",
    "sitemap",
    "tag",
    "type",
    "www",
    "xml",
];

/// The words of an address that say what the feed is about: `seguridad` of
/// `/category/seguridad/feed`.
pub(super) fn subject(url: &Url) -> Vec<String> {
    let text = format!("{} {}", url.path(), url.query().unwrap_or_default()).to_lowercase();
    let words = text.split(|c: char| !c.is_alphanumeric());
    words
        .filter(|word| word.len() > 2 && !GENERIC.contains(word))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tells_what_it_is_about() {
        let subject = |url: &str| subject(&url.parse().unwrap());
        assert_eq!(
            subject("https://a.test/category/Seguridad/feed/"),
            ["seguridad"]
        );
        assert_eq!(subject("https://a.test/rss.xml"), [""; 0]);
        assert_eq!(
            subject("https://a.test/arc/outboundfeeds/rss/category/judicial/?outputType=xml"),
            ["judicial"]
        );
    }
}
