//! What the verdict rests on: each piece of evidence with what it adds to its side's logit.

use rustc_hash::{FxHashMap, FxHashSet};
use story::{Evidence, EvidenceKind};

use crate::{
    actors::{Named, is_armed_group},
    features::{
        Head, Place,
        dense::{Layout, Quantity, quantity},
    },
    geography::{Geography, Sense},
    matcher::Hit,
    reading::{Prominence, Reading},
    score::Score,
    security::{Security, Term, rounded},
};

/// Most rows that a record holds.
const ROWS_MAX: usize = 60;
/// Least that a word must add by itself to be told.
const WORD_LEAST: f32 = 0.05;

/// The head that a kind of evidence speaks to.
pub(crate) fn head_of(kind: EvidenceKind) -> Head {
    if kind == EvidenceKind::Place {
        Head::Region
    } else {
        Head::Topic
    }
}

/// The evidence, what weighs most first. A term stands once for the headline and once for the
/// text, where it first stands there.
pub(crate) fn rows(
    reading: &Reading<'_>,
    security: &Security,
    geography: &Geography,
    actors: &[Named],
    score: &Score<'_>,
) -> Vec<Evidence> {
    let mut rows = Rows {
        reading,
        rows: Vec::new(),
    };
    rows.terms(security, score);
    rows.traps(security, score);
    rows.actors(actors, score);
    rows.names(geography, score);
    rows.words(score);
    rows.passages(score);
    rows.rows.sort_by(|a, b| {
        b.weight
            .abs()
            .total_cmp(&a.weight.abs())
            .then(a.field.cmp(&b.field))
            .then(a.start.cmp(&b.start))
            .then(a.end.cmp(&b.end))
    });
    rows.rows.truncate(ROWS_MAX);
    rows.rows
}

/// What adds to a head's sum besides the evidence. What words say of both heads at once is told on
/// the topic's side.
pub(crate) fn rest(evidence: &[Evidence], score: &Score<'_>, head: Head) -> f64 {
    let pieces = evidence.iter().filter(|piece| head_of(piece.kind) == head);
    let words = match head {
        Head::Topic => score.words(),
        Head::Region => 0.0,
    };
    f64::from(score.logit(head) + words) - pieces.map(|piece| piece.weight).sum::<f64>()
}

struct Rows<'r, 'a> {
    reading: &'r Reading<'a>,
    rows: Vec<Evidence>,
}

impl Rows<'_, '_> {
    fn terms(&mut self, security: &Security, score: &Score<'_>) {
        let shares = Shares::of(self.reading, security);
        let title = quantities(
            score,
            &quantity![
                Topic,
                "title",
                "violent-title",
                "short-violent-title",
                "ratio-title",
            ],
        );
        let lead = quantities(
            score,
            &quantity![
                Topic,
                "lead",
                "opening",
                "violent-opening",
                "violent-lead",
                "short-violent-lead",
                "types-early",
                "short-types-early",
                "ratio-early",
                "short-ratio-early",
            ],
        );
        let all = quantities(
            score,
            &quantity![
                Topic,
                "density",
                "terms",
                "strong",
                "ratio",
                "types",
                "densest",
                "agreeing",
                "spread",
                "violent-spread",
                "violent-density",
                "short-spread",
                "short-violent-spread",
            ],
        );
        let adds = |term: &Term| {
            let types = term.event_types.iter().map(|(event_type, weight)| {
                let at = Layout::event_type(usize::from(*event_type)) as u32;
                let sums = shares.of_type[usize::from(*event_type)];
                let part = |number: u32| score.part(Head::Topic, at + number);
                part(0) * share(term.strength * weight / term.weight, sums[0])
                    + part(1) * share(early(term, Prominence::Lead) * weight, sums[1])
                    + part(2) * share(early(term, Prominence::Title) * weight, sums[2])
            });
            title * share(early(term, Prominence::Title) * term.weight, shares.title)
                + lead * share(early(term, Prominence::Lead) * term.weight, shares.lead)
                + all * share(term.weight * term.mentions.len() as f32, shares.all)
                + types.sum::<f32>()
        };
        for term in &security.terms {
            let strongest = term.event_types.iter().max_by(|a, b| a.1.total_cmp(&b.1));
            let label = strongest.map_or("", |(number, _)| {
                &self.reading.knowledge.terms.taxonomy.event_types[usize::from(*number)].name
            });
            self.add(EvidenceKind::Lexicon, &term.mentions, adds(term), label);
        }
    }

