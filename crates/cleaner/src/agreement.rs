//! How much of one text stands in another, by runs of four words.

use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashSet, FxHasher};

/// Words in a run.
const RUN: usize = 4;

/// The runs of words of a text.
pub(crate) struct Runs {
    runs: FxHashSet<u64>,
    bytes: usize,
}

impl Runs {
    /// The runs of `text`.
    pub(crate) fn of(text: &str) -> Self {
        Self {
            runs: hashes(text).into_iter().collect(),
            bytes: text.len(),
        }
    }

    /// Bytes of the text.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The share of `text`'s runs that stand in this text too, 0 to 1.
    pub(crate) fn share(&self, text: &str) -> f32 {
        let hashes = hashes(text);
        if hashes.is_empty() {
            return 0.0;
        }
        let shared = hashes
            .iter()
            .filter(|hash| self.runs.contains(hash))
            .count();
        shared as f32 / hashes.len() as f32
    }
}

fn hashes(text: &str) -> Vec<u64> {
    let words: Vec<u64> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| {
            let mut hash = FxHasher::default();
            word.hash(&mut hash);
            hash.finish()
        })
        .collect();
    let join = |run: &[u64]| {
        run.iter().fold(0_u64, |all, word| {
            all.rotate_left(13).wrapping_mul(31) ^ word
        })
    };
    match words.len() {
        0 => Vec::new(),
        count if count < RUN => vec![join(&words)],
        _ => words.windows(RUN).map(join).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_count_runs() {
        let runs = Runs::of("uno dos tres cuatro cinco seis");
        assert!((runs.share("dos, tres: cuatro (cinco)") - 1.0).abs() < f32::EPSILON);
        assert!(runs.share("cinco cuatro tres dos") < f32::EPSILON);
        assert!(runs.share("") < f32::EPSILON);
    }
}
