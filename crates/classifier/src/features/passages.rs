//! Passages: a story's sentences, each as the set of what stands in it, for models that judge by the
//! few sentences that tell most.
//!
//! In a passage count its words and stems, pairs of stems, the classes that the knowledge has for
//! its words (event types, other subjects, kinds of actors, places), which classes stand in it
//! together, and what stands within two words of each. Names are taken out as in [`super::grams`].

use super::grams::{self, Token, hashed, hashed_on, mixed};
use crate::{
    fold::Words,
    matcher::{Hit, Kind},
    reading::{Part, Reading},
};

/// Version of what a passage's numbers mean.
pub(crate) const VERSION: u32 = 1;
/// Bits of a hash that are kept.
pub(crate) const BITS: u32 = 22;
/// Most words and names of a passage: what has no full stop is cut.
const TOKENS_MAX: usize = 100;
/// How far from a class its neighbours stand.
const NEAR: usize = 2;

/// A sentence, and what stands in it.
#[derive(Clone, Debug)]
pub(crate) struct Passage {
    /// The part of the story.
    pub part: u8,
    /// Its words.
    pub words: (u32, u32),
    /// What stands in it, by number, each once.
    pub features: Vec<Placed>,
}

/// A number, and the words that it first stands for in its passage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Placed {
    pub number: u32,
    pub words: (u32, u32),
}

/// What a number is of; the same words mean another number in each. A word that is its own stem
/// counts once.
const WORD: u64 = 0;
const PAIR: u64 = 0x85eb_ca6b_27d4_eb2f;
const CLASS: u64 = 0x2545_f491_4f6c_dd1d;
const TOGETHER: u64 = 0x9e6c_63d0_876a_68ee;
const BEFORE: u64 = 0xc2b2_ae3d_27d4_eb4f;
const AFTER: u64 = 0x1656_67b1_9e37_79f9;

/// All passages of a story.
pub(crate) fn all(reading: &Reading<'_>) -> Vec<Passage> {
    let mut passages = Vec::new();
    let mut tokens = Vec::new();
    for (number, part) in reading.parts.iter().enumerate() {
        tokens.clear();
        grams::tokenise(part, reading.knowledge, usize::MAX, &mut tokens);
        let classes = classes(part, reading, &tokens);
        let mut rest = 0..tokens.len();
        while !rest.is_empty() {
            let range = rest.start..end(part, &tokens, rest.start);
            rest.start = range.end;
            let (first, last) = (&tokens[range.start], &tokens[range.end - 1]);
            passages.push(Passage {
                part: number as u8,
                words: (first.words.0, last.words.1),
                features: features(&tokens, &classes, range),
            });
        }
    }
    passages
}

/// The passages in which a person's reasons for a label stand: those that hold most of the strings,
/// and those that hold two or more.
pub(crate) fn witnesses(reading: &Reading<'_>, reasons: &[String]) -> Vec<bool> {
    let reasons: Vec<_> = reasons
        .iter()
        .map(|reason| Words::of_name(reason))
        .collect();
    let held = |passage: Passage| {
        let words = &reading.parts[usize::from(passage.part)].words;
        let range = passage.words.0 as usize..passage.words.1 as usize;
        let stands = |reason: &&Words| stands(reason, words, range.clone());
        reasons.iter().filter(stands).count()
    };
    let held: Vec<_> = all(reading).into_iter().map(held).collect();
    let most = held.iter().copied().max().unwrap_or(0);
    let witness = |held: &usize| *held > 0 && (*held == most || *held >= 2);
    held.iter().map(witness).collect()
}

/// Whether the words of a string stand one behind the other in a range of words.
fn stands(string: &Words, words: &Words, range: std::ops::Range<usize>) -> bool {
    let all = &words.all()[range];
    let same = |window: &[_]| {
        let mut pairs = window.iter().zip(string.all());
        pairs.all(|(word, wanted)| words.folded(word) == string.folded(wanted))
    };
    string.len() > 0 && all.windows(string.len()).any(same)
}

/// Where the passage that begins at a token ends.
fn end(part: &Part<'_>, tokens: &[Token], start: usize) -> usize {
    let last = tokens.len().min(start + TOKENS_MAX);
    let words = part.words.all();
    let ends = |at: &usize| {
        let before = words[tokens[at - 1].words.1 as usize - 1].bytes.1;
        let behind = words[tokens[*at].words.0 as usize].bytes.0;
        parts(&part.text[before as usize..behind as usize])
    };
    (start + 1..last).find(ends).unwrap_or(last)
}

/// Whether what stands between two words parts sentences. A single line break does not: lines may
/// be broken anywhere.
fn parts(between: &str) -> bool {
    let (mut stopped, mut breaks) = (false, 0);
    between.chars().any(|c| {
        match c {
            '.' | '!' | '?' | '…' | ';' => stopped = true,
            '\n' => breaks += 1,
            c if !c.is_whitespace() => breaks = 0,
            _ => {}
        }
        c.is_whitespace() && (stopped || breaks > 1)
    })
}

