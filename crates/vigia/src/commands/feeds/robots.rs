//! `vigia feeds robots`: whether a page may be fetched, and by which line of robots.txt.

use std::{
    io::{self, Write},
    path::Path,
};

use anyhow::{Context, Result, bail};
use pipeline::robots_verdict;
use tokio::runtime::Runtime;
use url::Url;

use crate::config;

pub(super) fn run(pages: &[Url], config_file: Option<&Path>) -> Result<()> {
    // Any user agent may be asked for; without a configuration it is the default one.
    let settings = match (config_file, config::find(config_file)) {
        (None, Err(_)) => pipeline::FetchSettings::default(),
        (_, found) => config::load(&found?)?.settings.fetch,
    };
    let runtime = Runtime::new()?;
    let mut out = io::stdout().lock();
    let mut forbidden = 0;
    for page in pages {
        let judged = runtime
            .block_on(robots_verdict(&settings, page))
            .with_context(|| format!("ask for the robots.txt of `{page}`"))?;
        writeln!(out, "{page}\n  {judged}")?;
        if let Some(delay) = judged.crawl_delay {
            writeln!(out, "  asks for {} s between two requests", delay.as_secs())?;
        }
        forbidden += usize::from(!judged.allowed);
    }
    if forbidden > 0 {
        bail!(
            "get leave for {forbidden} of {} pages; their stories go on with the feed's own text",
            pages.len()
        );
    }
    Ok(())
}
