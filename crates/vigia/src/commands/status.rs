//! `vigia status`: what the running daemon is doing, once.

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal, Write},
};

use anstyle::{AnsiColor, Style};
use anyhow::Result;
use pipeline::{
    control::ask_status,
    status::{Snapshot, ago},
};

use super::{
    daemon,
    feeds::table::{Cell, Column, Table, cut, terminal_width},
    figures, typeset,
};
use crate::args::DaemonArgs;

/// Wider than any line: what goes into a pipe is neither cut nor broken.
const PIPE: usize = 10_000;

/// Alarms, and whatever else must not be passed over.
const LOUD: Style = AnsiColor::Red.on_default().bold();

pub(crate) fn run(json: bool, daemon: &DaemonArgs) -> Result<()> {
    let snapshot = daemon::ask(daemon, async |socket| ask_status(socket).await)?;
    if json {
        writeln!(io::stdout(), "{}", serde_json::to_string(&snapshot)?)?;
        return Ok(());
    }
    let width = if io::stdout().is_terminal() {
        terminal_width()
    } else {
        PIPE
    };
    Ok(print(&mut anstream::stdout().lock(), &snapshot, width)?)
}

fn print(out: &mut impl Write, now: &Snapshot, width: usize) -> io::Result<()> {
    writeln!(
        out,
        "vigia {}, process {}, started {}, {}{}",
        typeset::words(&now.version),
        now.pid,
        ago(now.started),
        daemon::phase(now.phase),
        looking_on(now)
    )?;
    for alarm in daemon::alarms(now) {
        writeln!(out, "{LOUD}{alarm}{LOUD:#}")?;
    }
    for (name, said) in [
        ("record", now.record.display().to_string()),
        ("disk", disk(now)),
        ("feeds", feeds(now)),
        ("fetch", counters(&now.fetch)),
    ] {
        let options = textwrap::Options::new(width).subsequent_indent("          ");
        let line = format!("{name:10}{said}");
        if !said.is_empty() {
            writeln!(out, "{}", textwrap::fill(&line, options))?;
        }
    }
    writeln!(out)?;
    stages(now).write(out, width)?;
    lags_and_endings(out, now, width)?;
    if !now.last_kept.is_empty() {
        writeln!(out, "\nlast kept")?;
    }
    for story in &now.last_kept {
        let country = story.country.as_deref().unwrap_or("--");
        let line = format!(
            "  {:>10}  {}  {}",
            ago(story.at),
            typeset::words(country),
            typeset::words(&story.title)
        );
        writeln!(out, "{}", cut(&line, width))?;
    }
    Ok(())
}

/// ", 2 looking on" where somebody does, with `vigia tap`.
fn looking_on(now: &Snapshot) -> String {
    match now.lookers_on {
        0 => String::new(),
        some => format!(", {some} looking on"),
    }
}

/// The room for the record, as far as the system tells it.
fn disk(now: &Snapshot) -> String {
    match now.disk {
        None => String::new(),
        Some(disk) if disk.reserve == 0 => format!("{} free", figures::bytes(disk.free)),
        Some(disk) => format!(
            "{} free, {} of them to be left",
            figures::bytes(disk.free),
            figures::bytes(disk.reserve)
        ),
    }
}

/// "316: 290 ok, 12 blocked, 14 gone".
fn feeds(now: &Snapshot) -> String {
    let healths = daemon::healths(now).into_iter();
    let words: Vec<_> = healths
        .map(|(health, feeds)| format!("{feeds} {}", typeset::words(health)))
        .collect();
    match words.as_slice() {
        [] => now.feeds.to_string(),
        words => format!("{}: {}", now.feeds, words.join(", ")),
    }
}

