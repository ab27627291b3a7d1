//! Every stage as a filter: one JSON object a line in, one out, in the same order, with the
//! input's `id` and the fields that a record does not have of its own carried through. A line that
//! cannot be read gives one line with an `error` and ends nothing.

mod fields;
mod labelled;
mod mixed;

use std::{
    borrow::Cow,
    panic::{AssertUnwindSafe, catch_unwind},
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use classifier::Classifier;
use cleaner::Cleaner;
use fetcher::feed::{self, FeedContext};
use fields::Fields;
use serde::Deserialize;
use serde_json::{Value, json};
use story::{
    Article, CanonicalUrl, Content, Entry, FeedId, Fetched, Home, Iso2, Lang, Page,
    PublishedSource, StoryId, TextSource, Timestamp,
};
use url::Url;

pub use labelled::{LabelledArticle, Labels, label_of, labelled_line};
pub(crate) use mixed::{any_article, saved_page};

/// One line that could not be worked on.
fn error_line(id: &Value, error: impl std::fmt::Display) -> String {
    json!({ "id": id, "error": error.to_string() }).to_string()
}

/// A line as JSON, or the line that says why not; see [`Fields::read`] for its `texts`.
fn read<'line, T: Deserialize<'line>>(
    line: &'line str,
    texts: &[&str],
) -> Result<(T, Fields), String> {
    Fields::read(line, texts).map_err(|(id, error)| error_line(&id, error))
}

/// What a line that lacks what a filter needs is told: why it came without, if it says so itself.
fn lacking(fields: &Fields, what: &str) -> String {
    fields.text("error").unwrap_or(what).to_owned()
}

/// What `vigia clean` reads: a page as `html` or `html_base64`, or `text` that was scraped by
/// others.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CleanLine<'line> {
    url: Option<String>,
    // Whole pages, borrowed where nothing in them is escaped.
    #[serde(borrow)]
    html: Option<Cow<'line, str>>,
    #[serde(borrow)]
    html_base64: Option<Cow<'line, str>>,
    content_type: Option<String>,
    #[serde(borrow)]
    text: Option<Cow<'line, str>>,
    title: Option<String>,
    published: Option<Timestamp>,
    fetched: Option<Timestamp>,
    feed: Option<FeedId>,
    feed_country: Option<Iso2>,
}

/// What `vigia clean` uses up: the bytes and texts that an article is made of.
const CLEANED: [&str; 4] = ["html", "html_base64", "content_type", "content"];

/// One line of `vigia clean`.
pub fn clean_line(cleaner: &Cleaner, line: &str) -> String {
    match cleaned(cleaner, line) {
        Ok((article, fields)) => fields.carried(&article, &CLEANED),
        Err(error) => error,
    }
}

/// The article of one line of `vigia clean`, with an id of its own, or the line that says why
/// there is none.
pub fn clean_article(cleaner: &Cleaner, line: &str) -> Result<Article, String> {
    cleaned(cleaner, line).map(|(article, _)| article)
}

fn cleaned(cleaner: &Cleaner, line: &str) -> Result<(Article, Fields), String> {
    let (line, fields) = read(line, &["html", "html_base64", "text"])?;
    guarded(|| clean(cleaner, line, &fields))
        .and_then(|cleaned| cleaned)
        .map_err(|error| error_line(&fields.id(), error))
        .map(|article| (article, fields))
}

/// Runs one line's work; a panic is that line's error and ends nothing.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| "a fault in vigia: it panicked".to_owned())
}

fn clean(cleaner: &Cleaner, mut line: CleanLine<'_>, fields: &Fields) -> Result<Article, String> {
    let html = match (line.html.take(), line.html_base64.take()) {
        (Some(html), _) => {
            let bytes = match html {
                Cow::Borrowed(html) => Cow::Borrowed(html.as_bytes()),
                Cow::Owned(html) => Cow::Owned(html.into_bytes()),
            };
            Some((bytes, Some("text/html; charset=utf-8".to_owned())))
        }
        (None, Some(encoded)) => {
            let bytes = BASE64
                .decode(encoded.trim())
                .map_err(|error| format!("`html_base64` is not base64: {error}"))?;
            Some((Cow::Owned(bytes), line.content_type.clone()))
        }
        (None, None) => None,
    };
    clean_bytes(cleaner, html, line, fields)
}

