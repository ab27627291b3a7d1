//! The headline, without what the outlet writes around it.

use rustc_hash::FxHashSet;
use url::Url;

use crate::characters::{fold, tidy};

/// Letters that the fold of a line needs to be told from a section's or an outlet's name.
const HEADLINE_BYTES_MIN: usize = 8;

/// Letters of a headline that no other line of a page has by chance.
const SURE_BYTES_MIN: usize = 15;

/// Words of a first-level heading that is a headline though no title says the same.
const WORDS_MIN: usize = 4;

/// What ends a kicker that stands in one line with its headline; a colon also ends a speaker's
/// name or a place, which belong to it.
const KICKER_ENDS: &[&str] = &[" - ", " – ", " — ", " | "];

/// Second-level headings among which a headline under the first may stand.
const SUBHEADINGS_MAX: usize = 3;

/// The headline: of the page's own headings the one that its titles agree on, else the best title.
/// `titles` are JSON-LD's, the social one and the page's, best first.
pub(crate) fn choose(
    titles: [Option<String>; 3],
    headings: &[String],
    subheadings: &[String],
    outlet: Option<&str>,
    url: Option<&Url>,
) -> Option<String> {
    let site = Site::new(outlet, url);
    let lines = |texts: &[String]| -> Vec<Line> {
        let texts = texts.iter().cloned();
        texts.filter_map(Line::of).collect()
    };
    let headings = lines(headings);
    let subheadings = lines(subheadings);
    let titles = titles.map(|title| {
        let title = Line::of(tidy(&title?))?;
        // What a heading says whole has no outlet's name around it.
        let is_shown = headings
            .iter()
            .any(|heading| heading.folded == title.folded);
        if is_shown {
            return Some(title);
        }
        Line::of(site.bare(&title.text))
    });
    let stated = || titles.iter().flatten();
    let agreed = headings.iter().find(|heading| {
        heading.folded.len() >= HEADLINE_BYTES_MIN
            && stated().any(|title| agree(&heading.folded, &title.folded))
    });
    let heading = agreed
        .or_else(|| part_of_title(&headings, &titles, &site))
        .or_else(|| only_heading(&headings, &subheadings, &titles, &site));
    let chosen = shown_below(heading, &titles, &subheadings)
        .or_else(|| by_kicker(heading?, &titles))
        .or_else(|| stated_twice(heading?, &titles))
        .or(heading)
        .or_else(|| stated().next())
        .or_else(|| headings.first());
    heading
        .and_then(|heading| behind_kickers(heading, &titles))
        .or_else(|| chosen.map(|line| line.text.clone()))
}

/// A line and what it is compared by.
struct Line {
    text: String,
    folded: String,
}

impl Line {
    fn of(text: String) -> Option<Self> {
        let folded = fold(&text);
        (!text.is_empty()).then_some(Self { text, folded })
    }

    /// Whether the words of `part` are the last of several.
    fn ends_with(&self, part: &Self) -> bool {
        let head = self.folded.strip_suffix(part.folded.as_str());
        part.folded.len() >= HEADLINE_BYTES_MIN && head.is_some_and(|head| head.ends_with(' '))
    }
}

/// The heading that is a part of a longer title: "Heading — Outlet — what the outlet does".
fn part_of_title<'l>(
    headings: &'l [Line],
    titles: &[Option<Line>; 3],
    site: &Site,
) -> Option<&'l Line> {
    // The longest part: shorter ones are topics, sections and outlets.
    let parts = titles.iter().flatten().filter_map(|title| {
        let ends = |c: char| matches!(c, '|' | '｜' | '—' | '–' | '-' | '·' | '•' | ':' | '：');
        title.text.split(ends).map(fold).max_by_key(String::len)
    });
    let parts: FxHashSet<String> = parts.collect();
    headings.iter().find(|heading| {
        let words = heading.folded.split(' ').count();
        let is_long = words >= 3 || !heading.folded.is_ascii();
        heading.folded.len() >= HEADLINE_BYTES_MIN
            && is_long
            && parts.contains(&heading.folded)
            && !site.is_name(&heading.text)
    })
}