    fn traps(&mut self, security: &Security, score: &Score<'_>) {
        let traps = &self.reading.knowledge.terms;
        let mut mentions_of = vec![0.0_f32; traps.domains.len()];
        for ((domain, _), mentions) in &security.domain_hits {
            mentions_of[usize::from(*domain)] += mentions.len() as f32;
        }
        for ((domain, _), mentions) in &security.domain_hits {
            let share = mentions.len() as f32 / mentions_of[usize::from(*domain)];
            let numbers = Layout::of(traps).domain(usize::from(*domain));
            let parts = numbers.map(|at| score.part(Head::Topic, at as u32));
            let adds = parts.sum::<f32>() * share;
            self.add(
                EvidenceKind::Trap,
                mentions,
                adds,
                &traps.domains[usize::from(*domain)],
            );
        }
        let vetoes: usize = security
            .vetoes
            .iter()
            .map(|(_, mentions)| mentions.len())
            .sum();
        let part = quantities(score, &quantity![Topic, "vetoes", "vetoes-title"]);
        for (node, mentions) in &security.vetoes {
            let veto = self
                .reading
                .knowledge
                .matcher
                .payloads(*node)
                .iter()
                .find(|payload| payload.kind == crate::matcher::Kind::Veto);
            let label = veto.map_or("", |payload| &traps.traps[payload.index as usize].0);
            let adds = part * mentions.len() as f32 / vetoes as f32;
            self.add(EvidenceKind::Trap, mentions, adds, label);
        }
    }

    fn actors(&mut self, actors: &[Named], score: &Score<'_>) {
        let knowledge = self.reading.knowledge;
        let groups = actors
            .iter()
            .filter(|named| is_armed_group(knowledge, named.actor));
        let total: usize = groups.map(|named| named.mentions.len()).sum();
        let part = quantities(score, &quantity![Topic, "actors", "actors-early"]);
        for named in actors {
            let share = if is_armed_group(knowledge, named.actor) {
                named.mentions.len() as f32 / total as f32
            } else {
                0.0
            };
            let label = &knowledge.terms.actors[usize::from(named.actor)].id;
            self.add(EvidenceKind::Actor, &named.mentions, part * share, label);
        }
    }

    fn names(&mut self, geography: &Geography, score: &Score<'_>) {
        let part = |quantities: &[Quantity]| self::quantities(score, quantities);
        let both = part(&quantity![Region, "share", "share-early", "share-title"]);
        let latin = part(&quantity![
            Region,
            "latin",
            "latin-title",
            "latin-lead",
            "latin-first",
        ]) + both.max(0.0);
        let foreign = part(&quantity![
            Region,
            "foreign",
            "foreign-title",
            "foreign-lead",
            "foreign-first",
        ]) + both.min(0.0);
        let atlas = &self.reading.knowledge.atlas;
        for name in geography.names.iter().filter(|name| name.vote > 0.0) {
            let Some(country) = name.country else {
                continue;
            };
            let entry = atlas.entry(country);
            let adds = if entry.latin {
                latin * name.vote / geography.latin
            } else {
                foreign * name.vote / geography.foreign
            };
            let mentions: Vec<_> = name
                .mentions
                .iter()
                .map(|mention| (mention.part, mention.hit))
                .collect();
            let iso2 = entry.iso2;
            let label = match name.sense {
                Sense::Place(place) => {
                    format!("{iso2}:{}", self.reading.knowledge.place(place).name)
                }
                _ => iso2.to_string(),
            };
            self.add(EvidenceKind::Place, &mentions, adds, &label);
        }
    }

    /// The words that count by themselves, beside what a table says of them, each where it first stands.
    fn words(&mut self, score: &Score<'_>) {
        // Most have no weight.
        let adds = score
            .features
            .firsts()
            .filter_map(|(number, value, place)| {
                let weight = score.model.gram(number);
                (weight != 0.0).then_some((place, value * weight))
            });
        let mut adds: Vec<_> = adds.collect();
        adds.extend(whole(score));
        // What is told begins where enough is added in all; only that needs to be put in order.
        let mut enough =
            [0, 1].map(|part: usize| vec![0.0; self.reading.parts[part].words.len() + 1]);
        let at = |place: Place| (place.part, place.words.0 as usize);
        for (place, add) in &adds {
            let (part, word) = at(*place);
            enough[part][word] += add.abs();
        }
        adds.retain(|(place, _)| {
            let (part, word) = at(*place);
            enough[part][word] >= WORD_LEAST
        });
        adds.sort_by_key(|(place, _)| *place);
        for same in adds.chunk_by(|a, b| a.0 == b.0) {
            let (place, weight) = (same[0].0, same.iter().map(|(_, add)| add).sum::<f32>());
            if weight.abs() < WORD_LEAST {
                continue;
            }
            let part = &self.reading.parts[place.part];
            let (term, (start, end)) = part.quote_words(place.words);
            self.rows.push(Evidence {
                kind: EvidenceKind::Word,
                term: term.to_owned(),
                field: part.field,
                start,
                end,
                weight: rounded(weight),
                label: String::new(),
            });
        }
    }

