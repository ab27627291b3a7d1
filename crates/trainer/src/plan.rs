//! What the folds have shown to be best: how long to fit, how much of what goes into the model, and
//! how scores become probabilities.

use classifier::{PassageWeights, Sums, Weights};

use crate::{
    calibration::{self, Calibration},
    example::{Example, FORMS},
    fit::{EPOCHS, Fitted, Subject},
};

/// How much of each fit goes into the model: knowledge and n-grams into what a story is about and
/// where it plays, words into the score's log-odds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mixture {
    /// Of the knowledge.
    pub knowledge: f32,
    /// Of the n-grams.
    pub grams: f32,
    /// Of the words.
    pub words: f32,
}

impl Mixture {
    /// The knowledge alone.
    const KNOWLEDGE: Self = Self {
        knowledge: 1.0,
        grams: 0.0,
        words: 0.0,
    };

    /// What is tried of knowledge and n-grams where nothing is stated.
    fn of_heads() -> impl Iterator<Item = Self> {
        HEADS.into_iter().map(|(knowledge, grams)| Self {
            knowledge,
            grams,
            words: 0.0,
        })
    }

    /// How much of where stories play comes from the n-grams' fit.
    fn share_of_grams(self) -> f32 {
        self.grams / (self.knowledge + self.grams)
    }
}

/// Knowledge and n-grams, and words besides them.
const HEADS: [(f32, f32); 9] = [
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
const WORDS: [f32; 6] = [0.0, 0.1, 0.2, 0.35, 0.6, 0.8];
/// The same of a model with passages: both fits together, all passages, those that count by
/// themselves.
const BASES: [f32; 4] = [0.0, 0.25, 0.5, 1.0];
const WHOLES: [f32; 4] = [0.0, 0.5, 1.0, 1.5];
const SINGLES: [f32; 4] = [0.0, 0.5, 1.0, 1.5];
/// The share of stories that are looked for in the stream for which scores are probabilities. F1 is best
/// where stories are kept from half of F1 on (Lipton, Elkan and Naryanaswamy 2014), so a little below 0.5
/// if it were one half. The built-in topic keeps them from 0.5 on, and so it is a little more.
const LOOKED_FOR: f64 = 0.54;

/// Sums of both heads: by example, epoch and form.
pub(crate) type Logits = Vec<[[[f32; 2]; FORMS]; EPOCHS]>;

/// What fits said about what they had not seen.
pub(crate) struct HeldOut {
    pub by_subject: [Logits; 3],
    /// Of all passages and of those that count by themselves, by example and form; none where the
    /// model does not judge by passages.
    pub by_passages: Option<Vec<[[f32; 2]; FORMS]>>,
}

impl HeldOut {
    pub(crate) fn mixed(&self, at: usize, form: usize, plan: &Plan) -> Sums {
        let [knowledge, grams, words] = [0, 1, 2]
            .map(|subject: usize| self.by_subject[subject][at][plan.epochs.0[subject] - 1][form]);
        let (by, mixture) = (plan.shares, plan.mixture);
        let mut topic = by.base * (mixture.knowledge * knowledge[0] + mixture.grams * grams[0]);
        if let Some(passages) = &self.by_passages {
            let [whole, single] = passages[at][form];
            topic += by.whole * whole + by.single * single;
        }
        let share = mixture.share_of_grams();
        Sums {
            heads: [topic, (1.0 - share) * knowledge[1] + share * grams[1]],
            words: mixture.words * words[0],
        }
    }
}

/// How much of both fits and of the passages goes into the topic's logit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shares {
    pub base: f32,
    pub whole: f32,
    pub single: f32,
}

impl Shares {
    /// That of a model without passages.
    const BASE: Self = Self {
        base: 1.0,
        whole: 0.0,
        single: 0.0,
    };

    fn all() -> impl Iterator<Item = Self> {
        let pairs = || {
            WHOLES
                .iter()
                .flat_map(|w| SINGLES.iter().map(move |s| (*w, *s)))
        };
        let shares = BASES.into_iter().flat_map(move |base| {
            pairs().map(move |(whole, single)| Self {
                base,
                whole,
                single,
            })
        });
        shares.filter(|by| by.base + by.whole + by.single > 0.0)
    }
}

/// For how many epochs each subject is fitted: knowledge, n-grams, words.
#[derive(Clone, Copy)]
pub(crate) struct Epochs(pub [usize; 3]);

impl Epochs {
    pub(crate) fn map_subjects(
        self,
        mut with: impl FnMut(Subject, usize) -> Fitted,
    ) -> [Fitted; 3] {
        [
            with(Subject::Knowledge, self.0[0]),
            with(Subject::Grams, self.0[1]),
            with(Subject::Words, self.0[2]),
        ]
    }
}

/// What the folds have shown to be best.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub epochs: Epochs,
    pub mixture: Mixture,
    pub shares: Shares,
    pub calibration: Calibration,
}