/// The page's only heading of the first level, where its titles say something else.
fn only_heading<'l>(
    headings: &'l [Line],
    subheadings: &[Line],
    titles: &[Option<Line>; 3],
    site: &Site,
) -> Option<&'l Line> {
    // What JSON-LD calls the headline is one.
    if titles[0].is_some() {
        return None;
    }
    // Where a heading under it is a part of a title, the first one is the outlet's slogan.
    let is_titled = |line: &Line| {
        let mut titles = titles.iter().flatten();
        line.folded.len() >= SURE_BYTES_MIN
            && titles.any(|title| title.folded.starts_with(&line.folded))
    };
    if subheadings.iter().take(SUBHEADINGS_MAX).any(is_titled) {
        return None;
    }
    let mut long = headings.iter().filter(|heading| {
        heading.folded.split(' ').count() >= WORDS_MIN && !site.is_name(&heading.text)
    });
    let only = long.next();
    only.filter(|_| long.next().is_none())
}

/// The stated headline that stands under a first one made for search engines.
fn shown_below<'t>(
    heading: Option<&Line>,
    titles: &'t [Option<Line>; 3],
    subheadings: &[Line],
) -> Option<&'t Line> {
    titles[..2].iter().flatten().find(|title| {
        title.folded.len() >= SURE_BYTES_MIN
            && heading.is_none_or(|heading| heading.folded != title.folded)
            && subheadings
                .iter()
                .take(SUBHEADINGS_MAX)
                // A kicker may stand before it in the same heading.
                .any(|line| line.folded == title.folded || line.ends_with(title))
    })
}

/// What follows a kicker in a heading and follows quite another one in the social title.
fn behind_kickers(heading: &Line, titles: &[Option<Line>; 3]) -> Option<String> {
    let parts = |line: &Line, ends: &[&str]| -> Option<(String, String)> {
        let (kicker, rest) = ends.iter().find_map(|end| line.text.split_once(end))?;
        Some((fold(kicker), rest.trim().to_owned()))
    };
    let (kicker, shown) = parts(heading, KICKER_ENDS)?;
    let social = titles[1].as_ref()?;
    let (other, stated) = parts(social, &[": "]).or_else(|| parts(social, KICKER_ENDS))?;
    let is_other = !kicker
        .split(' ')
        .any(|word| other.split(' ').any(|w| w == word));
    let is_one = fold(&shown) == fold(&stated) && fold(&shown).len() >= SURE_BYTES_MIN;
    (is_other && is_one).then_some(shown)
}

/// The headline that two sources state in the same words, where the heading is worded as nothing
/// else is: JSON-LD's and the page's title, or JSON-LD's and the social one.
fn stated_twice<'t>(heading: &Line, titles: &'t [Option<Line>; 3]) -> Option<&'t Line> {
    let [Some(linked), Some(social), Some(page)] = titles else {
        return None;
    };
    let says = |line: &Line, other: &Line| line.folded == other.folded;
    let is_alone = !says(heading, linked) && !says(heading, social);
    let by_title = says(linked, page) && !says(linked, social);
    let by_social =
        says(linked, social) && says(heading, page) && !agree(&heading.folded, &linked.folded);
    (is_alone && (by_title || by_social)).then_some(linked)
}

/// The stated headline that is the heading but for the line above it, which one of them has.
fn by_kicker<'t>(heading: &Line, titles: &'t [Option<Line>; 3]) -> Option<&'t Line> {
    let [linked, social, _] = titles.each_ref().map(Option::as_ref);
    let is_one = linked
        .zip(social)
        .is_some_and(|(a, b)| a.folded == b.folded);
    if is_one {
        return linked.filter(|line| heading.ends_with(line) || line.ends_with(heading));
    }
    let is_headless =
        |line: &&Line| heading.ends_with(line) && line.folded.len() * 2 >= heading.folded.len();
    let is_heading = social.is_some_and(|social| social.folded == heading.folded);
    // A kicker in an element of its own may have no space after it.
    let is_joined = |line: &&Line| {
        line.folded != heading.folded
            && line.folded.replace(' ', "") == heading.folded.replace(' ', "")
    };
    social
        .filter(is_headless)
        .or_else(|| linked.filter(|line| !is_heading && is_headless(line)))
        .or_else(|| social.filter(is_joined))
}

/// Whether two folded headlines are of one story.
pub(crate) fn agree(a: &str, b: &str) -> bool {
    Sought::new(b).is_in(a)
}

/// Words of a headline that are compared.
const WORDS_MAX: usize = 60;

/// A folded headline or summary that many lines are compared with. What is asked of it is counted
/// once, so that a comparison costs no more than the line, however long this is.
pub(crate) struct Sought<'a> {
    text: &'a str,
    words: usize,
    first_words: Vec<&'a str>,
    known_words: FxHashSet<&'a str>,
}

