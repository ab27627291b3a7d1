//! Beginnings of words that patterns ask for, such as `emboscad*`, and which of them a word has.

use super::{Label, STEM};

/// The stems, in a trie over the letters a to z and the digits.
#[derive(Debug)]
pub(super) struct Stems {
    /// For each node, the next node by letter; 0 is none.
    next: Vec<[u32; LETTERS]>,
    /// For each node, the stem that ends there.
    ends: Vec<Option<Label>>,
    /// For each three letters, whether a word that begins with them may have a stem: most do not,
    /// and this says so from the nearest cache.
    begins: Vec<u64>,
}

impl Stems {
    pub(super) fn new() -> Self {
        Self {
            next: vec![[0; LETTERS]],
            ends: vec![None],
            begins: vec![0; (LETTERS * LETTERS * LETTERS).div_ceil(64)],
        }
    }

    /// How many nodes there are; stems are numbered by theirs.
    pub(super) fn nodes(&self) -> usize {
        self.next.len()
    }

    /// The number of three letters.
    fn beginning(folded: &[u8]) -> Option<usize> {
        folded.first_chunk::<3>().and_then(|three| {
            let mut letters = three.iter().map(|byte| letter(*byte));
            letters.try_fold(0, |number, letter| Some(number * LETTERS + letter?))
        })
    }

    /// Whether a word may have stems.
    fn may_begin(&self, folded: &[u8]) -> bool {
        Self::beginning(folded).is_none_or(|at| self.begins[at / 64] >> (at % 64) & 1 == 1)
    }

    /// Notes with which letters the stems begin.
    pub(super) fn note_beginnings(&mut self) {
        for at in 0..LETTERS.pow(3) {
            let letters = [at / LETTERS.pow(2), at / LETTERS % LETTERS, at % LETTERS];
            if self.has_stem_of(letters) {
                self.begins[at / 64] |= 1 << (at % 64);
            }
        }
    }

    /// Whether a stem begins with these letters, or is their beginning.
    fn has_stem_of(&self, letters: [usize; 3]) -> bool {
        let mut node = 0;
        for letter in letters {
            node = self.next[node][letter] as usize;
            if node == 0 || self.ends[node].is_some() {
                return node != 0;
            }
        }
        true
    }

    /// The number of a stem, if it is made of letters and digits alone.
    pub(super) fn insert(&mut self, stem: &str) -> Option<Label> {
        let letters: Option<Vec<_>> = stem.bytes().map(letter).collect();
        let mut node = 0;
        for letter in letters? {
            let next = self.next[node][letter];
            node = if next == 0 {
                let new = self.next.len();
                self.next[node][letter] = new as u32;
                self.next.push([0; LETTERS]);
                self.ends.push(None);
                new
            } else {
                next as usize
            };
        }
        Some(*self.ends[node].get_or_insert(STEM | node as Label))
    }

    /// Appends the stems of a folded word.
    pub(super) fn of(&self, folded: &str, stems: &mut Vec<Label>) {
        if !self.may_begin(folded.as_bytes()) {
            return;
        }
        let mut node = 0;
        for letter in folded.bytes().map_while(letter) {
            node = self.next[node][letter] as usize;
            if node == 0 {
                return;
            }
            stems.extend(self.ends[node]);
        }
    }
}

/// How many letters a stem can have: a to z, 0 to 9.
const LETTERS: usize = 36;

fn letter(byte: u8) -> Option<usize> {
    match byte {
        b'a'..=b'z' => Some(usize::from(byte - b'a')),
        b'0'..=b'9' => Some(26 + usize::from(byte - b'0')),
        _ => None,
    }
}
