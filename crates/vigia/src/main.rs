//! `vigia`: arguments, configuration, telemetry and exit codes around the `pipeline`.
//!
//! Exit status: 0 done, 1 failed while running, 2 usage or configuration error. Machine output
//! goes to standard output, everything else to standard error.

mod args;
mod commands;
mod config;
mod demo;
mod opml;
mod telemetry;
mod topic;

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use anyhow::Result;
use clap::Parser;

use args::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of a pipe went away: `vigia … | head`.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::from(if is_usage(&error) { 2 } else { 1 })
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Run { config, once } => commands::run::run(config.config.as_deref(), once),
        Command::Demo => demo::run(),
        Command::Check { config } => commands::check::run(config.config.as_deref()),
        Command::Test(args) => commands::test::run(&args),
        Command::Fetch { urls, feed, config } => {
            commands::fetch::run(&urls, feed.as_deref(), config.config.as_deref())
        }
        Command::Entries { feeds } => commands::entries::run(&feeds),
        Command::Clean {
            url,
            text,
            config,
            file,
        } => commands::clean::run(url.as_ref(), text, config.as_deref(), file.as_deref()),
        Command::Classify { all, by, file } => commands::classify::run(all, &by, file.as_deref()),
        Command::Train(args) if args.base.is_some() => commands::adapt::run(&args),
        Command::Train(args) => commands::train::run(&args),
        Command::Eval {
            data,
            labels,
            by,
            worst,
        } => commands::eval::run(&data, labels.as_deref(), &by, worst),
        Command::Label { file, out, by } => commands::label::run(&file, out.as_deref(), &by),
        Command::Explain { what, by } => commands::explain::run(&what, &by),
        Command::Replay(arguments) => commands::replay::run(&arguments),
        Command::Feeds(command) => commands::feeds::run(command),
        Command::Reload { daemon } => commands::reload::run(&daemon),
        Command::Status { json, daemon } => commands::status::run(json, &daemon),
        Command::Top { every, daemon } => commands::top::run(every, &daemon),
        Command::Tap(args) => commands::tap::run(&args),
        Command::Export(args) => commands::export::run(&args),
        Command::Verify(args) => commands::verify::run(&args),
        Command::Schema { what } => commands::print::schema(what),
        Command::Completions { shell } => commands::print::completions(shell),
        Command::Man => commands::print::man(),
    }
}

/// Prints an error with its causes: "vigia: failed to …".
fn report(error: &anyhow::Error) {
    let (red, plain) = if io::stderr().is_terminal() {
        ("\x1b[1;31m", "\x1b[0m")
    } else {
        ("", "")
    };
    // Where nobody can be told any more, as when a terminal was closed, the status still tells.
    let mut out = anstream::stderr().lock();
    let _ = writeln!(out, "{red}vigia:{plain} failed to {error}");
    for cause in error.chain().skip(1) {
        let _ = writeln!(out, "  because: {cause}");
    }
}

fn is_usage(error: &anyhow::Error) -> bool {
    error.is::<config::Problems>()
        || error.is::<config::Problem>()
        || error.is::<config::NotFound>()
        || error.is::<topic::TopicError>()
        || error.is::<commands::reload::NotReloaded>()
        || error.is::<commands::tap::NothingToSee>()
        || error.is::<commands::test::NoTests>()
        || error.is::<commands::label::WrongPlace>()
        || error.is::<commands::top::NoTerminal>()
        || error.is::<commands::whole_file::WrongOut>()
        || error.is::<pipeline::LoadModelError>()
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