impl<'a> Sought<'a> {
    /// What is looked for.
    pub(crate) fn new(folded: &'a str) -> Self {
        let first_words: Vec<&str> = folded.split(' ').take(WORDS_MAX).collect();
        Self {
            text: folded,
            words: folded.split(' ').count(),
            known_words: first_words.iter().copied().collect(),
            first_words,
        }
    }

    /// Whether a folded line says the same: one within the other, or most of their words shared.
    pub(crate) fn is_in(&self, line: &str) -> bool {
        if line.is_empty() || self.text.is_empty() {
            return false;
        }
        let is_short = line.len() < self.text.len();
        let (short, long) = if is_short {
            (line, self.text)
        } else {
            (self.text, line)
        };
        if short.len() * 2 >= long.len() && long.contains(short) {
            return true;
        }
        let words = line.split(' ').count();
        let (short_words, long_words) = if is_short {
            (words, self.words)
        } else {
            (self.words, words)
        };
        let compared = short_words.min(WORDS_MAX);
        let all = long_words.max(compared);
        compared * 10 >= all * 6 && self.shared_words(line, is_short) * 10 >= all * 6
    }

    /// How many words of the shorter one stand in the other.
    fn shared_words(&self, line: &str, line_is_short: bool) -> usize {
        let words = line.split(' ').take(WORDS_MAX);
        if line_is_short {
            return words.filter(|word| self.known_words.contains(word)).count();
        }
        let words: FxHashSet<&str> = words.collect();
        let sought = self.first_words.iter();
        sought.filter(|word| words.contains(**word)).count()
    }
}

/// What the outlet calls itself, to know its name at the end of a title.
struct Site {
    names: Vec<String>,
}

impl Site {
    fn new(outlet: Option<&str>, url: Option<&Url>) -> Self {
        let host = url.and_then(Url::host_str).unwrap_or_default();
        let labels = host
            .split('.')
            .filter(|label| label.len() > 3 && *label != "www");
        let names = outlet.map(fold).into_iter().chain(labels.map(fold));
        Self {
            names: names
                .map(|name| name.replace(' ', ""))
                .filter(|name| !name.is_empty())
                .collect(),
        }
    }

    fn is_name(&self, part: &str) -> bool {
        let part = fold(part).replace(' ', "");
        let close = |name: &String| {
            part == *name
                || (name.len() > 3
                    && part.len() > 3
                    && (part.contains(name.as_str()) && part.len() < name.len() * 3
                        || name.contains(part.as_str())))
        };
        part.is_empty() || self.names.iter().any(close)
    }

