//! A page as the tags and runs of text that a reader's text is made of.
//!
//! Scripts, styles, comments and drawings are most of a news page's bytes. They are passed over
//! here, with every attribute that nothing reads, so that the tree is built of what is left alone.
//! The pass follows the tokenization rules of the HTML standard (§13.2.5) as far as they decide
//! where a tag, a comment or a raw text ends. Nothing is copied: tokens are slices of the page, and
//! character references in them are not yet replaced.

mod attributes;

use memchr::{memchr, memchr_iter, memmem};

pub(crate) use attributes::Key;
use attributes::Written;

/// A piece of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// Text between two tags.
    Text(&'a str),
    /// A start tag; its attributes are the lexer's.
    Start(&'a str),
    /// An end tag.
    End(&'a str),
}

/// Attributes kept of one tag.
pub(crate) const ATTRIBUTES_MAX: usize = 16;

/// Bytes of an attribute's value that are kept; a longer one is dropped whole.
const ATTRIBUTE_BYTES_MAX: usize = 4096;

/// Reads a page from its beginning to its end.
pub(crate) struct Lexer<'a> {
    page: &'a str,
    at: usize,
    /// The attributes of the last start tag that are read.
    pub attributes: Vec<(Key, &'a str)>,
    /// The contents of `<script type="application/ld+json">`, in document order.
    pub linked_data: Vec<&'a str>,
    /// What follows the start tag of a title.
    title: Option<&'a str>,
    /// Names whose end tag does not come any more, so that it is looked for once only.
    unclosed: Vec<&'static str>,
}

impl<'a> Lexer<'a> {
    /// A lexer at the beginning of `page`.
    pub(crate) fn new(page: &'a str) -> Self {
        Self {
            page,
            at: 0,
            attributes: Vec::new(),
            linked_data: Vec::new(),
            title: None,
            unclosed: Vec::new(),
        }
    }

    /// The next piece of the page; `None` at its end.
    pub(crate) fn next(&mut self) -> Option<Token<'a>> {
        if let Some(text) = self.title.take() {
            return Some(Token::Text(text));
        }
        while self.at < self.page.len() {
            let token = match self.tag_follows(self.at) {
                Some(kind) => self.tag(kind),
                None => Some(self.text()),
            };
            if token.is_some() {
                return token;
            }
        }
        None
    }

    /// The byte after the less-than sign at `at`, if both begin a tag and are no text.
    fn tag_follows(&self, at: usize) -> Option<u8> {
        let bytes = self.page.as_bytes();
        let after = *bytes.get(at + 1)?;
        let is_tag = after.is_ascii_alphabetic() || matches!(after, b'!' | b'/' | b'?');
        (bytes[at] == b'<' && is_tag).then_some(after)
    }

    /// Takes the text up to the next tag.
    fn text(&mut self) -> Token<'a> {
        let start = self.at;
        let rest = &self.page.as_bytes()[start..];
        self.at = memchr_iter(b'<', rest)
            .map(|found| start + found)
            .find(|&at| self.tag_follows(at).is_some())
            .unwrap_or(self.page.len());
        Token::Text(&self.page[start..self.at])
    }

    fn tag(&mut self, kind: u8) -> Option<Token<'a>> {
        let open = self.at;
        match kind {
            b'!' => self.pass_declaration(open),
            b'/' => {
                let name = tag_name(self.page, open + 2);
                self.skip_past(open, b'>');
                let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic());
                return is_name.then_some(Token::End(name));
            }
            b'?' => self.skip_past(open, b'>'),
            _ => return self.start_tag(open),
        }
        None
    }

    fn skip_past(&mut self, from: usize, byte: u8) {
        let rest = &self.page.as_bytes()[from..];
        self.at = memchr(byte, rest).map_or(self.page.len(), |found| from + found + 1);
    }

    fn pass_declaration(&mut self, open: usize) {
        let Some(body) = self.page[open..].strip_prefix("<!--") else {
            return self.skip_past(open, b'>');
        };
        // `<!-->` and `<!--->` are whole comments.
        let end = if body.starts_with('>') || body.starts_with("->") {
            memchr(b'>', body.as_bytes()).map(|found| found + 1)
        } else {
            memmem::find(body.as_bytes(), b"-->").map(|found| found + 3)
        };
        self.at = end.map_or(self.page.len(), |end| open + 4 + end);
    }

    fn start_tag(&mut self, open: usize) -> Option<Token<'a>> {
        let name = tag_name(self.page, open + 1);
        let self_closing = self.read_attributes(open + 1 + name.len());
        let Some(raw) = raw_text(name) else {
            return Some(Token::Start(name));
        };
        if matches!(raw, "svg" | "math") {
            if !self_closing {
                self.skip_drawing(raw);
            }
            return None;
        }
        let tag = &self.page[open..self.at];
        let text = self.take_raw_text(raw);
        if raw == "title" {
            self.title = Some(text);
            return Some(Token::Start(name));
        }
        if raw == "script" && tag.contains("ld+json") {
            self.linked_data.push(text);
        }
        self.skip_past(self.at, b'>');
        None
    }

    /// Takes the text up to the end tag `name`; the rest of the page where there is none.
    fn take_raw_text(&mut self, name: &str) -> &'a str {
        let start = self.at;
        self.at =
            find_end_tag(&self.page[start..], name).map_or(self.page.len(), |found| start + found);
        &self.page[start..self.at]
    }

    fn skip_drawing(&mut self, name: &'static str) {
        if self.unclosed.contains(&name) {
            return;
        }
        match find_end_tag(&self.page[self.at..], name) {
            Some(found) => self.skip_past(self.at + found, b'>'),
            None => self.unclosed.push(name),
        }
    }

    /// Takes the attributes that are read, up to the end of the tag; whether it closes itself.
    fn read_attributes(&mut self, from: usize) -> bool {
        self.attributes.clear();
        let bytes = self.page.as_bytes();
        let mut at = from;
        loop {
            while bytes
                .get(at)
                .is_some_and(|b| b.is_ascii_whitespace() || *b == b'/')
            {
                at += 1;
            }
            match bytes.get(at) {
                None => {
                    self.at = self.page.len();
                    return false;
                }
                Some(b'>') => {
                    self.at = at + 1;
                    return bytes[at - 1] == b'/';
                }
                Some(_) => {}
            }
            let attribute = Written::read(self.page, at);
            at = attribute.end;
            if self.attributes.len() < ATTRIBUTES_MAX
                && attribute.value.len() <= ATTRIBUTE_BYTES_MAX
                && let Some(key) = Key::of(attribute.name)
            {
                self.attributes.push((key, attribute.value));
            }
        }
    }
}

