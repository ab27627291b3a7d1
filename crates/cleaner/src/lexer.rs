//! A fast first pass over a page: it takes out what holds no text before the parser sees it.
//!
//! Scripts, styles, comments and drawings are most of a news page's bytes. Cutting them here, and
//! every attribute that nothing reads, more than halves the parser's work, and it bounds what a
//! hostile tag can cost: the parser compares each attribute with all others of its tag. The pass
//! follows the tokenization rules of the HTML standard (§13.2.5) as far as they decide where a tag,
//! a comment or a raw text ends. It does not build a tree.

use memchr::{memchr, memchr2, memmem};

/// A page without what holds no text, and the JSON-LD that stood in it.
pub(crate) struct Lexed<'a> {
    /// The reduced page.
    pub html: String,
    /// The contents of `<script type="application/ld+json">`, in document order.
    pub linked_data: Vec<&'a str>,
}

/// Attributes that some later step reads.
const ATTRIBUTES_READ: &[&str] = &[
    "aria-hidden",
    "charset",
    "class",
    "content",
    "data-component",
    "data-qa",
    "data-testid",
    "data-type",
    "datetime",
    "hidden",
    "href",
    "http-equiv",
    "id",
    "itemprop",
    "itemscope",
    "itemtype",
    "lang",
    "name",
    "property",
    "pubdate",
    "rel",
    "role",
    "style",
    "type",
];

/// Attributes kept of one tag.
const ATTRIBUTES_MAX: usize = 16;

/// Bytes of an attribute's value that are kept; a longer one is dropped whole.
const ATTRIBUTE_BYTES_MAX: usize = 4096;

/// Reduces `page`.
pub(crate) fn lex(page: &str) -> Lexed<'_> {
    let mut lexer = Lexer {
        page,
        at: 0,
        out: String::with_capacity(page.len() / 2),
        linked_data: Vec::new(),
        unclosed: Vec::new(),
    };
    while lexer.step() {}
    Lexed {
        html: lexer.out,
        linked_data: lexer.linked_data,
    }
}

struct Lexer<'a> {
    page: &'a str,
    at: usize,
    out: String,
    linked_data: Vec<&'a str>,
    /// Names whose end tag does not come any more, so that it is looked for once only.
    unclosed: Vec<&'static str>,
}

impl<'a> Lexer<'a> {
    /// Copies text up to the next tag and deals with that tag; false at the end of the page.
    fn step(&mut self) -> bool {
        let bytes = self.page.as_bytes();
        let Some(open) = memchr(b'<', &bytes[self.at..]).map(|found| self.at + found) else {
            self.out.push_str(&self.page[self.at..]);
            return false;
        };
        self.out.push_str(&self.page[self.at..open]);
        match bytes.get(open + 1) {
            Some(b'!') => self.declaration(open),
            Some(b'/') if bytes.get(open + 2).is_some_and(u8::is_ascii_alphabetic) => {
                self.end_tag(open);
            }
            Some(b'/' | b'?') => self.skip_past(open, b'>'),
            Some(byte) if byte.is_ascii_alphabetic() => self.start_tag(open),
            _ => {
                self.out.push_str("&lt;");
                self.at = open + 1;
            }
        }
        true
    }

    fn skip_past(&mut self, from: usize, byte: u8) {
        let rest = &self.page.as_bytes()[from..];
        self.at = memchr(byte, rest).map_or(self.page.len(), |found| from + found + 1);
    }

    fn declaration(&mut self, open: usize) {
        let rest = &self.page[open..];
        if let Some(body) = rest.strip_prefix("<!--") {
            // `<!-->` and `<!--->` are whole comments.
            let end = if body.starts_with('>') || body.starts_with("->") {
                memchr(b'>', body.as_bytes()).map(|found| found + 1)
            } else {
                memmem::find(body.as_bytes(), b"-->").map(|found| found + 3)
            };
            self.at = end.map_or(self.page.len(), |end| open + 4 + end);
            return;
        }
        self.skip_past(open, b'>');
        if starts_with_ignore_case(rest.as_bytes(), b"<!doctype") {
            self.out.push_str(&self.page[open..self.at]);
        }
    }

    fn end_tag(&mut self, open: usize) {
        let name = tag_name(self.page, open + 2);
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
        self.skip_past(open, b'>');
    }

    fn start_tag(&mut self, open: usize) {
        let name = tag_name(self.page, open + 1);
        let out_before = self.out.len();
        self.out.push('<');
        self.out.push_str(name);
        let mut is_linked_data = false;
        let self_closing = self.attributes(open + 1 + name.len(), &mut is_linked_data);
        self.out.push('>');
        let Some(raw) = RAW_TEXT.iter().find(|raw| raw.eq_ignore_ascii_case(name)) else {
            return;
        };
        if matches!(*raw, "title" | "textarea") {
            let text = self.raw_text(raw);
            if *raw == "title" {
                self.out.push_str(text);
            }
            return;
        }
        self.out.truncate(out_before);
        if matches!(*raw, "svg" | "math") {
            if !self_closing {
                self.skip_drawing(raw);
            }
            return;
        }
        let text = self.raw_text(raw);
        if is_linked_data {
            self.linked_data.push(text);
        }
        self.skip_past(self.at, b'>');
    }

