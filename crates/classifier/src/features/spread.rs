//! How what was found is spread over a story: by sentence, in its opening, and whether violence and
//! a place of the region stand together. A story that is about violence tells of it all along; one
//! that names it in passing does not.

use super::dense::{Values, quantity};
use crate::{
    actors::{Named, is_armed_group},
    geography::Geography,
    reading::{Prominence, Reading},
    security::Security,
};

/// Sentences that open a story, behind its headline.
const OPENING: u32 = 3;
/// Words up to which a story is short.
const SHORT: f32 = 110.0;
/// Evidence from which a sentence speaks of security.
const SPEAKS: f32 = 0.4;
/// The vote from which a name counts as a place.
const VOTE_LEAST: f32 = 0.2;

/// What stands in one sentence.
#[derive(Clone, Copy, Debug, Default)]
struct Sentence {
    security: f32,
    violence: f32,
    latin: bool,
    foreign: bool,
}

/// The sentences of headline and text.
type Sentences = [Vec<Sentence>; 2];

/// Adds the features of the spread.
pub(super) fn add(
    values: &mut Values,
    reading: &Reading<'_>,
    security: &Security,
    geography: &Geography,
    actors: &[Named],
) {
    let sentences = sentences(reading, security, geography);
    violence(values, reading, security, &sentences);
    others(values, reading, security);
    groups(values, reading, security, actors);
    together(values, &sentences);
    votes(values, reading, geography, actors);
}

fn sentences(reading: &Reading<'_>, security: &Security, geography: &Geography) -> Sentences {
    let mut sentences = [0, 1].map(|part: usize| {
        let words = reading.parts[part].words.all();
        let count = words.last().map_or(0, |word| word.sentence as usize + 1);
        vec![Sentence::default(); count]
    });
    let number = |part: usize, hit| reading.parts[part].sentence(hit) as usize;
    for term in &security.terms {
        for (part, hit) in &term.mentions {
            if let Some(sentence) = sentences[*part].get_mut(number(*part, *hit)) {
                sentence.security += term.weight;
                sentence.violence += if term.violent { term.weight } else { 0.0 };
            }
        }
    }
    for name in geography
        .names
        .iter()
        .filter(|name| name.vote >= VOTE_LEAST)
    {
        let Some(country) = name.country else {
            continue;
        };
        let latin = reading.knowledge.atlas.entry(country).latin;
        for mention in &name.mentions {
            if let Some(sentence) =
                sentences[mention.part].get_mut(number(mention.part, mention.hit))
            {
                sentence.latin |= latin;
                sentence.foreign |= !latin;
            }
        }
    }
    sentences
}

