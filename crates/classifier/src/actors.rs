//! Armed groups and state forces: which of those named are meant, and what they do.

mod role;

use story::Actor;

use crate::{
    geography::Geography,
    knowledge::{ActorName, Knowledge, NameRule},
    matcher::{Hit, Kind},
    reading::{Prominence, Reading, grouped},
};

/// An actor of the story and where it is named.
#[derive(Debug)]
pub(crate) struct Named {
    /// Row of `actors.tsv`.
    pub actor: u16,
    /// The part of the story and the words.
    pub mentions: Vec<(usize, Hit)>,
}

/// A country's share of the votes from which it is context for its actors' names.
const CONTEXT_SHARE: f32 = 0.08;
/// Security evidence from which a story is context for actors' names.
const CONTEXT_SECURITY: f32 = 1.0;
/// Words within which a telling word stands from the actor that it tells from another.
const UMBRELLA_WORDS: u32 = 8;

/// The actors that are known by their names alone, with how prominent each is. Of those that share a
/// name, the ones that still are.
pub(crate) fn outright(reading: &Reading<'_>) -> Vec<(u16, Prominence)> {
    let extinct = |name: ActorName| reading.knowledge.terms.actors[usize::from(name.actor)].extinct;
    let mut found: Vec<(u16, Prominence)> = Vec::new();
    let names = candidates(reading).filter(|(.., name)| name.rule == NameRule::Free);
    let names: Vec<_> = names.collect();
    for same in names.chunk_by(|a, b| (a.0, a.1.start) == (b.0, b.1.start)) {
        let living = same.iter().any(|(.., name)| !extinct(*name));
        for (part, hit, name) in same.iter().filter(|(.., name)| !(living && extinct(*name))) {
            let prominence = reading.parts[*part].prominence(*hit);
            match found.iter_mut().find(|(actor, _)| *actor == name.actor) {
                Some((_, best)) => *best = prominence.max(*best),
                None => found.push((name.actor, prominence)),
            }
        }
    }
    found
}

/// The actors of a story, most mentioned first. `security` is how much security evidence there is.
pub(crate) fn named(reading: &Reading<'_>, geography: &Geography, security: f32) -> Vec<Named> {
    let known: Vec<_> = outright(reading)
        .into_iter()
        .map(|(actor, _)| actor)
        .collect();
    let total: f32 = geography.votes.iter().sum();
    let home = |actor: u16| {
        let countries = &reading.knowledge.terms.actors[usize::from(actor)].countries;
        let share = |rank: usize| {
            countries
                .get(rank)
                .map_or(0.0, |c| geography.votes[usize::from(*c)])
        };
        share(0).max((1..countries.len()).map(share).fold(0.0, f32::max) * 0.5)
    };
    let allowed = |part: usize, hit: Hit, name: ActorName| {
        let context = security >= CONTEXT_SECURITY && home(name.actor) > CONTEXT_SHARE * total;
        match name.rule {
            NameRule::Free => true,
            NameRule::Context if known.contains(&name.actor) => true,
            NameRule::Context if name.short => context && near_security(reading, part, hit),
            NameRule::Context => context,
        }
    };
    let mentions =
        grouped(candidates(reading).map(|(part, hit, name)| ((part, hit.start), (hit, name))));
    let mut found: Vec<(u16, (usize, Hit))> = Vec::new();
    for ((part, _), names) in mentions {
        let names = names
            .into_iter()
            .filter(|(hit, name)| allowed(part, *hit, *name));
        // A name that several actors share means the one whose country the story is about.
        let best = names.max_by(|(_, a), (_, b)| {
            home(a.actor)
                .total_cmp(&home(b.actor))
                .then(b.actor.cmp(&a.actor))
        });
        found.extend(best.map(|(hit, name)| (name.actor, (part, hit))));
    }
    found.extend(umbrellas(reading, &found));
    let mut named: Vec<_> = grouped(found)
        .into_iter()
        .map(|(actor, mentions)| Named { actor, mentions })
        .collect();
    named.sort_by_key(|named| std::cmp::Reverse(named.mentions.len()));
    named
}

/// The record's rows of the actors.
pub(crate) fn rows(reading: &Reading<'_>, named: &[Named]) -> Vec<Actor> {
    let row = |named: &Named| {
        let entry = &reading.knowledge.terms.actors[usize::from(named.actor)];
        Actor {
            id: entry.id.to_string(),
            name: entry.name.to_string(),
            kind: entry.kind.to_string(),
            role: role::of(reading, &named.mentions),
            mentions: named.mentions.len() as u32,
        }
    };
    named.iter().map(row).collect()
}

/// Whether an actor is an armed group, and not a force of the state.
pub(crate) fn is_armed_group(knowledge: &Knowledge, actor: u16) -> bool {
    *knowledge.terms.actors[usize::from(actor)].kind != *"state-force"
}

fn candidates<'r>(
    reading: &'r Reading<'_>,
) -> impl Iterator<Item = (usize, Hit, ActorName)> + use<'r> {
    let knowledge = reading.knowledge;
    reading
        .parts
        .iter()
        .enumerate()
        .flat_map(move |(number, part)| {
            part.names.iter().flat_map(move |hit| {
                let payloads = part.admitted(&knowledge.matcher, *hit);
                let actors = payloads.filter(|payload| payload.kind == Kind::Actor);
                actors.map(move |payload| {
                    (
                        number,
                        *hit,
                        knowledge.terms.actor_names[payload.index as usize],
                    )
                })
            })
        })
}

fn near_security(reading: &Reading<'_>, part: usize, hit: Hit) -> bool {
    let part = &reading.parts[part];
    part.terms
        .iter()
        .any(|term| part.sentence(*term) == part.sentence(hit))
}

/// Actors that a word tells from the actor near it: dissidents near the group that they left.
fn umbrellas(reading: &Reading<'_>, found: &[(u16, (usize, Hit))]) -> Vec<(u16, (usize, Hit))> {
    let mut told = Vec::new();
    for (number, part) in reading.parts.iter().enumerate() {
        for (cue, umbrella) in &part.umbrellas {
            let umbrella = reading.knowledge.terms.umbrellas[*umbrella as usize];
            let near = |(actor, (part_of, hit)): &&(u16, (usize, Hit))| {
                *actor == umbrella.base
                    && *part_of == number
                    && part.sentence(*hit) == part.sentence(*cue)
                    && hit.start <= cue.end + UMBRELLA_WORDS
                    && cue.start <= hit.end + UMBRELLA_WORDS
            };
            if found.iter().any(|found| near(&found)) {
                told.push((umbrella.actor, (number, *cue)));
            }
        }
    }
    told
}
