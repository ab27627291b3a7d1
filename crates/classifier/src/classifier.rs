//! An article to a story: reads it once, asks what it says and where it plays, and judges.

use std::{collections::HashSet, sync::Arc};

use story::{Article, Country, Iso2, Lang, Place, Provenance, SCHEMA, Story};

use crate::{
    actors::{self, Named},
    evidence,
    flip::flip,
    geography::{Geography, Sense},
    knowledge::Knowledge,
    reading::Reading,
    score::{MODEL, Score},
    security::{Security, rounded},
    verdict::{DropReason, WORDS_MIN, drop_reason},
};

/// Judges articles.
#[derive(Clone, Debug)]
pub struct Classifier {
    knowledge: Arc<Knowledge>,
    threshold: f64,
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

/// An article, read and judged.
struct Judged<'a> {
    reading: Reading<'a>,
    geography: Geography,
    security: Security,
    actors: Vec<Named>,
    score: Score,
}

impl Classifier {
    /// A classifier that keeps stories whose score is at least `threshold`.
    pub fn new(knowledge: Arc<Knowledge>, threshold: f64) -> Self {
        Self {
            knowledge,
            threshold,
        }
    }

    /// Judges an article. At most the first 100,000 characters of its text are read.
    pub fn classify(&self, article: Article) -> Story {
        let annotated = {
            let judged = Judged::of(&article, &self.knowledge);
            judged.annotate(self.threshold)
        };
        self.story(article, annotated)
    }

    /// Judges an article and says how the verdict came about.
    pub fn explain(&self, article: Article) -> Explanation {
        let (annotated, votes, score) = {
            let judged = Judged::of(&article, &self.knowledge);
            (
                judged.annotate(self.threshold),
                judged.votes(),
                judged.score,
            )
        };
        let story = self.story(article, annotated);
        let reason = drop_reason(&story);
        let named = |(feature, value, weight): &(crate::score::Feature, f32, f32)| {
            (
                feature.name(&self.knowledge.terms).to_string(),
                f64::from(*value),
                f64::from(*weight),
            )
        };
        Explanation {
            security: score.security(),
            region: score.region(),
            votes,
            flip: flip(&story, &score, reason),
            features: score.features.iter().map(named).collect(),
            reason,
            story,
        }
    }

    fn story(&self, article: Article, annotated: Annotated) -> Story {
        let words = article.words() as u64;
        Story {
            schema: SCHEMA.to_owned(),
            id: article.id,
            revision: 1,
            url: article.url,
            canonical_url: article.canonical_url,
            feed: article.feed,
            outlet: article.outlet,
            title: article.title,
            bylines: article.bylines,
            agency: article.agency,
            section: article.section,
            tags: article.tags,
            image: article.image,
            published: article.published,
            updated: article.updated,
            fetched: article.fetched,
            lang: article.lang,
            text: article.text,
            text_source: article.text_source,
            words,
            relevant: annotated.relevant,
            score: annotated.score,
            threshold: self.threshold,
            model: MODEL.to_owned(),
            categories: annotated.categories,
            countries: annotated.countries,
            places: annotated.places,
            actors: annotated.actors,
            events: Vec::new(),
            evidence: annotated.evidence,
            cluster: None,
            provenance: Provenance {
                content_hash: article.content_hash,
                http_status: article.http_status,
                etag: article.etag,
                last_modified: article.last_modified,
                page_missing: article.page_missing,
                template_blocks: article.template_blocks,
                access: article.access,
                published_source: article.published_source,
                archive: None,
                program: concat!("vigia/", env!("CARGO_PKG_VERSION")).to_owned(),
                config: None,
                knowledge: self.knowledge.hash().to_owned(),
            },
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

impl<'a> Judged<'a> {
    fn of(article: &'a Article, knowledge: &'a Knowledge) -> Self {
        let reading = Reading::of(article, knowledge);
        let security = Security::of(&reading);
        let geography = Geography::of(&reading, article.home, &actors::outright(&reading));
        let actors = actors::named(&reading, &geography, security.strength());
        let score = Score::of(&reading, &security, &geography, &actors);
        Self {
            reading,
            geography,
            security,
            actors,
            score,
        }
    }

    fn annotate(&self, threshold: f64) -> Annotated {
        let score = (self.score.total() * 1e4).round() / 1e4;
        let judged = supported(self.reading.lang) && self.reading.words() >= WORDS_MIN;
        Annotated {
            relevant: judged && score >= threshold,
            score: if judged { score } else { 0.0 },
            categories: self.security.categories(&self.reading),
            countries: self.countries(),
            places: self.places(),
            actors: actors::rows(&self.reading, &self.actors),
            evidence: evidence::rows(
                &self.reading,
                &self.security,
                &self.geography,
                &self.actors,
                &self.score,
            ),
        }
    }

    fn countries(&self) -> Vec<Country> {
        let knowledge = self.reading.knowledge;
        let mut countries = self.geography.countries(knowledge);
        countries.retain(|(country, share)| {
            let passing =
                !knowledge.atlas.entry(*country).latin && !self.geography.names_early(*country);
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
        let knowledge = self.reading.knowledge;
        let mut places: Vec<(u32, u32)> = Vec::new();
        for name in &self.geography.names {
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
        let knowledge = self.reading.knowledge;
        let votes = |(country, share): (u8, f32)| {
            let names = self
                .geography
                .names
                .iter()
                .filter(|name| name.country == Some(country) && name.vote > 0.0);
            let mut seen = HashSet::new();
            let terms = names
                .filter_map(|name| name.mentions.first())
                .map(|mention| {
                    self.reading.parts[mention.part]
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
        self.geography
            .countries(knowledge)
            .into_iter()
            .map(votes)
            .collect()
    }
}

/// Whether stories in a language are judged; a text whose language is unknown is.
pub(crate) fn supported(lang: Option<Lang>) -> bool {
    lang.is_none_or(|lang| [Lang::ES, Lang::PT, Lang::EN].contains(&lang))
}
