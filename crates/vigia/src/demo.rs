//! `vigia demo`: the real daemon code against a bundled news site on loopback.

mod site;

use std::{
    fs,
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use anstyle::{AnsiColor, Style};
use anyhow::{Context, Result, bail};
use pipeline::{Line, Mode, Reader, status::Status};
use story::Story;
use tokio_util::sync::CancellationToken;

use crate::{config, telemetry};

/// Where the demo keeps its configuration, ledger and record.
const FOLDER: &str = "vigia-demo";

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const KEPT: Style = AnsiColor::Green.on_default().bold();
const DROPPED: Style = AnsiColor::Red.on_default().bold();

pub(crate) fn run() -> Result<()> {
    telemetry::start_quiet();
    let folder = Path::new(FOLDER);
    clear(folder)?;
    let runtime = tokio::runtime::Runtime::new().context("start the runtime")?;
    let mut out = anstream::stdout().lock();
    let summary = runtime.block_on(async {
        let stop = CancellationToken::new();
        let address = site::serve(stop.clone())
            .await
            .context("start the demo's news site")?;
        let site = format!("http://{address}");
        writeln!(
            out,
            "A news site of invented outlets is up at {site} for this demo."
        )?;
        let path = write_configuration(folder, &site)?;
        let config = config::load(&path)?;
        writeln!(out, "Configuration: {}\n", path.display())?;
        let settings = config.settings;
        let status = Arc::new(Status::new(settings.feeds.len(), &settings.record));
        let (line, _) = Line::open(settings, status).await?;
        let summary = line.run(Mode::Once, CancellationToken::new()).await?;
        stop.cancel();
        anyhow::Ok(summary)
    })?;
    runtime.shutdown_background();

    let record = newest_record(folder)?;
    for story in stories(&record)? {
        print_kept(&mut out, &story)?;
    }
    let reader = Reader::open(&folder.join("ledger.db"))?;
    for verdict in reader.newest_dropped(100)?.iter().rev() {
        print_dropped(&mut out, &serde_json::from_str(verdict)?)?;
    }
    let counts = &summary.counts;
    writeln!(
        out,
        "\n{BOLD}{} kept, {} dropped, {} failed{BOLD:#}: the record is {}",
        counts.ended("kept"),
        counts.ended("dropped"),
        counts.ended("failed"),
        record.display(),
    )?;
    writeln!(
        out,
        "Look at a story:     head -1 {} | python3 -m json.tool",
        record.display()
    )?;
    writeln!(
        out,
        "Ask why it was kept: vigia explain {}",
        record.display()
    )?;
    Ok(())
}

/// Removes what an earlier demo left. A folder of that name which no demo made is not touched.
fn clear(folder: &Path) -> Result<()> {
    let made_by_demo = folder.join("vigia.toml").is_file();
    if folder.exists() && !made_by_demo && fs::read_dir(folder)?.next().is_some() {
        bail!(
            "use `{}`: it is there already and no demo made it; run this in another folder",
            folder.display()
        );
    }
    if made_by_demo {
        fs::remove_dir_all(folder).with_context(|| format!("clear `{}`", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("make `{}`", folder.display()))
}

/// Writes the configuration that the demo runs with, as a user would.
fn write_configuration(folder: &Path, site: &str) -> Result<std::path::PathBuf> {
    let mut text = "\
# What `vigia demo` runs with. The site is on loopback, so private addresses are allowed and the
# gaps between requests are left out; a configuration for the real world has neither.
[state]
path = \"ledger.db\"

[sink]
dir = \"stories\"

[fetch]
allow_private_networks = true
host_gap = \"0s\"
host_concurrency = 8
"
    .to_owned();
    for feed in site::FEEDS {
        let (id, url, lang) = (feed.id, format!("{site}{}", feed.path), feed.lang);
        text += &format!("\n[[feed]]\nid = \"{id}\"\nurl = \"{url}\"\nlang = \"{lang}\"\n");
        if let Some(country) = feed.country {
            text += &format!("country = \"{country}\"\n");
        }
    }
    let path = folder.join("vigia.toml");
    fs::write(&path, text).with_context(|| format!("write `{}`", path.display()))?;
    Ok(path)
}

fn newest_record(folder: &Path) -> Result<std::path::PathBuf> {
    let dir = folder.join("stories");
    let files = fs::read_dir(&dir).with_context(|| format!("list `{}`", dir.display()))?;
    files
        .filter_map(Result::ok)
        .map(|file| file.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "jsonl")
        })
        .max()
        .context("find the record that the demo wrote")
}

fn stories(record: &Path) -> Result<Vec<Story>> {
    let text = fs::read_to_string(record)?;
    Ok(text
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?)
}

fn print_kept(out: &mut impl Write, story: &Story) -> io::Result<()> {
    let countries: Vec<_> = story
        .countries
        .iter()
        .take(2)
        .map(|c| c.iso2.to_string())
        .collect();
    let actors: Vec<_> = story
        .actors
        .iter()
        .take(3)
        .map(|actor| actor.name.clone())
        .collect();
    let places: Vec<_> = story
        .places
        .iter()
        .filter(|place| place.kind != "country")
        .take(3)
        .map(|place| place.name.clone())
        .collect();
    writeln!(
        out,
        "{KEPT}kept   {KEPT:#} {:.2}  {BOLD}{}{BOLD:#}",
        story.score, story.title
    )?;
    let who = [countries.join(" "), places.join(", "), actors.join(", ")];
    let who: Vec<_> = who.into_iter().filter(|part| !part.is_empty()).collect();
    writeln!(out, "              {}", who.join(" · "))?;
    writeln!(
        out,
        "              {DIM}because of {}{DIM:#}",
        terms(story, true)
    )
}

fn print_dropped(out: &mut impl Write, story: &Story) -> io::Result<()> {
    let reason = pipeline::drop_reason(story).map_or("kept", |reason| reason.as_str());
    writeln!(
        out,
        "{DROPPED}dropped{DROPPED:#} {:.2}  {}",
        story.score, story.title
    )?;
    let against = terms(story, false);
    let against = if against.is_empty() {
        String::new()
    } else {
        format!(": {against}")
    };
    writeln!(out, "              {DIM}{reason}{against}{DIM:#}")
}

/// The strongest different terms that speak for a verdict, or against it.
fn terms(story: &Story, speaking_for: bool) -> String {
    let mut terms: Vec<String> = Vec::new();
    for piece in story
        .evidence
        .iter()
        .filter(|piece| (piece.weight > 0.0) == speaking_for)
    {
        let term = format!("“{}”", piece.term);
        if terms.len() < 4 && !terms.contains(&term) {
            terms.push(term);
        }
    }
    terms.join(", ")
}
