//! Every stage as a filter: one JSON object a line in, one out, in the same order, with the
//! input's `id` carried through. A line that cannot be read gives one line with an `error` and
//! ends nothing.

mod labelled;

use std::panic::{AssertUnwindSafe, catch_unwind};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use classifier::Classifier;
use cleaner::Cleaner;
use fetcher::feed::{self, FeedContext};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use story::{
    Article, CanonicalUrl, Entry, Fetched, Home, Iso2, Lang, PublishedSource, StoryId, TextSource,
    Timestamp,
};
use url::Url;

pub use labelled::{LabelledArticle, labelled_line};

/// One line that could not be worked on.
fn error_line(id: &Value, error: impl std::fmt::Display) -> String {
    json!({ "id": id, "error": error.to_string() }).to_string()
}

/// A line as JSON, or the line that says why not.
fn read<'line, T: Deserialize<'line>>(line: &'line str) -> Result<T, String> {
    serde_json::from_str(line).map_err(|error| {
        let id = serde_json::from_str::<Value>(line)
            .ok()
            .and_then(|value| value.get("id").cloned())
            .unwrap_or(Value::Null);
        error_line(&id, error)
    })
}

/// The line of a record whose `id` came in with the input; one that is not a string is put in the
/// place of the record's own.
fn with_id(id: Option<&Value>, record: &impl Serialize) -> String {
    let mut value = serde_json::to_value(record).expect("records are plain data");
    if let Some(id) = id {
        value["id"] = id.clone();
    }
    value.to_string()
}

/// What `vigia clean` reads: a page as `html` or `html_base64`, or `text` that was scraped by
/// others.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CleanLine {
    id: Option<Value>,
    url: Option<String>,
    html: Option<String>,
    html_base64: Option<String>,
    content_type: Option<String>,
    text: Option<String>,
    title: Option<String>,
    published: Option<Timestamp>,
    fetched: Option<Timestamp>,
    feed: Option<story::FeedId>,
    feed_country: Option<Iso2>,
}

/// One line of `vigia clean`.
pub fn clean_line(cleaner: &Cleaner, line: &str) -> String {
    let line: CleanLine = match read(line) {
        Ok(line) => line,
        Err(error) => return error,
    };
    let id = line.id.clone();
    let answer = guarded(|| clean(cleaner, line)).and_then(|cleaned| cleaned);
    answer_line(id.as_ref(), answer.as_ref())
}

/// The line of a record or of an error, with the `id` that came in.
fn answer_line(id: Option<&Value>, answer: Result<&impl Serialize, &String>) -> String {
    match answer {
        Ok(record) => with_id(id, record),
        Err(error) => error_line(id.unwrap_or(&Value::Null), error),
    }
}

/// Runs one line's work; a panic is that line's error and ends nothing.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| "a fault in vigia: it panicked".to_owned())
}

fn clean(cleaner: &Cleaner, line: CleanLine) -> Result<Article, String> {
    let url = line.url.as_deref().and_then(|url| url.parse::<Url>().ok());
    let html = match (line.html, line.html_base64) {
        (Some(html), _) => Some((
            html.into_bytes(),
            Some("text/html; charset=utf-8".to_owned()),
        )),
        (None, Some(encoded)) => {
            let bytes = BASE64
                .decode(encoded.trim())
                .map_err(|error| format!("`html_base64` is not base64: {error}"))?;
            Some((bytes, line.content_type))
        }
        (None, None) => None,
    };
    let mut article = match (html, line.text) {
        (Some((bytes, content_type)), _) => {
            cleaner.clean_html(&bytes, content_type.as_deref(), url.as_ref())
        }
        (None, Some(text)) => cleaner.clean_text(line.title.as_deref(), &text, url.as_ref()),
        (None, None) => return Err("none of `html`, `html_base64` and `text` is there".to_owned()),
    }
    .map_err(|rejection| rejection.to_string())?;
    if article.published.is_none() && line.published.is_some() {
        article.published = line.published;
        article.published_source = Some(PublishedSource::Input);
    }
    article.fetched = article.fetched.or(line.fetched);
    article.feed = article.feed.or(line.feed);
    article.home.country = article.home.country.or(line.feed_country);
    Ok(article)
}

/// An article out of one whole input that is not JSONL: a page, or plain text.
pub fn clean_whole(
    cleaner: &Cleaner,
    bytes: &[u8],
    url: Option<&Url>,
) -> Result<Article, cleaner::Rejection> {
    if looks_like_html(bytes) {
        cleaner.clean_html(bytes, None, url)
    } else {
        cleaner.clean_text(None, &String::from_utf8_lossy(bytes), url)
    }
}

/// Whether bytes are a page rather than plain text: a tag that begins documents stands in front.
fn looks_like_html(bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(4096)]).to_ascii_lowercase();
    let tags = [
        "<!doctype",
        "<html",
        "<head",
        "<body",
        "<meta",
        "<div",
        "<article",
        "<p>",
        "<title",
    ];
    tags.iter().any(|tag| head.contains(tag)) || bytes.starts_with(b"%PDF")
}

