//! Finding feeds, looking at them, and finding where one went: what `vigia feeds` asks of servers.
//!
//! [`Scout`] asks through the same client and gates as the daemon. It asks for what was named to
//! it and for what a page names; addresses that nothing names are tried only where the caller
//! says so. It writes nothing and remembers nothing.

mod ask;
mod link;
pub mod markup;
mod probe;
mod site;
mod sitemap;
mod successor;

use std::collections::VecDeque;

use chrono_tz::Tz;
use story::same_site;
use url::Url;

use crate::{Access, Feed, FetchError, Settings, http::Wanted};
use ask::{Brought, Client};

pub use probe::{FeedLook, Probe, ProbeError, Redirect};
pub use successor::{Ailment, Diagnosis, Successor, Successors};

/// How many addresses of one site are looked at.
const LOOKS_MAX: usize = 24;

/// Bytes of a `robots.txt` that are read (RFC 9309 §2.5 asks for 500 KiB at least).
const ROBOTS_BYTES_MAX: usize = 512 << 10;

/// Sitemaps of one `robots.txt` that are opened to see whether they are an index.
const INDEXES_MAX: usize = 3;

/// Where feeds commonly are, for a caller who asks to guess.
const COMMON_PATHS: [&str; 11] = [
    "/feed/",
    "/rss.xml",
    "/rss",
    "/feed.xml",
    "/atom.xml",
    "/index.xml",
    "/feeds/posts/default",
    "/feed.json",
    "/arc/outboundfeeds/rss/?outputType=xml",
    "/sitemap-news.xml",
    "/news-sitemap.xml",
];

/// How a feed was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// It is the address that was given.
    Itself,
    /// A `Link` header names it.
    LinkHeader,
    /// A `<link rel="alternate">` of the page names it.
    Declared,
    /// The page has a link to it.
    Linked,
    /// It is a news sitemap that `robots.txt` leads to.
    Sitemap,
    /// Nothing names it; it was tried.
    Guessed,
}

impl How {
    /// How, in the words of a person.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Itself => "as given",
            Self::LinkHeader => "Link header",
            Self::Declared => "declared",
            Self::Linked => "linked",
            Self::Sitemap => "robots.txt",
            Self::Guessed => "guessed",
        }
    }

    /// Whether the site itself says that there is a feed, rather than us or a link's looks.
    pub fn is_named(self) -> bool {
        matches!(self, Self::LinkHeader | Self::Declared | Self::Sitemap)
    }
}

/// Where feeds are looked for beside the page itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// In the news sitemaps that `robots.txt` names.
    pub sitemaps: bool,
    /// At addresses that nothing names.
    pub guesses: bool,
}

/// A feed that was found.
#[derive(Debug)]
pub struct Found {
    /// How.
    pub how: How,
    /// Where, after redirects.
    pub url: Url,
    /// What it looks like.
    pub look: FeedLook,
    /// Whether it is one of readers' comments.
    pub is_of_comments: bool,
}

/// What a site has to offer.
#[derive(Debug, Default)]
pub struct Discovery {
    /// Its feeds, the likeliest to be wanted first.
    pub feeds: Vec<Found>,
    /// What was named or guessed and is no feed, with the reason.
    pub not_feeds: Vec<(Url, How, ProbeError)>,
    /// Why the page itself could not be read.
    pub page_error: Option<FetchError>,
    /// How many addresses were named and not looked at, because there were too many.
    pub left_out: usize,
}

/// Asks servers for a command, with the daemon's manners.
pub struct Scout {
    client: Client,
    page_bytes_max: usize,
    feed_bytes_max: usize,
}

impl Scout {
    /// A scout with the settings' manners.
    pub fn new(settings: &Settings) -> Result<Self, FetchError> {
        Ok(Self {
            client: Client::new(settings)?,
            page_bytes_max: settings.page_bytes_max,
            feed_bytes_max: settings.feed_bytes_max,
        })
    }

    /// Looks at one feed: one request, unconditional, and its redirects. `timezone` is that of
    /// dates that name none.
    pub async fn probe(&self, url: &Url, timezone: Tz) -> Probe {
        self.look(url, timezone, None).await.0
    }

    /// Looks at a feed of the configuration, with the headers and the login that it has.
    pub async fn probe_feed(&self, feed: &Feed) -> Probe {
        self.look(&feed.url, feed.timezone, Some(&feed.access))
            .await
            .0
    }

    /// Finds the feeds of a site by one of its pages. `telling` hears each address before it is
    /// asked.
    pub async fn discover(
        &self,
        page: &Url,
        scope: Scope,
        telling: &(dyn Fn(&Url) + Sync),
    ) -> Discovery {
        let mut search = Search::new(self, telling);
        let front = search.read_page(page).await;
        search.look_at_all().await;
        if scope.sitemaps {
            search.name_sitemaps(&front).await;
            search.look_at_all().await;
        }
        if scope.guesses {
            let guesses = COMMON_PATHS.iter().filter_map(|path| front.join(path).ok());
            search.name(guesses.map(|url| (url, How::Guessed)));
            search.look_at_all().await;
        }
        search.ended()
    }

    async fn look(
        &self,
        url: &Url,
        timezone: Tz,
        access: Option<&Access>,
    ) -> (Probe, Option<Brought>) {
        let client = &self.client;
        let asked = client.ask(url, Wanted::Feed, self.feed_bytes_max, access);
        match asked.await {
            Ok(brought) => (probe::read(url, &brought, timezone).await, Some(brought)),
            Err(error) => (Probe::failed(url, error), None),
        }
    }
}

