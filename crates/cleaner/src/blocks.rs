//! A page as the sequence of its blocks of text, each knowing the element that it stands in.
//!
//! The tree is walked once. The blocks of any element are a range of the sequence, so that every
//! later question about an element is a sum over a range.

use crate::{
    dom::{Data, Dom, Element, NONE, NodeId, Tag},
    lexer::Key,
    vocabulary::{Profile, Vocabulary},
};

/// Bytes of text after which an element within it may be part of a sentence.
const SENTENCE_BYTES_MIN: usize = 20;

/// Bytes over which a cell is a text of its own.
const CELL_BYTES_MAX: usize = 200;

/// A run of text between two block-level tags.
#[derive(Debug)]
pub(crate) struct Block {
    /// Its text, white space collapsed.
    pub text: String,
    /// Bytes of it that are links.
    pub link_bytes: usize,
    /// What the innermost element is.
    pub kind: Kind,
    /// The innermost block-level element.
    pub span: usize,
}

/// Kinds of block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A paragraph.
    Paragraph,
    /// A heading and its level.
    Heading(u8),
    /// An item of a list.
    Item,
    /// A row of a table.
    Row,
    /// Text directly in some other element.
    Loose,
}

/// A block-level element and the blocks in it.
#[derive(Debug)]
pub(crate) struct Span {
    /// The span around it; its own index for the outermost.
    pub parent: usize,
    /// Its first block.
    pub first: usize,
    /// One past its last block.
    pub end: usize,
    /// What its names say.
    pub profile: Profile,
    /// Whether it is an `article` or `main` element.
    pub is_article: bool,
    /// Its node.
    pub node: NodeId,
}

/// All blocks and spans, both in document order.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    /// The blocks.
    pub blocks: Vec<Block>,
    /// The spans; the first holds the page.
    pub spans: Vec<Span>,
}

impl Block {
    /// Bytes of the text that are no links.
    pub(crate) fn own_bytes(&self) -> usize {
        self.text.len().saturating_sub(self.link_bytes)
    }

    /// The share of the text that is links, 0 to 1.
    pub(crate) fn link_density(&self) -> f32 {
        if self.text.is_empty() {
            0.0
        } else {
            self.link_bytes.min(self.text.len()) as f32 / self.text.len() as f32
        }
    }

    /// Whether it reads like running text.
    pub(crate) fn is_prose(&self) -> bool {
        let own = self.own_bytes();
        match self.kind {
            Kind::Heading(_) => false,
            _ if self.link_density() > 0.5 => false,
            Kind::Paragraph => own >= 80 || own >= 20 && ends_sentence(&self.text),
            Kind::Item | Kind::Row | Kind::Loose => {
                own >= 100 || own >= 50 && ends_sentence(&self.text)
            }
        }
    }
}

/// Whether a text ends as a sentence does.
pub(crate) fn ends_sentence(text: &str) -> bool {
    let bare = text.trim_end_matches(['"', '\'', '”', '’', '»', ')', ']', ' ']);
    bare.ends_with(['.', '!', '?', '…', ':', '。', '！', '？'])
}

impl Outline {
    /// Walks `dom`.
    pub(crate) fn of<'d>(dom: &'d Dom<'d>, vocabulary: &mut Vocabulary<'d>) -> Self {
        let mut walk = Walk {
            dom,
            outline: Self::default(),
            open: Vec::new(),
            text: String::new(),
            link_bytes: 0,
            links_open: 0,
            vocabulary,
        };
        walk.enter_span(Dom::ROOT, Profile::default(), false);
        walk.run();
        walk.flush();
        let end = walk.outline.blocks.len();
        walk.outline.spans[0].end = end;
        walk.outline
    }
}

struct Walk<'d, 'v> {
    dom: &'d Dom<'d>,
    vocabulary: &'v mut Vocabulary<'d>,
    outline: Outline,
    /// Indexes of the open spans.
    open: Vec<usize>,
    text: String,
    link_bytes: usize,
    links_open: usize,
}

