//! What a feed shows: one item, one entry, one URL of a news sitemap.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::{CanonicalUrl, EntryKey, FeedId, Iso2, Lang, Timestamp};

/// Where a feed is at home: a prior for its stories, never a verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Home {
    /// The outlet's country.
    pub country: Option<Iso2>,
    /// The outlet's language.
    pub lang: Option<Lang>,
}

/// One entry of a feed, as the feed gave it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The feed that showed it.
    pub feed: FeedId,
    /// The feed's title, a fallback for the outlet's name.
    pub feed_title: Option<String>,
    /// Where the feed is at home.
    pub home: Home,
    /// The feed's own identifier of the entry, scoped by the feed.
    pub guid: Option<String>,
    /// The article's page, http or https.
    pub link: Option<Url>,
    /// The headline, as plain text.
    pub title: Option<String>,
    /// The feed's summary; may hold HTML.
    pub summary: Option<String>,
    /// The feed's own full text, where it carries one; may hold HTML.
    pub content: Option<String>,
    /// When the feed says that it was published.
    pub published: Option<Timestamp>,
    /// When the feed says that it was last changed.
    pub updated: Option<Timestamp>,
    /// Names of its authors.
    pub authors: Vec<String>,
    /// The feed's own categories.
    pub categories: Vec<String>,
}

impl Entry {
    /// An entry of a feed that says nothing.
    pub fn new(feed: FeedId) -> Self {
        Self {
            feed,
            feed_title: None,
            home: Home::default(),
            guid: None,
            link: None,
            title: None,
            summary: None,
            content: None,
            published: None,
            updated: None,
            authors: Vec::new(),
            categories: Vec::new(),
        }
    }

    /// What makes this entry the same one at the next poll of its feed: the guid, else the
    /// canonical link, else title and date; the summary where there is no title.
    pub fn key(&self) -> EntryKey {
        let guid = self
            .guid
            .as_deref()
            .map(str::trim)
            .filter(|guid| !guid.is_empty());
        let link = || self.link.as_ref().and_then(CanonicalUrl::new);
        if let Some(guid) = guid {
            EntryKey::of(&["guid", guid])
        } else if let Some(link) = link() {
            EntryKey::of(&["link", &link.identity()])
        } else {
            let date = self
                .published
                .map(|date| date.to_rfc3339())
                .unwrap_or_default();
            let title = self.title.as_deref().or(self.summary.as_deref());
            EntryKey::of(&["title", title.unwrap_or_default(), &date])
        }
    }

    /// What tells the titles of entries that share a page apart.
    pub fn title_key(&self) -> EntryKey {
        EntryKey::of(&["title", self.title.as_deref().unwrap_or_default()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(guid: Option<&str>, link: Option<&str>, title: &str) -> Entry {
        Entry {
            guid: guid.map(str::to_owned),
            link: link.map(|link| link.parse().unwrap()),
            title: Some(title.to_owned()),
            ..Entry::new("f".parse().unwrap())
        }
    }

    #[test]
    fn a_guid_outlives_a_changed_link_and_title() {
        let before = entry(Some("77"), Some("https://a.test/1"), "Uno");
        let after = entry(
            Some("77"),
            Some("https://a.test/uno-corregido"),
            "Uno, corregido",
        );
        assert_eq!(before.key(), after.key());
    }

    #[test]
    fn without_a_guid_the_link_decides_and_then_the_title() {
        let tracked = entry(None, Some("https://www.a.test/1?utm_source=rss"), "Uno");
        let plain = entry(Some("  "), Some("https://a.test/1"), "Otro");
        assert_eq!(tracked.key(), plain.key());
        assert_ne!(
            entry(None, None, "Uno").key(),
            entry(None, None, "Dos").key()
        );
        let summed_up = |summary: &str| Entry {
            title: None,
            summary: Some(summary.to_owned()),
            ..entry(None, None, "")
        };
        assert_ne!(summed_up("Uno").key(), summed_up("Dos").key());
    }
}
