//! Tables for people: as wide as the terminal at most, in colour on a terminal only.

use std::io::{self, Write};

use anstyle::Style;

use crate::commands::typeset;

/// The width where nothing says how wide the terminal is.
const WIDTH: usize = 80;

/// Blanks between two columns.
const GAP: usize = 2;

/// A column.
#[derive(Clone, Copy, Debug)]
pub(in crate::commands) struct Column {
    /// What stands above it.
    pub(in crate::commands) title: &'static str,
    /// Whether it is for numbers, which end at the same place.
    pub(in crate::commands) is_number: bool,
    /// How narrow it may become; `None` where it is never cut.
    pub(in crate::commands) least: Option<usize>,
}

impl Column {
    /// A column of words that are never cut.
    pub(in crate::commands) const fn words(title: &'static str) -> Self {
        Self {
            title,
            is_number: false,
            least: None,
        }
    }

    /// A column of numbers.
    pub(in crate::commands) const fn numbers(title: &'static str) -> Self {
        Self {
            title,
            is_number: true,
            least: None,
        }
    }

    /// A column of text that gives way, down to `least` characters.
    pub(in crate::commands) const fn text(title: &'static str, least: usize) -> Self {
        Self {
            title,
            is_number: false,
            least: Some(least),
        }
    }
}

/// What stands in a row and a column.
#[derive(Clone, Debug, Default)]
pub(in crate::commands) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// A text in a style. Control characters are left out: much of what is shown here was written
    /// by strangers, and a terminal obeys them.
    pub(in crate::commands) fn styled(text: impl AsRef<str>, style: Style) -> Self {
        Self {
            text: typeset::words(text.as_ref()),
            style,
        }
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::styled(text, Style::new())
    }
}

/// A table.
#[derive(Clone, Debug)]
pub(in crate::commands) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table without rows.
    pub(in crate::commands) fn new(columns: impl Into<Vec<Column>>) -> Self {
        Self {
            columns: columns.into(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; it has a cell for each column.
    pub(in crate::commands) fn push(&mut self, row: Vec<Cell>) {
        debug_assert_eq!(row.len(), self.columns.len());
        self.rows.push(row);
    }

    /// Writes the table, no line wider than `width` as far as the columns can give way.
    pub(in crate::commands) fn write(&self, out: &mut impl Write, width: usize) -> io::Result<()> {
        let widths = self.widths(width);
        let titles = self.columns.iter();
        let titles: Vec<Cell> = titles
            .map(|column| Cell::styled(column.title, Style::new().bold()))
            .collect();
        for row in std::iter::once(&titles).chain(&self.rows) {
            self.write_row(out, row, &widths)?;
        }
        Ok(())
    }

    fn write_row(&self, out: &mut impl Write, row: &[Cell], widths: &[usize]) -> io::Result<()> {
        let last = row.iter().rposition(|cell| !cell.text.is_empty());
        for (at, cell) in row.iter().enumerate().take(last.map_or(0, |last| last + 1)) {
            let text = cut(&cell.text, widths[at]);
            let room = " ".repeat(widths[at] - width_of(&text));
            let Cell { style, .. } = cell;
            let text = format!("{style}{text}{style:#}");
            let is_last = Some(at) == last;
            match (self.columns[at].is_number, is_last) {
                (true, _) => write!(out, "{room}{text}")?,
                (false, true) => write!(out, "{text}")?,
                (false, false) => write!(out, "{text}{room}")?,
            }
            if !is_last {
                write!(out, "{:GAP$}", "")?;
            }
        }
        writeln!(out)
    }

    /// The columns' widths: what they need, and less for those that give way, the widest first.
    fn widths(&self, width: usize) -> Vec<usize> {
        let needed = |at: usize| {
            let cells = self.rows.iter().map(|row| width_of(&row[at].text));
            let title = width_of(self.columns[at].title);
            cells.max().unwrap_or(0).max(title)
        };
        let mut widths: Vec<usize> = (0..self.columns.len()).map(needed).collect();
        let gaps = GAP * self.columns.len().saturating_sub(1);
        while widths.iter().sum::<usize>() + gaps > width {
            let gives = |at: &usize| {
                self.columns[*at]
                    .least
                    .is_some_and(|least| widths[*at] > least)
            };
            let Some(widest) = (0..widths.len()).filter(gives).max_by_key(|at| widths[*at]) else {
                break;
            };
            widths[widest] -= 1;
        }
        widths
    }
}

/// How many columns there are to write in: what `COLUMNS` says, else the terminal, else 80.
pub(in crate::commands) fn terminal_width() -> usize {
    let said = std::env::var("COLUMNS").ok();
    let said = said.and_then(|columns| columns.parse().ok());
    let measured = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    said.or_else(measured)
        .filter(|width| *width > 0)
        .unwrap_or(WIDTH)
}

/// A text of at most `width` columns; what is longer ends in `…`.
pub(in crate::commands) fn cut(text: &str, width: usize) -> String {
    if width_of(text) <= width {
        return text.to_owned();
    }
    let (mut kept, mut used) = (String::new(), 0);
    for character in text.chars() {
        used += char_width(character);
        if used >= width {
            break;
        }
        kept.push(character);
    }
    kept.truncate(kept.trim_end().len());
    kept + "…"
}

/// Columns that a text takes.
pub(in crate::commands) fn width_of(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

/// Columns that a character takes: none for marks that stand on another, two for those of East
/// Asia and for pictures.
fn char_width(c: char) -> usize {
    match c {
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200d}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(rows: &[[&str; 3]], width: usize) -> String {
        let columns = [
            Column::text("name", 6),
            Column::numbers("count"),
            Column::text("why", 5),
        ];
        let mut table = Table::new(columns);
        for row in rows {
            table.push(row.iter().map(Cell::from).collect());
        }
        let mut out = Vec::new();
        table
            .write(&mut anstream::StripStream::new(&mut out), width)
            .unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_stand_under_each_other() {
        let table = written(&[["uno", "7", "porque sí"], ["otro", "1200", ""]], 80);
        assert_eq!(
            table,
            "name  count  why\nuno       7  porque sí\notro   1200\n"
        );
    }

    #[test]
    fn a_table_fits_where_its_columns_give_way() {
        let long = "Una explicación que no cabe en ninguna línea de este ancho";
        for width in 20..90 {
            let table = written(&[["el-nombre-de-un-diario-muy-largo", "7", long]], width);
            for line in table.lines() {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
            assert_eq!(table.contains('…'), width < 32 + 2 + 5 + 2 + 58, "{width}");
        }
    }

    #[test]
    fn strangers_do_not_command_the_terminal() {
        let cell = Cell::from("\u{1b}[31mRojo\u{7}\r\n  x\u{202e}y\u{61c}z");
        assert_eq!(cell.text, "[31mRojo x y z");
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!((width_of("新聞"), width_of("e\u{301}")), (4, 1));
        assert_eq!(cut("新聞記者", 5), "新聞…");
        assert_eq!(cut("abcdef", 4), "abc…");
    }
}
