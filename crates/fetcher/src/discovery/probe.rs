//! One look at one address: does it answer as a feed, and what does that feed look like.

use chrono::Duration;
use chrono_tz::Tz;
use story::{Home, Timestamp};
use url::Url;

use super::{
    ask::Brought,
    link::address,
    markup::{Tag, Tags},
};
use crate::{
    FetchError,
    feed::{self, FeedContext, FeedError, FeedKind, ParsedFeed},
};

/// The `rel="self"` of a feed stands before its first entry.
const HEAD_BYTES: usize = 64 << 10;

/// A redirect that was followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// Its status.
    pub status: u16,
    /// Where it led.
    pub to: Url,
}

impl Redirect {
    /// Whether the address is to be replaced by the one it led to (RFC 9110 §15.4.2, §15.4.9).
    pub fn is_permanent(&self) -> bool {
        matches!(self.status, 301 | 308)
    }
}

/// What one unconditional request for a feed came to.
#[derive(Debug)]
pub struct Probe {
    /// What was asked.
    pub asked: Url,
    /// Where the redirects ended; what was asked where there was no answer.
    pub url: Url,
    /// The redirects on the way.
    pub redirects: Vec<Redirect>,
    /// The status, where the server gave one.
    pub status: Option<u16>,
    /// Which validators came with the answer, by their header's name.
    pub validators: Vec<&'static str>,
    /// The feed.
    pub outcome: Result<FeedLook, ProbeError>,
}

/// What a feed looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedLook {
    /// Its kind, as a word.
    pub kind: &'static str,
    /// Its title.
    pub title: Option<String>,
    /// How many entries it shows.
    pub entries: usize,
    /// How many of them name no date.
    pub undated: usize,
    /// How many of them name a date without a zone.
    pub zoneless: usize,
    /// The date of its newest entry.
    pub newest: Option<Timestamp>,
    /// What it gives as its own address.
    pub own_address: Option<Url>,
    /// What is wrong with it.
    pub problems: Vec<String>,
}

/// Why an address gave no feed.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// There was no answer that carries anything.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The answer is no feed.
    #[error(transparent)]
    Feed(#[from] FeedError),
}

impl Probe {
    /// What came of a request that failed.
    pub(super) fn failed(asked: &Url, error: FetchError) -> Self {
        let status = match &error {
            FetchError::Status { status, .. } => Some(*status),
            _ => None,
        };
        Self {
            asked: asked.clone(),
            url: asked.clone(),
            redirects: Vec::new(),
            status,
            validators: Vec::new(),
            outcome: Err(error.into()),
        }
    }

    /// The address that the server wants to be asked instead, for good: every redirect on the way
    /// was a permanent one, a feed stood at the end, and nothing of the way's safety was lost.
    pub fn moved_to(&self) -> Option<&Url> {
        let is_permanent =
            !self.redirects.is_empty() && self.redirects.iter().all(Redirect::is_permanent);
        let hops = || self.redirects.iter().map(|redirect| redirect.to.scheme());
        let stays_safe = self.asked.scheme() != "https" || hops().all(|scheme| scheme == "https");
        (is_permanent && stays_safe && self.outcome.is_ok()).then_some(&self.url)
    }
}

/// Reads an answer as a feed, off the runtime's threads.
pub(super) async fn read(asked: &Url, brought: &Brought, timezone: Tz) -> Probe {
    let bytes = brought.bytes.clone();
    let url = brought.url.clone();
    let content_type = brought.content_type().map(str::to_owned);
    let look = move || look_at(&bytes, content_type.as_deref(), &url, timezone);
    let outcome = tokio::task::spawn_blocking(look).await;
    let mut outcome = outcome.unwrap_or(Err(FeedError::Panicked));
    if let (Ok(look), Some(cut)) = (&mut outcome, &brought.cut) {
        look.problems.insert(0, cut.clone());
    }
    let challenged = matches!(outcome, Err(FeedError::Html { .. }))
        .then(|| brought.challenge())
        .flatten();
    let outcome = match challenged {
        Some(by) => Err(FetchError::Challenge {
            status: brought.status,
            by,
        }
        .into()),
        None => outcome.map_err(ProbeError::from),
    };
    Probe {
        asked: asked.clone(),
        url: brought.url.clone(),
        redirects: brought.redirects.clone(),
        status: Some(brought.status),
        validators: brought.validators(),
        outcome,
    }
}

/// Reads bytes as a feed.
fn look_at(
    bytes: &[u8],
    content_type: Option<&str>,
    url: &Url,
    timezone: Tz,
) -> Result<FeedLook, FeedError> {
    let context = |timezone| FeedContext {
        id: "probe".parse().expect("it is a name of a feed"),
        url: url.clone(),
        home: Home::default(),
        timezone,
    };
    let parsed = feed::parse(bytes, content_type, &context(timezone))?;
    if parsed.kind == FeedKind::SitemapIndex {
        let what = "an index of sitemaps".to_owned();
        return Err(FeedError::NotAFeed { what });
    }
    // A date without a zone is one that another zone moves.
    let elsewhere = feed::parse(bytes, content_type, &context(another(timezone)));
    let zoneless = elsewhere.map_or(0, |elsewhere| moved_dates(&parsed, &elsewhere));
    let dates = || parsed.entries.iter().map(|e| e.published.or(e.updated));
    Ok(FeedLook {
        kind: parsed.kind.as_str(),
        entries: parsed.entries.len(),
        undated: dates().filter(Option::is_none).count(),
        zoneless,
        newest: dates().flatten().max(),
        own_address: own_address(bytes, url),
        title: parsed.title,
        problems: parsed.problems,
    })
}

