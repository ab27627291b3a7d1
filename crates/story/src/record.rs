//! The record: one story as one line of JSON, with the verdict and everything that explains it.
//!
//! `vigia schema story` prints the JSON Schema that these types derive; the field descriptions
//! there are the comments here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{Article, CanonicalUrl, FeedId, Iso2, Lang, StoryId, TextSource, Timestamp};

/// The version of the record, the first field of every line.
pub const SCHEMA: &str = "vigia.story/1";

/// One story, as it stands on one line of the record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Story {
    /// Version of this record: `vigia.story/1`.
    pub schema: String,
    /// Stable id of the canonical URL.
    pub id: StoryId,
    /// 1, then 2 and so on when the outlet changes the story.
    pub revision: u32,
    /// Where the page was read, after redirects.
    pub url: Option<Url>,
    /// The one address the story is known by.
    pub canonical_url: Option<CanonicalUrl>,
    /// The feed that led to it, by its id in the configuration.
    pub feed: Option<FeedId>,
    /// The outlet's name.
    pub outlet: Option<String>,
    /// The headline.
    pub title: String,
    /// The people who wrote it; where nobody in person signs, the outlet that does.
    pub bylines: Vec<String>,
    /// The news agency that it is of.
    #[serde(default)]
    pub agency: Option<String>,
    /// The section of the outlet that it stands in.
    #[serde(default)]
    pub section: Option<String>,
    /// What the outlet tags it with.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Address of the picture that the outlet shows it with.
    #[serde(default)]
    pub image: Option<Url>,
    /// When it was published, RFC 3339 in UTC.
    pub published: Option<Timestamp>,
    /// When the outlet last changed it, RFC 3339 in UTC.
    pub updated: Option<Timestamp>,
    /// When it was fetched, RFC 3339 in UTC.
    pub fetched: Option<Timestamp>,
    /// Language of the text, ISO 639-1.
    pub lang: Option<Lang>,
    /// Clean text, paragraphs split by a blank line.
    pub text: String,
    /// Whether the text is the page's, the feed's, or came in as text.
    pub text_source: TextSource,
    /// How many words the text has.
    pub words: u64,
    /// The verdict: whether the story is kept.
    pub relevant: bool,
    /// Probability that the story belongs to the topic, 0 to 1.
    pub score: f64,
    /// The least score that is kept.
    pub threshold: f64,
    /// Name and version of the model that judged.
    pub model: String,
    /// What kinds of security story it is, strongest first.
    pub categories: Vec<Category>,
    /// The story's countries, main first.
    pub countries: Vec<Country>,
    /// Places named in it, most mentioned first.
    pub places: Vec<Place>,
    /// Armed groups and state forces named in it, most mentioned first.
    pub actors: Vec<Actor>,
    /// What happened, as far as it was read.
    pub events: Vec<Event>,
    /// What the verdict rests on.
    pub evidence: Vec<Evidence>,
    /// The event cluster it belongs to; null until near-duplicates are looked for.
    pub cluster: Option<Cluster>,
    /// Where the record comes from and what made it.
    pub provenance: Provenance,
}

impl From<Article> for Story {
    /// A story that is not judged yet.
    fn from(article: Article) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            revision: 1,
            words: article.words() as u64,
            id: article.id,
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
            relevant: false,
            score: 0.0,
            threshold: 0.0,
            model: String::new(),
            categories: Vec::new(),
            countries: Vec::new(),
            places: Vec::new(),
            actors: Vec::new(),
            events: Vec::new(),
            evidence: Vec::new(),
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
                ..Provenance::default()
            },
        }
    }
}

/// A kind of story, from the taxonomy in the knowledge files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Category {
    /// Name of the category.
    pub name: String,
    /// Its share of the evidence, 0 to 1.
    pub score: f64,
}

/// A country of the story.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Country {
    /// ISO 3166-1 alpha-2 code.
    pub iso2: Iso2,
    /// Its share of the geographic evidence, 0 to 1.
    pub score: f64,
}

/// A place named in the story.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// Its name in the gazetteer.
    pub name: String,
    /// `country`, `admin1`, `admin2`, `city` or `region`.
    pub kind: String,
    /// ISO 3166-1 alpha-2 code of its country.
    pub iso2: Iso2,
    /// The first-order division it lies in.
    pub admin1: Option<String>,
    /// Latitude in degrees (WGS 84).
    pub lat: Option<f64>,
    /// Longitude in degrees (WGS 84).
    pub lon: Option<f64>,
    /// How often it is named.
    pub mentions: u32,
}

