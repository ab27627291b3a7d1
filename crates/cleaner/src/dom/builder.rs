//! Tags and text to a tree, leniently: the tree construction rules of the HTML standard (§13.2.6)
//! as far as the text of a page depends on them.
//!
//! Kept are the implied html, head, body, table rows and end tags; paragraphs that a block ends;
//! scopes; what is misplaced in a table moving before it; links that overlap blocks. Left out is
//! what a reader of text cannot see: other formatting is not reopened in the next block, and there
//! are no quirks, frames, foreign elements or scripts. What a tag closes is in `endings`, and what
//! is open at the moment in `open`.

mod endings;
mod open;

use super::{
    DEPTH_MAX, Data, Dom, Element, NODES_MAX, NONE, NodeId, Tag, TooDeep,
    entities::{Place, decode},
};
use crate::lexer::{ATTRIBUTES_MAX, Lexer, Token};
use open::{OpenElements, is_cell, is_scope_of_p, is_scope_of_table};

/// A tree under construction.
pub(super) struct Builder<'a> {
    lexer: Lexer<'a>,
    dom: Dom<'a>,
    open: OpenElements<'a>,
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
            open: OpenElements::new(),
            head: NONE,
            body: NONE,
        };
        builder.dom.add(Data::Root);
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
            if self.open.elements().len() > DEPTH_MAX || self.dom.nodes.len() > NODES_MAX {
                return Err(TooDeep);
            }
        }
        self.dom.linked_data = self.lexer.linked_data;
        Ok(self.dom)
    }

    fn text(&mut self, text: &'a str) {
        let is_blank = text.bytes().all(|b| b.is_ascii_whitespace());
        let in_head = self.body == NONE
            && !self.open.is_open(Tag::Title)
            && !self.open.is_open(Tag::Template);
        if in_head {
            if is_blank {
                return;
            }
            self.open_body();
        }
        let node = self.dom.add(Data::Text(decode(text, Place::Text)));
        if is_blank {
            self.dom.link(self.open.current().id, node, NONE);
        } else {
            self.place(node);
        }
    }

    fn start(&mut self, tag: Tag, name: &'a str) {
        match tag {
            Tag::Html => return self.add_attributes(self.open.elements()[0].id),
            Tag::Head => return self.open_head(),
            Tag::Body => {
                if self.body == NONE {
                    self.open_body();
                }
                return self.add_attributes(self.body);
            }
            Tag::Frameset | Tag::Frame => return,
            _ if self.body != NONE || self.open.is_open(Tag::Template) => {}
            _ if tag.is_of_head() => self.open_head_again(),
            _ => self.open_body(),
        }
        if self.open.is_open(Tag::Select) && !self.may_stand_in_select(tag) {
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
            _ if tag.heading_level().is_some()
                && self.open.current().tag.heading_level().is_some() =>
            {
                self.open.pop();
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
            _ => self.open.is_open(Tag::Template),
        }
    }

    fn end(&mut self, tag: Tag, name: &'a str) {
        match tag {
            Tag::Html | Tag::Body => return,
            // A lone end tag of these is an empty element.
            Tag::Br => return self.insert_bare(Tag::Br),
            Tag::P if self.body != NONE && self.open.find(tag, is_scope_of_p).is_none() => {
                return self.place_empty(Tag::P);
            }
            _ => {}
        }
        match tag {
            _ if tag.heading_level().is_some() => self.end_heading(),
            _ if !self.open.is_open(tag) => {}
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

    fn open_head(&mut self) {
        if self.head == NONE && self.body == NONE {
            self.insert_bare(Tag::Head);
            self.head = self.open.current().id;
        }
    }

    /// Opens the head for one of its elements, which some pages place after its end.
    fn open_head_again(&mut self) {
        if self.head == NONE {
            self.open_head();
        } else {
            self.open.pop_to(1);
            self.open.push(self.head, Tag::Head, "");
        }
    }

    fn open_body(&mut self) {
        self.open.pop_to(1);
        self.insert_bare(Tag::Body);
        self.body = self.open.current().id;
    }

    fn place_empty(&mut self, tag: Tag) {
        self.insert_bare(tag);
        self.open.pop();
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
        let id = self.dom.add(Data::Element(Element {
            tag,
            attributes_start: start,
            attributes_end: start,
        }));
        self.add_attributes(id);
        if self.open.elements().is_empty() {
            self.dom.link(Dom::ROOT, id, NONE);
        } else if belongs_in_table(tag) {
            self.dom.link(self.open.current().id, id, NONE);
        } else {
            self.place(id);
        }
        if !tag.is_void() {
            self.open.push(id, tag, name);
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
        let current = self.open.current();
        let table = if current.tag.is_of_table() {
            self.open.innermost(Tag::Table)
        } else {
            None
        };
        match table {
            Some(table) => self.dom.link(self.dom.node(table.id).parent, id, table.id),
            None => self.dom.link(current.id, id, NONE),
        }
    }
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
