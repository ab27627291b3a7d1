//! UTF-8 that was taken for windows-1252 and encoded again: `secuestrÃ³`.

use encoding_rs::WINDOWS_1252;

/// The text that was meant, where there is no doubt: read as windows-1252, every character
/// outside ASCII is a part of some character of UTF-8. One sound `ó` in it, and it stays.
pub(super) fn repaired(text: &str) -> Option<String> {
    let first = text.bytes().position(|byte| !byte.is_ascii())?;
    if !may_begin(&text[first..]) {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        bytes.push(byte(c)?);
    }
    String::from_utf8(bytes).ok()
}

/// Whether the first two characters can be the bytes of one character.
fn may_begin(text: &str) -> bool {
    let mut bytes = text.chars().map(byte);
    let lead = bytes.next().flatten();
    let next = bytes.next().flatten();
    lead.is_some_and(|lead| (0xC2..=0xF4).contains(&lead))
        && next.is_some_and(|next| (0x80..=0xBF).contains(&next))
}

/// The byte that windows-1252, or ISO-8859-1, has for a character.
fn byte(c: char) -> Option<u8> {
    if let Ok(byte) = u8::try_from(c) {
        return Some(byte);
    }
    let mut buffer = [0; 4];
    let (bytes, _, unknown) = WINDOWS_1252.encode(c.encode_utf8(&mut buffer));
    match *bytes {
        [byte] if !unknown => Some(byte),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(repaired(text).as_deref(), expected, "{text}");
    }

    #[test]
    fn what_is_certain_is_repaired() {
        check("secuestrÃ³ en BogotÃ¡", Some("secuestró en Bogotá"));
        check("â€œEl Monoâ€\u{9d} cayÃ³", Some("“El Mono” cayó"));
        check("Ã\u{91}uble", Some("Ñuble"));
    }

    #[test]
    fn what_may_be_meant_stays() {
        check("secuestró en Bogotá", None);
        check("SÃO PAULO, NÃO", None);
        check("Ã³ y ó", None);
        check("Ã“ 中", None);
        check("ascii", None);
    }
}
