//! `vigia feeds`: the feeds, how they are doing, and how to come by more.

mod balance;
mod check;
mod discover;
mod doctor;
pub(super) mod health;
mod list;
pub(super) mod listed;
mod patch;
mod probing;
mod robots;
pub(super) mod table;
mod transfer;

use anyhow::Result;
use chrono::{TimeDelta, Utc};
use story::Timestamp;

use crate::args::FeedsCommand;

pub(crate) fn run(command: FeedsCommand) -> Result<()> {
    match command {
        FeedsCommand::List {
            sort,
            health,
            json,
            config,
        } => list::run(sort, health, json, config.config.as_deref()),
        FeedsCommand::Discover {
            site,
            guess,
            toml,
            json,
            config,
        } => {
            let form = match (toml, json) {
                (true, _) => discover::Form::Toml,
                (_, true) => discover::Form::Json,
                _ => discover::Form::Table,
            };
            discover::run(&site, guess, form, config.config.as_deref())
        }
        FeedsCommand::Import {
            file,
            out,
            force,
            config,
        } => {
            let out = transfer::Out { path: out, force };
            transfer::import(&file, &out, config.config.as_deref())
        }
        FeedsCommand::Export { out, force, config } => {
            let out = transfer::Out { path: out, force };
            transfer::export(&out, config.config.as_deref())
        }
        FeedsCommand::Check { ids, json, config } => {
            check::run(&ids, json, config.config.as_deref())
        }
        FeedsCommand::Doctor { ids, all, config } => {
            doctor::run(&ids, all, config.config.as_deref())
        }
        FeedsCommand::Robots { pages, config } => robots::run(&pages, config.config.as_deref()),
        FeedsCommand::Balance { json, config } => balance::run(json, config.config.as_deref()),
    }
}

/// How long ago something was, short: `38s`, `5m`, `3h`, `2d`.
fn age(then: Timestamp) -> String {
    short(Utc::now() - then)
}

/// A length of time, short.
pub(super) fn short(length: TimeDelta) -> String {
    let seconds = length.num_seconds().max(0);
    match seconds {
        0..=99 => format!("{seconds}s"),
        100..=5_999 => format!("{}m", seconds / 60),
        6_000..=172_799 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// "1 feed", "3 feeds".
pub(super) fn counted(count: usize, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_short() {
        for (seconds, expected) in [
            (-5, "0s"),
            (59, "59s"),
            (3600, "60m"),
            (7200, "2h"),
            (200_000, "2d"),
        ] {
            assert_eq!(short(TimeDelta::seconds(seconds)), expected);
        }
    }
}
