//! `vigia classify`: articles in, stories out.

use std::{
    io::{self, BufWriter, Write},
    path::Path,
};

use anyhow::{Context, Result};
use pipeline::{
    Classifier, Cleaner,
    filter::{self, Which},
};

use super::input::{self, Input};
use crate::{
    args::JudgeArgs,
    config::{self, Config},
    topic::Topic,
};

pub(crate) fn run(all: bool, by: &JudgeArgs, file: Option<&Path>) -> Result<()> {
    let classifier = classifier(by)?;
    let which = if all { Which::All } else { Which::Kept };
    let mut out = BufWriter::new(io::stdout().lock());
    match input::open(file)? {
        Input::Lines(mut lines) => {
            let mut line = String::new();
            while lines.next(&mut line)? {
                if let Some(answer) = filter::classify_line(&classifier, &line, which) {
                    writeln!(out, "{answer}")?;
                }
            }
        }
        Input::Whole(bytes) => {
            let article =
                filter::clean_whole(&Cleaner::new(), &bytes, None).context("find an article")?;
            let story = classifier.classify(article);
            if story.relevant || all {
                writeln!(out, "{}", serde_json::to_string(&story)?)?;
            }
        }
    }
    out.flush()?;
    Ok(())
}

/// The classifier that is named, or the embedded one.
pub(super) fn classifier(by: &JudgeArgs) -> Result<Classifier> {
    if let Some(path) = &by.config {
        return of_config(config::load(path)?, by.model.as_deref());
    }
    let mut topic = match &by.topic {
        Some(path) => Topic::read(path)?,
        None => Topic::default(),
    };
    if let Some(model) = &by.model {
        topic.model = Some(model.clone());
    }
    Ok(topic.classifier()?)
}

/// The classifier of a configuration, by another model where one is named.
fn of_config(config: Config, model: Option<&Path>) -> Result<Classifier> {
    let Config {
        settings,
        mut topic,
        threshold,
        ..
    } = config;
    let Some(model) = model else {
        return Ok(settings.classifier());
    };
    topic.model = Some(model.to_owned());
    let model = topic.load_model(&settings.knowledge)?;
    let threshold = topic.threshold(threshold, &model);
    let classifier = Classifier::new(settings.knowledge, model, threshold);
    Ok(classifier.with_others(settings.other_languages))
}
