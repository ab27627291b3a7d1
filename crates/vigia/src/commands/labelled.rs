//! Labelled articles of files, and what is to be told of them once all were read.

use std::{
    collections::HashMap,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use pipeline::filter::{LabelledArticle, Labels, labelled_line};
use trainer::Labelled;

use super::{
    input::{self, Input},
    typeset,
};

/// Ids of a list that are named; the rest is summed up.
const NAMED: usize = 5;

/// What was read.
#[derive(Debug, Default)]
struct Census {
    unreadable: usize,
    /// By id.
    labels: HashMap<String, bool>,
    articles: usize,
    contradicted: Vec<String>,
}

/// The labels of a file, or none.
pub(super) fn labels(path: Option<&Path>) -> Result<Labels> {
    let Some(path) = path else {
        return Ok(Labels::default());
    };
    let text = fs::read_to_string(path).with_context(|| format!("read `{}`", path.display()))?;
    Labels::parse(&text)
        .map_err(anyhow::Error::msg)
        .with_context(|| format!("read the labels of `{}`", path.display()))
}

/// Gives each labelled article of the files. What is wrong with a line goes to standard error, and
/// so does what is odd about all of them; that there is none at all is an error.
pub(super) fn each(
    data: &[PathBuf],
    labels: &Labels,
    mut with: impl FnMut(LabelledArticle),
) -> Result<()> {
    let mut census = Census::default();
    for path in data {
        let Input::Lines(mut lines) = input::open(Some(path))? else {
            bail!("find lines of JSON in `{}`", path.display());
        };
        let mut line = String::new();
        while lines.next(&mut line)? {
            match labelled_line(&line, labels) {
                Ok(Some(article)) => {
                    census.count(&article);
                    with(article);
                }
                Ok(None) => {}
                Err(error) => {
                    census.unreadable += 1;
                    writeln!(io::stderr(), "{}", typeset::line(&error))?;
                }
            }
        }
    }
    for note in census.notes(labels) {
        writeln!(io::stderr(), "vigia: {note}")?;
    }
    if census.articles == 0 {
        let files: Vec<_> = data.iter().map(|path| path.display().to_string()).collect();
        bail!(
            "read `{}`: there is no labelled article",
            files.join("`, `")
        );
    }
    Ok(())
}

impl Census {
    fn count(&mut self, article: &LabelledArticle) {
        self.articles += 1;
        let before = self.labels.insert(article.id.clone(), article.label);
        let other = before.is_some_and(|before| before != article.label);
        if other && !self.contradicted.contains(&article.id) {
            self.contradicted.push(article.id.clone());
        }
    }

    /// What a person should know of what was read.
    fn notes(&self, labels: &Labels) -> Vec<String> {
        let mut unmatched: Vec<_> = labels.ids().collect();
        unmatched.retain(|id| !self.labels.contains_key(*id));
        unmatched.sort_unstable();
        let contradicted: Vec<_> = self.contradicted.iter().map(String::as_str).collect();
        let mut notes = Vec::new();
        if self.unreadable > 0 {
            notes.push(format!("lines that could not be read: {}", self.unreadable));
        }
        for (ids, what) in [
            (unmatched, "labels that match no article"),
            (contradicted, "articles that have both labels"),
        ] {
            if !ids.is_empty() {
                notes.push(format!("{what}: {}, {}", ids.len(), named(&ids)));
            }
        }
        notes
    }
}

/// The first of some ids.
fn named(ids: &[&str]) -> String {
    let first = ids.iter().take(NAMED);
    let first: Vec<_> = first.map(|id| format!("`{}`", typeset::line(id))).collect();
    let more = if ids.len() > NAMED { ", …" } else { "" };
    first.join(", ") + more
}

/// A labelled article as the trainer takes it.
pub(super) fn labelled(article: LabelledArticle) -> Labelled {
    let LabelledArticle {
        article,
        label,
        weight,
        outlet,
        evidence,
        ..
    } = article;
    Labelled {
        article,
        label,
        weight,
        outlet,
        evidence,
    }
}
