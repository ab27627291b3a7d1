//! What a story's numbers count: a linear model with two heads, one for what a story is about and
//! one for where it plays, and what its words say of both at once; read from bytes.

mod file;
mod passages;

use crate::{
    features::{Head, Vector},
    knowledge::Knowledge,
};
pub use file::ModelError;
pub use passages::PassageWeights;

/// How much each feature counts, and how a score is made of the sums.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    summary: Summary,
    dense: [Box<[f32]>; 2],
    /// Weights of n-grams, terms and words in steps of `step`.
    grams: Box<[i16]>,
    step: f32,
    wordless: f32,
    /// What passages count, where the model judges by them.
    pub(crate) passages: Option<PassageWeights>,
}

/// What a model is, and what it was trained on.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Name of the topic, such as `latam-security`.
    pub topic: String,
    /// The languages that it judges, as ISO 639-1 codes; all of them where there is none.
    pub languages: Vec<String>,
    /// The score from which a story is kept where nothing else is said.
    pub threshold: f64,
    /// A score's log-odds are `slope` times [`Sums::odds`], plus `offset`.
    pub slope: f64,
    /// See `slope`.
    pub offset: f64,
    /// How it was trained: keys and values, in an order that reads well.
    pub training: Vec<(String, String)>,
}

/// The weights of a model, as they are trained.
#[derive(Clone, Debug, Default)]
pub struct Weights {
    /// Weights of the knowledge's features, by head: topic and region.
    pub dense: [Vec<f32>; 2],
    /// Weights of n-grams, terms and words by their numbers.
    pub grams: Vec<f32>,
    /// What words add to a story on average, for one whose words are not read.
    pub wordless: f32,
    /// Weights of what stands in passages, for a model that judges by them.
    pub passages: Option<PassageWeights>,
}

/// What a story's features sum up to, as log-odds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sums {
    /// By head: topic and region.
    pub heads: [f32; 2],
    /// What all words, those of names among them, say of both at once.
    pub words: f32,
}

impl Sums {
    /// The log-odds that both heads hold, and what the words add to them.
    pub fn odds(self) -> f64 {
        Self::odds_of_both(self.heads.map(f64::from)) + f64::from(self.words)
    }

    /// The log-odds that both heads hold, of sums as fine as a gradient needs them.
    pub fn odds_of_both(heads: [f64; 2]) -> f64 {
        let [topic, region] = heads.map(|logit| 1.0 / (1.0 + (-logit).exp()));
        let both = topic * region;
        (both.max(1e-9) / (1.0 - both).max(1e-9)).ln()
    }
}

impl Model {
    /// A model of trained weights, which are rounded to what its file holds.
    pub fn new(summary: Summary, weights: Weights) -> Self {
        let largest = weights
            .grams
            .iter()
            .fold(0.0_f32, |most, weight| most.max(weight.abs()));
        let step = if largest > 0.0 {
            largest / f32::from(i16::MAX)
        } else {
            1.0
        };
        let mut grams = vec![0; Vector::GRAMS].into_boxed_slice();
        for (slot, weight) in grams.iter_mut().zip(&weights.grams) {
            *slot = (weight / step).round() as i16;
        }
        Self {
            summary,
            dense: weights.dense.map(Vec::into_boxed_slice),
            grams,
            step,
            wordless: weights.wordless,
            passages: weights.passages,
        }
    }

    /// The model with something added to each of its weights but those of passages; `by` may hold
    /// fewer than there are.
    /// What it says of itself is `summary`, whose threshold and calibration count from now on.
    #[must_use]
    pub fn moved(&self, summary: Summary, by: &Weights) -> Self {
        let added = |own: &[f32], by: &[f32]| -> Vec<f32> {
            let by = by.iter().chain(std::iter::repeat(&0.0));
            own.iter().zip(by).map(|(own, by)| own + by).collect()
        };
        let own: Vec<f32> = (0..Vector::GRAMS as u32).map(|at| self.gram(at)).collect();
        let weights = Weights {
            dense: [0, 1].map(|head: usize| added(&self.dense[head], &by.dense[head])),
            grams: added(&own, &by.grams),
            wordless: self.wordless + by.wordless,
            passages: self.passages.clone(),
        };
        let Self {
            summary,
            dense,
            grams,
            step,
            wordless,
            passages,
        } = Self::new(summary, weights);
        // Field by field, so that whatever else a model comes to hold is not left behind here.
        Self {
            summary,
            dense,
            grams,
            step,
            wordless,
            passages,
        }
    }

