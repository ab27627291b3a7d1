//! `vigia export`: the record as a flat table or a map layer, a story at a time.

mod csv;
mod geojson;
mod row;

use std::{
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use chrono::NaiveDate;
use pipeline::{LineKind, Lines, open_lines, record_files};
use story::Story;

use crate::{
    args::{ExportArgs, ExportFormat},
    config,
};
use row::Row;

pub(crate) fn run(args: &ExportArgs) -> Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let strange = match args.format {
        ExportFormat::Csv => csv::write(&mut out, |each| stories(args, each)),
        ExportFormat::Geojson => geojson::write(&mut out, |each| stories(args, each)),
    }?;
    out.flush()?;
    if strange > 0 {
        anstream::eprintln!("{strange} lines are no stories and were left out");
    }
    Ok(())
}

/// Tells each story that was asked for, and returns how many lines were none.
fn stories(args: &ExportArgs, each: &mut dyn FnMut(&Row<'_>) -> io::Result<()>) -> Result<u64> {
    let mut strange = 0;
    let mut line = Vec::new();
    let mut read = |reader: Box<dyn BufRead>, name: &Path| -> Result<()> {
        let mut lines = Lines::new(reader);
        let said = || format!("read `{}`", name.display());
        while let Some(kind) = lines.next(&mut line).with_context(said)? {
            let story = serde_json::from_slice::<Story>(&line);
            match story {
                Ok(story) => {
                    let row = Row::of(&story);
                    if wanted(args, &story, row.event_date) {
                        each(&row)?;
                    }
                }
                // The end of a file that is being written is no line yet.
                Err(_) if kind == LineKind::Torn => {}
                Err(_) => strange += 1,
            }
        }
        Ok(())
    };
    for input in inputs(args)? {
        if input.is_dir() {
            for file in record_files(&input)? {
                let reader = file.open();
                let said = || format!("open `{}`", file.path.display());
                read(reader.with_context(said)?, &file.path)?;
            }
        } else if input == Path::new("-") {
            read(Box::new(BufReader::new(io::stdin())), &input)?;
        } else {
            let said = || format!("open `{}`", input.display());
            read(open_lines(&input).with_context(said)?, &input)?;
        }
    }
    Ok(strange)
}

/// What was named, or the record of the configuration.
fn inputs(args: &ExportArgs) -> Result<Vec<PathBuf>> {
    if !args.input.is_empty() {
        return Ok(args.input.clone());
    }
    let config = config::load(&config::find(args.config.config.as_deref())?)?;
    Ok(vec![config.settings.record.dir])
}

fn wanted(args: &ExportArgs, story: &Story, date: Option<NaiveDate>) -> bool {
    let since = args
        .since
        .is_none_or(|since| date.is_some_and(|date| date >= since));
    let until = args
        .until
        .is_none_or(|until| date.is_some_and(|date| date <= until));
    let country = story.countries.first().map(|country| country.iso2);
    let is_there =
        args.country.is_empty() || country.is_some_and(|iso2| args.country.contains(&iso2));
    let has = |name: &String| {
        story
            .categories
            .iter()
            .any(|category| category.name == *name)
    };
    let is_such = args.category.is_empty() || args.category.iter().any(has);
    since && until && is_there && is_such
}
