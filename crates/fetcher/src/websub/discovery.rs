//! Where a feed says that it is pushed: its hub, and the topic to ask that hub for.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::link_header;

/// A feed's hub and the address by which the hub knows the feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Topic {
    /// Where one subscribes.
    pub(crate) hub: Url,
    /// What one subscribes to: the feed's `self` address, not the one it was asked at.
    pub(crate) topic: Url,
}

/// Finds a feed's topic (W3C WebSub §4): in the answer's `Link` fields, and only where those do
/// not name both a hub and a `self`, in the document. The two places are never mixed.
///
/// `asked` is the address that answered, which relative links start from.
pub(crate) fn discover(
    asked: &Url,
    link_headers: &[&str],
    hubs_in_document: &[Url],
    self_in_document: Option<&Url>,
) -> Option<Topic> {
    in_headers(asked, link_headers).or_else(|| topic(hubs_in_document, self_in_document?))
}

fn in_headers(asked: &Url, link_headers: &[&str]) -> Option<Topic> {
    let links: Vec<_> = link_headers
        .iter()
        .flat_map(|value| link_header::parse(value))
        .filter(|link| !link.is_about_another())
        .collect();
    let of_rel = |rel: &'static str| {
        let named = links.iter().filter(move |link| link.has_rel(rel));
        named.filter_map(|link| asked.join(&link.target).ok())
    };
    let hubs: Vec<Url> = of_rel("hub").collect();
    topic(&hubs, &of_rel("self").find(is_web)?)
}

/// Prefers a hub that is asked in confidence, since it is told a secret.
fn topic(hubs: &[Url], own: &Url) -> Option<Topic> {
    let mut web = hubs.iter().filter(|hub| is_web(hub));
    let hub = web
        .clone()
        .find(|hub| hub.scheme() == "https")
        .or_else(|| web.next())?;
    is_web(own).then(|| Topic {
        hub: hub.clone(),
        topic: own.clone(),
    })
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HUB: &str = "https://hub.test/";
    const OWN: &str = "https://diario.test/rss";

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    /// Checks what is found of a feed that answers at `/feed` with these `Link` fields and whose
    /// document has these hubs and this `self`.
    fn check(headers: &[&str], hubs: &[&str], own: Option<&str>, expected: Option<(&str, &str)>) {
        let hubs: Vec<Url> = hubs.iter().map(|hub| url(hub)).collect();
        let asked = url("https://diario.test/feed");
        let found = discover(&asked, headers, &hubs, own.map(url).as_ref());
        let expected = expected.map(|(hub, topic)| Topic {
            hub: url(hub),
            topic: url(topic),
        });
        assert_eq!(found, expected, "{headers:?} {hubs:?} {own:?}");
    }

    #[test]
    fn etiquette_46_link_headers_come_before_the_document() {
        let headers = &["<https://hub.test/>; rel=hub", "</rss>; rel=\"self\""];
        check(headers, &[], None, Some((HUB, OWN)));
        let other = "https://other.test/";
        check(headers, &[other], Some(other), Some((HUB, OWN)));
        check(&[], &[HUB], Some(OWN), Some((HUB, OWN)));
        let together = &["<https://hub.test/>; rel=hub, </rss>; rel=self"];
        check(together, &[], None, Some((HUB, OWN)));
    }

    #[test]
    fn etiquette_46_both_a_hub_and_a_self_are_required_of_one_place() {
        check(&["<https://hub.test/>; rel=hub"], &[], Some(OWN), None);
        check(&["</rss>; rel=self"], &[HUB], None, None);
        check(&[], &[HUB], None, None);
        check(&[], &[], Some(OWN), None);
        let half = &["<https://other.test/>; rel=hub"];
        check(half, &[HUB], Some(OWN), Some((HUB, OWN)));
    }

    #[test]
    fn a_hub_that_can_be_asked_in_confidence_is_preferred() {
        let plain = "http://hub.test/";
        check(&[], &[plain, HUB], Some(OWN), Some((HUB, OWN)));
        check(&[], &[plain], Some(OWN), Some((plain, OWN)));
    }

    #[test]
    fn what_is_no_web_address_or_about_something_else_is_passed_over() {
        check(&[], &["ftp://hub.test/", HUB], Some(OWN), Some((HUB, OWN)));
        check(&[], &[HUB], Some("urn:uuid:1"), None);
        let other = &["<https://hub.test/>; rel=hub; anchor=\"/x\", </rss>; rel=self"];
        check(other, &[], None, None);
    }
}
