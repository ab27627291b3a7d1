//! The screen: which parts have room, and where they stand.

use ratatui::{Frame, text::Line};

use super::{
    lists::{self, Window},
    palette::Palette,
    panels,
    screen::{List, Screen},
    view::View,
};

/// From this height on there are empty lines between the parts.
const ROOMY: usize = 32;
/// Rows that the lists have before anything is shown that a screen can do without.
const LISTS_MIN: usize = 8;
/// Lines of the fetcher's counters.
const COUNTERS_MAX: usize = 4;
/// Fewer rows than this are for one of the lists alone.
const BOTH_LISTS: usize = 6;

/// Draws everything, on a screen of any size. How far the lists are scrolled is brought back to what
/// there is.
pub(super) fn draw(frame: &mut Frame<'_>, view: &View, screen: &mut Screen, palette: Palette) {
    let area = frame.area();
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let above = height.saturating_sub(1);
    let mut lines = upper(view, (width, above), palette);
    let rows = above.saturating_sub(lines.len());
    if screen.helps {
        lines.extend(help().map(Line::raw).into_iter().take(rows));
    } else {
        lines.extend(both_lists(view, screen, (width, rows), palette));
    }
    lines.truncate(above);
    lines.resize(above, Line::default());
    lines.push(panels::foot(view, *screen, width, palette));
    for (line, y) in lines.iter().zip(area.y..area.bottom()) {
        frame.buffer_mut().set_line(area.x, y, line, area.width);
    }
}

/// What stands above the lists, and leaves room for them.
fn upper(view: &View, (width, height): (usize, usize), palette: Palette) -> Vec<Line<'static>> {
    let gap = usize::from(height >= ROOMY);
    let mut lines = vec![panels::head(view, width, palette)];
    lines.extend(panels::alarms(view, width, palette));
    if view.stages.is_empty() {
        return lines;
    }
    lines.push(panels::healths(view, palette));
    let stages = panels::stages(view, width, palette);
    let counters = panels::counters(view, width);
    let lags = panels::lags_and_rejections(view, width);
    let mut room = height.saturating_sub(lines.len() + stages.len() + gap + LISTS_MIN + gap);
    // The lags have room before the counters do, and stand below them.
    let has_lags = room >= lags.len() + gap;
    room = room.saturating_sub(if has_lags { lags.len() + gap } else { 0 });
    let counters = counters.into_iter().take(room.min(COUNTERS_MAX));
    let gap = || vec![Line::default(); gap];
    lines.extend(gap().into_iter().chain(stages).chain(counters));
    if has_lags {
        lines.extend(gap().into_iter().chain(lags));
    }
    lines.extend(gap());
    lines
}

fn both_lists(
    view: &View,
    screen: &mut Screen,
    (width, rows): (usize, usize),
    palette: Palette,
) -> Vec<Line<'static>> {
    let gap = usize::from(rows >= ROOMY / 2);
    // Each has its title above it.
    let wanted = (view.feeds.len() + 1, view.stories.len() + 1);
    let room = rows.saturating_sub(gap);
    let (feeds, stories) = match screen.list {
        List::Feeds => shares(room, wanted.0, wanted.1),
        List::Stories => {
            let (stories, feeds) = shares(room, wanted.1, wanted.0);
            (feeds, stories)
        }
    };
    let window = |rows, above, list| Window {
        width,
        rows,
        above,
        is_focused: screen.list == list,
    };
    let feeds = window(feeds, screen.feeds_above, List::Feeds);
    let stories = window(stories, screen.stories_above, List::Stories);
    screen.feeds_above = feeds.above(view.feeds.len());
    screen.stories_above = stories.above(view.stories.len());
    let mut lines = lists::feeds(view, feeds, palette);
    lines.extend(vec![Line::default(); gap]);
    lines.extend(lists::stories(view, stories, palette));
    lines
}

/// How many rows the list that is looked at has, and how many the other one.
fn shares(rows: usize, wanted: usize, other_wanted: usize) -> (usize, usize) {
    if rows < BOTH_LISTS {
        return (rows, 0);
    }
    let other = other_wanted.min((rows * 2 / 5).max(3));
    let first = wanted.min(rows - other);
    (first, other_wanted.min(rows - first))
}

fn help() -> [&'static str; 7] {
    [
        "q Esc      quit",
        "p          pause, and go on",
        "Tab        between feeds and stories: the one that is scrolled has more room",
        "↑ ↓ j k    scroll; PgUp, PgDn, Home and End too",
        "in/s …     over the last ten seconds; behind fetch, in = out + rejected + in work",
        "wait       in the queue before the stage, since the start; ≤ tells a bound",
        "last ok    how long ago a poll of the feed succeeded; read every five seconds",
    ]
}

#[cfg(test)]
mod tests;
