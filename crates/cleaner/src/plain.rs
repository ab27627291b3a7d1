//! Small pieces of HTML, as feeds and metadata hold them, to plain text.

use crate::{blocks::Outline, characters::tidy, dom::Dom, vocabulary::Vocabulary};

/// The lines of a piece of HTML; of a piece that is plain text, its own lines.
pub(crate) fn lines(html: &str) -> Vec<String> {
    if !html.contains(['<', '&']) {
        return html
            .lines()
            .map(tidy)
            .filter(|line| !line.is_empty())
            .collect();
    }
    let Ok(dom) = Dom::parse(html) else {
        return Vec::new();
    };
    let blocks = Outline::of(&dom, &mut Vocabulary::new(&dom)).blocks;
    blocks
        .iter()
        .map(|block| tidy(&block.text))
        .filter(|line| !line.is_empty())
        .collect()
}

/// One line of text out of a value that may hold entities or tags, once more encoded than it should be.
pub(crate) fn unescape(value: &str) -> String {
    if value.contains(['<', '&']) {
        lines(value).join(" ")
    } else {
        tidy(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_and_tags_are_read_once() {
        assert_eq!(
            unescape("Dos &quot;heridos&quot; &amp; un muerto"),
            "Dos \"heridos\" & un muerto"
        );
        assert_eq!(unescape("a <b>b</b> &amp;amp; c"), "a b &amp; c");
        assert_eq!(lines("<p>a</p><p>b<br><br>c"), ["a", "b", "c"]);
        assert_eq!(lines("a\n\nb"), ["a", "b"]);
    }
}