/// The article of a page's bytes, where there are some, and of the other fields of its line.
fn clean_bytes(
    cleaner: &Cleaner,
    html: Option<(Cow<'_, [u8]>, Option<String>)>,
    line: CleanLine<'_>,
    fields: &Fields,
) -> Result<Article, String> {
    let url = line.url.as_deref().and_then(|url| url.parse::<Url>().ok());
    let article = match (html, &line.text, url, &line.feed) {
        (Some((bytes, content_type)), _, Some(url), Some(feed)) => {
            let page = page_of(&line, fields, feed, url, bytes, content_type);
            return cleaner.clean(&page).map_err(|error| error.to_string());
        }
        (Some((bytes, content_type)), _, url, _) => {
            cleaner.clean_html(&bytes, content_type.as_deref(), url.as_ref())
        }
        (None, Some(text), url, _) => cleaner.clean_text(line.title.as_deref(), text, url.as_ref()),
        (None, None, ..) => {
            let what = "none of `html`, `html_base64` and `text` is there";
            return Err(lacking(fields, what));
        }
    };
    let mut article = article.map_err(|rejection| rejection.to_string())?;
    stand_in(&mut article, line, fields);
    Ok(article)
}

/// A page that an entry of a feed led to, as the daemon has it.
fn page_of(
    line: &CleanLine<'_>,
    fields: &Fields,
    feed: &FeedId,
    url: Url,
    body: Cow<'_, [u8]>,
    content_type: Option<String>,
) -> Page {
    let text = |name| fields.text(name).map(str::to_owned);
    let entry = Entry {
        feed: feed.clone(),
        feed_title: text("feed_title"),
        home: Home {
            country: line.feed_country,
            lang: fields.parsed("feed_lang"),
        },
        guid: text("id"),
        link: fields.parsed("link"),
        title: line.title.clone(),
        summary: text("summary"),
        content: text("content"),
        published: line.published,
        updated: fields.parsed("updated"),
        authors: fields.texts("authors"),
        categories: fields.texts("categories"),
    };
    let content = Content::Fetched(Fetched {
        final_url: url,
        status: fields.number("status").unwrap_or(200),
        content_type,
        etag: text("etag"),
        last_modified: text("last_modified"),
        body: body.into_owned().into(),
        fetched: line.fetched.unwrap_or_else(chrono::Utc::now),
        exchange: None,
    });
    Page { entry, content }
}

/// Puts what the line says where the page says nothing.
fn stand_in(article: &mut Article, line: CleanLine<'_>, fields: &Fields) {
    let text = |name| fields.text(name).map(str::to_owned);
    if article.published.is_none() && line.published.is_some() {
        article.published = line.published;
        article.published_source = Some(PublishedSource::Input);
    }
    if article.title.is_empty() {
        article.title = line.title.unwrap_or_default();
    }
    for name in ["bylines", "authors"] {
        if article.bylines.is_empty() {
            article.bylines = fields.texts(name);
        }
    }
    article.outlet = article.outlet.take().or_else(|| text("outlet"));
    article.updated = article.updated.or_else(|| fields.parsed("updated"));
    article.fetched = article.fetched.or(line.fetched);
    article.feed = article.feed.take().or(line.feed);
    article.home.country = article.home.country.or(line.feed_country);
    article.home.lang = article.home.lang.or_else(|| fields.parsed("feed_lang"));
    article.http_status = fields.number("http_status").or(fields.number("status"));
    article.etag = text("etag");
    article.last_modified = text("last_modified");
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
    title: Option<String>,
    text: Option<String>,
    lang: Option<Lang>,
    url: Option<String>,
    canonical_url: Option<CanonicalUrl>,
    published: Option<Timestamp>,
    published_source: Option<PublishedSource>,
    updated: Option<Timestamp>,
    fetched: Option<Timestamp>,
    feed: Option<FeedId>,
    feed_country: Option<Iso2>,
    home: Home,
    outlet: Option<String>,
    bylines: Vec<String>,
    agency: Option<String>,
    section: Option<String>,
    tags: Vec<String>,
    image: Option<Url>,
    text_source: Option<TextSource>,
    content_hash: Option<String>,
}

/// What `vigia classify` uses up: a story has these in its provenance.
const CLASSIFIED: [&str; 7] = [
    "published_source",
    "page_missing",
    "access",
    "content_hash",
    "http_status",
    "etag",
    "last_modified",
];

/// One line of `vigia classify`: a story that is kept, or any, or what is wrong with the line.
pub fn classify_line(classifier: &Classifier, line: &str, which: Which) -> Option<String> {
    let (article, fields) = match classifiable(line) {
        Ok(read) => read,
        Err(error) => return Some(error),
    };
    let judged = guarded(|| match which {
        Which::All => Some(classifier.classify(article)),
        Which::Kept => classifier.keep(article),
    });
    match judged {
        Ok(story) => story.map(|story| fields.carried(&story, &CLASSIFIED)),
        Err(error) => Some(error_line(&fields.id(), error)),
    }
}

/// Which stories are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that are kept.
    Kept,
    /// Those that are dropped as well.
    All,
}

