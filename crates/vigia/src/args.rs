//! The command line.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use url::Url;

use crate::commands::{replay::ReplayArgs, top};

mod daemon;
mod feeds;
mod record;

pub(crate) use daemon::{DaemonArgs, TapArgs};
pub(crate) use feeds::{FeedOrder, FeedsCommand};
pub(crate) use record::{ExportArgs, ExportFormat, VerifyArgs};

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
    /// The topic that it is for: its name, knowledge, threshold and what its model is made of [default: latam-security]
    #[arg(long, value_name = "FILE")]
    pub(crate) topic: Option<PathBuf>,
    /// Where the random numbers start
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,
}

/// What is tried.
#[derive(Clone, Debug, Args)]
pub(crate) struct TestArgs {
    /// Only tests with one of these in their names
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Print a line of JSON for each
    #[arg(long)]
    pub(crate) json: bool,
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
    /// Try the texts of the configuration's [[test]] tables: are they judged as expected?
    #[command(
        after_help = "Keep a few texts beside the configuration, with what is to come of them, and try them \
                      before a change of knowledge, model or threshold goes to the daemon:\n\n  \
                      [[test]]\n  name = \"an ambush on a patrol is kept\"\n  \
                      title = \"Emboscan a una patrulla en el VRAEM\"\n  \
                      text = \"…\"                    # or file = \"texts/ambush.txt\" for both\n  \
                      kept = true                   # and any of:\n  \
                      country = \"PE\"                # the main one\n  \
                      countries = [\"PE\"], places = […], actors = […], categories = […]\n  \
                      score_min = 0.8, score_max = 1.0\n\n\
                      It ends with status 1 where one is judged otherwise."
    )]
    Test(TestArgs),
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
                      `lang`, `weight` and `source` (the outlet) are optional, and so is `evidence`: a \
                      list of the words that it was labelled for, as they stand in it, from which a \
                      topic with `passages = N` learns which sentences decide. The same data and seed \
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
        /// Where the daemon is.
        #[command(flatten)]
        daemon: DaemonArgs,
    },
    /// Show what passes a stage of the running daemon, as it passes
    #[command(
        after_help = "It does not disturb the daemon: who reads too slowly misses some of it and is told how \
                      much. In a pipe each is a line of JSON.\n\n\
                      vigia tap classify --outcome dropped --country CO\n\
                      vigia tap fetch --feed eltiempo-justicia -n 20\n\
                      vigia tap sink | jq -r .title"
    )]
    Tap(TapArgs),
    /// Watch the running daemon in the terminal
    #[command(
        after_help = "Stages with their rates and queues, the feeds that most need somebody, the last kept \
                      stories. Rates are those of the last ten seconds.\n\n\
                      Keys: q or Esc quit, p pause, Tab between feeds and stories, arrows or j and k \
                      scroll, ? help. NO_COLOR=1 has it draw without colours."
    )]
    Top {
        /// How often the daemon is asked
        #[arg(long, value_name = "TIME", default_value = "1s", value_parser = top::interval)]
        every: Duration,
        /// Where the daemon is.
        #[command(flatten)]
        daemon: DaemonArgs,
    },
    /// Have the running daemon read its configuration again
    #[command(
        after_help = "The daemon reads and checks the whole configuration, with knowledge and model, and \
                      then polls the feeds of it and judges by it; feeds that stay as they were go on \
                      untouched. Where anything is wrong nothing is changed, and it ends with status 2. \
                      Paths, queues, [fetch] and [websub] are used from the next start on. SIGHUP does \
                      the same. A file that is being written to is waited for."
    )]
    Reload {
        /// Where the daemon is.
        #[command(flatten)]
        daemon: DaemonArgs,
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

/// What a schema describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    /// One line of the record
    Story,
    /// The configuration
    Config,
}
