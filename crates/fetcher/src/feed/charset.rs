//! A feed's bytes as text: valid UTF-8 is UTF-8 whatever anybody says.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How much of a document is searched for the name of its encoding.
const DECLARATION_BYTES: usize = 200;

/// How much of a document is looked at to guess its encoding; the detector is slow.
const DETECTED_BYTES: usize = 64 << 10;

/// A text, and what was odd about its bytes.
pub(super) struct Decoded<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) problem: Option<String>,
}

/// Decodes a document: by its byte order mark, as UTF-8 where it is valid, then by the HTTP
/// header, by the XML declaration, and by what the bytes look like.
pub(super) fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Decoded<'a> {
    if let Some(text) = utf_32(bytes) {
        return text;
    }
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return decode_as(encoding, &bytes[mark..]);
    }
    if let Some(encoding) = unmarked_utf_16(bytes) {
        return decode_as(encoding, bytes);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Decoded {
            text: Cow::Borrowed(text),
            problem: None,
        };
    }
    let named = content_type
        .and_then(http_charset)
        .or_else(|| declared(bytes));
    match named {
        Some(encoding) if encoding != UTF_8 => decode_as(encoding, bytes),
        // Nearly UTF-8, such as a text that was cut within a character.
        _ if is_mostly_utf_8(bytes) => decode_as(UTF_8, bytes),
        _ => decode_as(detect(bytes), bytes),
    }
}

fn decode_as<'a>(encoding: &'static Encoding, bytes: &'a [u8]) -> Decoded<'a> {
    let (text, broken) = encoding.decode_without_bom_handling(bytes);
    let problem = broken.then(|| format!("bytes that are not valid {}", encoding.name()));
    Decoded { text, problem }
}

/// Whether more characters outside ASCII are sound UTF-8 than not.
fn is_mostly_utf_8(bytes: &[u8]) -> bool {
    let (mut sound, mut broken) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        sound += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    // A single break at the end is a cut.
    sound > broken
        || (broken == 1
            && bytes
                .utf8_chunks()
                .next()
                .is_some_and(|first| is_cut(first.invalid())))
}

/// Whether bytes begin a character that they do not end.
fn is_cut(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

/// UTF-32, which `encoding_rs` leaves out, by its mark or by the zeros around the first `<`.
fn utf_32(bytes: &[u8]) -> Option<Decoded<'static>> {
    let (mark, character): (usize, fn([u8; 4]) -> u32) = match bytes {
        [0xFF, 0xFE, 0, 0, ..] => (4, u32::from_le_bytes),
        [0, 0, 0xFE, 0xFF, ..] => (4, u32::from_be_bytes),
        [b'<', 0, 0, 0, ..] => (0, u32::from_le_bytes),
        [0, 0, 0, b'<', ..] => (0, u32::from_be_bytes),
        _ => return None,
    };
    let characters = bytes[mark..].chunks_exact(4);
    let broken = !characters.remainder().is_empty();
    let text: String = characters
        .map(|four| character([four[0], four[1], four[2], four[3]]))
        .map(|code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    let broken = broken || text.contains(char::REPLACEMENT_CHARACTER);
    Some(Decoded {
        text: Cow::Owned(text),
        problem: broken.then(|| "bytes that are not valid UTF-32".to_owned()),
    })
}

/// UTF-16 without a mark: every other byte of the first `<` and its neighbour is zero.
fn unmarked_utf_16(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [b'<', 0, next, 0, ..] if *next != 0 => Some(UTF_16LE),
        [0, b'<', 0, next, ..] if *next != 0 => Some(UTF_16BE),
        _ => None,
    }
}

/// The charset of a `Content-Type`.
fn http_charset(content_type: &str) -> Option<&'static Encoding> {
    let value = content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then_some(value)
    })?;
    Encoding::for_label(value.trim().trim_matches(['"', '\'']).as_bytes())
}

/// The encoding that the XML declaration names.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let start = &bytes[..bytes.len().min(DECLARATION_BYTES)];
    let start = String::from_utf8_lossy(start);
    let declaration = start
        .trim_start()
        .strip_prefix("<?xml")?
        .split("?>")
        .next()?;
    let value = declaration
        .split_once("encoding")?
        .1
        .trim_start()
        .strip_prefix('=')?;
    let value = value.trim_start().trim_start_matches(['"', '\'']);
    let encoding = Encoding::for_label(value.split(['"', '\'']).next()?.as_bytes())?;
    // A declaration that could be read byte by byte is not UTF-16.
    (encoding.is_ascii_compatible()).then_some(encoding)
}

/// What the bytes look like, where nobody says: windows-1252, in this part of the world, unless
/// they are clearly something else.
fn detect(bytes: &[u8]) -> &'static Encoding {
    let odd = bytes.iter().position(|byte| !byte.is_ascii());
    let sample = &bytes[odd.unwrap_or(0)..];
    let sample = &sample[..sample.len().min(DETECTED_BYTES)];
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(sample, true);
    let guess = detector.guess(None, Utf8Detection::Allow);
    if guess.is_single_byte() {
        WINDOWS_1252
    } else {
        guess
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], content_type: Option<&str>, expected: &str) {
        assert_eq!(
            decode(bytes, content_type).text,
            expected,
            "{bytes:?} {content_type:?}"
        );
    }

    #[test]
    fn the_bytes_win_over_what_is_said_of_them() {
        check(
            "<a>ñ</a>".as_bytes(),
            Some("text/xml; charset=ISO-8859-1"),
            "<a>ñ</a>",
        );
        check(b"\xEF\xBB\xBF<a>", None, "<a>");
        check(b"\xFE\xFF\0<\0\xF1", None, "<ñ");
        check(b"<\0a\0>\0", None, "<a>");
        check(b"\0<\0a\0>", None, "<a>");
    }

    #[test]
    fn utf_32_is_read_with_a_mark_and_without() {
        check(b"\xFF\xFE\0\0<\0\0\0\xF1\0\0\0", None, "<ñ");
        check(b"\0\0\0<\0\0\0\xF1", None, "<ñ");
        check(b"<\0\0\0\xF1\0\0\0\0", None, "<ñ");
    }

    #[test]
    fn what_is_called_utf_8_and_is_not_is_looked_at() {
        let latin = b"<?xml version='1.0' encoding='UTF-8'?>secuestr\xF3 en Bogot\xE1";
        assert!(decode(latin, None).text.ends_with("secuestró en Bogotá"));
        let one_slip = "ñandú, ñoño \u{FF}".as_bytes();
        let one_slip = [one_slip, b"\xFF fin"].concat();
        assert!(decode(&one_slip, None).text.starts_with("ñandú"));
    }

    #[test]
    fn a_named_encoding_is_used_where_the_bytes_are_not_utf_8() {
        check(b"ni\xF1o", Some("text/xml; charset=\"iso-8859-1\""), "niño");
        check(
            b"<?xml version='1.0' encoding='windows-1251'?>\xE4",
            None,
            "<?xml version='1.0' encoding='windows-1251'?>д",
        );
        check(b"secuestr\xF3 en Bogot\xE1", None, "secuestró en Bogotá");
    }

    #[test]
    fn a_text_cut_within_a_character_is_still_utf_8() {
        let decoded = decode(b"<?xml version='1.0' encoding='UTF-8'?>ni\xC3", None);
        assert!(decoded.text.ends_with("ni\u{FFFD}"));
        assert!(decoded.problem.is_some());
    }
}
