//! What the commands that speak with the running daemon take.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use pipeline::tap::Stage;

/// Where the running daemon is.
#[derive(Clone, Debug, Args)]
pub(crate) struct DaemonArgs {
    /// The daemon's configuration [default: ./config/vigia.toml, then /etc/vigia/vigia.toml]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The daemon's socket, rather than the one beside the ledger that the configuration names
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    pub(crate) socket: Option<PathBuf>,
}

/// What is looked on at.
#[derive(Clone, Debug, Args)]
pub(crate) struct TapArgs {
    /// The stage
    #[arg(value_name = "STAGE")]
    pub(crate) stage: StageName,
    /// Only what this feed led to
    #[arg(long, value_name = "ID")]
    pub(crate) feed: Option<String>,
    /// Only outcomes that begin so: `kept`, `dropped`, `dropped/elsewhere`, `failed`
    #[arg(long, value_name = "OUTCOME")]
    pub(crate) outcome: Option<String>,
    /// Only stories that play there, by two letters
    #[arg(long, value_name = "COUNTRY")]
    pub(crate) country: Option<String>,
    /// Only what has this in its headline or address
    #[arg(long, value_name = "TEXT")]
    pub(crate) grep: Option<String>,
    /// End after so many
    #[arg(long, short = 'n', value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
    /// Print JSON also on a terminal
    #[arg(long)]
    pub(crate) json: bool,
    /// Where the daemon is.
    #[command(flatten)]
    pub(crate) daemon: DaemonArgs,
}

/// Stages that can be looked on at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StageName {
    /// Entries with what came of fetching their pages
    Fetch,
    /// What the cleaner makes of them
    Clean,
    /// Verdicts: kept, and dropped with the reason
    Classify,
    /// What was written to the record, and what stood there already
    Sink,
}

impl From<StageName> for Stage {
    fn from(name: StageName) -> Self {
        match name {
            StageName::Fetch => Self::Fetch,
            StageName::Clean => Self::Clean,
            StageName::Classify => Self::Classify,
            StageName::Sink => Self::Sink,
        }
    }
}
