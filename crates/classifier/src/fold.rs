//! Text to words: case and accents folded away, with where each word stands in the original.
//!
//! A word is a run of letters and digits. Hyphens and apostrophes part words (`MS-13` is `ms` and
//! `13`), an English possessive is left out (`Colombia's` is `colombia`), and an acronym that is
//! written with points is one word (`E.L.N.` is `eln`). Knowledge and articles are folded by this
//! one function, so that what is written alike matches.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// One word of a text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word {
    /// First code point in the original, and one past the last.
    pub span: (u32, u32),
    /// First byte in the original, and one past the last.
    pub bytes: (u32, u32),
    /// How its capitals stand.
    pub shape: Shape,
    /// The sentence that it stands in, counted from 0.
    pub sentence: u32,
    /// Whether it touches the word before: nothing but white space between them.
    pub joined: bool,
    folded: (u32, u32),
}

/// How the capitals of a word stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// No capital at the start: `rebelde`, `13`.
    Lower,
    /// A capital at the start: `Cauca`, `McAllen`, `A`.
    Capital,
    /// Two or more letters, all capitals: `ELN`.
    Upper,
}

/// The words of a text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    all: Vec<Word>,
    folded: String,
    /// Whether capitals tell names from other words in this text: they do not where nearly all
    /// words have them, or none.
    pub capitals_tell: bool,
    /// Whether not all is in capitals: a headline in English capitals has small letters.
    pub is_mixed_case: bool,
}

impl Words {
    /// Reads at most `chars_max` code points of `text`.
    pub(crate) fn read(text: &str, chars_max: usize) -> Self {
        let bytes_max = text.len().min(chars_max.saturating_mul(2));
        let mut reader = Reader {
            words: Self {
                all: Vec::with_capacity(bytes_max / 5),
                folded: String::with_capacity(bytes_max),
                ..Self::default()
            },
            open: None,
            sentence: 0,
            joined: true,
        };
        // `at` counts code points, of which `rest` is what is not read yet.
        let (mut at, mut rest) = (0, text);
        while at < chars_max {
            let byte = text.len() - rest.len();
            let run = ascii_run(rest, chars_max - at);
            if !run.is_empty() {
                reader.run(at as u32, byte as u32, run);
                at += run.len();
                rest = &rest[run.len()..];
                continue;
            }
            let Some(c) = rest.chars().next() else {
                break;
            };
            rest = &rest[c.len_utf8()..];
            at += 1;
            if c.is_alphanumeric()
                || (reader.open.is_some() && !c.is_ascii() && is_combining_mark(c))
            {
                reader.letter(at as u32 - 1, byte as u32, c);
            } else if matches!(c, '\'' | '’') && reader.open.is_some() && possessive(rest) {
                reader.close();
                at += 1;
                rest = &rest[1..];
            } else if !(c == '.' && reader.in_pointed_acronym() && initial_follows(rest)) {
                reader.part(c, rest.chars().next().filter(|_| at < chars_max));
            }
        }
        reader.close();
        reader.words.judge_capitals();
        reader.words
    }

    /// The words of a name in the knowledge.
    pub(crate) fn of_name(name: &str) -> Self {
        Self::read(name, usize::MAX)
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn get(&self, index: usize) -> Option<&Word> {
        self.all.get(index)
    }

    pub(crate) fn all(&self) -> &[Word] {
        &self.all
    }

    /// A word's folded form.
    pub(crate) fn folded(&self, word: &Word) -> &str {
        &self.folded[word.folded.0 as usize..word.folded.1 as usize]
    }

    fn judge_capitals(&mut self) {
        let letters = |word: &&Word| self.folded(word).starts_with(|c: char| c.is_alphabetic());
        let lettered = self.all.iter().filter(letters).count();
        let capital = self
            .all
            .iter()
            .filter(|word| word.shape != Shape::Lower)
            .count();
        // A headline in English capitals has few small words; running prose has three in four.
        self.capitals_tell = capital > 0 && capital * 100 < lettered * 65;
        let small = |word: &Word| word.shape == Shape::Capital && word.span.1 > word.span.0 + 1;
        self.is_mixed_case = self.all.iter().any(small);
    }
}

struct Reader {
    words: Words,
    open: Option<Open>,
    sentence: u32,
    joined: bool,
}

/// The word that is being read.
struct Open {
    word: Word,
    letters: u32,
    capitals: u32,
    pointed: bool,
}

impl Open {
    /// Counts a letter or a digit.
    fn add(&mut self, at: u32, letter: bool, capital: bool) {
        self.pointed &= self.letters == 0 || self.word.span.1 < at;
        self.word.span.1 = at + 1;
        self.letters += u32::from(letter);
        self.capitals += u32::from(capital);
    }

