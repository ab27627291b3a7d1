//! A site on which articles appear while a test runs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::TimeDelta;

use super::{Article, News, feed, page_reply, story};
use crate::{Reply, Request, Site};

/// A site to which a test publishes. Each feed shows its newest articles; its `ETag` changes with
/// each publication and a poll in between is answered with 304.
///
/// Clones are the same site.
#[derive(Clone, Debug)]
pub struct MovingNews {
    news: News,
    window: usize,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// Every article so far, by feed, oldest first.
    published: Vec<Vec<Article>>,
    /// Which of each feed's articles stood in an answer with a body.
    shown: Vec<Vec<bool>>,
    base: String,
}

impl MovingNews {
    /// Describes a site of 3 empty feeds that show their newest 20 articles.
    pub fn new(seed: u64) -> Self {
        let mut news = News::new(seed);
        news.section = 'm';
        Self {
            news,
            window: 20,
            state: Arc::default(),
        }
    }

    /// Sets the number of feeds.
    #[must_use]
    pub fn feeds(mut self, feeds: usize) -> Self {
        self.news.feeds = feeds;
        self
    }

    /// Sets how many articles a feed shows. What is pushed out between two polls was never shown
    /// and cannot be expected.
    #[must_use]
    pub fn window(mut self, articles: usize) -> Self {
        self.window = articles;
        self
    }

    /// Returns the paths of the feeds.
    pub fn feed_paths(&self) -> Vec<String> {
        self.news.feed_paths()
    }

    /// Puts the feeds and the pages, present and future, on a site.
    pub fn install(&self, site: &Site) {
        self.grow().base = site.url("");
        for feed in 0..self.news.feeds {
            let news = self.clone();
            let prefix = format!("/m{feed:02}/");
            site.set_handler(&prefix, move |request| news.reply(feed, request));
        }
    }

    /// Publishes so many articles, on each feed in turn, and returns them.
    pub fn publish(&self, count: usize) -> Vec<Article> {
        let mut state = self.grow();
        let mut added = Vec::with_capacity(count);
        for _ in 0..count {
            let feeds = 0..self.news.feeds;
            let Some(feed) = feeds.min_by_key(|&feed| state.published[feed].len()) else {
                break;
            };
            let index = state.published[feed].len();
            let at = self.news.newest + TimeDelta::seconds(index as i64);
            let article = story::write(self.news.seed, self.news.section, feed, index, at);
            state.published[feed].push(article.clone());
            state.shown[feed].push(false);
            added.push(article);
        }
        added
    }

    /// Returns the addresses that must end up as stories or as recorded drops: every article that
    /// a feed has shown in an answer, or shows now.
    pub fn expected(&self) -> Vec<String> {
        let state = self.grow();
        let mut expected = Vec::new();
        for (published, shown) in state.published.iter().zip(&state.shown) {
            let visible = published.len().saturating_sub(self.window);
            let due = published.iter().zip(shown).enumerate();
            let due = due.filter(|(index, (_, shown))| **shown || *index >= visible);
            expected.extend(due.map(|(_, (article, _))| format!("{}{}", state.base, article.path)));
        }
        expected
    }

    /// Returns every article so far.
    pub fn articles(&self) -> Vec<Article> {
        self.grow().published.concat()
    }

    fn reply(&self, feed: usize, request: &Request) -> Reply {
        let mut state = self.grow();
        let State {
            published,
            shown,
            base,
        } = &mut *state;
        let (published, shown) = (&published[feed], &mut shown[feed]);
        if request.path_only() != self.news.feed_path(feed) {
            let mut published = published.iter();
            return published
                .find(|article| article.path == request.path_only())
                .map_or_else(|| Reply::status(404), |article| page_reply(article, base));
        }
        let etag = format!("\"{}-{feed}-{}\"", self.news.seed, published.len());
        if request.header("if-none-match") != Some(etag.as_str()) {
            let visible = published.len().saturating_sub(self.window);
            shown[visible..].fill(true);
        }
        let newest: Vec<_> = published.iter().rev().take(self.window).cloned().collect();
        feed::reply(&request.path, &newest, base).etag(&etag)
    }

    /// The state, with a place for each feed.
    fn grow(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.published.resize_with(self.news.feeds, Vec::new);
        state.shown.resize_with(self.news.feeds, Vec::new);
        state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str, etag: Option<&str>) -> Request {
        let header = |value: &str| ("if-none-match".to_owned(), value.to_owned());
        Request {
            method: "GET".to_owned(),
            path: path.to_owned(),
            body: Vec::new(),
            headers: etag.map(header).into_iter().collect(),
            at: std::time::Instant::now(),
        }
    }

    /// The number of items that a poll of the only feed sees; 0 for a 304.
    fn poll(news: &MovingNews, etag: Option<&str>) -> usize {
        let request = request("/m00/rss.xml", etag);
        let reply = news.reply(0, &request).conditional(&request);
        String::from_utf8_lossy(&reply.body)
            .matches("<item>")
            .count()
    }

    #[test]
    fn a_feed_shows_its_newest_and_changes_with_each_publication() {
        let news = MovingNews::new(1).feeds(1).window(3);
        assert_eq!(news.publish(2).len(), 2);
        assert_eq!(poll(&news, None), 2);
        assert_eq!(poll(&news, Some("\"1-0-2\"")), 0);
        news.publish(2);
        assert_eq!(poll(&news, Some("\"1-0-2\"")), 3);
    }

    #[test]
    fn what_no_answer_showed_is_not_expected() {
        let news = MovingNews::new(1).feeds(1).window(2);
        let first = news.publish(1);
        poll(&news, None);
        let unseen = news.publish(1);
        let last = news.publish(2);
        let paths = |articles: &[&[Article]]| -> Vec<_> {
            articles
                .concat()
                .into_iter()
                .map(|article| article.path)
                .collect()
        };
        assert_eq!(news.expected(), paths(&[&first, &last]));
        assert_eq!(news.articles().len(), 4);
        assert!(!news.expected().contains(&unseen[0].path));
    }

    #[test]
    fn a_published_page_is_served_and_another_is_not() {
        let news = MovingNews::new(9).feeds(1);
        let article = news.publish(1).remove(0);
        let page = news.reply(0, &request(&article.path, None));
        assert_eq!(page.body, article.html(""));
        assert!(
            news.reply(0, &request("/m00/otra.html", None))
                .body
                .is_empty()
        );
    }
}
