//! What a replay came to, for a person or as JSON.

use std::{
    io::{self, BufWriter, Write},
    sync::atomic::Ordering::Relaxed,
};

use anyhow::Result;
use pipeline::replay::{Change, Changed, Diff, Progress, ReplaySummary};

use crate::commands::feeds::table::{Cell, Column, Table, terminal_width};

/// How everything ended, on standard error.
pub(super) fn summary(summary: &ReplaySummary, progress: &Progress) {
    let counts = summary.counts;
    anstream::eprintln!(
        "{} records of {} files: {} kept, {} dropped, {} duplicates, {} failed; {} faults in the files",
        counts.all(),
        progress.files,
        counts.kept,
        counts.dropped,
        counts.duplicate,
        counts.failed,
        progress.problems.load(Relaxed),
    );
    let failed: Vec<_> = summary
        .reasons
        .iter()
        .filter_map(|(reason, count)| Some((reason.strip_prefix("failed/")?, count)))
        .map(|(reason, count)| format!("{count} {reason}"))
        .collect();
    if !failed.is_empty() {
        anstream::eprintln!("failed: {}", failed.join(", "));
    }
}

/// What would change, on standard output.
pub(super) fn diff(diff: &Diff, as_json: bool) -> Result<()> {
    let mut out = BufWriter::new(anstream::stdout().lock());
    if as_json {
        for changed in &diff.changed {
            writeln!(out, "{}", serde_json::to_string(changed)?)?;
        }
        out.flush()?;
        return Ok(());
    }
    let mut table = Table::new([
        Column::words("change"),
        Column::numbers("before"),
        Column::numbers("now"),
        Column::words("reason"),
        Column::text("title", 20),
    ]);
    for changed in &diff.changed {
        table.push(row(changed));
    }
    if !diff.changed.is_empty() {
        table.write(&mut out, terminal_width())?;
    }
    totals(&mut out, diff)?;
    out.flush()?;
    Ok(())
}

fn row(changed: &Changed) -> Vec<Cell> {
    let word = match changed.change {
        Change::KeptNow => "kept now",
        Change::DroppedNow => "dropped now",
        Change::Moved => "moved",
    };
    let before = changed.score_before.map(|score| format!("{score:.3}"));
    vec![
        word.into(),
        before.unwrap_or_default().into(),
        format!("{:.3}", changed.score_now).into(),
        changed.reason.as_deref().unwrap_or_default().into(),
        changed.title.as_str().into(),
    ]
}

fn totals(out: &mut impl Write, diff: &Diff) -> io::Result<()> {
    let number = |of| {
        let changed = diff.changed.iter();
        changed.filter(|changed| changed.change == of).count()
    };
    writeln!(
        out,
        "{} kept now, {} dropped now, {} moved; {} the same, {} dropped as before, {} of the record \
         not among what was replayed",
        number(Change::KeptNow),
        number(Change::DroppedNow),
        number(Change::Moved),
        diff.same,
        diff.dropped,
        diff.absent,
    )
}
