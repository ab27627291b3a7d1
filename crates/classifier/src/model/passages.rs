//! What passages count: a model of a story's passages taken together, and one of each by itself,
//! by which a story is judged by the few that speak most for it (multiple-instance learning: a
//! story is looked for if there is a passage in it that is).

use std::collections::BTreeMap;

use crate::features::Vector;

/// The weights of what stands in passages.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PassageWeights {
    /// How many passages, those that speak most for a story, count by themselves: their mean.
    pub top: usize,
    /// Where both sums start: that of all passages together, and that of one by itself.
    pub starts: [f32; 2],
    /// By number what it adds to each.
    pub weights: BTreeMap<u32, [f32; 2]>,
}

/// Most passages that may count by themselves.
pub(crate) const TOP_MAX: usize = 100;

/// What a passage says by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Witness {
    /// The passage's place among all.
    pub at: usize,
    /// What it adds.
    pub adds: f32,
}

impl PassageWeights {
    /// What passages add to the topic's logit; where there is none, what they start from.
    pub(crate) fn logit(&self, vector: &Vector) -> f32 {
        let [whole, single] = self.sums(vector);
        whole + single
    }

    /// What all passages together and those that count by themselves come to.
    pub fn sums(&self, vector: &Vector) -> [f32; 2] {
        let whole: f32 = self.whole(vector).map(|(_, adds)| adds).sum();
        let single: f32 = self.witnesses(vector).iter().map(|one| one.adds).sum();
        [self.starts[0] + whole, self.starts[1] + single]
    }

    /// The same with both sums times a number.
    #[must_use]
    pub fn scaled(mut self, by: [f32; 2]) -> Self {
        for numbers in self.weights.values_mut().chain([&mut self.starts]) {
            *numbers = [numbers[0] * by[0], numbers[1] * by[1]];
        }
        self
    }

    /// What each number adds by standing anywhere, divided by their length as a vector, so that
    /// long stories come to as much as short ones.
    pub(crate) fn whole(&self, vector: &Vector) -> impl Iterator<Item = (u32, f32)> {
        let known = |(number, value): (u32, f32)| {
            let [weight, _] = self.weights.get(&number)?;
            Some((number, value, *weight))
        };
        let values: Vec<_> = vector.whole().into_iter().filter_map(known).collect();
        let squares: f32 = values.iter().map(|(_, value, _)| value * value).sum();
        let norm = 1.0 / squares.max(1.0).sqrt();
        let adds = values.into_iter();
        adds.map(move |(number, value, weight)| (number, value * weight * norm))
    }

    /// The passages that count by themselves, what speaks most for the story first; of two that say
    /// as much, the earlier.
    pub(crate) fn witnesses(&self, vector: &Vector) -> Vec<Witness> {
        let passages = vector.passages.iter().enumerate();
        let witness = |(at, numbers): (usize, &Vec<u32>)| Witness {
            at,
            adds: self.single(numbers),
        };
        let mut witnesses: Vec<_> = passages.map(witness).collect();
        witnesses.sort_by(|a, b| b.adds.total_cmp(&a.adds));
        witnesses.truncate(self.top);
        let share = 1.0 / witnesses.len().max(1) as f32;
        for witness in &mut witnesses {
            witness.adds *= share;
        }
        // What adds nothing speaks for nothing.
        witnesses.retain(|witness| witness.adds != 0.0);
        witnesses
    }

    /// What a passage says by itself.
    fn single(&self, numbers: &[u32]) -> f32 {
        let known = numbers.iter().filter_map(|number| self.weights.get(number));
        let (count, sum) = known.fold((0_u32, 0.0), |(count, sum), [_, weight]| {
            (count + 1, sum + weight)
        });
        sum / (count.max(1) as f32).sqrt()
    }

    /// All of its numbers.
    pub fn numbers(&self) -> impl Iterator<Item = f32> {
        let weights = self.weights.values().flatten().copied();
        self.starts.into_iter().chain(weights)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(top: usize) -> PassageWeights {
        PassageWeights {
            top,
            starts: [-1.0, 0.5],
            weights: BTreeMap::from([(1, [0.5, 2.0]), (2, [0.0, -1.0]), (3, [1.0, 4.0])]),
        }
    }

    fn vector(passages: &[&[u32]]) -> Vector {
        Vector {
            passages: passages.iter().map(|numbers| numbers.to_vec()).collect(),
            ..Vector::default()
        }
    }

    #[test]
    fn the_passages_that_speak_most_for_a_story_count_by_themselves() {
        let vector = vector(&[&[2], &[1], &[1, 2, 9], &[3]]);
        let at = |top| -> Vec<usize> {
            let witnesses = weights(top).witnesses(&vector);
            witnesses.iter().map(|witness| witness.at).collect()
        };
        assert_eq!(at(1), [3]);
        assert_eq!(at(2), [3, 1]);
        assert_eq!(at(9), [3, 1, 2, 0]);
        // Their mean: one that says much is not drowned by a second.
        let adds: f32 = weights(2).witnesses(&vector).iter().map(|w| w.adds).sum();
        assert!((adds - 3.0).abs() < 1e-6, "{adds}");
    }

    #[test]
    fn all_passages_together_count_as_much_in_a_long_story_as_in_a_short_one() {
        let weights = weights(1);
        let whole = |passages: &[&[u32]]| -> f32 {
            weights.whole(&vector(passages)).map(|(_, adds)| adds).sum()
        };
        assert!((whole(&[&[3]]) - 1.0).abs() < 1e-6);
        assert!((whole(&[&[3], &[3], &[3]]) - 1.0).abs() < 1e-6);
        assert!((whole(&[&[1, 3]]) - 1.5 / 2_f32.sqrt()).abs() < 1e-6);
    }

    #[test]
    fn a_story_without_passages_has_none_that_speaks_for_it() {
        assert!((weights(2).logit(&vector(&[])) - -0.5).abs() < 1e-6);
        assert!((weights(2).logit(&vector(&[&[7]])) - -0.5).abs() < 1e-6);
    }
}
