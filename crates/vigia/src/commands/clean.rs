//! `vigia clean`: pages in, articles out.

use std::{
    io::{self, BufWriter, IsTerminal, Write},
    path::Path,
    sync::Arc,
};

use anstyle::Style;
use anyhow::{Context, Result};
use pipeline::filter;
use story::{Article, Timestamp};
use url::Url;

use super::{
    input::{self, Input},
    typeset,
};
use crate::config;

pub(crate) fn run(
    url: Option<&Url>,
    as_text: bool,
    config: Option<&Path>,
    file: Option<&Path>,
) -> Result<()> {
    let cleaner = match config {
        Some(path) => config::load(path)?.settings.cleaner,
        None => Arc::default(),
    };
    let stdout: Box<dyn Write> = if as_text {
        Box::new(anstream::stdout().lock())
    } else {
        Box::new(io::stdout().lock())
    };
    let mut out = BufWriter::new(stdout);
    match input::open(file)? {
        Input::Lines(mut lines) => {
            let mut line = String::new();
            while lines.next(&mut line)? {
                if !as_text {
                    writeln!(out, "{}", filter::clean_line(&cleaner, &line))?;
                    continue;
                }
                match filter::clean_article(&cleaner, &line) {
                    Ok(article) => print(&mut out, &article)?,
                    Err(error) => writeln!(out, "{error}")?,
                }
            }
        }
        Input::Whole(bytes) => {
            let article = filter::clean_whole(&cleaner, &bytes, url).context("find an article")?;
            if as_text {
                print(&mut out, &article)?;
            } else {
                writeln!(out, "{}", serde_json::to_string(&article)?)?;
            }
        }
    }
    out.flush()?;
    Ok(())
}

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Title, what is known of the article, and its text, for a person: set to a terminal's width, and
/// a paragraph a line elsewhere.
fn print(out: &mut impl Write, article: &Article) -> io::Result<()> {
    let width = io::stdout().is_terminal().then(typeset::width);
    let set = |text: &str| match width {
        Some(width) => textwrap::fill(text, width),
        None => text.to_owned(),
    };
    writeln!(out, "{BOLD}{}{BOLD:#}", set(&article.title))?;
    let time = |time: Timestamp| time.format("%Y-%m-%d %H:%M UTC").to_string();
    let facts = [
        article.outlet.clone(),
        (!article.bylines.is_empty()).then(|| article.bylines.join(", ")),
        article.agency.clone(),
        article.published.map(time),
        article.updated.map(|at| format!("updated {}", time(at))),
        article.section.clone(),
        article.lang.map(|lang| lang.to_string()),
        article
            .page_missing
            .clone()
            .map(|why| format!("the feed's own text: {why}")),
        article.canonical_url.as_ref().map(ToString::to_string),
    ];
    let facts: Vec<_> = facts.into_iter().flatten().collect();
    if !facts.is_empty() {
        writeln!(out, "{DIM}{}{DIM:#}", set(&facts.join(" · ")))?;
    }
    writeln!(out)?;
    for paragraph in article.text.split("\n\n") {
        writeln!(out, "{}\n", set(paragraph))?;
    }
    Ok(())
}
