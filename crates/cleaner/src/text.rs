//! Plain text that some other scraper made of a page: its lines, and the headline among them.

use crate::{
    blocks::ends_sentence,
    characters::{fold, tidy},
    lines,
    noise::Noise,
};

/// Letters of a headline that was made of a first sentence.
const TITLE_CHARS_MAX: usize = 120;

/// Lines among which a headline is looked for.
const HEADLINE_LINES: usize = 4;

/// Cleans a text; returns its headline and its paragraphs.
pub(crate) fn clean(title: Option<&str>, text: &str, noise: &Noise) -> (String, Vec<String>) {
    let stated = title.map(tidy).filter(|title| !title.is_empty());
    let lines = lines::clean(split(text), stated.as_deref(), noise);
    if let Some(title) = stated {
        return (title, lines);
    }
    if let Some(at) = headline(&lines) {
        let title = lines[at].clone();
        let rest = lines
            .into_iter()
            .enumerate()
            .filter(|(other, _)| *other != at)
            .map(|(_, line)| line);
        return (
            title.clone(),
            lines::clean(rest.collect(), Some(&title), noise),
        );
    }
    (
        lines
            .first()
            .map(|line| first_sentence(line))
            .unwrap_or_default(),
        lines,
    )
}

/// The lines of a text. Paragraphs that were broken at a fixed width are joined again.
fn split(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines = Vec::new();
    let mut paragraph: Vec<String> = Vec::new();
    for line in text
        .split(['\n', '\u{2028}', '\u{2029}', '\u{0B}', '\u{0C}', '\u{85}'])
        .map(tidy)
        .chain([String::new()])
    {
        if line.is_empty() {
            lines.append(&mut rejoin(std::mem::take(&mut paragraph)));
        } else {
            paragraph.push(line);
        }
    }
    lines
}

fn rejoin(lines: Vec<String>) -> Vec<String> {
    let Some((_, full)) = lines.split_last().filter(|(_, full)| full.len() >= 2) else {
        return lines;
    };
    let wrapped = full.iter().all(|line| (40..=100).contains(&line.len()));
    let cut = full.iter().filter(|line| !ends_sentence(line)).count();
    if wrapped && cut * 10 >= full.len() * 7 {
        vec![lines.join(" ")]
    } else {
        lines
    }
}

/// The first line that reads like a headline: it ends as no sentence does, and running text follows.
fn headline(lines: &[String]) -> Option<usize> {
    let prose = lines
        .iter()
        .position(|line| line.len() >= 80 && ends_sentence(line))?;
    (0..prose.min(HEADLINE_LINES)).find(|&at| {
        let line = &lines[at];
        let words = fold(line).split(' ').count();
        let ends_open = !line.ends_with(['.', ':', ',', ';', '…', ')']);
        ends_open && (4..=30).contains(&words) && line.len() <= 200
    })
}

/// The first sentence of a paragraph, cut at a word where it is long.
fn first_sentence(line: &str) -> String {
    let end = line
        .match_indices(['.', '!', '?'])
        .map(|(at, mark)| at + mark.len())
        .find(|&end| end >= 40 && line[end..].starts_with(' '))
        .unwrap_or(line.len());
    let sentence = line[..end].trim_end_matches('.');
    if sentence.chars().count() <= TITLE_CHARS_MAX {
        return sentence.to_owned();
    }
    let cut: String = sentence.chars().take(TITLE_CHARS_MAX).collect();
    let whole = cut.rfind(' ').filter(|at| *at > 0).unwrap_or(cut.len());
    format!("{}…", cut[..whole].trim_end_matches([',', ';', ':', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAD: &str = "Nine soldiers were wounded when a convoy drove over a mine on the border road, the army said.";
    const SECOND: &str = "The region has long been held by a gang that lives off smuggling, officials in the capital say.";

    fn check(text: &str, title: &str, expected: &[&str]) {
        let noise = Noise::default();
        let (got_title, lines) = clean(None, text, &noise);
        assert_eq!(
            (got_title.as_str(), lines.as_slice()),
            (
                title,
                expected
                    .iter()
                    .map(|s| (*s).to_owned())
                    .collect::<Vec<_>>()
                    .as_slice()
            )
        );
    }

    #[test]
    fn a_headline_line_becomes_the_title() {
        let text = format!(
            "Tuesday, May 2, 2023\nHomeWorldMine: Nine soldiers are wounded near the border\n\nMine: Nine soldiers are wounded near the border\n\n\n- Advertisement -\n\n{LEAD}\n\n- Advertisement -\n\n{SECOND}\n\n{LEAD} {SECOND}\n\nRelated articles\n\n\nPlease enter your comment!\nStay Connected\n\nLatest posts"
        );
        let both = format!("{LEAD} {SECOND}");
        check(
            &text,
            "Mine: Nine soldiers are wounded near the border",
            &[LEAD, SECOND, &both],
        );
    }

    #[test]
    fn without_one_the_first_sentence_names_the_text_and_stays_in_it() {
        check(
            &format!(
                "Audio By Carbonatix\n{LEAD}\n{SECOND}\n{LEAD} {SECOND}\nA post on XÂ of a map\nLatest Stories\n-\nSomething else happened\n2 minutes -"
            ),
            LEAD.trim_end_matches('.'),
            &[
                LEAD,
                SECOND,
                &format!("{LEAD} {SECOND}"),
                "A post on X of a map",
            ],
        );
        check(
            &format!("A convoy seen from the air\nA convoy seen from the air AFP\n\n{LEAD}"),
            LEAD.trim_end_matches('.'),
            &[LEAD],
        );
    }

    #[test]
    fn text_broken_at_a_fixed_width_is_joined() {
        let wrapped = "Nine soldiers were wounded when a convoy drove over a\nmine on the border road, the army said in a statement\nthat it gave on Monday.";
        check(
            wrapped,
            "Nine soldiers were wounded when a convoy drove over a mine on the border road, the army said in a statement that it…",
            &[&wrapped.replace('\n', " ")],
        );
    }
}
