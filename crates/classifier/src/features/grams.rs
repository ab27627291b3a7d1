//! Words and pairs of words, hashed. Names are taken out first: what a model learns from a town,
//! a group or an outlet it has seen says nothing about those it has not. The beginnings of all words
//! are there once more for themselves, names among them.

use crate::{
    features::Vector,
    fold::Word,
    knowledge::Knowledge,
    matcher::Kind,
    reading::{Part, Prominence, Reading},
};

/// Bits of a hash that are kept. Many words share a number, so that no text can be read back.
pub(crate) const BITS: u32 = 20;
/// The same for terms of the knowledge, whose numbers follow those of the n-grams.
pub(crate) const TERM_BITS: u32 = 14;
/// The same for word beginnings, whose numbers follow those of the terms.
pub(crate) const WORD_BITS: u32 = 19;
/// Letters that a word beginning keeps.
const BEGINNING_LETTERS: usize = 6;
/// How often a word of the headline counts there.
const HEADLINE_TIMES: u32 = 2;
/// Letters of a term's word by which it is known: a stem's endings are alike.
const TERM_LETTERS: usize = 7;
/// What a term counts when it stands there once.
const TERM_VALUE: f32 = 0.3;
/// Words of the text that are read for their n-grams.
const WORDS_MAX: usize = 500;
/// Words at the start of the text that are counted for themselves as well.
const LEAD_WORDS: usize = 50;
/// Letters that a stem keeps.
const STEM_LETTERS: usize = 5;

/// Where an n-gram stands, in the order of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The part of the story.
    pub part: usize,
    /// The words that it is made of.
    pub words: (u32, u32),
}

/// A word or a name as one unit.
#[derive(Clone, Copy)]
pub(super) struct Token {
    pub hash: u64,
    pub stem: u64,
    sentence: u32,
    pub words: (u32, u32),
}

/// All n-grams of a story, counted by kind. Numbers of terms begin at [`Vector::TERMS`], those of words
/// at [`Vector::WORDS`].
pub(crate) struct Grams {
    in_story: Tally,
    in_lead: Tally,
    terms: Tally,
    words: Tally,
}

impl Grams {
    pub(crate) fn of(reading: &Reading<'_>) -> Self {
        let mut grams = Self {
            in_story: Tally::with_capacity(2048),
            in_lead: Tally::with_capacity(256),
            terms: Tally::with_capacity(128),
            words: Tally::with_capacity(512),
        };
        words(reading, &mut grams);
        terms(reading, &mut grams.terms);
        beginnings(reading, &mut grams.words);
        grams
    }

    /// The numbers with their values: how often each stands there, in proportion to all of its kind,
    /// so that a summary and a long read come to as much.
    pub(crate) fn valued(self) -> Valued {
        let all = [&self.in_story, &self.in_lead, &self.terms, &self.words];
        let all = all.iter().map(|tally| tally.counts.len()).sum();
        let mut valued = Valued {
            values: Vec::with_capacity(all),
            firsts: Vec::with_capacity(all),
        };
        valued.add_in_proportion(&self.in_story);
        valued.add_in_proportion(&self.in_lead);
        valued.add(&self.terms, |repeated| TERM_VALUE * repeated);
        valued.add_in_proportion(&self.words);
        valued
    }
}

/// How often each number stands in a story. A story asks for thousands, so that this is a bare table
/// of hashes: numbers are hashes already.
struct Tally {
    /// At a number's low bits or behind, which of `counts` is its own, counted from 1; 0 is none.
    slots: Vec<u32>,
    counts: Vec<Count>,
}

struct Count {
    number: u32,
    times: u32,
    first: Place,
}

impl Tally {
    /// A table that need not grow for so many numbers.
    fn with_capacity(numbers: usize) -> Self {
        Self {
            slots: vec![0; (2 * numbers).next_power_of_two()],
            counts: Vec::with_capacity(numbers),
        }
    }

