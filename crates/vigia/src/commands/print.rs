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
    let mut command = Cli::command();
    command.build();
    let mut pages = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut pages)?;
    for subcommand in command.get_subcommands() {
        clap_mangen::Man::new(subcommand.clone()).render(&mut pages)?;
    }
    io::stdout().write_all(&pages)?;
    Ok(())
}
