//! What start and end tags close, and what a row or cell of a table needs around it.

use super::{
    Builder,
    open::{is_cell, is_marker, is_rows, is_scope_of_table},
};
use crate::dom::{Data, NONE, NodeId, Tag};

impl Builder<'_> {
    /// Closes the innermost `tag`, with all that is open in it, unless `bounds` stands between.
    pub(super) fn end_within(&mut self, tag: Tag, bounds: impl Fn(Tag) -> bool) {
        if let Some(at) = self.open.find(tag, bounds) {
            self.open.pop_to(at);
        }
    }

    /// Closes the innermost element of the name, unless a special one stands between.
    pub(super) fn end_ordinary(&mut self, tag: Tag, name: &str) {
        for at in (1..self.open.elements().len()).rev() {
            let open = self.open.elements()[at];
            if open.tag == tag && (tag != Tag::Other || open.name.eq_ignore_ascii_case(name)) {
                return self.open.pop_to(at);
            }
            if open.tag.is_special() {
                return;
            }
        }
    }

    /// Closes a heading with any heading's end tag: pages mix up the levels.
    pub(super) fn end_heading(&mut self) {
        let is_heading = |at: Tag| at.heading_level().is_some();
        if let Some(at) = self.open.find_any(is_heading, Tag::bounds_scope) {
            self.open.pop_to(at);
        }
    }

    /// Closes an item that the next one ends; a list inside it ends no item outside.
    pub(super) fn end_item(&mut self, is_item: impl Fn(Tag) -> bool) {
        let bounds = |at: Tag| at.is_special() && !matches!(at, Tag::Address | Tag::Div | Tag::P);
        if let Some(at) = self.open.find_any(is_item, bounds) {
            self.open.pop_to(at);
        }
    }

    /// Closes the option or ruby text that `tag` stands beside.
    pub(super) fn end_like(&mut self, tag: Tag) {
        let ends = match self.open.current().tag {
            Tag::Option => matches!(tag, Tag::Option | Tag::Optgroup),
            Tag::Rb | Tag::Rp | Tag::Rt => matches!(tag, Tag::Rb | Tag::Rp | Tag::Rt),
            _ => false,
        };
        if ends {
            self.open.pop();
        }
        if tag == Tag::Optgroup && self.open.current().tag == Tag::Optgroup {
            self.open.pop();
        }
    }

    /// Closes a form; what is open in it stays open.
    pub(super) fn end_form(&mut self) {
        if let Some(at) = self.open.find(Tag::Form, Tag::bounds_scope) {
            let inner = &self.open.elements()[at + 1..];
            if inner.iter().all(|open| open.tag.has_implied_end()) {
                self.open.pop_to(at);
            } else {
                self.open.remove(at);
            }
        }
    }

    /// Closes formatting; blocks that are open in it stay open.
    pub(super) fn end_formatting(&mut self, tag: Tag) {
        let Some(at) = self.open.find(tag, is_marker) else {
            return;
        };
        if self.open.elements()[at + 1..]
            .iter()
            .any(|open| open.tag.is_special())
        {
            self.open.remove(at);
        } else {
            self.open.pop_to(at);
        }
    }

    /// Closes an open link. Blocks that are open in it move out and stay open, and what they hold
    /// so far becomes a link in each: what the standard's adoption agency (§13.2.6.4.7) comes to.
    pub(super) fn end_link(&mut self) {
        let Some(at) = self.open.find(Tag::A, is_marker) else {
            return;
        };
        let inner = at + 1..self.open.elements().len();
        let link = self.open.elements()[at].id;
        let holds_block = self.open.elements()[inner.clone()]
            .iter()
            .any(|open| open.tag.is_special());
        let Data::Element(element) = self.dom.node(link).data else {
            return;
        };
        if !holds_block {
            return self.open.pop_to(at);
        }
        let outermost = self.open.elements()[inner.start].id;
        self.dom.detach(outermost);
        let node = self.dom.node(link);
        self.dom.link(node.parent, outermost, node.next);
        for index in inner {
            let block = self.open.elements()[index].id;
            let still_open = self
                .open
                .elements()
                .get(index + 1)
                .map_or(NONE, |open| open.id);
            let first = self.dom.node(block).first_child;
            if first != NONE && first != still_open {
                let copy = self.dom.add(Data::Element(element));
                self.wrap(block, copy, still_open);
            }
        }
        self.open.remove(at);
    }

    /// Moves the children of `parent` that stand before `end` into `wrapper`, in their place.
    fn wrap(&mut self, parent: NodeId, wrapper: NodeId, end: NodeId) {
        loop {
            let child = self.dom.node(parent).first_child;
            if child == end || child == NONE {
                break;
            }
            self.dom.detach(child);
            self.dom.link(wrapper, child, NONE);
        }
        // What stood in a table by its rules may have moved before it.
        let end = if end != NONE && self.dom.node(end).parent == parent {
            end
        } else {
            NONE
        };
        self.dom.link(parent, wrapper, end);
    }

    /// Closes a table that a table stands in without a cell around it.
    pub(super) fn end_table_without_cell(&mut self) {
        self.end_within(Tag::Table, |at| is_cell(at) || at == Tag::Template);
    }

    /// Closes all that is open in the innermost table, up to a part that is `kept`; false outside
    /// of tables.
    pub(super) fn enter_table(&mut self, kept: impl Fn(Tag) -> bool) -> bool {
        if !self.open.is_open(Tag::Table) {
            return false;
        }
        let is_part = |at| at == Tag::Table || kept(at);
        let Some(at) = self.open.find_any(is_part, is_scope_of_table) else {
            return false;
        };
        self.open.pop_to(at + 1);
        true
    }

    /// Makes room for a row: a group of rows is implied.
    pub(super) fn enter_rows(&mut self) {
        if self.enter_table(is_rows) && self.open.current().tag == Tag::Table {
            self.insert_bare(Tag::Tbody);
        }
    }

    /// Makes room for a cell: a row is implied.
    pub(super) fn enter_row(&mut self) {
        if self.enter_table(|at| at == Tag::Tr || is_rows(at)) && self.open.current().tag != Tag::Tr
        {
            self.enter_rows();
            self.insert_bare(Tag::Tr);
        }
    }
}
