//! Tags of HTML or XML, read tolerantly and in one pass: enough to find links in a page, addresses
//! in a sitemap, outlines in OPML. It builds no tree, expands no entity and never fails.

/// A tag longer than this is no tag.
const TAG_BYTES_MAX: usize = 16 << 10;

/// More text than this does not follow a tag.
const TEXT_BYTES_MAX: usize = 4 << 10;

/// Elements whose content is not markup.
const RAW: [&[u8]; 2] = [b"script", b"style"];

/// An opening or closing tag.
#[derive(Clone, Copy, Debug)]
pub struct Tag<'a> {
    name: &'a [u8],
    attributes: &'a [u8],
    after: &'a [u8],
    /// Whether it ends an element: `</a>`.
    pub is_closing: bool,
    /// Whether it is an element of its own: `<a/>`.
    pub is_empty: bool,
}

impl Tag<'_> {
    /// Whether this is its name, in large or small letters.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// Whether this is its name behind a prefix or without one: `loc` of `<sm:loc>`.
    pub fn is_local(&self, name: &str) -> bool {
        let local = self.name.rsplit(|byte| *byte == b':').next();
        local.is_some_and(|local| local.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// An attribute's value, decoded and without white space around it; the name is compared
    /// without regard to case.
    pub fn attribute(&self, name: &str) -> Option<String> {
        let mut attributes = Attributes {
            rest: self.attributes,
        };
        let (_, value) =
            attributes.find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()))?;
        Some(unescape(&String::from_utf8_lossy(value)).trim().to_owned())
    }

    /// The text up to the next tag, decoded; what a `CDATA` section holds where there is one.
    pub fn text(&self) -> String {
        let after = self.after.trim_ascii_start();
        let (inside, is_raw) = match after.strip_prefix(b"<![CDATA[") {
            Some(inside) => (up_to(inside, b"]]>").unwrap_or(inside), true),
            None => (up_to(after, b"<").unwrap_or(after), false),
        };
        let text = String::from_utf8_lossy(&inside[..inside.len().min(TEXT_BYTES_MAX)]);
        let text = text.trim();
        if is_raw {
            text.to_owned()
        } else {
            unescape(text)
        }
    }
}

/// The tags of a document, in order; comments, declarations, `CDATA` and scripts are passed over.
#[derive(Clone, Debug)]
pub struct Tags<'a> {
    rest: &'a [u8],
    /// Bytes of the rest up to a `>`, as far as that is known: where there is none for long, it is
    /// looked for once and not from every `<` on.
    end: Option<usize>,
}

impl<'a> Tags<'a> {
    /// The tags of these bytes, in any encoding that contains ASCII.
    pub fn of(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            end: None,
        }
    }

    fn go_on(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes.min(self.rest.len())..];
        self.end = self.end.and_then(|end| end.checked_sub(bytes));
    }

    /// Bytes before the next `>`, which may lie within a quoted value.
    fn next_end(&mut self) -> usize {
        let rest = self.rest;
        let find = || {
            rest.iter()
                .position(|byte| *byte == b'>')
                .unwrap_or(rest.len())
        };
        *self.end.get_or_insert_with(find)
    }

    /// Passes over what begins with `<!` or `<?`.
    fn pass_over_declaration(&mut self) {
        let end: &[u8] = match self.rest {
            rest if rest.starts_with(b"<!--") => b"-->",
            rest if rest.starts_with(b"<![CDATA[") => b"]]>",
            _ => b">",
        };
        let at = find(&self.rest[2..], end);
        self.go_on(at.map_or(self.rest.len(), |at| 2 + at + end.len()));
    }

    /// Reads the tag at the start of the rest and goes behind it; `None` where there is none.
    fn take_tag(&mut self) -> Option<Tag<'a>> {
        let is_closing = self.rest.get(1) == Some(&b'/');
        let start = 1 + usize::from(is_closing);
        let inside = &self.rest[start.min(self.rest.len())..];
        if !inside.first().is_some_and(u8::is_ascii_alphabetic) || self.next_end() > TAG_BYTES_MAX {
            return None;
        }
        let name_ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>');
        let (name, attributes) = inside.split_at(inside.iter().position(name_ends)?);
        let length = tag_length(&attributes[..attributes.len().min(TAG_BYTES_MAX)])?;
        self.go_on(start + name.len() + length + 1);
        let attributes = &attributes[..length];
        Some(Tag {
            name,
            attributes,
            after: self.rest,
            is_closing,
            is_empty: attributes.last() == Some(&b'/'),
        })
    }

    /// Passes over a script's or style sheet's content.
    fn pass_over_raw(&mut self, tag: &Tag<'_>) {
        let raw = RAW.iter().find(|raw| tag.name.eq_ignore_ascii_case(raw));
        let Some(raw) = raw.filter(|_| !tag.is_closing && !tag.is_empty) else {
            return;
        };
        let closes = |at: &[u8]| {
            let name = at.get(2..2 + raw.len());
            at.starts_with(b"</") && name.is_some_and(|name| name.eq_ignore_ascii_case(raw))
        };
        let end = (0..self.rest.len()).find(|at| closes(&self.rest[*at..]));
        self.go_on(end.unwrap_or(self.rest.len()));
    }
}

