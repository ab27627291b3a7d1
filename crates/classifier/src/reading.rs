//! One pass over an article: every name, term, trap and cue of the knowledge, where it stands.

use rustc_hash::FxHashMap;
use story::{Article, Field, Lang};

use crate::{
    fold::{Shape, Word, Words},
    knowledge::{CueKind, Knowledge},
    matcher::{Case, Hit, Kind, Matcher, Payload},
};

/// Code points of a headline that are read.
const TITLE_CHARS_MAX: usize = 1_000;
/// Code points of a text that are read: about forty pages. What stands behind them is neither
/// judged nor annotated.
const TEXT_CHARS_MAX: usize = 100_000;
/// Words of the text that are its lead.
const LEAD_WORDS: u32 = 60;
/// Words at the start of a text without a headline that stand in for one.
const TITLE_WORDS: u32 = 22;
/// Words after which a text is background.
const BODY_WORDS: u32 = 600;

/// An article and what was found in it.
pub(crate) struct Reading<'a> {
    pub knowledge: &'a Knowledge,
    pub lang: Option<Lang>,
    /// The headline and the text.
    pub parts: [Part<'a>; 2],
}

/// The headline or the text.
pub(crate) struct Part<'a> {
    pub field: Field,
    pub text: &'a str,
    pub words: Words,
    /// Whether its first words stand in for a headline.
    headless: bool,
    /// Places, countries, institutions and actors; none inside another.
    pub names: Vec<Hit>,
    /// Terms of the lexicon; none inside another or inside a veto.
    pub terms: Vec<Hit>,
    /// Phrases that only look like violence.
    pub vetoes: Vec<Hit>,
    /// Words of other subjects.
    pub domains: Vec<Hit>,
    /// Words that tell what the name beside them does, in the order of the text.
    pub cues: Vec<(Hit, CueKind)>,
    /// Words that tell one actor from another, with the row of `umbrellas`.
    pub umbrellas: Vec<(Hit, u32)>,
}

/// How prominent a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Prominence {
    Background,
    Body,
    Lead,
    Title,
}

impl Prominence {
    pub(crate) fn weight(self) -> f32 {
        match self {
            Self::Background => 0.4,
            Self::Body => 1.0,
            Self::Lead => 2.0,
            Self::Title => 4.0,
        }
    }
}

impl<'a> Reading<'a> {
    pub(crate) fn of(article: &'a Article, knowledge: &'a Knowledge) -> Self {
        let lang = article.lang;
        let title = Words::read(&article.title, TITLE_CHARS_MAX);
        let text = Words::read(&article.text, TEXT_CHARS_MAX);
        let headless = title.len() == 0;
        let parts = [
            Part::read(
                Field::Title,
                &article.title,
                title,
                headless,
                lang,
                knowledge,
            ),
            Part::read(Field::Text, &article.text, text, headless, lang, knowledge),
        ];
        Self {
            knowledge,
            lang,
            parts,
        }
    }

    /// How many words were read.
    pub(crate) fn words(&self) -> usize {
        self.parts.iter().map(|part| part.words.len()).sum()
    }
}

impl<'a> Part<'a> {
    fn read(
        field: Field,
        text: &'a str,
        words: Words,
        headless: bool,
        lang: Option<Lang>,
        knowledge: &Knowledge,
    ) -> Self {
        let mut part = Self {
            field,
            text,
            words,
            headless,
            names: Vec::new(),
            terms: Vec::new(),
            vetoes: Vec::new(),
            domains: Vec::new(),
            cues: Vec::new(),
            umbrellas: Vec::new(),
        };
        part.find(lang, knowledge);
        part
    }

    fn find(&mut self, lang: Option<Lang>, knowledge: &Knowledge) {
        let matcher = &knowledge.matcher;
        let labels = matcher.label(&self.words);
        let (mut names_from, mut terms_from) = (0, 0);
        let mut hits = Vec::new();
        for start in labels.starts.iter().copied() {
            matcher.hits(&labels, start, &mut hits);
            let mut name = None;
            let mut term = None;
            let mut veto = None;
            for hit in &hits {
                for payload in matcher.payloads(hit.node) {
                    match payload.kind {
                        _ if !self.admits(*hit, payload.case) => {}
                        Kind::Lexicon => {
                            let entry = knowledge.terms.lexicon[payload.index as usize];
                            if lang.is_none_or(|lang| lang == entry.lang) {
                                term = Some(*hit);
                            }
                        }
                        Kind::Veto => veto = Some(*hit),
                        Kind::Domain => self.domains.push(*hit),
                        Kind::Cue => self.cues.push((*hit, CueKind::of_index(payload.index))),
                        Kind::Umbrella => self.umbrellas.push((*hit, payload.index)),
                        Kind::Country if self.is_currency(*hit) => {}
                        _ => name = Some(*hit),
                    }
                }
            }
            if let Some(hit) = name.filter(|_| start >= names_from) {
                names_from = hit.end;
                self.names.push(hit);
            }
            if start < terms_from {
                continue;
            }
            match (term, veto) {
                (Some(term), veto) if veto.is_none_or(|veto| veto.end < term.end) => {
                    terms_from = term.end;
                    self.terms.push(term);
                }
                (_, Some(veto)) => {
                    terms_from = veto.end;
                    self.vetoes.push(veto);
                }
                _ => {}
            }
        }
    }

