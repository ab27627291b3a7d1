//! One address for one story: tracking parameters off, the rest in one form.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// Query parameters that say how a reader came to a page and not which page it is.
const TRACKING_PARAMETERS: &[&str] = &[
    "fbclid",
    "gclid",
    "dclid",
    "gbraid",
    "wbraid",
    "msclkid",
    "yclid",
    "igshid",
    "twclid",
    "ttclid",
    "mc_cid",
    "mc_eid",
    "_ga",
    "_gl",
    "ocid",
    "cmpid",
    "ncid",
    "spm",
    "xtor",
    "at_medium",
    "at_campaign",
    "ito",
    "s_cid",
    "smid",
    "traffic_source",
];

/// Names under which a site serves the same pages: for telephones, and in Google's format for them.
const VARIANT_HOSTS: &[&str] = &["www.", "m.", "amp.", "mobile.", "movil."];

/// An address with its tracking parameters, fragment and default port removed.
///
/// What it keeps is fetched and shown; [`CanonicalUrl::identity`] is what two addresses of one
/// story are compared by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct CanonicalUrl(Url);

impl CanonicalUrl {
    /// The canonical form of an http or https address; `None` for any other scheme.
    pub fn new(url: &Url) -> Option<Self> {
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return None;
        }
        let mut url = url.clone();
        url.set_fragment(None);
        // Neither can fail on an http address that has a host.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        let kept = url.query().map(|query| {
            // As it is written: a server may tell `%20` from `+`.
            let pairs = query.split('&').filter(|pair| !pair.is_empty());
            let pairs: Vec<&str> = pairs.filter(|pair| !is_beside_the_page(pair)).collect();
            pairs.join("&")
        });
        url.set_query(kept.as_deref().filter(|query| !query.is_empty()));
        Some(Self(url))
    }

    /// The address.
    pub fn as_url(&self) -> &Url {
        &self.0
    }

    /// What the address is compared by: no scheme, no `www.`, no slash at the end, and nothing that
    /// makes it the telephone's or the AMP variant of a page.
    pub fn identity(&self) -> String {
        let host = bare_host(self.0.host_str().unwrap_or_default());
        let port = self
            .0
            .port()
            .map(|port| format!(":{port}"))
            .unwrap_or_default();
        let path = without_amp(self.0.path());
        let query = self
            .0
            .query()
            .map(|query| format!("?{query}"))
            .unwrap_or_default();
        format!("{host}{port}{path}{query}")
    }
}

impl fmt::Display for CanonicalUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whether a parameter says how a reader came or in what dress the page comes, and not which page
/// it is.
fn is_beside_the_page(pair: &str) -> bool {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "outputtype" => true,
        "amp" => matches!(value, "" | "1" | "true"),
        name => name.starts_with("utm_") || TRACKING_PARAMETERS.contains(&name),
    }
}

/// A host without the part that says which variant of the site it serves.
fn bare_host(host: &str) -> &str {
    let bare = VARIANT_HOSTS
        .iter()
        .find_map(|variant| host.strip_prefix(variant));
    bare.filter(|bare| bare.contains('.')).unwrap_or(host)
}

/// A path without a slash at its end and without what makes it the AMP variant of a page: `/amp`
/// or `.amp` at its end, or `/amp` at its start, where something is left of it.
fn without_amp(path: &str) -> String {
    let path = path.trim_end_matches('/');
    let (stem, extension) = match path.strip_suffix(".html") {
        Some(stem) => (stem, ".html"),
        None => (path, ""),
    };
    let bare = stem
        .strip_suffix("/amp")
        .or_else(|| stem.strip_suffix(".amp"))
        .or_else(|| {
            stem.strip_prefix("/amp")
                .filter(|rest| rest.starts_with('/'))
        });
    match bare {
        Some(bare) if bare.len() > 1 => format!("{bare}{extension}"),
        _ => path.to_owned(),
    }
}

/// Whether `url` is the front page of its site, which no story has for an address.
pub fn is_front_page(url: &Url) -> bool {
    let path = url.path().trim_matches('/');
    let front = matches!(
        path,
        "" | "index.html" | "index.php" | "index.htm" | "home" | "portada"
    );
    front && url.query().is_none()
}

