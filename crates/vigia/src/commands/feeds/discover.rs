//! `vigia feeds discover`: a site's feeds, ready for the configuration.

use std::{
    collections::HashSet,
    io::{self, Write},
    path::Path,
};

use anstyle::Style;
use anyhow::{Context, Result, bail};
use pipeline::{
    FetchSettings,
    discovery::{Discovery, Found, Scope, Scout},
};
use serde::Serialize;
use story::Timestamp;
use url::Url;

use super::{
    age, counted,
    probing::spinner,
    table::{Cell, Column, Table, terminal_width},
};
use crate::{
    commands::typeset,
    config::{self, Config},
    opml::{identity, table_of, unique_id},
};

/// How the feeds are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A table, and the likeliest feed as TOML.
    Table,
    /// `[[feed]]` tables.
    Toml,
    /// JSON, an object a line.
    Json,
}

/// A feed that was found, as JSON.
#[derive(Serialize)]
struct Line<'a> {
    url: &'a str,
    kind: &'static str,
    title: Option<&'a str>,
    entries: usize,
    newest: Option<Timestamp>,
    found: &'static str,
    comments: bool,
    /// The feed of the configuration that is at this address.
    configured: Option<&'a str>,
}

pub(super) fn run(site: &Url, guess: bool, form: Form, config_file: Option<&Path>) -> Result<()> {
    // An address needs no configuration; it takes the manners of one if it is there.
    let config = match (config_file, config::find(config_file)) {
        (_, Ok(path)) => Some(config::load(&path)?),
        (_, Err(_)) => None,
    };
    let settings = config
        .as_ref()
        .map_or_else(FetchSettings::default, |config| {
            config.settings.fetch.clone()
        });
    let scout = Scout::new(&settings)?;
    let scope = Scope {
        sitemaps: true,
        guesses: guess,
    };
    let runtime = tokio::runtime::Runtime::new().context("start the runtime")?;
    let spinner = spinner();
    let telling = |url: &Url| spinner.set_message(url.to_string());
    let found = runtime.block_on(scout.discover(site, scope, &telling));
    spinner.finish_and_clear();
    print(&found, form, config.as_ref())?;
    say_rest(&found);
    if found.feeds.is_empty() {
        bail!("find a feed at `{site}`: {}", remedy(&found, guess));
    }
    Ok(())
}

/// Why nothing was found, and what to do.
fn remedy(found: &Discovery, guess: bool) -> String {
    let why = match &found.page_error {
        Some(error) => {
            format!("the page cannot be read ({error}), and robots.txt names no news sitemap")
        }
        None => "neither the page nor robots.txt names one".to_owned(),
    };
    if guess {
        return format!(
            "{why}, and there is none at the common addresses; try the page of a section"
        );
    }
    format!("{why}; --guess tries common addresses too")
}

fn print(found: &Discovery, form: Form, config: Option<&Config>) -> Result<()> {
    match form {
        Form::Json => {
            let mut out = io::stdout().lock();
            for feed in &found.feeds {
                writeln!(out, "{}", serde_json::to_string(&line(feed, config))?)?;
            }
        }
        Form::Toml => {
            let wanted = found.feeds.iter().filter(|feed| !feed.is_of_comments);
            write!(io::stdout(), "{}", tables(wanted, config))?;
        }
        Form::Table => {
            let mut out = anstream::stdout().lock();
            if !found.feeds.is_empty() {
                table(found, config).write(&mut out, terminal_width())?;
            }
            let best = tables(found.feeds.iter().take(1), config);
            if !best.is_empty() {
                write!(out, "\n{best}")?;
            }
        }
    }
    Ok(())
}

fn line<'a>(found: &'a Found, config: Option<&'a Config>) -> Line<'a> {
    Line {
        url: found.url.as_str(),
        kind: found.look.kind,
        title: found.look.title.as_deref(),
        entries: found.look.entries,
        newest: found.look.newest,
        found: found.how.as_str(),
        comments: found.is_of_comments,
        configured: configured(&found.url, config),
    }
}

/// The id of the feed that is configured at an address.
fn configured<'a>(url: &Url, config: Option<&'a Config>) -> Option<&'a str> {
    let mut feeds = config?.settings.feeds.iter();
    let feed = feeds.find(|feed| identity(&feed.url) == identity(url))?;
    Some(feed.id.as_str())
}

fn table(found: &Discovery, config: Option<&Config>) -> Table {
    let mut table = Table::new([
        Column::words("kind"),
        Column::numbers("entries"),
        Column::numbers("newest"),
        Column::text("found", 11),
        Column::text("title", 11),
        // Last and never cut, because it is there to be copied.
        Column::words("feed"),
    ]);
    for feed in &found.feeds {
        let known = configured(&feed.url, config);
        let how = known.map_or(feed.how.as_str(), |_| "configured");
        let title = match known {
            Some(id) => format!("as `{id}`"),
            None => feed.look.title.clone().unwrap_or_default(),
        };
        let style = if feed.is_of_comments || known.is_some() {
            Style::new().dimmed()
        } else {
            Style::new()
        };
        let newest = feed.look.newest.map(age).unwrap_or_default();
        table.push(vec![
            Cell::from(feed.look.kind),
            Cell::from(feed.look.entries.to_string()),
            Cell::from(newest),
            Cell::from(how),
            Cell::from(title),
            Cell::styled(&feed.url, style),
        ]);
    }
    table
}

/// `[[feed]]` tables of the feeds that are not configured yet.
fn tables<'a>(feeds: impl Iterator<Item = &'a Found>, config: Option<&Config>) -> String {
    let configured_ids = config.into_iter().flat_map(|config| &config.settings.feeds);
    let mut taken: HashSet<String> = configured_ids.map(|feed| feed.id.to_string()).collect();
    let mut toml = String::new();
    for found in feeds.filter(|found| configured(&found.url, config).is_none()) {
        let title = found.look.title.as_deref().unwrap_or_default();
        let id = unique_id(title, &found.url, &mut taken);
        if !toml.is_empty() {
            toml.push('\n');
        }
        if !title.is_empty() {
            toml += &format!("# {}\n", typeset::words(title));
        }
        toml += &table_of(&id, &found.url);
    }
    toml
}

/// What else there is to know, on standard error.
fn say_rest(found: &Discovery) {
    if let Some(error) = found
        .page_error
        .as_ref()
        .filter(|_| !found.feeds.is_empty())
    {
        anstream::eprintln!("the page itself cannot be read: {error}");
    }
    let named = found.not_feeds.iter();
    for (url, how, error) in named.filter(|(_, how, _)| how.is_named()) {
        anstream::eprintln!(
            "{}: {}, and no feed: {}",
            typeset::words(url.as_str()),
            how.as_str(),
            typeset::words(&error.to_string())
        );
    }
    if found.left_out > 0 {
        anstream::eprintln!("{} more not looked at", counted(found.left_out, "address"));
    }
}
