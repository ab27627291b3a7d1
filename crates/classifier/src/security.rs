//! What a story says about security: terms of the lexicon by where they stand, and what speaks
//! against them.

use story::{Category, Field};

use crate::{
    matcher::{Hit, Kind, Node},
    reading::{Prominence, Reading, grouped},
};

/// Where something stands: the part of the story and the words.
type Places = Vec<(usize, Hit)>;

/// Security evidence of a story.
#[derive(Debug)]
pub(crate) struct Security {
    pub terms: Vec<Term>,
    /// Words of each other subject for a hundred words, and whether one stands in the headline.
    pub domains: Vec<(f32, bool)>,
    /// The words of other subjects, by domain and node.
    pub domain_hits: Vec<((u8, Node), Places)>,
    /// Phrases that only look like violence.
    pub vetoes: Vec<(Node, Places)>,
    /// Words read, at least 1.
    pub words: f32,
}

/// A term and all its mentions.
#[derive(Debug)]
pub(crate) struct Term {
    /// The part of the story and the words.
    pub mentions: Vec<(usize, Hit)>,
    /// Event types that it speaks for, and how much.
    pub event_types: Vec<(u8, f32)>,
    /// How much it speaks for security at all.
    pub weight: f32,
    pub prominence: Prominence,
    /// Whether it tells of violence or crime, and not of the response to them.
    pub violent: bool,
    /// `weight` by prominence and number of mentions.
    pub strength: f32,
}

/// Least share of a category that is told.
const CATEGORY_SHARE: f32 = 0.04;
const CATEGORIES_MAX: usize = 6;

impl Security {
    pub(crate) fn of(reading: &Reading<'_>) -> Self {
        let words = (reading.words() as f32).max(1.0);
        let all = reading.parts.iter().enumerate();
        let terms = grouped(all.clone().flat_map(|(number, part)| {
            part.terms.iter().map(move |hit| (hit.node, (number, *hit)))
        }));
        let terms = terms
            .into_iter()
            .map(|(node, mentions)| term(reading, node, mentions))
            .collect();
        let vetoes = grouped(all.clone().flat_map(|(number, part)| {
            part.vetoes
                .iter()
                .map(move |hit| (hit.node, (number, *hit)))
        }));
        let domain_hits = grouped(all.flat_map(|(number, part)| {
            part.domains.iter().flat_map(move |hit| {
                domains_of(reading, hit.node)
                    .map(move |domain| ((domain, hit.node), (number, *hit)))
            })
        }));
        let mut domains = vec![(0.0, false); reading.knowledge.terms.domains.len()];
        for ((domain, _), mentions) in &domain_hits {
            let slot = &mut domains[usize::from(*domain)];
            slot.0 += 100.0 * mentions.len() as f32 / words.max(50.0);
            slot.1 |= mentions
                .iter()
                .any(|(part, _)| reading.parts[*part].field == Field::Title);
        }
        Self {
            terms,
            domains,
            domain_hits,
            vetoes,
            words,
        }
    }

    /// How much evidence there is, over all event types.
    pub(crate) fn strength(&self) -> f32 {
        self.terms.iter().map(|term| term.strength).sum()
    }

    /// The categories by their share of the evidence, strongest first.
    pub(crate) fn categories(&self, reading: &Reading<'_>) -> Vec<Category> {
        let types = &reading.knowledge.terms.taxonomy.event_types;
        let shares = self.terms.iter().flat_map(|term| {
            let total: f32 = term.event_types.iter().map(|(_, weight)| weight).sum();
            term.event_types
                .iter()
                .map(move |(event_type, weight)| (*event_type, term.strength * weight / total))
        });
        let mut categories: Vec<(&str, f32)> = Vec::new();
        for (event_type, share) in shares {
            let event_type = &types[usize::from(event_type)];
            let (name, share) = (&*event_type.category, share * event_type.category_weight);
            match categories.iter_mut().find(|(known, _)| *known == name) {
                Some((_, sum)) => *sum += share,
                None => categories.push((name, share)),
            }
        }
        let total: f32 = categories.iter().map(|(_, share)| share).sum();
        categories.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
        categories.truncate(CATEGORIES_MAX);
        categories
            .into_iter()
            .filter(|(_, share)| *share >= CATEGORY_SHARE * total)
            .map(|(name, share)| Category {
                name: name.to_owned(),
                score: rounded(share / total),
            })
            .collect()
    }
}

/// A figure of the record: three decimals, so that it reads well and is the same everywhere.
pub(crate) fn rounded(value: f32) -> f64 {
    (f64::from(value) * 1000.0).round() / 1000.0
}

fn term(reading: &Reading<'_>, node: Node, mentions: Vec<(usize, Hit)>) -> Term {
    let lexicon = &reading.knowledge.terms.lexicon;
    let payloads = reading.knowledge.matcher.payloads(node).iter();
    let entries = payloads
        .filter(|payload| payload.kind == Kind::Lexicon)
        .map(|p| lexicon[p.index as usize]);
    let mut event_types: Vec<(u8, f32)> = Vec::new();
    for entry in entries.filter(|entry| reading.lang.is_none_or(|lang| lang == entry.lang)) {
        match event_types
            .iter_mut()
            .find(|(known, _)| *known == entry.event_type)
        {
            Some((_, weight)) => *weight = weight.max(entry.weight),
            None => event_types.push((entry.event_type, entry.weight)),
        }
    }
    let weight = event_types
        .iter()
        .map(|(_, weight)| *weight)
        .fold(0.0, f32::max);
    let prominence = mentions
        .iter()
        .map(|(part, hit)| reading.parts[*part].prominence(*hit))
        .max();
    let prominence = prominence.unwrap_or(Prominence::Background);
    let repeated = 1.0 + 0.2 * (mentions.len() as f32).ln();
    let types = &reading.knowledge.terms.taxonomy.event_types;
    let violent = event_types
        .iter()
        .any(|(event_type, _)| types[usize::from(*event_type)].violent);
    Term {
        violent,
        mentions,
        event_types,
        weight,
        prominence,
        strength: weight * prominence.weight() * repeated,
    }
}

fn domains_of(reading: &Reading<'_>, node: Node) -> impl Iterator<Item = u8> {
    let mut domains: Vec<_> = reading
        .knowledge
        .matcher
        .payloads(node)
        .iter()
        .filter(|payload| payload.kind == Kind::Domain)
        .map(|payload| reading.knowledge.terms.traps[payload.index as usize].1)
        .collect();
    domains.sort_unstable();
    domains.dedup();
    domains.into_iter()
}
