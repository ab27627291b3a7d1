//! JSON Feed (<https://www.jsonfeed.org/version/1.1/>), whole or broken.

mod document;
mod mend;

use serde_json::{Map, Value};
use story::{Entry, Hints};
use url::Url;

use super::{
    FeedContext, FeedError, FeedKind, ParsedFeed, dates,
    draft::{base, guids_page, page},
    kept::{self, Kept, NewsAt},
    text,
};
use document::VALUES_MAX;

/// Reads a JSON feed.
pub(super) fn read(text: &str, context: &FeedContext) -> Result<ParsedFeed, FeedError> {
    let base = base(&context.url);
    let (value, entries, problem) = match document(text, &base, context) {
        Ok((value, entries)) => (value, entries, None),
        Err(error) => {
            let mended = document(&mend::mend(text), &base, context);
            let (value, entries) = mended.map_err(|_| FeedError::Malformed {
                reason: error.to_string(),
            })?;
            (value, entries, Some(error.to_string()))
        }
    };
    let feed = value.as_object().filter(|feed| is_feed(feed));
    let Some(feed) = feed else {
        return Err(FeedError::NotAFeed {
            what: "JSON that is no feed".to_owned(),
        });
    };
    let title = string(feed, "title").map(text::name);
    let title = title.filter(|title| !title.is_empty());
    let (mut entries, left_out) = entries.finish(NewsAt::Start);
    for entry in &mut entries {
        entry.feed_title.clone_from(&title);
    }
    let hubs = array(feed, "hubs").filter_map(|hub| page(hub.get("url")?.as_str()?, &base));
    Ok(ParsedFeed {
        kind: FeedKind::Json,
        entries,
        title,
        whole: problem.is_none(),
        problems: problem.into_iter().chain(kept::problem(left_out)).collect(),
        hints: Hints::default(),
        hubs: hubs.collect(),
        self_url: address(feed, "feed_url", &base),
        sitemaps: Vec::new(),
        site: address(feed, "home_page_url", &base),
    })
}

/// Reads the object that a text begins with; its items are among the entries.
fn document(text: &str, base: &Url, context: &FeedContext) -> serde_json::Result<(Value, Kept)> {
    let mut entries = Kept::default();
    let mut take_item = |item: &Map<_, _>| entries.push(entry(item, base, context), NewsAt::Start);
    let value = document::read(text, &mut take_item)?;
    Ok((value, entries))
}

/// Reads a JSON feed that stands behind other text, such as the warnings of a server's program.
pub(super) fn read_behind_text(text: &str, context: &FeedContext) -> Option<ParsedFeed> {
    let start = text.find('{')?;
    let mut feed = text[start..]
        .contains("jsonfeed.org")
        .then(|| read(&text[start..], context).ok())??;
    let before = text::start(&text[..start]);
    feed.problems
        .push(format!("text `{before}` before the feed"));
    Some(feed)
}

fn is_feed(feed: &Map<String, Value>) -> bool {
    let version = string(feed, "version");
    version.is_some_and(|version| version.contains("jsonfeed.org"))
        || feed.get("items").is_some_and(Value::is_array)
}

fn entry(item: &Map<String, Value>, base: &Url, context: &FeedContext) -> Entry {
    let text_of = |name| text::markup(item.get(name)?.as_str()?);
    let date = |name| dates::parse(string(item, name)?, context.timezone);
    let guid = match item.get("id") {
        Some(Value::String(id)) => Some(id.trim().to_owned()),
        Some(Value::Number(id)) => Some(id.to_string()),
        _ => None,
    };
    let guid = guid.filter(|id| !id.is_empty());
    let link = address(item, "url", base)
        .or_else(|| address(item, "external_url", base))
        .or_else(|| guids_page(guid.as_deref()?));
    let title = string(item, "title").map(text::title);
    let authors = array(item, "authors").chain(item.get("author"));
    let authors = authors.filter_map(|author| author.get("name").unwrap_or(author).as_str());
    let tags = array(item, "tags").filter_map(Value::as_str);
    Entry {
        home: context.home,
        guid,
        link,
        title: title.filter(|title| !title.is_empty()),
        summary: text_of("summary"),
        content: text_of("content_html").or_else(|| text_of("content_text")),
        published: date("date_published"),
        updated: date("date_modified"),
        authors: distinct(authors),
        categories: distinct(tags),
        ..Entry::new(context.id.clone())
    }
}

fn string<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    let text = object.get(name)?.as_str()?.trim();
    (!text.is_empty()).then_some(text)
}

fn address(object: &Map<String, Value>, name: &str, base: &Url) -> Option<Url> {
    page(string(object, name)?, base)
}

/// The values of an array, or the one that stands in its place.
fn array<'a>(object: &'a Map<String, Value>, name: &str) -> impl Iterator<Item = &'a Value> {
    let value = object.get(name);
    let many = value.and_then(Value::as_array).into_iter().flatten();
    many.chain(value.filter(|value| !value.is_array()))
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut kept = Vec::new();
    for name in names.map(text::name).filter(|name| !name.is_empty()) {
        if kept.len() < VALUES_MAX && !kept.contains(&name) {
            kept.push(name);
        }
    }
    kept
}
