//! From labelled articles to a model: finds out on folds how to mix and calibrate, then fits to all.

use classifier::{Knowledge, Model, Summary, Weights};

use crate::{
    calibration::{self, Calibration, odds},
    example::{Example, FORMS, Labelled},
    fit::{EPOCHS, Fitted, Subject, fit},
    folds::{FOLDS, folds},
    measure::{Judgement, best_threshold},
};

/// What a model is trained for.
#[derive(Clone, Debug)]
pub struct Options {
    /// Name of the topic.
    pub topic: String,
    /// The score from which a story is kept where nothing else is said; the one with the best F1 on
    /// what was held out where there is none.
    pub threshold: Option<f64>,
    /// Where the random numbers start.
    pub seed: u64,
}

/// How far training has come: steps done, and steps in all.
#[derive(Clone, Copy, Debug)]
pub struct Stage {
    /// Steps done.
    pub done: usize,
    /// Steps in all.
    pub of: usize,
}

/// Why nothing can be learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrainError {
    /// There are too few articles of one of both kinds.
    #[error(
        "{positives} articles have label 1 and {negatives} label 0, and each must be at least {LEAST}"
    )]
    TooFew {
        /// Articles that are looked for.
        positives: usize,
        /// Articles that are not.
        negatives: usize,
    },
}

/// Fewest articles of each label.
const LEAST: usize = 10;

/// A model, and how it did on what was held out while it was made.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The model, fitted to all articles.
    pub model: Model,
    /// How models that had not seen its outlet (see [`Labelled::outlet`]) judged each article.
    pub held_out: Vec<Judgement>,
}

/// Collects labelled articles as numbers; their texts are let go.
#[derive(Debug)]
pub struct Trainer<'k> {
    knowledge: &'k Knowledge,
    options: Options,
    examples: Vec<Example>,
    languages: std::collections::BTreeMap<String, usize>,
}

/// How much of each fit goes into the model: knowledge, n-grams.
const MIXTURES: [(f32, f32); 9] = [
    (1.0, 0.0),
    (0.9, 0.15),
    (0.8, 0.3),
    (0.7, 0.4),
    (0.6, 0.5),
    (0.5, 0.8),
    (0.2, 1.0),
    (0.3, 1.6),
    (0.1, 1.5),
];
/// In how many orders the last fits meet their examples.
const ORDERS: u64 = 4;
/// The share of stories that are looked for in the stream for which scores are probabilities.
const LOOKED_FOR: f64 = 0.4;
/// Share of a language among the articles from which the model judges it.
const LANGUAGE_SHARE: f64 = 0.02;

impl<'k> Trainer<'k> {
    /// A trainer without articles.
    pub fn new(knowledge: &'k Knowledge, options: Options) -> Self {
        Self {
            knowledge,
            options,
            examples: Vec::new(),
            languages: std::collections::BTreeMap::new(),
        }
    }

    /// Adds an article.
    pub fn add(&mut self, labelled: &Labelled) {
        if let Some(lang) = labelled.article.lang {
            *self.languages.entry(lang.to_string()).or_default() += 1;
        }
        self.examples.push(Example::of(labelled, self.knowledge));
    }

    /// Fits a model to the articles and says after each step how far it has come.
    pub fn train(self, mut progress: impl FnMut(Stage)) -> Result<Trained, TrainError> {
        // One without weight teaches nothing.
        let weighed = || self.examples.iter().filter(|example| example.weight > 0.0);
        let positives = weighed().filter(|example| example.label).count();
        let negatives = weighed().count() - positives;
        if positives.min(negatives) < LEAST {
            return Err(TrainError::TooFew {
                positives,
                negatives,
            });
        }
        let of = 2 * (FOLDS as usize + 1);
        let mut done = 0;
        let mut step = || {
            done += 1;
            progress(Stage { done, of });
        };
        let held_out = self.held_out(&mut step);
        let plan = Plan::of(&self.examples, &held_out);
        let all: Vec<_> = self.examples.iter().collect();
        let fits = plan.epochs.map_subjects(|subject, epochs| {
            let fitted = self.mean_of_orders(&all, subject, epochs);
            step();
            fitted
        });
        let mut held_out = self.judgements(&held_out, &plan);
        let threshold = self.options.threshold;
        let threshold = threshold.unwrap_or_else(|| best_threshold(&held_out));
        for judgement in &mut held_out {
            judgement.kept = judgement.score >= threshold;
        }
        let weights = plan.mix(fits);
        let id = identity(&weights, plan.calibration, threshold);
        let summary = self.summary(&plan, &id, threshold);
        let model = Model::new(summary, weights);
        Ok(Trained { model, held_out })
    }