impl Plan {
    /// The epochs, mixture, shares and calibration with the least loss on what was held out; the
    /// mixture is the stated one, if there is one.
    pub(crate) fn of(examples: &[Example], held_out: &HeldOut, stated: Option<Mixture>) -> Self {
        let start = Self {
            epochs: Epochs([1; 3]),
            mixture: Mixture::KNOWLEDGE,
            shares: Shares::BASE,
            calibration: Calibration {
                slope: 1.0,
                offset: 0.0,
            },
        };
        let best =
            |candidates: &mut dyn Iterator<Item = Self>| Self::best(examples, held_out, candidates);
        let knowledge = best(&mut start.with_each_epoch(0));
        let heads: Vec<_> = match stated {
            Some(stated) => vec![Mixture {
                words: 0.0,
                ..stated
            }],
            None => Mixture::of_heads().collect(),
        };
        let heads = heads.into_iter().flat_map(|mixture| {
            let plan = Self {
                mixture,
                ..knowledge
            };
            plan.with_each_epoch(1)
        });
        let heads = best(&mut { heads });
        let words = stated.map_or(WORDS.to_vec(), |stated| vec![stated.words]);
        let words = words.into_iter().flat_map(|words| {
            let mixture = Mixture {
                words,
                ..heads.mixture
            };
            let plan = Self { mixture, ..heads };
            plan.with_each_epoch(2)
        });
        let words = best(&mut { words });
        if held_out.by_passages.is_none() {
            return words;
        }
        best(&mut Shares::all().map(|shares| Self { shares, ..words }))
    }

    /// The plan with each number of epochs for one subject.
    fn with_each_epoch(self, subject: usize) -> impl Iterator<Item = Self> {
        (1..=EPOCHS).map(move |epochs| {
            let mut plan = self;
            plan.epochs.0[subject] = epochs;
            plan
        })
    }

    /// The plan with the least loss, calibrated.
    fn best(
        examples: &[Example],
        held_out: &HeldOut,
        candidates: &mut dyn Iterator<Item = Self>,
    ) -> Self {
        let plans = candidates.map(|mut plan| {
            let points = plan.points(examples, held_out);
            plan.calibration = calibration::fit(&points);
            (calibration::loss(&points, plan.calibration), plan)
        });
        let best = plans.min_by(|a, b| a.0.total_cmp(&b.0));
        best.expect("a candidate").1
    }

    /// What was held out, whole and, where beginnings are learned, as its longer one. What is looked
    /// for weighs [`LOOKED_FOR`] of all, however many articles of each label there are: which ones
    /// were chosen to be labelled says nothing about the stream that is judged.
    fn points(&self, examples: &[Example], held_out: &HeldOut) -> Vec<(f64, bool, f64)> {
        let total = |label: bool| {
            let of = examples.iter().filter(|example| example.label == label);
            of.map(|example| f64::from(example.weight)).sum::<f64>()
        };
        let shares = [(1.0 - LOOKED_FOR) / total(false), LOOKED_FOR / total(true)];
        let form = |at: usize, form: usize| {
            let example = &examples[at];
            let odds = held_out.mixed(at, form, self).odds();
            let weight = f64::from(example.weight) * shares[usize::from(example.label)];
            (odds, example.label, weight * examples.len() as f64)
        };
        let forms = |at: usize| {
            let longer = Some(FORMS - 1).filter(|form| *form < examples[at].forms.len());
            [Some(0), longer]
                .into_iter()
                .flatten()
                .map(move |number| (at, number))
        };
        let all = (0..examples.len()).flat_map(forms);
        all.map(|(at, number)| form(at, number)).collect()
    }

    /// The weights of all fits, and those of passages, as one.
    pub(crate) fn mix(
        &self,
        [knowledge, grams, words]: [Fitted; 3],
        passages: Option<PassageWeights>,
    ) -> Weights {
        let (mixture, base) = (self.mixture, self.shares.base);
        let (k, g) = (base * mixture.knowledge, base * mixture.grams);
        let share = mixture.share_of_grams();
        let sum = |parts: &[(f32, &[f32])]| -> Vec<f32> {
            let size = parts.iter().map(|(_, weights)| weights.len()).max();
            let mut sum = vec![0.0; size.unwrap_or(0)];
            for (by, weights) in parts {
                let slots = sum.iter_mut().zip(*weights);
                slots.for_each(|(slot, weight)| *slot += by * weight);
            }
            sum
        };
        Weights {
            dense: [
                sum(&[(k, &knowledge.dense[0]), (g, &grams.dense[0])]),
                sum(&[(1.0 - share, &knowledge.dense[1]), (share, &grams.dense[1])]),
            ],
            // Each fit has weights for numbers of its own: terms, n-grams, words.
            grams: sum(&[
                (k, &knowledge.grams),
                (g, &grams.grams),
                (mixture.words, &words.grams),
            ]),
            wordless: 0.0,
            passages: passages.map(|part| part.scaled([self.shares.whole, self.shares.single])),
        }
    }
}

#[cfg(test)]
mod tests;
