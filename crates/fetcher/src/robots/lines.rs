//! The lines of a robots.txt, however they end, are encoded and are misspelt.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};

use super::BYTES_MAX;

/// How much of a line is read; what Google reads is about as much.
const LINE_BYTES_MAX: usize = 16 << 10;

/// A line that has a name and a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// Counted from 1.
    pub(super) number: u32,
    pub(super) name: Name,
    pub(super) value: &'a [u8],
    /// The line without its comment and the white space around it.
    pub(super) text: &'a [u8],
}

/// The names that mean something to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    UserAgent,
    Allow,
    Disallow,
    CrawlDelay,
    Sitemap,
}

/// The part of a file that is read, in an encoding that has ASCII in it.
pub(super) fn text(bytes: &[u8]) -> Cow<'_, [u8]> {
    let bytes = head(bytes);
    match Encoding::for_bom(bytes) {
        Some((encoding, _)) if encoding != UTF_8 => {
            // The other two are UTF-16, little- and big-endian.
            Cow::Owned(encoding.decode(bytes).0.into_owned().into_bytes())
        }
        Some((_, length)) => Cow::Borrowed(&bytes[length..]),
        None => Cow::Borrowed(bytes),
    }
}

/// As much as is read: up to the end of a line where there is one, since half a rule is another
/// rule.
fn head(bytes: &[u8]) -> &[u8] {
    if bytes.len() <= BYTES_MAX {
        return bytes;
    }
    let head = &bytes[..BYTES_MAX];
    let end = head.iter().rposition(|byte| matches!(byte, b'\n' | b'\r'));
    &head[..end.unwrap_or(BYTES_MAX)]
}

/// The lines that say something.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let mut rest = Some(text);
    let lines = std::iter::from_fn(move || {
        let text = rest?;
        let end = text.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        rest = end.map(|end| {
            let ending = if text[end..].starts_with(b"\r\n") {
                2
            } else {
                1
            };
            &text[end + ending..]
        });
        Some(&text[..end.unwrap_or(text.len())])
    });
    (1..)
        .zip(lines)
        .filter_map(|(number, line)| read(number, line))
}

fn read(number: u32, line: &[u8]) -> Option<Line<'_>> {
    let line = &line[..line.len().min(LINE_BYTES_MAX)];
    let comment = line.iter().position(|byte| *byte == b'#');
    let text = line[..comment.unwrap_or(line.len())].trim_ascii();
    let (name, value) = split(text)?;
    Some(Line {
        number,
        name: Name::read(name)?,
        value,
        text,
    })
}

/// Name and value: at the colon, or, where somebody forgot it, at the only white space.
fn split(text: &[u8]) -> Option<(&[u8], &[u8])> {
    if let Some(colon) = text.iter().position(|byte| *byte == b':') {
        return Some((text[..colon].trim_ascii(), text[colon + 1..].trim_ascii()));
    }
    let mut words = text
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    match (words.next(), words.next(), words.next()) {
        (Some(name), Some(value), None) => Some((name, value)),
        _ => None,
    }
}

impl Name {
    /// How each is spelt, and how many letters may be wrong. A misspelt wish to be left alone is
    /// one all the same; leave is given only by who spells it.
    const SPELT: [(Self, &'static str, usize); 5] = [
        (Self::Disallow, "disallow", 2),
        (Self::Allow, "allow", 0),
        (Self::UserAgent, "user-agent", 2),
        (Self::CrawlDelay, "crawl-delay", 2),
        (Self::Sitemap, "sitemap", 1),
    ];

    /// No misspelt name is longer than this.
    const BYTES_MAX: usize = 16;

    fn read(name: &[u8]) -> Option<Self> {
        if name.len() > Self::BYTES_MAX {
            return None;
        }
        let spelt = Self::SPELT.into_iter();
        let right = spelt
            .clone()
            .find(|(_, spelt, _)| name.eq_ignore_ascii_case(spelt.as_bytes()));
        let (found, ..) = right.or_else(|| {
            let name = String::from_utf8_lossy(name).to_ascii_lowercase();
            spelt
                .clone()
                .find(|(_, spelt, wrong_max)| strsim::osa_distance(&name, spelt) <= *wrong_max)
        })?;
        Some(found)
    }
}
