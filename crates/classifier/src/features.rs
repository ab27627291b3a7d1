//! A story as numbers: what a model weighs.
//!
//! Two kinds: those of the knowledge ([`dense`]), few and each with a name of its own, and hashed
//! n-grams, terms and word beginnings ([`grams`]), many and known by numbers. For a model that judges
//! by them there are [`passages`] too. A change to what any of them means is a new version, so that no
//! model judges by numbers that it was not trained on.

pub(crate) mod dense;
pub(crate) mod grams;
pub(crate) mod passages;
mod spread;

use crate::{actors::Named, geography::Geography, reading::Reading, security::Security};
pub use dense::Head;
use grams::Grams;
pub(crate) use grams::Place;
pub(crate) use passages::Passage;

/// Version of the features.
pub(crate) const VERSION: u32 = 3;

/// A story as numbers: its features that are not zero, by their numbers.
#[derive(Clone, Debug, Default)]
pub struct Vector {
    /// Features of the knowledge, by head: topic and region.
    pub dense: [Vec<(u32, f32)>; 2],
    /// Hashed n-grams, below [`Vector::TERMS`], terms of the knowledge from there on, and from
    /// [`Vector::WORDS`] on, behind all others, the beginnings of all words, names among them.
    pub grams: Vec<(u32, f32)>,
    /// What stands in each passage, as numbers in their order; empty unless it was asked for.
    pub passages: Vec<Vec<u32>>,
}

impl Vector {
    /// What all passages come to: each of their numbers, and how often it counts, once and a little
    /// more for each passage that has it.
    pub fn whole(&self) -> Vec<(u32, f32)> {
        let mut numbers: Vec<u32> = self.passages.iter().flatten().copied().collect();
        numbers.sort_unstable();
        let same = numbers.chunk_by(|a, b| a == b);
        same.map(|same| (same[0], 1.0 + (same.len() as f32).ln()))
            .collect()
    }

    /// From this number on, what looks like an n-gram is a term of the knowledge.
    pub const TERMS: usize = 1 << grams::BITS;
    /// From this number on, it is the beginning of a word.
    pub const WORDS: usize = Self::TERMS + (1 << grams::TERM_BITS);
    /// How many numbers n-grams, terms and word beginnings have.
    pub const GRAMS: usize = Self::WORDS + (1 << grams::WORD_BITS);
}

/// A story's vector, and where its n-grams stand.
#[derive(Clone, Debug)]
pub(crate) struct Features {
    pub vector: Vector,
    /// For each of the vector's n-grams where it first stands.
    firsts: Vec<Place>,
    passages: Vec<Passage>,
}

impl Features {
    pub(crate) fn of(
        reading: &Reading<'_>,
        security: &Security,
        geography: &Geography,
        actors: &[Named],
    ) -> Self {
        let grams = Grams::of(reading).valued();
        let vector = Vector {
            dense: dense::all(reading, security, geography, actors),
            grams: grams.values,
            passages: Vec::new(),
        };
        Self {
            vector,
            firsts: grams.firsts,
            passages: Vec::new(),
        }
    }

    /// The same with the story's passages.
    pub(crate) fn with_passages(self, reading: &Reading<'_>) -> Self {
        let passages = passages::all(reading);
        let numbers = |passage: &Passage| {
            let features = passage.features.iter();
            features.map(|placed| placed.number).collect()
        };
        let vector = Vector {
            passages: passages.iter().map(numbers).collect(),
            ..self.vector
        };
        Self {
            vector,
            passages,
            ..self
        }
    }

    /// The passages, if they were asked for.
    pub(crate) fn passages(&self) -> &[Passage] {
        &self.passages
    }

    /// Takes out what was learned word by word and leaves what the knowledge says.
    pub(crate) fn forget_grams(&mut self) {
        self.vector.passages.clear();
        self.passages.clear();
        let of_knowledge =
            |number: u32| (Vector::TERMS..Vector::WORDS).contains(&(number as usize));
        let numbers = std::mem::take(&mut self.vector.grams).into_iter();
        let told = numbers.zip(std::mem::take(&mut self.firsts));
        let told = told.filter(|((number, _), _)| of_knowledge(*number));
        (self.vector.grams, self.firsts) = told.unzip();
    }

    /// Each number of an n-gram with its value and where it first stands.
    pub(crate) fn firsts(&self) -> impl Iterator<Item = (u32, f32, Place)> {
        let all = self.vector.grams.iter().zip(&self.firsts);
        all.map(|((number, value), first)| (*number, *value, *first))
    }
}
