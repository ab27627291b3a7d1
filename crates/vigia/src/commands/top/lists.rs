//! The lists of feeds and of stories, as lines of a given width.

use ratatui::{
    style::Style,
    text::{Line, Span},
};

use super::{
    palette::{FAINT, HEADING, Palette},
    panels::{ends, left, right},
    view::{FeedRow, StoryRow, View},
};
use crate::commands::feeds::{
    short,
    table::{cut, width_of},
};

/// Where a list stands and how much of it is to be seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// Columns.
    pub(super) width: usize,
    /// Rows, with that of the title.
    pub(super) rows: usize,
    /// Rows of the list that are above the window.
    pub(super) above: usize,
    /// Whether the keys move it.
    pub(super) is_focused: bool,
}

impl Window {
    /// Rows that are above it where nothing below the list's end is to be seen.
    pub(super) fn above(self, length: usize) -> usize {
        self.above
            .min(length.saturating_sub(self.rows.saturating_sub(1)))
    }

    /// The title of a list of that many rows, with which of them are seen where that is not all.
    fn title(self, name: &str, length: usize, palette: Palette) -> Line<'static> {
        let style = if self.is_focused {
            palette.focused()
        } else {
            HEADING
        };
        let first = self.above(length);
        let last = (first + self.rows.saturating_sub(1)).min(length);
        let seen = if last - first < length {
            format!("{}-{last} of {length}", first + 1)
        } else {
            String::new()
        };
        let title = Span::styled(name.to_owned(), style);
        ends(vec![title], Span::styled(seen, FAINT), self.width)
    }

    fn lines<T>(
        self,
        name: &str,
        items: &[T],
        palette: Palette,
        line: impl Fn(&T) -> Line<'static>,
    ) -> Vec<Line<'static>> {
        if self.rows == 0 {
            return Vec::new();
        }
        let title = self.title(name, items.len(), palette);
        let seen = items.iter().skip(self.above(items.len()));
        let seen = seen.take(self.rows - 1).map(line);
        std::iter::once(title).chain(seen).collect()
    }
}

/// The feeds, the worst first.
pub(super) fn feeds(view: &View, window: Window, palette: Palette) -> Vec<Line<'static>> {
    let ids = view.feeds.iter().map(|feed| width_of(&feed.id)).max();
    let id = ids.unwrap_or(0).min(window.width / 3).max(5);
    // The longest word for a health takes sixteen columns, which a narrow screen does not have.
    let health = if window.width < 70 { 11 } else { 16 };
    let says = window.width.saturating_sub(id + 1 + health + 7 + 2);
    let row = |feed: &FeedRow| {
        let age = feed.last_success.map(|at| short(view.now - at));
        let age = age.unwrap_or_else(|| "never".to_owned());
        let word = feed.health.as_str();
        Line::from_iter([
            Span::raw(left(&feed.id, id) + " "),
            Span::styled(left(word, health), palette.health(word)),
            Span::raw(right(&age, 7) + "  "),
            Span::styled(cut(&feed.says, says), says_style(feed)),
        ])
    };
    let head = left("feeds", id) + " " + &left("health", health) + &right("last ok", 7);
    let head = match &view.feeds_problem {
        None => head + "  why",
        Some(problem) => cut(&format!("feeds cannot be read: {problem}"), window.width),
    };
    window.lines(&head, &view.feeds, palette, row)
}

/// What is well needs no attention.
fn says_style(feed: &FeedRow) -> Style {
    if feed.health == story::Health::Ok {
        FAINT
    } else {
        Style::new()
    }
}

/// The stories that were kept last.
pub(super) fn stories(view: &View, window: Window, palette: Palette) -> Vec<Line<'static>> {
    let row = |story: &StoryRow| {
        let title = window.width.saturating_sub(5 + 2 + 3 + 1);
        Line::from_iter([
            Span::styled(right(&short(view.now - story.at), 5) + "  ", FAINT),
            Span::raw(left(&story.country, 3) + " "),
            Span::raw(cut(&story.title, title)),
        ])
    };
    window.lines("last kept stories", &view.stories, palette, row)
}
