//! The names of elements, in whatever spelling and namespace, to what they mean here.

use super::{FeedKind, attributes::Attributes, lexer::Tag};

/// What an element says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    /// The outermost element of a feed.
    Root(FeedKind),
    /// A `<channel>`: the outermost one where nothing is around it.
    Channel,
    /// One item or entry.
    Entry,
    /// One address of a sitemap.
    Address,
    /// An element that only groups others, which are read as if it were not there.
    Group,
    /// Something that is read; the number says how much less it counts than the best of its kind.
    Field(Field, u8),
    /// Something that is not read, with all that is in it.
    Other,
}

/// What is read of a feed and of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Title,
    Link,
    Guid,
    Summary,
    Content,
    Published,
    Updated,
    Author,
    Category,
    Outlet,
    Ttl,
    UpdatePeriod,
    UpdateFrequency,
    SkipHour,
    SkipDay,
}

/// The vocabularies that feeds are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Space {
    /// RSS of all versions, Atom of both, sitemaps, and what no namespace is given for.
    Core,
    Dublin,
    Terms,
    Media,
    Itunes,
    Content,
    Syndication,
    News,
    Burner,
    Rdf,
    Page,
    Foreign,
}

/// Parts of the namespaces' addresses, in small letters: feeds misspell the rest of them.
const SPACES: &[(&str, Space)] = &[
    ("purl.org/dc/terms", Space::Terms),
    ("purl.org/dc/", Space::Dublin),
    ("search.yahoo.com/mrss", Space::Media),
    ("itunes.com/dtds/podcast", Space::Itunes),
    ("rss/1.0/modules/content", Space::Content),
    ("rss/1.0/modules/syndication", Space::Syndication),
    ("schemas/sitemap-news", Space::News),
    ("feedburner", Space::Burner),
    ("1999/02/22-rdf-syntax", Space::Rdf),
    ("1999/xhtml", Space::Page),
    ("w3.org/2005/atom", Space::Core),
    ("purl.org/atom", Space::Core),
    ("purl.org/rss/1.0/modules", Space::Foreign),
    ("purl.org/rss/", Space::Core),
    ("purl.org/net/rss1.1", Space::Core),
    ("my.netscape.com", Space::Core),
    ("backend.userland.com", Space::Core),
    ("blogs.law.harvard.edu", Space::Core),
    ("cyber.law.harvard.edu", Space::Core),
    ("schemas/sitemap/0", Space::Core),
];

/// What prefixes mean where nothing that is known declares them.
const PREFIXES: &[(&str, Space)] = &[
    ("dc", Space::Dublin),
    ("dcterms", Space::Terms),
    ("media", Space::Media),
    ("itunes", Space::Itunes),
    ("content", Space::Content),
    ("sy", Space::Syndication),
    ("news", Space::News),
    ("feedburner", Space::Burner),
    ("rdf", Space::Rdf),
    ("xhtml", Space::Page),
    ("atom", Space::Core),
    ("atom10", Space::Core),
    ("a10", Space::Core),
    ("rss", Space::Core),
];

/// How many declarations are kept; feeds have a dozen.
const DECLARED_MAX: usize = 64;

/// Longer names are none that is known.
const NAME_BYTES_MAX: usize = 24;

/// The namespaces that were declared up to some place of a document.
#[derive(Default)]
pub(super) struct Namespaces<'a> {
    declared: Vec<(&'a str, Space)>,
}

impl<'a> Namespaces<'a> {
    /// How many declarations there are, to go back to.
    pub(super) fn mark(&self) -> usize {
        self.declared.len()
    }

    /// Forgets the declarations behind a mark.
    pub(super) fn forget(&mut self, mark: usize) {
        self.declared.truncate(mark);
    }

    /// Takes in what a tag declares.
    pub(super) fn declare(&mut self, tag: &Tag<'a>) {
        if !tag.attributes.contains("xmlns") {
            return;
        }
        for (name, uri) in Attributes(tag.attributes) {
            let Some(prefix) = name.strip_prefix("xmlns") else {
                continue;
            };
            let prefix = prefix.strip_prefix(':').unwrap_or("");
            let space = space(uri.trim(), prefix);
            if self.declared.len() < DECLARED_MAX {
                self.declared.push((prefix, space));
            }
        }
    }

    /// What the element of this name says.
    pub(super) fn element(&self, name: &str) -> Element {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let mut small = [0; NAME_BYTES_MAX];
        let Some(small) = small.get_mut(..local.len()) else {
            return Element::Other;
        };
        small.copy_from_slice(local.as_bytes());
        small.make_ascii_lowercase();
        let local = std::str::from_utf8(small).unwrap_or_default();
        match self.space(prefix) {
            Space::Core => core(local),
            space => extension(space, local),
        }
    }

    fn space(&self, prefix: &str) -> Space {
        let declared = self.declared.iter().rev().find(|(p, _)| *p == prefix);
        declared.map_or_else(|| usual(prefix), |(_, space)| *space)
    }
}

/// The namespace of an address; one that nobody knows may be misspelt.
fn space(uri: &str, prefix: &str) -> Space {
    let uri = uri.to_ascii_lowercase();
    let known = SPACES.iter().find(|(part, _)| uri.contains(part));
    known.map_or_else(|| usual(prefix), |(_, space)| *space)
}

