//! `vigia eval`: how well stories are judged, on labelled articles.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::Result;
use trainer::{Judgement, bins};

use super::{classify, labelled, typeset};
use crate::args::JudgeArgs;

/// A labelled article, judged.
struct Judged {
    id: String,
    title: String,
    judgement: Judgement,
    threshold: f64,
    reason: &'static str,
    hard: bool,
    lang: String,
}

pub(crate) fn run(
    data: &[PathBuf],
    labels: Option<&Path>,
    by: &JudgeArgs,
    worst: usize,
) -> Result<()> {
    let classifier = classify::classifier(by)?;
    let labels = labelled::labels(labels)?;
    let mut judged = Vec::new();
    labelled::each(data, &labels, |article| {
        let lang = article.lang();
        let (story, reason) = classifier.judge(article.article);
        judged.push(Judged {
            id: article.id,
            judgement: Judgement {
                label: article.label,
                score: story.score,
                kept: story.relevant,
            },
            threshold: story.threshold,
            title: story.title,
            reason: reason.map_or("kept", |reason| reason.as_str()),
            hard: article.hard,
            lang,
        });
    })?;
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

/// The mistakes that were made most surely: those furthest on the wrong side of the threshold.
fn mistakes(out: &mut impl Write, judged: &[Judged], worst: usize) -> io::Result<()> {
    let mut wrong: Vec<_> = judged
        .iter()
        .filter(|one| one.judgement.kept != one.judgement.label)
        .collect();
    let surely = |one: &Judged| (one.judgement.score - one.threshold).abs();
    wrong.sort_by(|a, b| surely(b).total_cmp(&surely(a)));
    writeln!(out, "\n{} mistakes, the worst first", wrong.len())?;
    for one in wrong.into_iter().take(worst) {
        let label = u8::from(one.judgement.label);
        let title: String = one.title.chars().take(90).collect();
        writeln!(
            out,
            "{:.2}  label {label}  {:18} {}  {}",
            one.judgement.score,
            one.reason,
            typeset::line(&one.id),
            typeset::line(&title),
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(id: &str, label: bool, score: f64) -> Judged {
        Judged {
            id: id.to_owned(),
            title: "t".to_owned(),
            judgement: Judgement {
                label,
                score,
                kept: score >= 0.3,
            },
            threshold: 0.3,
            reason: "kept",
            hard: false,
            lang: "es".to_owned(),
        }
    }

    #[test]
    fn the_worst_mistake_is_furthest_from_the_threshold() {
        let judged = [
            judged("near", false, 0.45),
            judged("below", true, 0.05),
            judged("right", true, 0.99),
            judged("above", false, 0.9),
        ];
        let mut out = Vec::new();
        mistakes(&mut out, &judged, 9).unwrap();
        let out = String::from_utf8(out).unwrap();
        let ids: Vec<_> = out
            .lines()
            .skip(2)
            .filter_map(|line| line.split_whitespace().nth(4))
            .collect();
        assert_eq!(ids, ["above", "below", "near"], "{out}");
    }

    #[test]
    fn what_an_article_is_called_does_not_command_the_terminal() {
        let mut out = Vec::new();
        mistakes(&mut out, &[judged("a\u{1b}]0;x\u{7}\n", false, 0.9)], 1).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(!out.contains(['\u{1b}', '\u{7}']), "{out:?}");
        assert_eq!(out.trim().lines().count(), 2, "{out:?}");
    }
}
