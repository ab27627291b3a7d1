//! `vigia train`: labelled articles in, a topic's model out.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::Path,
    time::Duration,
};

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use pipeline::Model;
use trainer::{Options, Trainer};

use super::{
    eval,
    labelled::{self, labelled},
    whole_file::WholeFile,
};
use crate::{args::TrainArgs, topic::Topic};

pub(crate) fn run(args: &TrainArgs) -> Result<()> {
    let topic = args.topic.as_deref();
    let topic = topic.map_or_else(|| Ok(Topic::to_train()), Topic::read)?;
    let out = WholeFile::at(&args.out, sources(args))?;
    let labels = labelled::labels(args.labels.as_deref())?;
    let knowledge = topic.load_knowledge()?;
    let mut trainer = Trainer::new(
        &knowledge,
        Options {
            topic: topic.name,
            threshold: topic.threshold,
            seed: args.seed,
            beginnings: topic.beginnings,
            passages: topic.passages,
            mixture: topic.mixture,
        },
    );
    let mut languages: BTreeMap<String, usize> = BTreeMap::new();
    let bar = bar();
    bar.set_message("reading articles");
    labelled::each(&args.data, &labels, |article| {
        bar.inc(1);
        if let Some(lang) = article.article.lang {
            *languages.entry(lang.to_string()).or_default() += 1;
        }
        trainer.add(&labelled(article));
    })?;
    bar.set_message("training");
    let trained = trainer.train(|stage| {
        bar.set_length(stage.of as u64);
        bar.set_position(stage.done as u64);
    });
    bar.finish_and_clear();
    let trained = trained.context("train a model")?;
    out.write(&trained.model.write(&knowledge))?;

    let mut report = io::stdout().lock();
    let (path, name) = (args.out.display(), trained.model.name());
    writeln!(report, "{path}: {name}")?;
    facts(&mut report, &trained.model)?;
    too_few(&trained.model, &languages)?;
    if topic.passages.is_some() && !trained.model.reads_passages() {
        writeln!(
            io::stderr(),
            "vigia: the model does not judge by passages, as its topic asks for: a word counts that three \
             outlets use, and the articles are of fewer; name their outlets in `source`"
        )?;
    }
    writeln!(
        report,
        "\nOn articles that were held out while it was made, by outlet:"
    )?;
    eval::figures(&mut report, [("all", trained.held_out.clone())])?;
    eval::reliability(&mut report, &trained.held_out)?;
    Ok(())
}

/// The files that a model is made from.
pub(super) fn sources(args: &TrainArgs) -> impl Iterator<Item = &Path> {
    let base = args.base.as_ref().and_then(Option::as_ref);
    let named = [args.labels.as_ref(), args.topic.as_ref(), base];
    let named = named.into_iter().flatten();
    args.data.iter().chain(named).map(AsRef::as_ref)
}

/// What a model says of itself.
pub(super) fn facts(report: &mut impl Write, model: &Model) -> io::Result<()> {
    let summary = model.summary();
    let own = [
        ("languages", summary.languages.join(" ")),
        ("threshold", format!("{:.4}", summary.threshold)),
    ];
    let own = own.iter().map(|(key, value)| (*key, value.as_str()));
    let training = summary.training.iter();
    let training = training.map(|(key, value)| (key.as_str(), value.as_str()));
    own.chain(training)
        .try_for_each(|(key, value)| writeln!(report, "  {key:17} {value}"))
}

/// Tells of languages that there were articles in, and that the model does not judge all the same.
fn too_few(model: &Model, languages: &BTreeMap<String, usize>) -> io::Result<()> {
    let judged = &model.summary().languages;
    let unjudged = languages.iter().filter(|(lang, _)| !judged.contains(lang));
    for (lang, count) in unjudged.filter(|_| !judged.is_empty()) {
        let articles = if *count == 1 { "article" } else { "articles" };
        writeln!(
            io::stderr(),
            "vigia: {count} {articles} in {lang}: too few, stories in it will not be judged"
        )?;
    }
    Ok(())
}

pub(super) fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:18} {wide_bar} {pos}/{len}  {elapsed}");
    let bar = ProgressBar::no_length();
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
