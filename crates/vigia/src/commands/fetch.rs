//! `vigia fetch`: pages, and pages of feeds, as JSONL.

use std::{
    io::{self, BufWriter, Write},
    path::Path,
};

use anyhow::Result;
use pipeline::{FeedContext, FetchSettings, fetch_one, filter, parse_feed};
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
        .map(|url| (url.clone(), filter::unnamed_feed(Some(url))))
        .collect();
    if let (Some(id), Some(config)) = (feed, &config) {
        let feed = config::feed(config, id)?;
        let context = FeedContext {
            id: feed.id.clone(),
            url: feed.url.clone(),
            home: feed.home,
            timezone: feed.timezone,
        };
        asked.push((feed.url.clone(), context));
    }
    let settings = config
        .map(|config| config.settings.fetch)
        .unwrap_or_default();
    tokio::runtime::Runtime::new()?.block_on(fetch_all(&settings, asked))
}

async fn fetch_all(settings: &FetchSettings, asked: Vec<(Url, FeedContext)>) -> Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for (index, (url, context)) in asked.into_iter().enumerate() {
        if index > 0 {
            tokio::time::sleep(settings.host_gap).await;
        }
        match fetch_one(settings, &url).await {
            Ok(page) => bring(settings, &page, &context, &mut out).await?,
            Err(error) => writeln!(out, "{}", filter::unfetched_line(url.as_str(), error))?,
        }
        out.flush()?;
    }
    Ok(())
}

/// Writes a page, or the pages of the entries where it is a feed.
async fn bring(
    settings: &FetchSettings,
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
        tokio::time::sleep(settings.host_gap).await;
        let line = match fetch_one(settings, link).await {
            Ok(page) => filter::fetched_line(&page, Some(entry)),
            Err(error) => filter::unfetched_line(link.as_str(), error),
        };
        writeln!(out, "{line}")?;
        out.flush()?;
    }
    Ok(())
}
