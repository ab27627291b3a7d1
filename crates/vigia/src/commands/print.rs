//! `vigia schema`, `completions` and `man`: what the program knows of itself.

use std::io::{self, Write};

use anyhow::Result;
use clap::CommandFactory;
use clap_complete::Shell;
use schemars::{Schema, schema_for};
use story::Story;

use crate::{
    args::{Cli, SchemaOf},
    config::RawConfig,
};

pub(crate) fn schema(what: SchemaOf) -> Result<()> {
    let schema: Schema = match what {
        SchemaOf::Story => schema_for!(Story),
        SchemaOf::Config => schema_for!(RawConfig),
    };
    writeln!(io::stdout(), "{}", serde_json::to_string_pretty(&schema)?)?;
    Ok(())
}

pub(crate) fn completions(shell: Shell) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "vigia", &mut script);
    io::stdout().write_all(&script)?;
    Ok(())
}

/// All manual pages in one stream: the program's, then one for each subcommand.
pub(crate) fn man() -> Result<()> {
    // `vigia help` says what `--help` says, and needs no pages.
    let mut command = Cli::command()
        .disable_help_subcommand(true)
        .mut_subcommands(|sub| sub.disable_help_subcommand(true));
    command.build();
    let mut pages = Vec::new();
    render(&command, &mut pages)?;
    io::stdout().write_all(&pages)?;
    Ok(())
}

/// The pages of a command and of those beneath it.
fn render(command: &clap::Command, pages: &mut Vec<u8>) -> io::Result<()> {
    clap_mangen::Man::new(command.clone()).render(pages)?;
    for subcommand in command.get_subcommands() {
        render(subcommand, pages)?;
    }
    Ok(())
}
