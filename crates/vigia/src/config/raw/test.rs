//! `[[test]]`: a text, and what is expected of its judgement.

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

/// A text whose judgement is known, for `vigia test`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
pub(crate) struct RawTest {
    /// What it shows, in a few words.
    #[schemars(with = "String")]
    pub(crate) name: Spanned<String>,
    /// The headline.
    #[serde(default)]
    pub(crate) title: String,
    /// The text.
    #[serde(default)]
    pub(crate) text: String,
    /// A file in the place of both: plain text, a page, or a line as `vigia classify` reads it.
    #[schemars(with = "Option<String>")]
    pub(crate) file: Option<Spanned<String>>,
    /// The language, where the text does not tell.
    pub(crate) lang: Option<String>,
    /// The address, whose section may tell something.
    pub(crate) url: Option<String>,
    /// The country of the feed that it would come by.
    pub(crate) feed_country: Option<String>,
    /// Whether it is to be kept.
    pub(crate) kept: Option<bool>,
    /// The main country that is to be found, by two letters.
    pub(crate) country: Option<String>,
    /// Countries that are to be among those found.
    #[serde(default)]
    pub(crate) countries: Vec<String>,
    /// Places that are to be among those found, as the gazetteer names them.
    #[serde(default)]
    pub(crate) places: Vec<String>,
    /// Actors that are to be among those found, by id or name.
    #[serde(default)]
    pub(crate) actors: Vec<String>,
    /// Categories that are to be among those found.
    #[serde(default)]
    pub(crate) categories: Vec<String>,
    /// The least score that it may have.
    pub(crate) score_min: Option<f64>,
    /// The highest score that it may have.
    pub(crate) score_max: Option<f64>,
}