    /// The passages that count by themselves.
    fn passages(&mut self, score: &Score<'_>) {
        let Some(part) = &score.model.passages else {
            return;
        };
        for witness in part.witnesses(&score.features.vector) {
            let passage = &score.features.passages()[witness.at];
            let part = &self.reading.parts[usize::from(passage.part)];
            let (term, (start, end)) = part.quote_words(passage.words);
            self.rows.push(Evidence {
                kind: EvidenceKind::Passage,
                term: term.to_owned(),
                field: part.field,
                start,
                end,
                weight: rounded(witness.adds),
                label: String::new(),
            });
        }
    }

    /// Adds the first mention in each part, its weight shared between them.
    fn add(&mut self, kind: EvidenceKind, mentions: &[(usize, Hit)], weight: f32, label: &str) {
        let first = |part: usize| mentions.iter().find(|(number, _)| *number == part);
        let firsts: Vec<_> = [0, 1].into_iter().filter_map(first).collect();
        for (part, hit) in &firsts {
            let part = &self.reading.parts[*part];
            let (term, (start, end)) = part.quote(*hit);
            self.rows.push(Evidence {
                kind,
                term: term.to_owned(),
                field: part.field,
                start,
                end,
                weight: rounded(weight / firsts.len() as f32),
                label: label.to_owned(),
            });
        }
    }
}

/// What each number of the passages adds to all of them together, where it first stands.
fn whole<'s>(score: &'s Score<'_>) -> impl Iterator<Item = (Place, f32)> + use<'s> {
    let vector = &score.features.vector;
    let adds: FxHashMap<u32, f32> = match &score.model.passages {
        Some(part) => part.whole(vector).collect(),
        None => FxHashMap::default(),
    };
    let mut told = FxHashSet::default();
    let places = score.features.passages().iter();
    let places = places.flat_map(|passage| passage.features.iter().map(move |at| (passage, at)));
    places.filter_map(move |(passage, at)| {
        let first = told.insert(at.number);
        let weight = adds.get(&at.number).filter(|_| first)?;
        let place = Place {
            part: usize::from(passage.part),
            words: at.words,
        };
        Some((place, *weight))
    })
}

/// Sums over all terms, by which each gets its share of what they add together.
struct Shares {
    title: f32,
    lead: f32,
    all: f32,
    /// By event type: all terms, those in headline and lead, those in the headline.
    of_type: Vec<[f32; 3]>,
}

impl Shares {
    fn of(reading: &Reading<'_>, security: &Security) -> Self {
        let types = reading.knowledge.terms.taxonomy.event_types.len();
        let mut shares = Self {
            title: 0.0,
            lead: 0.0,
            all: 0.0,
            of_type: vec![[0.0; 3]; types],
        };
        for term in &security.terms {
            shares.title += early(term, Prominence::Title) * term.weight;
            shares.lead += early(term, Prominence::Lead) * term.weight;
            shares.all += term.weight * term.mentions.len() as f32;
            for (event_type, weight) in &term.event_types {
                let sums = &mut shares.of_type[usize::from(*event_type)];
                sums[0] += term.strength * weight / term.weight;
                sums[1] += early(term, Prominence::Lead) * weight;
                sums[2] += early(term, Prominence::Title) * weight;
            }
        }
        shares
    }
}

/// 1 for a term that stands at least that prominently, else 0.
fn early(term: &Term, least: Prominence) -> f32 {
    f32::from(u8::from(term.prominence >= least))
}

fn share(part: f32, sum: f32) -> f32 {
    if sum > 0.0 { part / sum } else { 0.0 }
}

/// What some quantities add, as they are and by their steps.
fn quantities(score: &Score<'_>, quantities: &[Quantity]) -> f32 {
    let part = |quantity: &Quantity| -> f32 {
        let features = quantity.features();
        features.map(|at| score.part(quantity.head, at)).sum()
    };
    quantities.iter().map(part).sum()
}
