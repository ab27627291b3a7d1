//! A page as a flat arena of nodes.
//!
//! The tree builder is html5ever's. The arena is ours because its limits are: a tree that grows too
//! deep or too large stops being built, and nothing here or after it recurses.

mod arena;

use html5ever::{
    Attribute, ParseOpts, QualName, parse_document,
    tendril::{StrTendril, TendrilSink},
};

use arena::Arena;

/// Elements inside one another. The tree builder walks up the open elements for many tags, so
/// this bounds its time; news pages stay under 100.
pub(crate) const DEPTH_MAX: u32 = 1000;

/// Nodes of one page; the largest news pages have 50,000.
pub(crate) const NODES_MAX: usize = 1_000_000;

/// Bytes given to the parser between two looks at the limits.
const CHUNK_BYTES: usize = 8192;

/// Index of a node in its arena.
pub(crate) type NodeId = u32;

/// No node.
pub(crate) const NONE: NodeId = NodeId::MAX;

/// A parsed page.
pub(crate) struct Dom {
    nodes: Vec<Node>,
}

/// A node and its neighbours.
pub(crate) struct Node {
    /// The element it stands in, or [`NONE`].
    pub parent: NodeId,
    /// Its first child, or [`NONE`].
    pub first_child: NodeId,
    /// The node after it in the same element, or [`NONE`].
    pub next: NodeId,
    last_child: NodeId,
    previous: NodeId,
    depth: u32,
    /// What it is.
    pub data: Data,
}

/// What a node is.
pub(crate) enum Data {
    /// The root, or the content of a template, or what holds no text.
    Other,
    /// An element.
    Element(Element),
    /// Text.
    Text(StrTendril),
}

/// A tag and its attributes.
pub(crate) struct Element {
    name: QualName,
    attributes: Vec<Attribute>,
}

impl Element {
    /// The tag's name in small letters.
    pub(crate) fn tag(&self) -> &str {
        &self.name.local
    }

    /// The value of an attribute.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let attribute = self.attributes.iter().find(|a| &*a.name.local == name)?;
        Some(&attribute.value)
    }

    /// All attributes, as names and values.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().map(|a| (&*a.name.local, &*a.value))
    }
}

/// The page's tree passes [`DEPTH_MAX`] or [`NODES_MAX`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooDeep;

impl Dom {
    /// Parses a page.
    pub(crate) fn parse(html: &str) -> Result<Self, TooDeep> {
        let mut parser = parse_document(Arena::default(), ParseOpts::default());
        let mut rest = html;
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(rest.floor_char_boundary(CHUNK_BYTES));
            rest = after;
            parser.process(StrTendril::from_slice(chunk));
            let arena = &parser.tokenizer.sink.sink;
            if arena.depth() > DEPTH_MAX || arena.len() > NODES_MAX {
                return Err(TooDeep);
            }
        }
        Ok(parser.finish())
    }

    /// The root.
    pub(crate) const ROOT: NodeId = 0;

    /// A node.
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    /// The element at `id`, if it is one.
    pub(crate) fn element(&self, id: NodeId) -> Option<&Element> {
        match &self.node(id).data {
            Data::Element(element) => Some(element),
            _ => None,
        }
    }

    /// All elements in the order in which the page opened them.
    pub(crate) fn elements(&self) -> impl Iterator<Item = (NodeId, &Element)> {
        self.nodes
            .iter()
            .enumerate()
            .filter_map(|(id, node)| match &node.data {
                Data::Element(element) => Some((id as NodeId, element)),
                _ => None,
            })
    }

    /// The text of a subtree up to `bytes_max`, white space as it stands.
    pub(crate) fn text(&self, root: NodeId, bytes_max: usize) -> String {
        let mut text = String::new();
        let mut steps = 0;
        let mut at = root;
        loop {
            if let Data::Text(piece) = &self.node(at).data {
                text.push_str(piece);
            } else if self
                .element(at)
                .is_some_and(|element| !is_inline(element.tag()))
            {
                text.push(' ');
            }
            steps += 1;
            // Elements without text cost time too.
            if text.len() > bytes_max || steps > bytes_max {
                break;
            }
            match self.following(at, root) {
                Some(next) => at = next,
                None => break,
            }
        }
        text
    }

    /// The node after `at` in document order, inside `root`.
    pub(crate) fn following(&self, at: NodeId, root: NodeId) -> Option<NodeId> {
        let node = self.node(at);
        if node.first_child != NONE {
            return Some(node.first_child);
        }
        let mut up = at;
        while up != root {
            let node = self.node(up);
            if node.next != NONE {
                return Some(node.next);
            }
            up = node.parent;
        }
        None
    }
}

/// Whether a tag runs within a line of text.
pub(crate) fn is_inline(tag: &str) -> bool {
    matches!(
        tag,
        "a" | "abbr"
            | "acronym"
            | "b"
            | "bdi"
            | "bdo"
            | "big"
            | "cite"
            | "code"
            | "data"
            | "dfn"
            | "em"
            | "font"
            | "i"
            | "img"
            | "ins"
            | "kbd"
            | "label"
            | "mark"
            | "nobr"
            | "picture"
            | "q"
            | "ruby"
            | "rt"
            | "s"
            | "samp"
            | "small"
            | "source"
            | "span"
            | "strike"
            | "strong"
            | "sub"
            | "sup"
            | "time"
            | "tt"
            | "u"
            | "var"
            | "wbr"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_runs_in_document_order() {
        let dom = Dom::parse("<p>a<b>b</b><p>c<table>d<tr><td>e").unwrap();
        assert_eq!(
            dom.text(Dom::ROOT, 100)
                .split_whitespace()
                .collect::<Vec<_>>(),
            ["ab", "cd", "e"]
        );
    }

    #[test]
    fn a_tree_too_deep_is_refused() {
        assert!(matches!(Dom::parse(&"<div>".repeat(100_000)), Err(TooDeep)));
        assert!(matches!(
            Dom::parse(&"<b><i>".repeat(100_000)),
            Err(TooDeep)
        ));
        assert!(Dom::parse(&"<div></div>".repeat(100_000)).is_ok());
    }

    #[test]
    fn formatting_that_is_reopened_without_end_is_refused() {
        let fonts: Vec<String> = (0..900).map(|n| format!("<font class={n}>")).collect();
        let page = format!("{}{}", fonts.concat(), "<p>x".repeat(1_000_000));
        assert!(matches!(Dom::parse(&page), Err(TooDeep)));
    }
}
