//! Character references, `&amp;` and its kin (HTML standard, §13.2.5.72 and after).

use std::borrow::Cow;

use memchr::memchr;
use web_atoms::{C1_REPLACEMENTS, NAMED_ENTITIES};

/// Bytes of the longest name, `CounterClockwiseContourIntegral;`.
const NAME_BYTES_MAX: usize = 32;

/// Where a reference stands: old addresses hold `&copy=1`, which is none in an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In running text.
    Text,
    /// In the value of an attribute.
    Attribute,
}

/// Replaces the character references of `text`.
pub(super) fn decode(text: &str, place: Place) -> Cow<'_, str> {
    let Some(first) = memchr(b'&', text.as_bytes()) else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..first]);
    let mut rest = &text[first..];
    while let Some(after) = rest.strip_prefix('&') {
        let length = match after.strip_prefix('#') {
            Some(number) => numeric(number, &mut out).map(|length| length + 1),
            None => named(after, place, &mut out),
        };
        if length.is_none() {
            out.push('&');
        }
        let after = &after[length.unwrap_or(0)..];
        let next = memchr(b'&', after.as_bytes()).unwrap_or(after.len());
        out.push_str(&after[..next]);
        rest = &after[next..];
    }
    Cow::Owned(out)
}

/// Reads what stands after `&#`; its length, if it is a number.
fn numeric(text: &str, out: &mut String) -> Option<usize> {
    let (radix, prefix) = if text.starts_with(['x', 'X']) {
        (16, 1)
    } else {
        (10, 0)
    };
    let mut number: u32 = 0;
    let mut end = prefix;
    for digit in text[prefix..].chars().map_while(|c| c.to_digit(radix)) {
        number = number.saturating_mul(radix).saturating_add(digit);
        end += 1;
    }
    if end == prefix {
        return None;
    }
    // The numbers of the C1 controls are read as Windows-1252.
    let replaced = number
        .checked_sub(0x80)
        .and_then(|at| C1_REPLACEMENTS.get(at as usize).copied().flatten());
    let c = replaced.or_else(|| char::from_u32(number).filter(|c| *c != '\0'));
    out.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
    Some(end + usize::from(text[end..].starts_with(';')))
}

/// Reads what stands after `&`; the length of the longest name that it begins with, if any.
fn named(text: &str, place: Place, out: &mut String) -> Option<usize> {
    let bytes = text.as_bytes();
    let letters = bytes
        .iter()
        .take(NAME_BYTES_MAX)
        .take_while(|b| b.is_ascii_alphanumeric())
        .count();
    let closed = letters + usize::from(bytes.get(letters) == Some(&b';'));
    let (length, [first, second]) = (2..=closed).rev().find_map(|length| {
        let &(first, second) = NAMED_ENTITIES.get(&text[..length])?;
        // The table holds the beginnings of names too, as nothing.
        (first != 0).then_some((length, [first, second]))
    })?;
    let open = bytes[length - 1] != b';';
    let goes_on = bytes
        .get(length)
        .is_some_and(|b| *b == b'=' || b.is_ascii_alphanumeric());
    if open && goes_on && place == Place::Attribute {
        return None;
    }
    out.extend(char::from_u32(first));
    out.extend(char::from_u32(second).filter(|c| *c != '\0'));
    Some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, in_text: &str, in_attribute: &str) {
        assert_eq!(decode(text, Place::Text), in_text, "{text}");
        assert_eq!(decode(text, Place::Attribute), in_attribute, "{text}");
    }

    #[test]
    fn named_references_are_read_once() {
        check("se&ntilde;al &amp;amp;", "señal &amp;", "señal &amp;");
        check(
            "a & b &; &nope; &&lt;",
            "a & b &; &nope; &<",
            "a & b &; &nope; &<",
        );
        check("&hellip;&nbsp;&fjlig;", "…\u{A0}fj", "…\u{A0}fj");
    }

    #[test]
    fn old_names_need_no_semicolon() {
        check("a&ntildeo", "año", "a&ntildeo");
        check("?a=1&copy=2", "?a=1©=2", "?a=1&copy=2");
        check("&notit; &amp", "¬it; &", "&notit; &");
    }

    #[test]
    fn numbers_are_characters() {
        check("&#241;&#xF1;&#XF1 &#146;", "ñññ ’", "ñññ ’");
        check(
            "&#0;&#xD800;&#99999999999;",
            "\u{FFFD}\u{FFFD}\u{FFFD}",
            "\u{FFFD}\u{FFFD}\u{FFFD}",
        );
        check("&#;&#x;&#", "&#;&#x;&#", "&#;&#x;&#");
    }
}
