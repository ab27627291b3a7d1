//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use url::Url;

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
        /// The input; standard input where there is none
        file: Option<PathBuf>,
    },
    /// Judge articles: JSONL or plain text in, the kept stories as JSONL out
    Classify {
        /// Write the dropped stories too
        #[arg(long)]
        all: bool,
        /// Judge with the knowledge and threshold of a configuration
        #[arg(long, short, value_name = "FILE")]
        config: Option<PathBuf>,
        /// The input; standard input where there is none
        file: Option<PathBuf>,
    },
    /// Explain for a person why a story was kept or dropped
    #[command(
        after_help = "An address that the daemon has judged is explained as it was judged; \
                            any other is fetched."
    )]
    Explain {
        /// An address, or a file with a page, plain text, or one line of JSONL
        #[arg(value_name = "URL|FILE")]
        what: String,
        /// Where the configuration lies.
        #[command(flatten)]
        config: ConfigArgs,
    },
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
    List {
        /// Print JSON, an object a line
        #[arg(long)]
        json: bool,
        /// Where the configuration lies.
        #[command(flatten)]
        config: ConfigArgs,
    },
}

/// What a schema describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    /// One line of the record
    Story,
    /// The configuration
    Config,
}