fn violence(
    values: &mut Values,
    reading: &Reading<'_>,
    security: &Security,
    sentences: &Sentences,
) {
    let all = || sentences.iter().flatten();
    let count = (all().count() as f32).max(1.0);
    let share = |what: fn(&Sentence) -> f32| {
        all().filter(|sentence| what(sentence) >= SPEAKS).count() as f32 / count
    };
    let opening = |what: fn(&Sentence) -> f32| {
        let opening = sentences[1].iter().take(OPENING as usize);
        opening.map(what).sum::<f32>()
    };
    let spread = share(|sentence| sentence.security);
    let violent_spread = share(|sentence| sentence.violence);
    let violent_opening = opening(|sentence| sentence.violence);
    values.steps(quantity!(Topic, "spread"), spread);
    values.steps(quantity!(Topic, "violent-spread"), violent_spread);
    values.steps(
        quantity!(Topic, "opening"),
        opening(|sentence| sentence.security),
    );
    values.steps(quantity!(Topic, "violent-opening"), violent_opening);
    values.steps(
        quantity!(Topic, "densest"),
        all().map(|s| s.security).fold(0.0, f32::max),
    );
    let from = |least: Prominence| {
        let violent = security.terms.iter().filter(|term| term.violent);
        violent
            .flat_map(|term| term.mentions.iter().map(move |place| (term.weight, place)))
            .filter(|(_, (part, hit))| reading.parts[*part].prominence(*hit) >= least)
            .map(|(weight, _)| weight)
            .sum::<f32>()
    };
    let (title, lead, all) = (
        from(Prominence::Title),
        from(Prominence::Lead),
        from(Prominence::Background),
    );
    values.steps(quantity!(Topic, "violent-title"), title);
    values.steps(quantity!(Topic, "violent-lead"), lead);
    values.steps(
        quantity!(Topic, "violent-density"),
        100.0 * all / security.words.max(40.0),
    );
    let types = |least: Prominence| {
        let terms = security
            .terms
            .iter()
            .filter(|term| term.prominence >= least);
        let types = terms.flat_map(|term| &term.event_types);
        let types = types.filter(|(_, weight)| *weight >= SPEAKS);
        let set = types.fold(0_u64, |set, (event_type, _)| set | 1 << (event_type % 64));
        set.count_ones() as f32
    };
    let early_types = types(Prominence::Lead);
    values.steps(quantity!(Topic, "types"), types(Prominence::Background));
    values.steps(quantity!(Topic, "types-early"), early_types);
    if title > 0.0 && violent_opening >= 0.8 && violent_spread >= 0.2 {
        values.plain(quantity!(Topic, "agreeing"), 1.0);
    }
    if security.words < SHORT {
        values.steps(quantity!(Topic, "short-spread"), spread);
        values.steps(quantity!(Topic, "short-violent-spread"), violent_spread);
        values.steps(quantity!(Topic, "short-violent-title"), title);
        values.steps(quantity!(Topic, "short-violent-lead"), lead);
        values.steps(quantity!(Topic, "short-types-early"), early_types);
    }
}

/// What other subjects there are in headline and lead.
fn others(values: &mut Values, reading: &Reading<'_>, security: &Security) {
    let mut early = vec![0.0_f32; security.domains.len()];
    let mut in_title = 0.0_f32;
    for ((domain, _), mentions) in &security.domain_hits {
        for (part, hit) in mentions {
            let prominence = reading.parts[*part].prominence(*hit);
            early[usize::from(*domain)] += flag(prominence >= Prominence::Lead);
            in_title += flag(prominence == Prominence::Title);
        }
    }
    let of = |least: Prominence| {
        let terms = security.terms.iter();
        let mentions = terms.flat_map(|t| t.mentions.iter().map(move |m| (t, m)));
        let early =
            mentions.filter(|(_, (part, hit))| reading.parts[*part].prominence(*hit) >= least);
        early.fold([0.0_f32; 2], |[all, violent], (term, _)| {
            [
                all + term.weight,
                violent + flag(term.violent) * term.weight,
            ]
        })
    };
    let [title, _] = of(Prominence::Title);
    let [lead, violent] = of(Prominence::Lead);
    let total: f32 = early.iter().sum();
    let ratio = lead / (lead + 0.4 * total + 0.2);
    values.steps(quantity!(Topic, "ratio-early"), ratio);
    values.steps(
        quantity!(Topic, "ratio-title"),
        title / (title + 0.4 * in_title + 0.1),
    );
    if security.words < SHORT {
        values.steps(quantity!(Topic, "short-ratio-early"), ratio);
    }
    if title == 0.0 {
        values.plain(quantity!(Topic, "no-title"), 1.0);
        values.plain(quantity!(Topic, "others-title"), flag(total > 0.0));
    }
    for (domain, count) in early.iter().enumerate().filter(|(_, count)| **count > 0.0) {
        values.early_domain(domain, [*count, flag(violent < 1.0), flag(*count >= 2.0)]);
    }
}