    /// What a hit may stand for by its capitals.
    pub(crate) fn admitted(
        &self,
        matcher: &'a Matcher,
        hit: Hit,
    ) -> impl Iterator<Item = Payload> + use<'_, 'a> {
        let payloads = matcher.payloads(hit.node);
        payloads
            .iter()
            .copied()
            .filter(move |payload| self.admits(hit, payload.case))
    }

    /// Whether a sum of money follows, as in `US$200`: a currency is no place.
    fn is_currency(&self, hit: Hit) -> bool {
        let last = self.words.all()[hit.end as usize - 1];
        self.text[last.bytes.1 as usize..].starts_with('$')
    }

    fn admits(&self, hit: Hit, case: Case) -> bool {
        let words = &self.words.all()[hit.start as usize..hit.end as usize];
        let [first, .., last] = words else {
            return words
                .first()
                .is_some_and(|word| self.admits_words(word, word, case));
        };
        self.admits_words(first, last, case)
    }

    fn admits_words(&self, first: &Word, last: &Word, case: Case) -> bool {
        let tell = self.words.capitals_tell;
        let named = |word: &Word| {
            word.shape != Shape::Lower
                || self
                    .words
                    .folded(word)
                    .starts_with(|c: char| c.is_ascii_digit())
        };
        match case {
            Case::Any => true,
            Case::Capital => !tell || (named(first) && named(last)),
            Case::Upper if tell => {
                let text = &self.text[first.bytes.0 as usize..last.bytes.1 as usize];
                !text.chars().any(char::is_lowercase)
            }
            // Short acronyms are words of the language where capitals do not tell.
            Case::Upper => {
                last.span.1 - first.span.0 > 3
                    || first.shape == Shape::Upper && self.words.is_mixed_case
            }
        }
    }

    pub(crate) fn prominence(&self, hit: Hit) -> Prominence {
        match (self.field, hit.start) {
            (Field::Title, _) => Prominence::Title,
            (Field::Text, at) if self.headless && at < TITLE_WORDS => Prominence::Title,
            (Field::Text, at) if at < LEAD_WORDS => Prominence::Lead,
            (Field::Text, at) if at < BODY_WORDS => Prominence::Body,
            _ => Prominence::Background,
        }
    }

    /// The words of a hit as they stand, and their code points.
    pub(crate) fn quote(&self, hit: Hit) -> (&'a str, (u32, u32)) {
        self.quote_words((hit.start, hit.end))
    }

    /// Words as they stand, and their code points.
    pub(crate) fn quote_words(&self, (start, end): (u32, u32)) -> (&'a str, (u32, u32)) {
        let words = &self.words.all()[start as usize..end as usize];
        let (Some(first), Some(last)) = (words.first(), words.last()) else {
            return ("", (0, 0));
        };
        let text = &self.text[first.bytes.0 as usize..last.bytes.1 as usize];
        (text, (first.span.0, last.span.1))
    }

    pub(crate) fn sentence(&self, hit: Hit) -> u32 {
        self.words
            .get(hit.start as usize)
            .map_or(0, |word| word.sentence)
    }
}

/// Groups hits by what they are hits of, in the order in which each is first found.
pub(crate) fn grouped<K: std::hash::Hash + Eq + Copy, T>(
    items: impl IntoIterator<Item = (K, T)>,
) -> Vec<(K, Vec<T>)> {
    let mut numbers: FxHashMap<K, usize> = FxHashMap::default();
    let mut groups: Vec<(K, Vec<T>)> = Vec::new();
    for (key, item) in items {
        let number = *numbers.entry(key).or_insert(groups.len());
        match groups.get_mut(number) {
            Some(group) => group.1.push(item),
            None => groups.push((key, vec![item])),
        }
    }
    groups
}
