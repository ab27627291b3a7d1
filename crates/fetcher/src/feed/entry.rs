//! feed-rs's entry to ours: which link is the article's, what is plain text, who wrote it.

use feed_rs::model::{self, Link};
use story::Entry;
use url::Url;

use super::{FeedContext, text};

/// Converts one entry of the feed called `feed_title`.
pub(super) fn convert(
    item: model::Entry,
    feed_title: Option<&str>,
    context: &FeedContext,
) -> Entry {
    let guid = Some(item.id.trim())
        .filter(|guid| !guid.is_empty())
        .map(str::to_owned);
    let title = item.title.map(|title| text::plain(&title.content));
    Entry {
        feed: context.id.clone(),
        feed_title: feed_title.map(str::to_owned),
        home: context.home,
        link: link(&item.links, guid.as_deref(), &context.url),
        guid,
        title: title.filter(|title| !title.is_empty()),
        summary: item
            .summary
            .map(|summary| summary.content)
            .filter(|s| !s.trim().is_empty()),
        content: item
            .content
            .and_then(|content| content.body)
            .filter(|c| !c.trim().is_empty()),
        published: item.published,
        // feed-rs copies the one to the other where a feed gives only one.
        updated: item
            .updated
            .filter(|updated| Some(*updated) != item.published),
        authors: distinct(item.authors.iter().filter_map(author)),
        categories: distinct(item.categories.iter().map(category)),
    }
}

/// The feed's address as a base for relative links, without the user and password that pages
/// must not inherit.
pub(super) fn base(feed: &Url) -> Url {
    crate::http::shown(feed)
}

/// The article's page: the first alternate link, else a guid that is an address.
fn link(links: &[Link], guid: Option<&str>, feed: &Url) -> Option<Url> {
    let alternate = links
        .iter()
        .filter(|link| is_alternate(link))
        .map(|link| link.href.as_str());
    alternate
        .filter_map(|href| base(feed).join(href.trim()).ok())
        .chain(guid.and_then(|guid| Url::parse(guid).ok()))
        .find(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some())
}

fn is_alternate(link: &Link) -> bool {
    let alternate = link
        .rel
        .as_deref()
        .is_none_or(|rel| rel.eq_ignore_ascii_case("alternate"));
    let page = link
        .media_type
        .as_deref()
        .is_none_or(|kind| kind.contains("html"));
    alternate && page && link.target.is_none() && !link.href.trim().is_empty()
}

fn author(person: &model::Person) -> Option<String> {
    let name = person
        .name
        .as_deref()
        .map(text::plain)
        .filter(|name| !name.is_empty());
    name.or_else(|| person.email.clone())
}

fn category(category: &model::Category) -> String {
    text::plain(category.label.as_deref().unwrap_or(&category.term))
}

/// How many names or categories of one entry are kept.
const DISTINCT_MAX: usize = 50;

/// The first texts in their order, each once, empty ones left out.
fn distinct(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for text in texts.filter(|text| !text.is_empty()) {
        if kept.len() == DISTINCT_MAX {
            break;
        }
        if !kept.contains(&text) {
            kept.push(text);
        }
    }
    kept
}
