//! Metadata as the elements of a page state it, before anything is chosen of it.
//!
//! Whatever a page repeats is read a bounded number of times: the tree may hold elements in one
//! another, so that each would be read with the whole text of the page.

use crate::{
    characters::tidy,
    dom::{Dom, Element, NodeId, Tag},
    lexer::Key,
    vocabulary::Vocabulary,
};

/// Bytes of an element's text that are read, more than any headline.
const LINE_BYTES_MAX: usize = 2000;

/// `meta` elements that are read; pages with hundreds are rare.
const TAGS_MAX: usize = 1024;

/// First-level headings among which the story's is looked for.
const HEADINGS_MAX: usize = 8;

/// Dates read of `time` elements; what comes later is of other stories.
const TIMES_MAX: usize = 16;

/// Dates after which none is read any more of an element for its class.
const CLASSED_TIMES_MAX: usize = 24;

/// Dates of any kind, those with a schema.org name included.
const ALL_TIMES_MAX: usize = 64;

/// Bylines that are kept.
const BYLINES_MAX: usize = 12;

/// Elements that are read for a byline, whether or not they hold one.
const BYLINE_ELEMENTS_MAX: usize = 200;

/// What the elements of a page state.
#[derive(Default)]
pub(super) struct Stated {
    /// Names, in small letters, and contents of `meta` elements.
    pub tags: Vec<(String, String)>,
    /// The text of `title`.
    pub page_title: Option<String>,
    /// The first-level headings.
    pub headings: Vec<String>,
    /// The address that the page gives as its own.
    pub canonical: Option<String>,
    /// The language of the whole page.
    pub lang: Option<String>,
    /// What may be the date of publication, and how sure that is: 1 to 3.
    pub times: Vec<(u8, String)>,
    /// What may name the writers, and how sure that is: 1 to 3.
    pub bylines: Vec<(u8, String)>,
    byline_elements: usize,
}

impl Stated {
    /// Reads the elements of a page.
    pub(super) fn of<'d>(dom: &'d Dom<'d>, vocabulary: &mut Vocabulary<'d>) -> Self {
        let mut stated = Self::default();
        for (id, element) in dom.elements() {
            stated.read_by_tag(dom, id, element);
            if !dom.attributes(element).is_empty() {
                stated.read_date(dom, vocabulary, id, element);
                stated.read_byline(dom, vocabulary, id, element);
            }
        }
        stated
    }

    /// The first content that is not empty of the first of the named `meta` elements with one.
    pub(super) fn tag(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| {
            let found = self
                .tags
                .iter()
                .find(|(tag, value)| tag == name && !value.trim().is_empty());
            found.map(|(_, value)| value.trim())
        })
    }

    fn read_by_tag(&mut self, dom: &Dom, id: NodeId, element: &Element) {
        let attribute = |key| dom.attribute(element, key).map(str::to_owned);
        match element.tag {
            Tag::Html => self.lang = attribute(Key::Lang),
            Tag::Title if self.page_title.is_none() => self.page_title = Some(line(dom, id)),
            Tag::H1 if self.headings.len() < HEADINGS_MAX => self.headings.push(line(dom, id)),
            Tag::Meta if self.tags.len() < TAGS_MAX => self.tags.extend(meta(dom, element)),
            Tag::Link if self.canonical.is_none() && is_canonical(dom, element) => {
                self.canonical = attribute(Key::Href);
            }
            Tag::Time if self.times.len() < TIMES_MAX => self.times.extend(time(dom, id, element)),
            _ => {}
        }
    }

    /// Reads a date that stands on the page for readers.
    fn read_date<'d>(
        &mut self,
        dom: &'d Dom<'d>,
        vocabulary: &mut Vocabulary<'d>,
        id: NodeId,
        element: &Element,
    ) {
        let is_named = dom.attribute(element, Key::Itemprop) == Some("datePublished");
        if is_named && element.tag != Tag::Time && self.times.len() < ALL_TIMES_MAX {
            let content = dom.attribute(element, Key::Content);
            let value = content.map_or_else(|| line(dom, id), str::to_owned);
            self.times.push((3, value));
        }
        if element.tag != Tag::Meta
            && self.times.len() < CLASSED_TIMES_MAX
            && vocabulary.is_date(element)
        {
            self.times.push((1, line(dom, id)));
        }
    }

    /// Reads names that stand on the page for readers.
    fn read_byline<'d>(
        &mut self,
        dom: &'d Dom<'d>,
        vocabulary: &mut Vocabulary<'d>,
        id: NodeId,
        element: &Element,
    ) {
        if self.bylines.len() >= BYLINES_MAX
            || self.byline_elements >= BYLINE_ELEMENTS_MAX
            || matches!(element.tag, Tag::Link | Tag::Meta)
        {
            return;
        }
        let is_author = dom.attribute(element, Key::Itemprop) == Some("author")
            || dom
                .attribute(element, Key::Rel)
                .is_some_and(|rel| rel.contains("author"));
        let rank = if is_author {
            3
        } else {
            vocabulary.byline_rank(element)
        };
        if rank > 0 {
            self.byline_elements += 1;
            let text = line(dom, id);
            if (3..120).contains(&text.len()) {
                self.bylines.push((rank, text));
            }
        }
    }
}

