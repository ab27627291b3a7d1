//! The lexicon of security news, traps and cues.

use rustc_hash::FxHashMap;
use story::Lang;

use super::{
    KnowledgeFiles,
    groups::{ActorEntry, ActorName, Umbrella},
    table::{Problems, list, rows},
};
use crate::matcher::{Builder, Case, Kind, Payload};

/// A term of the lexicon.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TermEntry {
    pub lang: Lang,
    pub event_type: u8,
    pub weight: f32,
}

/// Kinds of event and the categories that they belong to.
#[derive(Debug, Default)]
pub(crate) struct Taxonomy {
    pub event_types: Vec<EventType>,
}

/// A kind of event.
#[derive(Debug)]
pub(crate) struct EventType {
    pub name: Box<str>,
    pub category: Box<str>,
    /// How much a term of this type says about the category of its story.
    pub category_weight: f32,
    /// Whether it is violence or crime, and not the response to them.
    pub violent: bool,
}

/// Types of event that respond to violence or only come near it.
const RESPONSES: [&str; 8] = [
    "police_military_operation",
    "arrest_extradition",
    "security_policy",
    "corruption",
    "protest_repression",
    "peace_ceasefire",
    "human_rights",
    "state_of_emergency",
];

/// What a cue says about the name beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CueKind {
    Locative,
    PlaceNoun,
    PersonTitle,
    Venue,
    /// What follows is a neighbour, an origin or a destination, not where the story plays.
    Aside,
    AttackVerb,
    Blame,
    Target,
    Passive,
    Talks,
}

impl CueKind {
    const ALL: [(&str, Self); 10] = [
        ("locative", Self::Locative),
        ("place_noun", Self::PlaceNoun),
        ("person_title", Self::PersonTitle),
        ("venue", Self::Venue),
        ("aside", Self::Aside),
        ("attack_verb", Self::AttackVerb),
        ("blame", Self::Blame),
        ("target", Self::Target),
        ("passive", Self::Passive),
        ("talks", Self::Talks),
    ];

    pub(crate) fn of_index(index: u32) -> Self {
        Self::ALL[index as usize].1
    }
}

/// Terms of all kinds.
#[derive(Debug, Default)]
pub(crate) struct Terms {
    pub actors: Vec<ActorEntry>,
    pub actor_names: Vec<ActorName>,
    pub umbrellas: Vec<Umbrella>,
    pub taxonomy: Taxonomy,
    pub lexicon: Vec<TermEntry>,
    /// The subjects of traps, such as `sport`.
    pub domains: Vec<Box<str>>,
    /// Id and domain of each trap.
    pub traps: Vec<(Box<str>, u8)>,
}

impl Terms {
    pub(crate) fn add_lexicon(
        &mut self,
        files: &KnowledgeFiles,
        builder: &mut Builder,
        problems: &mut Problems,
    ) {
        let mut types = FxHashMap::default();
        for row in &rows(
            "categories.tsv",
            &files.categories,
            ["event_type", "category", "weight"],
            problems,
        ) {
            types.insert(row.cells[0], self.taxonomy.event_types.len() as u8);
            self.taxonomy.event_types.push(EventType {
                name: row.cells[0].into(),
                category: row.cells[1].into(),
                category_weight: row.parse(2, "a number", problems),
                violent: !RESPONSES.contains(&row.cells[0]),
            });
        }
        let header = ["term", "lang", "event_type", "weight", "match"];
        for row in &rows("lexicon.tsv", &files.lexicon, header, problems) {
            let [term, lang, event_type, weight, matching] = row.cells;
            let (Ok(lang), Some(&event_type)) = (lang.parse(), types.get(event_type)) else {
                row.wrong(problems, format!("`{lang}` is not a language or `{event_type}` no event type of categories.tsv"));
                continue;
            };
            let weight = match weight {
                "strong" => 1.0,
                "medium" => 0.4,
                "weak" => 0.15,
                other => {
                    row.wrong(
                        problems,
                        format!("`{other}` is not a weight: use strong, medium or weak"),
                    );
                    continue;
                }
            };
            let stem = match matching {
                "word" | "phrase" => false,
                "stem" | "phrase_stem" => true,
                other => {
                    row.wrong(
                        problems,
                        format!(
                            "`{other}` is not a way to match: use word, phrase, stem or phrase_stem"
                        ),
                    );
                    continue;
                }
            };
            self.lexicon.push(TermEntry {
                lang,
                event_type,
                weight,
            });
            let index = self.lexicon.len() as u32 - 1;
            let payload = Payload {
                kind: Kind::Lexicon,
                case: lexicon_case(term),
                index,
            };
            let added = if stem {
                builder.term(term, payload)
            } else {
                builder.name(term, payload)
            };
            row.expect_word(added, term, problems);
        }
    }

    pub(crate) fn add_traps(
        &mut self,
        files: &KnowledgeFiles,
        builder: &mut Builder,
        problems: &mut Problems,
    ) {
        for row in &rows(
            "traps.tsv",
            &files.traps,
            ["id", "lang", "domain", "kind", "terms"],
            problems,
        ) {
            let [id, lang, domain, kind, terms] = row.cells;
            if lang != "any" && lang.parse::<Lang>().is_err() {
                row.wrong(problems, format!("`{lang}` is not a language"));
            }
            let number = self
                .domains
                .iter()
                .position(|known| **known == *domain)
                .unwrap_or_else(|| {
                    self.domains.push(domain.into());
                    self.domains.len() - 1
                });
            self.traps.push((id.into(), number as u8));
            let kind = match kind {
                "veto" => Kind::Veto,
                "cue" => Kind::Domain,
                other => {
                    row.wrong(
                        problems,
                        format!("`{other}` is not a kind of trap: use veto or cue"),
                    );
                    continue;
                }
            };
            let index = self.traps.len() as u32 - 1;
            for term in list(terms) {
                let added = builder.term(
                    term,
                    Payload {
                        kind,
                        case: Case::Any,
                        index,
                    },
                );
                row.expect_word(added, term, problems);
            }
        }
        for row in &rows("cues.tsv", &files.cues, ["cue", "terms"], problems) {
            let Some(index) = CueKind::ALL
                .iter()
                .position(|(name, _)| *name == row.cells[0])
            else {
                row.wrong(problems, format!("`{}` is not a cue", row.cells[0]));
                continue;
            };
            for term in list(row.cells[1]) {
                let added = builder.term(
                    term,
                    Payload {
                        kind: Kind::Cue,
                        case: Case::Any,
                        index: index as u32,
                    },
                );
                row.expect_word(added, term, problems);
            }
        }
    }
}

/// What a term's capitals ask for: acronyms must be acronyms, and a single word with a capital is
/// a name; phrases are told by their words.
fn lexicon_case(term: &str) -> Case {
    match Case::of_name(term) {
        Case::Capital if term.contains(' ') => Case::Any,
        case => case,
    }
}
