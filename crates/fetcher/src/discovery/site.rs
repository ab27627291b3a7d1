//! Which addresses are of one site: a newspaper's pages and feeds stand on hosts of one domain.

use url::{Host, Url};

/// Second-level labels under which countries register names: `com.co`, `gob.mx`, `org.br`.
const SECOND_LEVEL: [&str; 16] = [
    "ac", "co", "com", "ed", "edu", "fin", "gob", "gov", "gub", "info", "mil", "net", "nom", "or",
    "org", "tv",
];

/// Whether two addresses are of one site.
pub(super) fn same_site(one: &Url, other: &Url) -> bool {
    match (one.host(), other.host()) {
        (Some(Host::Domain(one)), Some(Host::Domain(other))) => domain(one) == domain(other),
        // Numbers have no domain: the machine and the port have to be the same.
        (Some(one_host), Some(other_host)) => {
            one_host == other_host && one.port_or_known_default() == other.port_or_known_default()
        }
        _ => false,
    }
}

/// The part of a host's name that someone registered, by the rule of thumb that serves for news
/// sites; the list of public suffixes has ten thousand rules, and no reader of it is worth having
/// for a hint.
fn domain(host: &str) -> &str {
    let host = host.trim_end_matches('.');
    let labels: Vec<&str> = host.rsplitn(4, '.').collect();
    let kept = match labels.as_slice() {
        [top, second, ..] if top.len() == 2 && SECOND_LEVEL.contains(second) => 3,
        _ => 2,
    };
    if labels.len() <= kept {
        return host;
    }
    let length = labels[..kept]
        .iter()
        .map(|label| label.len() + 1)
        .sum::<usize>()
        - 1;
    &host[host.len() - length..]
}

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

    fn check(one: &str, other: &str, expected: bool) {
        let (one, other) = (one.parse().unwrap(), other.parse().unwrap());
        assert_eq!(same_site(&one, &other), expected, "{one} and {other}");
    }

    #[test]
    fn a_site_is_a_registered_name() {
        check(
            "https://www.diario.test/",
            "http://feeds.diario.test/rss",
            true,
        );
        check("https://a.com.co/", "https://rss.a.com.co/", true);
        check("https://a.com.co/", "https://b.com.co/", false);
        check("https://bluradio.co/", "https://semana.co/", false);
        check("http://127.0.0.1:80/a", "http://127.0.0.1/b", true);
        check("http://127.0.0.1:81/a", "http://127.0.0.1/b", false);
        check("http://localhost/", "http://localhost:8080/", true);
    }

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
