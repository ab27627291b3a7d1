//! The command line.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use story::{Health, Iso2};
use url::Url;

use crate::commands::replay::ReplayArgs;

/// A lookout for Latin American security news: pulls feeds, keeps the security stories, and
/// appends them to JSONL, each with the evidence for keeping it.
#[derive(Debug, Parser)]
#[command(
    name = "vigia",
    version,
    propagate_version = true,
    max_term_width = 100
)]
#[command(after_help = "Start with `vigia demo`: it needs no configuration and no network.")]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where the configuration lies.
#[derive(Clone, Debug, Args)]
pub(crate) struct ConfigArgs {
    /// The configuration [default: ./config/vigia.toml, then /etc/vigia/vigia.toml]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// What articles are judged by.
#[derive(Clone, Debug, Args)]
pub(crate) struct JudgeArgs {
    /// Judge with the knowledge, model and threshold of a configuration
    #[arg(long, short, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Judge by another topic: its model, knowledge and threshold
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    pub(crate) topic: Option<PathBuf>,
    /// Judge with another model
    #[arg(long, value_name = "FILE")]
    pub(crate) model: Option<PathBuf>,
}

/// What a model is made from.
#[derive(Clone, Debug, Args)]
pub(crate) struct TrainArgs {
    /// Labelled articles, JSONL
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub(crate) data: Vec<PathBuf>,
    /// Labels of articles whose lines have none: `id`, tab, `0` or `1` on each line
    #[arg(long, value_name = "FILE")]
    pub(crate) labels: Option<PathBuf>,
    /// Where the model is written
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Adapt this model to the articles, rather than fit one from nothing; without a name, the
    /// topic's own
    #[arg(long, value_name = "MODEL", conflicts_with = "seed")]
    #[expect(clippy::option_option, reason = "not given, given, given with a name")]
    pub(crate) base: Option<Option<PathBuf>>,
    /// The topic that it is for: its name, knowledge and threshold [default: latam-security]
    #[arg(long, value_name = "FILE")]
    pub(crate) topic: Option<PathBuf>,
    /// Where the random numbers start
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,
}

/// What is exported.
#[derive(Clone, Debug, Args)]
pub(crate) struct ExportArgs {
    /// How it is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "csv")]
    pub(crate) format: ExportFormat,
    /// Only stories of this day and later
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) since: Option<NaiveDate>,
    /// Only stories of this day and earlier
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) until: Option<NaiveDate>,
    /// Only stories whose main country is this one, or one of these
    #[arg(long, value_name = "ISO2", value_delimiter = ',')]
    pub(crate) country: Vec<Iso2>,
    /// Only stories of this category, or of one of these
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) category: Vec<String>,
    /// Directories or files of a record, `-` for standard input; without any, the configuration's
    #[arg(value_name = "DIR|FILE")]
    pub(crate) input: Vec<PathBuf>,
    /// Where the configuration lies.
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

/// Forms of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// Comma-separated values, for spreadsheets and statistics
    Csv,
    /// GeoJSON, for maps
    Geojson,
}

