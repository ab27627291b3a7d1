//! Folds by outlet: what is held out comes from outlets that were not trained on.

use std::collections::HashMap;

use crate::example::Example;

/// How many folds there are.
pub(crate) const FOLDS: u64 = 5;

/// The fold of each example. An outlet with more than half a fold's articles is spread over all of
/// them: held out as a whole it would take a language's stories with it.
pub(crate) fn folds(examples: &[Example], seed: u64) -> Vec<u64> {
    let mut sizes: HashMap<u64, u64> = HashMap::new();
    for example in examples {
        *sizes.entry(example.group).or_default() += 1;
    }
    let large = examples.len() as u64 / (2 * FOLDS);
    let fold = |example: &Example| {
        let whole = sizes[&example.group] <= large;
        let key = if whole { example.group } else { example.id };
        mixed(key ^ seed.rotate_left(32)) % FOLDS
    };
    examples.iter().map(fold).collect()
}

fn mixed(key: u64) -> u64 {
    let key = (key ^ (key >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    key ^ (key >> 33)
}