    /// The mean of fits that met the examples in different orders: what a weight owes to the order
    /// alone cancels out.
    fn mean_of_orders(&self, examples: &[&Example], subject: Subject, epochs: usize) -> Fitted {
        let features = self.knowledge.features().len();
        let mut mean: Option<Fitted> = None;
        for order in 0..ORDERS {
            let seed = self.options.seed.wrapping_add(order);
            fit(
                examples,
                features,
                subject,
                epochs,
                seed,
                |epoch, fitted| {
                    if epoch + 1 == epochs {
                        let share = 1.0 / ORDERS as f32;
                        mean.get_or_insert_with(|| fitted.scaled(0.0))
                            .add(&fitted.scaled(share));
                    }
                },
            );
        }
        mean.expect("at least one order of at least one epoch")
    }

    /// The sums of each example's forms after each epoch, by fits that had not seen its fold.
    fn held_out(&self, step: &mut impl FnMut()) -> HeldOut {
        let fold = folds(&self.examples, self.options.seed);
        let features = self.knowledge.features().len();
        let none = vec![[[[0.0; 2]; FORMS]; EPOCHS]; self.examples.len()];
        let mut held_out = HeldOut {
            by_subject: [none.clone(), none],
        };
        for number in 0..FOLDS {
            let others = self
                .examples
                .iter()
                .zip(&fold)
                .filter(|(_, fold)| **fold != number);
            let others: Vec<_> = others.map(|(example, _)| example).collect();
            for (logits, subject) in held_out
                .by_subject
                .iter_mut()
                .zip([Subject::Knowledge, Subject::Grams])
            {
                fit(
                    &others,
                    features,
                    subject,
                    EPOCHS,
                    self.options.seed,
                    |epoch, fitted| {
                        let held = self
                            .examples
                            .iter()
                            .enumerate()
                            .filter(|(at, _)| fold[*at] == number);
                        for (at, example) in held {
                            logits[at][epoch] =
                                std::array::from_fn(|form| fitted.logits(&example.forms[form]));
                        }
                    },
                );
                step();
            }
        }
        held_out
    }

    /// What was held out with its scores; none of it is kept yet.
    fn judgements(&self, held_out: &HeldOut, plan: &Plan) -> Vec<Judgement> {
        let judgement = |(at, example): (usize, &Example)| {
            let z = plan.calibration.slope * odds(held_out.mixed(at, 0, plan))
                + plan.calibration.offset;
            let score = 1.0 / (1.0 + (-z).exp());
            Judgement {
                label: example.label,
                score,
                kept: false,
            }
        };
        self.examples.iter().enumerate().map(judgement).collect()
    }

    fn summary(&self, plan: &Plan, id: &str, threshold: f64) -> Summary {
        let outlets: std::collections::BTreeSet<_> =
            self.examples.iter().map(|e| e.group).collect();
        let many = |count: &usize| *count as f64 >= LANGUAGE_SHARE * self.examples.len() as f64;
        let languages = self.languages.iter().filter(|(_, count)| many(count));
        let positives = self.examples.iter().filter(|example| example.label).count();
        let training = [
            ("id", id.to_owned()),
            ("articles", self.examples.len().to_string()),
            ("positives", positives.to_string()),
            ("outlets", outlets.len().to_string()),
            ("seed", self.options.seed.to_string()),
            (
                "epochs",
                format!("{} {}", plan.epochs.0[0], plan.epochs.0[1]),
            ),
            ("mixture", format!("{} {}", plan.mixture.0, plan.mixture.1)),
            ("trained-with", self.knowledge.hash().to_owned()),
        ];
        Summary {
            topic: self.options.topic.clone(),
            languages: languages.map(|(lang, _)| lang.clone()).collect(),
            threshold,
            slope: plan.calibration.slope,
            offset: plan.calibration.offset,
            training: training
                .map(|(key, value)| (key.to_owned(), value))
                .to_vec(),
        }
    }
}

/// What a model is known by in the records that it makes: two that judge differently differ in it.
fn identity(weights: &Weights, calibration: Calibration, threshold: f64) -> String {
    let weights = weights.dense.iter().flatten().chain(&weights.grams);
    let numbers = weights
        .map(|weight| u64::from(weight.to_bits()))
        .chain([calibration.slope, calibration.offset, threshold].map(f64::to_bits));
    let hash = numbers.fold(0xcbf2_9ce4_8422_2325_u64, |hash, number| {
        (hash ^ number)
            .wrapping_mul(0x0100_0000_01b3)
            .rotate_left(23)
    });
    format!("{:08x}", (hash ^ (hash >> 32)) as u32)
}

