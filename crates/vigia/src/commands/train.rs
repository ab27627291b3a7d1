//! `vigia train`: labelled articles in, a topic's model out.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use pipeline::filter::{LabelledArticle, Labels, labelled_line};
use trainer::{Labelled, Options, Trainer};

use super::{
    eval,
    input::{self, Input},
};
use crate::topic::Topic;

/// The score from which the built-in topic keeps a story. A topic of its own that states none gets
/// the one that did best on what was held out.
const THRESHOLD: f64 = 0.5;

pub(crate) fn run(
    data: &[PathBuf],
    labels: &Labels,
    out: &Path,
    topic: Option<&Path>,
    seed: u64,
) -> Result<()> {
    let built_in = || Topic {
        threshold: Some(THRESHOLD),
        ..Topic::default()
    };
    let topic = topic.map_or_else(|| Ok(built_in()), Topic::read)?;
    let knowledge = topic.load_knowledge()?;
    let mut trainer = Trainer::new(
        &knowledge,
        Options {
            topic: topic.name,
            threshold: topic.threshold,
            seed,
        },
    );
    let bar = bar();
    for path in data {
        each_labelled(path, labels, |article| {
            bar.set_message("reading articles");
            bar.inc(1);
            trainer.add(&labelled(article));
        })?;
    }
    bar.set_message("training");
    let trained = trainer.train(|stage| {
        bar.set_length(stage.of as u64);
        bar.set_position(stage.done as u64);
    });
    bar.finish_and_clear();
    let trained = trained.context("train a model")?;
    write(out, &trained.model.write(&knowledge))?;

    let mut report = io::stdout().lock();
    writeln!(report, "{}: {}", out.display(), trained.model.name())?;
    for (key, value) in &trained.model.summary().training {
        writeln!(report, "  {key:14} {value}")?;
    }
    writeln!(
        report,
        "\nOn articles that were held out while it was made, by outlet:"
    )?;
    eval::figures(&mut report, [("all", trained.held_out.clone())])?;
    eval::reliability(&mut report, &trained.held_out)?;
    Ok(())
}

/// A labelled article as the trainer takes it.
pub(super) fn labelled(article: LabelledArticle) -> Labelled {
    let LabelledArticle {
        article,
        label,
        weight,
        outlet,
        ..
    } = article;
    Labelled {
        article,
        label,
        weight,
        outlet,
    }
}

/// The labels of a file, or none.
pub(crate) fn labels(path: Option<&Path>) -> Result<Labels> {
    let Some(path) = path else {
        return Ok(Labels::default());
    };
    let text = fs::read_to_string(path).with_context(|| format!("read `{}`", path.display()))?;
    Labels::parse(&text)
        .map_err(anyhow::Error::msg)
        .with_context(|| format!("read the labels of `{}`", path.display()))
}

/// Gives each labelled article of a file; what is wrong with a line goes to standard error.
pub(super) fn each_labelled(
    path: &Path,
    labels: &Labels,
    mut with: impl FnMut(LabelledArticle),
) -> Result<()> {
    let Input::Lines(mut lines) = input::open(Some(path))? else {
        bail!("find lines of JSON in `{}`", path.display());
    };
    let mut line = String::new();
    while lines.next(&mut line)? {
        match labelled_line(&line, labels) {
            Ok(Some(article)) => with(article),
            Ok(None) => {}
            Err(error) => writeln!(io::stderr(), "{error}")?,
        }
    }
    Ok(())
}

/// Writes a file beside its place first, so that there is never half a model.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let half = path.with_extension("part");
    fs::write(&half, bytes)
        .and_then(|()| fs::rename(&half, path))
        .with_context(|| format!("write `{}`", path.display()))
}

pub(super) fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:18} {wide_bar} {pos}/{len}  {elapsed}");
    let bar = ProgressBar::no_length();
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
