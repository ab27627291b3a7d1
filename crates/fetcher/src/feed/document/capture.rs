//! The inside of one field: its text, or its markup as it stands, up to where it ends or must
//! have ended.

use std::borrow::Cow;

use super::Reader;
use crate::feed::{
    attributes::value,
    characters,
    lexer::{Lexer, Tag, Token},
    names::{Element, Field},
};

/// How many elements within a field are told apart; deeper ones are only text.
const INSIDE_MAX: usize = 64;

/// A field as it was written.
pub(in crate::feed) struct Captured<'a> {
    /// Its attributes.
    pub(in crate::feed) attributes: &'a str,
    /// Its text with the character references decoded, or its markup as it stands.
    pub(in crate::feed) text: Cow<'a, str>,
}

/// What may be in a field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// Text, and markup that nobody escaped; another field is the end of this one.
    Text,
    /// Whole documents, which no field ends.
    Document,
    /// Elements of its own, which no field ends, and which are not kept.
    Nothing,
}

/// How a field ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    Properly,
    /// Something began or ended that cannot be in it.
    Unclosed,
    /// With the document.
    Cut,
}

impl<'a> Reader<'a, '_> {
    /// Reads a field to its end; `None` where the document was cut within it.
    pub(super) fn capture(&mut self, field: Field, tag: &Tag<'a>) -> Option<Captured<'a>> {
        let document = field == Field::Author || is_document(tag);
        let start = self.lexer.at();
        let inside = if document && !self.slack {
            Inside::Document
        } else {
            Inside::Text
        };
        let (mut text, mut ended) = self.inside(tag, inside);
        if ended != Ended::Properly && inside == Inside::Document {
            self.slack = true;
            self.lexer.rewind(start);
            (text, ended) = self.inside(tag, Inside::Text);
        }
        self.unclosed += usize::from(ended == Ended::Unclosed);
        (ended != Ended::Cut).then_some(Captured {
            attributes: tag.attributes,
            text,
        })
    }

    /// Passes over an element that is not read. One that has no end is only its tag.
    pub(super) fn pass_over(&mut self, tag: &Tag<'a>) {
        if self.slack {
            return;
        }
        let start = self.lexer.at();
        if self.inside(tag, Inside::Nothing).1 != Ended::Properly {
            self.unclosed += 1;
            self.slack = true;
            self.lexer.rewind(start);
        }
    }

    fn inside(&mut self, tag: &Tag<'a>, inside: Inside) -> (Cow<'a, str>, Ended) {
        if tag.empty {
            return (Cow::Borrowed(""), Ended::Properly);
        }
        let start = self.lexer.at();
        let mut open = std::mem::take(&mut self.inside);
        let mut text = Cow::Borrowed("");
        let mut markup = false;
        let (end, ended) = loop {
            let at = self.lexer.at();
            let Some(token) = self.lexer.next() else {
                break (at, Ended::Cut);
            };
            match token {
                Token::Text(_) | Token::Literal(_) if markup || inside == Inside::Nothing => {}
                Token::Text(piece) => append(&mut text, characters::decode(piece)),
                Token::Literal(piece) => append(&mut text, Cow::Borrowed(piece)),
                Token::Open(inner) => {
                    if self.ends_before(&inner, inside, open.is_empty()) {
                        self.lexer.rewind(at);
                        break (at, Ended::Unclosed);
                    }
                    markup = true;
                    if !inner.empty && open.len() < INSIDE_MAX {
                        open.push(inner.name);
                    }
                }
                Token::Close(name) => {
                    let opened = open
                        .iter()
                        .rposition(|open| open.eq_ignore_ascii_case(name));
                    if let Some(depth) = opened {
                        open.truncate(depth);
                    } else if name.eq_ignore_ascii_case(tag.name) {
                        break (at, Ended::Properly);
                    } else if self.ends_around(name) {
                        self.lexer.rewind(at);
                        break (at, Ended::Unclosed);
                    }
                    markup = true;
                }
            }
        };
        open.clear();
        self.inside = open;
        if markup && inside != Inside::Nothing {
            text = unwrapped(self.lexer.between(start, end));
        }
        (text, ended)
    }

    /// Whether an element cannot be within a field: the next entry, or another field.
    fn ends_before(&self, inner: &Tag, inside: Inside, directly: bool) -> bool {
        let element = self.names.element(inner.name);
        match (inside, element) {
            // In a document too: one that is open would be searched again from every entry.
            (_, Element::Entry | Element::Address) => self.is_entry(element),
            (Inside::Document | Inside::Nothing, _) => false,
            // Pages have a title, links and summaries of their own, but no guid and no dates.
            (_, Element::Field(Field::Guid | Field::Published | Field::Updated, _)) => true,
            (_, Element::Field(..)) => directly || self.slack,
            _ => false,
        }
    }

    /// Whether the end of this element is the end of all that is in it.
    fn ends_around(&self, name: &str) -> bool {
        let element = self.names.element(name);
        matches!(element, Element::Root(_) | Element::Channel) || self.is_entry(element)
    }
}

/// Whether a field says that it holds XML.
fn is_document(tag: &Tag) -> bool {
    let says = |name, word: &str| {
        value(tag.attributes, name).is_some_and(|value| value.to_ascii_lowercase().ends_with(word))
    };
    says("type", "xhtml") || says("type", "xml") || says("mode", "xml")
}

fn append<'a>(text: &mut Cow<'a, str>, piece: Cow<'a, str>) {
    if text.trim().is_empty() {
        *text = piece;
    } else {
        text.to_mut().push_str(&piece);
    }
}

/// Markup with the marks of its CDATA sections taken off.
fn unwrapped(markup: &str) -> Cow<'_, str> {
    if !markup.contains("<![CDATA[") {
        return Cow::Borrowed(markup);
    }
    let mut lexer = Lexer::new(markup);
    let mut out = String::with_capacity(markup.len());
    loop {
        let start = lexer.at();
        match lexer.next() {
            Some(Token::Text(text) | Token::Literal(text)) => out.push_str(text),
            Some(_) => out.push_str(lexer.between(start, lexer.at())),
            None => return Cow::Owned(out),
        }
    }
}
