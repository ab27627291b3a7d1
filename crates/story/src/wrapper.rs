//! Addresses that only lead to the page that is meant, where they say which one that is.
//!
//! Search engines, social networks and caches wrap the addresses that they list. What they wrap is
//! fetched from the outlet itself, and is one page with what the outlet's own feed shows.

use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use url::Url;

/// The longest address that is looked into.
const BYTES_MAX: usize = 8 << 10;

/// The shortest address of a page.
const ADDRESS_BYTES_MIN: usize = 12;

/// How many wrappers may stand around each other.
const LAYERS_MAX: usize = 3;

/// Base64 as Google News writes it: with padding or without.
const ARTICLE_ID: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Wrappers that hold the address in a parameter: the host, or the end of it after a dot, the
/// start of the path, and the parameter's names.
const BY_PARAMETER: &[(&str, &str, &[&str])] = &[
    ("google.com", "/url", &["url", "q"]),
    ("news.google.com", "/", &["url"]),
    ("bing.com", "/news/apiclick.aspx", &["url"]),
    ("facebook.com", "/l.php", &["u"]),
    ("l.instagram.com", "/", &["u"]),
    ("out.reddit.com", "/", &["url"]),
    ("youtube.com", "/redirect", &["q"]),
    ("vk.com", "/away.php", &["to"]),
    ("disq.us", "/url", &["url"]),
];

/// The page that `url` leads to, as far as `url` itself tells; `url` where it wraps nothing.
pub fn unwrapped(url: Url) -> Url {
    let mut url = url;
    for _ in 0..LAYERS_MAX {
        match inside(&url) {
            Some(inner) => url = inner,
            None => break,
        }
    }
    url
}

fn inside(url: &Url) -> Option<Url> {
    let host = url.host_str()?;
    if url.as_str().len() > BYTES_MAX {
        return None;
    }
    let inner = by_parameter(url, host)
        .or_else(|| of_amp_cache(url, host))
        .or_else(|| of_google_news(url, host))
        .or_else(|| of_yahoo(url, host))?;
    let is_page = matches!(inner.scheme(), "http" | "https") && inner.host_str()?.contains('.');
    is_page.then_some(inner)
}

