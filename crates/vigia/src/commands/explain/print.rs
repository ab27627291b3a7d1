//! An explanation on a terminal: the verdict, each piece of evidence in its sentence, who and
//! where, and what would have changed the verdict.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use pipeline::{DropReason, Explanation, drop_reason};
use story::{Evidence, EvidenceKind, Field, Story};

use crate::commands::typeset;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const KEPT: Style = AnsiColor::Green.on_default().bold();
const DROPPED: Style = AnsiColor::Red.on_default().bold();
const FOR: Style = AnsiColor::Green.on_default();
const AGAINST: Style = AnsiColor::Red.on_default();

/// Pieces of evidence of a kind that are shown; the rest is summed up.
const EVIDENCE_SHOWN: usize = 8;

/// The share of the votes from which a country is shown with what voted for it.
const VOTES_SHOWN: f64 = 0.04;

/// Characters of a sentence on either side of the evidence.
const CONTEXT: usize = 70;

/// An explanation, none of which commands the terminal.
pub(in crate::commands) fn explanation(
    out: &mut impl Write,
    explained: &Explanation,
) -> io::Result<()> {
    let explained = &typeset::explanation(explained);
    let story = &explained.story;
    verdict(out, story, explained.reason)?;
    heading(out, story)?;
    evidence(out, story, Some((explained.security, explained.region)))?;
    votes(out, explained)?;
    annotations(out, story)?;
    let [topic, region] = explained.rest;
    writeln!(
        out,
        "\n{DIM}Besides: where the model starts from, length, language, how terms are spread and words \
         too small to be told add {topic:+.1} to the topic and {region:+.1} to the region.{DIM:#}"
    )?;
    writeln!(
        out,
        "\n{BOLD}What would have changed the verdict{BOLD:#}\n  {}",
        explained.flip
    )
}

/// A story that was judged by another model, other knowledge or another threshold than what it is
/// explained by: first what its record says, then what is said of it now. Nothing of one stands in
/// the other.
pub(super) fn recorded(out: &mut impl Write, story: &Story, now: &Explanation) -> io::Result<()> {
    let otherwise = now.story.relevant != story.relevant;
    let story = &typeset::story(story);
    writeln!(out, "{BOLD}As it was judged and recorded{BOLD:#}")?;
    verdict(out, story, drop_reason(story))?;
    heading(out, story)?;
    evidence(out, story, None)?;
    annotations(out, story)?;
    let how = if otherwise { "otherwise" } else { "the same" };
    writeln!(
        out,
        "\n{BOLD}Judged again today, by what is configured now: {how}{BOLD:#}"
    )?;
    explanation(out, now)
}

/// What a story is called, and where it comes from.
fn heading(out: &mut impl Write, story: &Story) -> io::Result<()> {
    writeln!(out, "{BOLD}{}{BOLD:#}", story.title)?;
    let published = story
        .published
        .map(|time| time.format("%Y-%m-%d %H:%M UTC").to_string());
    let url = story.canonical_url.as_ref().map(ToString::to_string);
    let facts: Vec<_> = [story.outlet.clone(), published, url]
        .into_iter()
        .flatten()
        .collect();
    if !facts.is_empty() {
        writeln!(out, "{DIM}{}{DIM:#}", facts.join(" · "))?;
    }
    Ok(())
}

fn annotations(out: &mut impl Write, story: &Story) -> io::Result<()> {
    places(out, story)?;
    actors(out, story)?;
    let categories: Vec<_> = story
        .categories
        .iter()
        .map(|c| format!("{} {:.2}", c.name, c.score))
        .collect();
    section(out, "Categories", &categories)?;
    let recurring = &story.provenance.template_blocks;
    let recurring: Vec<_> = recurring.iter().map(|line| beginning(line)).collect();
    section(out, "Left out, since it recurs on the site", &recurring)
}

fn verdict(out: &mut impl Write, story: &Story, reason: Option<DropReason>) -> io::Result<()> {
    let (style, word) = if story.relevant {
        (KEPT, "KEPT")
    } else {
        (DROPPED, "DROPPED")
    };
    let why = match reason {
        Some(reason) if !story.relevant => format!(", {}", reason.as_str()),
        _ => String::new(),
    };
    writeln!(
        out,
        "{style}{word}{style:#}{why}  score {:.2}, threshold {:.2}  {DIM}model {}{DIM:#}",
        story.score, story.threshold, story.model
    )
}