/// The article of a line that `vigia classify` reads, a story's as well, with the line's id (null
/// where it has none); or the line that says why there is no article.
pub fn article_line(line: &str) -> Result<(Value, Article), String> {
    classifiable(line).map(|(article, fields)| (fields.id(), article))
}

fn classifiable(line: &str) -> Result<(Article, Fields), String> {
    let (line, fields): (ClassifyLine, _) = read(line, &["title", "text"])?;
    if line.title.is_none() && line.text.is_none() {
        let why = lacking(&fields, "neither `title` nor `text` is there");
        return Err(error_line(&fields.id(), why));
    }
    Ok((article(line, &fields), fields))
}

/// An article of a line.
fn article(line: ClassifyLine, fields: &Fields) -> Article {
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
    let lang = line.lang.or_else(|| cleaner::language(&title, &text));
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
        agency: line.agency,
        section: line.section,
        tags: line.tags,
        image: line.image,
        published: line.published,
        published_source: line
            .published_source
            .or(line.published.map(|_| PublishedSource::Input)),
        updated: line.updated,
        fetched: line.fetched,
        lang,
        text,
        text_source: line.text_source.unwrap_or(TextSource::Text),
        template_blocks: Vec::new(),
        page_missing: fields.text("page_missing").map(str::to_owned),
        access: fields
            .text("access")
            .and_then(|word| serde_json::from_value(word.into()).ok()),
        content_hash: line.content_hash,
        http_status: fields.number("http_status"),
        etag: fields.text("etag").map(str::to_owned),
        last_modified: fields.text("last_modified").map(str::to_owned),
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
        "etag": page.etag,
        "last_modified": page.last_modified,
        "fetched": page.fetched,
        "html_base64": BASE64.encode(&page.body),
    });
    if let Some(entry) = entry {
        line["feed"] = json!(entry.feed);
        line["feed_title"] = json!(entry.feed_title);
        line["feed_country"] = json!(entry.home.country);
        line["feed_lang"] = json!(entry.home.lang);
        line["link"] = json!(entry.link);
        line["title"] = json!(entry.title);
        line["authors"] = json!(entry.authors);
        line["categories"] = json!(entry.categories);
        line["published"] = json!(entry.published);
        line["updated"] = json!(entry.updated);
        line["summary"] = json!(entry.summary);
        line["content"] = json!(entry.content);
    }
    line.to_string()
}

/// The line of `vigia fetch` for what could not be had.
pub fn unfetched_line(url: &str, error: impl std::fmt::Display) -> String {
    error_line(&Value::from(url), error)
}

#[cfg(test)]
mod tests;
