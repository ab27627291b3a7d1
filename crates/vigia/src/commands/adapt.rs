//! `vigia train --base`: a model that is there and a few labelled articles in, an adapted one out.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result};
use pipeline::{
    Classifier, DropReason,
    filter::{Labels, labelled_line},
    load_model,
};
use serde_json::json;
use trainer::Adapter;

use super::train::{bar, each_labelled, labelled, write};
use crate::topic::Topic;

/// Stories written for vigia, by which is told how common a word is.
const BACKGROUND: &str = include_str!("../../../../config/models/lessons.jsonl");

pub(crate) fn run(
    data: &[PathBuf],
    labels: &Labels,
    out: &Path,
    base: Option<&Path>,
    topic: Option<&Path>,
) -> Result<()> {
    let topic = topic.map_or_else(|| Ok(Topic::default()), Topic::read)?;
    let knowledge = topic.load_knowledge()?;
    let base = load_model(base.or(topic.model.as_deref()), &knowledge)?;
    let judge = Classifier::new(Arc::clone(&knowledge), Arc::clone(&base), 0.5);
    let mut adapter = Adapter::new(&base, &knowledge);
    for line in BACKGROUND.lines() {
        let lesson = labelled_line(line, &Labels::default()).map_err(io::Error::other);
        if let Some(lesson) = lesson.context("read the background")? {
            adapter.add_background(&lesson.article);
        }
    }
    let bar = bar();
    bar.set_message("reading articles");
    for path in data {
        each_labelled(path, labels, |article| {
            bar.inc(1);
            let (_, reason) = judge.judge(article.article.clone());
            match reason {
                Some(why @ (DropReason::UnsupportedLanguage | DropReason::TooShort)) => {
                    let error = format!("the model does not judge it: {}", why.as_str());
                    bar.suspend(|| eprintln!("{}", json!({ "id": article.id, "error": error })));
                }
                _ => adapter.add(&labelled(article)),
            }
        })?;
    }
    bar.set_message("adapting");
    let adapted = adapter.adapt();
    bar.finish_and_clear();
    let adapted = adapted.with_context(|| format!("adapt `{}`", base.name()))?;
    write(out, &adapted.model.write(&knowledge))?;

    let mut report = io::stdout().lock();
    let name = adapted.model.name();
    writeln!(report, "{}: {name}, from {}", out.display(), base.name())?;
    for (key, value) in &adapted.model.summary().training {
        writeln!(report, "  {key:17} {value}")?;
    }
    writeln!(
        report,
        "\nOf {} labelled articles the verdict on {} was wrong before, and on {} is now.",
        adapted.articles, adapted.wrong_before, adapted.wrong_after
    )?;
    writeln!(
        report,
        "`vigia eval --model {} --data FILE` says how it does on others.",
        out.display()
    )?;
    Ok(())
}
