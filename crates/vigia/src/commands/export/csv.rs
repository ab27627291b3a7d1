//! Comma-separated values (RFC 4180) in UTF-8, which a spreadsheet can open without running what a
//! headline says.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use anyhow::Result;

use super::row::{COLUMNS, Cell, Row};

/// What a spreadsheet takes for the start of a formula, in this or in a wide form.
const FORMULA: [char; 9] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '＠'];

/// Writes a header and a row for each story that `stories` tells; returns what that returns.
pub(super) fn write(
    out: &mut impl Write,
    stories: impl FnOnce(&mut dyn FnMut(&Row<'_>) -> io::Result<()>) -> Result<u64>,
) -> Result<u64> {
    write!(out, "{}\r\n", COLUMNS.join(","))?;
    stories(&mut |row| {
        let cells: Vec<_> = row.cells().iter().map(cell).collect();
        write!(out, "{}\r\n", cells.join(","))
    })
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Count(count) => count.to_string(),
        Cell::Number(number) => number.to_string(),
        Cell::Text(words) => quoted(&unformulaic(words)).into_owned(),
    }
}

/// Text that no spreadsheet calculates: an apostrophe in front has it shown as it is written.
fn unformulaic(words: &str) -> Cow<'_, str> {
    let trimmed = words.trim_start_matches([' ', '\u{a0}', '\n']);
    if trimmed.starts_with(FORMULA) {
        format!("'{words}").into()
    } else {
        words.into()
    }
}

fn quoted(words: &str) -> Cow<'_, str> {
    if words.contains(['"', ',', '\n', '\r', ';']) {
        format!("\"{}\"", words.replace('"', "\"\"")).into()
    } else {
        words.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(words: &str, expected: &str) {
        assert_eq!(cell(&Cell::Text(words.to_owned())), expected);
    }

    #[test]
    fn text_is_quoted_where_it_would_end_the_cell() {
        check("Matan a dos", "Matan a dos");
        check(
            "Matan a dos, dice \"él\"",
            "\"Matan a dos, dice \"\"él\"\"\"",
        );
        check("uno\ndos", "\"uno\ndos\"");
        check("a; b", "\"a; b\"");
    }

    #[test]
    fn a_headline_is_no_formula_and_a_number_stays_one() {
        check("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\"");
        check("@SUM(1)", "'@SUM(1)");
        check("-2+3", "'-2+3");
        check("+57 300", "'+57 300");
        check(" =1", "' =1");
        check("\t=1", "'\t=1");
        check("＝1", "'＝1");
        assert_eq!(cell(&Cell::Number(-74.1)), "-74.1");
    }
}
