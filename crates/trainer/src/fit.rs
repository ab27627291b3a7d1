//! One fit: weights from examples, for the knowledge's features, for the n-grams or for all words.

use std::collections::HashMap;

use classifier::Vector;

use crate::{
    example::{BEGINNING_WEIGHT, Example},
    ftrl::{Ftrl, Rates},
};

/// What a fit learns. The first two learn where stories play besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The knowledge's features. Each outlet has a starting point of its own, so that what an
    /// outlet mostly writes about is not learned as what its words mean.
    Knowledge,
    /// N-grams.
    Grams,
    /// The beginnings of all words, from the label alone: what a story is about and where it plays
    /// are not told apart.
    Words,
}

impl Subject {
    fn rates(self) -> Rates {
        match self {
            Self::Knowledge => TERMS,
            Self::Grams => GRAMS,
            Self::Words => WORDS,
        }
    }
}

/// How many times a fit goes over its examples at most.
pub(crate) const EPOCHS: usize = 6;

const DENSE: Rates = rates(0.05);
const GRAMS: Rates = rates(0.3);
const TERMS: Rates = rates(0.05);
const WORDS: Rates = rates(0.02);
const OUTLETS: Rates = rates(0.3);

const fn rates(step: f32) -> Rates {
    Rates { step, decay: 1.0 }
}

/// Fewest outlets that an n-gram must come from, and fewest forms of articles that it must stand
/// in. A name or phrase of one outlet alone says nothing about others, and is not stored.
const GRAM_OUTLETS: u32 = 3;
const GRAM_FORMS: u32 = 4;

/// What an n-gram's or a word's value is multiplied by for each time that it is e times rarer.
const RARITY: f32 = 2.0;

/// Weights as they stand after some epoch.
#[derive(Clone, Debug)]
pub(crate) struct Fitted {
    pub dense: [Vec<f32>; 2],
    pub grams: Vec<f32>,
}

impl Fitted {
    /// All weights times `by`.
    pub(crate) fn scaled(&self, by: f32) -> Self {
        let scaled = |weights: &Vec<f32>| weights.iter().map(|weight| weight * by).collect();
        Self {
            dense: [scaled(&self.dense[0]), scaled(&self.dense[1])],
            grams: scaled(&self.grams),
        }
    }

    /// Adds the weights of another fit.
    pub(crate) fn add(&mut self, other: &Self) {
        let [topic, region] = &mut self.dense;
        let all = [
            (topic, &other.dense[0]),
            (region, &other.dense[1]),
            (&mut self.grams, &other.grams),
        ];
        for (weights, others) in all {
            for (weight, other) in weights.iter_mut().zip(others) {
                *weight += other;
            }
        }
    }

    /// What each head's features sum up to; for words, the first is their sum.
    pub(crate) fn logits(&self, vector: &Vector) -> [f32; 2] {
        let mut logits = [0, 1].map(|head: usize| {
            let values = vector.dense[head].iter();
            values
                .map(|(at, value)| self.dense[head][*at as usize] * value)
                .sum::<f32>()
        });
        let grams = vector.grams.iter();
        logits[0] += grams
            .map(|(at, value)| self.grams[*at as usize] * value)
            .sum::<f32>();
        logits
    }
}

/// Fits to examples, and shows what was learned after each epoch.
pub(crate) fn fit(
    examples: &[&Example],
    features: usize,
    subject: Subject,
    epochs: usize,
    seed: u64,
    mut after_epoch: impl FnMut(usize, &Fitted),
) {
    let mut learner = Learner::new(examples, features, subject);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut order: Vec<(usize, usize)> = (0..examples.len())
        .flat_map(|at| (0..examples[at].forms.len()).map(move |form| (at, form)))
        .collect();
    for epoch in 0..epochs {
        random.shuffle(&mut order);
        for (at, form) in &order {
            learner.learn(examples[*at], *form);
        }
        after_epoch(epoch, &learner.fitted());
    }
}

struct Learner {
    subject: Subject,
    dense: [Ftrl; 2],
    grams: Ftrl,
    /// What the value of each n-gram or term is multiplied by: the larger, the less its weight is
    /// held near 0. 0 for those that may have no weight.
    scales: Vec<f32>,
    outlets: [Ftrl; 2],
    outlet_numbers: HashMap<u64, usize>,
    /// The outlets with more than one article: a starting point of a single one would learn its
    /// label by heart.
    shared: Vec<bool>,
}

impl Learner {
    fn new(examples: &[&Example], features: usize, subject: Subject) -> Self {
        let mut outlet_numbers = HashMap::new();
        let mut shared: Vec<bool> = Vec::new();
        for example in examples {
            let number = *outlet_numbers.entry(example.group).or_insert(shared.len());
            match shared.get_mut(number) {
                Some(shared) => *shared = true,
                None => shared.push(false),
            }
        }
        let outlets = Ftrl::new(outlet_numbers.len(), OUTLETS);
        let dense = Ftrl::new(features, DENSE);
        Self {
            subject,
            dense: [dense.clone(), dense],
            grams: Ftrl::new(Vector::GRAMS, subject.rates()),
            scales: scales(examples, &outlet_numbers, subject),
            outlets: [outlets.clone(), outlets],
            outlet_numbers,
            shared,
        }
    }

