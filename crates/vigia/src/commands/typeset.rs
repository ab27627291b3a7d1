//! How texts are set for a person: how wide, and without what would command the terminal.

/// The widest that a text is set: longer lines tire the eye.
const WIDTH_MAX: usize = 88;

/// The width for texts: the terminal's, as far as there is one and it is not too wide to read.
pub(super) fn width() -> usize {
    let measured = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let width = measured.filter(|width| *width > 0).unwrap_or(WIDTH_MAX);
    width.min(WIDTH_MAX)
}

/// A character as it may be shown: what moves the cursor or sets colours is not the text's to do.
pub(super) fn shown(character: char) -> char {
    if character.is_control() && character != '\n' {
        '\u{fffd}'
    } else {
        character
    }
}
