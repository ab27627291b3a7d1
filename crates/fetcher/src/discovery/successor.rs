//! The feed doctor: what ails a feed, and where it went.
//!
//! A successor has to be on the same site, answer as a feed with entries, and be about what the
//! old one was about as far as the addresses tell. A section's feed is not replaced by another
//! section's.

use std::{cmp::Reverse, collections::HashMap};

use chrono::Utc;
use chrono_tz::Tz;
use story::same_site;
use url::Url;

use super::{
    Discovery, Found, How, Probe, ProbeError, Scope, Scout,
    probe::ran_dry,
    site::{front_page, subject},
};
use crate::FetchError;

/// What ails a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ailment {
    /// The server says that it is elsewhere for good.
    Moved,
    /// It is not there any more: 404 or 410.
    Gone,
    /// Something else stands in its place.
    NotAFeed,
    /// It answers and shows nothing, or nothing of the last 90 days.
    Dry,
    /// The server does not let us have it; it is not gone.
    Blocked,
    /// There is no answer.
    Unreachable,
}

impl Ailment {
    /// The ailment in a few words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Moved => "moved for good",
            Self::Gone => "gone",
            Self::NotAFeed => "no feed any more",
            Self::Dry => "ran dry",
            Self::Blocked => "blocked",
            Self::Unreachable => "unreachable",
        }
    }

    /// What a person can do where no successor was found.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Moved | Self::Gone | Self::NotAFeed | Self::Dry => {
                "the site's front page names no successor; `vigia feeds discover` with --guess \
                 looks further"
            }
            Self::Blocked => "the server refuses us, and the feed may be well: ask its publisher",
            Self::Unreachable => "try again later: it may come back",
        }
    }

    /// What ails the feed that was looked at; `None` where it is well.
    pub fn of(probe: &Probe) -> Option<Self> {
        match &probe.outcome {
            Ok(_) if probe.moved_to().is_some() => Some(Self::Moved),
            Ok(look) => ran_dry(look, Utc::now()).then_some(Self::Dry),
            Err(ProbeError::Feed(_)) => Some(Self::NotAFeed),
            Err(ProbeError::Fetch(FetchError::Status { status, refusal })) => Some(match status {
                404 | 410 => Self::Gone,
                _ if refusal.challenge.is_some() => Self::Blocked,
                401 | 402 | 403 | 429 | 451 => Self::Blocked,
                _ => Self::Unreachable,
            }),
            Err(ProbeError::Fetch(
                FetchError::HostClosed { .. } | FetchError::Challenge { .. },
            )) => Some(Self::Blocked),
            Err(ProbeError::Fetch(_)) => Some(Self::Unreachable),
        }
    }
}

/// Where a feed went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Successor {
    /// There.
    pub url: Url,
    /// How that is known, in the words of a person.
    pub why: &'static str,
    /// How many entries it shows.
    pub entries: usize,
}

/// What the doctor has to say of a feed.
#[derive(Debug)]
pub struct Diagnosis {
    /// What ails it.
    pub ailment: Ailment,
    /// Where it went.
    pub successor: Option<Successor>,
    /// Whether that is configured already, so that this feed is not needed any more.
    pub is_known: bool,
}

impl Diagnosis {
    /// The address to configure in the place of the old one.
    pub fn replacement(&self) -> Option<&Successor> {
        self.successor.as_ref().filter(|_| !self.is_known)
    }
}

/// Looks for successors; asks for each site's front page once.
pub struct Successors<'a> {
    scout: &'a Scout,
    fronts: HashMap<Url, Discovery>,
}

impl<'a> Successors<'a> {
    /// Nothing was asked yet.
    pub fn new(scout: &'a Scout) -> Self {
        Self {
            scout,
            fronts: HashMap::new(),
        }
    }

    /// What ails a feed and where it went; `None` where it is well. `is_taken` says which
    /// addresses are configured already.
    pub async fn diagnose(
        &mut self,
        probe: &Probe,
        is_taken: &(dyn Fn(&Url) -> bool + Sync),
    ) -> Option<Diagnosis> {
        let ailment = Ailment::of(probe)?;
        let successor = match ailment {
            Ailment::Moved => moved(probe),
            Ailment::Gone | Ailment::NotAFeed => self.on_front_page(&probe.asked, is_taken).await,
            Ailment::Dry => match self.by_own_address(probe).await {
                None => self.on_front_page(&probe.asked, is_taken).await,
                found => found,
            },
            Ailment::Blocked | Ailment::Unreachable => None,
        };
        Some(Diagnosis {
            ailment,
            is_known: successor.as_ref().is_some_and(|found| is_taken(&found.url)),
            successor,
        })
    }