/// A class of the knowledge, and the tokens that it has it from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Class {
    start: usize,
    end: usize,
    hash: u64,
}

fn classes(part: &Part<'_>, reading: &Reading<'_>, tokens: &[Token]) -> Vec<Class> {
    let hits = [&part.terms, &part.domains, &part.vetoes, &part.names];
    let mut classes = Vec::new();
    for hit in hits.into_iter().flatten() {
        let start = tokens.partition_point(|token| token.words.1 <= hit.start);
        let end = tokens.partition_point(|token| token.words.0 < hit.end);
        let hashes = hashes(part, reading, *hit);
        classes.extend(hashes.map(|hash| Class { start, end, hash }));
    }
    classes.sort_unstable();
    classes.dedup();
    classes
}

/// What the knowledge has a hit for.
fn hashes<'r>(
    part: &'r Part<'_>,
    reading: &'r Reading<'_>,
    hit: Hit,
) -> impl Iterator<Item = u64> + 'r {
    let terms = &reading.knowledge.terms;
    let of = |kind: &str, name: &str| Some(hashed_on(hashed(kind), name));
    let admitted = part.admitted(&reading.knowledge.matcher, hit);
    admitted.filter_map(move |payload| {
        let index = payload.index as usize;
        match payload.kind {
            Kind::Lexicon => {
                let entry = terms.lexicon[index];
                let event_type = &terms.taxonomy.event_types[usize::from(entry.event_type)];
                let meant = reading.lang.is_none_or(|lang| lang == entry.lang);
                meant.then(|| of("event:", &event_type.name)).flatten()
            }
            Kind::Domain => of("domain:", &terms.domains[usize::from(terms.traps[index].1)]),
            Kind::Veto => of("veto", ""),
            Kind::Actor => {
                let actor = terms.actor_names[index].actor;
                of("actor:", &terms.actors[usize::from(actor)].kind)
            }
            Kind::Place | Kind::Country | Kind::Demonym => of("place", ""),
            _ => None,
        }
    })
}

/// What stands in one passage, which is a range of the tokens.
fn features(tokens: &[Token], classes: &[Class], range: std::ops::Range<usize>) -> Vec<Placed> {
    let from = classes.partition_point(|class| class.start < range.start);
    let to = classes.partition_point(|class| class.start < range.end);
    let mut gathered = Gathered {
        tokens,
        features: Vec::with_capacity(8 * range.len()),
    };
    gathered.words(range.clone());
    gathered.neighbours(&classes[from..to], range);
    gathered.together(&classes[from..to]);
    let mut features = gathered.features;
    features.sort_unstable();
    features.dedup_by_key(|placed| placed.number);
    features
}

struct Gathered<'t> {
    tokens: &'t [Token],
    features: Vec<Placed>,
}

impl Gathered<'_> {
    /// Adds a number that stands for the tokens from one to another, whichever comes first.
    fn add(&mut self, space: u64, hash: u64, one: usize, other: usize) {
        let (first, last) = (one.min(other), one.max(other));
        self.features.push(Placed {
            number: (mixed(hash ^ space) >> (64 - BITS)) as u32,
            words: (self.tokens[first].words.0, self.tokens[last].words.1),
        });
    }

    /// Words, stems, and pairs of stems.
    fn words(&mut self, range: std::ops::Range<usize>) {
        let tokens = self.tokens;
        for at in range.clone() {
            let token = &tokens[at];
            self.add(WORD, token.hash, at, at);
            self.add(WORD, token.stem, at, at);
            if at + 1 < range.end {
                self.add(PAIR, both(token.stem, tokens[at + 1].stem), at, at + 1);
            }
        }
    }

    /// Classes, and what stands near them: words, and other classes.
    fn neighbours(&mut self, here: &[Class], range: std::ops::Range<usize>) {
        for class in here {
            self.add(CLASS, class.hash, class.start, class.start);
            let before = class.start.saturating_sub(NEAR).max(range.start)..class.start;
            let after = class.end..(class.end + NEAR).min(range.end);
            for (space, near) in [(BEFORE, before), (AFTER, after)] {
                for at in near {
                    let hash = both(class.hash, self.tokens[at].stem);
                    self.add(space, hash, class.start, at);
                }
            }
            let beside = class.end..class.end + NEAR;
            for other in here.iter().filter(|other| beside.contains(&other.start)) {
                let (behind, ahead) = (other.hash, class.hash);
                self.add(AFTER, both(ahead, behind), class.start, other.start);
                self.add(BEFORE, both(behind, ahead), class.start, other.start);
            }
        }
    }

    /// Classes that stand in one passage, wherever.
    fn together(&mut self, here: &[Class]) {
        let distinct = distinct(here);
        for (number, class) in distinct.iter().enumerate() {
            for other in &distinct[number + 1..] {
                let hash = both(class.hash, other.hash);
                self.add(TOGETHER, hash, class.start, other.start);
            }
        }
    }
}

/// Each class once, where it first stands, by their hashes.
fn distinct(classes: &[Class]) -> Vec<Class> {
    let mut distinct = classes.to_vec();
    distinct.sort_by_key(|class| (class.hash, class.start));
    distinct.dedup_by_key(|class| class.hash);
    distinct
}