    /// Counts a number so many times at a place.
    fn add(&mut self, number: u32, times: u32, place: Place) {
        let slot = self.slot(number);
        let at = self.slots[slot] as usize;
        if at > 0 {
            let count = &mut self.counts[at - 1];
            count.times += times;
            // The terms of one table are not behind those of another.
            count.first = count.first.min(place);
            return;
        }
        self.counts.push(Count {
            number,
            times,
            first: place,
        });
        self.slots[slot] = self.counts.len() as u32;
        if 2 * self.counts.len() > self.slots.len() {
            self.grow();
        }
    }

    /// The slot of a number, or the one where it belongs.
    fn slot(&self, number: u32) -> usize {
        let last = self.slots.len() - 1;
        let mut slot = number as usize & last;
        while self.slots[slot] > 0 && self.counts[self.slots[slot] as usize - 1].number != number {
            slot = (slot + 1) & last;
        }
        slot
    }

    fn grow(&mut self) {
        self.slots = vec![0; 2 * self.slots.len()];
        for at in 0..self.counts.len() {
            let slot = self.slot(self.counts[at].number);
            self.slots[slot] = at as u32 + 1;
        }
    }
}

/// The beginnings of all words, those of names among them.
fn beginnings(reading: &Reading<'_>, tally: &mut Tally) {
    for (part, Part { words, .. }) in reading.parts.iter().enumerate() {
        let times = if part == 0 { HEADLINE_TIMES } else { 1 };
        for (at, word) in (0..).zip(words.all().iter().take(WORDS_MAX)) {
            let folded = words.folded(word);
            let hash = if folded.starts_with(|c: char| c.is_ascii_digit()) {
                hashed(kind_of_number(folded))
            } else {
                hashed(prefix(folded, BEGINNING_LETTERS))
            };
            let bucket = (mixed(hash) >> (64 - WORD_BITS)) as u32;
            let bucket = Vector::WORDS as u32 + bucket;
            let words = (at, at + 1);
            tally.add(bucket, times, Place { part, words });
        }
    }
}

/// The terms of the knowledge, told apart by their words: what each is worth by itself.
fn terms(reading: &Reading<'_>, tally: &mut Tally) {
    for (number, part) in reading.parts.iter().enumerate() {
        let words = part.words.all();
        for hit in part.terms.iter().chain(&part.domains).chain(&part.vetoes) {
            let hash =
                words[hit.start as usize..hit.end as usize]
                    .iter()
                    .fold(TERM, |hash, word| {
                        let stem = prefix(part.words.folded(word), TERM_LETTERS);
                        hash.rotate_left(17).wrapping_add(hashed(stem))
                    });
            let early = part.prominence(*hit) >= Prominence::Lead;
            for space in [Some(0), early.then_some(EARLY)].into_iter().flatten() {
                let bucket = (mixed(hash ^ space) >> (64 - TERM_BITS)) as u32;
                let place = Place {
                    part: number,
                    words: (hit.start, hit.end),
                };
                tally.add(Vector::TERMS as u32 + bucket, 1, place);
            }
        }
    }
}

fn words(reading: &Reading<'_>, grams: &mut Grams) {
    let mut tokens = Vec::with_capacity(WORDS_MAX);
    for (number, part) in reading.parts.iter().enumerate() {
        tokens.clear();
        tokenise(part, reading.knowledge, WORDS_MAX, &mut tokens);
        for (at, token) in tokens.iter().enumerate() {
            let early = number == 0 || at < LEAD_WORDS;
            let next = tokens
                .get(at + 1)
                .filter(|next| next.sentence == token.sentence);
            let mut add = |space: u64, hash: u64, end: u32| {
                let bucket = |space: u64| (mixed(hash ^ space) >> (64 - BITS)) as u32;
                let place = Place {
                    part: number,
                    words: (token.words.0, end),
                };
                grams.in_story.add(bucket(space), 1, place);
                if early {
                    grams.in_lead.add(bucket(space ^ EARLY), 1, place);
                }
            };
            add(0, token.hash, token.words.1);
            if token.stem != token.hash {
                add(STEM, token.stem, token.words.1);
            }
            if let Some(next) = next {
                add(
                    PAIR,
                    token.stem.rotate_left(17).wrapping_add(next.stem),
                    next.words.1,
                );
            }
        }
    }
}