    /// Counts letters and digits of ASCII one behind the other.
    fn add_run(&mut self, at: u32, run: &[u8]) {
        let Some((last, before)) = run.split_last() else {
            return;
        };
        let letters = |run: &[u8]| run.iter().filter(|c| c.is_ascii_alphabetic()).count() as u32;
        let capitals = run.iter().filter(|c| c.is_ascii_uppercase()).count();
        self.pointed &= self.letters == 0 || self.word.span.1 < at;
        self.letters += letters(before);
        // Two letters side by side are no initials.
        self.pointed &= before.is_empty() || self.letters == 0;
        self.letters += letters(&[*last]);
        self.capitals += capitals as u32;
        self.word.span.1 = at + run.len() as u32;
    }
}

impl Reader {
    fn letter(&mut self, at: u32, byte: u32, c: char) {
        let capital = c.is_uppercase();
        let open = self.open(at, byte, capital);
        open.add(at, c.is_alphabetic(), capital);
        open.word.bytes.1 = byte + c.len_utf8() as u32;
        fold_into(c, &mut self.words.folded);
    }

    /// Reads letters and digits of ASCII, which most of any text are.
    fn run(&mut self, at: u32, byte: u32, run: &str) {
        let open = self.open(at, byte, run.starts_with(|c: char| c.is_ascii_uppercase()));
        open.add_run(at, run.as_bytes());
        open.word.bytes.1 = byte + run.len() as u32;
        let from = self.words.folded.len();
        self.words.folded.push_str(run);
        self.words.folded[from..].make_ascii_lowercase();
    }

    /// The word that is being read, or else one that begins here.
    fn open(&mut self, at: u32, byte: u32, capital: bool) -> &mut Open {
        let folded = self.words.folded.len() as u32;
        self.open.get_or_insert(Open {
            word: Word {
                span: (at, at),
                bytes: (byte, byte),
                shape: if capital {
                    Shape::Capital
                } else {
                    Shape::Lower
                },
                sentence: self.sentence,
                joined: self.joined,
                folded: (folded, folded),
            },
            letters: 0,
            capitals: 0,
            pointed: true,
        })
    }

    /// Whether the open word is made of single capitals with points between them so far.
    fn in_pointed_acronym(&self) -> bool {
        self.open
            .as_ref()
            .is_some_and(|open| open.pointed && open.capitals == open.letters)
    }

    fn close(&mut self) {
        let Some(mut open) = self.open.take() else {
            return;
        };
        open.word.folded.1 = self.words.folded.len() as u32;
        if open.capitals >= 2 && open.capitals == open.letters {
            open.word.shape = Shape::Upper;
        }
        self.words.all.push(open.word);
        self.joined = true;
    }