/// Sums of both heads: by example, epoch and form.
type Logits = Vec<[[[f32; 2]; FORMS]; EPOCHS]>;

/// What fits said about what they had not seen.
struct HeldOut {
    by_subject: [Logits; 2],
}

impl HeldOut {
    fn mixed(&self, at: usize, form: usize, plan: &Plan) -> [f32; 2] {
        let [knowledge, grams] = [0, 1]
            .map(|subject: usize| self.by_subject[subject][at][plan.epochs.0[subject] - 1][form]);
        mixed(plan.mixture, knowledge, grams)
    }
}

fn mixed((knowledge, grams): (f32, f32), a: [f32; 2], b: [f32; 2]) -> [f32; 2] {
    let share = grams / (knowledge + grams);
    [
        knowledge * a[0] + grams * b[0],
        (1.0 - share) * a[1] + share * b[1],
    ]
}

/// For how many epochs each subject is fitted: knowledge, n-grams.
#[derive(Clone, Copy)]
struct Epochs([usize; 2]);

impl Epochs {
    fn map_subjects(self, mut with: impl FnMut(Subject, usize) -> Fitted) -> [Fitted; 2] {
        [
            with(Subject::Knowledge, self.0[0]),
            with(Subject::Grams, self.0[1]),
        ]
    }
}

/// What the folds have shown to be best.
struct Plan {
    epochs: Epochs,
    mixture: (f32, f32),
    calibration: Calibration,
}

impl Plan {
    /// The epochs, mixture and calibration with the least loss on what was held out.
    fn of(examples: &[Example], held_out: &HeldOut) -> Self {
        let knowledge = (1..=EPOCHS).map(|epochs| (Epochs([epochs, 1]), MIXTURES[0]));
        let first = Self::best(examples, held_out, knowledge);
        let both = (1..=EPOCHS).flat_map(|grams| {
            MIXTURES.map(|mixture| (Epochs([first.epochs.0[0], grams]), mixture))
        });
        Self::best(examples, held_out, both)
    }

    fn best(
        examples: &[Example],
        held_out: &HeldOut,
        candidates: impl Iterator<Item = (Epochs, (f32, f32))>,
    ) -> Self {
        let plans = candidates.map(|(epochs, mixture)| {
            let calibration = Calibration {
                slope: 1.0,
                offset: 0.0,
            };
            let mut plan = Self {
                epochs,
                mixture,
                calibration,
            };
            let points = plan.points(examples, held_out);
            plan.calibration = calibration::fit(&points);
            (calibration::loss(&points, plan.calibration), plan)
        });
        let best = plans.min_by(|a, b| a.0.total_cmp(&b.0));
        best.expect("a candidate").1
    }

    /// What was held out, whole and as its longer beginning. What is looked for weighs
    /// [`LOOKED_FOR`] of all, however many articles of each label there are: which ones were chosen
    /// to be labelled says nothing about the stream that is judged.
    fn points(&self, examples: &[Example], held_out: &HeldOut) -> Vec<(f64, bool, f64)> {
        let total = |label: bool| {
            let of = examples.iter().filter(|example| example.label == label);
            of.map(|example| f64::from(example.weight)).sum::<f64>()
        };
        let shares = [(1.0 - LOOKED_FOR) / total(false), LOOKED_FOR / total(true)];
        let form = |at: usize, form: usize| {
            let example = &examples[at];
            let odds = odds(held_out.mixed(at, form, self));
            let weight = f64::from(example.weight) * shares[usize::from(example.label)];
            (odds, example.label, weight * examples.len() as f64)
        };
        let forms = |at: usize| [form(at, 0), form(at, FORMS - 1)];
        (0..examples.len()).flat_map(forms).collect()
    }

    /// The weights of both fits as one.
    fn mix(&self, [knowledge, grams]: [Fitted; 2]) -> Weights {
        let (k, g) = self.mixture;
        let share = g / (k + g);
        let mix = |a: &[f32], b: &[f32], k: f32, g: f32| {
            a.iter().zip(b).map(|(a, b)| k * a + g * b).collect()
        };
        Weights {
            dense: [
                mix(&knowledge.dense[0], &grams.dense[0], k, g),
                mix(&knowledge.dense[1], &grams.dense[1], 1.0 - share, share),
            ],
            grams: grams.grams.iter().map(|weight| g * weight).collect(),
        }
    }
}
