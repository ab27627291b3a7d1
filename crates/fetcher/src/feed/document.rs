//! A feed's markup to its entries, in one pass and however it is nested.
//!
//! Only what is on the way to an entry has a structure here: roots, channels, entries. All else
//! is a field, read to its end at once, and what is in a field that says nothing is passed over.

mod capture;

pub(super) use capture::Captured;
use url::Url;

use super::{
    FeedContext, FeedError, FeedKind, ParsedFeed,
    attributes::value,
    draft::{self, Draft},
    front::Front,
    kept::{self, Kept, NewsAt},
    lexer::{Lexer, Tag, Token},
    names::{Element, Field, Namespaces},
    sitemaps, text,
};

/// Reads a document that is markup.
pub(super) fn read(text: &str, context: &FeedContext) -> Result<ParsedFeed, FeedError> {
    let mut reader = Reader::new(text, context);
    while let Some(token) = reader.lexer.next() {
        match token {
            Token::Open(tag) => reader.open(&tag),
            Token::Close(name) => reader.close(name),
            Token::Text(text) | Token::Literal(text) => reader.stray(text),
        }
    }
    reader.finish()
}

struct Reader<'a, 'c> {
    context: &'c FeedContext,
    lexer: Lexer<'a>,
    names: Namespaces<'a>,
    kind: Option<FeedKind>,
    /// What the document begins with, where that is no feed's root.
    preamble: Option<String>,
    /// What relative links are resolved against.
    base: Url,
    front: Front,
    /// The entry that is being read.
    entry: Option<Draft>,
    /// The declarations that stood before it.
    entry_mark: usize,
    entries: Kept,
    /// Whether the outermost element was closed.
    closed: bool,
    /// How many elements lack their end.
    unclosed: usize,
    /// Whether something here was left open: what nobody knows is then no element but a mark.
    slack: bool,
    /// The elements that are open within a field, kept for their memory.
    inside: Vec<&'a str>,
}

impl<'a, 'c> Reader<'a, 'c> {
    fn new(text: &'a str, context: &'c FeedContext) -> Self {
        Self {
            context,
            lexer: Lexer::new(text),
            names: Namespaces::default(),
            kind: None,
            preamble: None,
            base: draft::base(&context.url),
            front: Front::default(),
            entry: None,
            entry_mark: 0,
            entries: Kept::default(),
            closed: false,
            unclosed: 0,
            slack: false,
            inside: Vec::new(),
        }
    }

    /// Text between elements says nothing, unless the document begins with it.
    fn stray(&mut self, text: &str) {
        if self.kind.is_none() && self.preamble.is_none() && !text.trim().is_empty() {
            self.preamble = Some(format!("text `{}`", text::start(text)));
        }
    }

    fn open(&mut self, tag: &Tag<'a>) {
        let mark = self.names.mark();
        self.names.declare(tag);
        let element = self.names.element(tag.name);
        if self.kind.is_none() && !self.begin(element, tag) {
            return;
        }
        match element {
            Element::Root(_) | Element::Channel if tag.empty => self.close(tag.name),
            Element::Root(_) | Element::Channel => self.rebase(tag),
            Element::Group => {}
            _ if self.is_entry(element) => self.begin_entry(tag, mark),
            Element::Field(field, rank) => {
                self.field(field, rank, tag);
                self.names.forget(mark);
            }
            Element::Entry | Element::Address | Element::Other => {
                self.pass_over(tag);
                self.names.forget(mark);
            }
        }
    }

    /// Takes the first root for the feed's; an entry or a channel may stand for one. Whether the
    /// feed has begun.
    fn begin(&mut self, element: Element, tag: &Tag) -> bool {
        self.kind = match element {
            Element::Root(kind) => Some(kind),
            Element::Channel => Some(FeedKind::Rss),
            Element::Entry if self.preamble.is_some() => None,
            Element::Entry if tag.name.to_ascii_lowercase().ends_with("item") => {
                Some(FeedKind::Rss)
            }
            Element::Entry => Some(FeedKind::Atom),
            _ => None,
        };
        if self.kind.is_none() && self.preamble.is_none() {
            self.preamble = Some(format!("`<{}>`", text::start(tag.name)));
        }
        self.kind.is_some()
    }

