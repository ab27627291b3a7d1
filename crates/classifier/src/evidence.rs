//! What the verdict rests on: each piece of evidence with what it adds to its side's logit.

use story::{Evidence, EvidenceKind};

use crate::{
    actors::{Named, is_armed_group},
    geography::{Geography, Sense},
    matcher::Hit,
    reading::Reading,
    score::{Feature, Score, density_weight, lead_weight, title_weight},
    security::{Security, Term, rounded},
};

/// Most rows that a record holds.
const ROWS_MAX: usize = 60;

/// The evidence, what weighs most first. A term stands once for the headline and once for the
/// text, where it first stands there.
pub(crate) fn rows(
    reading: &Reading<'_>,
    security: &Security,
    geography: &Geography,
    actors: &[Named],
    score: &Score,
) -> Vec<Evidence> {
    let mut rows = Rows {
        reading,
        rows: Vec::new(),
    };
    rows.terms(security, score);
    rows.traps(security, score);
    rows.actors(actors, score);
    rows.names(geography, score);
    rows.rows.sort_by(|a, b| {
        b.weight
            .abs()
            .total_cmp(&a.weight.abs())
            .then(a.field.cmp(&b.field))
            .then(a.start.cmp(&b.start))
    });
    rows.rows.truncate(ROWS_MAX);
    rows.rows
}

struct Rows<'r, 'a> {
    reading: &'r Reading<'a>,
    rows: Vec<Evidence>,
}

impl Rows<'_, '_> {
    fn terms(&mut self, security: &Security, score: &Score) {
        let sums = [title_weight, lead_weight, density_weight]
            .map(|weight| security.terms.iter().map(weight).sum::<f32>());
        let types = self.reading.knowledge.terms.taxonomy.event_types.len();
        let mut of_type = vec![0.0_f32; types];
        for term in &security.terms {
            for (event_type, weight) in &term.event_types {
                of_type[usize::from(*event_type)] += term.strength * weight / term.weight;
            }
        }
        let share = |part: f32, sum: f32| if sum > 0.0 { part / sum } else { 0.0 };
        let adds = |term: &Term| {
            let sums_part = score.part(Feature::Title) * share(title_weight(term), sums[0])
                + score.part(Feature::Lead) * share(lead_weight(term), sums[1])
                + score.part(Feature::Density) * share(density_weight(term), sums[2]);
            let types_part = term.event_types.iter().map(|(event_type, weight)| {
                let part = score.part(Feature::EventType(*event_type));
                part * share(
                    term.strength * weight / term.weight,
                    of_type[usize::from(*event_type)],
                )
            });
            sums_part + types_part.sum::<f32>()
        };
        for term in &security.terms {
            let strongest = term.event_types.iter().max_by(|a, b| a.1.total_cmp(&b.1));
            let label = strongest.map_or("", |(number, _)| {
                &self.reading.knowledge.terms.taxonomy.event_types[usize::from(*number)].name
            });
            self.add(EvidenceKind::Lexicon, &term.mentions, adds(term), label);
        }
    }

    fn traps(&mut self, security: &Security, score: &Score) {
        let traps = &self.reading.knowledge.terms;
        let mut mentions_of = vec![0.0_f32; traps.domains.len()];
        for ((domain, _), mentions) in &security.domain_hits {
            mentions_of[usize::from(*domain)] += mentions.len() as f32;
        }
        for ((domain, _), mentions) in &security.domain_hits {
            let share = mentions.len() as f32 / mentions_of[usize::from(*domain)];
            let adds = score.part(Feature::Domain(*domain)) * share;
            self.add(
                EvidenceKind::Trap,
                mentions,
                adds,
                &traps.domains[usize::from(*domain)],
            );
        }
        for (node, mentions) in &security.vetoes {
            let veto = self
                .reading
                .knowledge
                .matcher
                .payloads(*node)
                .iter()
                .find(|payload| payload.kind == crate::matcher::Kind::Veto);
            let label = veto.map_or("", |payload| &traps.traps[payload.index as usize].0);
            self.add(EvidenceKind::Trap, mentions, 0.0, label);
        }
    }

    fn actors(&mut self, actors: &[Named], score: &Score) {
        let knowledge = self.reading.knowledge;
        let groups = actors
            .iter()
            .filter(|named| is_armed_group(knowledge, named.actor));
        let total: usize = groups.map(|named| named.mentions.len()).sum();
        for named in actors {
            let share = if is_armed_group(knowledge, named.actor) {
                named.mentions.len() as f32 / total as f32
            } else {
                0.0
            };
            let label = &knowledge.terms.actors[usize::from(named.actor)].id;
            self.add(
                EvidenceKind::Actor,
                &named.mentions,
                score.part(Feature::Actors) * share,
                label,
            );
        }
    }

    fn names(&mut self, geography: &Geography, score: &Score) {
        let part = |features: &[Feature]| {
            features
                .iter()
                .map(|feature| score.part(*feature))
                .sum::<f32>()
        };
        let latin = part(&[
            Feature::Share,
            Feature::Latin,
            Feature::LatinTitle,
            Feature::LatinLead,
        ]);
        let foreign = part(&[
            Feature::Foreign,
            Feature::ForeignTitle,
            Feature::ForeignLead,
        ]);
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