/// What the n-grams count, and where.
#[derive(Clone, Debug, Default)]
pub(crate) struct Valued {
    /// Each number with its value, kind after kind, in the order in which they were counted.
    pub values: Vec<(u32, f32)>,
    /// For each of them where it first stands.
    pub firsts: Vec<Place>,
}

impl Valued {
    /// Adds the numbers of a kind, in proportion to all of it: their squares are one together.
    fn add_in_proportion(&mut self, tally: &Tally) {
        let from = self.values.len();
        let squares = self.add(tally, |repeated| repeated);
        let norm = 1.0 / f32::max(squares, 1.0).sqrt();
        let added = self.values[from..].iter_mut();
        added.for_each(|(_, value)| *value *= norm);
    }

    /// Adds the numbers of a kind and returns the sum of their squares.
    fn add(&mut self, tally: &Tally, value: impl Fn(f32) -> f32) -> f32 {
        let mut squares = 0.0;
        for count in &tally.counts {
            let repeated = match count.times {
                1 => 1.0,
                times => 1.0 + (times as f32).ln(),
            };
            let value = value(repeated);
            squares += value * value;
            self.values.push((count.number, value));
            self.firsts.push(count.first);
        }
        squares
    }
}

const STEM: u64 = 0x1b87_3593_c2b2_ae35;
const TERM: u64 = 0x27d4_eb2f_1656_67c5;
const PAIR: u64 = 0x85eb_ca6b_27d4_eb2f;
const EARLY: u64 = 0x9e37_79b9_7f4a_7c15;

/// The words of a part, each name of it as one, at most so many.
pub(super) fn tokenise(
    part: &Part<'_>,
    knowledge: &Knowledge,
    most: usize,
    tokens: &mut Vec<Token>,
) {
    let words = part.words.all();
    let mut names = part.names.iter().peekable();
    let mut at = 0;
    while at < words.len() && tokens.len() < most {
        while names.peek().is_some_and(|name| (name.start as usize) < at) {
            names.next();
        }
        if let Some(name) = names.next_if(|name| name.start as usize == at) {
            let actor = part
                .admitted(&knowledge.matcher, *name)
                .any(|payload| payload.kind == Kind::Actor);
            let hash = hashed(if actor { "<actor>" } else { "<place>" });
            tokens.push(Token {
                hash,
                stem: hash,
                sentence: words[at].sentence,
                words: (name.start, name.end),
            });
            at = name.end as usize;
        } else {
            tokens.push(token(part, &words[at], at as u32));
            at += 1;
        }
    }
}

fn token(part: &Part<'_>, word: &Word, at: u32) -> Token {
    let folded = part.words.folded(word);
    let (hash, stem) = if folded.starts_with(|c: char| c.is_ascii_digit()) {
        let hash = hashed(kind_of_number(folded));
        (hash, hash)
    } else {
        let start = prefix(folded, STEM_LETTERS);
        let stem = hashed(start);
        (hashed_on(stem, &folded[start.len()..]), stem)
    };
    Token {
        hash,
        stem,
        sentence: word.sentence,
        words: (at, at + 1),
    }
}

/// The first letters of a word, all of them where it has no more.
fn prefix(folded: &str, letters: usize) -> &str {
    match folded.as_bytes().get(..letters) {
        None => folded,
        Some(bytes) if bytes.is_ascii() => &folded[..letters],
        Some(_) => {
            let end = folded.char_indices().nth(letters);
            end.map_or(folded, |(end, _)| &folded[..end])
        }
    }
}