    /// Takes the text up to the end tag `name`; the rest of the page where there is none.
    fn raw_text(&mut self, name: &str) -> &'a str {
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

    /// Copies the attributes that are read, up to the end of the tag; whether it closes itself.
    fn attributes(&mut self, from: usize, is_linked_data: &mut bool) -> bool {
        let bytes = self.page.as_bytes();
        let mut at = from;
        let mut kept = 0;
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
            let attribute = Attribute::read(self.page, at);
            at = attribute.end;
            if attribute.value.contains("ld+json") {
                *is_linked_data = true;
            }
            if kept < ATTRIBUTES_MAX && attribute.is_read() {
                kept += 1;
                attribute.write(&mut self.out);
            }
        }
    }
}

/// Elements whose content is not markup, or is markup that is never text for a reader.
const RAW_TEXT: &[&str] = &[
    "script", "style", "svg", "math", "noscript", "iframe", "title", "textarea", "noframes",
    "noembed", "xmp",
];

struct Attribute<'a> {
    name: &'a str,
    value: &'a str,
    end: usize,
}

impl<'a> Attribute<'a> {
    fn read(page: &'a str, start: usize) -> Self {
        let bytes = page.as_bytes();
        let ends_name = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'/' | b'>' | b'=');
        // An equals sign in the first place belongs to the name.
        let mut at = start + 1;
        while bytes.get(at).is_some_and(|b| !ends_name(b)) {
            at += 1;
        }
        let name = page.get(start..at).unwrap_or_default();
        let mut equals = at;
        while bytes.get(equals).is_some_and(u8::is_ascii_whitespace) {
            equals += 1;
        }
        if bytes.get(equals) != Some(&b'=') {
            return Self {
                name,
                value: "",
                end: at,
            };
        }
        let mut from = equals + 1;
        while bytes.get(from).is_some_and(u8::is_ascii_whitespace) {
            from += 1;
        }
        let (from, to, end) = match bytes.get(from) {
            Some(quote @ (b'"' | b'\'')) => {
                let from = from + 1;
                let to = memchr(*quote, &bytes[from..]).map_or(page.len(), |found| from + found);
                (from, to, (to + 1).min(page.len()))
            }
            _ => {
                let mut to = from;
                while bytes
                    .get(to)
                    .is_some_and(|b| !b.is_ascii_whitespace() && *b != b'>')
                {
                    to += 1;
                }
                (from, to, to)
            }
        };
        Self {
            name,
            value: page.get(from..to).unwrap_or_default(),
            end,
        }
    }

    fn is_read(&self) -> bool {
        self.value.len() <= ATTRIBUTE_BYTES_MAX
            && ATTRIBUTES_READ
                .iter()
                .any(|read| read.eq_ignore_ascii_case(self.name))
    }

    fn write(&self, out: &mut String) {
        out.push(' ');
        out.push_str(self.name);
        if self.value.is_empty() {
            return;
        }
        let quote = if memchr(b'"', self.value.as_bytes()).is_some() {
            '\''
        } else {
            '"'
        };
        out.push('=');
        out.push(quote);
        if memchr2(b'\'', b'"', self.value.as_bytes()).is_some() && quote == '\'' {
            out.push_str(&self.value.replace('\'', "&#39;"));
        } else {
            out.push_str(self.value);
        }
        out.push(quote);
    }
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

    fn check(page: &str, expected: &str) {
        assert_eq!(lex(page).html, expected, "{page}");
    }

    #[test]
    fn what_holds_no_text_is_cut() {
        check("a<script>if (1 < 2) '</p>'</script >b", "ab");
        check("a<STYLE>p > b {}</style>b<!-- <p> -->c", "abc");
        check("a<svg><path d='M0'/></svg>b<svg/>c", "abc");
        check("<noscript><p>no</p></noscript>x", "x");
        check("a<!-->b<?php echo 1 ?>c</ >d", "abcd");
    }

    #[test]
    fn only_attributes_that_are_read_stay() {
        check(
            r#"<p class="a" onclick='x > y' data-x=1 hidden ID=b>t</p>"#,
            r#"<p class="a" hidden ID="b">t</p>"#,
        );
        check("<p class='say \"hi\"'>", "<p class='say \"hi\"'>");
        check("<a href=/x/y>z", "<a href=\"/x/y\">z");
    }

    #[test]
    fn a_lone_less_than_sign_is_text() {
        check("1 < 2", "1 &lt; 2");
        check("<", "&lt;");
    }

    #[test]
    fn what_is_never_closed_ends_with_the_page() {
        check("a<script>b", "a");
        check("a<!-- b", "a");
        check("a<p class=\"b", "a<p class=\"b\">");
        check("a<svg>b<svg>c", "abc");
    }

    #[test]
    fn linked_data_is_kept_aside() {
        let lexed = lex("<script type=application/ld+json>{\"a\":1}</script><script>x</script>");
        assert_eq!(lexed.linked_data, ["{\"a\":1}"]);
    }

    #[test]
    fn a_tag_of_a_million_attributes_is_cheap() {
        let page = format!("<p {}>text", "class=x id=y ".repeat(500_000));
        assert!(lex(&page).html.len() < 400);
    }
}
