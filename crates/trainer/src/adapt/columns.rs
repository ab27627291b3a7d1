//! The weights that may move, numbered, and how freely each of them does.

use std::collections::HashMap;

use classifier::{Vector, Weights};

/// How firmly a weight is held that was seen in no text: one of the knowledge's features, all of
/// which training saw, and one of an n-gram, term or word. Found by measuring: far below, one label turns
/// verdicts on stories that are nothing like its own, and far above it does not even turn its own.
const FIRMNESS_DENSE: f64 = 30.0;
const FIRMNESS_GRAM: f64 = 0.3;

/// What a weight weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Weighed {
    /// A feature of the knowledge, by head.
    Dense(usize, u32),
    Gram(u32),
}

/// One form of an article, by the columns.
#[derive(Debug)]
pub(super) struct Row {
    /// What the features of topic, region and words sum up to in the model as it is.
    pub base: [f64; 3],
    /// The columns of each that are not zero, in units of how freely they move.
    pub cells: [Vec<(usize, f64)>; 3],
    pub label: bool,
    pub weight: f64,
}

/// The weights that may move.
pub(super) struct Columns {
    numbers: HashMap<Weighed, usize>,
    /// How far each column's weight moves for one unit.
    units: Vec<f64>,
    /// The squares of each value over the texts: their sum, and the largest.
    seen: HashMap<Weighed, (f64, f64)>,
    /// Articles of the training for each of the texts.
    articles_per_text: f64,
}

impl Columns {
    /// No columns yet, of a model that was trained on so many articles, which were like `texts`.
    pub(super) fn new(texts: &[&Vector], trained_on: f64) -> Self {
        let mut seen: HashMap<_, (f64, f64)> = HashMap::new();
        for vector in texts {
            for (weighed, value) in values(vector) {
                let square = f64::from(value).powi(2);
                let (sum, largest) = seen.entry(weighed).or_default();
                *sum += square;
                *largest = largest.max(square);
            }
        }
        Self {
            numbers: HashMap::new(),
            units: Vec::new(),
            seen,
            articles_per_text: trained_on / (texts.len() as f64).max(1.0),
        }
    }

    pub(super) fn count(&self) -> usize {
        self.units.len()
    }

    /// A vector's cells by what they sum up to, each in its column, which is made where it is new.
    pub(super) fn cells(&mut self, vector: &Vector) -> [Vec<(usize, f64)>; 3] {
        let mut cells = [Vec::new(), Vec::new(), Vec::new()];
        for (weighed, value) in values(vector) {
            let column = self.column(weighed);
            let sum = match weighed {
                Weighed::Dense(head, _) => head,
                Weighed::Gram(number) if number as usize >= Vector::WORDS => 2,
                Weighed::Gram(_) => 0,
            };
            cells[sum].push((column, f64::from(value) * self.units[column]));
        }
        cells
    }

    fn column(&mut self, weighed: Weighed) -> usize {
        let next = self.units.len();
        let column = *self.numbers.entry(weighed).or_insert(next);
        if column == next {
            let least = match weighed {
                Weighed::Dense(..) => FIRMNESS_DENSE,
                Weighed::Gram(_) => FIRMNESS_GRAM,
            };
            // That it stands in one text says nothing of the others: that may be where it came from.
            let (sum, largest) = self.seen.get(&weighed).copied().unwrap_or_default();
            let firmness = least + self.articles_per_text * (sum - largest);
            self.units.push(firmness.sqrt().recip());
        }
        column
    }

    /// What is added to the weights where the columns are moved `by` so many units.
    pub(super) fn weights(&self, by: &[f64], features: usize) -> Weights {
        let mut weights = Weights {
            dense: [vec![0.0; features], vec![0.0; features]],
            grams: vec![0.0; Vector::GRAMS],
            wordless: 0.0,
            passages: None,
        };
        for (weighed, column) in &self.numbers {
            let by = (by[*column] * self.units[*column]) as f32;
            match weighed {
                Weighed::Dense(head, feature) => weights.dense[*head][*feature as usize] = by,
                Weighed::Gram(gram) => weights.grams[*gram as usize] = by,
            }
        }
        weights
    }
}

fn values(vector: &Vector) -> impl Iterator<Item = (Weighed, f32)> {
    let dense = vector.dense.iter().enumerate().flat_map(|(head, values)| {
        let values = values.iter();
        values.map(move |(at, value)| (Weighed::Dense(head, *at), *value))
    });
    let grams = vector.grams.iter();
    dense.chain(grams.map(|(at, value)| (Weighed::Gram(*at), *value)))
}
