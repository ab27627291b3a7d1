//! Tab-separated values with a header: rows that are right, and an error for each that is not.

use std::str::FromStr;

/// What is wrong with a knowledge file, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct KnowledgeError {
    /// Name of the file.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

/// The problems found so far, over all files.
#[derive(Debug, Default)]
pub(crate) struct Problems(pub Vec<KnowledgeError>);

impl Problems {
    pub(crate) fn add(&mut self, file: &str, line: usize, what: impl Into<String>) {
        self.0.push(KnowledgeError {
            file: file.to_owned(),
            line,
            what: what.into(),
        });
    }
}

/// Largest number that a cell may hold.
const NUMBER_MAX: f64 = 1e9;

/// Begins a line after which the rows of another file follow, whose name stands behind it.
pub(crate) const FILE_MARK: &str = "#@";

/// A row with as many cells as the header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a, const N: usize> {
    pub file: &'a str,
    pub line: usize,
    /// Where the row begins in its file, in bytes.
    pub offset: usize,
    pub cells: [&'a str; N],
}

impl<const N: usize> Row<'_, N> {
    /// Reads a number, which may be empty for 0.
    pub(crate) fn parse<T: FromStr + Default>(
        &self,
        cell: usize,
        what: &str,
        problems: &mut Problems,
    ) -> T {
        let text = self.cells[cell];
        if text.is_empty() {
            return T::default();
        }
        // Rust also reads `inf`, `NaN` and, as infinite, what is too large.
        let number = text
            .parse()
            .is_ok_and(|number: f64| number.abs() <= NUMBER_MAX);
        let parsed = number.then(|| text.parse().ok()).flatten();
        parsed.unwrap_or_else(|| {
            self.wrong(problems, format!("`{text}` is not {what}"));
            T::default()
        })
    }

    /// Reports a name or term of the row that has no word, and so could never be found.
    pub(crate) fn expect_word(&self, added: bool, term: &str, problems: &mut Problems) {
        if !added {
            self.wrong(problems, format!("`{term}` has no word in it"));
        }
    }

    pub(crate) fn wrong(&self, problems: &mut Problems, what: impl Into<String>) {
        problems.add(self.file, self.line, what);
    }
}

/// The rows of a file whose header is `header`. Blank lines and lines that start with `#` are
/// left out.
pub(crate) fn rows<'a, const N: usize>(
    file: &'static str,
    text: &'a str,
    header: [&str; N],
    problems: &mut Problems,
) -> Vec<Row<'a, N>> {
    let mut rows = Vec::new();
    let mut offset = 0;
    let mut headed = false;
    let (mut file, mut number): (&str, usize) = (file, 0);
    for line in text.split_inclusive('\n') {
        let begin = offset;
        offset += line.len();
        let line = line.trim_end_matches(['\n', '\r']);
        number += 1;
        if let Some(name) = line.strip_prefix(FILE_MARK) {
            (file, number, headed) = (name, 0, false);
            continue;
        }
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        match cells::<N>(line) {
            Ok(cells) if headed => rows.push(Row {
                file,
                line: number,
                offset: begin,
                cells,
            }),
            Ok(cells) if cells == header => headed = true,
            _ if !headed => {
                let columns = header.join("`, `");
                problems.add(
                    file,
                    number,
                    format!("the header must name the columns `{columns}`"),
                );
                return rows;
            }
            Ok(_) => {}
            Err(count) => problems.add(file, number, format!("{count} columns in place of {N}")),
        }
    }
    if !headed {
        problems.add(file, 1, "the file is empty");
    }
    rows
}

/// The cells of one line, or how many there are where that is wrong.
pub(crate) fn cells<const N: usize>(line: &str) -> Result<[&str; N], usize> {
    let mut cells = [""; N];
    let mut count = 0;
    for cell in line.split('\t') {
        if let Some(slot) = cells.get_mut(count) {
            *slot = cell.trim();
        }
        count += 1;
    }
    if count == N { Ok(cells) } else { Err(count) }
}

/// The items of a cell that lists several.
pub(crate) fn list(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('|')
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

/// A name without the remark in brackets at its end: `Los Lobos (Ecuador)`.
pub(crate) fn bare(name: &str) -> Option<&str> {
    let (bare, remark) = name.split_once(" (")?;
    remark.ends_with(')').then_some(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let mut problems = Problems::default();
        rows("t.tsv", text, ["a", "b"], &mut problems);
        let problems: Vec<_> = problems.0.iter().map(ToString::to_string).collect();
        assert_eq!(problems, expected, "{text:?}");
    }

    #[test]
    fn errors_name_file_line_and_what_is_wrong() {
        check("a\tb\n1\t2\n", &[]);
        check("# ours\na\tb\r\n\n1\t2", &[]);
        check(
            "a\tb\n1\n1\t2\t3\n",
            &[
                "t.tsv:2: 1 columns in place of 2",
                "t.tsv:3: 3 columns in place of 2",
            ],
        );
        check(
            "a\tc\n",
            &["t.tsv:1: the header must name the columns `a`, `b`"],
        );
        check("", &["t.tsv:1: the file is empty"]);
        check(
            "a\tb\n1\t2\n#@t.own.tsv\na\tb\n3\n",
            &["t.own.tsv:2: 1 columns in place of 2"],
        );
    }
}
