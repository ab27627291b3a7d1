//! Elements that name a story's writers: what they hold, and whether they are of another story.

use crate::{
    characters::tidy,
    dom::{Data, Dom, Element, NONE, NodeId, Tag},
    lexer::Key,
};

/// Nodes of a byline that are passed.
const NODES_MAX: usize = 400;

/// Texts in a byline; more are a list of something else.
const PIECES_MAX: usize = 24;

/// Bytes of a byline; more are a text about the writer.
const BYLINE_BYTES_MAX: usize = 240;

/// Elements around a byline that are looked at for what it is part of.
const AROUND_MAX: usize = 12;

/// Whether a link leads to what a writer has written: `/author/ana-ruiz`.
pub(super) fn is_writers_page(dom: &Dom, link: &Element) -> bool {
    const FOLDERS: &[&str] = &[
        "author",
        "authors",
        "autor",
        "autores",
        "autora",
        "autoren",
        "autoras",
        "auteur",
        "autore",
        "by",
        "columnista",
        "columnistas",
        "contributor",
        "contributors",
        "colunistas",
        "journalist",
        "journalists",
        "periodista",
        "periodistas",
        "jornalista",
        "staff",
        "signataires",
        "writers",
        "firmas",
    ];
    let href = dom.attribute(link, Key::Href).unwrap_or_default();
    let path = &href[..href.find(['?', '#']).unwrap_or(href.len())];
    let mut parts = path.trim_end_matches('/').rsplit('/').take(3);
    let has_name = parts.next().is_some_and(|name| name.len() > 2);
    has_name && parts.any(|part| FOLDERS.contains(&part))
}

/// Bytes of a signature under a story.
const SIGNATURE_BYTES_MAX: usize = 50;

/// Whether a paragraph is set to the right and short, as signatures under a story are.
pub(super) fn is_closing(dom: &Dom, id: NodeId, element: &Element) -> bool {
    let style = dom.attribute(element, Key::Style).unwrap_or_default();
    let aligned = style.split_once("text-align").map(|(_, value)| value);
    element.tag == Tag::P
        && aligned.is_some_and(|value| value.trim_start_matches([':', ' ']).starts_with("right"))
        && dom.text(id, SIGNATURE_BYTES_MAX + 1).trim().len() <= SIGNATURE_BYTES_MAX
}

/// Whether an element is part of what is said about other stories or by readers.
pub(super) fn is_elsewhere(dom: &Dom, id: NodeId) -> bool {
    const WORDS: &[&str] = &[
        "comment",
        "Comment",
        "comentario",
        "related",
        "Related",
        "relacionad",
        "recommend",
        "Recommend",
        "recomendad",
        "sidebar",
        "popular",
        "trending",
        "most-read",
        "teaser",
        "Teaser",
        "newsletter",
        "promo",
        "caption",
        "credit",
    ];
    let mut at = id;
    for _ in 0..AROUND_MAX {
        let Some(element) = dom.element(at) else {
            return false;
        };
        let names = [Key::Class, Key::Id].map(|key| dom.attribute(element, key));
        let is_other = |name: &str| WORDS.iter().any(|word| name.contains(word));
        let frame = matches!(
            element.tag,
            Tag::Body | Tag::Html | Tag::Main | Tag::Article
        );
        if matches!(
            element.tag,
            Tag::Aside | Tag::Footer | Tag::Nav | Tag::Figcaption
        ) || !frame && names.iter().flatten().any(|name| is_other(name))
        {
            return true;
        }
        at = dom.node(at).parent;
        if frame || at == NONE {
            return false;
        }
    }
    false
}

/// The texts of an element, each by itself; none of one with too many.
pub(super) fn pieces(dom: &Dom, id: NodeId) -> Vec<(bool, String)> {
    let mut pieces = Vec::new();
    let mut bytes = 0;
    let mut at = id;
    for _ in 0..NODES_MAX {
        if let Data::Text(text) = &dom.node(at).data
            && !text.trim().is_empty()
        {
            bytes += text.len();
            if pieces.len() == PIECES_MAX || bytes > BYLINE_BYTES_MAX {
                return Vec::new();
            }
            pieces.push((is_in_link(dom, at, id), tidy(text)));
        }
        match dom.following(at, id) {
            Some(next) => at = next,
            None => break,
        }
    }
    pieces
}

/// Whether a text in `root` stands in a link.
fn is_in_link(dom: &Dom, text: NodeId, root: NodeId) -> bool {
    let mut at = text;
    for _ in 0..AROUND_MAX {
        if dom.element(at).is_some_and(|element| element.tag == Tag::A) {
            return true;
        }
        if at == root || at == NONE {
            return false;
        }
        at = dom.node(at).parent;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last<'a>(dom: &'a Dom<'a>) -> (NodeId, &'a Element) {
        dom.elements().last().unwrap()
    }

    #[test]
    fn links_to_writers_are_known_by_their_address() {
        let check = |href: &str, expected| {
            let page = format!("<a href='{href}'>");
            let dom = Dom::parse(&page).unwrap();
            assert_eq!(is_writers_page(&dom, last(&dom).1), expected, "{href}");
        };
        check("/autor/ana-ruiz/", true);
        check("https://eldiario.test/authors/123/ana-ruiz?x=1", true);
        check("/author/", false);
        check("/judicial/tres-hombres-hieren-al-autor", false);
    }

    #[test]
    fn what_is_said_of_other_stories_is_known_by_what_is_around_it() {
        let check = |html: &str, expected| {
            let dom = Dom::parse(html).unwrap();
            assert_eq!(is_elsewhere(&dom, last(&dom).0), expected, "{html}");
        };
        check("<div class=related-news><p><b>", true);
        check("<aside><b>", true);
        check("<div id=comments><b>", true);
        check("<article class=teaser-page><div><b>", false);
        check("<div class=related><article><b>", false);
    }

    #[test]
    fn each_text_of_a_byline_stands_by_itself() {
        let dom = Dom::parse("<p>Por <a href=x><b>Ana Ruiz</b></a><i>Lima</i>").unwrap();
        let (id, _) = dom
            .elements()
            .find(|(_, element)| element.tag == Tag::P)
            .unwrap();
        let texts = [(false, "Por"), (true, "Ana Ruiz"), (false, "Lima")];
        assert_eq!(
            pieces(&dom, id),
            texts.map(|(link, text)| (link, text.to_owned()))
        );
        let many = format!("<p>{}", "<b>a</b>".repeat(PIECES_MAX + 1));
        let dom = Dom::parse(&many).unwrap();
        let (id, _) = dom
            .elements()
            .find(|(_, element)| element.tag == Tag::P)
            .unwrap();
        assert!(pieces(&dom, id).is_empty());
    }
}
