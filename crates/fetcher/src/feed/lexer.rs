//! XML as strangers write it, to tokens: nothing is an error, nothing is copied, and every byte
//! is looked at a bounded number of times.
//!
//! Comments, declarations, processing instructions and document types are passed over, so that
//! no entity is ever defined or expanded. A `<` that begins no markup is text, an end that never
//! comes is the end of the tag's own first `>`.

use memchr::{memchr, memchr_iter, memchr3, memmem};

const CDATA: &str = "<![CDATA[";

/// A piece of a document, as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// The start of an element.
    Open(Tag<'a>),
    /// The end of the element of this name.
    Close(&'a str),
    /// Text with its character references.
    Text(&'a str),
    /// Text that stands for itself.
    Literal(&'a str),
}

/// The start of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// Its name, with the prefix.
    pub(super) name: &'a str,
    /// What stands between the name and the end of the tag.
    pub(super) attributes: &'a str,
    /// Whether it is its own end.
    pub(super) empty: bool,
}

/// Reads tokens off a text.
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    cdata_end: NextEnd,
    comment_end: NextEnd,
    tag_end: NextEnd,
    doctype_seen: bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            cdata_end: NextEnd::new("]]>"),
            comment_end: NextEnd::new("-->"),
            tag_end: NextEnd::new(">"),
            doctype_seen: false,
        }
    }

    /// Where the next token begins.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Goes back to where a token began.
    pub(super) fn rewind(&mut self, at: usize) {
        self.at = at;
    }

    /// The text between two places where tokens begin.
    pub(super) fn between(&self, start: usize, end: usize) -> &'a str {
        &self.text[start..end]
    }

    /// Passes over markup that says nothing; the token that begins there, if it is markup.
    fn markup(&mut self) -> Option<Token<'a>> {
        let rest = &self.text[self.at..];
        match rest.as_bytes().get(1)? {
            b'/' => self.close(rest),
            b'!' if rest.starts_with(CDATA) => Some(self.cdata()),
            b'!' | b'?' => {
                self.at += self.silent_length(rest);
                Some(Token::Literal(""))
            }
            byte if byte.is_ascii_alphabetic() || *byte == b'_' || *byte >= 0x80 => self.open(rest),
            _ => None,
        }
    }

    fn open(&mut self, rest: &'a str) -> Option<Token<'a>> {
        let bytes = rest.as_bytes();
        let is_end = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>' | b'<');
        let name_end = bytes.iter().skip(1).position(is_end)? + 1;
        self.tag_end.after(self.text, self.at)?;
        let (end, stop) = tag_end(rest, name_end)?;
        let inside = rest[name_end..end].trim_ascii_end();
        let attributes = inside.strip_suffix('/');
        self.at += stop;
        Some(Token::Open(Tag {
            name: &rest[1..name_end],
            attributes: attributes.unwrap_or(inside),
            empty: attributes.is_some(),
        }))
    }

    /// A closing tag; one that the end of the document cut is whole enough.
    fn close(&mut self, rest: &'a str) -> Option<Token<'a>> {
        let bytes = &rest.as_bytes()[2..];
        if !bytes
            .first()
            .is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_' || *b >= 0x80)
        {
            return None;
        }
        let end = bytes.iter().position(|b| matches!(b, b'>' | b'<'));
        let end = end.map_or(rest.len(), |end| end + 2);
        self.at += end + usize::from(rest.as_bytes().get(end) == Some(&b'>'));
        let name = rest[2..end].split_ascii_whitespace().next()?;
        Some(Token::Close(name))
    }

    /// A CDATA section. One that is never closed is only its text, and so is one that another
    /// begins in, behind the end of an entry.
    fn cdata(&mut self) -> Token<'a> {
        let start = self.at + CDATA.len();
        let end = self.cdata_end.after(self.text, start);
        let swallows = |end: usize| {
            let inside = &self.text.as_bytes()[start..end];
            memmem::find(inside, CDATA.as_bytes()).is_some_and(|next| {
                let before = &inside[..next];
                memmem::find(before, b"</item")
                    .or_else(|| memmem::find(before, b"</entry"))
                    .is_some()
            })
        };
        match end.filter(|end| !swallows(*end)) {
            Some(end) => {
                self.at = end + "]]>".len();
                Token::Literal(&self.text[start..end])
            }
            None => {
                self.at = start;
                Token::Literal("")
            }
        }
    }

    /// The length of a comment, a declaration, an instruction or a document type.
    fn silent_length(&mut self, rest: &str) -> usize {
        if rest.starts_with("<!--") {
            let end = self.comment_end.after(self.text, self.at + 4);
            return end.map_or(2, |end| end + 3 - self.at);
        }
        let Some(end) = self.tag_end.after(self.text, self.at) else {
            return 2;
        };
        let first = end + 1 - self.at;
        // Only one document type may declare, or many open ones would each be searched for.
        if rest.starts_with("<!") && !std::mem::replace(&mut self.doctype_seen, true) {
            return doctype_length(rest, first);
        }
        first
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let rest = &self.text[self.at..];
            if rest.is_empty() {
                return None;
            }
            // A `<` that begins no markup is the first byte of a text.
            let first = if rest.starts_with('<') {
                match self.markup() {
                    Some(Token::Literal("")) => continue,
                    Some(token) => return Some(token),
                    None => 1,
                }
            } else {
                0
            };
            let length =
                memchr(b'<', &rest.as_bytes()[first..]).map_or(rest.len(), |at| at + first);
            self.at += length;
            return Some(Token::Text(&rest[..length]));
        }
    }
}