    /// The address that a feed without news gives as its own, if there is news there.
    async fn by_own_address(&self, probe: &Probe) -> Option<Successor> {
        let old = probe.outcome.as_ref().ok()?;
        let url = old.own_address.as_ref()?;
        if *url == probe.asked || *url == probe.url || !is_fit(&probe.asked, url) {
            return None;
        }
        let look = self.scout.probe(url, Tz::UTC).await.outcome.ok()?;
        let has_news = look.entries > 0 && look.newest > old.newest;
        has_news.then(|| Successor {
            url: url.clone(),
            why: "the feed gives it as its own address",
            entries: look.entries,
        })
    }

    /// The likeliest of the feeds that the site's front page names.
    async fn on_front_page(
        &mut self,
        old: &Url,
        is_taken: &(dyn Fn(&Url) -> bool + Sync),
    ) -> Option<Successor> {
        let front = front_page(old);
        if !self.fronts.contains_key(&front) {
            let scope = Scope {
                sitemaps: false,
                guesses: false,
            };
            let found = self.scout.discover(&front, scope, &|_| ()).await;
            self.fronts.insert(front.clone(), found);
        }
        let feeds = self.fronts[&front].feeds.iter();
        let fit = feeds.filter(|found| is_successor(old, found));
        let best = fit.max_by_key(|found| {
            let is_free = !is_taken(&found.url);
            (in_common(old, &found.url), is_free, Reverse(found.how))
        })?;
        Some(Successor {
            url: best.url.clone(),
            why: match best.how {
                How::Linked => "the site's front page links to it",
                _ => "the site's front page declares it",
            },
            entries: best.look.entries,
        })
    }
}

fn moved(probe: &Probe) -> Option<Successor> {
    Some(Successor {
        url: probe.moved_to()?.clone(),
        why: "the server redirects there for good",
        entries: probe.outcome.as_ref().ok()?.entries,
    })
}

/// Whether an address may stand in the place of another: the same site, and no less safe.
fn is_fit(old: &Url, new: &Url) -> bool {
    same_site(old, new) && (old.scheme() != "https" || new.scheme() == "https")
}

/// Whether a feed of the front page may be what became of the old one.
fn is_successor(old: &Url, found: &Found) -> bool {
    let is_alive = !ran_dry(&found.look, Utc::now());
    let is_related = subject(&found.url).is_empty() || in_common(old, &found.url) > 0;
    is_alive && is_related && !found.is_of_comments && is_fit(old, &found.url) && found.url != *old
}

/// How many words of what they are about two addresses share.
fn in_common(old: &Url, new: &Url) -> usize {
    let old = subject(old);
    subject(new)
        .iter()
        .filter(|word| old.contains(word))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discovery::FeedLook;

    fn check(old: &str, new: &str, expected: bool) {
        let found = Found {
            how: How::Declared,
            url: new.parse().unwrap(),
            look: FeedLook {
                kind: "rss",
                title: None,
                entries: 3,
                undated: 0,
                zoneless: 0,
                newest: Some(Utc::now()),
                own_address: None,
                problems: Vec::new(),
            },
            is_of_comments: false,
        };
        assert_eq!(
            is_successor(&old.parse().unwrap(), &found),
            expected,
            "{old} {new}"
        );
    }

    #[test]
    fn a_successor_is_of_the_same_site_and_subject() {
        check("https://a.test/rss.xml", "https://www.a.test/feed/", true);
        check(
            "https://a.test/rss/judicial.xml",
            "https://a.test/feed/",
            true,
        );
        check(
            "https://a.test/rss/judicial.xml",
            "https://a.test/judicial/feed/",
            true,
        );
        check(
            "https://a.test/rss/judicial.xml",
            "https://a.test/deportes/feed/",
            false,
        );
        check(
            "https://a.test/rss.xml",
            "https://a.test/deportes/feed/",
            false,
        );
        check("https://a.test/rss.xml", "https://b.test/feed/", false);
        check("https://a.test/rss.xml", "http://a.test/feed/", false);
        check("https://a.test/rss.xml", "https://a.test/rss.xml", false);
    }
}
