//! Fits what passages count: one model of all passages of an article together, and one of single
//! passages.
//!
//! The first is a logistic regression over what stands in an article, each thing by how rare it is
//! and by its log-count ratio (Wang and Manning, "Baselines and Bigrams", ACL 2012). The second
//! learns which passages speak for an article, from labels of whole articles (multiple-instance
//! learning; Andrews and others, "Support Vector Machines for Multiple-Instance Learning", NIPS
//! 2002): first all passages of one that is looked for speak for it a little, then those that the
//! model finds to say most, judged by fits that did not see the article. Where a person's evidence
//! says which passages those are, they are taken as they are.

mod rows;

use std::collections::{BTreeMap, HashMap};

use classifier::PassageWeights;

use crate::example::Example;
use rows::{Fit, Rows, Vocabulary};

/// How much the losses count against the size of the weights.
const WHOLE_COST: f64 = 10.0;
const SINGLE_COST: f64 = 1.0;
/// How much all passages of an article that is looked for count together before those that speak
/// for it are picked, and each passage of another.
const UNPICKED: f64 = 2.0;
const OTHERS: f64 = 1.0 / 3.0;
/// In how many parts articles are judged by fits that did not see them.
const PARTS: usize = 5;

/// Fits to examples that have passages; of each, `top` count by themselves.
pub(crate) fn fit(examples: &[&Example], top: usize) -> PassageWeights {
    let counting = examples.iter().filter(|example| example.weight > 0.0);
    let examples: Vec<&Example> = counting.copied().collect();
    let outlets = outlets(&examples);
    let vocabulary = Vocabulary::of(&examples, &outlets);
    let whole = whole(&vocabulary, &examples);
    let single = single(&vocabulary, &examples, &outlets, top);
    let weights = vocabulary
        .numbers()
        .zip(whole.weights.iter().zip(&single.weights));
    let weight =
        |(number, (whole, single)): (u32, (&f64, &f64))| (number, [*whole as f32, *single as f32]);
    PassageWeights {
        top,
        starts: [whole.start as f32, single.start as f32],
        weights: weights.map(weight).collect::<BTreeMap<_, _>>(),
    }
}

/// The outlets of examples, numbered in the order in which they come.
fn outlets(examples: &[&Example]) -> Vec<usize> {
    let mut numbers = HashMap::new();
    let mut number = |example: &&Example| {
        let next = numbers.len();
        *numbers.entry(example.group).or_insert(next)
    };
    examples.iter().map(&mut number).collect()
}

/// What stands in articles as wholes.
fn whole(vocabulary: &Vocabulary, examples: &[&Example]) -> Fit {
    let mut rows = Rows::default();
    for example in examples {
        rows.add(vocabulary, example.forms[0].whole());
        rows.judge(example.label, f64::from(example.weight));
    }
    let ratios = rows.log_count_ratios(vocabulary.len());
    let articles = examples.len() as f64;
    let rarity = |seen: f64| ((1.0 + articles) / (1.0 + seen)).ln() + 1.0;
    let seen = rows.seen(vocabulary.len());
    let scales = ratios
        .iter()
        .zip(seen)
        .map(|(ratio, seen)| ratio * rarity(seen));
    rows.fit(&scales.collect::<Vec<_>>(), WHOLE_COST)
}

/// What stands in passages that speak for their articles.
fn single(vocabulary: &Vocabulary, examples: &[&Example], outlets: &[usize], top: usize) -> Fit {
    let mut rows = Rows::default();
    // Of which outlet each row is.
    let mut owners = Vec::new();
    for (outlet, example) in outlets.iter().zip(examples) {
        for passage in &example.forms[0].passages {
            rows.add(vocabulary, passage.iter().map(|number| (*number, 1.0)));
            owners.push(*outlet);
        }
    }
    let passages = owners.len() as f64;
    let seen = rows.seen(vocabulary.len());
    let scales: Vec<f64> = seen
        .iter()
        .map(|seen| (passages / seen.max(1.0)).ln())
        .collect();
    let mut picked: Vec<Vec<bool>> = examples.iter().map(|e| e.witnesses.clone()).collect();
    let unpicked = |owner: usize| examples[owner].label && !picked[owner].contains(&true);
    let open: Vec<bool> = (0..examples.len()).map(unpicked).collect();
    if open.contains(&true) {
        judge(&mut rows, examples, &picked, OTHERS);
        let scores = rows.cross_fit(&owners, PARTS, &scales, SINGLE_COST);
        let mut at = 0;
        for (owner, example) in examples.iter().enumerate() {
            let count = example.forms[0].passages.len();
            if open[owner] {
                picked[owner] = most(&scores[at..at + count], top);
            }
            at += count;
        }
    }
    judge(&mut rows, examples, &picked, 1.0);
    rows.fit(&scales, SINGLE_COST)
}

/// Says of each passage what it is an example of: one that is picked of what is looked for, any of
/// an article that is not of the rest, and where none is picked yet all a little.
fn judge(rows: &mut Rows, examples: &[&Example], picked: &[Vec<bool>], others: f64) {
    rows.forget_judgements();
    for (example, picked) in examples.iter().zip(picked) {
        let count = example.forms[0].passages.len();
        let none = !picked.contains(&true);
        let picked = picked.iter().copied().chain(std::iter::repeat(false));
        for picked in picked.take(count) {
            let share = if !example.label {
                others
            } else if none {
                UNPICKED / count as f64
            } else {
                f64::from(u8::from(picked))
            };
            rows.judge(example.label, share * f64::from(example.weight));
        }
    }
}

/// The few with the highest scores; of two that have the same, the earlier.
fn most(scores: &[f64], top: usize) -> Vec<bool> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    let mut most = vec![false; scores.len()];
    for at in order.into_iter().take(top) {
        most[at] = true;
    }
    most
}

#[cfg(test)]
mod tests;