fn stages(now: &Snapshot) -> Table {
    let mut table = Table::new([
        Column::words("stage"),
        Column::numbers("taken"),
        Column::numbers("passed on"),
        Column::numbers("ended"),
        Column::numbers("in work"),
        Column::numbers("queue"),
        Column::numbers("wait p50"),
        Column::numbers("p95"),
    ]);
    for (name, stage) in now.stages() {
        let queue = match stage.queue.capacity {
            0 => String::new(),
            capacity => format!("{}/{capacity}", stage.queue.length),
        };
        table.push(vec![
            Cell::from(name),
            Cell::from(stage.taken.to_string()),
            Cell::from(stage.passed.to_string()),
            Cell::from(stage.ended.values().sum::<u64>().to_string()),
            Cell::from(stage.in_work().to_string()),
            Cell::from(queue),
            Cell::from(figures::quantile(&stage.waits, 0.5)),
            Cell::from(figures::quantile(&stage.waits, 0.95)),
        ]);
    }
    table
}

fn lags_and_endings(out: &mut impl Write, now: &Snapshot, width: usize) -> io::Result<()> {
    let endings = daemon::endings(now);
    if !endings.is_empty() {
        let mut table = Table::new([
            Column::words("ended"),
            Column::numbers("entries"),
            Column::words("stage"),
        ]);
        for (stage, how, count) in endings {
            let how = how.replace('_', " ");
            table.push(vec![
                Cell::from(how),
                Cell::from(count.to_string()),
                Cell::from(stage),
            ]);
        }
        writeln!(out)?;
        table.write(out, width)?;
    }
    let parts = now.lags.parts();
    if parts.iter().all(|(_, lag)| lag.count() == 0) {
        return Ok(());
    }
    let mut table = Table::new([
        Column::words("kept stories"),
        Column::numbers("p50"),
        Column::numbers("p95"),
        Column::numbers("p99"),
    ]);
    for (name, lag) in parts {
        let shares = [0.5, 0.95, 0.99].map(|share| Cell::from(figures::quantile(lag, share)));
        table.push([Cell::from(name)].into_iter().chain(shares).collect());
    }
    writeln!(out)?;
    table.write(out, width)
}

fn counters(counts: &BTreeMap<String, u64>) -> String {
    let parts: Vec<_> = counts
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(name, count)| figures::counter(name, *count))
        .collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::{daemon::samples::snapshot, feeds::table::width_of};

    fn printed(now: &Snapshot, width: usize) -> String {
        let mut out = Vec::new();
        print(&mut anstream::StripStream::new(&mut out), now, width).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn all_that_the_daemon_says_is_told() {
        let words = printed(&snapshot(), PIPE);
        for part in [
            "running\n",
            "disk      48 GB free, 1 GB of them to be left\n",
            "feeds     316: 290 ok, 10 quiet, 12 blocked, 4 gone\n",
            "800 polls not modified, 1200 polls ok",
            "classify    930        140    782        8  60/64      ≤1ms  ≤10ms\n",
            "dropped/not-security           702  classify\n",
            "published to seen      ≤1h    ≤1d     >1d\n",
            "CO  Ataque a una patrulla",
        ] {
            assert!(words.contains(part), "{part} is not in\n{words}");
        }
    }

    #[test]
    fn lines_fit_the_terminal_and_command_it_in_nothing() {
        let mut now = snapshot();
        now.version = "0.1\u{1b}[31m".to_owned();
        now.fetch.insert("odd\u{7}_name".to_owned(), 3);
        let words = printed(&now, 80);
        for line in words.lines() {
            assert!(width_of(line) <= 80, "{line}");
            assert!(!line.contains(char::is_control), "{line:?}");
        }
        assert!(words.contains("…"), "{words}");
    }

    #[test]
    fn what_is_not_there_takes_no_line() {
        let mut now = snapshot();
        (now.disk, now.last_kept) = (None, Vec::new());
        let words = printed(&now, PIPE);
        assert!(
            !words.contains("disk") && !words.contains("last kept"),
            "{words}"
        );
    }
}
