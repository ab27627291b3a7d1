//! The score: how likely a story is about what is looked for (its topic) and plays where it is
//! looked for (its region), as a model weighs its features; both must hold. Its words speak for or
//! against both at once as well.

use crate::{
    features::{Features, Head},
    model::{Model, Sums},
};

/// What a story scores, and what each of its features adds.
#[derive(Clone, Debug)]
pub(crate) struct Score<'a> {
    pub model: &'a Model,
    pub features: Features,
    sums: Sums,
    /// What each feature of the knowledge adds, by its number.
    parts: [Vec<f32>; 2],
}

impl<'a> Score<'a> {
    pub(crate) fn of(model: &'a Model, features: Features) -> Self {
        let mut parts = [Vec::new(), Vec::new()];
        let mut dense = |head: Head| -> f32 {
            let numbers = &features.vector.dense[head as usize];
            let parts = &mut parts[head as usize];
            let count = numbers.iter().map(|(at, _)| *at as usize + 1).max();
            parts.resize(count.unwrap_or(0), 0.0);
            let adds = numbers.iter().map(|(at, value)| {
                let adds = model.dense(head, *at) * value;
                parts[*at as usize] = adds;
                adds
            });
            adds.sum()
        };
        let sums = [dense(Head::Topic), dense(Head::Region)];
        let sums = model.sums_with(sums, &features.vector);
        Self {
            model,
            features,
            sums,
            parts,
        }
    }

    /// What the features of one head sum up to.
    pub(crate) fn logit(&self, head: Head) -> f32 {
        self.sums.heads[head as usize]
    }

    /// What the words say of both heads at once.
    pub(crate) fn words(&self) -> f32 {
        self.sums.words
    }

    /// How likely a story is one about the topic.
    pub(crate) fn topic(&self) -> f64 {
        logistic(self.sums.heads[0])
    }

    /// How likely a story is one about the region.
    pub(crate) fn region(&self) -> f64 {
        logistic(self.sums.heads[1])
    }

    /// How likely a story is one that is looked for.
    pub(crate) fn total(&self) -> f64 {
        self.model.calibrated(self.sums)
    }

    /// How likely it would be if one head's features summed up to something else.
    pub(crate) fn total_with(&self, head: Head, logit: f32) -> f64 {
        let mut sums = self.sums;
        sums.heads[head as usize] = logit;
        self.model.calibrated(sums)
    }

    /// What one feature adds to its head.
    pub(crate) fn part(&self, head: Head, feature: u32) -> f32 {
        let part = self.parts[head as usize].get(feature as usize);
        part.copied().unwrap_or(0.0)
    }
}

/// The logistic function.
pub(crate) fn logistic(logit: f32) -> f64 {
    1.0 / (1.0 + f64::from(-logit).exp())
}