    /// One step for one form of an example: the loss is that of the product of both heads, or for words
    /// that of their sum.
    fn learn(&mut self, example: &Example, form: usize) {
        let vector = &example.forms[form];
        let outlet = self.outlet_numbers[&example.group];
        let mut used: [Vec<(usize, f32, f32)>; 3] = [Vec::new(), Vec::new(), Vec::new()];
        for head in [0, 1] {
            // For n-grams, the topic has no feature of the knowledge but its starting point; words
            // go with none.
            let read = match (self.subject, head) {
                (Subject::Knowledge, _) | (Subject::Grams, 1) => u32::MAX,
                (Subject::Grams, _) => 1,
                (Subject::Words, _) => 0,
            };
            for (at, value) in vector.dense[head].iter().filter(|(at, _)| *at < read) {
                used[head].push((*at as usize, *value, self.dense[head].weight(*at as usize)));
            }
        }
        for (at, value) in &vector.grams {
            let scale = self.scales[*at as usize];
            if scale > 0.0 {
                let weight = self.grams.weight(*at as usize);
                used[2].push((*at as usize, value * scale, weight));
            }
        }
        let sum = |used: &[(usize, f32, f32)]| {
            used.iter()
                .map(|(_, value, weight)| value * weight)
                .sum::<f32>()
        };
        let mut logits = [sum(&used[0]) + sum(&used[2]), sum(&used[1])];
        let starts = [0, 1].map(|head| self.outlets[head].weight(outlet));
        let starting = self.subject == Subject::Knowledge && self.shared[outlet];
        if starting {
            logits = [logits[0] + starts[0], logits[1] + starts[1]];
        }
        let weight = example.weight * if form == 0 { 1.0 } else { BEGINNING_WEIGHT };
        let gradients = match self.subject {
            Subject::Words => [error(logits[0], example.label), 0.0],
            _ => gradients(logits, example.label),
        };
        let gradients = gradients.map(|gradient| gradient * weight);
        for head in [0, 1] {
            for (at, value, weight) in &used[head] {
                self.dense[head].learn(*at, *weight, gradients[head] * value);
            }
            if starting {
                self.outlets[head].learn(outlet, starts[head], gradients[head]);
            }
        }
        for (at, value, weight) in &used[2] {
            self.grams.learn(*at, *weight, gradients[0] * value);
        }
    }

    fn fitted(&self) -> Fitted {
        let grams = self.grams.weights().into_iter().zip(&self.scales);
        let grams = grams.map(|(weight, scale)| weight * scale);
        Fitted {
            dense: [0, 1].map(|head: usize| self.dense[head].weights()),
            grams: grams.collect(),
        }
    }
}

/// How the loss changes with each head's sum. A story that is not looked for fails in either or
/// both, and the head that is less sure of it takes most of the blame.
fn gradients([topic, region]: [f32; 2], label: bool) -> [f32; 2] {
    let (topic, region) = (logistic(topic), logistic(region));
    if label {
        [topic - 1.0, region - 1.0]
    } else {
        let both = (topic * region).min(0.999_99);
        let blame = both / (1.0 - both);
        [blame * (1.0 - topic), blame * (1.0 - region)]
    }
}

/// How the loss changes with the one sum of a fit that has no heads.
fn error(logit: f32, label: bool) -> f32 {
    logistic(logit) - f32::from(u8::from(label))
}

fn logistic(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

/// Terms count as they are; n-grams and words by how rare they are (Spärck Jones 1972), so that what stands in
/// every story does not speak for the outlets that it was seen in.
fn scales(examples: &[&Example], outlets: &HashMap<u64, usize>, subject: Subject) -> Vec<f32> {
    // Where no outlets are known, each article is its own.
    let mut seen = vec![(0_u32, 0_u64); Vector::GRAMS];
    for example in examples {
        let outlet = 1 << (outlets[&example.group] % 64);
        for (at, _) in example.forms.iter().flat_map(|form| &form.grams) {
            let (forms, outlets) = &mut seen[*at as usize];
            *forms += 1;
            *outlets |= outlet;
        }
    }
    let forms = examples.iter().map(|example| example.forms.len());
    let all = forms.sum::<usize>() as f32;
    let scale = |(at, (forms, outlets)): (usize, &(u32, u64))| {
        let of = match at {
            Vector::WORDS.. => Subject::Words,
            Vector::TERMS.. => Subject::Knowledge,
            _ => Subject::Grams,
        };
        let enough = *forms >= GRAM_FORMS && outlets.count_ones() >= GRAM_OUTLETS;
        let rarity = RARITY * (all / *forms as f32).ln();
        match subject {
            _ if of != subject || !enough => 0.0,
            Subject::Knowledge => 1.0,
            Subject::Grams => rarity,
            Subject::Words => RARITY + rarity,
        }
    };
    seen.iter().enumerate().map(scale).collect()
}
