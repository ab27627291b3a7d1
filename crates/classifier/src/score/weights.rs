//! The features that a score is made of and their weights, from `weights.tsv`.

use std::fmt;

use crate::knowledge::{KnowledgeFiles, Problems, Terms, rows};

/// One number that a story is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feature {
    SecurityBias,
    /// Terms of one event type, by where they stand.
    EventType(u8),
    /// Terms in the headline.
    Title,
    /// Terms in headline and lead.
    Lead,
    /// Terms for a hundred words.
    Density,
    /// Words of another subject for a hundred words.
    Domain(u8),
    /// Mentions of armed groups.
    Actors,
    RegionBias,
    /// Latin America's share of the votes.
    Share,
    Latin,
    Foreign,
    LatinTitle,
    LatinLead,
    ForeignTitle,
    ForeignLead,
    Spanish,
    Portuguese,
}

/// What a feature speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Security,
    Region,
}

const NAMED: [(&str, Feature); 15] = [
    ("security", Feature::SecurityBias),
    ("title", Feature::Title),
    ("lead", Feature::Lead),
    ("density", Feature::Density),
    ("actors", Feature::Actors),
    ("region", Feature::RegionBias),
    ("share", Feature::Share),
    ("latin", Feature::Latin),
    ("foreign", Feature::Foreign),
    ("latin-title", Feature::LatinTitle),
    ("latin-lead", Feature::LatinLead),
    ("foreign-title", Feature::ForeignTitle),
    ("foreign-lead", Feature::ForeignLead),
    ("spanish", Feature::Spanish),
    ("portuguese", Feature::Portuguese),
];

/// The weight of an event type or a domain that has none in the file.
const EVENT_TYPE_DEFAULT: f32 = 0.3;

impl Feature {
    pub(crate) fn side(self) -> Side {
        match self {
            Self::RegionBias
            | Self::Share
            | Self::Latin
            | Self::Foreign
            | Self::LatinTitle
            | Self::LatinLead
            | Self::ForeignTitle
            | Self::ForeignLead
            | Self::Spanish
            | Self::Portuguese => Side::Region,
            _ => Side::Security,
        }
    }

    /// The feature's name in the file.
    pub(crate) fn name(self, terms: &Terms) -> Name<'_> {
        Name {
            feature: self,
            terms,
        }
    }
}

/// A feature's name, as it is printed.
pub(crate) struct Name<'a> {
    feature: Feature,
    terms: &'a Terms,
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.feature {
            Feature::EventType(number) => {
                write!(
                    f,
                    "event:{}",
                    self.terms.taxonomy.event_types[usize::from(number)].name
                )
            }
            Feature::Domain(number) => {
                write!(f, "domain:{}", self.terms.domains[usize::from(number)])
            }
            feature => {
                let name = NAMED.iter().find(|(_, named)| *named == feature);
                f.write_str(name.map_or("", |(name, _)| name))
            }
        }
    }
}

/// The weights of all features.
#[derive(Debug, Default)]
pub(crate) struct Weights {
    named: [f32; NAMED.len()],
    event_types: Vec<f32>,
    domains: Vec<f32>,
}

impl Weights {
    pub(crate) fn parse(files: &KnowledgeFiles, terms: &Terms, problems: &mut Problems) -> Self {
        let mut weights = Self {
            named: [0.0; NAMED.len()],
            event_types: vec![EVENT_TYPE_DEFAULT; terms.taxonomy.event_types.len()],
            domains: vec![0.0; terms.domains.len()],
        };
        for row in &rows(
            "weights.tsv",
            &files.weights,
            ["feature", "weight"],
            problems,
        ) {
            let weight = row.parse(1, "a weight", problems);
            match weights.slot(row.cells[0], terms) {
                Some(slot) => *slot = weight,
                None => row.wrong(problems, format!("`{}` is no feature", row.cells[0])),
            }
        }
        weights
    }

    pub(crate) fn get(&self, feature: Feature) -> f32 {
        match feature {
            Feature::EventType(number) => self.event_types[usize::from(number)],
            Feature::Domain(number) => self.domains[usize::from(number)],
            named => {
                let index = NAMED.iter().position(|(_, feature)| *feature == named);
                index.map_or(0.0, |index| self.named[index])
            }
        }
    }

    fn slot(&mut self, name: &str, terms: &Terms) -> Option<&mut f32> {
        if let Some(event_type) = name.strip_prefix("event:") {
            let number = terms
                .taxonomy
                .event_types
                .iter()
                .position(|known| *known.name == *event_type)?;
            self.event_types.get_mut(number)
        } else if let Some(domain) = name.strip_prefix("domain:") {
            let number = terms.domains.iter().position(|known| **known == *domain)?;
            self.domains.get_mut(number)
        } else {
            let number = NAMED.iter().position(|(known, _)| *known == name)?;
            self.named.get_mut(number)
        }
    }
}
