//! A generated news site: feeds and newspaper pages whose verdicts are known.
//!
//! The same seed gives the same texts; only the dates follow the day of the test, because an
//! entry of last year would not be fetched.

mod dice;
mod feed;
mod moving;
mod page;
mod phrases;
mod story;

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};

use crate::{Reply, Site};
pub use moving::MovingNews;

/// One article of a generated site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Article {
    /// Its path on the site.
    pub path: String,
    /// Its guid in the feed.
    pub guid: String,
    /// Its headline.
    pub title: String,
    /// Its author.
    pub author: String,
    /// When it was published.
    pub published: DateTime<Utc>,
    /// The language of its feed and text: `es`, `pt` or `en`.
    pub lang: &'static str,
    /// The ISO 3166-1 code of the country where it happens.
    pub country: &'static str,
    /// Whether it is a story to keep.
    pub security: bool,
    /// Its text; the first paragraph is the feed's summary too.
    pub paragraphs: Vec<String>,
}

impl Article {
    /// Returns its page, 30 to 40 kB of HTML as a newspaper would serve it, on the site whose
    /// address without the last slash is `base`.
    pub fn html(&self, base: &str) -> String {
        page::render(self, base)
    }
}

/// A site of feeds and articles, the same for the same seed.
#[derive(Clone, Debug)]
pub struct News {
    seed: u64,
    section: char,
    feeds: usize,
    articles_per_feed: usize,
    newest: DateTime<Utc>,
}

impl News {
    /// Describes a site of 3 feeds with 10 articles each, the newest of them published as
    /// yesterday began (UTC).
    pub fn new(seed: u64) -> Self {
        let midnight = Utc::now().date_naive().and_time(NaiveTime::MIN).and_utc();
        Self {
            seed,
            section: 'd',
            feeds: 3,
            articles_per_feed: 10,
            newest: midnight - Days::new(1),
        }
    }

    /// Sets the number of feeds; their languages take turns: three in Spanish, one in Portuguese,
    /// one in English.
    #[must_use]
    pub fn feeds(mut self, feeds: usize) -> Self {
        self.feeds = feeds;
        self
    }

    /// Sets how many articles each feed has.
    #[must_use]
    pub fn articles_per_feed(mut self, articles: usize) -> Self {
        self.articles_per_feed = articles;
        self
    }

    /// Sets when the newest article of each feed was published; the others follow seven minutes
    /// apart.
    #[must_use]
    pub fn newest(mut self, newest: DateTime<Utc>) -> Self {
        self.newest = newest;
        self
    }

    /// Returns the paths of the feeds.
    pub fn feed_paths(&self) -> Vec<String> {
        (0..self.feeds).map(|feed| self.feed_path(feed)).collect()
    }

    /// Returns every article, feed by feed and the newest first.
    pub fn articles(&self) -> Vec<Article> {
        let of_feed =
            |feed| (0..self.articles_per_feed).map(move |index| self.article(feed, index));
        (0..self.feeds).flat_map(of_feed).collect()
    }

    /// Sets every feed and page on a site; feeds have an `ETag`.
    pub fn install(&self, site: &Site) {
        let base = site.url("");
        for feed in 0..self.feeds {
            let articles: Vec<_> = (0..self.articles_per_feed)
                .map(|index| self.article(feed, index))
                .collect();
            let etag = format!("\"{}-{feed}\"", self.seed);
            let path = self.feed_path(feed);
            site.set(&path, feed::reply(&path, &articles, &base).etag(&etag));
            for article in &articles {
                site.set(&article.path, page_reply(article, &base));
            }
        }
    }

    fn feed_path(&self, feed: usize) -> String {
        format!("/{}{feed:02}/rss.xml", self.section)
    }

    fn article(&self, feed: usize, index: usize) -> Article {
        let age = TimeDelta::minutes(7 * index as i64) + TimeDelta::seconds(feed as i64);
        story::write(self.seed, self.section, feed, index, self.newest - age)
    }
}

fn page_reply(article: &Article, base: &str) -> Reply {
    Reply::ok("text/html; charset=utf-8", article.html(base))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn one_seed_gives_one_site_and_another_seed_another() {
        let at = DateTime::UNIX_EPOCH;
        let site = |seed| News::new(seed).newest(at).articles();
        assert_eq!(site(1), site(1));
        assert_ne!(site(1), site(2));
        let page = |seed| site(seed)[0].html("http://a.test");
        assert_eq!(page(1), page(1));
    }

    #[test]
    fn a_larger_site_begins_with_the_smaller_one() {
        let small = News::new(7).feeds(1).articles_per_feed(3).articles();
        let large = News::new(7).feeds(2).articles_per_feed(5).articles();
        assert_eq!(large[..3], small);
    }

    #[test]
    fn half_of_the_articles_are_security_stories_and_all_have_their_own_path_and_text() {
        let articles = News::new(3).feeds(20).articles_per_feed(100).articles();
        let security = articles.iter().filter(|article| article.security).count();
        assert!((900..1100).contains(&security), "{security} of 2000");
        let paths: HashSet<_> = articles.iter().map(|article| &article.path).collect();
        let texts: HashSet<_> = articles.iter().map(|article| &article.paragraphs).collect();
        assert_eq!((paths.len(), texts.len()), (2000, 2000));
        for article in &articles {
            let paragraphs = article.paragraphs.len();
            assert!((6..=14).contains(&paragraphs), "{paragraphs}");
            let text = article.paragraphs.join("\n") + &article.title;
            assert!(!text.contains(['{', '}']), "a slot is left in {text}");
        }
    }

    #[test]
    fn pages_are_as_long_as_newspaper_pages() {
        for article in News::new(5).feeds(5).articles_per_feed(40).articles() {
            let page = article.html("http://127.0.0.1:40000");
            assert!((30_000..42_000).contains(&page.len()), "{}", page.len());
            for paragraph in &article.paragraphs {
                assert!(page.contains(&page::escape(paragraph)), "{paragraph}");
            }
        }
    }
}
