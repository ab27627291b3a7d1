//! What a document is, by how it begins: the content decides and not the `Content-Type`.

use super::text;

/// What a document looks like.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Something in which a feed may be.
    Markup,
    /// JSON.
    Json,
    /// Nothing.
    Empty,
    /// A web page.
    Html,
}

/// Elements that open a web page, `<html>` or not.
const HTML_ROOTS: [&str; 6] = ["html", "head", "body", "title", "meta", "script"];

/// Roots that say more than a document type that was put before them.
const FEED_ROOTS: [&str; 4] = ["rss", "rdf:rdf", "feed", "urlset"];

/// The shape of a text without leading white space.
pub(super) fn shape(text: &str) -> Shape {
    if text.is_empty() {
        return Shape::Empty;
    }
    if text.starts_with('{') {
        return Shape::Json;
    }
    let root = root_name(text).unwrap_or_default();
    let local = root.rsplit(':').next().unwrap_or(&root);
    if HTML_ROOTS.contains(&local) {
        Shape::Html
    } else {
        Shape::Markup
    }
}

/// The name of the first element, in small letters; `html` where the document type says so and
/// no feed's root follows it.
fn root_name(text: &str) -> Option<String> {
    let mut rest = text;
    let mut html = false;
    loop {
        rest = &rest[rest.find('<')?..];
        rest = if let Some(inside) = rest.strip_prefix("<!--") {
            &inside[inside.find("-->")?..]
        } else if let Some(inside) = rest.strip_prefix("<?") {
            &inside[inside.find('>')?..]
        } else if let Some(inside) = rest.strip_prefix("<!") {
            let declared = inside.get(..12).unwrap_or_default();
            html |= declared.eq_ignore_ascii_case("doctype html");
            &inside[inside.find('>')?..]
        } else {
            let inside = &rest[1..];
            let end = inside.find(|c: char| c.is_whitespace() || "/>".contains(c))?;
            let name = text::shorten(&inside[..end], 40).to_lowercase();
            let feed = FEED_ROOTS.contains(&name.as_str());
            return Some(if html && !feed { "html".into() } else { name });
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &Shape) {
        assert_eq!(shape(text), *expected, "{text:?}");
    }

    #[test]
    fn the_first_element_decides() {
        check(
            "<?xml version='1.0'?><!-- a < b --><rss version='2.0'>",
            &Shape::Markup,
        );
        check("<rdf:RDF xmlns='x'>", &Shape::Markup);
        check("<feed>", &Shape::Markup);
        check("{\"version\":", &Shape::Json);
        check("<!DOCTYPE html><html>", &Shape::Html);
        check("<!doctype HTML PUBLIC \"-//W3C//DTD\"><p>", &Shape::Html);
        check("<HTML lang=es>", &Shape::Html);
        check("<!DOCTYPE html><rss version='2.0'>", &Shape::Markup);
        check("", &Shape::Empty);
        check("<urlset xmlns='x'>", &Shape::Markup);
        check("Fatal error: no memory", &Shape::Markup);
        check("Notice: x <br /> <rss>", &Shape::Markup);
    }
}
