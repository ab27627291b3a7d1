//! Lines that are no part of a story: what stands around it on every page, by class of noise.
//!
//! The rules are data, in `data/boilerplate.tsv` and in files of the user's own: a language, a
//! kind, and a pattern that a whole line must match after [folding](crate::characters::fold).

use regex::{RegexBuilder, RegexSet, RegexSetBuilder};

use crate::characters::fold;

/// The rules, as they are kept.
const RULES: &str = include_str!("../data/boilerplate.tsv");

/// Bytes from which a line is never noise.
const LINE_BYTES_MAX: usize = 320;

/// Bytes from which a line is no heading that ends a story.
const HEADING_BYTES_MAX: usize = 90;

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Part of the story.
    Keep,
    /// Noise by itself.
    Drop,
    /// Noise, and so is everything after it.
    Ends,
}

/// Kinds of rules: what they match is dropped, ends the story, or names an agency.
const KINDS: &[&str] = &[
    "advertisement",
    "related",
    "share",
    "newsletter",
    "copyright",
    "date",
    "ending",
    "comments",
    "agency",
];

/// Folded lines of stories, which no rule may match.
const PROSE: &[&str] = &[
    "",
    "tres hombres hirieron el lunes a dos guardias de una mina del norte",
    "la policia dijo que el grupo atacaba la zona desde 2019",
    "a policia prendeu tres homens no porto na noite de segunda feira",
    "police arrested three men in the port on monday night",
];

/// Bytes that one compiled pattern may take.
const PATTERN_BYTES_MAX: usize = 2 << 20;

/// Bytes that the compiled rules of one kind may take.
const COMPILED_BYTES_MAX: usize = 64 << 20;

/// A line of a table of rules that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct RuleError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

/// Rules for lines that are no part of a story: those that come with vigia, and a user's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Kinds and patterns.
    rows: Vec<(String, String)>,
}

impl Default for Rules {
    /// The rules that come with vigia; what a user's are asked for is asked of them by the tests.
    fn default() -> Self {
        let rows = RULES.lines().filter_map(|line| {
            let mut columns = line.split('\t').skip(1);
            Some((columns.next()?.to_owned(), columns.next()?.to_owned()))
        });
        Self {
            rows: rows.collect(),
        }
    }
}

impl Rules {
    /// Adds a table: a rule a line, its columns `language`, `kind` and `pattern` split by tabs;
    /// lines that begin with `#` are comments. The language is a note for who reads the table: a
    /// rule is tried on every line, since pages mix languages. Patterns are regular expressions over whole folded
    /// lines (small letters without accents, digits, single spaces).
    pub fn add(&mut self, table: &str) -> Result<(), RuleError> {
        for (at, line) in table.trim_start_matches('\u{feff}').lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let row = row(line).map_err(|what| RuleError { line: at + 1, what })?;
            self.rows.push(row);
        }
        Ok(())
    }

    fn compiled(&self, wanted: impl Fn(&str) -> bool) -> Result<RegexSet, regex::Error> {
        let wanted = self.rows.iter().filter(|(kind, _)| wanted(kind));
        let patterns = wanted.map(|(_, pattern)| format!("^(?:{pattern})$"));
        RegexSetBuilder::new(patterns)
            .size_limit(COMPILED_BYTES_MAX)
            .build()
    }
}

