//! What a page says of its article outside the text: headline, names, dates, address, language.

mod bylines;
mod stated;

use story::{Access, Lang, PublishedSource, Timestamp};
use url::Url;

use crate::{dates, dom::Dom, headline, linked_data::LinkedArticle, plain, vocabulary::Vocabulary};
use bylines::Credits;
use stated::Stated;

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Metadata {
    /// The headline, without the outlet's name.
    pub title: Option<String>,
    /// The page's own summary.
    pub description: Option<String>,
    /// The people who wrote it.
    pub bylines: Vec<String>,
    /// The agency that it is of.
    pub agency: Option<String>,
    /// The outlet's name.
    pub outlet: Option<String>,
    /// The section it stands in.
    pub section: Option<String>,
    /// What the page tags it with.
    pub tags: Vec<String>,
    /// The picture that the page shows it with.
    pub image: Option<Url>,
    /// When it was published, and where that was read.
    pub published: Option<(Timestamp, PublishedSource)>,
    /// When it was last changed.
    pub updated: Option<Timestamp>,
    /// The address that the page gives as its own.
    pub canonical: Option<Url>,
    /// The language that the page states.
    pub lang: Option<Lang>,
    /// Who may read the page.
    pub access: Option<Access>,
}

const PUBLISHED_TAGS: &[&str] = &[
    "article:published_time",
    "article:published:time",
    "og:article:published_time",
    "datepublished",
    "article:published",
    "parsely-pub-date",
    "sailthru.date",
    "og:published_time",
    "pubdate",
    "publishdate",
    "publish-date",
    "publish_date",
    "publication_date",
    "date.publish",
    "article.published",
    "cxenseparse:recs:publishtime",
    "cxenseparse:publishtime",
    "dcterms.created",
    "dc.date.issued",
    "dcterms.date",
    "dc.date",
    "dc.date.created",
    "date",
    "originalpublicationdate",
    "displaydate",
    "article_date_original",
    "published_time",
    "og:pubdate",
    "rnews:datepublished",
    "vr:published_time",
    "created",
    "last-published",
    "og:release_date",
    "bt:pubdate",
    "ob:date",
    "publicationdate",
    "date_published",
    "article.created",
];

const UPDATED_TAGS: &[&str] = &[
    "article:modified_time",
    "og:updated_time",
    "datemodified",
    "lastmod",
    "last-modified",
    "dcterms.modified",
    "modified",
];

/// Reads the metadata of a parsed page.
pub(crate) fn read<'d>(
    dom: &'d Dom<'d>,
    vocabulary: &mut Vocabulary<'d>,
    linked: &LinkedArticle,
    url: Option<&Url>,
) -> Metadata {
    let stated = Stated::of(dom, vocabulary);
    let outlet = outlet(&stated, linked);
    let credits = Credits::of(&stated, linked, outlet.as_deref(), url);
    let absolute = |address: &str| {
        url.map_or_else(|| Url::parse(address), |base| base.join(address))
            .ok()
    };
    let canonical = stated
        .canonical
        .as_deref()
        .or_else(|| stated.tag(&["og:url"]))
        .or(linked.url.as_deref())
        .filter(|address| !address.is_empty())
        .and_then(absolute);
    let updated = linked.modified.as_deref().and_then(dates::parse);
    let language = stated
        .lang
        .as_deref()
        .or(linked.language.as_deref())
        .or_else(|| stated.tag(&["og:locale"]));
    Metadata {
        title: headline::choose(
            titles(&stated, linked),
            &stated.headings,
            &stated.subheadings,
            outlet.as_deref(),
            url,
        ),
        description: linked
            .description
            .as_deref()
            .or_else(|| stated.tag(&["og:description", "description", "twitter:description"]))
            .map(plain::unescape)
            .filter(|text| !text.is_empty()),
        bylines: credits.people(),
        agency: credits.agency(),
        section: section(&stated, linked),
        tags: tags(&stated, linked),
        image: stated
            .tag(&["og:image", "og:image:url", "og:image:secure_url"])
            .or(linked.image.as_deref())
            .or_else(|| stated.tag(&["twitter:image", "twitter:image:src"]))
            .filter(|address| !address.is_empty())
            .and_then(absolute)
            .filter(|address| matches!(address.scheme(), "http" | "https")),
        published: published(&stated, linked, url.or(canonical.as_ref())),
        updated: updated.or_else(|| dates::parse(stated.tag(UPDATED_TAGS)?)),
        canonical,
        lang: language.and_then(|tag| tag.get(..2)?.parse().ok()),
        access: access(&stated, linked),
        outlet,
    }
}