/// A group or force named in the story.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Actor {
    /// Id in the actors file.
    pub id: String,
    /// Its name there.
    pub name: String,
    /// `guerrilla`, `cartel`, `gang` and so on.
    pub kind: String,
    /// What it does in the story.
    pub role: Role,
    /// How often it is named.
    pub mentions: u32,
}

/// What an actor does in a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// It did the deed.
    Perpetrator,
    /// The deed was done to it.
    Target,
    /// It is a side of a conflict or of talks.
    Party,
    /// It is named.
    Mentioned,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// Type in the taxonomy.
    #[serde(rename = "type")]
    pub kind: String,
    /// The day, as `YYYY-MM-DD`, `YYYY-MM` or `YYYY`.
    pub date: Option<String>,
    /// `day`, `month` or `year`.
    pub date_precision: Option<String>,
    /// The place, by its name in `places`.
    pub place: Option<String>,
    /// Ids of the actors that took part.
    pub actors: Vec<String>,
    /// How many people it cost, and how it says so.
    pub casualties: Vec<Casualty>,
}

/// One figure about people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Casualty {
    /// What became of them.
    pub outcome: Outcome,
    /// Who they are: `police`, `soldier`, `civilian` and so on.
    pub victims: String,
    /// How many, at least.
    pub count: u32,
    /// How many at most, where the text gives a range.
    pub count_max: Option<u32>,
    /// What the figure counts.
    pub scope: CasualtyScope,
    /// The words that say so.
    pub quote: String,
}

/// What became of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Outcome {
    Killed,
    Injured,
    Kidnapped,
    Captive,
    Missing,
    Displaced,
    Confined,
    Arrested,
    Surrendered,
    Freed,
    Survived,
}

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CasualtyScope {
    /// The event itself.
    Event,
    /// People inside another figure.
    Subset,
    /// A period.
    Aggregate,
    /// History.
    Background,
    /// An earlier figure that another one replaces.
    Superseded,
}

/// One thing that the verdict rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// What it is.
    pub kind: EvidenceKind,
    /// The words as they stand in the story.
    pub term: String,
    /// Where they stand.
    pub field: Field,
    /// First code point, counted from 0 in the field.
    pub start: u32,
    /// One past the last code point.
    pub end: u32,
    /// What it adds to the verdict: above 0 speaks for keeping, below 0 against.
    pub weight: f64,
    /// What it was read as: an event type, a country, an actor's or a trap's id.
    pub label: String,
}

/// Kinds of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceKind {
    /// A term of the lexicon.
    Lexicon,
    /// A group or force.
    Actor,
    /// A place, country or demonym.
    Place,
    /// Words that make security terms mean something else.
    Trap,
    /// A word or two by what the model learned from them, beside what a table says of them, if one does.
    Word,
    /// A sentence that is one of the few that speak most for the story, for a model that judges by
    /// them; what else is in it counts for itself as well.
    Passage,
}

/// Parts of a story that evidence points into.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// The headline.
    Title,
    /// The text.
    Text,
}

/// The event cluster of a story.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cluster {
    /// Id of the cluster.
    pub id: String,
    /// The story that this one copies, if any.
    pub copy_of: Option<StoryId>,
}

/// Where a record comes from and what made it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Provenance {
    /// SHA-256 over the bytes that the story was made from, in hexadecimal.
    pub content_hash: Option<String>,
    /// The page's HTTP status.
    pub http_status: Option<u16>,
    /// The page's `ETag`.
    pub etag: Option<String>,
    /// The page's `Last-Modified`.
    pub last_modified: Option<String>,
    /// Why the feed's text stands in for the page's.
    pub page_missing: Option<String>,
    /// Paragraphs that were left out of the text, since they recur on the pages of the site. Absent
    /// where there are none, as where templates are not learned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub template_blocks: Vec<String>,
    /// Where the time of publication was read.
    pub published_source: Option<crate::PublishedSource>,
    /// Who may read the page, where it says so.
    #[serde(default)]
    pub access: Option<crate::Access>,
    /// Where the page lies in the archive, where one is kept, or in the WARC file that was replayed.
    pub archive: Option<ArchivePosition>,
    /// Name and version of the program.
    pub program: String,
    /// Hash over the configuration's sources.
    pub config: Option<String>,
    /// Hash over the knowledge files.
    pub knowledge: String,
}

/// Where a record stands in a WARC file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ArchivePosition {
    /// The file's name, without its folder.
    pub file: String,
    /// Its first byte in the file, as it lies on disk.
    pub offset: u64,
    /// How many bytes it has there.
    pub length: u64,
}