/// Elements whose content is not markup, or is markup that is never text for a reader.
const RAW_TEXT: &[&str] = &[
    "script", "style", "svg", "math", "noscript", "iframe", "title", "textarea", "noframes",
    "noembed", "xmp",
];

/// The name of an element of [`RAW_TEXT`] in small letters.
fn raw_text(name: &str) -> Option<&'static str> {
    // Most names begin otherwise.
    if !matches!(
        name.as_bytes()[0] | 0x20,
        b's' | b'm' | b'n' | b'i' | b't' | b'x'
    ) {
        return None;
    }
    RAW_TEXT
        .iter()
        .copied()
        .find(|raw| raw.eq_ignore_ascii_case(name))
}

fn tag_name(page: &str, start: usize) -> &str {
    let rest = &page.as_bytes()[start..];
    let length = rest
        .iter()
        .position(|b| b.is_ascii_whitespace() || matches!(b, b'/' | b'>'))
        .unwrap_or(rest.len());
    &page[start..start + length]
}

/// Where `</name` begins in `text`, followed by what ends a tag's name.
fn find_end_tag(text: &str, name: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    memmem::find_iter(bytes, b"</").find(|&at| {
        let rest = &bytes[at + 2..];
        starts_with_ignore_case(rest, name.as_bytes())
            && rest
                .get(name.len())
                .is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b'/' | b'>'))
    })
}

fn starts_with_ignore_case(bytes: &[u8], prefix: &[u8]) -> bool {
    bytes
        .get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tokens of a page, written as plain tags.
    fn lex(page: &str) -> (String, Vec<&str>) {
        let mut lexer = Lexer::new(page);
        let mut out = String::new();
        while let Some(token) = lexer.next() {
            match token {
                Token::Text(text) => out.push_str(text),
                Token::End(name) => out.push_str(&format!("</{name}>")),
                Token::Start(name) => {
                    out.push_str(&format!("<{name}"));
                    for (key, value) in &lexer.attributes {
                        out.push_str(&format!(" {key:?}={value}"));
                    }
                    out.push('>');
                }
            }
        }
        (out, lexer.linked_data)
    }

    #[track_caller]
    fn check(page: &str, expected: &str) {
        assert_eq!(lex(page).0, expected, "{page}");
    }

    #[test]
    fn what_holds_no_text_is_passed_over() {
        check("a<script>if (1 < 2) '</p>'</script >b", "ab");
        check("a<STYLE>p > b {}</style>b<!-- <p> -->c", "abc");
        check("a<svg><path d='M0'/></svg>b<svg/>c", "abc");
        check("<noscript><p>no</p></noscript>x", "x");
        check("a<!-->b<?php echo 1 ?>c</ >d", "abcd");
        check(
            "<!doctype html><title>a<b></title>c",
            "<title>a<b></title>c",
        );
    }

    #[test]
    fn only_attributes_that_are_read_are_taken() {
        check(
            r#"<p class="a" onclick='x > y' data-x=1 hidden ID=b>t</p>"#,
            "<p Class=a Hidden= Id=b>t</p>",
        );
        check("<p class='say \"hi\"'>", "<p Class=say \"hi\">");
        check("<a href=/x/y>z", "<a Href=/x/y>z");
    }

    #[test]
    fn a_lone_less_than_sign_is_text() {
        check("1 < 2", "1 < 2");
        check("<", "<");
        check("<<p>", "<<p>");
    }

    #[test]
    fn what_is_never_closed_ends_with_the_page() {
        check("a<script>b", "a");
        check("a<!-- b", "a");
        check("a<p class=\"b", "a<p Class=b>");
        check("a<svg>b<svg>c", "abc");
    }

    #[test]
    fn linked_data_is_kept_aside() {
        let page = "<script type=application/ld+json>{\"a\":1}</script><script>x</script>";
        assert_eq!(lex(page).1, ["{\"a\":1}"]);
    }

    #[test]
    fn a_tag_of_a_million_attributes_is_cheap() {
        let page = format!("<p {}>text", "class=x id=y ".repeat(500_000));
        assert!(lex(&page).0.len() < 400);
    }
}
