//! From labelled articles to a model: finds out on folds how to mix and calibrate, then fits to all.

use classifier::{Knowledge, Model, PassageWeights, Summary, Vector, Weights};

use crate::{
    calibration::Calibration,
    example::{Example, FORMS, Labelled, Learned},
    fit::{EPOCHS, Fitted, Subject, fit},
    folds::{FOLDS, folds},
    measure::{Judgement, best_threshold},
    passages,
    plan::{HeldOut, Mixture, Plan, Shares},
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
    /// Whether articles are learned by their beginnings as well, which is what many feeds carry.
    pub beginnings: bool,
    /// How many passages count by themselves, where the model is to judge by passages as well.
    pub passages: Option<usize>,
    /// How much of each fit goes into the model; what did best on what was held out where there is none.
    pub mixture: Option<Mixture>,
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

/// In how many orders the last fits meet their examples.
const ORDERS: u64 = 4;
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
        let learned = Learned {
            beginnings: self.options.beginnings,
            passages: self.options.passages.is_some(),
        };
        let example = Example::of(labelled, self.knowledge, learned);
        self.examples.push(example);
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
        let fits = 3 + usize::from(self.options.passages.is_some());
        let of = fits * (FOLDS as usize + 1);
        let mut done = 0;
        let mut step = || {
            done += 1;
            progress(Stage { done, of });
        };
        let held_out = self.held_out(&mut step);
        let plan = Plan::of(&self.examples, &held_out, self.options.mixture);
        let all: Vec<_> = self.examples.iter().collect();
        let fits = plan.epochs.map_subjects(|subject, epochs| {
            let fitted = self.mean_of_orders(&all, subject, epochs);
            step();
            fitted
        });
        let passages = self.options.passages.map(|top| {
            let fitted = passages::fit(&all, top);
            step();
            fitted
        });
        let mut held_out = self.judgements(&held_out, &plan);
        let threshold = self.options.threshold;
        let threshold = threshold.unwrap_or_else(|| best_threshold(&held_out));
        for judgement in &mut held_out {
            judgement.kept = judgement.score >= threshold;
        }
        // Where too few outlets share their words there is nothing to weigh, and no part for it.
        let passages = passages.filter(|part| !part.weights.is_empty());
        let mut weights = plan.mix(fits, passages);
        weights.wordless = self.mean_of_words(&weights);
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
            by_subject: [none.clone(), none.clone(), none],
            by_passages: self
                .options
                .passages
                .map(|_| vec![[[0.0; 2]; FORMS]; self.examples.len()]),
        };
        for number in 0..FOLDS {
            let others = self
                .examples
                .iter()
                .zip(&fold)
                .filter(|(_, fold)| **fold != number);
            let others: Vec<_> = others.map(|(example, _)| example).collect();
            for (logits, subject) in held_out.by_subject.iter_mut().zip([
                Subject::Knowledge,
                Subject::Grams,
                Subject::Words,
            ]) {
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
                            logits[at][epoch] = by_form(example, |vector| fitted.logits(vector));
                        }
                    },
                );
                step();
            }
            if let (Some(top), Some(sums)) = (self.options.passages, &mut held_out.by_passages) {
                let fitted = passages::fit(&others, top);
                let held = self.examples.iter().zip(&fold).zip(sums);
                for ((example, _), sums) in held.filter(|((_, fold), _)| **fold == number) {
                    *sums = by_form(example, |vector| fitted.sums(vector));
                }
                step();
            }
        }
        held_out
    }

    /// What words add on average, to as many articles that are looked for as to others.
    fn mean_of_words(&self, weights: &Weights) -> f32 {
        let adds = |example: &Example| {
            let numbers = example.forms[0].grams.iter();
            let words = numbers.filter(|(at, _)| *at as usize >= Vector::WORDS);
            words
                .map(|(at, value)| weights.grams[*at as usize] * value)
                .sum::<f32>()
        };
        let mean = |label: bool| {
            let of = self
                .examples
                .iter()
                .filter(|example| example.label == label);
            of.clone().map(adds).sum::<f32>() / of.count() as f32
        };
        f32::midpoint(mean(true), mean(false))
    }

    /// What was held out with its scores; none of it is kept yet.
    fn judgements(&self, held_out: &HeldOut, plan: &Plan) -> Vec<Judgement> {
        let judgement = |(at, example): (usize, &Example)| {
            let z = plan.calibration.slope * held_out.mixed(at, 0, plan).odds()
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
        let Mixture {
            knowledge,
            grams,
            words,
        } = plan.mixture;
        let mut training = vec![
            ("id", id.to_owned()),
            ("articles", self.examples.len().to_string()),
            ("positives", positives.to_string()),
            ("outlets", outlets.len().to_string()),
            ("seed", self.options.seed.to_string()),
            ("epochs", plan.epochs.0.map(|n| n.to_string()).join(" ")),
            ("mixture", format!("{knowledge} {grams} {words}")),
            ("trained-with", self.knowledge.hash().to_owned()),
        ];
        if let Some(top) = self.options.passages {
            let Shares {
                base,
                whole,
                single,
            } = plan.shares;
            let named = self.examples.iter();
            let named = named.filter(|example| {
                example.label && example.weight > 0.0 && example.witnesses.contains(&true)
            });
            training.extend([
                ("passages-counted", top.to_string()),
                ("passages-mixture", format!("{base} {whole} {single}")),
                ("articles-with-evidence", named.count().to_string()),
            ]);
        }
        Summary {
            topic: self.options.topic.clone(),
            languages: languages.map(|(lang, _)| lang.clone()).collect(),
            threshold,
            slope: plan.calibration.slope,
            offset: plan.calibration.offset,
            training: training
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        }
    }
}

/// What is said of each form of an example that there is.
fn by_form(example: &Example, says: impl Fn(&Vector) -> [f32; 2]) -> [[f32; 2]; FORMS] {
    std::array::from_fn(|form| example.forms.get(form).map_or([0.0; 2], &says))
}

/// What a model is known by in the records that it makes: two that judge differently differ in it.
fn identity(weights: &Weights, calibration: Calibration, threshold: f64) -> String {
    let passages = weights.passages.iter().flat_map(PassageWeights::numbers);
    let Weights {
        dense,
        grams,
        wordless,
        ..
    } = weights;
    let weights = dense.iter().flatten().chain(grams).chain([wordless]);
    let numbers = weights
        .copied()
        .chain(passages)
        .map(|weight| u64::from(weight.to_bits()))
        .chain([calibration.slope, calibration.offset, threshold].map(f64::to_bits));
    let hash = numbers.fold(0xcbf2_9ce4_8422_2325_u64, |hash, number| {
        (hash ^ number)
            .wrapping_mul(0x0100_0000_01b3)
            .rotate_left(23)
    });
    format!("{:08x}", (hash ^ (hash >> 32)) as u32)
}
