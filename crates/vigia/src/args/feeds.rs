//! `vigia feeds`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use story::Health;
use url::Url;

use super::ConfigArgs;

/// What can be done with feeds.
#[derive(Debug, Subcommand)]
pub(crate) enum FeedsCommand {
    /// List the feeds with their health and what became of their entries
    #[command(
        after_help = "Health is one word: new, ok, quiet (its rhythm broke), blocked (the server \
                      refuses us), gone, moved, unreachable, unreadable (no feed where one was), or \
                      lying-validators (it says that nothing changed and something did).\n\n\
                      vigia feeds list --sort health\n\
                      vigia feeds list --health blocked --json | jq -r .id"
    )]
    List {
        /// Order the feeds; without it they stand as in the configuration
        #[arg(long, value_enum, value_name = "BY")]
        sort: Option<FeedOrder>,
        /// Only the feeds of this health
        #[arg(long, value_name = "WORD", value_parser = health)]
        health: Option<Health>,
        /// Print JSON, an object a line
        #[arg(long)]
        json: bool,
        /// Where the configuration lies.
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Find a site's feeds and print them ready for the configuration
    #[command(
        after_help = "Asks for the page, for the feeds that it names, and for the news sitemaps that \
                      robots.txt names; each once, with the daemon's pauses between. Addresses that \
                      nothing names are tried only with --guess.\n\n\
                      vigia feeds discover eldiario.example\n\
                      vigia feeds discover eldiario.example --toml >> config/feeds/co.toml"
    )]
    Discover {
        /// A page of the site, such as its front page
        #[arg(value_name = "URL", value_parser = site_address)]
        site: Url,
        /// Try common addresses too, such as /feed/ and /rss.xml
        #[arg(long)]
        guess: bool,
        /// Print `[[feed]]` tables and nothing else
        #[arg(long, conflicts_with = "json")]
        toml: bool,
        /// Print JSON, an object a line
        #[arg(long)]
        json: bool,
        /// Where the configuration lies.
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Turn another reader's list of feeds (OPML) into `[[feed]]` tables
    #[command(
        after_help = "Feeds that are configured already are left out and named. Folders become \
                      comments; one that is a country code, such as CO, becomes the feeds' country.\n\n\
                      vigia feeds import subscriptions.opml --out config/feeds/imported.toml"
    )]
    Import {
        /// The OPML file
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Where to write the tables; standard output where it is not given
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Overwrite the file that --out names
        #[arg(long, requires = "out")]
        force: bool,
        /// Where the configuration lies.
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Write the configured feeds as OPML 2.0, which any reader takes
    #[command(after_help = "vigia feeds export --out vigia.opml")]
    Export {
        /// Where to write; standard output where it is not given
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Overwrite the file that --out names
        #[arg(long, requires = "out")]
        force: bool,
        /// Where the configuration lies.
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Ask each feed once and say how it answers
    #[command(
        after_help = "Nothing is remembered: the daemon's ledger stays as it is. Ends with status 1 \
                      where a feed failed.\n\n\
                      vigia feeds check eltiempo-justicia\n\
                      vigia feeds check --json | jq -r 'select(.ok | not) | .id'"
    )]
    Check {
        /// Feeds of the configuration; all of them where none is named
        #[arg(value_name = "ID")]
        ids: Vec<String>,
        /// Print JSON, an object a line
        #[arg(long)]
        json: bool,
        /// Where the configuration lies.
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Find where lost feeds went and print the change to the configuration as a patch
    #[command(
        after_help = "Looks at the feeds that the ledger knows to be unwell, or at those that are \
                      named. A successor is where the server redirects for good, or what the site's \
                      own front page names; each was seen to answer. Nothing is changed: read the \
                      patch, then apply it.\n\n\
                      vigia feeds doctor > feeds.patch\n\
                      patch -p0 < feeds.patch        (or: git apply -p0 feeds.patch)"
    )]
    Doctor {
        /// Feeds of the configuration; the unwell ones where none is named
        #[arg(value_name = "ID")]
        ids: Vec<String>,
        /// Look at all feeds
        #[arg(long, conflicts_with = "ids")]
        all: bool,
        /// Where the configuration lies.
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Say whether robots.txt lets a page be fetched, and which of its lines says so
    #[command(
        after_help = "Asks the site for its robots.txt, as the daemon does once a day before it \
                      fetches pages there. Ends with status 1 where a page is forbidden.\n\n\
                      vigia feeds robots https://eldiario.example/judicial/nota-1"
    )]
    Robots {
        /// Addresses of pages
        #[arg(value_name = "URL", required = true, value_parser = site_address)]
        pages: Vec<Url>,
        /// Where the configuration lies.
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Account for every entry that the feeds showed, by feed and hour
    #[command(
        after_help = "shown = new + known, and new = kept + dropped + duplicate + failed + skipped + \
                      pending; a line in which that does not hold is marked.\n\n\
                      vigia feeds balance --json | jq 'select(.unaccounted > 0)'"
    )]
    Balance {
        /// Print JSON, an object a line
        #[arg(long)]
        json: bool,
        /// Where the configuration lies.
        #[command(flatten)]
        config: ConfigArgs,
    },
}

/// A feed's health by its word.
fn health(word: &str) -> Result<Health, String> {
    let all = Health::ALL;
    let named = all.into_iter().find(|health| health.as_str() == word);
    named.ok_or_else(|| format!("use one of {}", all.map(Health::as_str).join(", ")))
}

/// How feeds are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FeedOrder {
    /// By name
    Id,
    /// The unwell first
    Health,
    /// The longest not polled first
    Last,
    /// The soonest polled next first
    Next,
    /// The most stories kept first
    Kept,
    /// The longest without anything new first
    New,
}

/// The address of a page, as people write it: `https://` may be left out.
fn site_address(text: &str) -> Result<Url, String> {
    let whole = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    match whole.parse::<Url>() {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
        Ok(url) => Err(format!(
            "`{}:` is not asked, only http and https are",
            url.scheme()
        )),
        Err(error) => Err(format!("{error}; write it as https://eldiario.example/")),
    }
}
