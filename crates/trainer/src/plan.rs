//! What the folds have shown to be best: how long to fit, how much of what goes into the model, and
//! how scores become probabilities.

use classifier::{PassageWeights, Weights};

use crate::{
    calibration::{self, Calibration, odds},
    example::{Example, FORMS},
    fit::{EPOCHS, Fitted, Subject},
};

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
/// The same of a model with passages: both fits together, all passages, those that count by
/// themselves.
const BASES: [f32; 4] = [0.0, 0.25, 0.5, 1.0];
const WHOLES: [f32; 4] = [0.0, 0.5, 1.0, 1.5];
const SINGLES: [f32; 4] = [0.0, 0.5, 1.0, 1.5];
/// The share of stories that are looked for in the stream for which scores are probabilities.
const LOOKED_FOR: f64 = 0.4;

/// Sums of both heads: by example, epoch and form.
pub(crate) type Logits = Vec<[[[f32; 2]; FORMS]; EPOCHS]>;

/// What fits said about what they had not seen.
pub(crate) struct HeldOut {
    pub by_subject: [Logits; 2],
    /// Of all passages and of those that count by themselves, by example and form; none where the
    /// model does not judge by passages.
    pub by_passages: Option<Vec<[[f32; 2]; FORMS]>>,
}

impl HeldOut {
    pub(crate) fn mixed(&self, at: usize, form: usize, plan: &Plan) -> [f32; 2] {
        let [knowledge, grams] = [0, 1]
            .map(|subject: usize| self.by_subject[subject][at][plan.epochs.0[subject] - 1][form]);
        let [topic, region] = mixed(plan.mixture, knowledge, grams);
        let Some(passages) = &self.by_passages else {
            return [topic, region];
        };
        let ([whole, single], by) = (passages[at][form], plan.shares);
        [
            by.base * topic + by.whole * whole + by.single * single,
            region,
        ]
    }
}

fn mixed((knowledge, grams): (f32, f32), a: [f32; 2], b: [f32; 2]) -> [f32; 2] {
    let share = grams / (knowledge + grams);
    [
        knowledge * a[0] + grams * b[0],
        (1.0 - share) * a[1] + share * b[1],
    ]
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

/// For how many epochs each subject is fitted: knowledge, n-grams.
#[derive(Clone, Copy)]
pub(crate) struct Epochs(pub [usize; 2]);

impl Epochs {
    pub(crate) fn map_subjects(
        self,
        mut with: impl FnMut(Subject, usize) -> Fitted,
    ) -> [Fitted; 2] {
        [
            with(Subject::Knowledge, self.0[0]),
            with(Subject::Grams, self.0[1]),
        ]
    }
}

/// What the folds have shown to be best.
pub(crate) struct Plan {
    pub epochs: Epochs,
    pub mixture: (f32, f32),
    pub shares: Shares,
    pub calibration: Calibration,
}

impl Plan {
    /// The epochs, mixture, shares and calibration with the least loss on what was held out.
    pub(crate) fn of(examples: &[Example], held_out: &HeldOut) -> Self {
        let knowledge = (1..=EPOCHS).map(|epochs| ([epochs, 1], MIXTURES[0], Shares::BASE));
        let first = Self::best(examples, held_out, knowledge);
        let both = (1..=EPOCHS).flat_map(|grams| {
            MIXTURES.map(|mixture| ([first.epochs.0[0], grams], mixture, Shares::BASE))
        });
        let best = Self::best(examples, held_out, both);
        if held_out.by_passages.is_none() {
            return best;
        }
        let shares = Shares::all().map(|shares| (best.epochs.0, best.mixture, shares));
        Self::best(examples, held_out, shares)
    }

    fn best(
        examples: &[Example],
        held_out: &HeldOut,
        candidates: impl Iterator<Item = ([usize; 2], (f32, f32), Shares)>,
    ) -> Self {
        let plans = candidates.map(|(epochs, mixture, shares)| {
            let calibration = Calibration {
                slope: 1.0,
                offset: 0.0,
            };
            let mut plan = Self {
                epochs: Epochs(epochs),
                mixture,
                shares,
                calibration,
            };
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
            let odds = odds(held_out.mixed(at, form, self));
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

    /// The weights of both fits, and those of passages, as one.
    pub(crate) fn mix(
        &self,
        [knowledge, grams]: [Fitted; 2],
        passages: Option<PassageWeights>,
    ) -> Weights {
        let (k, g) = self.mixture;
        let share = g / (k + g);
        let base = self.shares.base;
        let mix = |a: &[f32], b: &[f32], k: f32, g: f32| {
            a.iter().zip(b).map(|(a, b)| k * a + g * b).collect()
        };
        Weights {
            dense: [
                mix(&knowledge.dense[0], &grams.dense[0], base * k, base * g),
                mix(&knowledge.dense[1], &grams.dense[1], 1.0 - share, share),
            ],
            grams: grams.grams.iter().map(|weight| base * g * weight).collect(),
            passages: passages.map(|part| part.scaled([self.shares.whole, self.shares.single])),
        }
    }
}
