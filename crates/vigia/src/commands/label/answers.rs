//! What the person answers: single keys on a terminal, a line each elsewhere.

use std::io::{self, BufRead, IsTerminal};

use anyhow::{Context, Result};
use crossterm::{
    event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers},
    terminal,
};

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The story is looked for.
    Keep,
    /// It is not.
    Drop,
    /// Ask again another time.
    Skip,
    /// Take the last answer back.
    Undo,
    /// Show the whole text.
    More,
    /// Show what the model's verdict rests on.
    Evidence,
    /// Show the story again, since the terminal's size has changed.
    Again,
    Quit,
    Unknown,
}

/// Where answers come from.
pub(super) struct Answers {
    keys: bool,
}

impl Answers {
    pub(super) fn new() -> Self {
        Self {
            keys: io::stdin().is_terminal() && io::stdout().is_terminal(),
        }
    }

    /// Whether a person sits at a terminal.
    pub(super) fn keys(&self) -> bool {
        self.keys
    }

    /// The next answer; the end of the input quits.
    pub(super) fn next(&mut self) -> Result<Answer> {
        if self.keys {
            // Raw only while a key is waited for: whatever else happens, the terminal is as it was.
            terminal::enable_raw_mode().context("read keys from the terminal")?;
            let key = key();
            terminal::disable_raw_mode().context("set the terminal back")?;
            return key;
        }
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        if read.context("read an answer")? == 0 {
            return Ok(Answer::Quit);
        }
        Ok(answer(line.trim()))
    }
}

fn key() -> Result<Answer> {
    loop {
        match event::read().context("read a key")? {
            Event::Key(key) if key.kind != KeyEventKind::Release => return Ok(of_key(key)),
            Event::Resize(..) => return Ok(Answer::Again),
            _ => {}
        }
    }
}

fn of_key(key: KeyEvent) -> Answer {
    match key.code {
        KeyCode::Char('c' | 'd') if key.modifiers.contains(KeyModifiers::CONTROL) => Answer::Quit,
        KeyCode::Char(letter) => answer(letter.encode_utf8(&mut [0; 4])),
        KeyCode::Backspace => Answer::Undo,
        KeyCode::Esc => Answer::Quit,
        _ => Answer::Unknown,
    }
}

/// The answer that a word or its first letter is.
fn answer(word: &str) -> Answer {
    match word.to_lowercase().as_str() {
        "k" | "keep" => Answer::Keep,
        "d" | "drop" => Answer::Drop,
        "s" | "skip" => Answer::Skip,
        "u" | "undo" => Answer::Undo,
        "m" | "more" => Answer::More,
        "e" | "evidence" => Answer::Evidence,
        "q" | "quit" => Answer::Quit,
        _ => Answer::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_and_a_word_are_the_same_answer() {
        let key = |code, modifiers| of_key(KeyEvent::new(code, modifiers));
        let plain = KeyModifiers::NONE;
        assert_eq!(key(KeyCode::Char('k'), plain), answer("keep"));
        assert_eq!(key(KeyCode::Char('D'), KeyModifiers::SHIFT), Answer::Drop);
        assert_eq!(key(KeyCode::Char('d'), KeyModifiers::CONTROL), Answer::Quit);
        assert_eq!(key(KeyCode::Char('c'), KeyModifiers::CONTROL), Answer::Quit);
        assert_eq!(key(KeyCode::Backspace, plain), Answer::Undo);
        assert_eq!(key(KeyCode::Enter, plain), Answer::Unknown);
        assert_eq!(
            (answer(""), answer("keeper")),
            (Answer::Unknown, Answer::Unknown)
        );
    }
}
