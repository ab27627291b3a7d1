//! A page as a flat arena of nodes that borrow from it.
//!
//! Its limits are our own: a tree that grows too deep or too large stops being built, and nothing
//! here or after it recurses.

mod builder;
mod entities;
mod tag;

use std::borrow::Cow;

pub(crate) use tag::{Tag, pack};

use crate::lexer::Key;
use builder::Builder;

/// Elements inside one another. The tree builder walks up the open elements for some tags, so
/// this bounds its time; news pages stay under 100.
pub(crate) const DEPTH_MAX: usize = 1000;

/// Nodes of one page; the largest news pages have 50,000.
pub(crate) const NODES_MAX: usize = 1_000_000;

/// Index of a node in its arena.
pub(crate) type NodeId = u32;

/// No node.
pub(crate) const NONE: NodeId = NodeId::MAX;

/// A parsed page.
pub(crate) struct Dom<'a> {
    nodes: Vec<Node<'a>>,
    attributes: Vec<(Key, Cow<'a, str>)>,
    /// The contents of `<script type="application/ld+json">`, in document order.
    pub linked_data: Vec<&'a str>,
}

/// A node and its neighbours.
pub(crate) struct Node<'a> {
    /// The element it stands in, or [`NONE`].
    pub parent: NodeId,
    /// Its first child, or [`NONE`].
    pub first_child: NodeId,
    /// The node after it in the same element, or [`NONE`].
    pub next: NodeId,
    last_child: NodeId,
    previous: NodeId,
    /// What it is.
    pub data: Data<'a>,
}

/// What a node is.
pub(crate) enum Data<'a> {
    /// The root.
    Root,
    /// An element.
    Element(Element),
    /// Text.
    Text(Cow<'a, str>),
}

/// A tag and where its attributes are.
#[derive(Clone, Copy)]
pub(crate) struct Element {
    /// The tag.
    pub tag: Tag,
    attributes_start: u32,
    attributes_end: u32,
}

/// The page's tree passes [`DEPTH_MAX`] or [`NODES_MAX`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooDeep;

impl<'a> Dom<'a> {
    /// The root.
    pub(crate) const ROOT: NodeId = 0;

    /// Parses a page.
    pub(crate) fn parse(page: &'a str) -> Result<Self, TooDeep> {
        Builder::new(page).build()
    }

    /// Adds a node that stands nowhere yet.
    fn add(&mut self, data: Data<'a>) -> NodeId {
        self.nodes.push(Node {
            parent: NONE,
            first_child: NONE,
            next: NONE,
            last_child: NONE,
            previous: NONE,
            data,
        });
        (self.nodes.len() - 1) as NodeId
    }

    /// Takes a node with all that is in it from where it stands.
    fn detach(&mut self, id: NodeId) {
        let nodes = &mut self.nodes;
        let node = &mut nodes[id as usize];
        let (parent, previous, next) = (node.parent, node.previous, node.next);
        (node.parent, node.previous, node.next) = (NONE, NONE, NONE);
        match previous {
            NONE => nodes[parent as usize].first_child = next,
            _ => nodes[previous as usize].next = next,
        }
        match next {
            NONE => nodes[parent as usize].last_child = previous,
            _ => nodes[next as usize].previous = previous,
        }
    }

    /// Links a new or detached node into `parent` before `next`, or as its last child.
    fn link(&mut self, parent: NodeId, id: NodeId, next: NodeId) {
        let nodes = &mut self.nodes;
        let previous = match next {
            NONE => nodes[parent as usize].last_child,
            _ => nodes[next as usize].previous,
        };
        let node = &mut nodes[id as usize];
        (node.parent, node.previous, node.next) = (parent, previous, next);
        match previous {
            NONE => nodes[parent as usize].first_child = id,
            _ => nodes[previous as usize].next = id,
        }
        match next {
            NONE => nodes[parent as usize].last_child = id,
            _ => nodes[next as usize].previous = id,
        }
    }

    /// A node.
    pub(crate) fn node(&self, id: NodeId) -> &Node<'a> {
        &self.nodes[id as usize]
    }

    /// The element at `id`, if it is one.
    pub(crate) fn element(&self, id: NodeId) -> Option<&Element> {
        match &self.node(id).data {
            Data::Element(element) => Some(element),
            _ => None,
        }
    }

    /// The attributes of an element, as they are written.
    pub(crate) fn attributes(&self, element: &Element) -> &[(Key, Cow<'a, str>)] {
        &self.attributes[element.attributes_start as usize..element.attributes_end as usize]
    }

    /// The value of an attribute.
    pub(crate) fn attribute(&self, element: &Element, key: Key) -> Option<&str> {
        let mut attributes = self.attributes(element).iter();
        let (_, value) = attributes.find(|(other, _)| *other == key)?;
        Some(value)
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

    /// The text of a subtree, white space as it stands, cut at the first letter past `bytes_max`.
    pub(crate) fn text(&self, root: NodeId, bytes_max: usize) -> String {
        let mut text = String::new();
        let mut steps = 0;
        let mut at = root;
        loop {
            if let Data::Text(piece) = &self.node(at).data {
                // A piece may be as long as the page, and be asked for by each element around it.
                let rest = bytes_max.saturating_sub(text.len()) + 1;
                text.push_str(&piece[..piece.ceil_char_boundary(rest)]);
            } else if self
                .element(at)
                .is_some_and(|element| !element.tag.is_inline())
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
    fn a_tree_too_large_is_refused() {
        let page = "<p>x".repeat(1_000_000);
        assert!(matches!(Dom::parse(&page), Err(TooDeep)));
    }
}
