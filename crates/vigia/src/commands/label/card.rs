//! A story on the terminal: enough of it to decide, and what the model makes of it.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use pipeline::Explanation;
use story::{Evidence, EvidenceKind, Field, Story};

use super::super::typeset;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const FOR: Style = AnsiColor::Green.on_default();
const AGAINST: Style = AnsiColor::Red.on_default();

/// Characters of a text that are shown at first.
const SHOWN: usize = 1200;
/// Characters of the score's bar.
const BAR: usize = 24;

/// Prints a story; its `whole` text, or the beginning of it.
pub(super) fn print(out: &mut impl Write, explained: &Explanation, whole: bool) -> io::Result<()> {
    let explained = &typeset::explanation(explained);
    let story = &explained.story;
    let width = typeset::width();
    let title = marked(&story.title, &of_field(story, Field::Title), BOLD);
    writeln!(out, "{}", textwrap::fill(&title, width))?;
    let published = story.published.map(|at| at.format("%Y-%m-%d").to_string());
    let feed = story.feed.as_ref().map(ToString::to_string);
    let facts = [
        story.outlet.clone().or(feed),
        published,
        story.lang.map(|lang| lang.to_string()),
        story.canonical_url.as_ref().map(ToString::to_string),
    ];
    let facts: Vec<_> = facts.into_iter().flatten().collect();
    if !facts.is_empty() {
        let facts = textwrap::fill(&facts.join(" · "), width);
        writeln!(out, "{DIM}{facts}{DIM:#}")?;
    }
    writeln!(out, "{}\n", verdict(explained))?;
    let length = story.text.chars().count();
    let end = if whole { length } else { cut(&story.text) };
    let shown: String = story.text.chars().take(end).collect();
    let text = marked(&shown, &of_field(story, Field::Text), Style::new());
    for paragraph in text.split("\n\n") {
        writeln!(out, "{}\n", textwrap::fill(paragraph, width))?;
    }
    if end < length {
        let more = length - end;
        writeln!(out, "{DIM}… {more} more characters: m{DIM:#}\n")?;
    }
    Ok(())
}

/// The score as a number and a bar, with the threshold in it, and what follows from it.
fn verdict(explained: &Explanation) -> String {
    let story = &explained.story;
    let cells = |share: f64| (share * BAR as f64).round() as usize;
    let (filled, threshold) = (cells(story.score), cells(story.threshold).min(BAR - 1));
    let bar: String = (0..BAR)
        .map(|cell| match (cell == threshold, cell < filled) {
            (true, _) => '┃',
            (false, true) => '█',
            (false, false) => '░',
        })
        .collect();
    let (style, says) = match explained.reason {
        None => (FOR, "the model keeps it".to_owned()),
        Some(reason) => (AGAINST, format!("the model drops it: {}", reason.as_str())),
    };
    format!("{:.2} {style}{bar}{style:#} {says}", story.score)
}

/// What is worth a colour: what the tables know. Words by themselves are many, and each says little.
fn of_field(story: &Story, field: Field) -> Vec<&Evidence> {
    let known = |kind| !matches!(kind, EvidenceKind::Word | EvidenceKind::Passage);
    let told = |piece: &&Evidence| piece.field == field && known(piece.kind);
    let mut evidence: Vec<_> = story.evidence.iter().filter(told).collect();
    evidence.sort_by_key(|piece| (piece.start, piece.end));
    evidence
}

/// A text in a style, with its evidence in the colour of the side that it speaks for.
fn marked(text: &str, evidence: &[&Evidence], style: Style) -> String {
    let mut marked = format!("{style}");
    let mut pieces = evidence.iter().peekable();
    let mut open: Option<(u32, Style)> = None;
    for (at, character) in (0_u32..).zip(text.chars()) {
        if let Some((_, colour)) = open.take_if(|(end, _)| *end <= at) {
            marked.push_str(&format!("{colour:#}{style}"));
        }
        // What lies inside another piece has no mark of its own.
        while let Some(piece) = pieces.next_if(|piece| piece.start <= at) {
            if open.is_none() && piece.start == at && piece.end > at {
                let colour = if piece.weight < 0.0 { AGAINST } else { FOR };
                marked.push_str(&format!("{colour}"));
                open = Some((piece.end, colour));
            }
        }
        marked.push(character);
    }
    if let Some((_, colour)) = open {
        marked.push_str(&format!("{colour:#}"));
    }
    marked.push_str(&format!("{style:#}"));
    marked
}

/// How many characters of a text are shown: up to the end of a word.
fn cut(text: &str) -> usize {
    let length = text.chars().count();
    if length <= SHOWN {
        return length;
    }
    let mut end = SHOWN;
    for (at, character) in text.chars().take(SHOWN).enumerate() {
        if character.is_whitespace() {
            end = at;
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(start: u32, end: u32, weight: f64) -> Evidence {
        Evidence {
            kind: EvidenceKind::Lexicon,
            term: String::new(),
            field: Field::Text,
            start,
            end,
            weight,
            label: String::new(),
        }
    }

    #[test]
    fn evidence_is_marked_by_code_points_and_once() {
        let pieces = [piece(2, 4, 1.0), piece(3, 4, -1.0), piece(5, 6, -1.0)];
        let pieces: Vec<_> = pieces.iter().collect();
        let expected = format!("é {FOR}ñu{FOR:#} {AGAINST}x{AGAINST:#}");
        assert_eq!(marked("é ñu x", &pieces, Style::new()), expected);
        assert_eq!(marked("", &pieces, Style::new()), "");
    }

    #[test]
    fn a_long_text_is_cut_between_words() {
        let text = "palabra ".repeat(400);
        let end = cut(&text);
        assert!((SHOWN - 10..=SHOWN).contains(&end), "{end}");
        assert_eq!(text.chars().nth(end), Some(' '));
        assert_eq!(cut("corto"), 5);
        assert_eq!(cut(&"x".repeat(5000)), SHOWN);
    }
}
