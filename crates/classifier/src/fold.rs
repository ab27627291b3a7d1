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

impl Shape {
    /// That of a word with so many letters and capitals, and a capital or none at the start.
    fn of(starts: bool, letters: u32, capitals: u32) -> Self {
        if capitals >= 2 && capitals == letters {
            Self::Upper
        } else if starts {
            Self::Capital
        } else {
            Self::Lower
        }
    }
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
            lettered: 0,
            capital: 0,
        };
        // `at` counts code points, `byte` bytes.
        let (mut at, mut byte) = (0, 0);
        while at < chars_max {
            let rest = &text[byte..];
            let run = Run::at_start_of(rest, chars_max - at);
            if run.length > 0 {
                if reader.open.is_none() && run.is_word_before(&rest[run.length..]) {
                    reader.word(at as u32, byte as u32, rest, run);
                } else {
                    reader.run(at as u32, byte as u32, rest, run);
                }
                at += run.length;
                byte += run.length;
                continue;
            }
            let Some(c) = rest.chars().next() else {
                break;
            };
            let rest = &rest[c.len_utf8()..];
            let first = byte as u32;
            at += 1;
            byte += c.len_utf8();
            if c == ' ' {
                // Most spaces stand behind a word that is read already.
                if reader.open.is_some() {
                    reader.close();
                }
            } else if is_letter(c) || (reader.open.is_some() && is_combining_mark(c)) {
                reader.letter(at as u32 - 1, first, c);
            } else if matches!(c, '\'' | '’') && reader.open.is_some() && possessive(rest) {
                reader.close();
                at += 1;
                byte += 1;
            } else if !(c == '.' && reader.in_pointed_acronym() && initial_follows(rest)) {
                reader.part(c, rest.chars().next().filter(|_| at < chars_max));
            }
        }
        reader.close();
        // A headline in English capitals has few small words; running prose has three in four.
        reader.words.capitals_tell =
            reader.capital > 0 && reader.capital * 100 < reader.lettered * 65;
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
}

struct Reader {
    words: Words,
    open: Option<Open>,
    sentence: u32,
    joined: bool,
    /// Words that begin with a letter, and those that have capitals as names do.
    lettered: usize,
    capital: usize,
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
    fn add_run(&mut self, at: u32, run: Run) {
        self.pointed &= self.letters == 0 || self.word.span.1 < at;
        // Two letters side by side are no initials.
        self.pointed &= run.length == 1 || self.letters + run.letters - run.ends_in_letter == 0;
        self.letters += run.letters;
        self.capitals += run.capitals;
        self.word.span.1 = at + run.length as u32;
    }
}

/// Letters and digits of ASCII one behind the other, which most of any text are.
#[derive(Clone, Copy)]
struct Run {
    length: usize,
    letters: u32,
    capitals: u32,
    /// 1 where the last is a letter, else 0.
    ends_in_letter: u32,
}

impl Run {
    /// Those at the start of a text, at most so many.
    fn at_start_of(text: &str, most: usize) -> Self {
        let (mut counts, mut last) = (0, 0);
        let mut length = 0;
        for byte in text.bytes().take(most.min(Self::LENGTH_MAX)) {
            let signs = Self::SIGNS[usize::from(byte)];
            if signs == 0 {
                break;
            }
            counts += signs;
            last = signs;
            length += 1;
        }
        let letters = |counts: u64| (counts >> Self::BITS) as u32 & ((1 << Self::BITS) - 1);
        Self {
            length,
            letters: letters(counts),
            capitals: (counts >> (2 * Self::BITS)) as u32,
            ends_in_letter: letters(last),
        }
    }

    /// Whether they are a word where this follows: neither more letters nor what may be a possessive
    /// or stand within an acronym.
    fn is_word_before(self, rest: &str) -> bool {
        match rest.as_bytes().first() {
            None => true,
            Some(b'.') => self.letters >= 2,
            Some(byte) => byte.is_ascii() && *byte != b'\'' && Self::SIGNS[usize::from(*byte)] == 0,
        }
    }

