//! Markup to plain text, for titles and names.

use std::borrow::Cow;

use super::{characters, mojibake};

/// What stands behind so much markup is no part of a title or a name.
const MARKUP_CHARS_MAX: usize = 10_000;

/// The longest title that is kept: some feeds put the first paragraph there.
const TITLE_CHARS_MAX: usize = 500;

/// The longest name of a feed, a person or a category; a feed's goes with each of its entries.
const NAME_CHARS_MAX: usize = 200;

/// A headline.
pub(super) fn title(markup: &str) -> String {
    cut(&plain(markup), TITLE_CHARS_MAX)
}

/// The name of a feed, a person or a category.
pub(super) fn name(markup: &str) -> String {
    cut(&plain(markup), NAME_CHARS_MAX)
}

/// The first characters, in a string no longer than they are.
fn cut(text: &str, chars_max: usize) -> String {
    shorten(text, chars_max).trim_end().to_owned()
}

/// The text of a piece of markup: tags taken out, characters decoded, white space made single.
fn plain(markup: &str) -> String {
    let markup = shorten(markup, MARKUP_CHARS_MAX);
    let untagged = without_tags(markup);
    let text = characters::decode(&untagged);
    // Before the spaces are made single, since some are halves of letters.
    let repaired = mojibake::repaired(&text);
    let text = repaired.as_deref().unwrap_or(&text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A piece of markup as it was meant, if there is any.
pub(super) fn markup(written: &str) -> Option<String> {
    // Before the trimming, since a space may be half of a letter.
    let repaired = mojibake::repaired(written);
    let markup = repaired.as_deref().unwrap_or(written).trim();
    (!markup.is_empty()).then(|| markup.to_owned())
}

/// The beginning of a text, to be shown.
pub(super) fn start(text: &str) -> &str {
    shorten(text.trim(), 40).trim_end()
}

/// The title of a web page.
pub(super) fn html_title(html: &str) -> String {
    // Small letters in ASCII only, so that offsets are those of the page.
    let lower = html.to_ascii_lowercase();
    let title = lower.find("<title").and_then(|open| {
        let start = open + lower[open..].find('>')? + 1;
        let end = start
            + lower[start..]
                .find("</title")
                .unwrap_or(lower.len() - start);
        Some(plain(&html[start..end]))
    });
    shorten(&title.unwrap_or_default(), 120).to_owned()
}

/// The first `chars_max` characters.
pub(super) fn shorten(text: &str, chars_max: usize) -> &str {
    text.char_indices()
        .nth(chars_max)
        .map_or(text, |(end, _)| &text[..end])
}

/// Takes out what looks like a tag or a comment; a lone `<` stays. Script and style go with what
/// they hold.
fn without_tags(markup: &str) -> Cow<'_, str> {
    if !markup.contains('<') {
        return Cow::Borrowed(markup);
    }
    let mut text = String::with_capacity(markup.len());
    let mut rest = markup;
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open]);
        rest = &rest[open..];
        let tag = rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c));
        if !tag {
            text.push('<');
            rest = &rest[1..];
            continue;
        }
        let Some(end) = rest.find('>') else {
            break;
        };
        rest = after_raw_text(rest, end);
        text.push(' ');
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// What follows the tag that ends at `end`, behind its whole element for script and style.
fn after_raw_text(rest: &str, end: usize) -> &str {
    let behind = &rest[end + 1..];
    let starts = |text: &str, name: &str| {
        text.get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name))
    };
    let Some(name) = ["script", "style"]
        .into_iter()
        .find(|name| starts(&rest[1..], name))
    else {
        return behind;
    };
    let mut ends = behind.match_indices("</").map(|(at, _)| &behind[at + 2..]);
    let end = ends.find(|end| starts(end, name));
    end.and_then(|end| Some(end.split_once('>')?.1))
        .unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(markup: &str, expected: &str) {
        assert_eq!(plain(markup), expected, "{markup:?}");
    }

    #[test]
    fn markup_becomes_text() {
        check("  Ataque   en\n Cali ", "Ataque en Cali");
        check(
            "<b>Capturan</b> a &quot;El&nbsp;Mono&quot;",
            "Capturan a \"El Mono\"",
        );
        check("Bogot&aacute; &#233; &#xF1;", "Bogotá é ñ");
        check(
            "Ley &amp; orden: 3 < 5 & m&aacute",
            "Ley & orden: 3 < 5 & m&aacute",
        );
        check(
            "Uno<script>alert('<b>')</script> dos<style>b{}</style>",
            "Uno dos",
        );
        check("<script>sin fin", "");
        check("a <!-- nota --> b", "a b");
    }

    #[test]
    fn a_page_is_named_by_its_title() {
        assert_eq!(
            html_title("<html><TITLE>Acceso\n denegado</TITLE>"),
            "Acceso denegado"
        );
        assert_eq!(html_title("<html><body>"), "");
        assert_eq!(html_title("<title"), "");
    }
}
