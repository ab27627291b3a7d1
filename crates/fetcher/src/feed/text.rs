//! Markup to plain text, for titles and names.

/// Named characters that Spanish, Portuguese and English titles use; the five of XML among them.
const NAMED: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("aacute", 'á'),
    ("eacute", 'é'),
    ("iacute", 'í'),
    ("oacute", 'ó'),
    ("uacute", 'ú'),
    ("Aacute", 'Á'),
    ("Eacute", 'É'),
    ("Iacute", 'Í'),
    ("Oacute", 'Ó'),
    ("Uacute", 'Ú'),
    ("ntilde", 'ñ'),
    ("Ntilde", 'Ñ'),
    ("uuml", 'ü'),
    ("Uuml", 'Ü'),
    ("ccedil", 'ç'),
    ("Ccedil", 'Ç'),
    ("atilde", 'ã'),
    ("Atilde", 'Ã'),
    ("otilde", 'õ'),
    ("Otilde", 'Õ'),
    ("acirc", 'â'),
    ("Acirc", 'Â'),
    ("ecirc", 'ê'),
    ("Ecirc", 'Ê'),
    ("ocirc", 'ô'),
    ("Ocirc", 'Ô'),
    ("agrave", 'à'),
    ("Agrave", 'À'),
    ("iquest", '¿'),
    ("iexcl", '¡'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("hellip", '…'),
    ("ordm", 'º'),
    ("ordf", 'ª'),
    ("deg", '°'),
    ("euro", '€'),
    ("middot", '·'),
    ("bull", '•'),
];

/// The longest name of a character, with room for `#x10FFFF`.
const NAME_BYTES_MAX: usize = 10;

/// More than this is no title and no name.
const MARKUP_CHARS_MAX: usize = 10_000;

/// The text of a piece of markup: tags taken out, characters decoded, white space made single.
pub(super) fn plain(markup: &str) -> String {
    let text = decode_characters(&without_tags(shorten(markup, MARKUP_CHARS_MAX)));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
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
fn without_tags(markup: &str) -> String {
    let mut text = String::with_capacity(markup.len());
    let mut rest = markup;
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open]);
        rest = &rest[open..];
        let tag = rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c));
        let end = rest.find('>').filter(|_| tag);
        if let Some(end) = end {
            rest = after_raw_text(rest, end);
            text.push(' ');
        } else {
            text.push('<');
            rest = &rest[1..];
        }
    }
    text.push_str(rest);
    text
}

/// What follows the tag that ends at `end`, behind its whole element for script and style.
fn after_raw_text(rest: &str, end: usize) -> &str {
    let inside = rest[1..end].to_ascii_lowercase();
    for (name, closing) in [("script", "</script>"), ("style", "</style>")] {
        if inside.starts_with(name) {
            let body = rest[end..].to_ascii_lowercase();
            return body
                .find(closing)
                .map_or("", |at| &rest[end + at + closing.len()..]);
        }
    }
    &rest[end + 1..]
}

/// Decodes `&amp;`, `&#241;` and `&#xF1;`; what is none of these stays as it is.
fn decode_characters(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        decoded.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let name = rest
            .bytes()
            .take(NAME_BYTES_MAX)
            .position(|byte| byte == b';');
        match name.and_then(|end| Some((character(&rest[..end])?, end))) {
            Some((character, end)) => {
                decoded.push(character);
                rest = &rest[end + 1..];
            }
            None => decoded.push('&'),
        }
    }
    decoded.push_str(rest);
    decoded
}

fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).filter(|c| !c.is_control());
    }
    NAMED
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, character)| *character)
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