/// The next place of a mark that ends something, looked for once.
struct NextEnd {
    mark: &'static str,
    known: Option<(usize, Option<usize>)>,
}

impl NextEnd {
    fn new(mark: &'static str) -> Self {
        Self { mark, known: None }
    }

    /// The first mark at `start` or behind it.
    fn after(&mut self, text: &str, start: usize) -> Option<usize> {
        if let Some((from, found)) = self.known
            && from <= start
            && found.is_none_or(|found| found >= start)
        {
            return found;
        }
        let found = memmem::find(&text.as_bytes()[start..], self.mark.as_bytes());
        let found = found.map(|at| at + start);
        self.known = Some((start, found));
        found
    }
}

/// Where a tag's attributes end, and where the tag does. A `>` within quotes does not count,
/// where the quotes are plausible: closed, with the end of an attribute behind them.
fn tag_end(rest: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = rest.as_bytes();
    let mut at = from;
    loop {
        at += memchr3(b'>', b'"', b'\'', &bytes[at..])?;
        let quote = bytes[at];
        if quote == b'>' {
            return Some((at, at + 1));
        }
        let length = memchr(quote, &bytes[at + 1..]);
        let close = length.map(|length| at + 1 + length);
        let plausible = |close: &usize| {
            let behind = bytes.get(close + 1);
            let ended = behind.is_none_or(|b| b.is_ascii_whitespace() || b"/>?\"'".contains(b));
            ended || memchr(b'<', &bytes[at..*close]).is_none()
        };
        at = match close.filter(plausible) {
            Some(close) => close + 1,
            None => return memchr(b'>', &bytes[at..]).map(|end| (at + end, at + end + 1)),
        };
    }
}

/// The length of a document type with what it declares; `first` is that to its first `>`.
fn doctype_length(rest: &str, first: usize) -> usize {
    let bytes = rest.as_bytes();
    let Some(subset) = memchr(b'[', &bytes[..first]) else {
        return first;
    };
    let closed = |at: usize| {
        let space = bytes[at..].iter().position(|b| !b.is_ascii_whitespace())?;
        (bytes[at + space] == b'>').then_some(at + space + 1)
    };
    memchr_iter(b']', &bytes[subset..])
        .find_map(|at| closed(subset + at + 1))
        .unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tokens of a text, each in one form: `<name attributes>`, `</name>`, text, `[literal]`.
    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let shown = |token| match token {
            Token::Open(tag) => {
                let end = if tag.empty { "/" } else { "" };
                format!("<{}{}{end}>", tag.name, tag.attributes)
            }
            Token::Close(name) => format!("</{name}>"),
            Token::Text(text) => text.to_owned(),
            Token::Literal(text) => format!("[{text}]"),
        };
        let got: Vec<String> = Lexer::new(text).map(shown).collect();
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn sound_xml_is_read() {
        check(
            "<?xml version='1.0'?><a b='c>d'>uno<br/><![CDATA[<dos>]]></a >",
            &["<a b='c>d'>", "uno", "<br/>", "[<dos>]", "</a>"],
        );
        check(
            "<!-- <a> -->x<!DOCTYPE r [<!ENTITY e ']>'>\n]>y",
            &["x", "'>\n]>y"],
        );
        check("<!DOCTYPE rss [<!ENTITY e 'x'>] ><rss>", &["<rss>"]);
    }

    #[test]
    fn what_begins_no_markup_is_text() {
        check("3 < 5 <", &["3 ", "< 5 ", "<"]);
        check("</>", &["</>"]);
        check("<a", &["<a"]);
    }

    #[test]
    fn what_never_ends_swallows_nothing() {
        check(
            "<a b=\"c>uno</a><b d=\"e\">",
            &["<a b=\"c>", "uno", "</a>", "<b d=\"e\">"],
        );
        check("<a><![CDATA[uno</a>", &["<a>", "uno", "</a>"]);
        check(
            "<![CDATA[uno</item><item><![CDATA[dos]]>",
            &["uno", "</item>", "<item>", "[dos]"],
        );
        check("<!-- uno<a>", &["-- uno", "<a>"]);
        check("</feed", &["</feed>"]);
        check("</a<b>", &["</a>", "<b>"]);
    }
}
