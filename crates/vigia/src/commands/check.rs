//! `vigia check`: is the configuration good, and what does it amount to.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::Path,
};

use anyhow::Result;

use crate::config;

pub(crate) fn run(config_file: Option<&Path>) -> Result<()> {
    let config = config::load(&config::find(config_file)?)?;
    config::cases(&config)?;
    let settings = &config.settings;
    let mut by_country: BTreeMap<&str, usize> = BTreeMap::new();
    for feed in &settings.feeds {
        let country = feed.home.country.as_ref().map_or("--", story::Iso2::as_str);
        *by_country.entry(country).or_default() += 1;
    }
    let countries: Vec<_> = by_country
        .iter()
        .map(|(c, count)| format!("{c} {count}"))
        .collect();
    let mut out = io::stdout().lock();
    writeln!(out, "{}: good", config.path.display())?;
    writeln!(
        out,
        "  feeds      {} ({})",
        settings.feeds.len(),
        countries.join(", ")
    )?;
    writeln!(out, "  knowledge  {}", settings.knowledge.hash())?;
    writeln!(out, "  model      {}", settings.model.name())?;
    writeln!(out, "  ledger     {}", settings.ledger.display())?;
    writeln!(out, "  record     {}", settings.record.dir.display())?;
    if let Some(archive) = &settings.archive {
        writeln!(out, "  archive    {}", archive.dir.display())?;
    }
    for pattern in &config.empty_includes {
        let pattern = pattern.display();
        writeln!(
            io::stderr(),
            "vigia: `{pattern}` in `include` names no file"
        )?;
    }
    if settings.feeds.is_empty() {
        writeln!(
            io::stderr(),
            "vigia: there are no feeds: add [[feed]] tables or an `include`"
        )?;
    }
    if let Some(problem) = pipeline::control::socket_problem(&settings.ledger) {
        writeln!(io::stderr(), "vigia: {problem}")?;
    }
    if settings.fetch.user_agent.contains("example.org") {
        let remedy = "set `user_agent` in [fetch] to an address at which publishers reach you";
        writeln!(
            io::stderr(),
            "vigia: the User-Agent names no contact yet: {remedy}"
        )?;
    }
    Ok(())
}