fn is_at(host: &str, site: &str) -> bool {
    host.strip_suffix(site)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn by_parameter(url: &Url, host: &str) -> Option<Url> {
    let rules = BY_PARAMETER
        .iter()
        .filter(|(site, path, _)| is_at(host, site) && url.path().starts_with(path));
    rules
        .flat_map(|(_, _, names)| names.iter())
        .find_map(|name| {
            let (_, value) = url.query_pairs().find(|(key, _)| key == name)?;
            Url::parse(&value).ok()
        })
}

/// `https://www-outlet-com.cdn.ampproject.org/c/s/outlet.com/nota` and
/// `https://www.google.com/amp/s/outlet.com/nota`: `s` stands for https.
fn of_amp_cache(url: &Url, host: &str) -> Option<Url> {
    let path = if is_at(host, "cdn.ampproject.org") {
        let path = url.path().strip_prefix('/')?;
        let (kind, rest) = path.split_once('/')?;
        matches!(kind, "c" | "v").then_some(rest)?
    } else if is_at(host, "google.com") {
        url.path().strip_prefix("/amp/")?
    } else {
        return None;
    };
    let (scheme, rest) = match path.strip_prefix("s/") {
        Some(rest) => ("https", rest),
        None => ("http", path),
    };
    let query = url.query().map(|query| format!("?{query}"));
    Url::parse(&format!("{scheme}://{rest}{}", query.unwrap_or_default())).ok()
}

/// Google News names articles by base64 of a small message; the older ones hold the address.
fn of_google_news(url: &Url, host: &str) -> Option<Url> {
    let id = (host == "news.google.com")
        .then(|| url.path().split_once("/articles/"))
        .flatten()?
        .1;
    let message = ARTICLE_ID.decode(id).ok()?;
    let start = message.windows(4).position(|bytes| bytes == b"http")?;
    // A field of the message: its length, in one byte where it is under 128, then the address.
    let rest = &message[start..];
    let end = rest.iter().position(|byte| !byte.is_ascii_graphic());
    let printable = &rest[..end.unwrap_or(rest.len())];
    let length = start.checked_sub(1).map(|at| usize::from(message[at]));
    let exact = length
        .filter(|length| *length >= ADDRESS_BYTES_MIN)
        .and_then(|length| printable.get(..length));
    Url::parse(std::str::from_utf8(exact.unwrap_or(printable)).ok()?).ok()
}

/// `https://r.search.yahoo.com/…/RU=https%3a%2f%2foutlet.com%2fnota/RK=0/…`
fn of_yahoo(url: &Url, host: &str) -> Option<Url> {
    let wrapped = is_at(host, "search.yahoo.com").then(|| url.path())?;
    let written = wrapped
        .split('/')
        .find_map(|part| part.strip_prefix("RU="))?;
    // Decoded as if it were the name of a parameter.
    let (address, _) = url::form_urlencoded::parse(written.as_bytes()).next()?;
    Url::parse(&address).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(written: &str, expected: &str) {
        let url = unwrapped(written.parse().unwrap());
        assert_eq!(url.as_str(), expected, "{written}");
    }

    #[test]
    fn an_address_in_a_parameter_is_the_one_that_is_meant() {
        let page = "https://eldiario.test/judicial/nota-1?id=7&p=2";
        let written = "https%3A%2F%2Feldiario.test%2Fjudicial%2Fnota-1%3Fid%3D7%26p%3D2";
        check(
            &format!("https://www.google.com/url?sa=t&url={written}&ct=ga"),
            page,
        );
        check(
            &format!("https://l.facebook.com/l.php?u={written}&h=AT0"),
            page,
        );
        check(
            &format!("http://www.bing.com/news/apiclick.aspx?ref=r&url={written}"),
            page,
        );
        let twice = format!(
            "https://l.facebook.com/l.php?u=https%3A%2F%2Fwww.google.com%2Furl%3Fq%3D{}",
            written.replace('%', "%25")
        );
        check(&twice, page);
    }

    #[test]
    fn caches_name_the_page_in_their_path() {
        let page = "https://eldiario.test/judicial/nota-1?id=7";
        check(
            "https://eldiario-test.cdn.ampproject.org/c/s/eldiario.test/judicial/nota-1?id=7",
            page,
        );
        check(
            "https://www.google.com/amp/s/eldiario.test/judicial/nota-1?id=7",
            page,
        );
        check(
            "https://r.search.yahoo.com/_ylt=A/RV=2/RU=https%3a%2f%2feldiario.test%2fjudicial%2fnota-1%3fid%3d7/RK=0/RS=x-",
            page,
        );
    }

    #[test]
    fn an_article_id_of_google_news_holds_the_address_or_is_left_as_it_is() {
        let page = "https://eldiario.test/judicial/nota-1";
        let mut message = vec![8, 19, 34, page.len() as u8];
        message.extend_from_slice(page.as_bytes());
        message.extend_from_slice(&[210, 1, 0]);
        let id = ARTICLE_ID.encode(&message);
        check(
            &format!("https://news.google.com/rss/articles/{id}?oc=5"),
            page,
        );
        let opaque = ARTICLE_ID.encode([8, 19, 34, 6, b'A', b'U', b'_', b'y', b'q', b'L']);
        let unknown = format!("https://news.google.com/rss/articles/{opaque}?oc=5");
        check(&unknown, &unknown);
    }

    #[test]
    fn what_wraps_nothing_stays() {
        for plain in [
            "https://eldiario.test/url?url=https%3A%2F%2Fotro.test%2F1",
            "https://notgoogle.com/url?q=https%3A%2F%2Fotro.test%2F1",
            "https://www.google.com/url?q=nota",
            "https://www.google.com/url?q=file%3A%2F%2F%2Fetc%2Fpasswd",
            "https://l.facebook.com/l.php?u=http%3A%2F%2Flocalhost%2F",
        ] {
            check(plain, plain);
        }
    }
}
