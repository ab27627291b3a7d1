//! `vigia clean`: pages in, articles out.

use std::{
    io::{self, BufWriter, Write},
    path::Path,
};

use anyhow::{Context, Result};
use pipeline::{Cleaner, filter};
use story::Article;
use url::Url;

use super::input::{self, Input};

pub(crate) fn run(url: Option<&Url>, as_text: bool, file: Option<&Path>) -> Result<()> {
    let cleaner = Cleaner::new();
    let mut out = BufWriter::new(io::stdout().lock());
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

/// Title, what is known of the article, and its text, for a person.
pub(super) fn print(out: &mut impl Write, article: &Article) -> io::Result<()> {
    writeln!(out, "{}", article.title)?;
    let published = article
        .published
        .map(|time| time.format("%Y-%m-%d %H:%M UTC").to_string());
    let facts = [
        article.outlet.clone(),
        (!article.bylines.is_empty()).then(|| article.bylines.join(", ")),
        published,
        article.lang.map(|lang| lang.to_string()),
        article.canonical_url.as_ref().map(ToString::to_string),
    ];
    let facts: Vec<_> = facts.into_iter().flatten().collect();
    if !facts.is_empty() {
        writeln!(out, "{}", facts.join(" · "))?;
    }
    writeln!(out, "\n{}\n", article.text)
}