fn kind_of_number(folded: &str) -> &'static str {
    match folded.parse::<u32>() {
        Ok(1900..2005) => "<past>",
        Ok(2005..2035) => "<year>",
        Ok(0..10) => "<few>",
        Ok(_) => "<number>",
        Err(_) => "<mixed>",
    }
}

/// FNV-1a: the same everywhere and for ever, as a model's numbers must be.
pub(super) fn hashed(text: &str) -> u64 {
    hashed_on(0xcbf2_9ce4_8422_2325, text)
}

/// The hash of a text whose beginning has a known one.
pub(super) fn hashed_on(hash: u64, text: &str) -> u64 {
    text.bytes().fold(hash, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

pub(super) fn mixed(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use story::{Article, TextSource};

    use super::*;
    use crate::knowledge::KnowledgeFiles;

    static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(|| {
        Knowledge::parse(KnowledgeFiles::embedded()).expect("the shipped knowledge")
    });

    fn valued(title: &str, text: &str) -> Valued {
        let article = Article::new(title.to_owned(), text.to_owned(), TextSource::Text);
        Grams::of(&Reading::of(&article, &KNOWLEDGE)).valued()
    }

    /// The numbers of n-grams, and those of word beginnings.
    fn numbers(valued: &Valued) -> [Vec<u32>; 2] {
        let numbers = valued.values.iter().map(|(number, _)| *number);
        let is_word = |number: &u32| *number as usize >= Vector::WORDS;
        let (words, grams) = numbers.partition(is_word);
        [grams, words]
    }

    #[test]
    fn n_grams_do_not_know_a_name_and_word_beginnings_do() {
        let [in_one, words_of_one] = numbers(&valued("", "it rained in Medellín"));
        let [in_other, words_of_other] = numbers(&valued("", "it rained in Bogotá"));
        assert_eq!(in_one, in_other);
        assert_ne!(words_of_one, words_of_other);
        // What follows the sixth letter does not count.
        let [_, long] = numbers(&valued("", "bombing bombings bombero"));
        assert_eq!(long.len(), 2, "{long:?}");
    }

    #[test]
    fn a_kind_has_the_same_weight_in_a_summary_and_in_a_long_read() {
        let long = "storm after storm came over the hills ".repeat(30);
        for text in ["storm", "two words", &long] {
            let values = valued("", text).values;
            let words = values
                .iter()
                .filter(|(number, _)| *number as usize >= Vector::WORDS);
            let squares: f32 = words.map(|(_, value)| value * value).sum();
            assert!((squares - 1.0).abs() < 1e-4, "{squares}");
        }
    }

    #[test]
    fn a_number_is_told_where_it_first_stands() {
        let valued = valued("Storm", "rain and storm");
        let places: Vec<_> = valued
            .firsts
            .iter()
            .map(|place| (place.part, place.words))
            .collect();
        assert!(places.contains(&(0, (0, 1))), "{places:?}");
        assert!(places.contains(&(1, (1, 2))), "{places:?}");
        assert!(!places.contains(&(1, (2, 3))), "{places:?}");
    }

    #[test]
    fn a_tally_counts_any_numbers_however_many() {
        let mut tally = Tally::with_capacity(4);
        let place = |start| Place {
            part: 0,
            words: (start, start + 1),
        };
        // They share their low bits, by which a table would find them.
        let numbers: Vec<u32> = (0..500).map(|number| number << 12).collect();
        for (at, number) in (0..).zip(&numbers) {
            tally.add(*number, 3, place(at + 7));
            tally.add(*number, 1, place(at));
        }
        for (at, (count, number)) in (0..).zip(tally.counts.iter().zip(&numbers)) {
            let counted = (count.number, count.times, count.first);
            assert_eq!(counted, (*number, 4, place(at)));
        }
        assert_eq!(tally.counts.len(), numbers.len());
    }
}
