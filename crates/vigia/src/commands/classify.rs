//! `vigia classify`: articles in, stories out.

use std::{
    io::{self, BufWriter, Write},
    path::Path,
};

use anyhow::{Context, Result};
use pipeline::{Classifier, Cleaner, filter, load_knowledge};

use super::input::{self, Input};
use crate::config;

pub(crate) fn run(all: bool, config: Option<&Path>, file: Option<&Path>) -> Result<()> {
    let classifier = classifier(config)?;
    let mut out = BufWriter::new(io::stdout().lock());
    match input::open(file)? {
        Input::Lines(mut lines) => {
            let mut line = String::new();
            while lines.next(&mut line)? {
                let (kept, answer) = filter::classify_line(&classifier, &line);
                if kept || all {
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

/// The classifier of a configuration, or the embedded one.
pub(super) fn classifier(config: Option<&Path>) -> Result<Classifier> {
    match config {
        Some(path) => {
            let settings = config::load(path)?.settings;
            Ok(Classifier::new(settings.knowledge, settings.threshold))
        }
        None => {
            let knowledge = load_knowledge(None).map_err(|errors| {
                let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
                anyhow::anyhow!("read the embedded knowledge: {}", errors.join("; "))
            })?;
            Ok(Classifier::new(knowledge, DEFAULT_THRESHOLD))
        }
    }
}

/// The threshold of `[classify]` where no configuration says otherwise.
pub(crate) const DEFAULT_THRESHOLD: f64 = 0.5;
