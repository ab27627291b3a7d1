//! Bytes to text, by evidence: what the bytes are outranks what they are said to be.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};

/// Bytes looked at for a `<meta charset>`; the standard asks for 1024, real pages need more.
const PRESCAN_BYTES: usize = 4096;

/// Whether the bytes are something other than a page, whatever they were sent as.
pub(crate) fn is_not_html(bytes: &[u8], content_type: Option<&str>) -> bool {
    const MAGIC: &[&[u8]] = &[
        b"%PDF-",
        b"\x89PNG",
        b"\xFF\xD8\xFF",
        b"GIF8",
        b"PK\x03\x04",
        b"\x1F\x8B",
        b"RIFF",
        b"OggS",
        b"ID3",
        b"\x00\x00\x01\x00",
        b"\x7FELF",
        b"Rar!",
        b"BM\x00",
        b"wOFF",
        b"II*\x00",
        b"MM\x00*",
    ];
    let start = bytes.trim_ascii_start();
    if MAGIC.iter().any(|magic| start.starts_with(magic)) || bytes.get(4..8) == Some(b"ftyp") {
        return true;
    }
    if Encoding::for_bom(bytes).is_some() {
        return false;
    }
    let kind = content_type.unwrap_or_default().trim().to_ascii_lowercase();
    let claims_media = [
        "image/",
        "audio/",
        "video/",
        "font/",
        "application/pdf",
        "application/zip",
    ]
    .iter()
    .any(|prefix| kind.starts_with(prefix));
    let head = &bytes[..bytes.len().min(PRESCAN_BYTES)];
    if claims_media && !head.contains(&b'<') {
        return true;
    }
    let controls = head
        .iter()
        .filter(|b| matches!(b, 0..=8 | 14..=26 | 28..=31))
        .count();
    !kind.contains("utf-16") && controls * 10 > head.len()
}

/// Decodes a page: byte-order mark, valid UTF-8, the HTTP header, the page's own `<meta>`, and
/// at last a guess from the bytes.
pub(crate) fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Cow<'a, str> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(&bytes[mark..]).0;
    }
    if let Ok(text) = str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let encoding = if is_nearly_utf8(bytes) {
        UTF_8
    } else {
        let stated = content_type
            .and_then(charset_of)
            .or_else(|| meta_charset(bytes));
        // The bytes are no UTF-8, so who says so is wrong.
        stated
            .filter(|stated| *stated != UTF_8)
            .unwrap_or_else(|| detect(bytes))
    };
    encoding.decode_without_bom_handling(bytes).0
}

/// Whether bad bytes are rare among well-formed sequences: a page of one charset that quotes
/// another, or one that was cut in the middle of a character.
fn is_nearly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    bad <= 1 + good / 20 && (good > 0 || bytes.len() > 64 && ends_cut(bytes))
}

fn ends_cut(bytes: &[u8]) -> bool {
    str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

fn charset_of(content_type: &str) -> Option<&'static Encoding> {
    let lower = content_type.to_ascii_lowercase();
    let (_, label) = lower.split_once("charset=")?;
    let label = label.trim_start_matches(['"', '\'', ' ']);
    let end = label
        .find(['"', '\'', ';', ' ', '>', '/'])
        .unwrap_or(label.len());
    Encoding::for_label(&label.as_bytes()[..end])
}

fn meta_charset(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(PRESCAN_BYTES)]);
    let found = charset_of(&head)?;
    // A page that could be read thus far is in no encoding of two bytes a character.
    let two_bytes = found == encoding_rs::UTF_16LE || found == encoding_rs::UTF_16BE;
    (!two_bytes).then_some(found)
}

fn detect(bytes: &[u8]) -> &'static Encoding {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    detector.guess(None, chardetng::Utf8Detection::Deny)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], content_type: Option<&str>, expected: &str) {
        assert_eq!(decode(bytes, content_type), expected);
    }

    #[test]
    fn valid_utf8_outranks_what_is_said() {
        check(
            "señal".as_bytes(),
            Some("text/html; charset=iso-8859-1"),
            "señal",
        );
        check(b"\xEF\xBB\xBFse\xC3\xB1al", None, "señal");
        check(b"\xFF\xFEa\0\xF1\0", None, "añ");
    }

    #[test]
    fn the_header_outranks_the_page_and_the_page_a_guess() {
        check(
            b"se\xF1al",
            Some("text/html; charset=\"ISO-8859-1\""),
            "señal",
        );
        check(
            b"<meta charset=windows-1251>\xE4\xE0",
            Some("text/html"),
            "<meta charset=windows-1251>да",
        );
        check(
            b"se\xF1al de la naci\xF3n",
            Some("text/html; charset=utf-8"),
            "señal de la nación",
        );
    }

    #[test]
    fn one_bad_byte_does_not_change_the_charset_of_a_page() {
        check(
            "ñandú años\u{fffd}".replace('\u{fffd}', "").as_bytes(),
            None,
            "ñandú años",
        );
        let mut bytes = "niño, año, señal ".repeat(20).into_bytes();
        bytes.push(0xE1);
        bytes.extend_from_slice(b" fin");
        assert!(decode(&bytes, None).starts_with("niño"));
    }

    #[test]
    fn other_formats_are_known_by_their_bytes() {
        assert!(is_not_html(b"%PDF-1.7 ...", Some("text/html")));
        assert!(is_not_html(b"\x89PNG\r\n", None));
        assert!(is_not_html(&[0; 500], Some("text/html")));
        assert!(!is_not_html(b"<html><p>x", Some("image/png")));
        assert!(!is_not_html(b"", None));
    }
}
