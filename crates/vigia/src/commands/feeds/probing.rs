//! Asking feeds once each, side by side, with a bar to watch.

use std::sync::Arc;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use pipeline::{
    Feed,
    discovery::{Probe, Scout},
};
use tokio::task::JoinSet;

use crate::config::{self, Config, Problem};

/// The feeds that were named; all of them where none was.
pub(super) fn chosen<'a>(config: &'a Config, ids: &[String]) -> Result<Vec<&'a Feed>, Problem> {
    if ids.is_empty() {
        return Ok(config.settings.feeds.iter().collect());
    }
    ids.iter().map(|id| config::feed(config, id)).collect()
}

/// Looks at each feed once; the answers are in the order of the feeds. The scout's gates see to it
/// that no host is hurried and that not all are asked at once.
pub(super) async fn probe_all(scout: &Arc<Scout>, feeds: &[&Feed]) -> Result<Vec<Probe>> {
    let bar = bar(feeds.len());
    let mut looks = JoinSet::new();
    for (number, feed) in feeds.iter().enumerate() {
        let (scout, feed) = (Arc::clone(scout), (*feed).clone());
        looks.spawn(async move { (number, scout.probe_feed(&feed).await) });
    }
    let mut probes: Vec<Option<Probe>> = feeds.iter().map(|_| None).collect();
    while let Some(looked) = looks.join_next().await {
        let (number, probe) = looked?;
        bar.inc(1);
        bar.set_message(feeds[number].id.to_string());
        probes[number] = Some(probe);
    }
    bar.finish_and_clear();
    Ok(probes.into_iter().flatten().collect())
}

/// A bar on standard error, where that is a terminal.
fn bar(length: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:24} {pos}/{len} feeds  {elapsed}  {msg}");
    let bar = ProgressBar::new(length as u64);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// A line on standard error that says what is being asked, where that is a terminal.
pub(super) fn spinner() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {elapsed} {msg}");
    let spinner = ProgressBar::new_spinner();
    spinner.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    spinner.enable_steady_tick(std::time::Duration::from_millis(100));
    spinner
}
