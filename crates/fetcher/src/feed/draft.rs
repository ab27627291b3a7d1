//! An entry while it is read: of several that say the same thing, the best is kept, and of two
//! as good the first.

use chrono_tz::Tz;
use story::{Entry, Timestamp, unwrapped};
use url::Url;

use super::{
    FeedContext, attributes::value, dates, document::Captured, lexer::Tag, names::Field, people,
    text,
};

/// How many names or categories of one entry are kept.
const DISTINCT_MAX: usize = 50;

/// A longer address is none: browsers and servers stop before, and each entry would repeat the
/// one that its links are relative to.
const ADDRESS_BYTES_MAX: usize = 4096;

/// Behind every link that an element gives.
const LAST_RANK: u8 = 9;

/// The best of the values that were offered: the first of the lowest rank.
pub(super) struct Best<T>(Option<(u8, T)>);

impl<T> Default for Best<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Best<T> {
    /// Takes a value that is better than the one at hand.
    pub(super) fn offer(&mut self, rank: u8, value: impl FnOnce() -> Option<T>) {
        if self.0.as_ref().is_none_or(|(held, _)| rank < *held)
            && let Some(value) = value()
        {
            self.0 = Some((rank, value));
        }
    }

    pub(super) fn is_some(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn into_inner(self) -> Option<T> {
        self.0.map(|(_, value)| value)
    }
}

/// An entry while it is read.
pub(super) struct Draft {
    base: Url,
    timezone: Tz,
    guid: Best<String>,
    link: Best<Url>,
    title: Best<String>,
    summary: Best<String>,
    content: Best<String>,
    published: Best<Timestamp>,
    updated: Best<Timestamp>,
    authors: Vec<String>,
    categories: Vec<String>,
}

impl Draft {
    /// Begins an entry with what its own tag says.
    pub(super) fn new(tag: &Tag, base: &Url, timezone: Tz) -> Self {
        let attribute = |name| value(tag.attributes, name);
        let base = attribute("base")
            .and_then(|own| joined(&own, base))
            .unwrap_or_else(|| base.clone());
        let mut draft = Self {
            base,
            timezone,
            guid: Best::default(),
            link: Best::default(),
            title: Best::default(),
            summary: Best::default(),
            content: Best::default(),
            published: Best::default(),
            updated: Best::default(),
            authors: Vec::new(),
            categories: Vec::new(),
        };
        if !tag.attributes.is_empty() {
            draft.guid.offer(1, || attribute("about").map(Into::into));
            draft
                .link
                .offer(0, || page(&attribute("href")?, &draft.base));
            draft
                .updated
                .offer(0, || dates::parse(&attribute("lastmod")?, timezone));
        }
        draft
    }

    /// Whether the article's page is known.
    pub(super) fn has_link(&self) -> bool {
        self.link.is_some()
    }

    /// Takes in a field.
    pub(super) fn take(&mut self, field: Field, rank: u8, captured: &Captured) {
        let (written, zone) = (captured.text.as_ref(), self.timezone);
        match field {
            Field::Title => self.title.offer(rank, || full(text::title(written))),
            Field::Link => self.take_link(rank, captured),
            Field::Guid => self.guid.offer(rank, || full(written.trim().to_owned())),
            Field::Summary => self.summary.offer(rank, || text::markup(written)),
            Field::Content if is_text(captured.attributes) => {
                self.content.offer(rank, || text::markup(written));
            }
            Field::Published => self.published.offer(rank, || dates::parse(written, zone)),
            Field::Updated => self.updated.offer(rank, || dates::parse(written, zone)),
            Field::Author => {
                if let Some(name) = people::name(written) {
                    keep_distinct(&mut self.authors, name);
                }
            }
            Field::Category => self.take_category(captured),
            _ => {}
        }
    }

    /// A link's address stands in it (RSS, sitemaps) or in its `href` (Atom). An RSS item may
    /// have both, and those of Atom then lead to other stories.
    fn take_link(&mut self, rank: u8, captured: &Captured) {
        let attribute = |name| value(captured.attributes, name);
        let own = attribute("base").and_then(|own| joined(&own, &self.base));
        let base = own.as_ref().unwrap_or(&self.base);
        let rel = attribute("rel");
        if rel
            .as_ref()
            .is_some_and(|rel| !rel.eq_ignore_ascii_case("alternate"))
        {
            return;
        }
        let Some(href) = attribute("href") else {
            self.link.offer(rank, || page(&captured.text, base));
            return;
        };
        let rank = match attribute("type") {
            Some(kind) if !kind.contains("html") => 3,
            Some(_) if rel.is_some() => 1,
            _ => 2,
        };
        self.link.offer(rank, || page(&href, base));
    }

    fn take_category(&mut self, captured: &Captured) {
        let attribute = |name| value(captured.attributes, name);
        let label = attribute("label").or_else(|| attribute("term"));
        let label = label.as_deref().unwrap_or(&captured.text);
        for category in label.split(',') {
            if let Some(category) = full(text::name(category)) {
                keep_distinct(&mut self.categories, category);
            }
        }
    }

    /// The entry as far as it came.
    pub(super) fn entry(mut self, context: &FeedContext) -> Entry {
        let guid = self.guid.into_inner();
        let address = || guid.as_deref().and_then(guids_page);
        self.link.offer(LAST_RANK, address);
        Entry {
            home: context.home,
            link: self.link.into_inner(),
            guid,
            title: self.title.into_inner(),
            summary: self.summary.into_inner(),
            content: self.content.into_inner(),
            published: self.published.into_inner(),
            updated: self.updated.into_inner(),
            authors: self.authors,
            categories: self.categories,
            ..Entry::new(context.id.clone())
        }
    }
}

/// The feed's address as a base for relative links, without the user and password that pages
/// must not inherit.
pub(super) fn base(feed: &Url) -> Url {
    crate::http::shown(feed)
}

/// The address of a page, however often its `&` were escaped.
pub(super) fn page(written: &str, base: &Url) -> Option<Url> {
    let written = written.trim();
    if written.is_empty() {
        return None;
    }
    web(joined(&written.replace("&amp;", "&"), base)?)
}

/// An address as it is seen from `base`.
pub(super) fn joined(written: &str, base: &Url) -> Option<Url> {
    let short = |length: usize| length <= ADDRESS_BYTES_MAX;
    if !short(written.len()) {
        return None;
    }
    base.join(written)
        .ok()
        .filter(|url| short(url.as_str().len()))
}

/// The page that a guid is the address of.
pub(super) fn guids_page(guid: &str) -> Option<Url> {
    let short = guid.len() <= ADDRESS_BYTES_MAX;
    short.then(|| web(Url::parse(guid).ok()?)).flatten()
}

fn web(url: Url) -> Option<Url> {
    let web = matches!(url.scheme(), "http" | "https") && url.host().is_some();
    web.then(|| unwrapped(url))
}

fn full(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// Whether a content is text or markup, and not a picture or some other file.
fn is_text(attributes: &str) -> bool {
    value(attributes, "type").is_none_or(|kind| {
        let kind = kind.to_ascii_lowercase();
        !kind.contains('/') || kind.starts_with("text/") || kind.ends_with("xml")
    })
}

fn keep_distinct(kept: &mut Vec<String>, text: String) {
    if kept.len() < DISTINCT_MAX && !kept.contains(&text) {
        kept.push(text);
    }
}
