//! An article to a story: reads it once, asks what it says and where it plays, and judges.

use std::{collections::HashSet, sync::Arc};

use story::{Article, Country, Iso2, Place, Provenance, Story};

use crate::{
    actors::{self, Named},
    evidence,
    features::{Features, Head, Vector, passages},
    flip::{blanked, flip},
    geography::{Geography, Sense},
    knowledge::Knowledge,
    model::Model,
    reading::Reading,
    score::Score,
    security::{Security, rounded},
    verdict::{DropReason, WORDS_MIN, reason},
};

/// Judges articles.
#[derive(Clone, Debug)]
pub struct Classifier {
    knowledge: Arc<Knowledge>,
    model: Arc<Model>,
    threshold: f64,
    others: OtherLanguages,
}

/// What becomes of stories in languages that the model does not judge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OtherLanguages {
    /// They are dropped as [`DropReason::UnsupportedLanguage`].
    #[default]
    Drop,
    /// They are judged by what the knowledge says alone: names of places and groups, and the words
    /// that such a language shares with those of the tables. No n-gram counts, nor any other word.
    Judge,
}

/// A verdict with everything that led to it.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The story, as it is recorded.
    pub story: Story,
    /// How likely the story is one about security, 0 to 1.
    pub security: f64,
    /// How likely it is one about Latin America, 0 to 1.
    pub region: f64,
    /// What each country was voted for by, most votes first.
    pub votes: Vec<CountryVotes>,
    /// Why the story is dropped.
    pub reason: Option<DropReason>,
    /// The smallest change that would have changed the verdict, as one sentence.
    pub flip: String,
    /// What speaks for security and for Latin America, in log-odds, besides the evidence: where the
    /// model starts from, the story's length and language, how its terms are spread, and words that add
    /// too little to be told. What words say of both at once counts as the topic's.
    pub rest: [f64; 2],
    /// Each number that the score was made from, with its value and its weight.
    pub features: Vec<(String, f64, f64)>,
}

/// What spoke for a country.
#[derive(Clone, Debug, PartialEq)]
pub struct CountryVotes {
    /// ISO 3166-1 alpha-2 code.
    pub iso2: Iso2,
    /// Its share of all votes, 0 to 1.
    pub score: f64,
    /// The words that voted, as the text has them, in its order.
    pub terms: Vec<String>,
}

/// A country's least share of the votes to be one of the story's.
const COUNTRY_SHARE: f32 = 0.04;
/// The same for a country elsewhere that neither headline nor lead names: less is a passing mention
/// or the outlet's own headlines around the story.
const PASSING_SHARE: f32 = 0.2;
const COUNTRIES_MAX: usize = 8;
/// A place's least vote to be one of the story's.
const PLACE_VOTE: f32 = 0.3;
/// The regions that say where a story plays without being a place of it: Latin America.
const SUPRANATIONAL: &str = "supranational";
const PLACES_MAX: usize = 40;

/// An article and what it says.
struct Read<'a> {
    reading: Reading<'a>,
    geography: Geography,
    security: Security,
    actors: Vec<Named>,
}

/// An article, read and judged.
struct Judged<'a> {
    read: Read<'a>,
    score: Score<'a>,
    /// Whether it is in a language that is not judged.
    unsupported: bool,
}

/// An explanation before its story is put together.
struct Explained {
    annotated: Annotated,
    security: f64,
    region: f64,
    votes: Vec<CountryVotes>,
    reason: Option<DropReason>,
    flip: String,
    rest: [f64; 2],
    features: Vec<(String, f64, f64)>,
}

impl Classifier {
    /// A classifier that keeps stories whose score is at least `threshold`.
    pub fn new(knowledge: Arc<Knowledge>, model: Arc<Model>, threshold: f64) -> Self {
        Self {
            knowledge,
            model,
            threshold,
            others: OtherLanguages::default(),
        }
    }

    /// The classifier with another way with stories in languages that its model does not judge.
    #[must_use]
    pub fn with_others(self, others: OtherLanguages) -> Self {
        Self { others, ..self }
    }

    /// The classifier with another threshold.
    #[must_use]
    pub fn with_threshold(self, threshold: f64) -> Self {
        Self { threshold, ..self }
    }

    /// Judges an article. At most the first 100,000 characters of its text are read.
    pub fn classify(&self, article: Article) -> Story {
        self.judge(article).0
    }

    /// The story of an article that is kept; one that is dropped costs no annotation.
    pub fn keep(&self, article: Article) -> Option<Story> {
        let annotated = {
            let judged = Judged::of(&article, self);
            judged
                .keeps(self.threshold)
                .then(|| judged.annotate(self.threshold))
        };
        annotated.map(|annotated| self.story(article, annotated))
    }