/// What speaks for and against each side of the verdict, and the traps among it; `sides` is how
/// likely each side is, which no record says.
fn evidence(out: &mut impl Write, story: &Story, sides: Option<(f64, f64)>) -> io::Result<()> {
    let (topic, region) = sides.map_or_else(Default::default, |(topic, region)| {
        (
            format!(": topic {topic:.2}"),
            format!(": region {region:.2}"),
        )
    });
    let of = |which: fn(&Evidence) -> bool| -> Vec<&Evidence> {
        story.evidence.iter().filter(|piece| which(piece)).collect()
    };
    let about = format!("What it is about{topic}");
    pieces(out, story, &about, &of(|p| !is_place(p) && !is_trap(p)))?;
    let traps = of(is_trap);
    if !traps.is_empty() {
        let title = "Traps: what makes such words mean something else, or is another subject";
        pieces(out, story, title, &traps)?;
    }
    let place = format!("Where it plays{region}");
    pieces(out, story, &place, &of(is_place))
}

fn is_place(piece: &Evidence) -> bool {
    piece.kind == EvidenceKind::Place
}

fn is_trap(piece: &Evidence) -> bool {
    piece.kind == EvidenceKind::Trap
}

/// Pieces of evidence, each with what it adds, and its sentence below.
fn pieces(
    out: &mut impl Write,
    story: &Story,
    title: &str,
    pieces: &[&Evidence],
) -> io::Result<()> {
    writeln!(out, "\n{BOLD}{title}{BOLD:#}")?;
    if pieces.is_empty() {
        writeln!(out, "  nothing says so")?;
    }
    for piece in pieces.iter().take(EVIDENCE_SHOWN) {
        let style = if piece.weight < 0.0 { AGAINST } else { FOR };
        let term = &one_line(&piece.term);
        let label = match (piece.label.as_str(), piece.field) {
            ("", Field::Title) => "word, headline".to_owned(),
            ("", Field::Text) => "word".to_owned(),
            (label, Field::Title) => format!("{label}, headline"),
            (label, Field::Text) => label.to_owned(),
        };
        let told = format!("  {style}{:+.2} {term}{style:#}", piece.weight);
        if piece.kind == EvidenceKind::Passage {
            let of = if piece.field == Field::Title {
                ", headline"
            } else {
                ""
            };
            writeln!(out, "{told}  {DIM}sentence{of}{DIM:#}")?;
            continue;
        }
        let (before, after) = context(story, piece);
        writeln!(out, "{told}  {DIM}{label}{DIM:#}")?;
        writeln!(
            out,
            "        {DIM}{before}{DIM:#}{style}{term}{style:#}{DIM}{after}{DIM:#}"
        )?;
    }
    let more = pieces.len().saturating_sub(EVIDENCE_SHOWN);
    if more > 0 {
        let rest: f64 = pieces[EVIDENCE_SHOWN..].iter().map(|p| p.weight).sum();
        writeln!(out, "  {DIM}{rest:+.2} from {more} more{DIM:#}")?;
    }
    Ok(())
}

fn votes(out: &mut impl Write, explained: &Explanation) -> io::Result<()> {
    let (shown, faint): (Vec<_>, Vec<_>) = explained
        .votes
        .iter()
        .partition(|vote| vote.score >= VOTES_SHOWN);
    let mut votes: Vec<_> = shown
        .into_iter()
        .map(|vote| {
            let (country, terms) = (vote.iso2, vote.terms.join(", "));
            format!("{country} {:.2}  {DIM}{terms}{DIM:#}", vote.score)
        })
        .collect();
    if !votes.is_empty() && !faint.is_empty() {
        let countries: Vec<_> = faint.iter().map(|vote| vote.iso2.to_string()).collect();
        let countries = countries.join(", ");
        votes.push(format!("{DIM}hardly anything for {countries}{DIM:#}"));
    }
    section(out, "Countries, and what voted for them", &votes)
}

fn places(out: &mut impl Write, story: &Story) -> io::Result<()> {
    let places: Vec<_> = story
        .places
        .iter()
        .map(|place| {
            let within = place
                .admin1
                .as_deref()
                .filter(|admin1| *admin1 != place.name);
            let within = within
                .map(|admin1| format!(", {admin1}"))
                .unwrap_or_default();
            format!("{}{within} ({} {})", place.name, place.iso2, place.kind)
        })
        .collect();
    section(out, "Places", &places)
}