/// Whether two addresses stand on one site: the same host, or one under the other, leaving out
/// `www.` and its like.
pub fn same_site(a: &Url, b: &Url) -> bool {
    let bare = |url: &Url| match url.host() {
        Some(Host::Domain(host)) => Some(bare_host(host).to_owned()),
        Some(address) => Some(format!(
            "{address}:{}",
            url.port_or_known_default().unwrap_or(0)
        )),
        None => None,
    };
    match (bare(a), bare(b)) {
        (Some(a), Some(b)) => {
            a == b || a.ends_with(&format!(".{b}")) || b.ends_with(&format!(".{a}"))
        }
        _ => false,
    }
}

/// The address that a story is known by: what the page says of itself where that can be believed
/// (on the site it was read from, neither its front page nor the parent of the page that was
/// read), else the address it was read from.
pub fn story_url(read_from: &Url, stated: Option<&Url>) -> Option<CanonicalUrl> {
    let believed = stated.filter(|stated| {
        let above = read_from.path() != stated.path()
            && read_from
                .path()
                .starts_with(&format!("{}/", stated.path().trim_end_matches('/')));
        same_site(read_from, stated) && !is_front_page(stated) && !above
    });
    CanonicalUrl::new(believed.unwrap_or(read_from))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    fn check_identity(input: &str, expected: &str) {
        assert_eq!(
            CanonicalUrl::new(&url(input)).unwrap().identity(),
            expected,
            "{input}"
        );
    }

    #[test]
    fn identity_leaves_out_what_does_not_name_the_story() {
        check_identity(
            "https://www.eldiario.test/a/b/?utm_source=rss&id=7#x",
            "eldiario.test/a/b?id=7",
        );
        check_identity("http://eldiario.test:80/a/b?fbclid=1", "eldiario.test/a/b");
        check_identity("https://eldiario.test:8443/a", "eldiario.test:8443/a");
        check_identity("https://user:secret@eldiario.test/a", "eldiario.test/a");
    }

    #[test]
    fn only_web_addresses_are_canonical() {
        assert_eq!(
            CanonicalUrl::new(&url("mailto:redaccion@eldiario.test")),
            None
        );
        assert_eq!(CanonicalUrl::new(&url("file:///etc/passwd")), None);
    }

    #[test]
    fn a_query_without_tracking_is_left_as_it_was_written() {
        let kept = CanonicalUrl::new(&url("https://a.test/?p=1&q=a%20b")).unwrap();
        assert_eq!(kept.as_url().as_str(), "https://a.test/?p=1&q=a%20b");
    }

    #[test]
    fn what_is_left_of_a_query_is_left_as_it_was_written() {
        let kept = CanonicalUrl::new(&url("https://a.test/?utm_source=x&q=a%20b&&r=c+d&s=%C3%B1"));
        let kept = kept.unwrap();
        assert_eq!(
            kept.as_url().as_str(),
            "https://a.test/?q=a%20b&r=c+d&s=%C3%B1"
        );
    }

    #[test]
    fn variants_of_a_page_are_one_page() {
        let page = "eldiario.test/judicial/nota-1.html";
        check_identity("https://m.eldiario.test/judicial/nota-1.html?amp=1", page);
        check_identity("https://amp.eldiario.test/judicial/nota-1.amp.html", page);
        check_identity("https://eldiario.test/amp/judicial/nota-1.html", page);
        check_identity(
            "https://eldiario.test/judicial/nota-1.html?outputType=amp",
            page,
        );
        check_identity("https://eldiario.test/nota-1/amp/", "eldiario.test/nota-1");
        check_identity("https://eldiario.test/amp", "eldiario.test/amp");
        check_identity(
            "https://eldiario.test/?p=1&amp=7",
            "eldiario.test?p=1&amp=7",
        );
        check_identity("https://m.test/1", "m.test/1");
        check_identity("https://eldiario.test/lamp", "eldiario.test/lamp");
    }

    fn check_story(read_from: &str, stated: &str, expected: &str) {
        let got = story_url(&url(read_from), Some(&url(stated))).unwrap();
        assert_eq!(
            got.as_url().as_str(),
            expected,
            "{read_from} states {stated}"
        );
    }

    #[test]
    fn a_stated_address_is_believed_on_its_own_site_only() {
        let page = "https://m.a.test/judicial/nota-1?x=1";
        check_story(
            page,
            "https://www.a.test/judicial/nota-1",
            "https://www.a.test/judicial/nota-1",
        );
        check_story(page, "https://b.test/judicial/nota-1", page);
        check_story(page, "https://www.a.test/", page);
        check_story(page, "https://www.a.test/judicial/", page);
    }
}
