//! `vigia feeds check`: how each feed answers now.

use std::{
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use anstyle::{AnsiColor, Style};
use anyhow::{Context, Result, bail};
use pipeline::{
    Feed,
    discovery::{FeedLook, Probe, Scout},
};
use serde::Serialize;
use story::Timestamp;

use super::{
    age, counted,
    probing::{chosen, probe_all},
    table::{Cell, Column, Table, terminal_width},
};
use crate::config;

/// How a feed answered, as JSON.
#[derive(Serialize)]
struct Checked<'a> {
    id: &'a str,
    url: &'a str,
    ok: bool,
    status: Option<u16>,
    kind: Option<&'static str>,
    title: Option<&'a str>,
    entries: usize,
    newest: Option<Timestamp>,
    undated: usize,
    dates_without_zone: usize,
    redirects: Vec<Hop<'a>>,
    /// Where the feed is for good; set where every redirect was a permanent one.
    moved_to: Option<&'a str>,
    validators: &'a [&'static str],
    problems: &'a [String],
    error: Option<String>,
}

#[derive(Serialize)]
struct Hop<'a> {
    status: u16,
    permanent: bool,
    to: &'a str,
}

pub(super) fn run(ids: &[String], json: bool, config_file: Option<&Path>) -> Result<()> {
    let config = config::load(&config::find(config_file)?)?;
    let feeds = chosen(&config, ids)?;
    let scout = Arc::new(Scout::new(&config.settings.fetch)?);
    let runtime = tokio::runtime::Runtime::new().context("start the runtime")?;
    let probes = runtime.block_on(probe_all(&scout, &feeds))?;
    let checked: Vec<_> = feeds
        .iter()
        .zip(&probes)
        .map(|(feed, probe)| checked(feed, probe))
        .collect();
    if json {
        let mut out = io::stdout().lock();
        for feed in &checked {
            writeln!(out, "{}", serde_json::to_string(feed)?)?;
        }
    } else {
        table(&checked).write(&mut anstream::stdout().lock(), terminal_width())?;
    }
    let failed = checked.iter().filter(|feed| !feed.ok).count();
    if failed > 0 {
        bail!(
            "read {failed} of {}; `vigia feeds doctor ID` looks for where a lost one went",
            counted(checked.len(), "feed")
        );
    }
    Ok(())
}

fn checked<'a>(feed: &'a Feed, probe: &'a Probe) -> Checked<'a> {
    let look = probe.outcome.as_ref().ok();
    let redirects = probe.redirects.iter().map(|redirect| Hop {
        status: redirect.status,
        permanent: redirect.is_permanent(),
        to: redirect.to.as_str(),
    });
    Checked {
        id: feed.id.as_str(),
        url: feed.url.as_str(),
        ok: look.is_some(),
        status: probe.status,
        kind: look.map(|look| look.kind),
        title: look.and_then(|look| look.title.as_deref()),
        entries: look.map_or(0, |look| look.entries),
        newest: look.and_then(|look| look.newest),
        undated: look.map_or(0, |look| look.undated),
        dates_without_zone: look.map_or(0, |look| look.zoneless),
        redirects: redirects.collect(),
        moved_to: probe.moved_to().map(url::Url::as_str),
        validators: &probe.validators,
        problems: look.map_or(&[], |look: &FeedLook| &look.problems),
        error: probe.outcome.as_ref().err().map(ToString::to_string),
    }
}

fn table(feeds: &[Checked<'_>]) -> Table {
    let mut table = Table::new([
        Column::text("feed", 16),
        Column::words("answer"),
        Column::words("kind"),
        Column::numbers("entries"),
        Column::numbers("newest"),
        Column::text("remarks", 20),
    ]);
    for feed in feeds {
        let is_spotless = remarks(feed).is_empty();
        let (word, colour) = match (feed.ok, is_spotless) {
            (true, true) => ("ok", AnsiColor::Green),
            (true, false) => ("ok", AnsiColor::Yellow),
            (false, _) => ("failed", AnsiColor::Red),
        };
        let style = if feed.ok {
            Style::new()
        } else {
            AnsiColor::Red.on_default()
        };
        let entries = if feed.ok {
            feed.entries.to_string()
        } else {
            String::new()
        };
        table.push(vec![
            Cell::from(feed.id),
            Cell::styled(word, colour.on_default()),
            Cell::from(feed.kind.unwrap_or_default()),
            Cell::from(entries),
            Cell::from(feed.newest.map(age).unwrap_or_default()),
            Cell::styled(remarks(feed).join("; "), style),
        ]);
    }
    table
}

/// What there is to say of a feed, the most urgent first.
fn remarks(feed: &Checked<'_>) -> Vec<String> {
    let mut remarks: Vec<String> = Vec::from_iter(feed.error.clone());
    if !feed.ok {
        return remarks;
    }
    remarks.extend_from_slice(feed.problems);
    match (feed.moved_to, feed.redirects.last()) {
        (Some(to), _) => remarks.push(format!("moved to {to}")),
        (None, Some(hop)) => remarks.push(format!("redirected to {}", hop.to)),
        (None, None) => {}
    }
    if feed.entries == 0 {
        remarks.push("no entries".to_owned());
    }
    if feed.dates_without_zone > 0 {
        remarks.push(format!(
            "{} without a zone",
            counted(feed.dates_without_zone, "date")
        ));
    }
    if feed.undated > 0 {
        remarks.push(format!("{} undated", feed.undated));
    }
    if feed.validators.is_empty() {
        remarks.push("no validators: sent whole each time".to_owned());
    }
    remarks
}