fn groups(values: &mut Values, reading: &Reading<'_>, security: &Security, actors: &[Named]) {
    let armed = actors
        .iter()
        .filter(|named| is_armed_group(reading.knowledge, named.actor));
    let mentions = || armed.clone().flat_map(|named| &named.mentions);
    let count = mentions().count() as f32;
    let in_title =
        mentions().any(|(part, hit)| reading.parts[*part].prominence(*hit) == Prominence::Title);
    let violent = security.terms.iter().filter(|term| term.violent);
    let violent: f32 = violent
        .map(|term| term.weight * term.mentions.len() as f32)
        .sum();
    values.steps(quantity!(Topic, "groups"), count);
    values.plain(quantity!(Topic, "groups-title"), flag(in_title));
    values.plain(
        quantity!(Topic, "groups-alone"),
        flag(count > 0.0 && violent < 1.5),
    );
}

/// Whether security stands in the sentences of the region's places or of others.
fn together(values: &mut Values, sentences: &Sentences) {
    let all = || sentences.iter().flatten();
    let count = (all().count() as f32).max(1.0);
    let [mut here, mut there, mut both] = [0.0_f32; 3];
    for sentence in all().filter(|sentence| sentence.security >= 0.15) {
        match (sentence.latin, sentence.foreign) {
            (true, true) => both += sentence.security,
            (true, false) => here += sentence.security,
            (false, true) => there += sentence.security,
            (false, false) => {}
        }
    }
    let share = (here + 0.5 * both + 0.2) / (here + there + both + 0.4);
    values.steps(quantity!(Region, "security-share"), share);
    values.steps(quantity!(Region, "security-here"), here);
    values.steps(quantity!(Region, "security-there"), there);
    values.steps(quantity!(Region, "security-both"), both);
    values.steps(
        quantity!(Region, "spread-latin"),
        all().filter(|s| s.latin).count() as f32 / count,
    );
    values.steps(
        quantity!(Region, "spread-foreign"),
        all().filter(|s| s.foreign).count() as f32 / count,
    );
    let foreign_alone = sentences[0]
        .first()
        .is_some_and(|title| title.foreign && !title.latin);
    values.plain(
        quantity!(Region, "foreign-title-alone"),
        flag(foreign_alone),
    );
}

/// How the strongest country of the region stands against the strongest elsewhere.
fn votes(values: &mut Values, reading: &Reading<'_>, geography: &Geography, actors: &[Named]) {
    let atlas = &reading.knowledge.atlas;
    let mut votes = vec![0.0_f32; atlas.countries.len()];
    for name in &geography.names {
        if let Some(country) = name.country {
            votes[usize::from(country)] += name.vote;
        }
    }
    let (mut top, mut named) = ([0.0_f32; 2], [0.0_f32; 2]);
    for (entry, vote) in atlas.countries.iter().zip(&votes) {
        let side = usize::from(!entry.latin);
        top[side] = top[side].max(*vote);
        named[side] += flag(*vote > 0.0);
    }
    let [latin, foreign] = top;
    values.steps(
        quantity!(Region, "top-share"),
        latin / (latin + foreign + 0.3),
    );
    values.steps(quantity!(Region, "top-latin"), latin);
    values.steps(quantity!(Region, "top-foreign"), foreign);
    values.steps(quantity!(Region, "countries-latin"), named[0]);
    values.steps(quantity!(Region, "countries-foreign"), named[1]);
    if latin < 0.3 {
        let lang = match reading.lang {
            Some(story::Lang::ES) => quantity!(Region, "spanish-nowhere"),
            Some(story::Lang::PT) => quantity!(Region, "portuguese-nowhere"),
            _ => quantity!(Region, "english-nowhere"),
        };
        values.plain(lang, 1.0);
        let armed = actors
            .iter()
            .any(|named| is_armed_group(reading.knowledge, named.actor));
        values.plain(quantity!(Region, "groups-nowhere"), flag(armed));
    }
}

fn flag(on: bool) -> f32 {
    f32::from(u8::from(on))
}
