//! How wide texts are set for a person.

/// The widest that a text is set: longer lines tire the eye.
const WIDTH_MAX: usize = 88;

/// The width for texts: the terminal's, as far as there is one and it is not too wide to read.
pub(super) fn width() -> usize {
    let measured = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let width = measured.filter(|width| *width > 0).unwrap_or(WIDTH_MAX);
    width.min(WIDTH_MAX)
}