    /// Judges an article, and says in a word why it is dropped where it is.
    pub fn judge(&self, article: Article) -> (Story, Option<DropReason>) {
        let (annotated, reason) = {
            let judged = Judged::of(&article, self);
            let annotated = judged.annotate(self.threshold);
            let reason = judged.reason(self.threshold, annotated.score);
            (annotated, reason)
        };
        (self.story(article, annotated), reason)
    }

    /// Judges an article and says how the verdict came about.
    pub fn explain(&self, article: Article) -> Explanation {
        let explained = {
            let judged = Judged::of(&article, self);
            let annotated = judged.annotate(self.threshold);
            let reason = judged.reason(self.threshold, annotated.score);
            Explained {
                security: judged.score.topic(),
                region: judged.score.region(),
                votes: judged.votes(),
                rest: [Head::Topic, Head::Region]
                    .map(|head| evidence::rest(&annotated.evidence, &judged.score, head)),
                flip: flip(
                    &annotated.evidence,
                    &judged.score,
                    self.threshold,
                    reason,
                    |terms| self.score_without(&article, terms),
                ),
                features: judged.features(),
                reason,
                annotated,
            }
        };
        Explanation {
            security: explained.security,
            region: explained.region,
            votes: explained.votes,
            flip: explained.flip,
            rest: explained.rest,
            features: explained.features,
            reason: explained.reason,
            story: self.story(article, explained.annotated),
        }
    }

    /// What an article would score without some terms.
    fn score_without(&self, article: &Article, terms: &[&str]) -> f64 {
        let mut cut = article.clone();
        for term in terms {
            cut.title = blanked(&cut.title, term);
            cut.text = blanked(&cut.text, term);
        }
        let judged = Judged::of(&cut, self);
        judged.annotate(self.threshold).score
    }

    /// An article as the numbers that a model weighs, to train one.
    pub fn vector(article: &Article, knowledge: &Knowledge) -> Vector {
        Read::of(article, knowledge).features().vector
    }

    /// The same with the numbers of its passages, for models that judge by them.
    pub fn vector_with_passages(article: &Article, knowledge: &Knowledge) -> Vector {
        let read = Read::of(article, knowledge);
        read.features().with_passages(&read.reading).vector
    }

    /// For each passage of an article whether it is one of those that a person's reasons stand in:
    /// the passages with most of these strings, and all with two or more. Letters' case, accents
    /// and line breaks do not matter.
    pub fn witnesses(article: &Article, knowledge: &Knowledge, reasons: &[String]) -> Vec<bool> {
        passages::witnesses(&Reading::of(article, knowledge), reasons)
    }

    fn story(&self, article: Article, annotated: Annotated) -> Story {
        let story = Story::from(article);
        Story {
            relevant: annotated.relevant,
            score: annotated.score,
            threshold: self.threshold,
            model: self.model.name(),
            categories: annotated.categories,
            countries: annotated.countries,
            places: annotated.places,
            actors: annotated.actors,
            evidence: annotated.evidence,
            provenance: Provenance {
                program: concat!("vigia/", env!("CARGO_PKG_VERSION")).to_owned(),
                knowledge: self.knowledge.hash().to_owned(),
                ..story.provenance
            },
            ..story
        }
    }
}

/// What the classifier adds to an article.
struct Annotated {
    relevant: bool,
    score: f64,
    categories: Vec<story::Category>,
    countries: Vec<Country>,
    places: Vec<Place>,
    actors: Vec<story::Actor>,
    evidence: Vec<story::Evidence>,
}

impl<'a> Read<'a> {
    fn of(article: &'a Article, knowledge: &'a Knowledge) -> Self {
        let reading = Reading::of(article, knowledge);
        let security = Security::of(&reading);
        let geography = Geography::of(&reading, article.home, &actors::outright(&reading));
        let actors = actors::named(&reading, &geography, security.strength());
        Self {
            reading,
            geography,
            security,
            actors,
        }
    }

    fn features(&self) -> Features {
        Features::of(&self.reading, &self.security, &self.geography, &self.actors)
    }
}

impl<'a> Judged<'a> {
    fn of(article: &'a Article, by: &'a Classifier) -> Self {
        let read = Read::of(article, &by.knowledge);
        let foreign = !by.model.judges(read.reading.lang);
        let mut features = read.features();
        if by.model.reads_passages() {
            features = features.with_passages(&read.reading);
        }
        if foreign && by.others == OtherLanguages::Judge {
            features.forget_grams();
        }
        let score = Score::of(&by.model, features);
        Self {
            read,
            score,
            unsupported: foreign && by.others == OtherLanguages::Drop,
        }
    }