    /// A title without the outlet's name and section at its end or its beginning.
    fn bare(&self, title: &str) -> String {
        let tidied = tidy(title);
        let mut title = tidied.as_str();
        for separator in [
            " | ", " - ", " – ", " — ", " :: ", " · ", " • ", " » ", " « ", " ― ", " / ", "｜",
            "|", "：",
        ] {
            // Where the first word begins tells of every part at once whether it has any.
            let words_from = title.find(char::is_alphanumeric).unwrap_or(title.len());
            while let Some((head, tail)) = title.rsplit_once(separator) {
                if !self.is_name(tail) || head.len() <= words_from {
                    break;
                }
                title = head.trim_end();
            }
            if let Some((head, tail)) = title.split_once(separator)
                && self.names.contains(&fold(head).replace(' ', ""))
                && tail.len() > 15
            {
                title = tail.trim();
            }
        }
        title.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(a: &str, b: &str, expected: bool) {
        assert_eq!(agree(a, b), expected, "{a} / {b}");
        assert_eq!(agree(b, a), expected, "{b} / {a}");
    }

    #[test]
    fn headlines_agree_by_most_of_their_words() {
        check(
            "tres hombres hieren a dos guardias",
            "tres hombres hieren a dos",
            true,
        );
        check(
            "hieren a dos guardias en una mina",
            "dos guardias heridos en una mina",
            true,
        );
        check("tres hombres", "tres hombres hieren a dos guardias", false);
        check(
            "tres hombres hieren a dos guardias",
            "sube el precio del oro",
            false,
        );
        check("", "tres hombres", false);
        check("tres", &"tres ".repeat(70), false);
    }

    #[track_caller]
    fn check_choice(titles: [&str; 3], headings: &[&str], subheadings: &[&str], expected: &str) {
        let owned = |lines: &[&str]| {
            lines
                .iter()
                .map(|line| (*line).to_owned())
                .collect::<Vec<_>>()
        };
        let titles = titles.map(|title| Some(title.to_owned()).filter(|title| !title.is_empty()));
        let chosen = choose(
            titles,
            &owned(headings),
            &owned(subheadings),
            Some("El Diario"),
            None,
        );
        assert_eq!(chosen.unwrap_or_default(), expected);
    }

    const STORY: &str = "Tres hombres hieren a dos guardias";
    const OTHER: &str = "Sube el precio del oro en el norte";

    #[test]
    fn a_heading_that_only_a_part_of_a_title_says_is_taken() {
        let title =
            format!("{STORY} — La Mina — noticias de minas y puertos de todo el continente");
        check_choice(["", "", &title], &["La Mina", STORY], &[], STORY);
    }

    #[test]
    fn the_only_heading_outranks_titles_and_not_a_stated_headline() {
        check_choice(["", "", OTHER], &["El Diario", STORY], &[], STORY);
        check_choice(["", OTHER, OTHER], &[STORY], &[], STORY);
        check_choice([OTHER, "", ""], &[STORY], &[], OTHER);
        check_choice(
            ["", "", OTHER],
            &[STORY, "Lo que hay que saber hoy"],
            &[],
            OTHER,
        );
    }

    #[test]
    fn the_headline_under_one_for_search_engines_is_taken() {
        check_choice([STORY, OTHER, OTHER], &[OTHER], &[STORY, "Más"], STORY);
        check_choice(
            [STORY, OTHER, OTHER],
            &[OTHER],
            &["a", "b", "c", STORY],
            OTHER,
        );
    }

    #[test]
    fn a_kicker_goes_where_the_page_states_the_headline_without_it() {
        let both = format!("Una mina: {STORY}");
        check_choice([&both, STORY, &both], &[&both], &[], STORY);
        check_choice([STORY, STORY, ""], &[&both], &[], STORY);
        check_choice([&both, &both, ""], &[STORY], &[], &both);
        let apart = format!("Una mina / {STORY}");
        check_choice(
            ["", &apart, ""],
            &[&format!("Una mina{STORY}")],
            &[],
            &apart,
        );
    }

    #[test]
    fn two_kickers_before_one_headline_both_go() {
        let shown = format!("Una mina - {STORY}");
        check_choice(["", &format!("Minas: {STORY}"), ""], &[&shown], &[], STORY);
        check_choice(["", &shown, ""], &[&shown], &[], &shown);
        // A colon ends a speaker's name and a place.
        let said = format!("Presidente: {STORY}");
        check_choice(["", &format!("Petro: {STORY}"), ""], &[&said], &[], &said);
        check_choice(["", &format!("Minas: {OTHER}"), ""], &[&shown], &[], &shown);
    }

    #[test]
    fn a_topic_or_a_slogan_above_is_no_headline() {
        let both = format!("Minas del norte: {STORY}");
        check_choice([&both, &both, &both], &["Minas del norte"], &[], &both);
        let title = format!("{STORY} | El Diario");
        check_choice(
            ["", "", &title],
            &["El diario de los mineros libres"],
            &[STORY],
            STORY,
        );
        // The words of an outlet's name within a headline are not the outlet.
        let shown = "Diario - Sur: hora y canal para ver el partido";
        check_choice([shown, shown, shown], &[shown], &[], shown);
        let stated = "Diario y Sur - un partido que nadie quiso ver";
        check_choice(["", stated, ""], &[], &[], stated);
    }

    #[test]
    fn what_two_sources_state_alike_outranks_a_heading_that_is_alone() {
        let third = "Hieren a dos guardias de una mina";
        check_choice([OTHER, third, OTHER], &[STORY], &[], OTHER);
        check_choice([OTHER, OTHER, STORY], &[STORY], &[], OTHER);
        // Reworded a little, it is the heading that is read.
        let reworded = "Tres hombres armados hieren a dos guardias";
        check_choice([reworded, reworded, STORY], &[STORY], &[], STORY);
        check_choice([OTHER, STORY, OTHER], &[STORY], &[], STORY);
    }

    #[test]
    fn a_part_without_words_is_no_headline() {
        let site = Site::new(Some("El Diario"), None);
        assert_eq!(
            site.bare("Dos heridos | Judicial | El Diario"),
            "Dos heridos | Judicial"
        );
        assert_eq!(site.bare("… | El Diario"), "… | El Diario");
        assert_eq!(site.bare(&format!("x{}", " | .".repeat(5))), "x");
    }
}