/// A rule's kind and pattern, or what is wrong with its line.
fn row(line: &str) -> Result<(String, String), String> {
    let columns: Vec<&str> = line.trim_end_matches('\r').split('\t').collect();
    let [language, kind, pattern] = columns[..] else {
        return Err(format!(
            "{} columns where there should be 3: language, kind and pattern, split by tabs",
            columns.len()
        ));
    };
    if !(2..=3).contains(&language.len()) {
        return Err(format!(
            "`{language}` is no language: write es, pt, en or any"
        ));
    }
    if !KINDS.contains(&kind) {
        return Err(format!(
            "`{kind}` is no kind: the kinds are {}",
            KINDS.join(", ")
        ));
    }
    let compiled = RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(PATTERN_BYTES_MAX)
        .build()
        .map_err(|error| format!("the pattern cannot be used: {error}"))?;
    if let Some(line) = PROSE.iter().find(|line| compiled.is_match(line)) {
        return Err(format!(
            "the pattern is too wide: it also matches the line `{line}` of a story"
        ));
    }
    if pattern.contains([
        '!', '¡', '¿', '"', '\'', ';', '%', '&', '@', '#', '/', '_', '=', '~', '«', '»',
    ]) || pattern
        .replace("(?:", "")
        .replace(" : ", "")
        .replace(" :", "")
        .contains(':')
    {
        return Err(
            "the pattern has marks, which no folded line has: words are split by single spaces, \
             and a label by ` : `"
                .to_owned(),
        );
    }
    if pattern != fold_pattern(pattern) {
        return Err(
            "the pattern has capitals or accents, which no folded line has: it would match nothing"
                .to_owned(),
        );
    }
    Ok((kind.to_owned(), pattern.to_owned()))
}

/// A pattern as folded lines would have its letters; classes such as `\S` stay.
fn fold_pattern(pattern: &str) -> String {
    let mut escaped = false;
    let folded = pattern.chars().map(|c| {
        let is_class = escaped;
        escaped = c == '\\' && !is_class;
        let is_letter = c.is_alphabetic() && !is_class;
        if is_letter {
            fold(&c.to_string())
        } else {
            c.to_string()
        }
    });
    folded.collect()
}

/// The compiled rules.
pub(crate) struct Noise {
    dropped: RegexSet,
    ending: RegexSet,
    agency: RegexSet,
}

impl Noise {
    /// Compiles the rules; fails where together they are too large.
    pub(crate) fn new(rules: &Rules) -> Result<Self, regex::Error> {
        let is_ending = |kind: &str| matches!(kind, "ending" | "comments");
        Ok(Self {
            dropped: rules.compiled(|kind| !is_ending(kind) && kind != "agency")?,
            ending: rules.compiled(is_ending)?,
            agency: rules.compiled(|kind| kind == "agency")?,
        })
    }

    /// Judges a line by itself.
    pub(crate) fn judge(&self, line: &str) -> Verdict {
        if line.len() > LINE_BYTES_MAX {
            return Verdict::Keep;
        }
        let folded = fold_line(line);
        if line.len() <= HEADING_BYTES_MAX && self.ending.is_match(&folded) {
            Verdict::Ends
        } else if folded.is_empty() || self.dropped.is_match(&folded) {
            Verdict::Drop
        } else {
            Verdict::Keep
        }
    }

    /// Whether a folded text is the name of a news agency, with or without a word such as "photo".
    pub(crate) fn is_agency(&self, folded: &str) -> bool {
        self.agency.is_match(folded)
    }
}

/// Folds a line and keeps, as ` : `, the marks that part a label from what it labels.
fn fold_line(line: &str) -> String {
    let mut folded = String::with_capacity(line.len());
    for part in line.split_inclusive([':', '|', '»', '→', '►', '>']) {
        let label = part.strip_suffix([':', '|', '»', '→', '►', '>']);
        let words = fold(label.unwrap_or(part));
        if !folded.is_empty() && !words.is_empty() {
            folded.push(' ');
        }
        folded.push_str(&words);
        // A colon between digits is a time of day, and one at the end labels nothing.
        if label.is_some() && !folded.is_empty() && !words.ends_with(|c: char| c.is_ascii_digit()) {
            folded.push_str(" :");
        }
    }
    while let Some(bare) = folded.strip_suffix(" :") {
        folded.truncate(bare.len());
    }
    folded
}

impl Default for Noise {
    fn default() -> Self {
        Self::new(&Rules::default())
            .expect("the rules that come with vigia are compiled by the tests")
    }
}

#[cfg(test)]
mod tests;