fn published(
    stated: &Stated,
    linked: &LinkedArticle,
    url: Option<&Url>,
) -> Option<(Timestamp, PublishedSource)> {
    let from = |date: Option<Timestamp>, source| date.map(|date| (date, source));
    let best_time = |least: u8| {
        let mut times: Vec<_> = stated
            .times
            .iter()
            .filter(|(rank, _)| *rank >= least)
            .collect();
        times.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
        times.iter().find_map(|(_, value)| dates::parse(value))
    };
    let tags = PUBLISHED_TAGS
        .iter()
        .find_map(|tag| dates::parse(stated.tag(&[tag])?));
    from(
        linked.published.as_deref().and_then(dates::parse),
        PublishedSource::JsonLd,
    )
    .or_else(|| from(tags, PublishedSource::Meta))
    .or_else(|| from(best_time(3), PublishedSource::TimeElement))
    .or_else(|| {
        from(
            url.and_then(|url| dates::in_path(url.path())),
            PublishedSource::Url,
        )
    })
    .or_else(|| from(best_time(2), PublishedSource::TimeElement))
    .or_else(|| from(best_time(1), PublishedSource::Text))
    .or_else(|| {
        let mut lines = stated.head.iter();
        from(
            lines.find_map(|line| dates::in_line(line)),
            PublishedSource::Text,
        )
    })
    .or_else(|| {
        from(
            stated.tag(UPDATED_TAGS).and_then(dates::parse),
            PublishedSource::Meta,
        )
    })
}

/// Who may read the page: by the tier that it gives, else by what it says to search engines.
fn access(stated: &Stated, linked: &LinkedArticle) -> Option<Access> {
    let tier = stated.tag(&["article:content_tier", "og:article:content_tier"]);
    let tier = match tier.unwrap_or_default().to_ascii_lowercase().as_str() {
        "free" => Some(Access::Free),
        "metered" => Some(Access::Metered),
        "locked" => Some(Access::Subscribers),
        _ => None,
    };
    let by_engines = |free| {
        if free {
            Access::Free
        } else {
            Access::Subscribers
        }
    };
    tier.or_else(|| linked.free.map(by_engines))
}

fn outlet(stated: &Stated, linked: &LinkedArticle) -> Option<String> {
    let name = stated
        .tag(&["og:site_name"])
        .or(linked.publisher.as_deref())
        .or_else(|| stated.tag(&["application-name", "publisher", "dc.publisher"]))?;
    let name = plain::unescape(name);
    (!name.is_empty() && name.len() < 100).then_some(name)
}

/// Tags of one story that are kept.
const TAGS_MAX: usize = 24;

/// Words for search engines that are looked at.
const WORDS_MAX: usize = 64;

/// Bytes of a section's name or a tag; a longer one is a sentence.
const TAG_BYTES_MAX: usize = 80;

fn section(stated: &Stated, linked: &LinkedArticle) -> Option<String> {
    let tags = [
        "article:section",
        "og:article:section",
        "section",
        "parsely-section",
    ];
    let name = stated.tag(&tags).or(linked.section.as_deref())?;
    let name = plain::unescape(name);
    (!name.is_empty() && name.len() <= TAG_BYTES_MAX).then_some(name)
}

/// What the page tags the story with: its own tags, else the words for search engines.
fn tags(stated: &Stated, linked: &LinkedArticle) -> Vec<String> {
    let own = stated.all("article:tag");
    let stated_words = || {
        stated
            .tag(&["news_keywords", "keywords"])
            .unwrap_or_default()
    };
    let words: Vec<String> = if !own.is_empty() {
        own
    } else if !linked.keywords.is_empty() {
        linked.keywords.clone()
    } else {
        stated_words()
            .split([',', ';'])
            .map(str::to_owned)
            .collect()
    };
    let mut tags: Vec<String> = Vec::new();
    let words = words.iter().flat_map(|word| word.split(','));
    for word in words.take(WORDS_MAX) {
        let word = plain::unescape(word);
        let fits = !word.is_empty() && word.len() <= TAG_BYTES_MAX;
        if fits && tags.len() < TAGS_MAX && !tags.contains(&word) {
            tags.push(word);
        }
    }
    tags
}

/// What the page gives as its title, best first.
fn titles(stated: &Stated, linked: &LinkedArticle) -> [Option<String>; 3] {
    let social = stated.tag(&["og:title", "twitter:title", "dc.title", "title"]);
    [
        linked.headline.as_deref().map(plain::unescape),
        social.map(plain::unescape),
        stated.page_title.clone(),
    ]
}

#[cfg(test)]
mod tests;
