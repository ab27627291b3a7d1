//! Faults as they come over the wire and out of bad programs, at random but repeatable.

use fastrand::Rng;

/// Breaks a feed in one to three ways; `others` lend pieces.
pub(crate) fn broken(feed: &[u8], others: &[Vec<u8>], dice: &mut Rng) -> Vec<u8> {
    let mut feed = feed.to_vec();
    for _ in 0..dice.usize(1..=3) {
        if feed.is_empty() {
            break;
        }
        match dice.u8(0..9) {
            0 => feed.truncate(dice.usize(..feed.len())),
            1 => flip(&mut feed, dice),
            2 => drop_tag(&mut feed, dice),
            3 => splice(&mut feed, others, dice),
            4 => repeat(&mut feed, dice),
            5 => insert(&mut feed, dice),
            6 => swap_case(&mut feed, dice),
            7 => cut_out(&mut feed, dice),
            _ => feed = widen(&feed, dice),
        }
    }
    feed
}

/// Makes a feed up to a megabyte long: one of its pieces again and again, which may be a whole
/// entry, and a title as long as a page.
pub(crate) fn bloated(feed: &[u8], dice: &mut Rng) -> Vec<u8> {
    let mut feed = feed.to_vec();
    if feed.is_empty() {
        return feed;
    }
    let begins: Vec<usize> = (0..feed.len())
        .filter(|at| matches!(feed[*at], b'<' | b'{'))
        .collect();
    let start = dice.choice(begins).unwrap_or_default();
    let ends: Vec<usize> = (start..feed.len().min(start + 2000))
        .filter(|at| matches!(feed[*at], b'>' | b'}'))
        .collect();
    let end = dice.choice(ends).map_or(feed.len(), |end| end + 1);
    let mut again = feed[start..end].to_vec();
    if feed.get(end) == Some(&b',') || again.ends_with(b"}") {
        again.push(b',');
    }
    let again = again.repeat(dice.usize(..1 << 20) / again.len());
    feed.splice(start..start, again);
    for title in [&b"<title>"[..], b"\"title\": \"", b"\"title\":\""] {
        if let Some(at) = feed.windows(title.len()).position(|bytes| bytes == title) {
            let at = at + title.len();
            feed.splice(at..at, b"largo ".repeat(dice.usize(..2000)));
        }
    }
    feed
}

/// Pieces that parsers stumble over.
const PIECES: &[&str] = &[
    "<",
    ">",
    "&",
    "\"",
    "'",
    "]]>",
    "<![CDATA[",
    "<!--",
    "-->",
    "</",
    "/>",
    "<?",
    "<!DOCTYPE a [",
    "&#xFFFFFFFF;",
    "&#0;",
    "<item>",
    "</item>",
    "<entry>",
    "</channel>",
    "</rss>",
    "<title>",
    "<link/>",
    "<author>“a@b.test”</author>",
    "<media:description/>",
    "xmlns='urn:x'",
    "xml:base='//'",
    "\0",
    "\u{FEFF}",
    "{",
    "}",
    "[",
    "\\",
    ",",
    "Ã³",
    "é",
    "<pubDate>0000-00-00</pubDate>",
    "<guid>http://[</guid>",
    "<link>http://a\\@b:99999/</link>",
    "<x:y xmlns:x=''>",
];

fn piece(feed: &[u8], bytes_max: usize, dice: &mut Rng) -> std::ops::Range<usize> {
    let start = dice.usize(..feed.len());
    let end = (start + dice.usize(1..=bytes_max)).min(feed.len());
    start..end
}

fn flip(feed: &mut [u8], dice: &mut Rng) {
    for _ in 0..dice.usize(1..=8) {
        let at = dice.usize(..feed.len());
        feed[at] ^= 1 << dice.u8(0..8);
    }
}

/// Takes out one tag.
fn drop_tag(feed: &mut Vec<u8>, dice: &mut Rng) {
    let from = dice.usize(..feed.len());
    let Some(start) = feed[from..].iter().position(|byte| *byte == b'<') else {
        return;
    };
    let start = from + start;
    let length = feed[start..].iter().position(|byte| *byte == b'>');
    let end = length.map_or(feed.len(), |length| start + length + 1);
    feed.drain(start..end);
}

fn splice(feed: &mut Vec<u8>, others: &[Vec<u8>], dice: &mut Rng) {
    let Some(other) = dice.choice(others).filter(|other| !other.is_empty()) else {
        return;
    };
    let lent = other[piece(other, 2000, dice)].to_vec();
    let at = dice.usize(..=feed.len());
    feed.splice(at..at, lent);
}

fn repeat(feed: &mut Vec<u8>, dice: &mut Rng) {
    let range = piece(feed, 40, dice);
    let again = feed[range.clone()].repeat(dice.usize(1..200));
    feed.splice(range.end..range.end, again);
}

fn insert(feed: &mut Vec<u8>, dice: &mut Rng) {
    for _ in 0..dice.usize(1..=4) {
        let at = dice.usize(..=feed.len());
        let piece = dice.choice(PIECES).expect("there are pieces");
        feed.splice(at..at, piece.bytes());
    }
}

fn swap_case(feed: &mut [u8], dice: &mut Rng) {
    let range = piece(feed, 400, dice);
    for byte in &mut feed[range] {
        if byte.is_ascii_alphabetic() {
            *byte ^= 0x20;
        }
    }
}

fn cut_out(feed: &mut Vec<u8>, dice: &mut Rng) {
    let range = piece(feed, 500, dice);
    feed.drain(range);
}

/// The bytes as UTF-16 or UTF-32, with a mark or without.
fn widen(feed: &[u8], dice: &mut Rng) -> Vec<u8> {
    let text = String::from_utf8_lossy(feed);
    let mark = if dice.bool() { "\u{FEFF}" } else { "" };
    let characters = mark.chars().chain(text.chars());
    match dice.u8(0..4) {
        0 => characters.flat_map(|c| (c as u32).to_le_bytes()).collect(),
        1 => characters.flat_map(|c| (c as u32).to_be_bytes()).collect(),
        2 => format!("{mark}{text}")
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect(),
        _ => format!("{mark}{text}")
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect(),
    }
}
