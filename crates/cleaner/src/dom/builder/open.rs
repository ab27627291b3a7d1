//! The elements whose end tag has not come yet, and how far other tags reach among them.

use crate::dom::{NodeId, Tag};

/// An element whose end tag has not come yet.
#[derive(Clone, Copy)]
pub(super) struct Open<'a> {
    /// Its node.
    pub id: NodeId,
    /// What it is.
    pub tag: Tag,
    /// Its name as it is written, which tells unknown elements apart.
    pub name: &'a str,
}

/// The open elements, the innermost last; the first is `html`.
pub(super) struct OpenElements<'a> {
    elements: Vec<Open<'a>>,
    /// How many of each tag are open, so that most tags need not look.
    count: [u32; Tag::COUNT],
}

impl<'a> OpenElements<'a> {
    /// No open elements.
    pub(super) fn new() -> Self {
        Self {
            elements: Vec::new(),
            count: [0; Tag::COUNT],
        }
    }

    /// All of them, the outermost first.
    pub(super) fn elements(&self) -> &[Open<'a>] {
        &self.elements
    }

    /// The innermost.
    pub(super) fn current(&self) -> Open<'a> {
        self.elements[self.elements.len() - 1]
    }

    /// Whether a `tag` is open.
    pub(super) fn is_open(&self, tag: Tag) -> bool {
        self.count[tag as usize] > 0
    }

    /// The innermost open `tag`, whatever stands inside of it.
    pub(super) fn innermost(&self, tag: Tag) -> Option<Open<'a>> {
        self.elements.iter().rfind(|open| open.tag == tag).copied()
    }

    /// The index of the innermost open `tag`, unless one that `bounds` stands inside of it.
    pub(super) fn find(&self, tag: Tag, bounds: impl Fn(Tag) -> bool) -> Option<usize> {
        if self.is_open(tag) {
            self.find_any(|at| at == tag, bounds)
        } else {
            None
        }
    }

    /// The index of the innermost open element that is `wanted`, unless one that `bounds` stands inside of it.
    pub(super) fn find_any(
        &self,
        wanted: impl Fn(Tag) -> bool,
        bounds: impl Fn(Tag) -> bool,
    ) -> Option<usize> {
        for at in (1..self.elements.len()).rev() {
            let tag = self.elements[at].tag;
            if wanted(tag) {
                return Some(at);
            }
            if bounds(tag) {
                return None;
            }
        }
        None
    }

    /// Opens an element in the innermost.
    pub(super) fn push(&mut self, id: NodeId, tag: Tag, name: &'a str) {
        self.elements.push(Open { id, tag, name });
        self.count[tag as usize] += 1;
    }

    /// Closes the innermost.
    pub(super) fn pop(&mut self) {
        self.pop_to(self.elements.len() - 1);
    }

    /// Closes all from the open element at `at` on.
    pub(super) fn pop_to(&mut self, at: usize) {
        for open in self.elements.drain(at..) {
            self.count[open.tag as usize] -= 1;
        }
    }

    /// Takes one element off the open ones.
    pub(super) fn remove(&mut self, at: usize) {
        let open = self.elements.remove(at);
        self.count[open.tag as usize] -= 1;
    }
}

/// Whether end tags of paragraphs do not reach out of an element.
pub(super) fn is_scope_of_p(tag: Tag) -> bool {
    tag.bounds_scope() || tag == Tag::Button
}

/// Whether tags of a table's parts do not reach out of an element.
pub(super) fn is_scope_of_table(tag: Tag) -> bool {
    matches!(tag, Tag::Table | Tag::Template)
}

/// Whether formatting does not reach into an element.
pub(super) fn is_marker(tag: Tag) -> bool {
    tag.bounds_scope() && tag != Tag::Table
}

/// Whether an element is a cell of a table, or its caption.
pub(super) fn is_cell(tag: Tag) -> bool {
    matches!(tag, Tag::Td | Tag::Th | Tag::Caption)
}

/// Whether an element is a group of rows.
pub(super) fn is_rows(tag: Tag) -> bool {
    matches!(tag, Tag::Tbody | Tag::Thead | Tag::Tfoot)
}