impl<'d> Walk<'d, '_> {
    fn run(&mut self) {
        let mut at = self.dom.node(Dom::ROOT).first_child;
        while at != NONE {
            let goes_in = self.enter(at);
            let node = self.dom.node(at);
            if goes_in && node.first_child != NONE {
                at = node.first_child;
                continue;
            }
            if goes_in {
                self.leave(at);
            }
            at = self.after(at);
        }
    }

    /// The next node that is not inside `at`; leaves the elements that end before it.
    fn after(&mut self, mut at: NodeId) -> NodeId {
        loop {
            let node = self.dom.node(at);
            if node.next != NONE {
                return node.next;
            }
            at = node.parent;
            if at == Dom::ROOT || at == NONE {
                return NONE;
            }
            self.leave(at);
        }
    }

    /// Takes a node in; whether its children are to be walked.
    fn enter(&mut self, id: NodeId) -> bool {
        let dom: &'d Dom<'d> = self.dom;
        match &dom.node(id).data {
            Data::Root => false,
            Data::Text(text) => {
                self.push(text);
                false
            }
            Data::Element(element) => self.enter_element(id, element),
        }
    }

    fn enter_element(&mut self, id: NodeId, element: &Element) -> bool {
        match element.tag {
            Tag::Head
            | Tag::Template
            | Tag::Select
            | Tag::Button
            | Tag::Input
            | Tag::Object
            | Tag::Canvas
            | Tag::Map
            | Tag::AmpAd => return false,
            Tag::Br => {
                self.line_break();
                return false;
            }
            Tag::Hr => {
                self.flush();
                return false;
            }
            Tag::Td | Tag::Th => {
                self.push(" ");
                return true;
            }
            tag if tag.is_inline() => {
                let profile = self.vocabulary.profile(element);
                let is_noise = (profile.noise || profile.caption) && !self.is_in_sentence();
                if (is_noise || profile.hidden) && self.dom.text(id, 200).len() < 200 {
                    return false;
                }
                self.links_open += usize::from(tag == Tag::A);
                return true;
            }
            _ => {}
        }
        self.flush();
        let profile = self.vocabulary.profile(element);
        let is_article = matches!(element.tag, Tag::Article | Tag::Main)
            || self.dom.attribute(element, Key::Role) == Some("main");
        self.enter_span(id, profile, is_article);
        true
    }

    /// Whether the text so far ends within a sentence: what an element's name says of it, its words
    /// are part of it.
    fn is_in_sentence(&self) -> bool {
        let text = self.text.trim_end();
        text.len() >= SENTENCE_BYTES_MIN && !ends_sentence(text) && !text.ends_with('\n')
    }

    fn enter_span(&mut self, node: NodeId, profile: Profile, is_article: bool) {
        let index = self.outline.spans.len();
        let first = self.outline.blocks.len();
        let parent = self.open.last().copied().unwrap_or(index);
        self.outline.spans.push(Span {
            parent,
            first,
            end: first,
            profile,
            is_article,
            node,
        });
        self.open.push(index);
    }

    fn leave(&mut self, id: NodeId) {
        let Some(element) = self.dom.element(id) else {
            return;
        };
        if matches!(element.tag, Tag::Td | Tag::Th) {
            // Cells of a table that lays out the page, not one of figures.
            if self.text.len() > CELL_BYTES_MAX {
                self.flush();
            } else {
                self.push(" ");
            }
            return;
        }
        if element.tag.is_inline() {
            self.links_open = self
                .links_open
                .saturating_sub(usize::from(element.tag == Tag::A));
            return;
        }
        self.flush();
        if let Some(index) = self.open.pop() {
            self.outline.spans[index].end = self.outline.blocks.len();
        }
    }

    fn push(&mut self, text: &str) {
        let before = self.text.len();
        let starts_apart = text.starts_with(|c: char| c.is_ascii_whitespace());
        let mut gap = starts_apart;
        for word in text.split_ascii_whitespace() {
            if gap && !self.text.is_empty() && !self.text.ends_with([' ', '\n']) {
                self.text.push(' ');
            }
            self.text.push_str(word);
            gap = true;
        }
        let ends_apart = text.ends_with(|c: char| c.is_ascii_whitespace());
        if ends_apart && !self.text.is_empty() && !self.text.ends_with([' ', '\n']) {
            self.text.push(' ');
        }
        if self.links_open > 0 {
            self.link_bytes += self.text.len() - before;
        }
    }

    /// Ends the block at a line break that ends a paragraph: the second in a row, or one after a
    /// long line that ends as a sentence does.
    fn line_break(&mut self) {
        let line = self.text.trim_end();
        if self.text.ends_with('\n') || line.len() >= 80 && ends_sentence(line) {
            self.flush();
        } else if line.is_empty() {
            // Else every further break would look at the same spaces again.
            self.text.clear();
        } else {
            self.text.truncate(line.len());
            self.text.push('\n');
        }
    }

    fn flush(&mut self) {
        let text = self.text.trim();
        if !text.is_empty() {
            let span = self.open.last().copied().unwrap_or(0);
            let text = text.replace('\n', " ");
            let kind = self.kind(span);
            self.outline.blocks.push(Block {
                link_bytes: self.link_bytes,
                text,
                kind,
                span,
            });
        }
        self.text.clear();
        self.link_bytes = 0;
    }

    fn kind(&self, span: usize) -> Kind {
        let element = self.dom.element(self.outline.spans[span].node);
        match element.map_or(Tag::Other, |element| element.tag) {
            Tag::P | Tag::Blockquote => Kind::Paragraph,
            Tag::Li | Tag::Dt | Tag::Dd => Kind::Item,
            Tag::Tr => Kind::Row,
            tag => tag.heading_level().map_or(Kind::Loose, Kind::Heading),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(html: &str) -> Outline {
        let dom = Dom::parse(html).unwrap();
        Outline::of(&dom, &mut Vocabulary::new(&dom))
    }

    fn check(html: &str, expected: &[&str]) {
        let outline = outline(html);
        let texts: Vec<&str> = outline
            .blocks
            .iter()
            .map(|block| block.text.as_str())
            .collect();
        assert_eq!(texts, expected, "{html}");
    }

    #[test]
    fn block_level_tags_end_a_block() {
        check(
            "<p>a <b>b</b>c<p>d<div>e<span> f</span></div>g",
            &["a bc", "d", "e f", "g"],
        );
        check("a<br>b<br><br>c<hr>d", &["a b", "c", "d"]);
        check(
            "<ul><li>a<li>b</ul><template>x</template><select><option>y</select>",
            &["a", "b"],
        );
    }

    #[test]
    fn spans_are_ranges_of_blocks() {
        let outline = outline("<main><p>a</p><p>b</p></main><p>c");
        let main = outline.spans.iter().find(|span| span.is_article).unwrap();
        assert_eq!((main.first, main.end), (0, 2));
        assert_eq!((outline.spans[0].first, outline.spans[0].end), (0, 3));
    }

    #[test]
    fn links_are_counted() {
        let outline = outline("<p>see <a href=x>this</a>");
        assert_eq!(outline.blocks[0].link_bytes, 4);
    }
}
