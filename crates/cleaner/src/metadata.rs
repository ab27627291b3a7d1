//! What a page says of its article outside the text: headline, names, dates, address, language.

mod stated;

use story::{Access, Lang, PublishedSource, Timestamp};
use url::Url;

use crate::{
    dates, dom::Dom, headline, linked_data::LinkedArticle, names, plain, vocabulary::Vocabulary,
};
use stated::Stated;

/// Tags of writers that are read, several times the writers of any story.
const AUTHOR_TAGS_MAX: usize = 64;

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Metadata {
    /// The headline, without the outlet's name.
    pub title: Option<String>,
    /// The page's own summary.
    pub description: Option<String>,
    /// The people who wrote it.
    pub bylines: Vec<String>,
    /// The outlet's name.
    pub outlet: Option<String>,
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
            outlet.as_deref(),
            url,
        ),
        description: linked
            .description
            .as_deref()
            .or_else(|| stated.tag(&["og:description", "description", "twitter:description"]))
            .map(plain::unescape)
            .filter(|text| !text.is_empty()),
        bylines: bylines(&stated, linked, outlet.as_deref()),
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
        .or_else(|| stated.tag(&["application-name", "publisher", "dc.publisher", "copyright"]))?;
    let name = plain::unescape(name);
    (!name.is_empty() && name.len() < 100).then_some(name)
}

fn bylines(stated: &Stated, linked: &LinkedArticle, outlet: Option<&str>) -> Vec<String> {
    let from_linked: Vec<String> = linked
        .authors
        .iter()
        .map(|name| plain::unescape(name))
        .collect();
    let found = names::people(&from_linked, outlet);
    if !found.is_empty() {
        return found;
    }
    for tag in [
        "author",
        "article:author",
        "parsely-author",
        "sailthru.author",
        "byl",
        "dc.creator",
        "dcterms.creator",
        "article:author_name",
        "og:article:author",
        "cxenseparse:author",
    ] {
        let values: Vec<String> = stated
            .tags
            .iter()
            .filter(|(name, _)| name == tag)
            .take(AUTHOR_TAGS_MAX)
            .map(|(_, value)| plain::unescape(value))
            .collect();
        let found = names::people(&values, outlet);
        if !found.is_empty() {
            return found;
        }
    }
    for rank in [3, 2, 1] {
        for (_, text) in stated.bylines.iter().filter(|(found, _)| *found == rank) {
            let found = names::people(std::slice::from_ref(text), outlet);
            if !found.is_empty() && found.iter().all(|name| name.contains(' ')) {
                return found;
            }
        }
    }
    Vec::new()
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
mod tests {
    use super::*;
    use crate::linked_data;

    fn of(html: &str) -> Metadata {
        let url = "https://www.eldiario.test/judicial/2023/03/27/nota"
            .parse()
            .unwrap();
        let dom = Dom::parse(html).unwrap();
        let linked = LinkedArticle::default();
        read(&dom, &mut Vocabulary::new(&dom), &linked, Some(&url))
    }

    fn check_title(html: &str, expected: &str) {
        assert_eq!(of(html).title.unwrap_or_default(), expected, "{html}");
    }

    #[test]
    fn the_title_stands_without_the_outlet() {
        check_title(
            "<title>Capturan a tres hombres | El Diario</title>",
            "Capturan a tres hombres",
        );
        check_title(
            "<title>Capturan a tres hombres - Judicial</title><h1>Capturan a tres hombres</h1>",
            "Capturan a tres hombres",
        );
        check_title(
            "<meta property=og:title content='Dos heridos &amp;amp; un muerto'>",
            "Dos heridos & un muerto",
        );
        check_title(
            "<h1>El Diario</h1><title>Capturan a tres hombres</title>",
            "Capturan a tres hombres",
        );
    }

    #[test]
    fn dates_are_read_from_the_best_place() {
        let check = |html, date: &str, source| {
            assert_eq!(
                of(html).published,
                Some((dates::parse(date).unwrap(), source)),
                "{html}"
            );
        };
        check(
            "<meta property=article:published_time content=2023-03-26T10:00:00Z>",
            "2023-03-26T10:00:00Z",
            PublishedSource::Meta,
        );
        check("<p>nada", "2023-03-27", PublishedSource::Url);
        check(
            "<time datetime=2023-03-25 pubdate>",
            "2023-03-25",
            PublishedSource::TimeElement,
        );
    }

    #[test]
    fn names_come_from_tags_or_the_byline() {
        assert_eq!(
            of("<meta name=author content='Por Ana Ruiz'>").bylines,
            ["Ana Ruiz"]
        );
        assert_eq!(of("<a rel=author>Ana Ruiz</a>").bylines, ["Ana Ruiz"]);
        assert_eq!(
            of("<div class=byline>Por Ana Ruiz</div>").bylines,
            ["Ana Ruiz"]
        );
        assert!(
            of("<meta name=author content=Redacción>")
                .bylines
                .is_empty()
        );
    }

    #[test]
    fn a_page_says_who_may_read_it() {
        let tier = |tier: &str| {
            of(&format!(
                "<meta property=article:content_tier content={tier}>"
            ))
        };
        assert_eq!(tier("locked").access, Some(Access::Subscribers));
        assert_eq!(tier("metered").access, Some(Access::Metered));
        assert_eq!(tier("otro").access, None);
        let free = |free: &str| {
            let script = format!("{{\"@type\":\"NewsArticle\",\"isAccessibleForFree\":{free}}}");
            let dom = Dom::parse("<p>").unwrap();
            let linked = linked_data::read(&[script.as_str()]);
            read(&dom, &mut Vocabulary::new(&dom), &linked, None).access
        };
        assert_eq!(
            free("\"http://schema.org/False\""),
            Some(Access::Subscribers)
        );
        assert_eq!(free("true"), Some(Access::Free));
        assert_eq!(free("\"quizá\""), None);
    }

    #[test]
    fn the_stated_address_is_made_absolute() {
        assert_eq!(
            of("<link rel=canonical href=/nota>")
                .canonical
                .unwrap()
                .as_str(),
            "https://www.eldiario.test/nota"
        );
    }
}