fn both(first: u64, second: u64) -> u64 {
    first.rotate_left(17).wrapping_add(second)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use story::{Article, Lang, TextSource};

    use super::*;
    use crate::knowledge::{Knowledge, KnowledgeFiles};

    static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(|| {
        Knowledge::parse(KnowledgeFiles::embedded()).expect("the shipped knowledge")
    });

    fn article(title: &str, text: &str) -> Article {
        Article {
            lang: Some(Lang::EN),
            ..Article::new(title.to_owned(), text.to_owned(), TextSource::Text)
        }
    }

    /// The passages as they stand in the article.
    fn quoted(article: &Article) -> Vec<String> {
        let reading = Reading::of(article, &KNOWLEDGE);
        let quote = |passage: Passage| {
            let part = &reading.parts[usize::from(passage.part)];
            part.quote_words(passage.words).0.to_owned()
        };
        all(&reading).into_iter().map(quote).collect()
    }

    fn numbers(text: &str) -> Vec<Vec<u32>> {
        let article = article("", text);
        let reading = Reading::of(&article, &KNOWLEDGE);
        let numbers = |passage: Passage| passage.features.iter().map(|at| at.number).collect();
        all(&reading).into_iter().map(numbers).collect()
    }

    #[test]
    fn passages_are_sentences_however_their_lines_are_broken() {
        let check = |text: &str, expected: &[&str]| {
            assert_eq!(quoted(&article("", text)), expected, "{text:?}");
        };
        check(
            "Rain fell. \"It stopped!\" Sun",
            &["Rain fell", "It stopped", "Sun"],
        );
        check(
            "Rain fell on\nthe hills; then\nsnow.",
            &["Rain fell on\nthe hills", "then\nsnow"],
        );
        check("A heading\n\nRain fell", &["A heading", "Rain fell"]);
        check(
            "Costs 4.5 more at no.4 or a.m. today",
            &["Costs 4.5 more at no.4 or a.m", "today"],
        );
        check("¿Qué pasó? Llovió", &["Qué pasó", "Llovió"]);
        check("", &[]);
        let both = article("Rain. Snow", "Hail");
        assert_eq!(quoted(&both), ["Rain", "Snow", "Hail"]);
    }

    #[test]
    fn what_has_no_full_stop_is_cut() {
        let passages = numbers(&"rain ".repeat(5 * TOKENS_MAX / 2));
        assert_eq!(passages.len(), 3);
    }

    #[test]
    fn a_passage_has_its_words_what_stands_in_it_together_and_no_names() {
        let of = |text: &str| numbers(text).remove(0);
        let common = |a: &str, b: &str| {
            let b = of(b);
            of(a)
                .into_iter()
                .filter(|number| b.contains(number))
                .count()
        };
        assert_eq!(of("rain and rain"), of("rain and rain and rain"));
        assert_eq!(of("it rained in Medellín"), of("it rained in Bogotá"));
        assert_eq!(common("hail", "rain"), 0);
        // Word and stem, which are one where the word is short.
        assert_eq!((of("rain").len(), of("raining").len()), (1, 2));
        // Two classes of the knowledge that stand in one sentence, whatever lies between.
        let apart = "a bomb was found and in the other town after many days a man was kidnapped";
        let near = "kidnapped after a bomb";
        assert!(common(apart, near) > common("a bomb was found", near) + 2);
    }

    #[test]
    fn the_passages_that_hold_a_persons_reasons_are_witnesses() {
        let text =
            "The mayor spoke of Itagüí\nbridge. It rained. Gunmen shot the mayor. Crowds ran.";
        let article = article("", text);
        let check = |reasons: &[&str], expected: [bool; 4]| {
            let reasons: Vec<_> = reasons.iter().map(|reason| (*reason).to_owned()).collect();
            let reading = Reading::of(&article, &KNOWLEDGE);
            assert_eq!(witnesses(&reading, &reasons), expected, "{reasons:?}");
        };
        check(&["ITAGUI BRIDGE"], [true, false, false, false]);
        check(&["the mayor"], [true, false, true, false]);
        // Where more of them stand together, that is where the reasons are.
        check(&["mayor", "gunmen"], [false, false, true, false]);
        check(
            &["mayor", "bridge", "gunmen", "shot"],
            [true, false, true, false],
        );
        // No part of a word, nothing across sentences, nothing that does not stand there.
        check(&["may", "rained gunmen", "a fire", "", "…"], [false; 4]);
    }

    #[test]
    fn no_text_makes_more_numbers_than_its_words_allow() {
        let hostile = [
            "bomb kidnapped killed Medellín ELN ".repeat(20_000),
            "a. ".repeat(100_000),
            "\n\n\n".repeat(100_000) + "x",
            "bomb".to_owned() + &" \u{301}.".repeat(50_000),
        ];
        for text in hostile {
            let passages = numbers(&text);
            assert!(
                passages
                    .iter()
                    .all(|numbers| numbers.len() < 100 * TOKENS_MAX)
            );
        }
    }
}
