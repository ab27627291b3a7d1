//! The stories that are asked about, the least certain first.

use std::{
    collections::HashSet,
    io::{Write, stderr},
    path::Path,
};

use anyhow::{Result, bail};
use pipeline::{Classifier, DropReason, filter::article_line};
use serde::Deserialize;
use serde_json::Value;
use story::Article;

use super::{
    super::{
        input::{self, Input, Lines},
        train::bar,
        typeset,
    },
    book::Book,
};

/// Most stories that are held to be asked about; the next sitting takes up those that follow.
const STORIES_MAX: usize = 1000;

/// A story that is asked about.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// What its line calls it.
    pub(super) id: Value,
    pub(super) article: Article,
    /// What training learns from its line besides: the outlet by its other name, and the weight.
    pub(super) carried: Carried,
    /// How far its score is from the threshold.
    pub(super) certainty: f64,
}

/// What of a line goes into its label as it is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Carried {
    pub(super) source: Value,
    pub(super) weight: Value,
}

/// The stories of a file, judged and in order.
pub(super) struct Queue {
    pub(super) candidates: Vec<Candidate>,
    /// Stories that have a label already.
    pub(super) labelled: usize,
    /// Stories that the model does not judge, so that no label of theirs could teach it.
    pub(super) unjudged: usize,
    /// Stories that are left for another sitting.
    pub(super) later: usize,
}

impl Candidate {
    /// The story of a line, or the line that says why there is none.
    pub(super) fn read(line: &str) -> Result<Self, String> {
        let (id, article) = article_line(line)?;
        let id = match id {
            Value::Null => Value::from(article.id.as_str()),
            id => id,
        };
        Ok(Self {
            id,
            article,
            carried: serde_json::from_str(line).unwrap_or_default(),
            certainty: 0.0,
        })
    }
}

impl Queue {
    /// Opens a file of stories.
    pub(super) fn open(file: &Path) -> Result<Lines> {
        match input::open(Some(file))? {
            Input::Lines(lines) => Ok(lines),
            Input::Whole(_) => bail!(
                "find stories in `{}`: it is not JSONL; `vigia clean` makes articles of pages",
                file.display()
            ),
        }
    }

    /// Reads and judges the stories of a file. What is wrong with a line goes to standard error.
    pub(super) fn read(
        file: &Path,
        mut lines: Lines,
        classifier: &Classifier,
        book: &Book,
    ) -> Result<Self> {
        let mut queue = Self {
            candidates: Vec::new(),
            labelled: 0,
            unjudged: 0,
            later: 0,
        };
        let (mut line, mut seen) = (String::new(), HashSet::new());
        let mut unreadable = 0;
        let bar = bar();
        bar.set_message("judging stories");
        while lines.next(&mut line)? {
            let candidate = match Candidate::read(&line) {
                Ok(candidate) => candidate,
                Err(error) => {
                    unreadable += 1;
                    bar.suspend(|| writeln!(stderr(), "{}", typeset::line(&error)))?;
                    continue;
                }
            };
            bar.inc(1);
            if seen.insert(candidate.id.to_string()) {
                queue.add(candidate, classifier, book);
            }
        }
        bar.finish_and_clear();
        if seen.is_empty() {
            let path = file.display();
            bail!("find a story in `{path}`: {unreadable} lines could not be read");
        }
        queue.cut();
        Ok(queue)
    }

    fn add(&mut self, mut candidate: Candidate, classifier: &Classifier, book: &Book) {
        if book.has(&candidate.id) {
            self.labelled += 1;
            return;
        }
        let (story, reason) = classifier.judge(candidate.article.clone());
        if let Some(DropReason::TooShort | DropReason::UnsupportedLanguage) = reason {
            self.unjudged += 1;
            return;
        }
        candidate.certainty = (story.score - story.threshold).abs();
        self.candidates.push(candidate);
        if self.candidates.len() >= 2 * STORIES_MAX {
            self.cut();
        }
    }

    /// Puts the least certain first and lets go of those that are too many. Equal ones stay in the
    /// file's order.
    fn cut(&mut self) {
        self.candidates
            .sort_by(|a, b| a.certainty.total_cmp(&b.certainty));
        self.later += self.candidates.len().saturating_sub(STORIES_MAX);
        self.candidates.truncate(STORIES_MAX);
    }
}
