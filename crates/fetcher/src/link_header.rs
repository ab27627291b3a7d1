//! `Link` header fields (RFC 8288 §3): several links in one field, quoted parameters, several
//! relations in one `rel`.
//!
//! Targets are given as they stand; the caller resolves them against the address of the answer.

/// One link of a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Link {
    /// Where it leads, perhaps relative to the answer's address.
    pub(crate) target: String,
    /// Its parameters in their order, the names in small letters.
    parameters: Vec<(String, String)>,
}

impl Link {
    /// The first parameter of a name, which counts where a sender repeats it.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let named = |(given, _): &&(String, String)| given == name;
        let (_, value) = self.parameters.iter().find(named)?;
        Some(value)
    }

    /// Whether the link is of this relation. Relations are compared without regard to case.
    pub(crate) fn has_rel(&self, rel: &str) -> bool {
        let mut rels = self.parameter("rel").unwrap_or("").split_ascii_whitespace();
        rels.any(|given| given.eq_ignore_ascii_case(rel))
    }

    /// Whether the link is about another resource than the one that was asked for.
    pub(crate) fn is_about_another(&self) -> bool {
        self.parameter("anchor").is_some()
    }
}

/// The links of one field's value, up to where it cannot be read any more.
pub(crate) fn parse(value: &str) -> Vec<Link> {
    let mut rest = Rest(value);
    let mut links = Vec::new();
    while let Some(link) = rest.link() {
        links.push(link);
    }
    links
}

/// What of a field is still to be read.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    /// `<target>; name=value; …`, after the commas that part it from the link before.
    fn link(&mut self) -> Option<Link> {
        self.skip(|c| is_space(c) || c == ',');
        self.expect('<')?;
        let target = self.until(|c| c == '>').trim().to_owned();
        self.expect('>')?;
        let mut parameters = Vec::new();
        loop {
            self.skip(is_space);
            if self.expect(';').is_none() {
                break;
            }
            parameters.extend(self.parameter());
        }
        // Whatever stands between the last parameter and the next link belongs to neither.
        self.until(|c| c == ',');
        Some(Link { target, parameters })
    }

    /// `name`, `name=token` or `name="quoted"`; none where two semicolons follow each other.
    fn parameter(&mut self) -> Option<(String, String)> {
        self.skip(is_space);
        let name = self.until(|c| is_space(c) || "=;,".contains(c));
        self.skip(is_space);
        let mut value = String::new();
        if self.expect('=').is_some() {
            self.skip(is_space);
            value = match self.expect('"') {
                Some(()) => self.quoted(),
                None => self.until(|c| is_space(c) || ";,".contains(c)).to_owned(),
            };
        }
        (!name.is_empty()).then(|| (name.to_ascii_lowercase(), value))
    }

    /// The text up to the closing quote, escapes resolved.
    fn quoted(&mut self) -> String {
        let mut text = String::new();
        let mut chars = self.0.chars();
        while let Some(c) = chars.next() {
            match c {
                '"' => break,
                '\\' => text.extend(chars.next()),
                c => text.push(c),
            }
        }
        self.0 = chars.as_str();
        text
    }

    fn until(&mut self, ends: impl Fn(char) -> bool) -> &'a str {
        let (taken, rest) = self.0.split_at(self.0.find(ends).unwrap_or(self.0.len()));
        self.0 = rest;
        taken
    }

    fn skip(&mut self, skipped: impl Fn(char) -> bool) {
        self.0 = self.0.trim_start_matches(skipped);
    }

    fn expect(&mut self, expected: char) -> Option<()> {
        self.0 = self.0.strip_prefix(expected)?;
        Some(())
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Checks the targets of a field's links and their `rel`.
    fn check(value: &str, expected: &[(&str, &str)]) {
        let links = parse(value);
        let read: Vec<_> = links
            .iter()
            .map(|link| (link.target.as_str(), link.parameter("rel").unwrap_or("")))
            .collect();
        assert_eq!(read, expected, "{value}");
    }

    #[test]
    fn one_field_holds_several_links() {
        check("</a>; rel=hub", &[("/a", "hub")]);
        check(
            "</a>;rel=\"hub\",</b>;rel=self",
            &[("/a", "hub"), ("/b", "self")],
        );
        check(" , </a> ; rel = hub ,, <b>", &[("/a", "hub"), ("b", "")]);
        check("", &[]);
    }

    #[test]
    fn commas_and_semicolons_inside_a_link_part_nothing() {
        check("</a,b;c>; rel=hub", &[("/a,b;c", "hub")]);
        check(
            r#"</a>; title="uno, dos; \"tres\""; rel=hub, </b>"#,
            &[("/a", "hub"), ("/b", "")],
        );
        let links = parse(r#"</a>; title="uno, \"dos\"""#);
        assert_eq!(links[0].parameter("title"), Some("uno, \"dos\""));
    }

    #[test]
    fn names_are_read_in_any_case_and_the_first_of_a_name_counts() {
        check("</a>; REL=hub; rel=self", &[("/a", "hub")]);
        check("</a>; ; crossorigin; rel=hub", &[("/a", "hub")]);
    }

    #[test]
    fn a_link_may_have_several_relations() {
        let links = parse(r#"</a>; rel="Hub  next""#);
        assert!(links[0].has_rel("hub") && links[0].has_rel("next"));
        assert!(!links[0].has_rel("self") && !links[0].has_rel("hu"));
    }

    #[test]
    fn a_link_about_another_resource_says_so() {
        assert!(parse("</a>; rel=hub; anchor=\"#part\"")[0].is_about_another());
        assert!(!parse("</a>; rel=hub")[0].is_about_another());
    }

    #[test]
    fn a_broken_field_gives_what_stands_before_the_break() {
        check("</a>; rel=hub, b; rel=self", &[("/a", "hub")]);
        check("</a>; rel=hub, </b; rel=self", &[("/a", "hub")]);
        check("</a>; rel=\"hub", &[("/a", "hub")]);
        check(
            "</a> rel=hub, </b>; rel=self",
            &[("/a", ""), ("/b", "self")],
        );
    }

    proptest! {
        #[test]
        fn no_field_is_too_odd(value in "[<>;,=\" \\\\a-c\u{f1}]{0,60}") {
            for link in parse(&value) {
                prop_assert!(link.target.len() <= value.len());
            }
        }

        #[test]
        fn what_is_written_is_read(title in "[ -~]{0,20}") {
            let quoted = title.replace('\\', "\\\\").replace('"', "\\\"");
            let links = parse(&format!("</a>; title=\"{quoted}\"; rel=hub, </b>"));
            prop_assert_eq!(links.len(), 2);
            prop_assert_eq!(links[0].parameter("title"), Some(title.as_str()));
            prop_assert!(links[0].has_rel("hub"));
        }
    }
}