/// What `vigia classify` reads.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ClassifyLine {
    id: Option<Value>,
    title: Option<String>,
    text: Option<String>,
    lang: Option<Lang>,
    url: Option<String>,
    canonical_url: Option<CanonicalUrl>,
    published: Option<Timestamp>,
    published_source: Option<PublishedSource>,
    updated: Option<Timestamp>,
    fetched: Option<Timestamp>,
    feed: Option<story::FeedId>,
    feed_country: Option<Iso2>,
    home: Home,
    outlet: Option<String>,
    bylines: Vec<String>,
    text_source: Option<TextSource>,
    content_hash: Option<String>,
}

/// One line of `vigia classify`, and whether its story is kept; a line with an error is.
pub fn classify_line(classifier: &Classifier, line: &str) -> (bool, String) {
    let line: ClassifyLine = match read(line) {
        Ok(line) => line,
        Err(error) => return (true, error),
    };
    let id = line.id.clone();
    if line.title.is_none() && line.text.is_none() {
        let id = id.unwrap_or(Value::Null);
        return (true, error_line(&id, "neither `title` nor `text` is there"));
    }
    let story = guarded(|| classifier.classify(article(line)));
    let kept = story.as_ref().map_or(true, |story| story.relevant);
    (kept, answer_line(id.as_ref(), story.as_ref()))
}

/// An article of a line.
fn article(line: ClassifyLine) -> Article {
    let (title, text) = (
        line.title.unwrap_or_default(),
        line.text.unwrap_or_default(),
    );
    let url = line.url.as_deref().and_then(|url| url.parse::<Url>().ok());
    let canonical_url = line
        .canonical_url
        .or_else(|| CanonicalUrl::new(url.as_ref()?));
    let id = match &canonical_url {
        Some(url) => StoryId::of_url(url),
        None => StoryId::of_text(&title, &text),
    };
    let lang = line
        .lang
        .or_else(|| cleaner::language(&format!("{title}\n{text}")));
    Article {
        id,
        url,
        canonical_url,
        feed: line.feed,
        home: Home {
            country: line.feed_country.or(line.home.country),
            lang: line.home.lang,
        },
        outlet: line.outlet,
        title,
        bylines: line.bylines,
        published: line.published,
        published_source: line
            .published_source
            .or(line.published.map(|_| PublishedSource::Input)),
        updated: line.updated,
        fetched: line.fetched,
        lang,
        text,
        text_source: line.text_source.unwrap_or(TextSource::Text),
        page_missing: None,
        content_hash: line.content_hash,
        http_status: None,
        etag: None,
        last_modified: None,
    }
}

/// One line of `vigia entries`: what a feed's bytes hold, whatever kind of feed they are.
pub fn entries_line(
    id: &str,
    bytes: &[u8],
    content_type: Option<&str>,
    base: Option<&Url>,
) -> String {
    match feed::parse(bytes, content_type, &unnamed_feed(base)) {
        Ok(parsed) => {
            let entries: Vec<_> = parsed.entries.iter().map(entry_fields).collect();
            json!({ "id": id, "kind": parsed.kind.as_str(), "entries": entries }).to_string()
        }
        Err(error) => error_line(&Value::from(id), error),
    }
}

/// What is known of a feed that no configuration names.
pub fn unnamed_feed(url: Option<&Url>) -> FeedContext {
    let nowhere = || Url::parse("https://feed.invalid/").expect("a valid address");
    FeedContext {
        id: "unnamed".parse().expect("a valid feed id"),
        url: url.cloned().unwrap_or_else(nowhere),
        home: Home::default(),
        timezone: chrono_tz::Tz::UTC,
    }
}

fn entry_fields(entry: &Entry) -> Value {
    json!({
        "id": entry.guid,
        "title": entry.title,
        "link": entry.link,
        "published": entry.published,
        "updated": entry.updated,
        "summary": entry.summary,
        "authors": entry.authors,
    })
}

/// One line of `vigia fetch`, which is what `vigia clean` reads: a page, with the fields of the
/// entry that led to it, if one did.
pub fn fetched_line(page: &Fetched, entry: Option<&Entry>) -> String {
    let mut line = json!({
        "id": entry.and_then(|entry| entry.guid.as_deref()).unwrap_or(page.final_url.as_str()),
        "url": page.final_url,
        "status": page.status,
        "content_type": page.content_type,
        "fetched": page.fetched,
        "html_base64": BASE64.encode(&page.body),
    });
    if let Some(entry) = entry {
        line["feed"] = json!(entry.feed);
        line["feed_country"] = json!(entry.home.country);
        line["title"] = json!(entry.title);
        line["published"] = json!(entry.published);
        line["summary"] = json!(entry.summary);
    }
    line.to_string()
}

/// The line of `vigia fetch` for what could not be had.
pub fn unfetched_line(url: &str, error: impl std::fmt::Display) -> String {
    error_line(&Value::from(url), error)
}
