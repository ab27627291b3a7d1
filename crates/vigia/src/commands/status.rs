//! `vigia status`: what the running daemon is doing.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use anyhow::Result;
use pipeline::{
    control::ask_status,
    status::{Snapshot, StageSnapshot, ago},
};

use super::daemon;
use crate::args::DaemonArgs;

pub(crate) fn run(json: bool, daemon: &DaemonArgs) -> Result<()> {
    let snapshot = daemon::ask(daemon, async |socket| ask_status(socket).await)?;
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string(&snapshot)?)?;
    } else {
        print(&mut out, &snapshot)?;
    }
    Ok(())
}

fn print(out: &mut impl Write, now: &Snapshot) -> io::Result<()> {
    writeln!(
        out,
        "vigia {}, process {}, started {}",
        now.version,
        now.pid,
        ago(now.started)
    )?;
    if let Some(trouble) = &now.trouble {
        writeln!(out, "NOT WRITING: {trouble}")?;
    }
    if now.imbalances > 0 {
        writeln!(
            out,
            "ENTRIES LOST: the books of {} feed hours do not balance; see `vigia feeds balance`",
            now.imbalances
        )?;
    }
    if let Some(problem) = &now.reload_problem {
        writeln!(out, "NOT RELOADED: {problem}")?;
    }
    writeln!(out, "record    {}", now.record.display())?;
    writeln!(out, "feeds     {}", now.feeds)?;
    writeln!(out, "fetch     {}", counters(&now.fetch))?;
    for (name, stage) in now.stages() {
        writeln!(out, "{name:9} {}", in_words(stage))?;
    }
    if !now.last_kept.is_empty() {
        writeln!(out, "last kept")?;
    }
    for story in &now.last_kept {
        let country = story.country.as_deref().unwrap_or("--");
        writeln!(out, "  {:>10}  {country}  {}", ago(story.at), story.title)?;
    }
    Ok(())
}

fn in_words(stage: &StageSnapshot) -> String {
    let ended = counters(&stage.ended);
    let separator = if ended.is_empty() { "" } else { "; " };
    let on = match stage.passed {
        0 => String::new(),
        passed => format!(", {passed} on"),
    };
    format!("{} in{on}{separator}{ended}", stage.taken)
}

fn counters(counts: &BTreeMap<String, u64>) -> String {
    let parts: Vec<_> = counts
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(name, count)| format!("{count} {}", name.replace('_', " ")))
        .collect();
    parts.join(", ")
}