/// What a prefix usually means; none is the feed's own.
fn usual(prefix: &str) -> Space {
    if prefix.is_empty() {
        return Space::Core;
    }
    let known = PREFIXES.iter().find(|(known, _)| *known == prefix);
    known.map_or(Space::Foreign, |(_, space)| *space)
}

/// The elements of RSS, Atom, CDF and sitemaps.
fn core(local: &str) -> Element {
    use Field::{
        Author, Category, Content, Guid, Link, Published, SkipDay, SkipHour, Summary, Title, Ttl,
        Updated,
    };
    let (field, rank) = match local {
        "rss" => return Element::Root(FeedKind::Rss),
        "rdf" => return Element::Root(FeedKind::Rdf),
        "feed" => return Element::Root(FeedKind::Atom),
        "urlset" => return Element::Root(FeedKind::Sitemap),
        "sitemapindex" => return Element::Root(FeedKind::SitemapIndex),
        "channel" => return Element::Channel,
        "item" | "entry" => return Element::Entry,
        "url" | "sitemap" => return Element::Address,
        "items" | "skiphours" | "skipdays" => return Element::Group,
        "title" => (Title, 0),
        "link" | "loc" => (Link, 0),
        "guid" | "id" => (Guid, 0),
        "description" | "summary" | "abstract" | "tagline" | "subtitle" => (Summary, 0),
        "content" => (Content, 0),
        "fullitem" => (Content, 2),
        "pubdate" | "published" => (Published, 0),
        "issued" => (Published, 1),
        "created" => (Published, 3),
        "updated" | "modified" | "lastmod" => (Updated, 0),
        "author" => (Author, 0),
        "contributor" => (Author, 2),
        "category" | "keywords" => (Category, 0),
        "ttl" => (Ttl, 0),
        "hour" => (SkipHour, 0),
        "day" => (SkipDay, 0),
        _ => return Element::Other,
    };
    Element::Field(field, rank)
}

/// The elements of the other vocabularies.
fn extension(space: Space, local: &str) -> Element {
    use Field::{
        Author, Category, Content, Guid, Link, Outlet, Published, Summary, Title, UpdateFrequency,
        UpdatePeriod, Updated,
    };
    let (field, rank) = match (space, local) {
        (Space::Rdf, "rdf") => return Element::Root(FeedKind::Rdf),
        (Space::Rdf, "seq" | "li" | "bag")
        | (Space::Media, "group")
        | (Space::News, "news" | "publication") => return Element::Group,
        (Space::Dublin | Space::Terms | Space::News, "title") => (Title, 1),
        (Space::Media, "title") => (Title, 2),
        (Space::Itunes, "title") => (Title, 3),
        (Space::Burner, "origlink") => (Link, 4),
        (Space::Dublin | Space::Terms, "identifier") => (Guid, 2),
        (Space::Dublin | Space::Terms, "description" | "abstract") => (Summary, 1),
        (Space::Itunes, "summary") => (Summary, 2),
        (Space::Media, "description") => (Summary, 3),
        (Space::Itunes, "subtitle") => (Summary, 4),
        (Space::Content, "encoded") => (Content, 0),
        (Space::Page, "body" | "div") => (Content, 1),
        (Space::News, "publication_date") => (Published, 0),
        (Space::Terms, "issued") => (Published, 1),
        (Space::Dublin | Space::Terms, "date") => (Published, 2),
        (Space::Dublin | Space::Terms, "created") => (Published, 3),
        (Space::Terms, "modified") => (Updated, 1),
        (Space::Dublin | Space::Terms, "creator") => (Author, 0),
        (Space::Itunes, "author") => (Author, 1),
        (Space::Dublin | Space::Terms, "contributor") => (Author, 2),
        (Space::Dublin | Space::Terms, "subject") | (Space::News, "keywords") => (Category, 0),
        (Space::News, "name") => (Outlet, 0),
        (Space::Syndication, "updateperiod") => (UpdatePeriod, 0),
        (Space::Syndication, "updatefrequency") => (UpdateFrequency, 0),
        _ => return Element::Other,
    };
    Element::Field(field, rank)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(declarations: &str, name: &str, expected: Element) {
        let mut namespaces = Namespaces::default();
        namespaces.declare(&Tag {
            name: "rss",
            attributes: declarations,
            empty: false,
        });
        assert_eq!(namespaces.element(name), expected, "{declarations} {name}");
    }

    #[test]
    fn a_name_is_read_in_its_namespace() {
        let title = Element::Field(Field::Title, 0);
        check("", "title", title);
        check("", "TITLE", title);
        check(" xmlns='http://purl.org/atom/ns#'", "title", title);
        check(" xmlns='urn:nobody'", "title", title);
        check(" xmlns:x='urn:nobody'", "x:title", Element::Other);
        check(" xmlns:x='HTTP://www.w3.org/2005/Atom'", "x:title", title);
        check(
            " xmlns:p='http://purl.org/dc/elements/1.1/'",
            "p:title",
            Element::Field(Field::Title, 1),
        );
        check("", "media:title", Element::Field(Field::Title, 2));
    }

    #[test]
    fn roots_are_known_by_their_own_name() {
        check("", "rdf:RDF", Element::Root(FeedKind::Rdf));
        check(
            " xmlns:a='http://www.w3.org/2005/Atom'",
            "a:feed",
            Element::Root(FeedKind::Atom),
        );
        check("", "CHANNEL", Element::Channel);
        check("", "urlset", Element::Root(FeedKind::Sitemap));
        check("", "an_element_with_a_very_long_name", Element::Other);
    }
}
