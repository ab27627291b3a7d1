//! `vigia export` and `vigia verify`.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, ValueEnum};
use story::Iso2;

use super::ConfigArgs;

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