/// Which record is checked.
#[derive(Clone, Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The directory of the record; without it, that of the configuration
    pub(crate) dir: Option<PathBuf>,
    /// The ledger of the record; without it, that of the configuration, if this is its record, or the
    /// one that a replay keeps within
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
    /// The folder of the WARC files that its stories name; without it, the archive of the
    /// configuration, if this is its record. Some pages of each file are looked up there
    #[arg(long, value_name = "DIR")]
    pub(crate) archive: Option<PathBuf>,
    /// Mend what can be mended without losing anything, then check
    #[arg(long)]
    pub(crate) repair: bool,
    /// Where the configuration lies.
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the daemon: poll, clean, judge, write, until SIGTERM or SIGINT
    #[command(
        after_help = "SIGTERM or SIGINT drains the line and ends it with status 0; a second \
                            signal ends it at once. Nothing that was in flight is lost either way."
    )]
    Run {
        /// Where the configuration lies.
        #[command(flatten)]
        config: ConfigArgs,
        /// Poll each feed once, finish its pages, report, and exit
        #[arg(long)]
        once: bool,
    },
    /// Show the whole line at work on a bundled news site; needs no network
    #[command(after_help = "The stories are kept under ./vigia-demo, which each run makes anew.")]
    Demo,
    /// Check the configuration, the feeds and the knowledge, and say what is wrong
    Check {
        /// Where the configuration lies.
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Fetch pages as JSONL, as `vigia clean` reads it
    #[command(
        after_help = "vigia fetch https://example.org/rss.xml | vigia clean | vigia classify"
    )]
    Fetch {
        /// Pages, or feeds, whose entries' pages are fetched
        #[arg(value_name = "URL", required_unless_present = "feed")]
        urls: Vec<Url>,
        /// A feed of the configuration
        #[arg(long, value_name = "ID")]
        feed: Option<String>,
        /// Where the configuration lies.
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Read feeds of any kind: one line of entries for each file or address
    Entries {
        /// Files or addresses of feeds
        #[arg(value_name = "FILE|URL", required = true)]
        feeds: Vec<String>,
    },
    /// Make articles out of pages: HTML, plain text or JSONL in, JSONL out
    #[command(
        after_help = "Input that starts with `{` is JSONL with `html`, `html_base64` or \
                            `text`; anything else is one page."
    )]
    Clean {
        /// The address of the page, against which its links are resolved
        #[arg(long)]
        url: Option<Url>,
        /// Print title and text for a person instead of JSON
        #[arg(long)]
        text: bool,
        /// Clean with the rules of a configuration
        #[arg(long, short, value_name = "FILE")]
        config: Option<PathBuf>,
        /// The input; standard input where there is none
        file: Option<PathBuf>,
    },
    /// Judge articles: JSONL or plain text in, the kept stories as JSONL out
    #[command(
        after_help = "A line of input is {\"id\",\"title\",\"text\"}; `lang`, `url`, `published` and \
                      `feed_country` are optional. At most the first 1,000 characters of a title and \
                      100,000 of a text are read; the record holds all of them."
    )]
    Classify {
        /// Write the dropped stories too
        #[arg(long)]
        all: bool,
        /// What to judge by.
        #[command(flatten)]
        by: JudgeArgs,
        /// The input; standard input where there is none
        file: Option<PathBuf>,
    },
    /// Fit a topic's model to labelled articles, or adapt one that is there to corrections
    #[command(
        after_help = "A line of data is {\"id\",\"title\",\"text\",\"label\"} with label 0 or 1; \
                      `lang`, `weight` and `source` (the outlet) are optional. The same data and seed \
                      give the same model. A model from nothing takes some hundred lines; one that is \
                      adapted takes as few as there are, such as `vigia label` writes. How common a \
                      word is, and so how little one label may move it, is told from the articles \
                      themselves; for models of the built-in topic also from stories that are part of \
                      vigia.\n\n\
                      vigia train --topic fires.toml --data labelled.jsonl --out fires.model\n\
                      vigia train --base --data stories.labels --out mine.model\n\
                      vigia eval --model mine.model --data others.jsonl"
    )]
    Train(TrainArgs),
    /// Measure on labelled articles: precision, recall, F1, AP, calibration, the worst mistakes
    Eval {
        /// Labelled articles, JSONL
        #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
        data: Vec<PathBuf>,
        /// Labels of articles whose lines have none: `id`, tab, `0` or `1` on each line
        #[arg(long, value_name = "FILE")]
        labels: Option<PathBuf>,
        /// What to judge by.
        #[command(flatten)]
        by: JudgeArgs,
        /// How many of the worst mistakes are shown
        #[arg(long, value_name = "NUMBER", default_value_t = 10)]
        worst: usize,
    },
    /// Go through stories and say which are looked for, the least certain first
    #[command(
        after_help = "FILE holds JSONL: stories as `vigia run` writes them, articles as `vigia classify` \
                      reads them, or lines that have a label already.\n\n\
                      Keys: k keep, d drop, s skip (asked again next time), u undo, m more of the text, \
                      e the evidence, q quit. Where standard input is not a terminal, the same are read a \
                      line each.\n\n\
                      Each decision is a line that is written and synced at once; what stands in the file \
                      already is not asked again. Then have the model learn from it:\n\n\
                      vigia label data/stories/stories-2026-03-01.jsonl --out march.labels\n\
                      vigia train --base --data march.labels --out mine.model\n\
                      vigia classify --model mine.model < articles.jsonl"
    )]
    Label {
        /// The stories
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Where the labelled lines go [default: FILE with `.labels` in the place of its ending]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// By which judgement stories are put in order.
        #[command(flatten)]
        by: JudgeArgs,
    },
    /// Explain for a person why a story was kept or dropped
    #[command(
        after_help = "An address that the daemon has judged is explained as it was judged, unless \
                      --topic or --model is given; any other is fetched. Without --config, \
                      ./config/vigia.toml or /etc/vigia/vigia.toml is taken where there is one."
    )]
    Explain {
        /// An address, or a file with a page, plain text, or one line of JSONL
        #[arg(value_name = "URL|FILE")]
        what: String,
        /// What to judge by.
        #[command(flatten)]
        by: JudgeArgs,
    },
    /// Put archives, saved pages or JSONL through the same stages again
    #[command(
        after_help = "Takes WARC files (vigia's own and others, such as CC-NEWS), pages saved as .html \
                      or .html.gz, with their address in NAME.url or what `vigia clean` reads in \
                      NAME.json beside them, and lines of articles or pages. An interrupted replay \
                      goes on where it stopped; nothing is written twice.\n\n\
                      vigia replay CC-NEWS-20260101.warc.gz --out stories\n\
                      vigia replay data/archive --diff data/stories"
    )]
    Replay(ReplayArgs),
    /// The feeds and how they are doing
    #[command(subcommand)]
    Feeds(FeedsCommand),
    /// Say what the running daemon is doing
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Where the configuration lies.
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Write the record as a table (CSV) or a map layer (GeoJSON)
    #[command(
        after_help = "A row for each story, with the columns that conflict data has; files may be \
                      compressed. `event_date` is the day that `date_basis` names. `fatalities` stays \
                      empty where no figure was read.\n\n\
                      vigia export --country CO --category homicide --since 2026-01-01 > homicides.csv\n\
                      vigia export --format geojson stories/ > stories.geojson"
    )]
    Export(ExportArgs),
    /// Check every line and file of the record, and hold the ledger against it
    #[command(
        after_help = "It reads and changes nothing, also beside a running daemon, and ends with status 1 \
                      where something is wrong. --repair does what loses nothing: a torn line is cut off \
                      and kept aside, the manifest rebuilt, what a crash interrupted finished, and the \
                      ledger told of stories that it lacks; no daemon may run meanwhile."
    )]
    Verify(VerifyArgs),
    /// Print the JSON Schema of the record or of the configuration
    Schema {
        /// Which of them
        what: SchemaOf,
    },
    /// Print completions for a shell
    #[command(after_help = "vigia completions bash > /etc/bash_completion.d/vigia")]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    #[command(after_help = "vigia man | man -l -")]
    Man,
}

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

/// What a schema describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    /// One line of the record
    Story,
    /// The configuration
    Config,
}
