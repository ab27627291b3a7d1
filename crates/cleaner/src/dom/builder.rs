//! Tags and text to a tree, leniently: the tree construction rules of the HTML standard (§13.2.6)
//! as far as the text of a page depends on them.
//!
//! Kept are the implied html, head, body, table rows and end tags; paragraphs that a block ends;
//! scopes; what is misplaced in a table moving before it; links that overlap blocks. Left out is
//! what a reader of text cannot see: other formatting is not reopened in the next block, and there
//! are no quirks, frames, foreign elements or scripts.

use super::{
    DEPTH_MAX, Data, Dom, Element, NODES_MAX, NONE, Node, NodeId, Tag, TooDeep,
    entities::{Place, decode},
};
use crate::lexer::{ATTRIBUTES_MAX, Lexer, Token};

/// An element whose end tag has not come yet.
#[derive(Clone, Copy)]
struct Open<'a> {
    id: NodeId,
    tag: Tag,
    /// Its name as it is written, which tells unknown elements apart.
    name: &'a str,
}

/// A tree under construction.
pub(super) struct Builder<'a> {
    lexer: Lexer<'a>,
    dom: Dom<'a>,
    /// The open elements, the innermost last; the first is `html`.
    open: Vec<Open<'a>>,
    /// How many of each tag are open, so that most tags need not look.
    count: [u32; Tag::COUNT],
    head: NodeId,
    body: NodeId,
}

impl<'a> Builder<'a> {
    /// A builder of the tree of `page`.
    pub(super) fn new(page: &'a str) -> Self {
        let mut builder = Self {
            lexer: Lexer::new(page),
            dom: Dom {
                nodes: Vec::with_capacity(page.len() / 64),
                attributes: Vec::with_capacity(page.len() / 128),
                linked_data: Vec::new(),
            },
            open: Vec::new(),
            count: [0; Tag::COUNT],
            head: NONE,
            body: NONE,
        };
        builder.add(Data::Root);
        builder.insert_bare(Tag::Html);
        builder
    }

