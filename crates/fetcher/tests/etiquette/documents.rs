//! What the sites serve, and what is read from what they were asked.

use std::{fmt::Write as _, time::Duration};

use story::Timestamp;
use testkit::{Reply, Request};

/// The type that feeds are served with.
pub(crate) const RSS: &str = "application/rss+xml";

/// An RSS document of these items, whose titles are their guids, without links.
pub(crate) fn rss(guids: &[&str]) -> String {
    let items = guids.iter().fold(String::new(), |mut items, guid| {
        let _ = write!(
            items,
            "<item><guid isPermaLink=\"false\">{guid}</guid><title>{guid}</title></item>"
        );
        items
    });
    channel("", &items)
}

/// An RSS document of items with links to these paths of a site.
pub(crate) fn rss_of_pages(base: &str, paths: &[&str]) -> String {
    let items = paths.iter().fold(String::new(), |mut items, path| {
        let _ = write!(
            items,
            "<item><title>{path}</title><link>{base}{path}</link></item>"
        );
        items
    });
    channel("", &items)
}

/// An RSS document with these elements before its items.
pub(crate) fn channel(elements: &str, items: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\" \
         xmlns:sy=\"http://purl.org/rss/1.0/modules/syndication/\" \
         xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel><title>Diario</title>\
         <link>https://diario.test/</link>{elements}{items}</channel></rss>"
    )
}

/// The items of a feed at `now` that shows something new every so often: the last twenty of them.
pub(crate) fn busy_items(now: Timestamp, every: Duration) -> String {
    let every = every.as_secs() as i64;
    let newest = now.timestamp() / every;
    (newest - 19..=newest)
        .rev()
        .fold(String::new(), |mut items, number| {
            let at = Timestamp::from_timestamp(number * every, 0).expect("a time of our days");
            let date = at.to_rfc2822();
            let _ = write!(
                items,
                "<item><guid isPermaLink=\"false\">n{number}</guid><title>Nota {number}</title>\
                 <pubDate>{date}</pubDate></item>"
            );
            items
        })
}

/// A feed as an ordinary server gives it.
pub(crate) fn served(guids: &[&str]) -> Reply {
    Reply::ok(RSS, rss(guids))
}

/// The waits between requests.
pub(crate) fn gaps(requests: &[Request]) -> Vec<Duration> {
    let pairs = requests.windows(2);
    pairs.map(|pair| pair[1].at - pair[0].at).collect()
}

/// Whether a request carries validators.
pub(crate) fn is_conditional(request: &Request) -> bool {
    request.header("if-none-match").is_some() || request.header("if-modified-since").is_some()
}

/// The validators of a request: `If-None-Match` and `If-Modified-Since`.
pub(crate) fn validators(request: &Request) -> (Option<&str>, Option<&str>) {
    (
        request.header("if-none-match"),
        request.header("if-modified-since"),
    )
}

/// A date as HTTP writes it.
pub(crate) fn http_date(at: Timestamp) -> String {
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
