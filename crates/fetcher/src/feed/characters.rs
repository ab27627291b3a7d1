//! Character references to characters: `&amp;`, `&#241;`, `&#xF1;` and the names of HTML, once.

use std::borrow::Cow;

use memchr::memchr;
use web_atoms::{C1_REPLACEMENTS, NAMED_ENTITIES};

/// Bytes of the longest name with its semicolon, `CounterClockwiseContourIntegral;`.
const NAME_BYTES_MAX: usize = 32;

/// Replaces the references of a text that end in a semicolon; others stay, since addresses are
/// full of `&copy=1`.
pub(super) fn decode(text: &str) -> Cow<'_, str> {
    let Some(first) = memchr(b'&', text.as_bytes()) else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..first]);
    let mut rest = &text[first..];
    while let Some(after) = rest.strip_prefix('&') {
        let length = reference(after, &mut out);
        if length == 0 {
            out.push('&');
        }
        let after = &after[length..];
        let next = memchr(b'&', after.as_bytes()).unwrap_or(after.len());
        out.push_str(&after[..next]);
        rest = &after[next..];
    }
    Cow::Owned(out)
}

/// Reads what stands after `&`; its length, 0 where it is no reference.
fn reference(text: &str, out: &mut String) -> usize {
    let start = &text.as_bytes()[..text.len().min(NAME_BYTES_MAX)];
    let Some(end) = memchr(b';', start) else {
        return 0;
    };
    let read = match text[..end].strip_prefix('#') {
        Some(number) => numeric(number).map(|c| out.push(c)),
        None => named(&text[..=end], out),
    };
    read.map_or(0, |()| end + 1)
}

fn numeric(number: &str) -> Option<char> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    // The numbers of the C1 controls are read as windows-1252.
    let replaced = code
        .checked_sub(0x80)
        .and_then(|at| C1_REPLACEMENTS.get(at as usize).copied().flatten());
    let c = replaced.or_else(|| char::from_u32(code))?;
    Some(if c.is_control() { ' ' } else { c })
}

fn named(name: &str, out: &mut String) -> Option<()> {
    let common = match name {
        "amp;" => Some('&'),
        "lt;" => Some('<'),
        "gt;" => Some('>'),
        "quot;" => Some('"'),
        "apos;" => Some('\''),
        _ => None,
    };
    if let Some(c) = common {
        out.push(c);
        return Some(());
    }
    let &(first, second) = NAMED_ENTITIES.get(name)?;
    // The table holds the beginnings of names too, as nothing.
    let first = char::from_u32(first).filter(|c| *c != '\0')?;
    out.push(first);
    out.extend(char::from_u32(second).filter(|c| *c != '\0'));
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(decode(text), expected, "{text}");
    }

    #[test]
    fn references_are_read_once() {
        check("se&ntilde;al &amp;amp;", "señal &amp;");
        check("&#241;&#xF1;&#XF1; &#146;", "ñññ ’");
        check("&hellip;&nbsp;&fjlig;", "…\u{A0}fj");
    }

    #[test]
    fn what_is_no_reference_stays() {
        check(
            "a & b &; &nope; &&lt; m&aacute",
            "a & b &; &nope; &< m&aacute",
        );
        check("/?a=1&copy=2&b=3;", "/?a=1&copy=2&b=3;");
        check("&#xD800;&#99999999999;&#;", "&#xD800;&#99999999999;&#;");
        check("&#0;&#7;", "  ");
    }
}