    fn is_sitemap(&self) -> bool {
        matches!(self.kind, Some(FeedKind::Sitemap | FeedKind::SitemapIndex))
    }

    fn news_at(&self) -> NewsAt {
        if self.is_sitemap() {
            NewsAt::End
        } else {
            NewsAt::Start
        }
    }

    fn is_entry(&self, element: Element) -> bool {
        match element {
            Element::Entry => !self.is_sitemap(),
            Element::Address => self.is_sitemap(),
            _ => false,
        }
    }

    fn rebase(&mut self, tag: &Tag) {
        if let Some(base) =
            value(tag.attributes, "base").and_then(|base| draft::joined(&base, &self.base))
        {
            self.base = base;
        }
    }

    fn begin_entry(&mut self, tag: &Tag<'a>, mark: usize) {
        if self.entry.is_some() {
            self.unclosed += 1;
            self.finish_entry();
        }
        self.slack = false;
        self.entry_mark = mark;
        self.entry = Some(Draft::new(tag, &self.base, self.context.timezone));
        if tag.empty {
            self.finish_entry();
        }
    }

    fn finish_entry(&mut self) {
        let Some(draft) = self.entry.take() else {
            return;
        };
        self.slack = false;
        self.names.forget(self.entry_mark);
        self.entries.push(draft.entry(self.context), self.news_at());
    }

    fn close(&mut self, name: &str) {
        let element = self.names.element(name);
        match element {
            Element::Root(_) => self.close_root(),
            // RDF goes on behind its channel.
            Element::Channel if self.kind == Some(FeedKind::Rss) => self.close_root(),
            _ if self.is_entry(element) => self.finish_entry(),
            _ => {}
        }
    }

    fn close_root(&mut self) {
        if self.entry.is_some() {
            self.unclosed += 1;
            self.finish_entry();
        }
        self.closed |= self.kind.is_some();
    }

    /// Reads a field of the entry, or of the feed where no entry is open.
    fn field(&mut self, field: Field, rank: u8, tag: &Tag<'a>) {
        let Some(captured) = self.capture(field, tag) else {
            return;
        };
        match &mut self.entry {
            Some(draft) if field != Field::Outlet => draft.take(field, rank, &captured),
            _ => self.front.take(field, rank, &captured, &self.base),
        }
    }

    fn finish(mut self) -> Result<ParsedFeed, FeedError> {
        let Some(kind) = self.kind else {
            let what = self.preamble.unwrap_or_else(|| "nothing".to_owned());
            return Err(FeedError::NotAFeed { what });
        };
        // An entry that was cut off is worth its page, where that is known; without it, a later
        // poll would take the whole entry for the one that was seen.
        if self.entry.as_ref().is_some_and(Draft::has_link) {
            self.finish_entry();
        }
        let mut problems = self.problems();
        let title = self.front.title();
        let news_at = self.news_at();
        let (mut entries, left_out) = self.entries.finish(news_at);
        let mut sitemaps = Vec::new();
        if kind == FeedKind::SitemapIndex {
            sitemaps = sitemaps::newest(std::mem::take(&mut entries));
        } else {
            problems.extend(kept::problem(left_out));
        }
        for entry in &mut entries {
            entry.feed_title.clone_from(&title);
        }
        Ok(ParsedFeed {
            kind,
            title,
            entries,
            problems,
            whole: self.closed,
            hints: self.front.hints(),
            hubs: self.front.hubs,
            self_url: self.front.self_url,
            sitemaps,
            site: self.front.site.into_inner(),
        })
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if !self.closed {
            problems.push("read up to the last whole entry: the end is missing".to_owned());
        }
        if let Some(preamble) = &self.preamble {
            problems.push(format!("{preamble} before the feed"));
        }
        if self.unclosed > 0 {
            problems.push(format!("elements without an end: {}", self.unclosed));
        }
        problems
    }
}