    /// Builds the tree.
    pub(super) fn build(mut self) -> Result<Dom<'a>, TooDeep> {
        while let Some(token) = self.lexer.next() {
            match token {
                Token::Text(text) => self.text(text),
                Token::Start(name) => self.start(Tag::of(name), name),
                Token::End(name) => self.end(Tag::of(name), name),
            }
            if self.open.len() > DEPTH_MAX || self.dom.nodes.len() > NODES_MAX {
                return Err(TooDeep);
            }
        }
        self.dom.linked_data = self.lexer.linked_data;
        Ok(self.dom)
    }

    fn text(&mut self, text: &'a str) {
        let is_blank = text.bytes().all(|b| b.is_ascii_whitespace());
        let in_head =
            self.body == NONE && !self.is_open(Tag::Title) && !self.is_open(Tag::Template);
        if in_head {
            if is_blank {
                return;
            }
            self.open_body();
        }
        let node = self.add(Data::Text(decode(text, Place::Text)));
        if is_blank {
            self.link(self.current().id, node, NONE);
        } else {
            self.place(node);
        }
    }

    fn start(&mut self, tag: Tag, name: &'a str) {
        match tag {
            Tag::Html => return self.add_attributes(self.open[0].id),
            Tag::Head => return self.open_head(),
            Tag::Body => {
                if self.body == NONE {
                    self.open_body();
                }
                return self.add_attributes(self.body);
            }
            Tag::Frameset | Tag::Frame => return,
            _ if self.body != NONE || self.is_open(Tag::Template) => {}
            _ if tag.is_of_head() => self.open_head_again(),
            _ => self.open_body(),
        }
        if self.is_open(Tag::Select) && !self.may_stand_in_select(tag) {
            return;
        }
        self.make_room(tag);
        self.insert(tag, name);
    }

    /// Closes what the start tag of `tag` ends, and opens what it needs around it.
    fn make_room(&mut self, tag: Tag) {
        if tag.ends_paragraph() {
            self.end_within(Tag::P, is_scope_of_p);
        }
        match tag {
            Tag::Li => self.end_item(|at| at == Tag::Li),
            Tag::Dd | Tag::Dt => self.end_item(|at| matches!(at, Tag::Dd | Tag::Dt)),
            Tag::A => self.end_link(),
            Tag::Button | Tag::Nobr => self.end_within(tag, Tag::bounds_scope),
            Tag::Option | Tag::Optgroup | Tag::Rb | Tag::Rp | Tag::Rt => self.end_like(tag),
            Tag::Table => self.end_table_without_cell(),
            Tag::Td | Tag::Th => self.enter_row(),
            Tag::Tr => self.enter_rows(),
            Tag::Tbody | Tag::Thead | Tag::Tfoot | Tag::Caption | Tag::Colgroup => {
                self.enter_table(|_| false);
            }
            _ if tag.heading_level().is_some() && self.current().tag.heading_level().is_some() => {
                self.pop_to(self.open.len() - 1);
            }
            _ => {}
        }
    }

    fn may_stand_in_select(&mut self, tag: Tag) -> bool {
        match tag {
            Tag::Option | Tag::Optgroup | Tag::Hr | Tag::Template => true,
            Tag::Select | Tag::Input => {
                self.end_within(Tag::Select, Tag::bounds_scope);
                tag == Tag::Input
            }
            _ => self.is_open(Tag::Template),
        }
    }

    fn end(&mut self, tag: Tag, name: &'a str) {
        match tag {
            Tag::Html | Tag::Body => return,
            // A lone end tag of these is an empty element.
            Tag::Br => return self.insert_bare(Tag::Br),
            Tag::P if self.body != NONE && self.find(tag, is_scope_of_p).is_none() => {
                return self.place_empty(Tag::P);
            }
            _ => {}
        }
        match tag {
            _ if tag.heading_level().is_some() => self.end_heading(),
            _ if !self.is_open(tag) => {}
            Tag::P => self.end_within(tag, is_scope_of_p),
            Tag::A => self.end_link(),
            Tag::Li => self.end_within(tag, |at| {
                at.bounds_scope() || matches!(at, Tag::Ol | Tag::Ul)
            }),
            Tag::Form => self.end_form(),
            Tag::Td | Tag::Th | Tag::Caption => self.end_within(tag, is_scope_of_table),
            Tag::Template => self.end_within(tag, |_| false),
            _ if tag.is_of_table() => self.end_within(tag, is_scope_of_table),
            _ if tag.is_formatting() => self.end_formatting(tag),
            _ if tag.is_special() || tag == Tag::Dialog => self.end_within(tag, Tag::bounds_scope),
            _ => self.end_ordinary(tag, name),
        }
    }

    /// Closes the innermost `tag`, with all that is open in it, unless `bounds` stands between.
    fn end_within(&mut self, tag: Tag, bounds: impl Fn(Tag) -> bool) {
        if let Some(at) = self.find(tag, bounds) {
            self.pop_to(at);
        }
    }

    /// Closes the innermost element of the name, unless a special one stands between.
    fn end_ordinary(&mut self, tag: Tag, name: &str) {
        for at in (1..self.open.len()).rev() {
            let open = self.open[at];
            if open.tag == tag && (tag != Tag::Other || open.name.eq_ignore_ascii_case(name)) {
                return self.pop_to(at);
            }
            if open.tag.is_special() {
                return;
            }
        }
    }

    /// Closes a heading with any heading's end tag: pages mix up the levels.
    fn end_heading(&mut self) {
        let is_heading = |at: Tag| at.heading_level().is_some();
        if let Some(at) = self.find_any(is_heading, Tag::bounds_scope) {
            self.pop_to(at);
        }
    }

    /// Closes an item that the next one ends; a list inside it ends no item outside.
    fn end_item(&mut self, is_item: impl Fn(Tag) -> bool) {
        let bounds = |at: Tag| at.is_special() && !matches!(at, Tag::Address | Tag::Div | Tag::P);
        if let Some(at) = self.find_any(is_item, bounds) {
            self.pop_to(at);
        }
    }

    /// Closes the option or ruby text that `tag` stands beside.
    fn end_like(&mut self, tag: Tag) {
        let ends = match self.current().tag {
            Tag::Option => matches!(tag, Tag::Option | Tag::Optgroup),
            Tag::Rb | Tag::Rp | Tag::Rt => matches!(tag, Tag::Rb | Tag::Rp | Tag::Rt),
            _ => false,
        };
        if ends {
            self.pop_to(self.open.len() - 1);
        }
        if tag == Tag::Optgroup && self.current().tag == Tag::Optgroup {
            self.pop_to(self.open.len() - 1);
        }
    }

    /// Closes a form; what is open in it stays open.
    fn end_form(&mut self) {
        if let Some(at) = self.find(Tag::Form, Tag::bounds_scope) {
            let inner = &self.open[at + 1..];
            if inner.iter().all(|open| open.tag.has_implied_end()) {
                self.pop_to(at);
            } else {
                self.remove(at);
            }
        }
    }

    /// Closes formatting; blocks that are open in it stay open.
    fn end_formatting(&mut self, tag: Tag) {
        let Some(at) = self.find(tag, is_marker) else {
            return;
        };
        if self.open[at + 1..].iter().any(|open| open.tag.is_special()) {
            self.remove(at);
        } else {
            self.pop_to(at);
        }
    }

    /// Closes an open link. Blocks that are open in it move out and stay open, and what they hold
    /// so far becomes a link in each: what the standard's adoption agency (§13.2.6.4.7) comes to.
    fn end_link(&mut self) {
        let Some(at) = self.find(Tag::A, is_marker) else {
            return;
        };
        let inner = at + 1..self.open.len();
        let link = self.open[at].id;
        let holds_block = self.open[inner.clone()]
            .iter()
            .any(|open| open.tag.is_special());
        let Data::Element(element) = self.dom.node(link).data else {
            return;
        };
        if !holds_block {
            return self.pop_to(at);
        }
        let outermost = self.open[inner.start].id;
        self.detach(outermost);
        let node = self.dom.node(link);
        self.link(node.parent, outermost, node.next);
        for index in inner {
            let block = self.open[index].id;
            let still_open = self.open.get(index + 1).map_or(NONE, |open| open.id);
            let first = self.dom.node(block).first_child;
            if first != NONE && first != still_open {
                let copy = self.add(Data::Element(element));
                self.wrap(block, copy, still_open);
            }
        }
        self.remove(at);
    }

    /// Moves the children of `parent` that stand before `end` into `wrapper`, in their place.
    fn wrap(&mut self, parent: NodeId, wrapper: NodeId, end: NodeId) {
        loop {
            let child = self.dom.node(parent).first_child;
            if child == end || child == NONE {
                break;
            }
            self.detach(child);
            self.link(wrapper, child, NONE);
        }
        // What stood in a table by its rules may have moved before it.
        let end = if end != NONE && self.dom.node(end).parent == parent {
            end
        } else {
            NONE
        };
        self.link(parent, wrapper, end);
    }

    /// Closes a table that a table stands in without a cell around it.
    fn end_table_without_cell(&mut self) {
        self.end_within(Tag::Table, |at| is_cell(at) || at == Tag::Template);
    }

    /// Closes all that is open in the innermost table, up to a part that is `kept`; false outside
    /// of tables.
    fn enter_table(&mut self, kept: impl Fn(Tag) -> bool) -> bool {
        if !self.is_open(Tag::Table) {
            return false;
        }
        let is_part = |at| at == Tag::Table || kept(at);
        let Some(at) = self.find_any(is_part, is_scope_of_table) else {
            return false;
        };
        self.pop_to(at + 1);
        true
    }

    /// Makes room for a row: a group of rows is implied.
    fn enter_rows(&mut self) {
        if self.enter_table(is_rows) && self.current().tag == Tag::Table {
            self.insert_bare(Tag::Tbody);
        }
    }

    /// Makes room for a cell: a row is implied.
    fn enter_row(&mut self) {
        if self.enter_table(|at| at == Tag::Tr || is_rows(at)) && self.current().tag != Tag::Tr {
            self.enter_rows();
            self.insert_bare(Tag::Tr);
        }
    }

    fn open_head(&mut self) {
        if self.head == NONE && self.body == NONE {
            self.insert_bare(Tag::Head);
            self.head = self.current().id;
        }
    }

    /// Opens the head for one of its elements, which some pages place after its end.
    fn open_head_again(&mut self) {
        if self.head == NONE {
            self.open_head();
        } else {
            self.pop_to(1);
            self.push(self.head, Tag::Head, "");
        }
    }

    fn open_body(&mut self) {
        self.pop_to(1);
        self.insert_bare(Tag::Body);
        self.body = self.current().id;
    }

    fn place_empty(&mut self, tag: Tag) {
        self.insert_bare(tag);
        self.pop_to(self.open.len() - 1);
    }

    /// Adds an element that no tag stands for.
    fn insert_bare(&mut self, tag: Tag) {
        let attributes = std::mem::take(&mut self.lexer.attributes);
        self.insert(tag, "");
        self.lexer.attributes = attributes;
    }

    /// Adds an element with the attributes of the last tag and, unless it is void, opens it.
    fn insert(&mut self, tag: Tag, name: &'a str) {
        let start = self.dom.attributes.len() as u32;
        let id = self.add(Data::Element(Element {
            tag,
            attributes_start: start,
            attributes_end: start,
        }));
        self.add_attributes(id);
        if self.open.is_empty() {
            self.link(Dom::ROOT, id, NONE);
        } else if belongs_in_table(tag) {
            self.link(self.current().id, id, NONE);
        } else {
            self.place(id);
        }
        if !tag.is_void() {
            self.push(id, tag, name);
        }
    }

    /// Gives an element the attributes of the last tag; the ones that it has come first.
    fn add_attributes(&mut self, id: NodeId) {
        let attributes = &mut self.dom.attributes;
        let Data::Element(element) = &mut self.dom.nodes[id as usize].data else {
            return;
        };
        if element.attributes_start < element.attributes_end && !self.lexer.attributes.is_empty() {
            // Only html and body, which pages may open twice.
            let before = element.attributes_start as usize..element.attributes_end as usize;
            if before.len() >= ATTRIBUTES_MAX {
                return;
            }
            let before = attributes[before].to_vec();
            element.attributes_start = attributes.len() as u32;
            attributes.extend(before);
        }
        for &(key, value) in &self.lexer.attributes {
            attributes.push((key, decode(value, Place::Attribute)));
        }
        element.attributes_end = attributes.len() as u32;
    }

    /// Appends a node to the current element, or before the table that has no place for it.
    fn place(&mut self, id: NodeId) {
        let current = self.current();
        let table = if current.tag.is_of_table() {
            self.open.iter().rfind(|open| open.tag == Tag::Table)
        } else {
            None
        };
        match table {
            Some(table) => self.link(self.dom.node(table.id).parent, id, table.id),
            None => self.link(current.id, id, NONE),
        }
    }

    fn current(&self) -> Open<'a> {
        self.open[self.open.len() - 1]
    }

    fn is_open(&self, tag: Tag) -> bool {
        self.count[tag as usize] > 0
    }

    /// The innermost open `tag`, unless one that `bounds` stands inside of it.
    fn find(&self, tag: Tag, bounds: impl Fn(Tag) -> bool) -> Option<usize> {
        if self.is_open(tag) {
            self.find_any(|at| at == tag, bounds)
        } else {
            None
        }
    }

    /// The innermost open element that is `wanted`, unless one that `bounds` stands inside of it.
    fn find_any(
        &self,
        wanted: impl Fn(Tag) -> bool,
        bounds: impl Fn(Tag) -> bool,
    ) -> Option<usize> {
        for at in (1..self.open.len()).rev() {
            let tag = self.open[at].tag;
            if wanted(tag) {
                return Some(at);
            }
            if bounds(tag) {
                return None;
            }
        }
        None
    }

    fn push(&mut self, id: NodeId, tag: Tag, name: &'a str) {
        self.open.push(Open { id, tag, name });
        self.count[tag as usize] += 1;
    }

    /// Closes all from the open element at `at` on.
    fn pop_to(&mut self, at: usize) {
        for open in self.open.drain(at..) {
            self.count[open.tag as usize] -= 1;
        }
    }

    /// Takes one element off the open ones.
    fn remove(&mut self, at: usize) {
        let open = self.open.remove(at);
        self.count[open.tag as usize] -= 1;
    }

    fn add(&mut self, data: Data<'a>) -> NodeId {
        self.dom.nodes.push(Node {
            parent: NONE,
            first_child: NONE,
            next: NONE,
            last_child: NONE,
            previous: NONE,
            data,
        });
        (self.dom.nodes.len() - 1) as NodeId
    }

    fn detach(&mut self, id: NodeId) {
        let nodes = &mut self.dom.nodes;
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
        let nodes = &mut self.dom.nodes;
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
}