    /// Bits of one of the counts, of which three share a number.
    const BITS: u32 = 21;
    /// What is longer goes on in another run.
    const LENGTH_MAX: usize = (1 << Self::BITS) - 1;
    /// For each byte what it adds to the counts of letters and digits, of letters and of capitals.
    const SIGNS: [u64; 256] = {
        let mut signs = [0; 256];
        let mut byte = 0;
        while byte < 128 {
            let c = byte as u8;
            signs[byte] = c.is_ascii_alphanumeric() as u64
                | (c.is_ascii_alphabetic() as u64) << Self::BITS
                | (c.is_ascii_uppercase() as u64) << (2 * Self::BITS);
            byte += 1;
        }
        signs
    };
}

impl Reader {
    fn letter(&mut self, at: u32, byte: u32, c: char) {
        let told = accented(c).map(|capital| (true, capital));
        let (letter, capital) = told.unwrap_or_else(|| (c.is_alphabetic(), c.is_uppercase()));
        let open = self.open(at, byte, capital);
        open.add(at, letter, capital);
        open.word.bytes.1 = byte + c.len_utf8() as u32;
        fold_into(c, &mut self.words.folded);
    }

    /// Reads a word of ASCII at the start of `rest`: what most of any text is made of.
    fn word(&mut self, at: u32, byte: u32, rest: &str, run: Run) {
        let first = rest.as_bytes()[0];
        let shape = Shape::of(first.is_ascii_uppercase(), run.letters, run.capitals);
        let folded = self.fold(rest, run);
        let length = run.length as u32;
        let word = Word {
            span: (at, at + length),
            bytes: (byte, byte + length),
            shape,
            sentence: self.sentence,
            joined: self.joined,
            folded: (folded, folded + length),
        };
        self.push(word, first.is_ascii_alphabetic());
    }

    /// Reads letters and digits of ASCII at the start of `rest`, which are a word with what stands
    /// around them.
    fn run(&mut self, at: u32, byte: u32, rest: &str, run: Run) {
        let open = self.open(at, byte, rest.starts_with(|c: char| c.is_ascii_uppercase()));
        open.add_run(at, run);
        open.word.bytes.1 = byte + run.length as u32;
        self.fold(rest, run);
    }

    /// Appends the folded form of a run, and returns where it begins.
    fn fold(&mut self, rest: &str, run: Run) -> u32 {
        let from = self.words.folded.len();
        self.words.folded.push_str(&rest[..run.length]);
        if run.capitals > 0 {
            self.words.folded[from..].make_ascii_lowercase();
        }
        from as u32
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
        let capital = open.word.shape == Shape::Capital;
        open.word.shape = Shape::of(capital, open.letters, open.capitals);
        let lettered = self.words.folded(&open.word);
        let lettered = lettered.starts_with(|c: char| c.is_alphabetic());
        self.push(open.word, lettered);
    }

    /// Adds a word; `lettered` where it begins with a letter.
    fn push(&mut self, word: Word, lettered: bool) {
        self.lettered += usize::from(lettered);
        self.capital += usize::from(word.shape != Shape::Lower);
        self.words.is_mixed_case |= word.shape == Shape::Capital && word.span.1 > word.span.0 + 1;
        self.words.all.push(word);
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

/// Whether a letter with an accent is a capital; nothing of other characters. The letters of the
/// region's languages are told without the tables of Unicode.
fn accented(c: char) -> Option<bool> {
    match c {
        'à'..='ö' | 'ø'..='ÿ' => Some(false),
        'À'..='Ö' | 'Ø'..='Þ' => Some(true),
        _ => None,
    }
}

fn is_letter(c: char) -> bool {
    accented(c).is_some() || c.is_alphanumeric()
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
    fn what_follows_a_word_may_belong_to_it() {
        check("la B.B.C. y 20.B con 4K.", "la bbc y 20b con 4k");
        check("Peru's, perú’s; x'y Ana\u{301}lia", "peru peru x y analia");
        check("vigía2x3ñ", "vigia2x3n");
    }

    #[test]
    fn a_run_of_any_length_is_one_word_and_is_read_as_far_as_is_asked_for() {
        let words = Words::of_name(&"A".repeat(5_000_000));
        assert_eq!(words.len(), 1);
        assert_eq!(words.get(0).unwrap().span, (0, 5_000_000));
        assert_eq!(words.get(0).unwrap().shape, Shape::Upper);
        let words = Words::read("año nuevo", 6);
        let folded: Vec<_> = words.all().iter().map(|word| words.folded(word)).collect();
        assert_eq!(folded, ["ano", "nu"]);
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
