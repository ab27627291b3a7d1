//! Asking the running daemon, wherever the configuration says that it is, and what is alarming in
//! its answer.

use std::{
    cmp::Reverse,
    io,
    path::{Path, PathBuf},
};

use anyhow::{Result, anyhow};
use pipeline::{
    control::socket_path,
    status::{Phase, Snapshot},
};
use story::Health;

use super::{feeds::health::severity, typeset};
use crate::{args::DaemonArgs, config};

#[cfg(test)]
pub(super) mod samples;

/// The socket of the daemon. Of the configuration only the ledger's place is needed, so that a daemon
/// can be asked beside a file that is otherwise wrong.
pub(super) fn socket(daemon: &DaemonArgs) -> Result<PathBuf> {
    Ok(match &daemon.socket {
        Some(socket) => socket.clone(),
        None => socket_path(&config::ledger(&config::find(daemon.config.as_deref())?)?),
    })
}

/// Asks the daemon over its socket.
pub(super) fn ask<T>(
    daemon: &DaemonArgs,
    ask: impl AsyncFnOnce(&Path) -> io::Result<T>,
) -> Result<T> {
    let socket = socket(daemon)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(ask(&socket)).map_err(|error| {
        let (socket, remedy) = (socket.display(), remedy(error.kind()));
        // In words, so that a daemon that goes away is not taken for the reader of a pipe who does.
        anyhow!("{error}").context(format!("reach the daemon at `{socket}`: {remedy}"))
    })
}

/// What is to be done about a daemon that is not reached.
pub(super) fn remedy(error: io::ErrorKind) -> &'static str {
    match error {
        io::ErrorKind::InvalidData => "it is of another version; restart it",
        io::ErrorKind::PermissionDenied => {
            "only its user and group may ask it; join the group, or ask as another user"
        }
        _ => {
            "is `vigia run` running? Where [state] was changed since it started, name its socket with \
             --socket"
        }
    }
}

/// How far the daemon is, in a word.
pub(super) fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Opening => "opening the ledger and the record",
        Phase::Running => "running",
        Phase::Draining => "stopping",
    }
}

/// What somebody has to see to, the worst first. Only the line breaks of what strangers wrote are
/// left of what would command a terminal.
pub(super) fn alarms(now: &Snapshot) -> Vec<String> {
    let trouble = now.trouble.as_ref();
    let trouble = trouble.map(|trouble| format!("NOT WRITING: {trouble}"));
    let lost = (now.imbalances > 0).then(|| {
        format!(
            "ENTRIES LOST: the books of {} feed hours do not balance; see `vigia feeds balance`",
            now.imbalances
        )
    });
    let problem = now.reload_problem.as_ref();
    let problem = problem.map(|problem| format!("NOT RELOADED: {problem}"));
    let alarms = [trouble, lost, problem].into_iter().flatten();
    alarms.map(|alarm| typeset::text(&alarm)).collect()
}

/// How many feeds are of which health, those that most need somebody last.
pub(super) fn healths(now: &Snapshot) -> Vec<(&str, u64)> {
    let rank = |word: &str| {
        let known = Health::ALL.into_iter();
        let mut known = known.filter(|health| health.as_str() == word);
        known.next().map(severity)
    };
    let some = now.health.iter().filter(|(_, feeds)| **feeds > 0);
    let mut healths: Vec<(&str, u64)> = some.map(|(word, feeds)| (word.as_str(), *feeds)).collect();
    healths.sort_by_key(|(word, _)| Reverse(rank(word)));
    healths
}

/// How entries ended, over all stages, the most frequent first: stage, how and why, how many.
pub(super) fn endings(now: &Snapshot) -> Vec<(&'static str, &str, u64)> {
    let mut endings: Vec<_> = now
        .stages()
        .into_iter()
        .flat_map(|(name, stage)| {
            let ended = stage.ended.iter();
            ended.map(move |(how, count)| (name, how.as_str(), *count))
        })
        .collect();
    endings.sort_by_key(|(_, _, count)| Reverse(*count));
    endings
}

#[cfg(test)]
mod tests {
    use super::{samples::snapshot, *};

    #[test]
    fn alarms_are_told_the_worst_first_and_command_no_terminal() {
        let mut now = snapshot();
        assert!(alarms(&now).is_empty());
        now.reload_problem = Some("vigia.toml:3\n  | lgo\u{1b}[2J".to_owned());
        now.imbalances = 2;
        now.trouble = Some("no space left on device".to_owned());
        let alarms = alarms(&now);
        assert_eq!(alarms[0], "NOT WRITING: no space left on device");
        assert!(alarms[1].starts_with("ENTRIES LOST: the books of 2 feed hours"));
        assert_eq!(alarms[2], "NOT RELOADED: vigia.toml:3\n  | lgo\u{fffd}[2J");
    }

    #[test]
    fn a_health_that_is_not_known_here_is_told_too() {
        let mut now = snapshot();
        now.health.insert("enchanted".to_owned(), 3);
        let healths = healths(&now);
        assert!(healths.contains(&("enchanted", 3)) && healths.contains(&("ok", 290)));
        assert!(healths.iter().all(|(_, feeds)| *feeds > 0));
    }
}