/// Whether end tags of paragraphs do not reach out of an element.
fn is_scope_of_p(tag: Tag) -> bool {
    tag.bounds_scope() || tag == Tag::Button
}

/// Whether tags of a table's parts do not reach out of an element.
fn is_scope_of_table(tag: Tag) -> bool {
    matches!(tag, Tag::Table | Tag::Template)
}

/// Whether formatting does not reach into an element.
fn is_marker(tag: Tag) -> bool {
    tag.bounds_scope() && tag != Tag::Table
}

fn is_cell(tag: Tag) -> bool {
    matches!(tag, Tag::Td | Tag::Th | Tag::Caption)
}

fn is_rows(tag: Tag) -> bool {
    matches!(tag, Tag::Tbody | Tag::Thead | Tag::Tfoot)
}

/// Whether an element has its place in a table, between the cells too.
fn belongs_in_table(tag: Tag) -> bool {
    match tag {
        Tag::Table => false,
        Tag::Col | Tag::Colgroup | Tag::Template | Tag::Form => true,
        _ => tag.is_of_table() || is_cell(tag),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(dom: &Dom<'_>, id: NodeId) -> String {
        let mut out = match &dom.node(id).data {
            Data::Text(text) => return text.to_string(),
            Data::Root => String::new(),
            Data::Element(element) => format!("{:?}", element.tag).to_lowercase(),
        };
        out.push('(');
        let mut child = dom.node(id).first_child;
        while child != NONE {
            if !out.ends_with('(') {
                out.push(' ');
            }
            out.push_str(&tree(dom, child));
            child = dom.node(child).next;
        }
        out.push(')');
        out
    }

    /// Checks the tree of a page as nested brackets, of its body alone where it has no head.
    #[track_caller]
    fn check(page: &str, expected: &str) {
        let dom = Dom::parse(page).unwrap();
        let all = tree(&dom, Dom::ROOT);
        let body = all
            .strip_prefix("(html(body(")
            .and_then(|all| all.strip_suffix(")))"));
        assert_eq!(body.unwrap_or(&all), expected, "{page}");
    }

    #[test]
    fn head_and_body_are_implied() {
        check(
            "<title>a &amp; b</title><p>c",
            "(html(head(title(a & b)) body(p(c))))",
        );
        check(
            "<head><meta></head> <link><p>c",
            "(html(head(meta() link()) body(p(c))))",
        );
        check(
            "<html><head><body><body>a</body></html>b",
            "(html(head() body(a b)))",
        );
    }

    #[test]
    fn end_tags_are_implied() {
        check("<p>a<p>b<div>c</div>d", "p(a) p(b) div(c) d");
        check(
            "<ul><li>a<li>b<ul><li>c</ul>d</ul>",
            "ul(li(a) li(b ul(li(c)) d))",
        );
        check("<dl><dt>a<dd>b<dt>c</dl>", "dl(dt(a) dd(b) dt(c))");
        check(
            "<select><option>a<option>b</select>c",
            "select(option(a) option(b)) c",
        );
        check("<h2>a<h3>b</h2>c", "h2(a) h3(b) c");
    }

    #[test]
    fn rows_of_a_table_are_implied() {
        let rows = "table(tbody(tr(td(a) td(b)) tr(td(c))))";
        check("<table><td>a<td>b<tr><td>c</table>", rows);
        check("<table><tr><td>a</td><td>b</td></tr><tr><td>c", rows);
        check(
            "<table><tr><td><table><tr><td>a</table>b</table>",
            "table(tbody(tr(td(table(tbody(tr(td(a)))) b))))",
        );
    }

    #[test]
    fn what_is_misplaced_in_a_table_stands_before_it() {
        check(
            "<table>a<div>b</div><tr>c<td>d</table>",
            "a div(b) c table(tbody(tr(td(d))))",
        );
    }

    #[test]
    fn stray_end_tags_are_ignored() {
        check("<div>a</span></section>b</div></div>c", "div(a b) c");
        check("<div><span>a</div>b</span>c", "div(span(a)) b c");
        check(
            "<table><tr><td>a</div></p>b</table>",
            "table(tbody(tr(td(a p() b))))",
        );
        check("<x-a><x-b>a</x-a>b</x-b>c", "other(other(a)) b c");
    }

    #[test]
    fn formatting_may_overlap_blocks() {
        check("<b>a<div>b</b>c</div>d", "b(a div(b c)) d");
        check("<i><b>a</i>b</b>c", "i(b(a)) b c");
    }

    #[test]
    fn a_link_ends_where_the_next_begins() {
        check("<a>a<a>b</a>c", "a(a) a(b) c");
        check(
            "<a><div>a<p>b<a>c</a>d</div>e",
            "a() div(a(a) p(a(b) a(c) d)) e",
        );
        check("<a>a<div>b</a>c</div>d", "a(a) div(a(b) c) d");
        check(
            "<a><table><tr><td><a>b</a>c</table>",
            "a(table(tbody(tr(td(a(b) c)))))",
        );
    }

    #[test]
    fn a_form_may_overlap_blocks() {
        check("<form><div>a</form>b</div>c", "form(div(a b)) c");
    }
}
