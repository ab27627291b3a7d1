//! Values that are of the right type and would not do: each with the way out.

use std::{
    ops::Range,
    path::{Component, Path, PathBuf},
};

use humantime::format_duration;
use tracing_subscriber::EnvFilter;

use super::raw::{RawConfig, RawFetch, SpannedOr};

/// Levels of the log.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// What is wrong with the values of a configuration, and where.
pub(super) fn problems(raw: &RawConfig) -> Vec<(Range<usize>, String)> {
    let fetch = &raw.fetch;
    let found = [
        at(&fetch.user_agent, |agent| user_agent(agent)),
        at(&fetch.host_concurrency, |n| zero("host_concurrency", *n)),
        at(&fetch.concurrency, |n| zero("concurrency", *n)),
        at(&fetch.page_attempts, |n| zero("page_attempts", *n as usize)),
        at(&raw.pipeline.queue, |n| zero("queue", *n)),
        at(&raw.sink.rotate_size, |size| {
            zero("rotate_size", size.0 as usize)
        }),
        at(&raw.archive.rotate_size, |size| {
            zero("rotate_size", size.0 as usize)
        }),
        at(&raw.archive.dir, |dir| archive_dir(dir, &raw.sink.dir)),
        intervals(fetch),
        at(&raw.log.level, |level| log_level(level)),
    ];
    found.into_iter().flatten().collect()
}

fn at<T>(
    written: &SpannedOr<T>,
    problem: impl FnOnce(&T) -> Option<String>,
) -> Option<(Range<usize>, String)> {
    problem(&written.value).map(|problem| (written.span.clone(), problem))
}

fn zero(name: &str, number: usize) -> Option<String> {
    (number == 0).then(|| format!("{name} = 0 would let nothing through: write 1 or more"))
}

fn user_agent(agent: &str) -> Option<String> {
    let remedy = "write one line, such as \"vigia/0.1 (+https://example.org/contact)\"";
    if agent.trim().is_empty() {
        Some(format!("user_agent says nothing: {remedy}"))
    } else if agent.chars().any(char::is_control) {
        let what = "user_agent has a line break or another control character in it";
        Some(format!("{what}, which no header may: {remedy}"))
    } else {
        None
    }
}

/// Each of them locks its folder for itself.
fn archive_dir(archive: &str, sink: &str) -> Option<String> {
    let plain = |path: &str| -> PathBuf {
        let parts = Path::new(path).components();
        parts.filter(|part| *part != Component::CurDir).collect()
    };
    (plain(archive) == plain(sink)).then(|| {
        format!("the archive and the record cannot both live in `{archive}`: give one a folder of its own")
    })
}

/// The problem is told where the one of the two stands that was written down.
fn intervals(fetch: &RawFetch) -> Option<(Range<usize>, String)> {
    let (least, most) = (&fetch.min_interval, &fetch.max_interval);
    let told_at = if least.span.is_empty() { most } else { least };
    (least.value.0 > most.value.0).then(|| {
        let problem = format!(
            "min_interval is {} and max_interval only {}: lower the one or raise the other",
            format_duration(least.value.0),
            format_duration(most.value.0)
        );
        (told_at.span.clone(), problem)
    })
}

/// A word that is no level would be taken for the name of a module, and nothing else be logged.
fn log_level(filter: &str) -> Option<String> {
    let is_level = |word: &str| LEVELS.contains(&word.trim().to_ascii_lowercase().as_str());
    let directive = |text: &str| is_level(text.rsplit_once('=').map_or(text, |(_, level)| level));
    // Fields of spans, in brackets, may have commas in them: those are left to the parser.
    let good = filter.contains('[') || filter.split(',').all(directive);
    if good && EnvFilter::try_new(filter).is_ok() {
        return None;
    }
    let levels = LEVELS.join(", ");
    Some(format!(
        "log level `{filter}` is none: write one of {levels}, or a filter such as \
         \"info,fetcher=debug\""
    ))
}