    /// Whether the model can say anything about the article.
    fn judged(&self) -> Result<(), DropReason> {
        let Read { reading, .. } = &self.read;
        if self.unsupported {
            Err(DropReason::UnsupportedLanguage)
        } else if reading.words() < WORDS_MIN {
            Err(DropReason::TooShort)
        } else {
            Ok(())
        }
    }

    fn reason(&self, threshold: f64, total: f64) -> Option<DropReason> {
        reason(&self.score, threshold, total, self.judged())
    }

    /// The score as records have it; 0 where the model can say nothing.
    fn rounded_score(&self) -> f64 {
        match self.judged() {
            Ok(()) => (self.score.total() * 1e4).round() / 1e4,
            Err(_) => 0.0,
        }
    }

    fn keeps(&self, threshold: f64) -> bool {
        self.judged().is_ok() && self.rounded_score() >= threshold
    }

    fn annotate(&self, threshold: f64) -> Annotated {
        let Read {
            reading,
            security,
            geography,
            actors,
        } = &self.read;
        Annotated {
            relevant: self.keeps(threshold),
            score: self.rounded_score(),
            categories: security.categories(reading),
            countries: self.countries(),
            places: self.places(),
            actors: actors::rows(reading, actors),
            evidence: evidence::rows(reading, security, geography, actors, &self.score),
        }
    }

    /// Each number of the knowledge that the score was made from, with its value and its weight.
    fn features(&self) -> Vec<(String, f64, f64)> {
        let names = self.read.reading.knowledge.features();
        let mut rows = Vec::new();
        for head in [Head::Topic, Head::Region] {
            for (at, value) in &self.score.features.vector.dense[head as usize] {
                let weight = self.score.model.dense(head, *at);
                rows.push((
                    names[*at as usize].clone(),
                    f64::from(*value),
                    f64::from(weight),
                ));
            }
        }
        rows
    }

    fn countries(&self) -> Vec<Country> {
        let knowledge = self.read.reading.knowledge;
        let mut countries = self.read.geography.countries(knowledge);
        countries.retain(|(country, share)| {
            let passing = !knowledge.atlas.entry(*country).latin
                && !self.read.geography.names_early(*country);
            *share
                >= if passing {
                    PASSING_SHARE
                } else {
                    COUNTRY_SHARE
                }
        });
        countries.truncate(COUNTRIES_MAX);
        let row = |(country, share): (u8, f32)| Country {
            iso2: knowledge.atlas.entry(country).iso2,
            score: rounded(share),
        };
        countries.into_iter().map(row).collect()
    }

    fn places(&self) -> Vec<Place> {
        let knowledge = self.read.reading.knowledge;
        let mut places: Vec<(u32, u32)> = Vec::new();
        for name in &self.read.geography.names {
            let Sense::Place(place) = name.sense else {
                continue;
            };
            if name.vote < PLACE_VOTE
                || !knowledge
                    .atlas
                    .entry(knowledge.atlas.places[place as usize].country)
                    .latin
            {
                continue;
            }
            let mentions = name
                .mentions
                .iter()
                .filter(|mention| !mention.venue)
                .count() as u32;
            if knowledge.place(place).subkind == SUPRANATIONAL {
                continue;
            }
            match places.iter_mut().find(|(known, _)| *known == place) {
                Some((_, sum)) => *sum += mentions,
                None if mentions > 0 => places.push((place, mentions)),
                None => {}
            }
        }
        places.sort_by_key(|(_, mentions)| std::cmp::Reverse(*mentions));
        places.truncate(PLACES_MAX);
        let row = |(place, mentions): (u32, u32)| {
            let row = knowledge.place(place);
            Place {
                name: row.name.to_owned(),
                kind: row.kind.to_owned(),
                iso2: knowledge
                    .atlas
                    .entry(knowledge.atlas.places[place as usize].country)
                    .iso2,
                admin1: (!row.admin1.is_empty()).then(|| row.admin1.to_owned()),
                lat: row.lat,
                lon: row.lon,
                mentions,
            }
        };
        places.into_iter().map(row).collect()
    }

    fn votes(&self) -> Vec<CountryVotes> {
        let knowledge = self.read.reading.knowledge;
        let votes = |(country, share): (u8, f32)| {
            let names = self
                .read
                .geography
                .names
                .iter()
                .filter(|name| name.country == Some(country) && name.vote > 0.0);
            let mut seen = HashSet::new();
            let terms = names
                .filter_map(|name| name.mentions.first())
                .map(|mention| {
                    self.read.reading.parts[mention.part]
                        .quote(mention.hit)
                        .0
                        .to_owned()
                })
                .filter(|term| seen.insert(term.clone()))
                .collect();
            CountryVotes {
                iso2: knowledge.atlas.entry(country).iso2,
                score: rounded(share),
                terms,
            }
        };
        self.read
            .geography
            .countries(knowledge)
            .into_iter()
            .map(votes)
            .collect()
    }
}
