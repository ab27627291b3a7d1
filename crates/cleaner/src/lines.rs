//! The lines of a story, whoever cut them out of the page: what is noise only because of where it
//! stands or what stands beside it.

use crate::{
    blocks::ends_sentence,
    characters::fold,
    headline::agree,
    noise::{Noise, Verdict},
};

/// Bytes of story from which a heading such as "Latest stories" ends it.
const STORY_BYTES_MIN: usize = 300;

/// Lines at the top in which the headline, breadcrumbs and captions are looked for.
const HEAD_LINES: usize = 8;

/// Bytes of the longest caption.
const CAPTION_BYTES_MAX: usize = 400;

/// Passes until nothing changes; ordinary text needs two.
const PASSES_MAX: usize = 16;

/// Removes noise lines until there are none left, so that cleaning clean lines changes nothing.
pub(crate) fn clean(mut lines: Vec<String>, title: Option<&str>, noise: &Noise) -> Vec<String> {
    for _ in 0..PASSES_MAX {
        let before = lines.len();
        lines = drop_judged(lines, noise);
        lines = drop_captions(lines, noise);
        lines = drop_headline(lines, title);
        lines = drop_repeats(lines);
        if lines.len() == before {
            break;
        }
    }
    lines
}

fn drop_judged(lines: Vec<String>, noise: &Noise) -> Vec<String> {
    let mut kept = Vec::with_capacity(lines.len());
    let mut bytes = 0;
    for line in lines {
        match noise.judge(&line) {
            Verdict::Keep => {
                bytes += line.len();
                kept.push(line);
            }
            Verdict::Ends if bytes >= STORY_BYTES_MIN => break,
            Verdict::Drop | Verdict::Ends => {}
        }
    }
    kept
}

/// Drops a caption that stands twice, once with the agency that took the picture: both go.
fn drop_captions(lines: Vec<String>, noise: &Noise) -> Vec<String> {
    let short = |line: &String| {
        if line.len() <= CAPTION_BYTES_MAX {
            fold(line)
        } else {
            String::new()
        }
    };
    let folded: Vec<String> = lines.iter().map(short).collect();
    let mut dropped = vec![false; lines.len()];
    for at in 0..lines.len() {
        if folded[at].is_empty() {
            continue;
        }
        let near = at + 1..lines.len().min(at + 4);
        for other in near.filter(|&other| !folded[other].is_empty()) {
            let (short, long) = if folded[at].len() <= folded[other].len() {
                (at, other)
            } else {
                (other, at)
            };
            let credited = folded[long]
                .strip_prefix(folded[short].as_str())
                .is_some_and(|rest| rest.starts_with(' ') && noise.is_agency(rest.trim()));
            let same = at + 1 == other
                && folded[at] == folded[other]
                && !ends_sentence(&lines[at])
                && at > 0;
            if credited || same {
                dropped[short] = true;
                dropped[long] = true;
            }
        }
        dropped[at] |=
            lines[at].len() < 80 && !ends_sentence(&lines[at]) && noise.is_agency(&folded[at]);
    }
    keep(lines, |at| !dropped[at])
}

/// Drops the headline and the breadcrumbs before it where they stand again above the text.
fn drop_headline(lines: Vec<String>, title: Option<&str>) -> Vec<String> {
    let title = title.map(fold).filter(|title| title.len() >= 8);
    let folded: Vec<String> = lines
        .iter()
        .take(HEAD_LINES + 3)
        .map(|line| fold(line))
        .collect();
    let is_headline = |line: &String| {
        title.as_ref().is_some_and(|title| {
            line == title
                || line.len() < 200
                    && title.len() * 10 >= line.len() * 8
                    && agree(line, title)
                    && title.contains(line.as_str())
        })
    };
    let leads_to = |line: &String, headline: &String| {
        headline.len() >= 20
            && line
                .strip_suffix(headline.as_str())
                .is_some_and(|crumbs| !crumbs.is_empty() && crumbs.len() <= 60)
    };
    keep(lines, |at| {
        if at >= HEAD_LINES.min(folded.len()) {
            return true;
        }
        let line = &folded[at];
        let crumbs = title
            .iter()
            .chain(&folded[at + 1..folded.len().min(at + 4)])
            .any(|headline| leads_to(line, headline));
        !is_headline(line) && !crumbs
    })
}

/// Drops what stands again, word for word.
fn drop_repeats(lines: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    let first: Vec<bool> = lines
        .iter()
        .map(|line| line.len() < 40 || seen.insert(line.clone()))
        .collect();
    keep(lines, |at| first[at])
}

fn keep(lines: Vec<String>, wanted: impl Fn(usize) -> bool) -> Vec<String> {
    lines
        .into_iter()
        .enumerate()
        .filter(|(at, _)| wanted(*at))
        .map(|(_, line)| line)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(title: Option<&str>, lines: &[&str], expected: &[&str]) {
        let noise = Noise::new();
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        let once = clean(lines, title, &noise);
        assert_eq!(once, expected);
        assert_eq!(
            clean(once.clone(), title, &noise),
            once,
            "cleaning is idempotent"
        );
    }

    const LONG: &str = "Nine soldiers were wounded when a convoy drove over a mine on the road to the border, the army said.";

    #[test]
    fn a_caption_with_and_without_its_agency_is_noise() {
        check(
            None,
            &[
                "A convoy on the border road",
                "A convoy on the border road AFP",
                LONG,
            ],
            &[LONG],
        );
        check(
            None,
            &[
                "A convoy on the border road",
                "A convoy on the border road Photo: EFE/Archivo",
                LONG,
            ],
            &[LONG],
        );
    }

    #[test]
    fn the_headline_is_not_part_of_the_text() {
        let title = "Nine soldiers wounded on border road";
        check(
            Some(title),
            &["HomeWorldNine soldiers wounded on border road", title, LONG],
            &[LONG],
        );
        check(
            Some(title),
            &["Nine soldiers wounded on border road!", LONG],
            &[LONG],
        );
    }

    #[test]
    fn a_heading_of_other_stories_ends_the_text_that_is_there() {
        let text = LONG.repeat(4);
        check(
            None,
            &[&text, "Latest Stories", "Some other story of today"],
            &[&text],
        );
        check(None, &["Latest Stories", LONG], &[LONG]);
    }
}
