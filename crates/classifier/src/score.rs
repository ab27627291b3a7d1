//! The score: how likely a story is about what is looked for (its topic) and plays where it is
//! looked for (its region), as a model weighs its features; both must hold.

use crate::{
    features::{Features, Head},
    model::Model,
};

/// What a story scores, and what each of its features adds.
#[derive(Clone, Debug)]
pub(crate) struct Score<'a> {
    pub model: &'a Model,
    pub features: Features,
    logits: [f32; 2],
}

impl<'a> Score<'a> {
    pub(crate) fn of(model: &'a Model, features: Features) -> Self {
        let dense = |head: Head| -> f32 {
            let parts = features.vector.dense[head as usize].iter();
            parts
                .map(|(at, value)| model.dense(head, *at) * value)
                .sum()
        };
        let grams = features.vector.grams.iter();
        let grams: f32 = grams
            .map(|(bucket, value)| model.gram(*bucket) * value)
            .sum();
        let logits = [dense(Head::Topic) + grams, dense(Head::Region)];
        Self {
            model,
            features,
            logits,
        }
    }

    /// What the features of one head sum up to.
    pub(crate) fn logit(&self, head: Head) -> f32 {
        self.logits[head as usize]
    }

    /// How likely a story is one about the topic.
    pub(crate) fn topic(&self) -> f64 {
        logistic(self.logits[0])
    }

    /// How likely a story is one about the region.
    pub(crate) fn region(&self) -> f64 {
        logistic(self.logits[1])
    }

    /// How likely a story is one that is looked for.
    pub(crate) fn total(&self) -> f64 {
        self.model.calibrated(self.logits)
    }

    /// How likely it would be if one head's features summed up to something else.
    pub(crate) fn total_with(&self, head: Head, logit: f32) -> f64 {
        let mut logits = self.logits;
        logits[head as usize] = logit;
        self.model.calibrated(logits)
    }

    /// What one feature adds to its head.
    pub(crate) fn part(&self, head: Head, feature: u32) -> f32 {
        let dense = &self.features.vector.dense[head as usize];
        let found = dense.iter().find(|(at, _)| *at == feature);
        found.map_or(0.0, |(at, value)| self.model.dense(head, *at) * value)
    }
}

/// The logistic function.
pub(crate) fn logistic(logit: f32) -> f64 {
    1.0 / (1.0 + f64::from(-logit).exp())
}
