//! `vigia feeds balance`: what the feeds showed, by hour and, some days later, by day, and what
//! became of it.

use std::{
    io::{self, Write},
    path::Path,
};

use anstyle::{AnsiColor, Style};
use anyhow::{Result, bail};
use pipeline::{BalanceRow, Reader};
use serde::Serialize;
use story::Timestamp;

use super::{
    counted,
    table::{Cell, Column, Table, terminal_width},
};
use crate::config;

/// A row as JSON.
#[derive(Serialize)]
struct Line<'a> {
    feed: &'a str,
    hour: Timestamp,
    whole_day: bool,
    shown: u64,
    new: u64,
    known: u64,
    kept: u64,
    dropped: u64,
    duplicate: u64,
    failed: u64,
    skipped: u64,
    pending: u64,
    unaccounted: u64,
}

pub(super) fn run(json: bool, config_file: Option<&Path>) -> Result<()> {
    let config = config::load(&config::find(config_file)?)?;
    let ledger = &config.settings.ledger;
    if !ledger.is_file() {
        bail!(
            "balance the books: there is no ledger at `{}` yet; `vigia run` makes it",
            ledger.display()
        );
    }
    let rows = Reader::open(ledger)?.balance()?;
    if json {
        let mut out = io::stdout().lock();
        for row in &rows {
            writeln!(out, "{}", serde_json::to_string(&line(row))?)?;
        }
        return Ok(());
    }
    table(&rows).write(&mut anstream::stdout().lock(), terminal_width())?;
    anstream::eprintln!("{}", verdict(&rows));
    Ok(())
}

/// How many entries are not accounted for; 0 where the books balance.
fn unaccounted(row: &BalanceRow) -> u64 {
    let ended = row.kept + row.dropped + row.duplicate + row.failed + row.skipped;
    row.shown.abs_diff(row.new + row.known) + row.new.abs_diff(ended + row.pending)
}

fn line(row: &BalanceRow) -> Line<'_> {
    Line {
        feed: &row.feed,
        hour: row.hour,
        whole_day: row.whole_day,
        shown: row.shown,
        new: row.new,
        known: row.known,
        kept: row.kept,
        dropped: row.dropped,
        duplicate: row.duplicate,
        failed: row.failed,
        skipped: row.skipped,
        pending: row.pending,
        unaccounted: unaccounted(row),
    }
}

/// The rows for a person. Numbers that are nothing are left out, so that the others are seen.
fn table(rows: &[BalanceRow]) -> Table {
    let numbers = [
        "shown", "new", "known", "kept", "drop", "dup", "fail", "skip", "pend",
    ];
    let mut columns = vec![Column::text("feed", 8), Column::words("hour, UTC")];
    columns.extend(numbers.map(Column::numbers));
    columns.push(Column::words(""));
    let mut table = Table::new(columns);
    for row in rows {
        let counts = [
            row.shown,
            row.new,
            row.known,
            row.kept,
            row.dropped,
            row.duplicate,
            row.failed,
            row.skipped,
            row.pending,
        ];
        let hour = if row.whole_day { "%m-%d" } else { "%m-%d %Hh" };
        let mut cells = vec![
            Cell::from(&row.feed),
            Cell::from(row.hour.format(hour).to_string()),
        ];
        cells.extend(counts.map(number));
        cells.push(mark(row));
        table.push(cells);
    }
    table
}

fn number(count: u64) -> Cell {
    match count {
        0 => Cell::styled("·", Style::new().dimmed()),
        count => Cell::from(count.to_string()),
    }
}

fn mark(row: &BalanceRow) -> Cell {
    match unaccounted(row) {
        0 => Cell::default(),
        missing => Cell::styled(format!("!{missing}"), AnsiColor::Red.on_default().bold()),
    }
}

/// Whether the books balance, for a person.
fn verdict(rows: &[BalanceRow]) -> String {
    if rows.is_empty() {
        return "no feed has shown anything yet".to_owned();
    }
    let shown: u64 = rows.iter().map(|row| row.shown).sum();
    let off = rows.iter().filter(|row| unaccounted(row) > 0).count();
    match off {
        0 => format!("{shown} shown, and every one accounted for"),
        off => format!(
            "{shown} shown; {} marked `!` do not balance: please report it with `vigia feeds \
             balance --json`",
            counted(off, "line")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(known: u64, kept: u64) -> BalanceRow {
        BalanceRow {
            feed: "el-diario-de-nombre-largo-judicial-y-orden-publico".to_owned(),
            hour: "2026-03-01T14:00:00Z".parse().unwrap(),
            whole_day: false,
            shown: 20_000,
            new: 12_000,
            known,
            kept,
            dropped: 11_000,
            duplicate: 0,
            failed: 0,
            skipped: 0,
            pending: 900,
        }
    }

    #[test]
    fn what_does_not_balance_is_marked() {
        let rows = [row(8_000, 100), row(7_999, 98)];
        assert_eq!(rows.each_ref().map(unaccounted), [0, 3]);
        let mut out = Vec::new();
        let mut stripped = anstream::StripStream::new(&mut out);
        table(&rows).write(&mut stripped, 80).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert!(
            !lines[1].contains('!') && lines[2].ends_with("!3"),
            "{text}"
        );
        assert!(
            lines.iter().all(|line| line.chars().count() <= 80),
            "{text}"
        );
        assert!(
            verdict(&rows).contains("1 line marked"),
            "{}",
            verdict(&rows)
        );
        assert_eq!(
            verdict(&rows[..1]),
            "20000 shown, and every one accounted for"
        );
    }
}
