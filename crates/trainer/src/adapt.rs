//! A model that is there to one that has heard its user: a few labelled articles move the weights
//! of what stands in them, and each is held where it is by what it was learned from (maximum a
//! posteriori with a normal prior around the model's own weights; Chelba and Acero, "Adaptation of
//! Maximum Entropy Capitalizer", EMNLP 2004).
//!
//! How firmly a weight is held should follow how often what it weighs was seen in training. A model
//! does not store that, but it states how many articles there were, and how common a word is can be
//! told from other texts: the labelled articles and a background. So a word that stands everywhere
//! hardly moves, and one that only these stories have moves freely; the verdicts on other stories
//! stay as they are.

mod columns;

use classifier::{Classifier, Knowledge, Model, Summary, Sums, Vector};
use story::Article;

use crate::{
    descent,
    example::{BEGINNING_WEIGHT, Example, Labelled, Learned},
};
use columns::{Columns, Row};

/// A model that was adapted, and what that did to the verdicts on the articles.
#[derive(Clone, Debug)]
pub struct Adapted {
    /// The model.
    pub model: Model,
    /// Articles that it was adapted to.
    pub articles: usize,
    /// Those of them whose verdict was not their label.
    pub wrong_before: usize,
    /// Those whose verdict still is not.
    pub wrong_after: usize,
}

/// There was no labelled article.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no labelled article that the model can learn from")]
pub struct NothingToLearn;

/// Collects labelled articles as numbers, to adapt a model to them.
#[derive(Debug)]
pub struct Adapter<'a> {
    base: &'a Model,
    knowledge: &'a Knowledge,
    examples: Vec<Example>,
    background: Vec<Vector>,
    topic: String,
    threshold: f64,
    beginnings: bool,
}

impl<'a> Adapter<'a> {
    /// An adapter of a model, without articles.
    pub fn new(base: &'a Model, knowledge: &'a Knowledge) -> Self {
        let Summary {
            topic, threshold, ..
        } = base.summary();
        Self {
            topic: topic.clone(),
            threshold: *threshold,
            beginnings: true,
            base,
            knowledge,
            examples: Vec::new(),
            background: Vec::new(),
        }
    }

    /// Has the adapted model be one of this topic, and verdicts be counted by its threshold, where it
    /// has one.
    #[must_use]
    pub fn for_topic(self, topic: String, threshold: Option<f64>) -> Self {
        let threshold = threshold.unwrap_or(self.threshold);
        Self {
            topic,
            threshold,
            ..self
        }
    }

    /// Has articles be learned by their beginnings as well, or whole alone.
    #[must_use]
    pub fn with_beginnings(self, beginnings: bool) -> Self {
        Self { beginnings, ..self }
    }

    /// Adds a labelled article.
    pub fn add(&mut self, labelled: &Labelled) {
        let learned = Learned {
            beginnings: self.beginnings,
            passages: self.base.reads_passages(),
        };
        let example = Example::of(labelled, self.knowledge, learned);
        self.examples.push(example);
    }

    /// Adds an article to the background: only how common its words are is learned from it.
    pub fn add_background(&mut self, article: &Article) {
        let vector = Classifier::vector(article, self.knowledge);
        self.background.push(vector);
    }

    /// Adapts the model to the articles; the same articles in the same order give the same model.
    ///
    /// # Errors
    ///
    /// [`NothingToLearn`] where there are none.
    pub fn adapt(self) -> Result<Adapted, NothingToLearn> {
        if self.examples.is_empty() {
            return Err(NothingToLearn);
        }
        let wholes = self.examples.iter().map(|example| &example.forms[0]);
        let common: Vec<_> = wholes.chain(&self.background).collect();
        let mut columns = Columns::new(&common, trained_on(self.base.summary()));
        let mut rows = Vec::new();
        for example in &self.examples {
            for (form, vector) in example.forms.iter().enumerate() {
                let share = if form == 0 { 1.0 } else { BEGINNING_WEIGHT };
                let Sums {
                    heads: [topic, region],
                    words,
                } = self.base.sums(vector);
                rows.push(Row {
                    base: [topic, region, words].map(f64::from),
                    cells: columns.cells(vector),
                    label: example.label,
                    weight: f64::from(example.weight * share),
                });
            }
        }
        let objective = Objective {
            slope: self.base.summary().slope,
            offset: self.base.summary().offset,
            rows,
        };
        let moved = descent::least(columns.count(), LEVEL, |at, gradient| {
            objective.at(at, gradient)
        });
        let by = columns.weights(&moved, self.knowledge.features().len());
        let model = self.base.moved(self.summary(), &by);
        Ok(Adapted {
            articles: self.examples.len(),
            wrong_before: self.wrong(self.base),
            wrong_after: self.wrong(&model),
            model,
        })
    }

