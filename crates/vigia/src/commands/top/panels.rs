//! The parts of the screen above the lists, as lines of a given width.

use std::borrow::Cow;

use ratatui::{
    style::Style,
    text::{Line, Span},
};

use super::{
    palette::{FAINT, HEADING, Palette},
    screen::{List, Screen},
    view::{Rejection, StageRow, View},
};
use crate::commands::{
    feeds::table::{cut, width_of},
    figures,
};

/// Lines of an alarm.
const ALARM_LINES: usize = 2;
/// Columns of the bar that shows how full a queue is.
const BAR: usize = 8;
/// Bytes of a disk below which it is nearly full, whatever is reserved.
const TIGHT: u64 = 1_000_000_000;
/// Columns for the lags; the rejections stand beside them where there is room for both.
const LAGS: usize = 44;
const REJECTIONS: usize = 30;

/// A text in a column: cut to its width, and filled up to it.
pub(super) fn left(text: &str, width: usize) -> String {
    let text = cut(text, width);
    let room = " ".repeat(width.saturating_sub(width_of(&text)));
    text + &room
}

/// The same for what ends at the same place, as numbers do.
pub(super) fn right(text: &str, width: usize) -> String {
    let text = cut(text, width);
    " ".repeat(width.saturating_sub(width_of(&text))) + &text
}

/// What stands at both ends of a line; the second gives way where there is no room for both.
pub(super) fn ends(
    first: Vec<Span<'static>>,
    second: Span<'static>,
    width: usize,
) -> Line<'static> {
    let mut line = Line::from(first);
    let taken = line.width() + second.width();
    if taken < width {
        line.push_span(" ".repeat(width - taken));
        line.push_span(second);
    }
    line
}

/// Who this is, and the room for the record.
pub(super) fn head(view: &View, width: usize, palette: Palette) -> Line<'static> {
    let style = if view.is_steady {
        HEADING
    } else {
        palette.tight()
    };
    let head = Span::styled(cut(&view.head, width), style);
    let Some(disk) = view.disk else {
        return Line::from(head);
    };
    let is_tight = disk.free < disk.reserve.saturating_mul(2).max(TIGHT);
    let style = if is_tight {
        palette.tight()
    } else {
        Style::new()
    };
    let reserve = match disk.reserve {
        0 => String::new(),
        reserve => format!(", {} reserved", figures::bytes(reserve)),
    };
    let room = format!("disk {} free{reserve}", figures::bytes(disk.free));
    ends(vec![head], Span::styled(room, style), width)
}

/// The feeds by their health.
pub(super) fn healths(view: &View, palette: Palette) -> Line<'static> {
    let mut words = vec![Span::raw(format!("{} feeds", view.feeds_polled))];
    for (at, (health, count)) in view.healths.iter().enumerate() {
        words.push(Span::raw(if at == 0 { ": " } else { ", " }));
        let said = format!("{count} {health}");
        words.push(Span::styled(said, palette.health(health)));
    }
    Line::from(words)
}

/// The keys, and of when all this is.
pub(super) fn foot(view: &View, screen: Screen, width: usize, palette: Palette) -> Line<'static> {
    let keys = match (screen.helps, screen.list) {
        (true, _) => "q quit  ? back",
        (false, List::Feeds) => "q quit  ? help  p pause  Tab stories  ↑↓ scroll",
        (false, List::Stories) => "q quit  ? help  p pause  Tab feeds  ↑↓ scroll",
    };
    let at = view.now.format("%H:%M:%S UTC");
    let at = if screen.paused {
        Span::styled(format!("PAUSED at {at}"), palette.tight())
    } else {
        Span::styled(at.to_string(), FAINT)
    };
    let keys = Span::styled(keys, FAINT);
    // That it stands still must not be passed over, however narrow the screen is.
    let [first, second] = if screen.paused {
        [at, keys]
    } else {
        [keys, at]
    };
    ends(vec![first], second, width)
}

/// What somebody has to see to, each over the whole width.
pub(super) fn alarms(view: &View, width: usize, palette: Palette) -> Vec<Line<'static>> {
    let lines = |alarm: &String| {
        let mut lines = textwrap::wrap(alarm, width.max(1))
            .into_iter()
            .map(Cow::into_owned)
            .collect::<Vec<_>>();
        if lines.len() > ALARM_LINES {
            let rest = lines.split_off(ALARM_LINES - 1).join(" ");
            lines.push(cut(&rest, width));
        }
        lines
    };
    let lines = view.alarms.iter().flat_map(lines);
    lines
        .map(|line| Line::styled(left(&line, width), palette.alarm()))
        .collect()
}

/// A column of the stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Name,
    Taken,
    Passed,
    Rejected,
    InWork,
    Bar,
    Queue,
    Half,
    Most,
}

impl Column {
    const ALL: [Self; 9] = [
        Self::Name,
        Self::Taken,
        Self::Passed,
        Self::Rejected,
        Self::InWork,
        Self::Bar,
        Self::Queue,
        Self::Half,
        Self::Most,
    ];