/// A search under way.
struct Search<'a> {
    scout: &'a Scout,
    telling: &'a (dyn Fn(&Url) + Sync),
    /// Named and not yet looked at.
    named: VecDeque<(Url, How)>,
    /// Every address that was named or answered, so that none is asked twice.
    known: Vec<Url>,
    looks: usize,
    found: Discovery,
}

impl<'a> Search<'a> {
    fn new(scout: &'a Scout, telling: &'a (dyn Fn(&Url) + Sync)) -> Self {
        Self {
            scout,
            telling,
            named: VecDeque::new(),
            known: Vec::new(),
            looks: 0,
            found: Discovery::default(),
        }
    }

    /// Reads the page; returns the front page of the site that it is on.
    async fn read_page(&mut self, page: &Url) -> Url {
        (self.telling)(page);
        self.known.push(page.clone());
        let client = &self.scout.client;
        let asked = client.ask(page, Wanted::Page, self.scout.page_bytes_max, None);
        match asked.await {
            Ok(brought) => {
                self.known.push(brought.url.clone());
                let probe = probe::read(page, &brought, Tz::UTC).await;
                if probe.outcome.is_ok() {
                    self.note(How::Itself, probe);
                } else {
                    self.name_links(&brought);
                }
                site::front_page(&brought.url)
            }
            Err(error) => {
                self.found.page_error = Some(error);
                site::front_page(page)
            }
        }
    }

    /// Takes up addresses that are not known yet.
    fn name(&mut self, named: impl IntoIterator<Item = (Url, How)>) {
        for (url, how) in named {
            if !self.known.contains(&url) {
                self.known.push(url.clone());
                self.named.push_back((url, how));
            }
        }
    }

    fn name_links(&mut self, page: &Brought) {
        let headers = link::in_headers(page.links(), &page.url);
        self.name(headers.into_iter().map(|url| (url, How::LinkHeader)));
        self.name(link::in_page(&page.bytes, &page.url));
    }

    /// Takes up the news sitemaps of a site.
    async fn name_sitemaps(&mut self, front: &Url) {
        let Ok(robots) = front.join("/robots.txt") else {
            return;
        };
        let Some(robots) = self.document(&robots, ROBOTS_BYTES_MAX).await else {
            return;
        };
        let (news, others): (Vec<_>, Vec<_>) = sitemap::in_robots(&robots.bytes)
            .into_iter()
            .filter(|url| same_site(url, front))
            .partition(sitemap::looks_like_news);
        let is_news_named = !news.is_empty();
        self.name(news.into_iter().map(|url| (url, How::Sitemap)));
        if is_news_named {
            return;
        }
        let indexes = others.iter().filter(|url| sitemap::looks_like_index(url));
        for index in indexes.take(INDEXES_MAX) {
            if let Some(index) = self.document(index, self.scout.page_bytes_max).await {
                let news = sitemap::news_in_index(&index.bytes).into_iter();
                let news = news.filter(|url| same_site(url, front));
                self.name(news.map(|url| (url, How::Sitemap)).collect::<Vec<_>>());
            }
        }
    }

    /// A document that is no feed itself; one that cannot be had is as good as empty.
    async fn document(&mut self, url: &Url, bytes_max: usize) -> Option<Brought> {
        (self.telling)(url);
        let asked = self
            .scout
            .client
            .ask(url, Wanted::Page, bytes_max, None)
            .await;
        asked.ok()
    }

    /// Looks at each address that was named, once. What is linked may be a page that lists feeds;
    /// the feeds of such a page are taken up too, those of a page behind it are not.
    async fn look_at_all(&mut self) {
        let mut lists = Vec::new();
        while let Some((url, how)) = self.named.pop_front() {
            if let Some(list) = self.look_at(url, how).await {
                lists.push(list);
            }
        }
        for list in lists {
            self.name(link::in_page(&list.bytes, &list.url));
        }
        while let Some((url, how)) = self.named.pop_front() {
            self.look_at(url, how).await;
        }
    }

    /// Looks at one address; returns it where it is a page that a link led to.
    async fn look_at(&mut self, url: Url, how: How) -> Option<Brought> {
        if self.looks == LOOKS_MAX {
            self.found.left_out += 1;
            return None;
        }
        self.looks += 1;
        (self.telling)(&url);
        let (probe, brought) = self.scout.look(&url, Tz::UTC, None).await;
        let is_feed = probe.outcome.is_ok();
        self.note(how, probe);
        brought.filter(|_| !is_feed && how == How::Linked)
    }

    /// Keeps what came of a look; a feed that two addresses lead to is kept once.
    fn note(&mut self, how: How, probe: Probe) {
        let url = probe.url.clone();
        if url != probe.asked {
            self.known.push(url.clone());
        }
        match probe.outcome {
            Ok(_) if self.found.feeds.iter().any(|found| found.url == url) => {}
            Ok(look) => self.found.feeds.push(Found {
                how,
                is_of_comments: link::is_of_comments(&url, look.title.as_deref()),
                url,
                look,
            }),
            Err(error) => self.found.not_feeds.push((probe.asked, how, error)),
        }
    }

    fn ended(mut self) -> Discovery {
        let rank = |found: &Found| (found.is_of_comments, found.look.entries == 0, found.how);
        self.found.feeds.sort_by_key(rank);
        self.found
    }
}

#[cfg(test)]
mod tests;