    fn wrong(&self, model: &Model) -> usize {
        let kept = |vector: &Vector| model.score(vector) >= self.threshold;
        let wrong = |example: &&Example| kept(&example.forms[0]) != example.label;
        self.examples.iter().filter(wrong).count()
    }

    fn summary(&self) -> Summary {
        let mut summary = Summary {
            topic: self.topic.clone(),
            threshold: self.threshold,
            ..self.base.summary().clone()
        };
        let examples = self.examples.iter();
        let ids = examples.fold(0, |ids: u64, example| {
            ids.rotate_left(5).wrapping_mul(0x0100_0000_01b3)
                ^ example.id
                ^ u64::from(example.label)
                ^ u64::from(example.weight.to_bits()) << 32
        });
        let base = summary.training.iter().find(|(key, _)| key == ID);
        let base = base.map_or("0", |(_, id)| id).to_owned();
        let id = ids ^ crate::example::hash(&base);
        let positives = self.examples.iter().filter(|example| example.label).count();
        let facts = [
            (ID, format!("{:08x}", (id ^ (id >> 32)) as u32)),
            ("adapted-from", base),
            ("adapted-to", self.examples.len().to_string()),
            ("adapted-positives", positives.to_string()),
        ];
        let replaced = |key: &str| facts.iter().any(|(fact, _)| *fact == key);
        summary.training.retain(|(key, _)| !replaced(key));
        let facts = facts.map(|(key, value)| (key.to_owned(), value));
        summary.training.splice(0..0, facts);
        summary
    }
}

/// The slope, squared, at which the weights are where they belong.
const LEVEL: f64 = 1e-9;
/// A model's key for its own id.
const ID: &str = "id";
/// A model's key for the number of articles that it was trained on.
const ARTICLES: &str = "articles";
/// The number for a model that does not say.
const ARTICLES_DEFAULT: f64 = 1000.0;

fn trained_on(summary: &Summary) -> f64 {
    let stated = summary.training.iter().find(|(key, _)| key == ARTICLES);
    let stated = stated.and_then(|(_, count)| count.parse().ok());
    stated.unwrap_or(ARTICLES_DEFAULT)
}

/// What is made small: how badly the labels are told, and how far weights are from their own.
struct Objective {
    rows: Vec<Row>,
    slope: f64,
    offset: f64,
}

impl Objective {
    /// Its value where weights are moved by `by`, each in units of how freely it moves.
    fn at(&self, by: &[f64], gradient: &mut [f64]) -> f64 {
        gradient.copy_from_slice(by);
        let moved: f64 = by.iter().map(|by| by * by).sum();
        let loss: f64 = self
            .rows
            .iter()
            .map(|row| self.row(row, by, gradient))
            .sum();
        loss + moved / 2.0
    }

    /// The loss on one row, whose slope is added to the gradient.
    fn row(&self, row: &Row, by: &[f64], gradient: &mut [f64]) -> f64 {
        let [topic, region, words] = [0, 1, 2].map(|sum: usize| {
            let cells = row.cells[sum].iter();
            row.base[sum] + cells.map(|(at, value)| by[*at] * value).sum::<f64>()
        });
        let heads = [topic, region];
        let z = self.slope * (Sums::odds_of_both(heads) + words) + self.offset;
        let label = f64::from(u8::from(row.label));
        let error = row.weight * (logistic(z) - label) * self.slope;
        let sure = heads.map(logistic);
        let not_both = (1.0 - sure[0] * sure[1]).max(1e-9);
        let [topic, region] = sure.map(|sure| error * (1.0 - sure) / not_both);
        for (blame, cells) in [topic, region, error].iter().zip(&row.cells) {
            for (at, value) in cells {
                gradient[*at] += blame * value;
            }
        }
        let against = if row.label { -z } else { z };
        row.weight * (against.max(0.0) + (-against.abs()).exp().ln_1p())
    }
}

fn logistic(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

#[cfg(test)]
mod tests;