    /// Those that give way, in this order, where there is no room for all.
    const GIVING_WAY: [Self; 6] = [
        Self::Bar,
        Self::Most,
        Self::Half,
        Self::Rejected,
        Self::InWork,
        Self::Passed,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::Name => "stage",
            Self::Taken => "in/s",
            Self::Passed => "out/s",
            Self::Rejected => "rej/s",
            Self::InWork => "work",
            Self::Bar => "",
            Self::Queue => "queue",
            Self::Half => "wait p50",
            Self::Most => "p95",
        }
    }

    /// How wide it is, with the gap before it.
    fn width(self) -> usize {
        match self {
            Self::Name => 9,
            Self::InWork => 6,
            Self::Taken | Self::Passed | Self::Rejected => 7,
            Self::Bar | Self::Queue | Self::Half => BAR + 2,
            Self::Most => 8,
        }
    }

    fn text(self, stage: &StageRow) -> String {
        let queue = |text: fn(usize, usize) -> String| {
            let queue = stage.queue.map(|queue| text(queue.length, queue.capacity));
            queue.unwrap_or_default()
        };
        match self {
            Self::Name => stage.name.to_owned(),
            Self::Taken => rate(stage.taken),
            Self::Passed => rate(stage.passed),
            Self::Rejected => rate(stage.rejected),
            Self::InWork => figures::short_count(stage.in_work as f64),
            Self::Bar => queue(bar),
            Self::Queue => queue(|length, capacity| format!("{length}/{capacity}")),
            Self::Half => stage.waits[0].clone(),
            Self::Most => stage.waits[1].clone(),
        }
    }

    fn of_width(width: usize) -> Vec<Self> {
        let mut columns = Self::ALL.to_vec();
        for column in Self::GIVING_WAY {
            if columns.iter().map(|column| column.width()).sum::<usize>() <= width {
                break;
            }
            columns.retain(|kept| *kept != column);
        }
        columns
    }
}

fn rate(rate: Option<f64>) -> String {
    rate.map_or_else(|| "-".to_owned(), figures::short_count)
}

/// How full a queue is; what holds anything at all shows it.
fn bar(length: usize, capacity: usize) -> String {
    let full = (length * BAR).div_ceil(capacity.max(1)).min(BAR);
    "█".repeat(full) + &"░".repeat(BAR - full)
}

/// The stages, under their titles.
pub(super) fn stages(view: &View, width: usize, palette: Palette) -> Vec<Line<'static>> {
    let columns = Column::of_width(width);
    let put = |column: &Column, text: &str| match column {
        Column::Name => left(text, column.width()),
        _ => right(text, column.width()),
    };
    let titles: String = columns
        .iter()
        .map(|column| put(column, column.title()))
        .collect();
    let mut lines = vec![Line::styled(titles, HEADING)];
    for stage in &view.stages {
        let is_full = stage
            .queue
            .is_some_and(|queue| queue.length * 10 >= queue.capacity * 9);
        let cells = columns.iter().map(|column| {
            let style = match column {
                Column::Bar | Column::Queue if is_full => palette.tight(),
                _ => Style::new(),
            };
            Span::styled(put(column, &column.text(stage)), style)
        });
        lines.push(cells.collect());
    }
    lines
}

/// What the fetcher counts.
pub(super) fn counters(view: &View, width: usize) -> Vec<Line<'static>> {
    let mut lines: Vec<String> = Vec::new();
    for counter in &view.counters {
        match lines.last_mut() {
            Some(line) if width_of(line) + 2 + width_of(counter) <= width => {
                line.push_str("  ");
                line.push_str(counter);
            }
            _ => lines.push(cut(counter, width)),
        }
    }
    let lines = lines.into_iter();
    lines.map(|line| Line::styled(line, FAINT)).collect()
}

/// The lags, and beside them, where there is room, why entries were rejected.
pub(super) fn lags_and_rejections(view: &View, width: usize) -> Vec<Line<'static>> {
    let mut lines = lags(view);
    let room = width.saturating_sub(LAGS);
    if room < REJECTIONS {
        return lines;
    }
    let rejections = rejections(&view.rejections, lines.len(), room);
    for (line, rejection) in lines.iter_mut().zip(rejections) {
        line.spans.extend(rejection.spans);
    }
    lines
}

fn lags(view: &View) -> Vec<Line<'static>> {
    let row = |name: &str, [half, most, nearly_all]: [&str; 3]| {
        let shares = [half, most, nearly_all].map(|share| right(share, 7));
        left(name, 20) + &shares.concat() + "   "
    };
    let title = row("kept stories", ["p50", "p95", "p99"]);
    let mut lines = vec![Line::styled(title, HEADING)];
    for (part, shares) in &view.lags {
        let shares = [&*shares[0], &*shares[1], &*shares[2]];
        lines.push(Line::raw(row(part, shares)));
    }
    lines
}

fn rejections(rejections: &[Rejection], lines: usize, width: usize) -> Vec<Line<'static>> {
    let row = |why: &str, count: &str, rate: &str| {
        left(why, (width - 14).min(40)) + &right(count, 7) + &right(rate, 7)
    };
    let title = Line::styled(row("rejected", "entries", "/s"), HEADING);
    let shown = rejections.iter().take(lines.saturating_sub(1));
    let shown = shown.map(
        |Rejection {
             why,
             count,
             rate: growth,
         }| {
            let count = figures::short_count(*count as f64);
            Line::raw(row(why, &count, &rate(*growth)))
        },
    );
    std::iter::once(title).chain(shown).collect()
}
