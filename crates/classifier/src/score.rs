//! The score: two logistic functions, one of what speaks for security and one of what speaks for
//! Latin America, and their product. A trained model replaces this module.

mod weights;

use story::Lang;

use crate::{
    actors::{Named, is_armed_group},
    geography::Geography,
    reading::{Prominence, Reading},
    security::Security,
};
pub(crate) use weights::{Feature, Side, Weights};

/// Name and version of what judges.
pub(crate) const MODEL: &str = "knowledge/1";

/// What a story scores, and the features that made it.
#[derive(Clone, Debug)]
pub(crate) struct Score {
    /// Each feature with its value and its weight.
    pub features: Vec<(Feature, f32, f32)>,
}

impl Score {
    pub(crate) fn of(
        reading: &Reading<'_>,
        security: &Security,
        geography: &Geography,
        actors: &[Named],
    ) -> Self {
        let weights = &reading.knowledge.weights;
        let mut features = Vec::new();
        let mut add = |feature: Feature, value: f32| {
            if value != 0.0 {
                features.push((feature, value, weights.get(feature)));
            }
        };
        security_features(reading, security, actors, &mut add);
        region_features(reading, geography, &mut add);
        Self { features }
    }

    /// What the features of one side sum up to.
    pub(crate) fn logit(&self, side: Side) -> f32 {
        let of_side = self
            .features
            .iter()
            .filter(|(feature, ..)| feature.side() == side);
        of_side.map(|(_, value, weight)| value * weight).sum()
    }

    /// How likely a story is one about security.
    pub(crate) fn security(&self) -> f64 {
        logistic(self.logit(Side::Security))
    }

    /// How likely a story is one about Latin America.
    pub(crate) fn region(&self) -> f64 {
        logistic(self.logit(Side::Region))
    }

    /// How likely a story is one that is looked for.
    pub(crate) fn total(&self) -> f64 {
        self.security() * self.region()
    }

    /// What one feature adds to its side.
    pub(crate) fn part(&self, feature: Feature) -> f32 {
        let found = self.features.iter().find(|(known, ..)| *known == feature);
        found.map_or(0.0, |(_, value, weight)| value * weight)
    }
}

pub(crate) fn logistic(logit: f32) -> f64 {
    1.0 / (1.0 + f64::from(-logit).exp())
}

/// The weight of a term in a sum over a part of the story.
pub(crate) fn title_weight(term: &crate::security::Term) -> f32 {
    if term.prominence == Prominence::Title {
        term.weight
    } else {
        0.0
    }
}

/// The weight of a term in the sum over headline and lead.
pub(crate) fn lead_weight(term: &crate::security::Term) -> f32 {
    if term.prominence >= Prominence::Lead {
        term.weight
    } else {
        0.0
    }
}

/// The weight of a term in the sum over all mentions.
pub(crate) fn density_weight(term: &crate::security::Term) -> f32 {
    term.weight * term.mentions.len() as f32
}

fn security_features(
    reading: &Reading<'_>,
    security: &Security,
    actors: &[Named],
    add: &mut impl FnMut(Feature, f32),
) {
    let types = reading.knowledge.terms.taxonomy.event_types.len();
    let mut sums = vec![0.0_f32; types];
    for term in &security.terms {
        for (event_type, weight) in &term.event_types {
            sums[usize::from(*event_type)] += term.strength * weight / term.weight;
        }
    }
    for (event_type, sum) in sums.iter().enumerate() {
        add(Feature::EventType(event_type as u8), sum.ln_1p());
    }
    let sum =
        |weight: fn(&crate::security::Term) -> f32| security.terms.iter().map(weight).sum::<f32>();
    add(Feature::SecurityBias, 1.0);
    add(Feature::Title, sum(title_weight).ln_1p());
    add(Feature::Lead, sum(lead_weight).ln_1p());
    add(
        Feature::Density,
        (100.0 * sum(density_weight) / security.words.max(40.0)).ln_1p(),
    );
    for (domain, (per_hundred, _)) in security.domains.iter().enumerate() {
        add(Feature::Domain(domain as u8), per_hundred.ln_1p());
    }
    let groups = actors
        .iter()
        .filter(|named| is_armed_group(reading.knowledge, named.actor));
    let mentions: usize = groups.map(|named| named.mentions.len()).sum();
    add(Feature::Actors, (mentions as f32).ln_1p());
}

fn region_features(
    reading: &Reading<'_>,
    geography: &Geography,
    add: &mut impl FnMut(Feature, f32),
) {
    let flag = |on: bool| f32::from(u8::from(on));
    let (latin, foreign) = (geography.latin, geography.foreign);
    add(Feature::RegionBias, 1.0);
    add(Feature::Share, latin / (latin + foreign + 0.5));
    add(Feature::Latin, latin.ln_1p());
    add(Feature::Foreign, foreign.ln_1p());
    add(
        Feature::LatinTitle,
        flag(geography.latin_prominence == Some(Prominence::Title)),
    );
    add(
        Feature::LatinLead,
        flag(geography.latin_prominence >= Some(Prominence::Lead)),
    );
    add(
        Feature::ForeignTitle,
        flag(geography.foreign_prominence == Some(Prominence::Title)),
    );
    add(
        Feature::ForeignLead,
        flag(geography.foreign_prominence >= Some(Prominence::Lead)),
    );
    add(Feature::Spanish, flag(reading.lang == Some(Lang::ES)));
    add(Feature::Portuguese, flag(reading.lang == Some(Lang::PT)));
}