    /// The model that is part of the program: the topic `latam-security`.
    ///
    /// # Errors
    ///
    /// What [`Model::read`] says of knowledge that it does not fit.
    pub fn embedded(knowledge: &Knowledge) -> Result<Self, ModelError> {
        let bytes = include_bytes!("../../../config/models/latam-security.model");
        Self::read(bytes, knowledge)
    }

    /// Reads a model's file.
    ///
    /// # Errors
    ///
    /// What is wrong with the bytes, or that they are for other knowledge or another version.
    pub fn read(bytes: &[u8], knowledge: &Knowledge) -> Result<Self, ModelError> {
        let model = file::read(bytes, knowledge)?;
        if model.is_finite() {
            Ok(model)
        } else {
            Err(ModelError::Damaged)
        }
    }

    /// Whether all of its numbers are numbers: a score that is none could not be recorded.
    fn is_finite(&self) -> bool {
        let Summary {
            threshold,
            slope,
            offset,
            ..
        } = &self.summary;
        let weights = self
            .dense
            .iter()
            .flatten()
            .chain([&self.step, &self.wordless]);
        let passages = self.passages.iter().flat_map(PassageWeights::numbers);
        weights.copied().chain(passages).all(f32::is_finite)
            && [threshold, slope, offset]
                .iter()
                .all(|number| number.is_finite())
    }

    /// The model's file.
    pub fn write(&self, knowledge: &Knowledge) -> Vec<u8> {
        file::write(self, knowledge)
    }

    /// What the model is, and what it was trained on.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The name that a story's record has for the model.
    pub fn name(&self) -> String {
        let trained = self.summary.training.iter().find(|(key, _)| key == "id");
        let id = trained.map_or("0", |(_, id)| id);
        format!("{}/{id}", self.summary.topic)
    }

    /// The score of a vector.
    pub fn score(&self, vector: &Vector) -> f64 {
        self.calibrated(self.sums(vector))
    }

    /// Whether the model judges by passages: what it judges must have them.
    pub fn reads_passages(&self) -> bool {
        self.passages.is_some()
    }

    /// What a vector's features sum up to.
    pub fn sums(&self, vector: &Vector) -> Sums {
        let dense = |head: Head| -> f32 {
            let parts = vector.dense[head as usize].iter();
            parts.map(|(at, value)| self.dense(head, *at) * value).sum()
        };
        self.sums_with([dense(Head::Topic), dense(Head::Region)], vector)
    }

    /// The same, where it is known what the knowledge's features of each head sum up to.
    pub(crate) fn sums_with(&self, [topic, region]: [f32; 2], vector: &Vector) -> Sums {
        let before_words = |(number, _): &(u32, f32)| (*number as usize) < Vector::WORDS;
        let (grams, words) = vector
            .grams
            .split_at(vector.grams.partition_point(before_words));
        let sum = |numbers: &[(u32, f32)]| -> f32 {
            let adds = numbers.iter();
            adds.map(|(bucket, value)| self.gram(*bucket) * value).sum()
        };
        let passages = self.passages.as_ref();
        let passages = passages.map_or(0.0, |part| part.logit(vector));
        Sums {
            heads: [topic + sum(grams) + passages, region],
            words: if words.is_empty() {
                self.wordless
            } else {
                sum(words)
            },
        }
    }

    /// The probability that a story is looked for, as it turned out on stories that the model was not
    /// trained on.
    pub(crate) fn calibrated(&self, sums: Sums) -> f64 {
        let odds = self.summary.slope * sums.odds() + self.summary.offset;
        1.0 / (1.0 + (-odds).exp())
    }

    pub(crate) fn dense(&self, head: Head, feature: u32) -> f32 {
        self.dense[head as usize]
            .get(feature as usize)
            .copied()
            .unwrap_or(0.0)
    }

    pub(crate) fn gram(&self, bucket: u32) -> f32 {
        self.grams
            .get(bucket as usize)
            .map_or(0.0, |weight| f32::from(*weight) * self.step)
    }

    /// Whether the model judges stories in a language; a text whose language is unknown it does.
    pub(crate) fn judges(&self, lang: Option<story::Lang>) -> bool {
        let known = &self.summary.languages;
        lang.is_none_or(|lang| {
            known.is_empty() || known.iter().any(|known| *known == lang.as_str())
        })
    }
}
