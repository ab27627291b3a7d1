//! `vigia feeds doctor`: where lost feeds went, and the change to the configuration as a patch.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use anstyle::AnsiColor;
use anyhow::{Context, Result};
use pipeline::{
    Feed, Reader,
    discovery::{Diagnosis, Probe, Scout, Successors},
};
use story::Health;
use url::Url;

use super::{
    counted,
    health::health_of,
    patch::{Edit, patch},
    probing::{chosen, probe_all, spinner},
};
use crate::{
    commands::typeset,
    config::{self, Config},
    opml::{identity, quoted},
};

pub(super) fn run(ids: &[String], all: bool, config_file: Option<&Path>) -> Result<()> {
    let config = config::load(&config::find(config_file)?)?;
    let feeds = if all || !ids.is_empty() {
        chosen(&config, ids)?
    } else {
        unwell(&config)?
    };
    let scout = Arc::new(Scout::new(&config.settings.fetch)?);
    let runtime = tokio::runtime::Runtime::new().context("start the runtime")?;
    let found = runtime.block_on(async {
        let probes = probe_all(&scout, &feeds).await?;
        anyhow::Ok(diagnose(&config, &scout, &feeds, &probes).await)
    })?;
    for (feed, diagnosis) in &found {
        say(feed, diagnosis);
    }
    let base = Base::of(&config);
    let patches = patches(&config, &found, &base)?;
    write!(io::stdout(), "{patches}")?;
    say_end(feeds.len(), &found);
    if !patches.is_empty() {
        anstream::eprintln!("apply with `{}`", base.command());
    }
    Ok(())
}

/// The feeds that the ledger knows to be other than well; all where there is no ledger yet.
fn unwell(config: &Config) -> Result<Vec<&Feed>> {
    let feeds = &config.settings.feeds;
    if !config.settings.ledger.is_file() {
        return Ok(feeds.iter().collect());
    }
    let states = Reader::open(&config.settings.ledger)?.feed_states()?;
    let states: HashMap<&str, _> = states
        .iter()
        .map(|state| (state.feed.as_str(), state))
        .collect();
    let unwell = |feed: &&Feed| {
        let state = states.get(feed.id.as_str()).copied();
        // One that answers from elsewhere may have moved.
        let is_elsewhere = state.is_some_and(|state| state.url != feed.url);
        is_elsewhere || health_of(state).0 != Health::Ok
    };
    let unwell: Vec<_> = feeds.iter().filter(unwell).collect();
    anstream::eprintln!(
        "looking at the {} of {} that the ledger does not know to be well; --all looks at the others too",
        unwell.len(),
        counted(feeds.len(), "feed")
    );
    Ok(unwell)
}

/// What ails the feeds that are not well.
async fn diagnose<'a>(
    config: &Config,
    scout: &Scout,
    feeds: &[&'a Feed],
    probes: &[Probe],
) -> Vec<(&'a Feed, Diagnosis)> {
    let mut taken: Vec<String> = config
        .settings
        .feeds
        .iter()
        .map(|feed| identity(&feed.url))
        .collect();
    let mut successors = Successors::new(scout);
    let spinner = spinner();
    let mut found = Vec::new();
    for (feed, probe) in feeds.iter().zip(probes) {
        spinner.set_message(feed.id.to_string());
        // The same address in another spelling is the feed's own to move to.
        let own = identity(&feed.url);
        let is_taken = |url: &Url| {
            let identity = identity(url);
            identity != own && taken.contains(&identity)
        };
        if let Some(diagnosis) = successors.diagnose(probe, &is_taken).await {
            taken.extend(diagnosis.successor.iter().map(|found| identity(&found.url)));
            found.push((*feed, diagnosis));
        }
    }
    spinner.finish_and_clear();
    found
}

/// What was found of a feed, on standard error.
fn say(feed: &Feed, diagnosis: &Diagnosis) {
    let red = AnsiColor::Red.on_default();
    let ailment = diagnosis.ailment.as_str();
    anstream::eprintln!("{}: {red}{ailment}{red:#}", feed.id);
    match &diagnosis.successor {
        Some(found) => anstream::eprintln!(
            "  {} ({} there): {}{}",
            typeset::words(found.url.as_str()),
            entries(found.entries),
            found.why,
            if diagnosis.is_known {
                "; it is configured already, so that this one may go"
            } else {
                ""
            }
        ),
        None => anstream::eprintln!("  {}", diagnosis.ailment.remedy()),
    }
}

fn entries(count: usize) -> String {
    match count {
        1 => "1 entry".to_owned(),
        count => format!("{count} entries"),
    }
}

fn say_end(looked_at: usize, found: &[(&Feed, Diagnosis)]) {
    let unwell = found.len();
    let with = found
        .iter()
        .filter(|(_, diagnosis)| diagnosis.replacement().is_some())
        .count();
    anstream::eprintln!(
        "{} looked at, {unwell} unwell, {with} found elsewhere",
        counted(looked_at, "feed")
    );
}

/// The patches of all files that name a feed which has a successor.
fn patches(config: &Config, found: &[(&Feed, Diagnosis)], base: &Base) -> Result<String> {
    let mut edits: BTreeMap<&Path, Vec<Edit>> = BTreeMap::new();
    for (feed, diagnosis) in found {
        let (Some(found), Some(written)) =
            (diagnosis.replacement(), config.addresses.get(&feed.id))
        else {
            continue;
        };
        edits.entry(&written.path).or_default().push(Edit {
            span: written.span.clone(),
            text: quoted(found.url.as_str()),
        });
    }
    let mut patches = String::new();
    for (path, edits) in edits {
        let content =
            fs::read_to_string(path).with_context(|| format!("read `{}`", path.display()))?;
        patches += &patch(&base.name(path).display().to_string(), &content, &edits);
    }
    Ok(patches)
}

/// The folder that a patch is applied in; the names in it start from there, because `patch` refuses
/// absolute ones.
struct Base {
    folder: PathBuf,
    is_here: bool,
}

impl Base {
    /// The current folder where the configuration lies under it, else the configuration's own.
    fn of(config: &Config) -> Self {
        let path = config
            .path
            .canonicalize()
            .unwrap_or_else(|_| config.path.clone());
        let here = std::env::current_dir().and_then(|here| here.canonicalize());
        match here {
            Ok(here) if path.starts_with(&here) => Self {
                folder: here,
                is_here: true,
            },
            _ => Self {
                folder: path.parent().unwrap_or(Path::new("/")).to_owned(),
                is_here: false,
            },
        }
    }

    /// A file's name as seen from there.
    fn name(&self, path: &Path) -> PathBuf {
        let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let name = whole.strip_prefix(&self.folder);
        name.map_or_else(|_| path.to_owned(), Path::to_owned)
    }

    fn command(&self) -> String {
        if self.is_here {
            return "patch -p0".to_owned();
        }
        format!("patch -p0 -d {}", self.folder.display())
    }
}
