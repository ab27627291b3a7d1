//! Rows of numbers with a judgement each, and logistic regression over them.

use std::collections::{BTreeMap, HashMap};

use crate::{descent, example::Example};

/// Fewest outlets and articles that a number must come from. A name or phrase of one outlet alone
/// says nothing about others, and is not stored.
const OUTLETS: usize = 3;
const ARTICLES: u32 = 3;
/// The slope, squared, at which a fit is done. The size of the weights counts in the loss, so that they are
/// then, before scales and all together, within a hundredth of where they belong.
const FLAT: f64 = 1e-4;
/// What each count starts at, so that what one side never has is no proof.
const UNSEEN: f64 = 1.0;

/// The numbers that may have a weight, each with its column.
pub(super) struct Vocabulary(BTreeMap<u32, u32>);

impl Vocabulary {
    /// Those of examples, each of which is of an outlet.
    pub(super) fn of(examples: &[&Example], outlets: &[usize]) -> Self {
        /// How many articles, and which outlets, as many as are needed.
        type Seen = (u32, [Option<usize>; OUTLETS]);
        let mut seen: HashMap<u32, Seen> = HashMap::new();
        for (example, outlet) in examples.iter().zip(outlets) {
            for (number, _) in example.forms[0].whole() {
                let (articles, known) = seen.entry(number).or_default();
                *articles += 1;
                let mut places = known.iter_mut();
                let place = places.find(|known| known.is_none_or(|known| known == *outlet));
                if let Some(place) = place {
                    *place = Some(*outlet);
                }
            }
        }
        let enough =
            |(articles, known): &Seen| *articles >= ARTICLES && known.iter().all(Option::is_some);
        let mut numbers: Vec<u32> = seen
            .into_iter()
            .filter_map(|(number, seen)| enough(&seen).then_some(number))
            .collect();
        numbers.sort_unstable();
        Self(numbers.into_iter().zip(0..).collect())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The numbers by their columns.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> {
        self.0.keys().copied()
    }
}

/// Weights by column.
pub(super) struct Fit {
    pub weights: Vec<f64>,
    pub start: f64,
}

/// Rows of which only what is not zero is kept, each of length 1.
#[derive(Default)]
pub(super) struct Rows {
    cells: Vec<(u32, f32)>,
    /// Where each row ends.
    ends: Vec<usize>,
    /// Whether it is an example of what is looked for, and how much it counts.
    judged: Vec<(bool, f64)>,
}

impl Rows {
    /// Adds a row of numbers with their values.
    pub(super) fn add(
        &mut self,
        vocabulary: &Vocabulary,
        values: impl IntoIterator<Item = (u32, f32)>,
    ) {
        let from = self.cells.len();
        let known = |(number, value)| Some((*vocabulary.0.get(&number)?, value));
        self.cells.extend(values.into_iter().filter_map(known));
        let row = &mut self.cells[from..];
        let squares: f32 = row.iter().map(|(_, value)| value * value).sum();
        let norm = 1.0 / squares.max(1.0).sqrt();
        row.iter_mut().for_each(|(_, value)| *value *= norm);
        self.ends.push(self.cells.len());
    }

    /// Says what the next row that was not judged yet is an example of.
    pub(super) fn judge(&mut self, label: bool, weight: f64) {
        self.judged.push((label, weight));
    }

    pub(super) fn forget_judgements(&mut self) {
        self.judged.clear();
    }

    /// In how many rows each column stands.
    pub(super) fn seen(&self, columns: usize) -> Vec<f64> {
        let mut seen = vec![0.0; columns];
        for (column, _) in &self.cells {
            seen[*column as usize] += 1.0;
        }
        seen
    }

    /// How much more often each column stands in rows that are looked for, as a logarithm.
    pub(super) fn log_count_ratios(&self, columns: usize) -> Vec<f64> {
        let mut counts = [vec![UNSEEN; columns], vec![UNSEEN; columns]];
        for (row, (label, weight)) in self.rows().zip(&self.judged) {
            for (column, _) in row {
                counts[usize::from(*label)][*column as usize] += weight;
            }
        }
        let [without, with] = &counts;
        let totals = [without, with].map(|counts| counts.iter().sum::<f64>());
        let ratio = |(without, with): (&f64, &f64)| (with / totals[1] / (without / totals[0])).ln();
        without.iter().zip(with).map(ratio).collect()
    }

    /// The weights that tell the rows apart best, and are small: those of columns whose values are
    /// multiplied by `scales`, as weights of the values as they are.
    pub(super) fn fit(&self, scales: &[f64], cost: f64) -> Fit {
        self.fit_without(|_| false, scales, cost)
    }

    fn fit_without(&self, left_out: impl Fn(usize) -> bool, scales: &[f64], cost: f64) -> Fit {
        let rows = self.rows().zip(&self.judged).enumerate();
        let rows: Vec<_> = rows
            .filter(|(at, (_, (_, weight)))| *weight > 0.0 && !left_out(*at))
            .map(|(_, row)| row)
            .collect();
        let columns = scales.len();
        let mut weights = vec![0.0; columns];
        let found = descent::least(columns + 1, FLAT, |at, slope| {
            slope.copy_from_slice(at);
            let size: f64 = at.iter().map(|at| at * at).sum();
            for ((weight, at), scale) in weights.iter_mut().zip(at).zip(scales) {
                *weight = at * scale;
            }
            let mut loss = 0.0;
            // By column, before scales: they are the same for all rows.
            let mut pulls = vec![0.0; columns];
            for (row, (label, weight)) in &rows {
                let sum: f64 = row
                    .iter()
                    .map(|(c, value)| weights[*c as usize] * f64::from(*value))
                    .sum();
                let z = sum + at[columns];
                let against = if *label { -z } else { z };
                loss += weight * (against.max(0.0) + (-against.abs()).exp().ln_1p());
                let error = weight * (1.0 / (1.0 + (-z).exp()) - f64::from(u8::from(*label)));
                for (column, value) in *row {
                    pulls[*column as usize] += error * f64::from(*value);
                }
                slope[columns] += cost * error;
            }
            for ((slope, pull), scale) in slope.iter_mut().zip(&pulls).zip(scales) {
                *slope += cost * pull * scale;
            }
            size / 2.0 + cost * loss
        });
        let weights = found.iter().zip(scales).map(|(at, scale)| at * scale);
        Fit {
            start: found[columns],
            weights: weights.collect(),
        }
    }

    /// What fits that did not see a row's owner say of it.
    pub(super) fn cross_fit(
        &self,
        owners: &[usize],
        parts: usize,
        scales: &[f64],
        cost: f64,
    ) -> Vec<f64> {
        let mut scores = vec![0.0; owners.len()];
        for part in 0..parts {
            let fit = self.fit_without(|at| owners[at] % parts == part, scales, cost);
            for (at, row) in self.rows().enumerate() {
                if owners[at] % parts == part {
                    let adds = row.iter();
                    let adds = adds
                        .map(|(column, value)| fit.weights[*column as usize] * f64::from(*value));
                    scores[at] = fit.start + adds.sum::<f64>();
                }
            }
        }
        scores
    }

    fn rows(&self) -> impl Iterator<Item = &[(u32, f32)]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts
            .zip(&self.ends)
            .map(|(start, end)| &self.cells[*start..*end])
    }
}
