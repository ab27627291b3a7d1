//! `vigia train --base`: a model that is there and a few labelled articles in, an adapted one out.

use std::{
    io::{self, Write},
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

use super::{
    labelled::{self, labelled},
    train::{bar, facts, sources},
    typeset,
    whole_file::WholeFile,
};
use crate::{
    args::TrainArgs,
    topic::{self, Topic},
};

/// Stories written for vigia, by which is told how common a word is in those of the built-in topic's
/// stream. What is common in another topic's, its labelled articles alone say.
const BACKGROUND: &str = include_str!("../../../../config/models/lessons.jsonl");

pub(crate) fn run(args: &TrainArgs) -> Result<()> {
    let topic = args.topic.as_deref();
    let topic = topic.map_or_else(|| Ok(Topic::default()), Topic::read)?;
    let named = args.base.as_ref().and_then(Option::as_deref);
    let own = topic.model.as_deref().filter(|_| named.is_none());
    let out = WholeFile::at(&args.out, sources(args).chain(own))?;
    let labels = labelled::labels(args.labels.as_deref())?;
    let knowledge = topic.load_knowledge()?;
    let base = match named {
        Some(path) => load_model(Some(path), &knowledge)?,
        None => topic.load_model(&knowledge)?,
    };
    let judge = Classifier::new(Arc::clone(&knowledge), Arc::clone(&base), 0.5);
    let mut adapter = Adapter::new(&base, &knowledge).with_beginnings(topic.beginnings);
    if topic.file.is_some() {
        adapter = adapter.for_topic(topic.name, topic.threshold);
    }
    let background = if base.summary().topic == topic::EMBEDDED {
        BACKGROUND
    } else {
        ""
    };
    for line in background.lines() {
        let lesson = labelled_line(line, &Labels::default()).map_err(io::Error::other);
        if let Some(lesson) = lesson.context("read the background")? {
            adapter.add_background(&lesson.article);
        }
    }
    let bar = bar();
    bar.set_message("reading articles");
    labelled::each(&args.data, &labels, |article| {
        bar.inc(1);
        let (_, reason) = judge.judge(article.article.clone());
        match reason {
            Some(why @ (DropReason::UnsupportedLanguage | DropReason::TooShort)) => {
                let error = format!("the model does not judge it: {}", why.as_str());
                let error = json!({ "id": article.id, "error": error }).to_string();
                bar.suspend(|| eprintln!("{}", typeset::line(&error)));
            }
            _ => adapter.add(&labelled(article)),
        }
    })?;
    bar.set_message("adapting");
    let adapted = adapter.adapt();
    bar.finish_and_clear();
    let adapted = adapted.with_context(|| format!("adapt `{}`", base.name()))?;
    out.write(&adapted.model.write(&knowledge))?;

    let mut report = io::stdout().lock();
    let name = adapted.model.name();
    let path = args.out.display();
    writeln!(report, "{path}: {name}, from {}", base.name())?;
    facts(&mut report, &adapted.model)?;
    writeln!(
        report,
        "\nOf {} labelled articles the verdict on {} was wrong before, and on {} is now.",
        adapted.articles, adapted.wrong_before, adapted.wrong_after
    )?;
    writeln!(
        report,
        "`vigia eval --model {path} --data FILE` says how it does on others."
    )?;
    Ok(())
}
