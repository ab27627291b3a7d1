//! `vigia feeds import` and `export`: to and from other readers.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use super::counted;
use crate::{config, opml};

/// Bytes of an OPML file that are read: room for far more feeds than are read.
const OPML_BYTES_MAX: u64 = 32 << 20;

/// Where something is written.
pub(super) struct Out {
    /// The file; standard output where there is none.
    pub(super) path: Option<PathBuf>,
    /// Whether a file that is there is overwritten.
    pub(super) force: bool,
}

impl Out {
    fn write(&self, text: &str) -> Result<()> {
        let Some(path) = &self.path else {
            io::stdout().write_all(text.as_bytes())?;
            return Ok(());
        };
        let mut options = OpenOptions::new();
        options.write(true);
        if self.force {
            options.create(true).truncate(true);
        } else {
            options.create_new(true);
        }
        let opened = options.open(path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                anyhow::anyhow!(
                    "write `{}`: it is there already; --force overwrites it",
                    path.display()
                )
            }
            _ => anyhow::Error::new(error).context(format!("write `{}`", path.display())),
        });
        opened?
            .write_all(text.as_bytes())
            .with_context(|| format!("write `{}`", path.display()))
    }
}

pub(super) fn import(file: &Path, out: &Out, config_file: Option<&Path>) -> Result<()> {
    let configured = configured(config_file)?;
    let read = read(file)?;
    for problem in &read.problems {
        anstream::eprintln!("{}: {problem}", file.display());
    }
    let known = opml::Known::of(&configured);
    let imported = opml::to_toml(&read.outlines, known);
    for skipped in &imported.skipped {
        anstream::eprintln!("left out {skipped}");
    }
    if imported.feeds == 0 {
        if imported.skipped.is_empty() {
            bail!(
                "find a feed in `{}`: it has no outline with an xmlUrl; is it OPML?",
                file.display()
            );
        }
        anstream::eprintln!("nothing new: nothing is written");
        return Ok(());
    }
    let from = file.file_name().unwrap_or_default().to_string_lossy();
    let head = format!(
        "# Imported from {} by `vigia feeds import`.\n\n",
        opml::one_line(&from)
    );
    out.write(&(head + &imported.toml))?;
    let left_out = imported.skipped.len();
    anstream::eprintln!(
        "{} imported, {left_out} left out",
        counted(imported.feeds, "feed")
    );
    if let Some(path) = &out.path {
        anstream::eprintln!(
            "name `{}` in the configuration's `include`, then run `vigia check`",
            path.display()
        );
    }
    Ok(())
}

/// The configured feeds, by what makes an address the same; none where there is no configuration
/// and none was named.
fn configured(config_file: Option<&Path>) -> Result<Vec<pipeline::Feed>> {
    match (config_file, config::find(config_file)) {
        (_, Ok(path)) => Ok(config::load(&path)?.settings.feeds),
        (_, Err(_)) => Ok(Vec::new()),
    }
}

fn read(file: &Path) -> Result<opml::Opml> {
    let opened = File::open(file).with_context(|| format!("open `{}`", file.display()))?;
    let mut bytes = Vec::new();
    opened
        .take(OPML_BYTES_MAX)
        .read_to_end(&mut bytes)
        .with_context(|| format!("read `{}`", file.display()))?;
    let mut read = opml::read(&bytes);
    if bytes.len() as u64 == OPML_BYTES_MAX {
        read.problems
            .push(format!("read up to {} MB only", OPML_BYTES_MAX >> 20));
    }
    Ok(read)
}

pub(super) fn export(out: &Out, config_file: Option<&Path>) -> Result<()> {
    let config = config::load(&config::find(config_file)?)?;
    let feeds = &config.settings.feeds;
    out.write(&opml::write(feeds))?;
    if let Some(path) = &out.path {
        anstream::eprintln!(
            "{} written to `{}`",
            counted(feeds.len(), "feed"),
            path.display()
        );
    }
    Ok(())
}