fn line(dom: &Dom, id: NodeId) -> String {
    tidy(&dom.text(id, LINE_BYTES_MAX))
}

fn is_canonical(dom: &Dom, element: &Element) -> bool {
    dom.attribute(element, Key::Rel)
        .is_some_and(|rel| rel.eq_ignore_ascii_case("canonical"))
}

fn meta(dom: &Dom, element: &Element) -> Option<(String, String)> {
    let name = [Key::Property, Key::Name, Key::Itemprop, Key::HttpEquiv]
        .iter()
        .find_map(|key| dom.attribute(element, *key))?;
    let content = dom.attribute(element, Key::Content)?;
    Some((name.to_ascii_lowercase(), content.to_owned()))
}

fn time(dom: &Dom, id: NodeId, element: &Element) -> Option<(u8, String)> {
    let attribute = |key| dom.attribute(element, key);
    let itemprop = attribute(Key::Itemprop).unwrap_or_default();
    let class = attribute(Key::Class).unwrap_or_default();
    let published = attribute(Key::Pubdate).is_some()
        || itemprop == "datePublished"
        || class.contains("published");
    let updated = itemprop == "dateModified" || class.contains("updated") && !published;
    if updated {
        return None;
    }
    let value = attribute(Key::Datetime).map_or_else(|| line(dom, id), str::to_owned);
    Some((if published { 3 } else { 2 }, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_repeated_is_read_a_bounded_number_of_times() {
        let page = "<meta name=a content=b><h1>c</h1><time>d</time>\
            <b itemprop=datePublished>e</b><b class=fecha>f</b><b class=author>Ana</b>";
        let page = page.repeat(5000);
        let dom = Dom::parse(&page).unwrap();
        let stated = Stated::of(&dom, &mut Vocabulary::new(&dom));
        assert_eq!(stated.tags.len(), TAGS_MAX);
        assert_eq!(stated.headings.len(), HEADINGS_MAX);
        assert_eq!(stated.times.len(), ALL_TIMES_MAX);
        assert_eq!(stated.bylines.len(), BYLINES_MAX);
    }

    #[test]
    fn a_text_in_many_elements_is_read_in_part() {
        let page = format!(
            "<h1>{}{}",
            "<b class=author>".repeat(400),
            "ana ".repeat(50_000)
        );
        let dom = Dom::parse(&page).unwrap();
        let stated = Stated::of(&dom, &mut Vocabulary::new(&dom));
        assert!(stated.headings[0].len() <= LINE_BYTES_MAX + 1);
        assert_eq!(stated.byline_elements, BYLINE_ELEMENTS_MAX);
    }
}
