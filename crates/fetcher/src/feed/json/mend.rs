//! Broken JSON to JSON: bare control characters escaped, commas too many taken out, and what was
//! cut off closed behind its last whole value.

/// The text with what is commonly wrong put right.
pub(super) fn mend(text: &str) -> String {
    let mut mender = Mender {
        out: String::with_capacity(text.len() + 16),
        open: Vec::new(),
        whole: 0,
        whole_depth: 0,
    };
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '"' if !mender.string(&mut characters) => break,
            '"' => {}
            '{' | '[' => mender.begin(c),
            '}' | ']' => {
                mender.end();
                if mender.open.is_empty() {
                    return mender.out;
                }
            }
            c => mender.out.push(c),
        }
    }
    mender.closed()
}

struct Mender {
    out: String,
    /// The brackets that close what is open.
    open: Vec<char>,
    /// Where the last object or array ended, and how many were open then.
    whole: usize,
    whole_depth: usize,
}

impl Mender {
    /// Copies a string; whether it had an end.
    fn string(&mut self, characters: &mut std::str::Chars) -> bool {
        self.out.push('"');
        while let Some(c) = characters.next() {
            match c {
                '"' => {
                    self.out.push('"');
                    return true;
                }
                '\\' => {
                    self.out.push('\\');
                    self.out.extend(characters.next());
                }
                c if c < ' ' => self.out.extend(escape(c)),
                c => self.out.push(c),
            }
        }
        false
    }

    fn begin(&mut self, bracket: char) {
        self.out.push(bracket);
        self.open.push(if bracket == '{' { '}' } else { ']' });
    }

    /// Closes what was opened last, whatever kind of bracket the text has for it.
    fn end(&mut self) {
        let Some(bracket) = self.open.pop() else {
            return;
        };
        let sound = self.out.trim_end().trim_end_matches(',').trim_end().len();
        self.out.truncate(sound);
        self.out.push(bracket);
        self.whole = self.out.len();
        self.whole_depth = self.open.len();
    }

    /// The text up to its last whole value, closed.
    fn closed(mut self) -> String {
        self.out.truncate(self.whole);
        // What was opened since has not been closed: the ends before it are still the same.
        self.out.extend(self.open[..self.whole_depth].iter().rev());
        self.out
    }
}

/// `\u000a` for a control character.
fn escape(c: char) -> impl Iterator<Item = char> {
    format!("\\u{:04x}", c as u32)
        .into_bytes()
        .into_iter()
        .map(char::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(mend(text), expected, "{text}");
    }

    #[test]
    fn broken_json_is_closed_behind_its_last_whole_value() {
        check("{\"a\":[{\"b\":1},{\"c\":\"x", "{\"a\":[{\"b\":1}]}");
        check("{\"a\":[{\"b\":1},", "{\"a\":[{\"b\":1}]}");
        check("{\"a\":1", "");
    }

    #[test]
    fn small_faults_are_put_right() {
        check("{\"a\":[1,2,],}", "{\"a\":[1,2]}");
        check("{\"a\":\"x\ny\\\"\"} rest", "{\"a\":\"x\\u000ay\\\"\"}");
    }
}
