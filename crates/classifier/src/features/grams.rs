//! Words and pairs of words, hashed. Names are taken out first: what a model learns from a town,
//! a group or an outlet it has seen says nothing about those it has not.

use crate::{
    fold::Word,
    knowledge::Knowledge,
    matcher::Kind,
    reading::{Part, Prominence, Reading},
};

/// Bits of a hash that are kept. Many words share a number, so that no text can be read back.
pub(crate) const BITS: u32 = 20;
/// The same for terms of the knowledge, whose numbers follow those of the n-grams.
pub(crate) const TERM_BITS: u32 = 14;
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

/// A hashed n-gram and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gram {
    /// Its number; those of terms are `1 << BITS` and above.
    pub bucket: u32,
    /// Where it counts: in the story or in its beginning.
    pub block: u8,
    /// The part of the story.
    pub part: u8,
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

/// All n-grams of a story.
pub(crate) fn all(reading: &Reading<'_>) -> Vec<Gram> {
    let mut grams = words(reading);
    terms(reading, &mut grams);
    grams
}

/// The terms of the knowledge, told apart by their words: what each is worth by itself.
fn terms(reading: &Reading<'_>, grams: &mut Vec<Gram>) {
    for (number, part) in reading.parts.iter().enumerate() {
        let words = part.words.all();
        for hit in part.terms.iter().chain(&part.domains).chain(&part.vetoes) {
            let hash =
                words[hit.start as usize..hit.end as usize]
                    .iter()
                    .fold(TERM, |hash, word| {
                        let folded = part.words.folded(word);
                        let end = folded.char_indices().nth(TERM_LETTERS);
                        let stem = &folded[..end.map_or(folded.len(), |(end, _)| end)];
                        hash.rotate_left(17).wrapping_add(hashed(stem))
                    });
            let early = part.prominence(*hit) >= Prominence::Lead;
            for (block, space) in [(BLOCKS, 0), (BLOCKS + 1, EARLY)] {
                if block == BLOCKS || early {
                    let bucket = (mixed(hash ^ space) >> (64 - TERM_BITS)) as u32;
                    grams.push(Gram {
                        bucket: (1 << BITS) + bucket,
                        block,
                        part: number as u8,
                        words: (hit.start, hit.end),
                    });
                }
            }
        }
    }
}

fn words(reading: &Reading<'_>) -> Vec<Gram> {
    let mut grams = Vec::with_capacity(4096);
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
                let words = (token.words.0, end);
                let bucket = |space: u64| (mixed(hash ^ space) >> (64 - BITS)) as u32;
                grams.push(Gram {
                    bucket: bucket(space),
                    block: 0,
                    part: number as u8,
                    words,
                });
                if early {
                    let bucket = bucket(space ^ EARLY);
                    grams.push(Gram {
                        bucket,
                        block: 1,
                        part: number as u8,
                        words,
                    });
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
    grams
}

/// What the n-grams count, and where.
#[derive(Clone, Debug, Default)]
pub(crate) struct Valued {
    /// Each number with its value, block after block and by number within one.
    pub values: Vec<(u32, f32)>,
    /// For each of them the first n-gram that has the number, by its place in the list; [`NOWHERE`]
    /// for a number that a later block has as well.
    firsts: Vec<u32>,
}

/// The place of a number that is told elsewhere.
const NOWHERE: u32 = u32::MAX;

/// The n-grams with their values: how often each stands there, in proportion to all of its block,
/// so that a summary and a long read come to as much.
pub(crate) fn valued(grams: &[Gram]) -> Valued {
    let mut valued = Valued {
        values: Vec::with_capacity(grams.len()),
        firsts: Vec::with_capacity(grams.len()),
    };
    let mut places = Vec::with_capacity(grams.len());
    let mut starts = [0; BLOCKS as usize + 1];
    for block in 0..BLOCKS {
        let squares = valued.add(grams, &mut places, |of| of == block, |repeated| repeated);
        let norm = 1.0 / f32::max(squares, 1.0).sqrt();
        let from = starts[usize::from(block)];
        valued.values[from..]
            .iter_mut()
            .for_each(|(_, value)| *value *= norm);
        starts[usize::from(block) + 1] = valued.values.len();
    }
    valued.tell_once(starts[1]);
    let value = |repeated| TERM_VALUE * repeated;
    valued.add(grams, &mut places, |of| of >= BLOCKS, value);
    valued
}

impl Valued {
    /// The value of each number at the place of its first n-gram, 0 elsewhere.
    pub(crate) fn by_place(&self, places: usize) -> Vec<f32> {
        let mut values = vec![0.0; places];
        for ((_, value), first) in self.values.iter().zip(&self.firsts) {
            if let Some(slot) = values.get_mut(*first as usize) {
                *slot = *value;
            }
        }
        values
    }

    /// Adds the numbers of some blocks and returns the sum of their squares.
    fn add(
        &mut self,
        grams: &[Gram],
        places: &mut Vec<u64>,
        admits: impl Fn(u8) -> bool,
        value: impl Fn(f32) -> f32,
    ) -> f32 {
        places.clear();
        let of_block = grams
            .iter()
            .zip(0_u64..)
            .filter(|(gram, _)| admits(gram.block));
        places.extend(of_block.map(|(gram, place)| u64::from(gram.bucket) << 32 | place));
        places.sort_unstable();
        let mut squares = 0.0;
        for same in places.chunk_by(|a, b| a >> 32 == b >> 32) {
            let value = value(1.0 + (same.len() as f32).ln());
            squares += value * value;
            self.values.push(((same[0] >> 32) as u32, value));
            self.firsts.push(same[0] as u32);
        }
        squares
    }

    /// Has each number that stands on both sides of `middle` told by the later one.
    fn tell_once(&mut self, middle: usize) {
        let mut before = 0;
        for after in middle..self.values.len() {
            let number = self.values[after].0;
            while before < middle && self.values[before].0 < number {
                before += 1;
            }
            if before < middle && self.values[before].0 == number {
                self.firsts[after] = self.firsts[after].min(self.firsts[before]);
                self.firsts[before] = NOWHERE;
            }
        }
    }
}

/// How many blocks n-grams are counted in.
const BLOCKS: u8 = 2;
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
        let hash = hashed(number(folded));
        (hash, hash)
    } else {
        let end = folded
            .char_indices()
            .nth(STEM_LETTERS)
            .map_or(folded.len(), |(end, _)| end);
        let stem = hashed(&folded[..end]);
        (hashed_on(stem, &folded[end..]), stem)
    };
    Token {
        hash,
        stem,
        sentence: word.sentence,
        words: (at, at + 1),
    }
}

fn number(folded: &str) -> &'static str {
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
