//! Where a story plays: names vote for countries, and countries decide what names mean.
//!
//! Country names, demonyms and institutions vote for their countries outright. A place votes for
//! each country that has one of its name, by how big the place is and how the outright votes
//! stand; then each place is settled in the country, and within it in the division, that the
//! other names speak for.

mod candidate;
mod mention;

use rustc_hash::FxHashMap;
use story::{Home, Lang};

use crate::{
    knowledge::{CountryId, Knowledge, PlaceKind, Risk},
    matcher::Node,
    reading::{Prominence, Reading, grouped},
};
use candidate::{Candidate, candidates, outright_vote, shares};
pub(crate) use mention::Mention;

/// What the names of a story say about where it plays.
#[derive(Debug)]
pub(crate) struct Geography {
    /// Votes for each country, by its number.
    pub votes: Vec<f32>,
    /// The names, in the order of the text.
    pub names: Vec<Name>,
    pub latin: f32,
    pub foreign: f32,
    /// How prominent the most prominent Latin American and foreign names are.
    pub latin_prominence: Option<Prominence>,
    pub foreign_prominence: Option<Prominence>,
}

/// A name, all its mentions, and what it was settled as.
#[derive(Debug)]
pub(crate) struct Name {
    pub node: Node,
    pub mentions: Vec<Mention>,
    pub sense: Sense,
    /// The country that it speaks for most, and what it adds to it.
    pub country: Option<CountryId>,
    pub vote: f32,
}

/// What a name was settled as.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sense {
    /// A country, its people, an institution or a person.
    Country,
    /// A place of the gazetteer.
    Place(u32),
    /// A place elsewhere, or nothing that is known.
    Other,
}

const ACTOR_VOTE: f32 = 0.8;
const ACTOR_ABROAD_VOTE: f32 = 0.15;
/// What a feed's home, and Brazil for a text in Portuguese, count when the candidates of a name
/// are weighed, and among the votes: they decide what nothing else does.
const HOME_WEIGHT: f32 = 0.8;
const HOME_VOTE: f32 = 0.3;
/// What a place counts, to 2.0 for a country by its name.
const PLACE_VOTE: f32 = 1.6;
/// What a vote for a country elsewhere counts when a story's countries are ranked: the one that
/// tries a boss or receives a load is seldom the one that the story is about.
const FOREIGN_SHARE: f32 = 0.2;

impl Geography {
    /// Reads the names; `actors` are the actors that are known without context, with how
    /// prominent each is.
    pub(crate) fn of(reading: &Reading<'_>, home: Home, actors: &[(u16, Prominence)]) -> Self {
        let knowledge = reading.knowledge;
        let mut outright = vec![0.0; knowledge.atlas.countries.len()];
        let mut names = Vec::new();
        let mut open = Vec::new();
        for (node, mentions) in grouped(mention::all(reading)) {
            let payloads = mention::payloads(reading, &mentions);
            match outright_vote(knowledge, reading.lang, &payloads) {
                Some((country, weight)) => {
                    let vote = weight * mention::saturated(&mentions, |m| m.weight);
                    outright[usize::from(country)] += vote;
                    let country = Some(country);
                    names.push(Name {
                        node,
                        mentions,
                        sense: Sense::Country,
                        country,
                        vote,
                    });
                }
                None => {
                    let candidates = candidates(knowledge, &payloads);
                    if !candidates.is_empty() {
                        open.push((names.len(), candidates));
                        names.push(Name {
                            node,
                            mentions,
                            sense: Sense::Other,
                            country: None,
                            vote: 0.0,
                        });
                    }
                }
            }
        }
        for (actor, prominence) in actors {
            let countries = &knowledge.terms.actors[usize::from(*actor)].countries;
            for (rank, country) in countries.iter().enumerate() {
                let vote = if rank == 0 {
                    ACTOR_VOTE
                } else {
                    ACTOR_ABROAD_VOTE
                };
                outright[usize::from(*country)] += vote * prominence.weight();
            }
        }
        let mut geography = Self {
            votes: Vec::new(),
            names,
            latin: 0.0,
            foreign: 0.0,
            latin_prominence: None,
            foreign_prominence: None,
        };
        let priors: Vec<_> = prior_countries(knowledge, reading.lang, home).collect();
        let with_priors = |mut votes: Vec<f32>, weight: f32| {
            priors
                .iter()
                .for_each(|country| votes[usize::from(*country)] += weight);
            votes
        };
        let standing = with_priors(outright.clone(), HOME_WEIGHT);
        let standing = with_priors(
            geography.ballot(knowledge, &open, &outright, &standing),
            HOME_WEIGHT,
        );
        geography.votes = with_priors(
            geography.ballot(knowledge, &open, &outright, &standing),
            HOME_VOTE,
        );
        geography.settle(knowledge, &open);
        geography.sum_up(knowledge);
        geography
    }

    /// The outright votes and those of the places, given how the votes stand so far.
    fn ballot(
        &mut self,
        knowledge: &Knowledge,
        open: &[(usize, Vec<Candidate>)],
        outright: &[f32],
        standing: &[f32],
    ) -> Vec<f32> {
        let mut votes = outright.to_vec();
        for (number, candidates) in open {
            let name = &mut self.names[*number];
            let risk = knowledge.atlas.risk(name.node);
            let standing = |c: &Candidate| standing[usize::from(c.country)];
            let support = candidates.iter().map(standing).fold(0.0, f32::max);
            let vote = mention::saturated(&name.mentions, |mention| {
                PLACE_VOTE * mention.weight * reliability(risk, mention, support)
            });
            let total: f32 = shares(candidates, &standing).map(|(_, share)| share).sum();
            let mut best = (None, 0.0);
            for (country, share) in shares(candidates, &standing) {
                let vote = vote * share / total.max(f32::MIN_POSITIVE);
                votes[usize::from(country)] += vote;
                if vote > best.1 {
                    best = (Some(country), vote);
                }
            }
            (name.country, name.vote) = best;
        }
        votes
    }

