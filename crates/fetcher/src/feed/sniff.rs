//! What a document is, by how it begins: the content decides and not the `Content-Type`.

use super::text;

/// What a document looks like.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// XML with a feed's root, or JSON.
    Feed,
    /// Nothing.
    Empty,
    /// A web page.
    Html,
    /// Something else, in the words of a person.
    Other(String),
}

/// Roots that feed-rs reads; names are compared without prefix and in small letters.
const FEED_ROOTS: [&str; 4] = ["rss", "feed", "rdf", "entry"];

/// Elements that open a web page whose `<html>` is missing.
const HTML_ROOTS: [&str; 6] = ["html", "head", "body", "title", "meta", "script"];

/// The shape of a text without leading white space.
pub(super) fn shape(text: &str) -> Shape {
    if text.is_empty() {
        return Shape::Empty;
    }
    if text.starts_with('{') {
        return Shape::Feed;
    }
    let Some(root) = root_name(text) else {
        let start: String = text.chars().take(40).collect();
        return Shape::Other(format!("text `{}`", start.trim_end()));
    };
    let local = root.rsplit(':').next().unwrap_or(&root);
    match local {
        _ if FEED_ROOTS.contains(&local) => Shape::Feed,
        _ if HTML_ROOTS.contains(&local) => Shape::Html,
        _ => Shape::Other(format!("`<{root}>`")),
    }
}

/// The name of the first element, in small letters; `html` where the document type says so.
fn root_name(text: &str) -> Option<String> {
    let mut rest = text;
    loop {
        rest = &rest[rest.find('<')?..];
        rest = if let Some(inside) = rest.strip_prefix("<!--") {
            &inside[inside.find("-->")?..]
        } else if let Some(inside) = rest.strip_prefix("<?") {
            &inside[inside.find('>')?..]
        } else if let Some(inside) = rest.strip_prefix("<!") {
            let declared = inside.get(..12).unwrap_or_default();
            if declared.eq_ignore_ascii_case("doctype html") {
                return Some("html".to_owned());
            }
            &inside[inside.find('>')?..]
        } else {
            let inside = &rest[1..];
            let end = inside.find(|c: char| c.is_whitespace() || "/>".contains(c))?;
            let name = text::shorten(&inside[..end], 40);
            return (!name.is_empty()).then(|| name.to_lowercase());
        };
    }
}

/// The text without its XML declaration.
pub(super) fn without_declaration(text: &str) -> &str {
    match text
        .strip_prefix("<?xml")
        .and_then(|rest| rest.split_once("?>"))
    {
        Some((declaration, rest)) if declaration.len() < 200 => rest.trim_start(),
        _ => text,
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
            &Shape::Feed,
        );
        check("<rdf:RDF xmlns='x'>", &Shape::Feed);
        check("<feed>", &Shape::Feed);
        check("{\"version\":", &Shape::Feed);
        check("<!DOCTYPE html><html>", &Shape::Html);
        check("<!doctype HTML PUBLIC \"-//W3C//DTD\"><p>", &Shape::Html);
        check("<HTML lang=es>", &Shape::Html);
        check("", &Shape::Empty);
        check("<urlset xmlns='x'>", &Shape::Other("`<urlset>`".to_owned()));
        check(
            "Fatal error: no memory",
            &Shape::Other("text `Fatal error: no memory`".to_owned()),
        );
    }

    #[test]
    fn only_the_declaration_goes() {
        assert_eq!(
            without_declaration("<?xml version='1.0' encoding='x'?>\n<rss/>"),
            "<rss/>"
        );
        assert_eq!(without_declaration("<rss/>"), "<rss/>");
    }
}
