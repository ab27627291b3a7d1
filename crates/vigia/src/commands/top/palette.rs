//! How things look. Where there are no colours, what must not be passed over still stands out.

use ratatui::style::{Color, Modifier, Style};
use story::Health;

use crate::commands::feeds::health;

/// A heading.
pub(super) const HEADING: Style = Style::new().add_modifier(Modifier::BOLD);
/// What is there for completeness.
pub(super) const FAINT: Style = Style::new().add_modifier(Modifier::DIM);

/// The styles that colours are part of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Palette {
    /// Whether there are colours.
    pub(super) colours: bool,
}

impl Palette {
    fn coloured(self, colour: Color) -> Style {
        if self.colours {
            Style::new().fg(colour)
        } else {
            Style::new()
        }
    }

    /// What somebody has to see to.
    pub(super) fn alarm(self) -> Style {
        let style = Style::new().add_modifier(Modifier::BOLD);
        if self.colours {
            style.fg(Color::White).bg(Color::Red)
        } else {
            style.add_modifier(Modifier::REVERSED)
        }
    }

    /// What is near its bound.
    pub(super) fn tight(self) -> Style {
        self.coloured(Color::Yellow).add_modifier(Modifier::BOLD)
    }

    /// The heading of the list that the keys move.
    pub(super) fn focused(self) -> Style {
        self.coloured(Color::Cyan)
            .add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
    }

    /// A health that the daemon names, if it is one that is known here.
    pub(super) fn health(self, word: &str) -> Style {
        let known = Health::ALL.into_iter();
        let mut known = known.filter(|health| health.as_str() == word);
        let Some(health) = known.next() else {
            return Style::new();
        };
        self.coloured(match health::colour(health) {
            anstyle::AnsiColor::Green => Color::Green,
            anstyle::AnsiColor::Cyan => Color::Cyan,
            anstyle::AnsiColor::Yellow => Color::Yellow,
            _ => Color::Red,
        })
    }
}