/// A zone in which no moment has the same clock as in `timezone`.
fn another(timezone: Tz) -> Tz {
    match timezone {
        Tz::Asia__Tokyo => Tz::UTC,
        _ => Tz::Asia__Tokyo,
    }
}

fn moved_dates(here: &ParsedFeed, elsewhere: &ParsedFeed) -> usize {
    let pairs = here.entries.iter().zip(&elsewhere.entries);
    pairs
        .filter(|(here, elsewhere)| {
            here.published != elsewhere.published || here.updated != elsewhere.updated
        })
        .count()
}

/// The address that a feed gives as its own: `rel="self"`, or `feed_url` of a JSON Feed.
fn own_address(bytes: &[u8], url: &Url) -> Option<Url> {
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    if head.trim_ascii_start().starts_with(b"{") {
        let text = String::from_utf8_lossy(head);
        let value = text.split_once("\"feed_url\"")?.1.trim_start();
        let value = value.strip_prefix(':')?.trim_start().strip_prefix('"')?;
        return address(&value.split_once('"')?.0.replace("\\/", "/"), url);
    }
    let is_entry = |name: &Tag<'_>| name.is_local("item") || name.is_local("entry");
    let own = Tags::of(head)
        .take_while(|tag| !is_entry(tag))
        .filter(|tag| tag.is_local("link"))
        .find(|tag| {
            tag.attribute("rel")
                .is_some_and(|rel| rel.eq_ignore_ascii_case("self"))
        })?;
    address(&own.attribute("href")?, url)
}

/// Whether a feed shows nothing, or nothing of the last 90 days.
pub(super) fn ran_dry(look: &FeedLook, now: Timestamp) -> bool {
    let long_ago = now - Duration::days(90);
    look.entries == 0 || look.newest.is_some_and(|newest| newest < long_ago)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(text: &str) -> FeedLook {
        let url = "https://diario.test/rss".parse().unwrap();
        look_at(text.as_bytes(), None, &url, Tz::America__Bogota).unwrap()
    }

    fn probe(asked: &str, hops: &[(u16, &str)]) -> Probe {
        let redirects: Vec<_> = hops
            .iter()
            .map(|(status, to)| Redirect {
                status: *status,
                to: to.parse().unwrap(),
            })
            .collect();
        let asked: Url = asked.parse().unwrap();
        Probe {
            url: redirects
                .last()
                .map_or(asked.clone(), |last| last.to.clone()),
            asked,
            redirects,
            status: Some(200),
            validators: Vec::new(),
            outcome: Ok(look("<rss version='2.0'><channel/></rss>")),
        }
    }

    fn check_moved(asked: &str, hops: &[(u16, &str)], expected: Option<&str>) {
        let probe = probe(asked, hops);
        assert_eq!(
            probe.moved_to().map(Url::as_str),
            expected,
            "{asked} {hops:?}"
        );
    }

    #[test]
    fn only_a_wholly_permanent_and_safe_way_moves_a_feed() {
        let (old, new) = ("http://a.test/old", "https://a.test/new");
        check_moved(old, &[], None);
        check_moved(old, &[(301, new)], Some(new));
        check_moved(old, &[(308, "http://a.test/b"), (301, new)], Some(new));
        check_moved(old, &[(301, "http://a.test/b"), (302, new)], None);
        check_moved("https://a.test/x", &[(301, "http://a.test/x")], None);
        check_moved(
            "https://a.test/x",
            &[(301, "http://a.test/x"), (301, new)],
            None,
        );
    }

    #[test]
    fn dates_without_a_zone_are_counted() {
        let item =
            |date: &str| format!("<item><guid>{date}</guid><pubDate>{date}</pubDate></item>");
        let look = look(&format!(
            "<rss version='2.0'><channel><title>D</title>{}{}<item><guid>3</guid></item></channel></rss>",
            item("2026-01-05 14:30:00"),
            item("Mon, 05 Jan 2026 10:00:00 GMT"),
        ));
        assert_eq!((look.entries, look.zoneless, look.undated), (3, 1, 1));
        assert_eq!(
            look.newest.unwrap().to_rfc3339(),
            "2026-01-05T19:30:00+00:00"
        );
    }

    #[test]
    fn a_feed_names_its_own_address() {
        let own = |text: &str| look(text).own_address.map(String::from);
        let rss = "<rss version='2.0' xmlns:atom='http://www.w3.org/2005/Atom'><channel>\
                   <link>https://diario.test/</link><atom:link rel='self' href='https://diario.test/nuevo?a&amp;b'/>";
        let whole = format!("{rss}<item><guid>1</guid></item></channel></rss>");
        assert_eq!(
            own(&whole).as_deref(),
            Some("https://diario.test/nuevo?a&b")
        );
        let entry = "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id>\
                     <link rel='self' href='https://diario.test/1'/></entry></feed>";
        assert_eq!(own(entry), None);
        let json = "{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"D\",\
                    \"feed_url\" : \"https:\\/\\/diario.test\\/j.json\",\"items\":[]}";
        assert_eq!(own(json).as_deref(), Some("https://diario.test/j.json"));
    }

    #[test]
    fn a_feed_without_news_ran_dry() {
        let now = "2026-06-01T00:00:00Z".parse().unwrap();
        let dated = |date: &str| {
            look(&format!(
                "<rss version='2.0'><channel><item><guid>1</guid><pubDate>{date}</pubDate></item></channel></rss>"
            ))
        };
        assert!(ran_dry(&dated("Mon, 05 Jan 2026 10:00:00 GMT"), now));
        assert!(!ran_dry(&dated("Mon, 25 May 2026 10:00:00 GMT"), now));
        assert!(!ran_dry(&dated(""), now));
        assert!(ran_dry(&look("<rss version='2.0'><channel/></rss>"), now));
    }
}
