//! The name of a person, out of what feeds write for one.

use super::{
    characters,
    lexer::{Lexer, Token},
    text,
};

/// The name in `Ana Ruiz`, `a@b.test (Ana Ruiz)`, `Ana Ruiz <a@b.test>` and Atom's
/// `<name>Ana Ruiz</name>`; an address of mail, where there is nothing else.
pub(super) fn name(written: &str) -> Option<String> {
    let (name, email) = parts(written);
    let name = match name {
        Some(name) => text::name(&name),
        None => without_mail(&text::name(written)),
    };
    let name = if name.is_empty() {
        text::name(&email?)
    } else {
        name
    };
    (!name.is_empty()).then_some(name)
}

/// What stands in the elements `name` and `email`.
fn parts(written: &str) -> (Option<String>, Option<String>) {
    let (mut name, mut email) = (None, None);
    let mut slot = None;
    if !written.contains('<') {
        return (name, email);
    }
    for token in Lexer::new(written) {
        match token {
            Token::Open(tag) => {
                slot = match tag.name.rsplit(':').next() {
                    Some("name") => Some(&mut name),
                    Some("email") => Some(&mut email),
                    _ => None,
                };
            }
            Token::Close(_) => slot = None,
            Token::Text(text) => {
                if let Some(slot) = slot.take() {
                    *slot = Some(characters::decode(text.trim()).into_owned());
                }
            }
            Token::Literal(text) => {
                if let Some(slot) = slot.take() {
                    *slot = Some(text.trim().to_owned());
                }
            }
        }
    }
    (name, email)
}

/// A name beside an address of mail, or the address where it stands alone.
fn without_mail(text: &str) -> String {
    if !text.contains('@') {
        return text.to_owned();
    }
    let bracketed = text
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'));
    if let Some((name, _)) = bracketed
        && !name.contains('@')
        && !name.trim().is_empty()
    {
        return name.trim().to_owned();
    }
    let words = text.split(' ').filter(|word| !word.contains('@'));
    let name = words.collect::<Vec<_>>().join(" ");
    if name.chars().any(char::is_alphanumeric) {
        name
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(written: &str, expected: Option<&str>) {
        assert_eq!(name(written).as_deref(), expected, "{written}");
    }

    #[test]
    fn the_name_is_found_beside_the_address() {
        check("Ana Ruiz", Some("Ana Ruiz"));
        check("a@b.test (Ana Ruiz)", Some("Ana Ruiz"));
        check("Ana Ruiz <a@b.test>", Some("Ana Ruiz"));
        check("Redacción “a@b.test”", Some("Redacción"));
        check("a@b.test", Some("a@b.test"));
        check("a@b.test ()", Some("a@b.test ()"));
        check("<b>Ana</b> Ruiz", Some("Ana Ruiz"));
        check(" ", None);
    }

    #[test]
    fn atom_says_which_is_the_name() {
        check(
            "<uri>/ana</uri><name>Ana &amp; Eva</name><email>a@b.test</email>",
            Some("Ana & Eva"),
        );
        check("<name/><email>a@b.test</email>", Some("a@b.test"));
        check("<atom:name><![CDATA[Ana]]></atom:name>", Some("Ana"));
    }
}
