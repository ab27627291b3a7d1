//! `vigia fetch`: pages, and pages of feeds, as JSONL.

use std::{
    io::{self, BufWriter, Write},
    path::Path,
};

use anyhow::{Context, Result};
use pipeline::{Access, Errand, FeedContext, filter, parse_feed};
use story::Fetched;
use url::Url;

use crate::{config, telemetry};

pub(crate) fn run(urls: &[Url], feed: Option<&str>, config_file: Option<&Path>) -> Result<()> {
    telemetry::start_quiet();
    // Only a feed's id needs a configuration; an address takes the manners of one if it is there.
    let config = match (feed, config::find(config_file)) {
        (_, Ok(path)) => Some(config::load(&path)?),
        (None, Err(_)) => None,
        (Some(_), Err(not_found)) => return Err(not_found.into()),
    };
    let mut asked: Vec<_> = urls
        .iter()
        .map(|url| (filter::unnamed_feed(Some(url)), Access::default()))
        .collect();
    if let (Some(id), Some(config)) = (feed, &config) {
        let feed = config::feed(config, id)?;
        let context = FeedContext {
            id: feed.id.clone(),
            url: feed.url.clone(),
            home: feed.home,
            timezone: feed.timezone,
        };
        asked.push((context, feed.access.clone()));
    }
    let settings = config
        .map(|config| config.settings.fetch)
        .unwrap_or_default();
    let errand = Errand::new(&settings).context("build the HTTP client")?;
    tokio::runtime::Runtime::new()?.block_on(fetch_all(&errand, asked))
}

async fn fetch_all(errand: &Errand, asked: Vec<(FeedContext, Access)>) -> Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for (context, access) in asked {
        let url = &context.url;
        match errand.named(url, Some(&access)).await {
            Ok(page) => bring(errand, &page, &context, &mut out).await?,
            Err(error) => writeln!(out, "{}", filter::unfetched_line(url.as_str(), error))?,
        }
        out.flush()?;
    }
    Ok(())
}

/// Writes a page, or the pages of the entries where it is a feed.
async fn bring(
    errand: &Errand,
    page: &Fetched,
    context: &FeedContext,
    out: &mut impl Write,
) -> Result<()> {
    let Ok(feed) = parse_feed(&page.body, page.content_type.as_deref(), context) else {
        writeln!(out, "{}", filter::fetched_line(page, None))?;
        return Ok(());
    };
    for entry in &feed.entries {
        let Some(link) = &entry.link else { continue };
        let line = match errand.found(link).await {
            Ok(page) => filter::fetched_line(&page, Some(entry)),
            Err(error) => filter::unfetched_line(link.as_str(), error),
        };
        writeln!(out, "{line}")?;
        out.flush()?;
    }
    Ok(())
}