    fn part(&mut self, c: char, next: Option<char>) {
        self.close();
        let ends = matches!(c, '.' | '!' | '?' | '…') && next.is_none_or(char::is_whitespace);
        if (ends || c == '\n') && !self.words.all.is_empty() {
            self.sentence += u32::from(
                self.words
                    .all
                    .last()
                    .is_some_and(|word| word.sentence == self.sentence),
            );
        }
        self.joined &= c.is_whitespace() && c != '\n';
    }
}

/// The letters and digits of ASCII at the start of a text, at most so many.
fn ascii_run(text: &str, most: usize) -> &str {
    let bytes = text.as_bytes();
    let end = bytes[..bytes.len().min(most)]
        .iter()
        .position(|byte| !byte.is_ascii_alphanumeric());
    &text[..end.unwrap_or(bytes.len().min(most))]
}

fn possessive(rest: &str) -> bool {
    let mut chars = rest.chars();
    matches!(chars.next(), Some('s' | 'S')) && chars.next().is_none_or(|c| !c.is_alphanumeric())
}

fn initial_follows(rest: &str) -> bool {
    let mut chars = rest.chars();
    chars.next().is_some_and(char::is_uppercase)
        && chars.next().is_none_or(|c| !c.is_alphanumeric())
}

/// Appends the folded form of one character.
fn fold_into(c: char, out: &mut String) {
    match c {
        '\0'..='\x7f' => out.push(c.to_ascii_lowercase()),
        'á' | 'à' | 'â' | 'ã' | 'ä' | 'Á' | 'À' | 'Â' | 'Ã' | 'Ä' => out.push('a'),
        'é' | 'è' | 'ê' | 'ë' | 'É' | 'È' | 'Ê' | 'Ë' => out.push('e'),
        'í' | 'ì' | 'î' | 'ï' | 'Í' | 'Ì' | 'Î' | 'Ï' => out.push('i'),
        'ó' | 'ò' | 'ô' | 'õ' | 'ö' | 'ø' | 'Ó' | 'Ò' | 'Ô' | 'Õ' | 'Ö' | 'Ø' => {
            out.push('o');
        }
        'ú' | 'ù' | 'û' | 'ü' | 'Ú' | 'Ù' | 'Û' | 'Ü' => out.push('u'),
        'ñ' | 'Ñ' => out.push('n'),
        'ç' | 'Ç' => out.push('c'),
        'ß' => out.push_str("ss"),
        'æ' | 'Æ' => out.push_str("ae"),
        _ => out.extend(
            std::iter::once(c)
                .nfkd()
                .filter(|c| !is_combining_mark(*c))
                .flat_map(char::to_lowercase),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let words = Words::of_name(text);
        let folded: Vec<_> = words.all().iter().map(|word| words.folded(word)).collect();
        assert_eq!(folded.join(" "), expected, "{text:?}");
    }

    #[test]
    fn case_and_accents_are_folded() {
        check("Ñuñoa, CORAÇÃO y São Tomé", "nunoa coracao y sao tome");
        check("Vizcata\u{301}n", "vizcatan");
        check("", "");
    }

    #[test]
    fn hyphens_part_words_and_possessives_are_left_out() {
        check("MS-13 and Colombia's FARC-EP", "ms 13 and colombia farc ep");
        check("O'Higgins l’Artibonite", "o higgins l artibonite");
    }

    #[test]
    fn a_pointed_acronym_is_one_word() {
        check("el E.L.N. y la U.S. Navy. Otra", "el eln y la us navy otra");
        check("EE.UU. y p.m.", "ee uu y p m");
    }

    #[test]
    fn spans_count_code_points_and_bytes_slice_the_text() {
        let text = "En Ñuñoa, «Cárcel»";
        let words = Words::of_name(text);
        let word = words.get(2).unwrap();
        assert_eq!(word.span, (11, 17));
        assert_eq!(
            &text[word.bytes.0 as usize..word.bytes.1 as usize],
            "Cárcel"
        );
    }

    #[test]
    fn sentences_end_with_a_stop_and_a_space() {
        let words = Words::of_name("Son 2.500 hombres. Huyeron\n\nTitular");
        let sentences: Vec<_> = words.all().iter().map(|word| word.sentence).collect();
        assert_eq!(sentences, [0, 0, 0, 0, 1, 2]);
    }

    #[test]
    fn capitals_tell_nothing_where_all_words_have_them() {
        for (text, expected) in [
            ("Mataron a dos policías en la vía a Tame", true),
            ("MATARON A DOS POLICÍAS", false),
            ("mataron a dos policías en tame", false),
            ("Police Kill Five In Rosario Attack", false),
        ] {
            assert_eq!(Words::of_name(text).capitals_tell, expected, "{text}");
        }
    }
}
