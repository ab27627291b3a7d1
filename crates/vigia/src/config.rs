//! The configuration: what the TOML files say ([`raw`]), checked and made into what the line is
//! run with. All problems are reported together, before any socket or ledger is opened.

mod access;
mod case;
mod check;
mod limits;
mod problem;
mod raw;
mod size;
mod timezone;

use std::{
    collections::HashMap,
    fmt,
    ops::Range,
    path::{Path, PathBuf},
};

use pipeline::{Feed, Settings};
use story::FeedId;
use toml::de::DeTable;

pub(crate) use case::{Case, Expected, StatedTest, cases};
pub(crate) use problem::{Problem, Problems};
pub(crate) use raw::{LogFormat, RawConfig};

use crate::{telemetry::Listen, topic::Topic};
use problem::Source;

/// Where the configuration is looked for when none is named.
const DEFAULT_PATHS: [&str; 2] = ["config/vigia.toml", "/etc/vigia/vigia.toml"];

/// A configuration that was read and found good.
#[derive(Debug)]
pub(crate) struct Config {
    /// The file it was read from.
    pub(crate) path: PathBuf,
    /// What the line is run with.
    pub(crate) settings: Settings,
    /// What is looked for.
    pub(crate) topic: Topic,
    /// The score from which a story is kept, where the file states one; see [`Topic::threshold`].
    pub(crate) threshold: Option<f64>,
    /// Where metrics and health are asked for.
    pub(crate) listen: Option<Listen>,
    /// The level of the log, as `tracing` filters are written.
    pub(crate) log_level: String,
    /// The form of the log.
    pub(crate) log_format: LogFormat,
    /// Where each feed's address is written down.
    pub(crate) addresses: HashMap<FeedId, Written>,
    /// Patterns of files to include that match none, which may be meant so.
    pub(crate) empty_includes: Vec<PathBuf>,
    /// What is expected of its judgement; see [`cases`].
    pub(crate) tests: Vec<StatedTest>,
}

/// Where something is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// The file.
    pub(crate) path: PathBuf,
    /// The bytes of it, quotes included.
    pub(crate) span: Range<usize>,
}

/// No configuration was named, and there is none where it is looked for.
#[derive(Debug)]
pub(crate) struct NotFound;

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [here, system] = DEFAULT_PATHS;
        write!(
            f,
            "find a configuration: neither `{here}` nor `{system}` is there; name one with \
             --config FILE, or try `vigia demo`, which needs none"
        )
    }
}

impl std::error::Error for NotFound {}

/// The file that `--config` names, or the first of the default ones that is there.
pub(crate) fn find(named: Option<&Path>) -> Result<PathBuf, NotFound> {
    match named {
        Some(path) => Ok(path.to_owned()),
        None => DEFAULT_PATHS
            .iter()
            .map(PathBuf::from)
            .find(|path| path.is_file())
            .ok_or(NotFound),
    }
}

/// Reads and checks the configuration in `path` and the files that it includes.
pub(crate) fn load(path: &Path) -> Result<Config, Problems> {
    check::load(path).1
}

/// The same, with every file that was read, whatever is wrong with them.
pub(crate) fn load_files(path: &Path) -> (Vec<PathBuf>, Result<Config, Problems>) {
    check::load(path)
}

/// Where the ledger lies, whatever else is wrong with the configuration.
pub(crate) fn ledger(path: &Path) -> Result<PathBuf, Problems> {
    match stated_ledger(path) {
        Some(ledger) => Ok(ledger),
        None => load(path).map(|config| config.settings.ledger),
    }
}

/// `None` where not even that much can be read.
fn stated_ledger(path: &Path) -> Option<PathBuf> {
    let text = std::fs::read_to_string(path).ok()?;
    // As much as can be read: a daemon is to be reached beside a file that is broken elsewhere.
    let (read, problems) = DeTable::parse_recoverable(&text);
    let state = read.get_ref().get("state").map(toml::Spanned::get_ref);
    let stated = match state.and_then(|state| state.get("path")) {
        Some(path) => path.get_ref().as_str()?.to_owned(),
        None if problems.is_empty() => raw::RawState::default().path,
        // It may stand where nothing can be read.
        None => return None,
    };
    Some(path.parent()?.join(stated))
}

/// The feed with this id, or the problem that there is none, with the nearest one that is there.
pub(crate) fn feed<'a>(config: &'a Config, id: &str) -> Result<&'a Feed, Problem> {
    let feeds = &config.settings.feeds;
    feeds
        .iter()
        .find(|feed| feed.id.as_str() == id)
        .ok_or_else(|| {
            let ids = feeds.iter().map(|feed| feed.id.as_str());
            Problem::unknown(Source::whole(&config.path), "feed", id, ids)
        })
}
