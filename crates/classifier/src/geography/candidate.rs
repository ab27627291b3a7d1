//! What a name could stand for, and how much for each.

use story::Lang;

use crate::{
    knowledge::{CountryId, Knowledge, PlaceKind},
    matcher::{Kind, Payload},
};

/// What one reading of a name could stand for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub country: CountryId,
    pub prior: f32,
    pub place: Option<u32>,
}

const COUNTRY_VOTE: f32 = 2.0;
const DEMONYM_VOTE: f32 = 0.9;
/// What an institution counts of the weight that its table states.
const SIGNAL_SHARE: f32 = 0.8;
/// What a country without a vote counts when a name's candidates are weighed.
const UNVOTED: f32 = 0.15;

/// The country that a name stands for whatever the rest of the story says, and its vote.
pub(super) fn outright_vote(
    knowledge: &Knowledge,
    lang: Option<Lang>,
    payloads: &[Payload],
) -> Option<(CountryId, f32)> {
    let place = payloads.iter().any(|payload| payload.kind == Kind::Place);
    let vote = |payload: &Payload| match payload.kind {
        Kind::Country => {
            let country = payload.index as CountryId;
            let entry = knowledge.atlas.entry(country);
            // Algeria is a country in one language and a town of Cauca in another.
            (!place || entry.large && entry.latin).then_some((country, COUNTRY_VOTE))
        }
        Kind::Demonym => Some((payload.index as CountryId, DEMONYM_VOTE)),
        Kind::Signal => {
            let signal = knowledge.atlas.signals[payload.index as usize];
            let spoken = signal
                .lang
                .is_none_or(|of| lang.is_none_or(|lang| lang == of));
            (spoken && (!place || knowledge.atlas.entry(signal.country).latin))
                .then_some((signal.country, SIGNAL_SHARE * signal.vote))
        }
        _ => None,
    };
    let votes = payloads.iter().filter_map(vote);
    votes.max_by(|a, b| a.1.total_cmp(&b.1))
}

pub(super) fn candidates(knowledge: &Knowledge, payloads: &[Payload]) -> Vec<Candidate> {
    let atlas = &knowledge.atlas;
    let size = |population: u32| 0.6 * (population as f32 / 20_000.0).ln_1p();
    let candidate = |payload: &Payload| match payload.kind {
        Kind::Place => {
            let place = atlas.places[payload.index as usize];
            let rank = match place.kind {
                PlaceKind::Admin1 | PlaceKind::Region => 3.0,
                PlaceKind::Admin2 => 0.6,
                PlaceKind::City => 0.4,
            };
            let prior = rank + size(place.population);
            Some(Candidate {
                country: place.country,
                prior,
                place: Some(payload.index),
            })
        }
        Kind::Country => {
            let country = payload.index as CountryId;
            let prior = if atlas.entry(country).large { 3.0 } else { 1.0 };
            Some(Candidate {
                country,
                prior,
                place: None,
            })
        }
        Kind::Signal => {
            let country = atlas.signals[payload.index as usize].country;
            Some(Candidate {
                country,
                prior: 6.0,
                place: None,
            })
        }
        Kind::Homonym => {
            let (country, population) = atlas.homonyms[payload.index as usize];
            Some(Candidate {
                country,
                prior: 0.3 + size(population),
                place: None,
            })
        }
        _ => None,
    };
    payloads.iter().filter_map(candidate).collect()
}

/// How the countries of a name share its vote: by the country's biggest place of that name and
/// by how the country stands.
pub(super) fn shares(
    candidates: &[Candidate],
    standing: &impl Fn(&Candidate) -> f32,
) -> impl Iterator<Item = (CountryId, f32)> {
    let first = |number: &usize| {
        candidates[..*number]
            .iter()
            .all(|before| before.country != candidates[*number].country)
    };
    (0..candidates.len()).filter(first).map(move |number| {
        let candidate = &candidates[number];
        let same = candidates
            .iter()
            .filter(|other| other.country == candidate.country);
        let prior = same.map(|other| other.prior).fold(0.0, f32::max);
        (
            candidate.country,
            prior * prior * (UNVOTED + standing(candidate)),
        )
    })
}
