//! A feed that was cut off: what came before the cut is closed properly and read.

/// The end of an entry, and what closes the document after it.
const ENDINGS: [(&str, &str, &str); 3] = [
    ("</item>", "<rss", "</channel></rss>"),
    ("</item>", "<rdf:RDF", "</rdf:RDF>"),
    ("</entry>", "<feed", "</feed>"),
];

/// The document up to its last whole entry, with its outer elements closed; `None` where it has
/// no whole entry.
pub(super) fn close_after_last_entry(text: &str) -> Option<String> {
    let (end, _, closing) = ENDINGS
        .iter()
        .find(|(end, root, _)| text.contains(root) && text.contains(end))?;
    let whole = text.rfind(end)? + end.len();
    Some(format!("{}{closing}", &text[..whole]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(close_after_last_entry(text).as_deref(), expected, "{text}");
    }

    #[test]
    fn the_last_whole_entry_is_the_end() {
        check(
            "<rss><channel><item>1</item><item>2",
            Some("<rss><channel><item>1</item></channel></rss>"),
        );
        check(
            "<feed><entry>1</entry><ent",
            Some("<feed><entry>1</entry></feed>"),
        );
        check("<rss><channel><item>1", None);
    }
}
