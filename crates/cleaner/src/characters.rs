//! Single characters: what is invisible goes, what is broken for certain is mended.

use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Passes over a line until it stays as it is.
const PASSES_MAX: usize = 16;

/// Normalizes a line: repaired mojibake, NFC, no invisible characters, single spaces.
pub(crate) fn tidy(line: &str) -> String {
    if is_tidy(line) {
        return line.trim().to_owned();
    }
    let mut tidied = tidy_once(line);
    // What is mended may lay open what was encoded three times; real text never needs a third pass.
    for _ in 0..PASSES_MAX {
        let again = tidy_once(&tidied);
        if again == tidied {
            break;
        }
        tidied = again;
    }
    tidied
}

/// Whether a line holds nothing that any of the repairs looks at: letters of Western European
/// languages in their composed form, typographic marks, single spaces.
fn is_tidy(line: &str) -> bool {
    let mut before = ' ';
    line.chars().all(|c| {
        let two_spaces = c == ' ' && before == ' ';
        before = c;
        match c {
            ' ' => !two_spaces,
            '!'..='~' | '¡'..='¬' | '®'..='Á' | 'Ä' | 'Æ'..='á' | 'ã'..='ÿ' => true,
            _ => "–—‘’“”…€".contains(c),
        }
    })
}

fn tidy_once(line: &str) -> String {
    let mended = mend(line);
    let visible: String = mended.chars().filter(|c| !is_invisible(*c)).collect();
    let visible = if is_nfc(&visible) {
        visible
    } else {
        visible.nfc().collect()
    };
    let mut out = String::with_capacity(visible.len());
    for word in visible.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

fn is_invisible(c: char) -> bool {
    let control = c.is_control() && !c.is_whitespace();
    control
        || matches!(
            c,
            '\u{AD}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
                | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206F}' | '\u{FEFF}' | '\u{FFFC}' | '\u{FFFD}'
        )
}

/// Undoes UTF-8 that was read as Windows-1252, where the bytes leave no doubt.
fn mend(line: &str) -> String {
    if !line.contains(['Â', 'Ã', 'â', 'Å']) {
        return line.to_owned();
    }
    let chars: Vec<char> = line.chars().collect();
    let mut out = String::with_capacity(line.len());
    let mut at = 0;
    while at < chars.len() {
        let after_capitals = at >= 2 && chars[at - 2..at].iter().all(|c| c.is_uppercase());
        if chars[at] == 'Â'
            && !after_capitals
            && chars.get(at + 1).is_some_and(|c| c.is_whitespace())
        {
            at += 1;
            continue;
        }
        match twice_encoded(&chars[at..]).filter(|_| !after_capitals) {
            Some((c, length)) => {
                out.push(c);
                at += length;
            }
            None => {
                out.push(chars[at]);
                at += 1;
            }
        }
    }
    out
}

/// The character that the first two or three characters are the bytes of.
fn twice_encoded(chars: &[char]) -> Option<(char, usize)> {
    let length = match chars.first()? {
        'Â' | 'Ã' | 'Å' => 2,
        'â' => 3,
        _ => return None,
    };
    let mut bytes = [0; 3];
    for (byte, c) in bytes.iter_mut().zip(chars.get(..length)?) {
        *byte = windows_1252(*c)?;
    }
    let mended = str::from_utf8(&bytes[..length]).ok()?.chars().next()?;
    Some((mended, length))
}

/// The byte that Windows-1252 reads as `c`; its five gaps are read as the control they number.
fn windows_1252(c: char) -> Option<u8> {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž',
        '\u{8F}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}',
        'ž', 'Ÿ',
    ];
    if let Some(index) = HIGH.iter().position(|high| *high == c) {
        return Some(0x80 + index as u8);
    }
    u8::try_from(u32::from(c))
        .ok()
        .filter(|byte| *byte >= 0xA0 || (0x80..0xA0).contains(byte))
}

/// Folds a line to compare by: small letters without accents, only letters, digits and single
/// spaces between them.
pub(crate) fn fold(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut gap = false;
    let mut push = |c: char| {
        if c.is_alphanumeric() {
            if gap && !out.is_empty() {
                out.push(' ');
            }
            gap = false;
            if c.is_ascii() {
                out.push(c.to_ascii_lowercase());
            } else {
                out.extend(c.to_lowercase());
            }
        } else if !unicode_normalization::char::is_combining_mark(c) {
            gap = true;
        }
    };
    for c in line.chars() {
        if c.is_ascii() {
            push(c);
        } else if let Some(bare) = bare_latin(c) {
            push(bare);
        } else {
            // The order of marks, which full normalization would settle, is of no account here.
            unicode_normalization::char::decompose_canonical(c, &mut push);
        }
    }
    out
}

/// The letter under the accent of a composed Latin-1 letter: most accents of our languages.
fn bare_latin(c: char) -> Option<char> {
    const BARE: &[u8; 64] = b"AAAAAA\0CEEEEIIII\0NOOOOO\0\0UUUUY\0\0\
        aaaaaa\0ceeeeiiii\0nooooo\0\0uuuuy\0y";
    let at = u32::from(c).checked_sub(0xC0)?;
    let bare = *BARE.get(at as usize)?;
    (bare != 0).then_some(char::from(bare))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latin_letters_are_bared_as_unicode_does() {
        for c in '\u{80}'..='\u{200}' {
            let first = c.nfd().next();
            assert!(bare_latin(c).is_none_or(|bare| Some(bare) == first), "{c}");
        }
        assert_eq!(fold("ÁÉÍÓÚÜÑÇ áéíóúüñç ãõâêô"), "aeiouunc aeiouunc aoaeo");
    }

    fn check(input: &str, expected: &str) {
        assert_eq!(tidy(input), expected, "{input:?}");
        assert_eq!(tidy(expected), expected, "{expected:?}");
    }

    #[test]
    fn invisible_characters_go_and_spaces_are_single() {
        check("na\u{AD}ción\u{200B} \u{A0}libre\t x ", "nación libre x");
        check("cafe\u{301}", "café");
        check("a\0b\u{FEFF}c", "abc");
    }

    #[test]
    fn twice_encoded_text_is_mended() {
        check(
            "la seÃ±al de â€œHoyâ€\u{9d} â€” aquÃ\u{AD}",
            "la señal de “Hoy” — aquí",
        );
        check("a list on XÂ of names", "a list on X of names");
        check("a list on XÂ\u{A0}of names", "a list on X of names");
    }

    #[test]
    fn good_text_is_left_alone() {
        check("O AMANHÃ É NOSSO, NÃO", "O AMANHÃ É NOSSO, NÃO");
        check("âge, pâte, Ångström", "âge, pâte, Ångström");
        check("«AMANHû", "«AMANHû");
    }

    #[test]
    fn folding_leaves_letters_and_digits() {
        assert_eq!(fold("  ¿Qué pasó? – Año 2023!"), "que paso ano 2023");
        assert_eq!(fold("- Advertisement -"), "advertisement");
    }
}