impl<'a> Iterator for Tags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        loop {
            let at = self.rest.iter().position(|byte| *byte == b'<')?;
            self.go_on(at);
            if matches!(self.rest.get(1), Some(b'!' | b'?')) {
                self.pass_over_declaration();
            } else if let Some(tag) = self.take_tag() {
                self.pass_over_raw(&tag);
                return Some(tag);
            } else {
                self.go_on(1);
            }
        }
    }
}

/// Bytes before the `>` that ends a tag. One inside a quoted value does not; where the quote is
/// never closed it does after all.
fn tag_length(attributes: &[u8]) -> Option<usize> {
    let mut quote = None;
    let mut before = b' ';
    let mut first = None;
    for (at, byte) in attributes.iter().copied().enumerate() {
        match quote {
            Some(open) if byte == open => quote = None,
            None if byte == b'>' => return Some(at),
            None if matches!(byte, b'"' | b'\'') && before == b'=' => quote = Some(byte),
            _ => {}
        }
        if byte == b'>' && first.is_none() {
            first = Some(at);
        }
        if !byte.is_ascii_whitespace() {
            before = byte;
        }
    }
    first
}

/// Names and values between a tag's name and its end.
struct Attributes<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let between = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'=');
        let start = self.rest.iter().position(|byte| !between(byte))?;
        let rest = &self.rest[start..];
        let name_ends = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'=';
        let name_length = rest.iter().position(name_ends).unwrap_or(rest.len());
        let (name, rest) = rest.split_at(name_length);
        let Some(value) = rest.trim_ascii_start().strip_prefix(b"=") else {
            self.rest = rest;
            return Some((name, b""));
        };
        let value = value.trim_ascii_start();
        let (value, rest) = match value.first() {
            Some(quote @ (b'"' | b'\'')) => split_behind(&value[1..], |byte| byte == quote),
            _ => split_behind(value, u8::is_ascii_whitespace),
        };
        self.rest = rest;
        Some((name, value))
    }
}

/// What stands before the first byte that `ends`, and what stands behind it.
fn split_behind(bytes: &[u8], ends: impl Fn(&u8) -> bool) -> (&[u8], &[u8]) {
    match bytes.iter().position(ends) {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, &[]),
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn up_to<'a>(bytes: &'a [u8], what: &[u8]) -> Option<&'a [u8]> {
    Some(&bytes[..find(&bytes[..bytes.len().min(TEXT_BYTES_MAX)], what)?])
}

