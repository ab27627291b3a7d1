//! The paths of rules and of addresses, written in one way so that they can be compared
//! (RFC 9309 §2.2.2 and §2.2.3).

use std::fmt;

/// How much of an address is compared with rules. No real address comes near it, and it bounds
/// what one file's worth of rules can cost.
const PATH_BYTES_MAX: usize = 8 << 10;

/// The path of a rule: a prefix in which `*` stands for anything and a last `$` for the end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pattern {
    /// Without the `$`.
    glob: Box<str>,
    /// Whether there was a `$`.
    ends: bool,
}

/// The path and query of an address.
#[derive(Debug)]
pub(super) struct Path {
    text: String,
    /// Whether the rest of it is left out.
    cut: bool,
}

impl Pattern {
    /// Reads a rule's value; `None` where it can match nothing or, being empty, says nothing.
    pub(super) fn new(value: &[u8]) -> Option<Self> {
        if !matches!(value.first(), Some(b'/' | b'*')) {
            return None;
        }
        let (value, ends) = match value.strip_suffix(b"$") {
            Some(value) => (value, true),
            None => (value, false),
        };
        Some(Self {
            glob: normalise(value, Star::Wildcard).into(),
            ends,
        })
    }

    /// The folder whose index page this names: `/a/$` of `/a/index.html`. Who allows the one
    /// means the other, as Google reads it.
    pub(super) fn folder_of_index(&self) -> Option<Self> {
        let (folder, page) = self.glob.rsplit_once('/')?;
        page.starts_with("index.htm").then(|| Self {
            glob: format!("{folder}/").into(),
            ends: true,
        })
    }

    /// How long it is: of the rules that match, the longest decides.
    pub(super) fn octets(&self) -> usize {
        self.glob.len() + usize::from(self.ends)
    }

    /// Whether it matches. Takes time in proportion to both lengths together: the part after a
    /// `*` need only be looked for where it comes first, since whatever follows a later place
    /// follows the first one too.
    pub(super) fn matches(&self, path: &Path) -> bool {
        if self.ends && path.cut {
            return false;
        }
        let Some((head, last)) = self.glob.rsplit_once('*') else {
            return if self.ends {
                *path.text == *self.glob
            } else {
                path.text.starts_with(&*self.glob)
            };
        };
        let mut parts = head.split('*');
        let first = parts.next().unwrap_or_default();
        let rest = path.text.strip_prefix(first);
        let rest = parts.try_fold(rest, |rest, part| {
            let rest = rest?;
            let at = rest.find(part)?;
            Some(Some(&rest[at + part.len()..]))
        });
        match rest.flatten() {
            Some(rest) if self.ends => rest.ends_with(last),
            Some(rest) => rest.contains(last),
            None => false,
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.glob)?;
        f.write_str(if self.ends { "$" } else { "" })
    }
}

impl Path {
    /// The path and query of an address, as they go over the wire.
    pub(super) fn of(whole: &str) -> Self {
        let part = &whole.as_bytes()[..whole.len().min(PATH_BYTES_MAX)];
        Self {
            text: normalise(part, Star::Literal),
            cut: part.len() < whole.len(),
        }
    }
}

/// What a `*` is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Star {
    Wildcard,
    Literal,
}

/// Writes a path in the one way in which paths are compared: unreserved characters as they are,
/// reserved ones as they came, everything else percent-encoded.
fn normalise(bytes: &[u8], star: Star) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'%' => match hex_pair(after) {
                Some(decoded) => {
                    rest = &after[2..];
                    if is_unreserved(decoded) {
                        text.push(decoded.into());
                    } else {
                        push_encoded(&mut text, decoded);
                    }
                }
                None => push_encoded(&mut text, b'%'),
            },
            b'*' if star == Star::Wildcard => text.push('*'),
            byte if is_unreserved(byte) || b":/?#[]@!&()+,;=".contains(&byte) => {
                text.push(byte.into());
            }
            // No address has such bytes on the wire, and what is no address matches no rule's letters.
            byte if !byte.is_ascii() && star == Star::Literal => {
                text.push(char::REPLACEMENT_CHARACTER);
            }
            // `*` and `$` mean something in a rule, and addresses are parsed with `'` encoded.
            byte => push_encoded(&mut text, byte),
        }
    }
    text
}

/// RFC 3986 §2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// The byte that two hexadecimal digits name.
fn hex_pair(bytes: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*bytes.get(at)?).to_digit(16);
    Some((digit(0)? * 16 + digit(1)?) as u8)
}

fn push_encoded(text: &mut String, byte: u8) {
    let digit = |value: u8| char::from(b"0123456789ABCDEF"[usize::from(value)]);
    text.extend(['%', digit(byte >> 4), digit(byte & 15)]);
}