fn actors(out: &mut impl Write, story: &Story) -> io::Result<()> {
    let actors: Vec<_> = story
        .actors
        .iter()
        .map(|actor| {
            let role = serde_json::to_value(actor.role).unwrap_or_default();
            let role = role.as_str().unwrap_or_default().to_owned();
            format!(
                "{} ({}, {role}, {}×)",
                actor.name, actor.kind, actor.mentions
            )
        })
        .collect();
    section(out, "Actors", &actors)
}

fn section(out: &mut impl Write, title: &str, lines: &[String]) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{BOLD}{title}{BOLD:#}")?;
    lines.iter().try_for_each(|line| writeln!(out, "  {line}"))
}

/// What stands before and after a piece of evidence in its sentence.
fn context(story: &Story, piece: &Evidence) -> (String, String) {
    let text = match piece.field {
        Field::Title => &story.title,
        Field::Text => &story.text,
    };
    let before: Vec<char> = text.chars().take(piece.start as usize).collect();
    let sentence_start = before
        .windows(2)
        .rposition(|pair| pair[0] == '\n' || (".!?".contains(pair[0]) && pair[1] == ' '))
        .map_or(0, |at| at + 1);
    let from = sentence_start.max(before.len().saturating_sub(CONTEXT));
    let cut = if from > sentence_start { "…" } else { "" };
    let before: String = before[from..].iter().collect();

    let mut after = String::new();
    let mut rest = text.chars().skip(piece.end as usize);
    for character in rest.by_ref().take(CONTEXT) {
        after.push(character);
        if ".!?\n".contains(character) {
            return (
                one_line(&format!("{cut}{}", before.trim_start())),
                one_line(after.trim_end()),
            );
        }
    }
    if rest.next().is_some() {
        after.push('…');
    }
    (
        one_line(&format!("{cut}{}", before.trim_start())),
        one_line(&after),
    )
}

/// As much of a paragraph as it takes to know it by.
fn beginning(paragraph: &str) -> String {
    match paragraph.char_indices().nth(2 * CONTEXT) {
        Some((cut, _)) => format!("{}…", paragraph[..cut].trim_end()),
        None => paragraph.to_owned(),
    }
}

/// A piece of a text, whose lines are set as one.
fn one_line(text: &str) -> String {
    text.replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topic::Topic;

    #[test]
    fn what_a_stranger_wrote_does_not_command_the_terminal() {
        let bad = "\u{1b}]0;x\u{7}\u{202e}\n\u{9b}2J";
        let text = format!(
            "Guerrilleros del ELN {bad} mataron a tres soldados en Arauca, Colombia, dijo el Ejército."
        );
        let line = serde_json::json!({ "title": format!("Emboscada {bad} en Arauca"), "text": text, "outlet": bad });
        let (_, article) = pipeline::filter::article_line(&line.to_string()).unwrap();
        let mut explained = Topic::default().classifier().unwrap().explain(article);
        let story = &mut explained.story;
        let (last, others) = story.evidence.split_last_mut().unwrap();
        for text in [
            &mut story.model,
            &mut story.places[0].name,
            &mut story.actors[0].name,
            &mut story.categories[0].name,
            &mut others[0].term,
            &mut last.label,
            &mut explained.votes[0].terms[0],
            &mut explained.flip,
        ] {
            text.push_str(bad);
        }
        story.places[0].admin1 = Some(bad.to_owned());
        story.provenance.template_blocks.push(bad.to_owned());
        let mut out = Vec::new();
        explanation(&mut out, &explained).unwrap();
        recorded(&mut out, &explained.story, &explained).unwrap();
        let mut out = String::from_utf8(out).unwrap();
        for own in [BOLD, DIM, KEPT, DROPPED, FOR, AGAINST] {
            out = out
                .replace(&format!("{own}"), "")
                .replace(&format!("{own:#}"), "");
        }
        let commands = ['\u{1b}', '\u{7}', '\u{202e}', '\u{9b}'];
        assert!(!out.contains(commands), "{out:?}");
        assert!(
            !out.lines().any(|line| line.starts_with("\u{fffd}2J")),
            "{out:?}"
        );
    }
}