    /// Settles each place in its country: in the division that the story's names speak for, and
    /// there as the biggest of its name.
    fn settle(&mut self, knowledge: &Knowledge, open: &[(usize, Vec<Candidate>)]) {
        let atlas = &knowledge.atlas;
        let mut divisions: FxHashMap<(CountryId, u16), f32> = FxHashMap::default();
        for (number, candidates) in open {
            let Some(country) = self.names[*number].country else {
                continue;
            };
            let places = || {
                candidates
                    .iter()
                    .filter(|c| c.country == country)
                    .filter_map(|c| c.place)
            };
            let count = places().count() as f32;
            for place in places().map(|place| atlas.places[place as usize]) {
                let weight = if place.kind == PlaceKind::Admin1 {
                    3.0
                } else {
                    1.0 / count
                };
                *divisions.entry((country, place.admin1)).or_default() += weight;
            }
        }
        for (number, candidates) in open {
            let name = &mut self.names[*number];
            let Some(country) = name.country else {
                continue;
            };
            let cued = mention::place_noun(&name.mentions);
            let in_country = candidates.iter().filter(|c| c.country == country);
            let best = in_country.filter_map(|candidate| {
                let place = candidate.place?;
                let entry = atlas.places[place as usize];
                let division = divisions
                    .get(&(country, entry.admin1))
                    .copied()
                    .unwrap_or(0.0);
                Some((
                    place,
                    division + rank(entry.kind, entry.population, cued),
                    candidate.prior,
                ))
            });
            let best = best.max_by(|a, b| {
                (a.1, a.2)
                    .partial_cmp(&(b.1, b.2))
                    .unwrap_or(std::cmp::Ordering::Equal)
            });
            name.sense = best.map_or(Sense::Other, |(place, ..)| Sense::Place(place));
        }
    }

    fn sum_up(&mut self, knowledge: &Knowledge) {
        for (entry, vote) in knowledge.atlas.countries.iter().zip(&self.votes) {
            if entry.latin {
                self.latin += vote;
            } else {
                self.foreign += vote;
            }
        }
        for name in &self.names {
            let Some(country) = name.country.filter(|_| name.vote > 0.2) else {
                continue;
            };
            let prominence = name.mentions.iter().map(|mention| mention.prominence).max();
            let latin = knowledge.atlas.entry(country).latin;
            let slot = if latin {
                &mut self.latin_prominence
            } else {
                &mut self.foreign_prominence
            };
            *slot = (*slot).max(prominence);
        }
    }

    /// Whether headline or lead names a country or what lies in it.
    pub(crate) fn names_early(&self, country: CountryId) -> bool {
        let early = |mention: &Mention| mention.prominence >= Prominence::Lead;
        self.names
            .iter()
            .any(|name| name.country == Some(country) && name.mentions.iter().any(early))
    }

    /// The countries by what speaks for them, the main one first, with their shares.
    pub(crate) fn countries(&self, knowledge: &Knowledge) -> Vec<(CountryId, f32)> {
        let weighed = |(number, vote): (usize, &f32)| {
            let country = number as CountryId;
            let share = if knowledge.atlas.entry(country).latin {
                1.0
            } else {
                FOREIGN_SHARE
            };
            (country, vote * share)
        };
        let mut countries: Vec<_> = self
            .votes
            .iter()
            .enumerate()
            .map(weighed)
            .filter(|(_, vote)| *vote > 0.0)
            .collect();
        let total: f32 = countries.iter().map(|(_, vote)| vote).sum();
        countries.iter_mut().for_each(|(_, vote)| *vote /= total);
        countries.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        countries
    }
}

/// How far a mention can be trusted to mean a place.
fn reliability(risk: Risk, mention: &Mention, support: f32) -> f32 {
    let trust: f32 = match (risk, mention.located, mention.inside_name) {
        (Risk::Low, _, false) => 1.0,
        (Risk::Medium, true, _) | (Risk::Low, true, true) => 0.8,
        (Risk::High, true, _) => 0.6,
        (Risk::Medium, false, false) => 0.5,
        (Risk::Low, false, true) => 0.15,
        (Risk::High, false, false) if support > 1.0 => 0.2,
        (Risk::Medium, false, true) if support > 1.0 => 0.1,
        _ => 0.0,
    };
    if mention.venue { trust * 0.4 } else { trust }
}

/// Which of several places of one name in one division is meant: the one that is called what it
/// is (`province of`), else the division itself unless its town is what people know.
fn rank(kind: PlaceKind, population: u32, cued: Option<PlaceKind>) -> f32 {
    let known = (population as f32).ln_1p() / 20.0;
    let kind_rank = match (cued, kind) {
        (Some(cued), kind) if cued == kind => 1.5,
        (_, PlaceKind::Admin1 | PlaceKind::Region) => 0.6,
        (_, PlaceKind::Admin2) => 0.1,
        (_, PlaceKind::City) => 0.15,
    };
    known + kind_rank
}

/// The countries that a story is likely about before it is read.
fn prior_countries(
    knowledge: &Knowledge,
    lang: Option<Lang>,
    home: Home,
) -> impl Iterator<Item = CountryId> {
    let spoken = (lang == Some(Lang::PT))
        .then(|| "BR".parse().ok())
        .flatten();
    [home.country, spoken]
        .into_iter()
        .flatten()
        .filter_map(|iso2| knowledge.atlas.country(iso2))
}
