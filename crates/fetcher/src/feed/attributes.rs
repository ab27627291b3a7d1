//! The attributes of a tag, read when they are asked for.

use std::borrow::Cow;

use super::characters;

/// The attributes of a tag, as pairs of name and value.
pub(super) struct Attributes<'a>(pub(super) &'a str);

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let text = self
            .0
            .trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        let name_end = text.find(|c: char| c.is_whitespace() || c == '=')?;
        let (name, rest) = text.split_at(name_end);
        let rest = rest.trim_start();
        let Some(value) = rest.strip_prefix('=') else {
            self.0 = rest;
            return Some((name, ""));
        };
        let value = value.trim_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, rest) = match quote {
            Some(quote) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
            None => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
        };
        self.0 = rest;
        Some((name, value))
    }
}

/// The value of the attribute of this name, whatever its prefix and its letters' case; empty
/// ones are none.
pub(super) fn value<'a>(attributes: &'a str, name: &str) -> Option<Cow<'a, str>> {
    if attributes.is_empty() {
        return None;
    }
    let is_it = |full: &str| {
        let local = full.rsplit(':').next().unwrap_or(full);
        local.eq_ignore_ascii_case(name) && !full.starts_with("xmlns")
    };
    Attributes(attributes)
        .find(|(full, _)| is_it(full))
        .map(|(_, value)| characters::decode(value.trim()))
        .filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(attributes: &str, name: &str, expected: Option<&str>) {
        assert_eq!(value(attributes, name).as_deref(), expected, "{attributes}");
    }

    #[test]
    fn attributes_are_found_however_they_are_written() {
        check(
            " href='/a?b=1&amp;c=2' rel=\"x\"",
            "href",
            Some("/a?b=1&c=2"),
        );
        check(" HREF = /a rel=self", "href", Some("/a"));
        check(" rdf:about=\"n1\"", "about", Some("n1"));
        check(" xmlns:about='x' selected href='", "about", None);
        check(" selected href='/a", "href", Some("/a"));
        check(" =x ='y' href='/a'", "href", Some("/a"));
        check(" href=''", "href", None);
    }
}
