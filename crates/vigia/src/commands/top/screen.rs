//! What the keys move: which list, how far it is scrolled, whether it stands still.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// Rows that a page key moves.
const PAGE: usize = 10;

/// The lists that can be scrolled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum List {
    #[default]
    Feeds,
    Stories,
}

/// What the keys have moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Screen {
    /// Whoever reads wants it to stand still.
    pub(super) paused: bool,
    /// The keys are explained.
    pub(super) helps: bool,
    /// The list that the keys scroll, and that has the most room where there is little.
    pub(super) list: List,
    /// Rows of each list that are above the screen; drawing brings it back to what there is.
    pub(super) feeds_above: usize,
    pub(super) stories_above: usize,
    /// Somebody quits.
    pub(super) ends: bool,
}

impl Screen {
    /// Does what a key asks for.
    pub(super) fn key(&mut self, key: KeyEvent) {
        if key.kind == KeyEventKind::Release {
            return;
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c' | 'd') if control => self.ends = true,
            KeyCode::Char('q' | 'Q') | KeyCode::Esc => self.ends = true,
            KeyCode::Char('p' | ' ') => self.paused = !self.paused,
            KeyCode::Char('?' | 'h') => self.helps = !self.helps,
            KeyCode::Tab | KeyCode::BackTab => {
                self.list = match self.list {
                    List::Feeds => List::Stories,
                    List::Stories => List::Feeds,
                };
            }
            KeyCode::Down | KeyCode::Char('j') => self.scroll(|above| above.saturating_add(1)),
            KeyCode::Up | KeyCode::Char('k') => self.scroll(|above| above.saturating_sub(1)),
            KeyCode::PageDown => self.scroll(|above| above.saturating_add(PAGE)),
            KeyCode::PageUp => self.scroll(|above| above.saturating_sub(PAGE)),
            KeyCode::Home | KeyCode::Char('g') => self.scroll(|_| 0),
            KeyCode::End | KeyCode::Char('G') => self.scroll(|_| usize::MAX),
            _ => {}
        }
    }

    fn scroll(&mut self, to: impl Fn(usize) -> usize) {
        let above = match self.list {
            List::Feeds => &mut self.feeds_above,
            List::Stories => &mut self.stories_above,
        };
        *above = to(*above);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(keys: &[KeyCode]) -> Screen {
        let mut screen = Screen::default();
        for key in keys {
            screen.key(KeyEvent::new(*key, KeyModifiers::NONE));
        }
        screen
    }

    #[test]
    fn q_escape_and_control_c_quit() {
        for key in [KeyCode::Char('q'), KeyCode::Esc] {
            assert!(pressed(&[key]).ends);
        }
        let mut screen = pressed(&[KeyCode::Char('c'), KeyCode::Char('x'), KeyCode::F(1)]);
        assert!(!screen.ends);
        screen.key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL));
        assert!(screen.ends);
    }

    #[test]
    fn keys_scroll_the_list_that_tab_chose() {
        use KeyCode::{Char, Down, End, Home, Tab, Up};
        let screen = pressed(&[Down, Char('j'), Down, Up, Char('k'), Tab, Down]);
        assert_eq!((screen.feeds_above, screen.stories_above), (1, 1));
        assert_eq!(screen.list, List::Stories);
        assert_eq!(pressed(&[Up, Up]).feeds_above, 0);
        assert_eq!(pressed(&[End, Down, Home, Down]).feeds_above, 1);
    }

    #[test]
    fn a_key_pressed_twice_takes_back_pause_and_help() {
        let (p, help) = (KeyCode::Char('p'), KeyCode::Char('?'));
        let screen = pressed(&[p, help]);
        assert!(screen.paused && screen.helps);
        assert_eq!(pressed(&[p, help, p, help]), Screen::default());
    }

    #[test]
    fn a_key_that_is_let_go_does_nothing() {
        let mut screen = Screen::default();
        let mut key = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE);
        key.kind = KeyEventKind::Release;
        screen.key(key);
        assert_eq!(screen, Screen::default());
    }
}
