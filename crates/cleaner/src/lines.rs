//! The lines of a story, whoever cut them out of the page: what is noise only because of where it
//! stands or what stands beside it.

use std::cell::OnceCell;

use rustc_hash::FxHashSet;

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

/// A line and, once it was asked for, its folded form.
struct Line {
    text: String,
    folded: OnceCell<String>,
}

impl Line {
    fn new(text: String) -> Self {
        Self {
            text,
            folded: OnceCell::new(),
        }
    }

    fn folded(&self) -> &str {
        self.folded.get_or_init(|| fold(&self.text))
    }

    /// Its folded form, if it is short enough for a caption and says anything.
    fn as_caption(&self) -> Option<&str> {
        let short = self.text.len() <= CAPTION_BYTES_MAX;
        short.then(|| self.folded()).filter(|line| !line.is_empty())
    }
}

/// Removes noise lines until there are none left, so that cleaning clean lines changes nothing.
pub(crate) fn clean(lines: Vec<String>, title: Option<&str>, noise: &Noise) -> Vec<String> {
    let title = title.map(fold).filter(|title| title.len() >= 8);
    // What a line is by itself stays so; only what depends on its neighbours is asked again.
    let mut lines = judged(lines, noise);
    for _ in 0..PASSES_MAX {
        let before = lines.len();
        lines = drop_captions(lines, noise);
        lines = drop_headline(lines, title.as_deref());
        lines = drop_repeats(lines);
        if lines.len() == before {
            break;
        }
    }
    lines.into_iter().map(|line| line.text).collect()
}

/// The lines that are no noise by themselves.
fn judged(lines: Vec<String>, noise: &Noise) -> Vec<Line> {
    let mut kept = Vec::with_capacity(lines.len());
    let mut bytes = 0;
    for line in lines {
        match noise.judge(&line) {
            Verdict::Keep => {
                bytes += line.len();
                kept.push(Line::new(line));
            }
            Verdict::Ends if bytes >= STORY_BYTES_MIN => break,
            Verdict::Drop | Verdict::Ends => {}
        }
    }
    kept
}

/// Drops a caption that stands twice, once with the agency that took the picture: both go.
fn drop_captions(lines: Vec<Line>, noise: &Noise) -> Vec<Line> {
    let mut dropped = vec![false; lines.len()];
    for at in 0..lines.len() {
        let Some(caption) = lines[at].as_caption() else {
            continue;
        };
        let is_open = || !ends_sentence(&lines[at].text);
        for other in at + 1..lines.len().min(at + 4) {
            let Some(near) = lines[other].as_caption() else {
                continue;
            };
            let (short, long) = if caption.len() <= near.len() {
                (caption, near)
            } else {
                (near, caption)
            };
            let credited = long
                .strip_prefix(short)
                .is_some_and(|rest| rest.starts_with(' ') && noise.is_agency(rest.trim()));
            let same = at + 1 == other && caption == near && at > 0 && is_open();
            if credited || same {
                dropped[at] = true;
                dropped[other] = true;
            }
        }
        dropped[at] |= lines[at].text.len() < 80 && is_open() && noise.is_agency(caption);
    }
    keep(lines, &dropped)
}

/// Drops the headline and the breadcrumbs before it where they stand again above the text.
fn drop_headline(lines: Vec<Line>, title: Option<&str>) -> Vec<Line> {
    let is_headline = |line: &str| {
        title.is_some_and(|title| {
            line == title
                || line.len() < 200
                    && title.len() * 10 >= line.len() * 8
                    && agree(line, title)
                    && title.contains(line)
        })
    };
    let leads_to = |line: &str, headline: &str| {
        headline.len() >= 20
            && line
                .strip_suffix(headline)
                .is_some_and(|crumbs| !crumbs.is_empty() && crumbs.len() <= 60)
    };
    let mut dropped = vec![false; lines.len()];
    for at in 0..lines.len().min(HEAD_LINES) {
        let line = lines[at].folded();
        let below = lines[at + 1..].iter().take(3).map(Line::folded);
        let crumbs = title
            .into_iter()
            .chain(below)
            .any(|headline| leads_to(line, headline));
        dropped[at] = is_headline(line) || crumbs;
    }
    keep(lines, &dropped)
}

/// Drops sentences that stand again, word for word. Lists repeat their items with reason.
fn drop_repeats(lines: Vec<Line>) -> Vec<Line> {
    let mut seen = FxHashSet::default();
    let dropped: Vec<bool> = lines
        .iter()
        .map(|line| {
            line.text.len() >= 60 && ends_sentence(&line.text) && !seen.insert(line.text.as_str())
        })
        .collect();
    keep(lines, &dropped)
}

fn keep(mut lines: Vec<Line>, dropped: &[bool]) -> Vec<Line> {
    let mut dropped = dropped.iter();
    lines.retain(|_| dropped.next() == Some(&false));
    lines
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
    fn sentences_that_stand_again_go_and_items_stay() {
        let item = "Asparagus and eggs: one cup of asparagus, two soft-boiled eggs, half a potato";
        check(
            None,
            &[LONG, item, "Dinner", item, LONG],
            &[LONG, item, "Dinner", item],
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
