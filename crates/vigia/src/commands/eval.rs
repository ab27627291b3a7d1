//! `vigia eval`: how well stories are judged, on labelled articles.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::PathBuf,
};

use anyhow::Result;
use pipeline::filter::Labels;
use trainer::{Judgement, bins};

use super::{classify, train::each_labelled};
use crate::args::JudgeArgs;

/// A labelled article, judged.
struct Judged {
    id: String,
    title: String,
    judgement: Judgement,
    reason: &'static str,
    hard: bool,
    lang: String,
}

pub(crate) fn run(data: &[PathBuf], by: &JudgeArgs, worst: usize) -> Result<()> {
    let classifier = classify::classifier(by)?;
    let mut judged = Vec::new();
    for path in data {
        each_labelled(path, &Labels::default(), |article| {
            let lang = article.lang();
            let (story, reason) = classifier.judge(article.article);
            judged.push(Judged {
                id: article.id,
                judgement: Judgement {
                    label: article.label,
                    score: story.score,
                    kept: story.relevant,
                },
                title: story.title,
                reason: reason.map_or("kept", |reason| reason.as_str()),
                hard: article.hard,
                lang,
            });
        })?;
    }
    let mut out = io::stdout().lock();
    let of = |which: &dyn Fn(&Judged) -> bool| -> Vec<Judgement> {
        judged
            .iter()
            .filter(|one| which(one))
            .map(|one| one.judgement)
            .collect()
    };
    let mut languages: BTreeMap<&str, Vec<Judgement>> = BTreeMap::new();
    for one in &judged {
        languages.entry(&one.lang).or_default().push(one.judgement);
    }
    let all = of(&|_| true);
    let groups = [
        ("all", all.clone()),
        ("hard", of(&|one| one.hard)),
        ("rest", of(&|one| !one.hard)),
    ];
    figures(&mut out, groups.into_iter().chain(languages))?;
    reliability(&mut out, &all)?;
    mistakes(&mut out, &judged, worst)?;
    Ok(())
}

/// A table of figures, one line for each group that has any stories.
pub(super) fn figures<'a>(
    out: &mut impl Write,
    groups: impl IntoIterator<Item = (&'a str, Vec<Judgement>)>,
) -> io::Result<()> {
    writeln!(out, "group      n    pos      P      R     F1     AP")?;
    for (name, judgements) in groups {
        let figures = trainer::figures(&judgements);
        if figures.count > 0 {
            writeln!(
                out,
                "{name:6} {:5}  {:5}  {:.3}  {:.3}  {:.3}  {:.3}",
                figures.count,
                figures.positives,
                figures.precision,
                figures.recall,
                figures.f1,
                figures.average_precision
            )?;
        }
    }
    Ok(())
}

/// A table of what scores promise and what turned out.
pub(super) fn reliability(out: &mut impl Write, judgements: &[Judgement]) -> io::Result<()> {
    writeln!(out, "\nscore          n  mean score  share looked for")?;
    for (number, bin) in bins(judgements).iter().enumerate() {
        let (from, to) = (number as f64 / 10.0, (number + 1) as f64 / 10.0);
        if bin.count > 0 {
            writeln!(
                out,
                "{from:.1} – {to:.1}  {:5}  {:10.3}  {:16.3}",
                bin.count, bin.score, bin.share
            )?;
        }
    }
    Ok(())
}

/// The mistakes that were made most surely.
fn mistakes(out: &mut impl Write, judged: &[Judged], worst: usize) -> io::Result<()> {
    let mut wrong: Vec<_> = judged
        .iter()
        .filter(|one| one.judgement.kept != one.judgement.label)
        .collect();
    let surely = |one: &Judged| (one.judgement.score - 0.5).abs();
    wrong.sort_by(|a, b| surely(b).total_cmp(&surely(a)));
    writeln!(out, "\n{} mistakes, the worst first", wrong.len())?;
    for one in wrong.into_iter().take(worst) {
        let label = u8::from(one.judgement.label);
        let title: String = one.title.chars().take(90).collect();
        writeln!(
            out,
            "{:.2}  label {label}  {:18} {}  {title}",
            one.judgement.score, one.reason, one.id
        )?;
    }
    Ok(())
}