/// Decodes the references that addresses and names are written with; what is none of them, or is
/// an entity that a document defined for itself, stays as it is.
fn unescape(text: &str) -> String {
    /// `#x10FFFF`.
    const NAME_BYTES_MAX: usize = 8;
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        decoded.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let name = rest
            .bytes()
            .take(NAME_BYTES_MAX + 1)
            .position(|b| b == b';');
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
    let code = match name.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        },
        None => match name {
            "amp" => '&'.into(),
            "lt" => '<'.into(),
            "gt" => '>'.into(),
            "quot" => '"'.into(),
            "apos" => '\''.into(),
            _ => return None,
        },
    };
    char::from_u32(code).filter(|c| !c.is_control())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::*;

    fn first(markup: &str) -> Tag<'_> {
        Tags::of(markup.as_bytes()).next().expect("a tag")
    }

    fn check_attribute(markup: &str, expected: Option<&str>) {
        assert_eq!(
            first(markup).attribute("href").as_deref(),
            expected,
            "{markup}"
        );
    }

    #[test]
    fn attributes_are_read_however_they_are_written() {
        check_attribute("<link rel=alternate href=/rss>", Some("/rss"));
        check_attribute("<LINK HREF = '/a?b=1&amp;c=2' />", Some("/a?b=1&c=2"));
        check_attribute("<link title=\"a > b\" href=\"/x\">", Some("/x"));
        check_attribute("<link\n\thref=\"/x\"/>", Some("/x"));
        check_attribute("<link href=/rss/>", Some("/rss/"));
        check_attribute("<link disabled href=' /x '>", Some("/x"));
        check_attribute("<link data-href='/no'>", None);
        check_attribute("<link href=\"/never-closed>", Some("/never-closed"));
        check_attribute(
            "<link href='/a?x=1&y=&#50;&nada;'>",
            Some("/a?x=1&y=2&nada;"),
        );
    }

    #[test]
    fn what_is_no_markup_is_passed_over() {
        let page = "<!-- <link a> --><![CDATA[<link b>]]><script>'<link c>'</SCRIPT>\
                    <style>p > a {}</style> 1 < 2 <?pi <x?><p></p><br/>";
        let names: Vec<_> = Tags::of(page.as_bytes())
            .map(|tag| {
                (
                    String::from_utf8_lossy(tag.name).into_owned(),
                    tag.is_closing,
                )
            })
            .collect();
        let names: Vec<_> = names
            .iter()
            .map(|(n, closing)| (n.as_str(), *closing))
            .collect();
        assert_eq!(
            names,
            [
                ("script", false),
                ("SCRIPT", true),
                ("style", false),
                ("style", true),
                ("p", false),
                ("p", true),
                ("br", false)
            ]
        );
    }

    #[test]
    fn the_text_behind_a_tag_is_decoded() {
        assert_eq!(
            first("<loc> http://a.test/?b&amp;c </loc>").text(),
            "http://a.test/?b&c"
        );
        assert_eq!(
            first("<loc><![CDATA[http://a.test/&]]></loc>").text(),
            "http://a.test/&"
        );
        assert_eq!(first("<loc>").text(), "");
        assert!(first("<sm:loc>").is_local("loc") && !first("<sm:loc>").is("loc"));
    }

    #[test]
    fn a_hostile_document_takes_linear_time() {
        for piece in [
            "<a b=\"",
            "<a b='>",
            "<",
            "<!--",
            "<![CDATA[",
            "<a ",
            "<script>",
            "&#",
            "<a>",
        ] {
            let document = piece.repeat((1 << 20) / piece.len());
            let start = Instant::now();
            let tags = Tags::of(document.as_bytes());
            let length: usize = tags
                .map(|tag| tag.attribute("b").map_or(1, |b| b.len()))
                .sum();
            assert!(
                start.elapsed() < Duration::from_secs(5),
                "{piece:?} took {:?} for {length}",
                start.elapsed()
            );
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            for tag in Tags::of(&bytes) {
                let _ = (tag.attribute("href"), tag.text());
            }
        }

        #[test]
        fn no_broken_tags_make_it_panic(text in "[<>a/='\"!&;#\\-\\[\\] ]{0,60}") {
            for tag in Tags::of(text.as_bytes()) {
                let _ = (tag.attribute("a"), tag.text());
            }
        }
    }
}
