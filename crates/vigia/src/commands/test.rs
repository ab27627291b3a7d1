//! `vigia test`: is what the configuration expects of the judgement still so?

use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use anyhow::{Result, anyhow};
use serde_json::json;
use story::Story;

use super::typeset;
use crate::{
    args::TestArgs,
    config::{self, Case, Expected},
};

/// There is nothing to try.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NoTests(String);

pub(crate) fn run(args: &TestArgs) -> Result<()> {
    let config = config::load(&config::find(args.config.config.as_deref())?)?;
    let wanted = |case: &&Case| {
        let names = args.names.iter();
        args.names.is_empty() || names.clone().any(|name| case.name.contains(name.as_str()))
    };
    let stated = config::cases(&config)?;
    let cases: Vec<&Case> = stated.iter().filter(wanted).collect();
    if cases.is_empty() {
        return Err(nothing_to_try(stated.len(), &config.path.display()).into());
    }
    let classifier = config.settings.classifier();
    let mut out = anstream::stdout().lock();
    let for_a_person = !args.json && io::stdout().is_terminal();
    let mut failed = 0;
    for case in &cases {
        let story = classifier.classify(case.article.clone());
        let differences = differences(&case.expected, &story);
        failed += usize::from(!differences.is_empty());
        if args.json {
            let line = json!({
                "name": case.name,
                "ok": differences.is_empty(),
                "differences": differences,
                "relevant": story.relevant,
                "score": story.score,
                "countries": story.countries,
            });
            writeln!(out, "{line}")?;
        } else if for_a_person || !differences.is_empty() {
            write_case(&mut out, case, &story, &differences)?;
        }
    }
    let of = cases.len();
    anstream::eprintln!("{} of {of} as expected", of - failed);
    if failed > 0 {
        return Err(anyhow!("judge {failed} of {of} texts as expected"));
    }
    Ok(())
}

fn nothing_to_try(there: usize, path: &dyn std::fmt::Display) -> NoTests {
    NoTests(if there > 0 {
        format!("find a test of that name among the {there} of `{path}`")
    } else {
        format!(
            "find a [[test]] in `{path}` or a file that it includes; write one such as\n\n  \
             [[test]]\n  name = \"an ambush on a patrol is kept\"\n  \
             title = \"Emboscan a una patrulla en el VRAEM\"\n  text = \"…\"\n  kept = true\n  \
             country = \"PE\""
        )
    })
}

fn write_case(
    out: &mut impl Write,
    case: &Case,
    story: &Story,
    differences: &[String],
) -> io::Result<()> {
    let (word, colour, name) = if differences.is_empty() {
        ("ok    ", AnsiColor::Green, &case.name)
    } else {
        ("FAILED", AnsiColor::Red, &case.at)
    };
    let colour = Style::new().fg_color(Some(colour.into()));
    let country = story.countries.first();
    let country = country.map_or("--", |country| country.iso2.as_str());
    writeln!(
        out,
        "{colour}{word}{colour:#} {:.2} {country}  {}",
        story.score,
        typeset::line(name)
    )?;
    for difference in differences {
        writeln!(out, "       {}", typeset::line(difference))?;
    }
    Ok(())
}

/// What is not as expected, a sentence each.
fn differences(expected: &Expected, story: &Story) -> Vec<String> {
    let mut differences = Vec::new();
    if expected.kept.is_some_and(|kept| kept != story.relevant) {
        let is = if story.relevant { "kept" } else { "dropped" };
        differences.push(format!(
            "it is {is}: its score is {:.2}, and {:.2} is asked of stories of the region",
            story.score, story.threshold
        ));
    }
    let (least, most) = expected.score;
    if !(least..=most).contains(&story.score) {
        differences.push(format!(
            "its score is {:.3}, not within {least} to {most}",
            story.score
        ));
    }
    let countries: Vec<String> = story.countries.iter().map(|c| c.iso2.to_string()).collect();
    if let Some(country) = &expected.country
        && !countries.first().is_some_and(|found| same(found, country))
    {
        differences.push(format!(
            "its main country is not {country}: {}",
            list(&countries)
        ));
    }
    let places: Vec<String> = story
        .places
        .iter()
        .map(|place| place.name.clone())
        .collect();
    let categories: Vec<String> = story.categories.iter().map(|c| c.name.clone()).collect();
    let mut actors: Vec<String> = story.actors.iter().map(|actor| actor.id.clone()).collect();
    actors.extend(story.actors.iter().map(|actor| actor.name.clone()));
    for (what, wanted, found) in [
        ("countries", &expected.countries, &countries),
        ("places", &expected.places, &places),
        ("actors", &expected.actors, &actors),
        ("categories", &expected.categories, &categories),
    ] {
        let missing = |wanted: &&String| !found.iter().any(|found| same(found, wanted));
        for missing in wanted.iter().filter(missing) {
            differences.push(format!(
                "{missing} is not among its {what}: {}",
                list(found)
            ));
        }
    }
    differences
}

fn same(found: &str, wanted: &str) -> bool {
    found.to_lowercase() == wanted.to_lowercase()
}

fn list(found: &[String]) -> String {
    if found.is_empty() {
        "there are none".to_owned()
    } else {
        found.join(", ")
    }
}
