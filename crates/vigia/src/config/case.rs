//! What a user expects of the judgement: `[[test]]` tables, made into articles when they are tried. A
//! daemon neither reads their texts nor minds what is wrong with them.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use pipeline::{Cleaner, filter};
use serde_json::json;
use story::Article;

use super::{Config, Problem, Problems, problem::Source, raw::RawTest};

/// Bytes of a text's file that are read; more are no article.
const FILE_BYTES_MAX: u64 = 10_000_000;

/// A test as it is written, and where.
#[derive(Clone, Debug)]
pub(crate) struct StatedTest {
    pub(super) path: PathBuf,
    pub(super) source: Source,
    pub(super) raw: RawTest,
}

/// An article whose judgement is known.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// What it shows.
    pub(crate) name: String,
    /// The name with file and line.
    pub(crate) at: String,
    /// The article.
    pub(crate) article: Article,
    /// Its judgement.
    pub(crate) expected: Expected,
}

/// What a judgement is to be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expected {
    /// Whether the story is kept.
    pub(crate) kept: Option<bool>,
    /// Its main country.
    pub(crate) country: Option<String>,
    /// Among its countries.
    pub(crate) countries: Vec<String>,
    /// Among its places.
    pub(crate) places: Vec<String>,
    /// Among its actors, by id or name.
    pub(crate) actors: Vec<String>,
    /// Among its categories.
    pub(crate) categories: Vec<String>,
    /// Bounds of its score.
    pub(crate) score: (f64, f64),
}

impl Default for Expected {
    fn default() -> Self {
        Self {
            kept: None,
            country: None,
            countries: Vec::new(),
            places: Vec::new(),
            actors: Vec::new(),
            categories: Vec::new(),
            score: (0.0, 1.0),
        }
    }
}

/// The tests of a configuration, made into articles by its own rules; or all that is wrong with them.
pub(crate) fn cases(config: &Config) -> Result<Vec<Case>, Problems> {
    let cleaner = &config.settings.cleaner;
    let (mut cases, mut problems) = (Vec::new(), Vec::new());
    for test in &config.tests {
        match case(test, cleaner) {
            Ok(case) => cases.push(case),
            Err(why) => {
                let name = test.raw.name.get_ref();
                let message = format!("test `{name}`: {why}");
                problems.push(Problem::new(test.source.clone(), message));
            }
        }
    }
    if problems.is_empty() {
        Ok(cases)
    } else {
        Err(Problems(problems))
    }
}

fn case(StatedTest { path, source, raw }: &StatedTest, cleaner: &Cleaner) -> Result<Case, String> {
    let name = raw.name.get_ref().clone();
    let expected = Expected {
        kept: raw.kept,
        country: raw.country.clone(),
        countries: raw.countries.clone(),
        places: raw.places.clone(),
        actors: raw.actors.clone(),
        categories: raw.categories.clone(),
        score: (raw.score_min.unwrap_or(0.0), raw.score_max.unwrap_or(1.0)),
    };
    if expected == Expected::default() {
        return Err(
            "it expects nothing: say `kept = true`, `country = \"PE\"` or the like".to_owned(),
        );
    }
    let article = match &raw.file {
        None if raw.title.is_empty() && raw.text.is_empty() => {
            return Err("there is no `title`, `text` or `file`".to_owned());
        }
        None => of_line(&stated(raw, &raw.title, &raw.text))?,
        Some(_) if !raw.title.is_empty() || !raw.text.is_empty() => {
            return Err("`file` stands in the place of `title` and `text`".to_owned());
        }
        Some(file) => {
            let folder = path.parent().unwrap_or(Path::new(""));
            of_file(&folder.join(file.get_ref()), raw, cleaner)?
        }
    };
    Ok(Case {
        at: Problem::new(source.clone(), name.as_str()).to_string(),
        name,
        article,
        expected,
    })
}

/// A line as `vigia classify` reads it.
fn stated(raw: &RawTest, title: &str, text: &str) -> String {
    let line = json!({
        "title": title,
        "text": text,
        "lang": raw.lang,
        "url": raw.url,
        "feed_country": raw.feed_country,
    });
    line.to_string()
}

fn of_file(file: &Path, raw: &RawTest, cleaner: &Cleaner) -> Result<Article, String> {
    let unreadable = |error| format!("cannot read `{}`: {error}", file.display());
    if !file.is_file() {
        return Err(format!("`{}` is no file", file.display()));
    }
    let mut bytes = Vec::new();
    let opened = File::open(file).map_err(unreadable)?;
    let read = opened.take(FILE_BYTES_MAX).read_to_end(&mut bytes);
    read.map_err(unreadable)?;
    if bytes.starts_with(b"{") {
        return of_line(&String::from_utf8_lossy(&bytes));
    }
    let url = raw.url.as_ref().and_then(|url| url.parse().ok());
    let article = filter::clean_whole(cleaner, &bytes, url.as_ref());
    let article = article.map_err(|rejection| format!("`{}`: {rejection}", file.display()))?;
    of_line(&stated(raw, &article.title, &article.text))
}

/// The article of a line, or what is wrong with it in words.
fn of_line(line: &str) -> Result<Article, String> {
    let problem = |answer: String| {
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap_or_default();
        answer["error"].as_str().unwrap_or_default().to_owned()
    };
    filter::article_line(line)
        .map(|(_, article)| article)
        .map_err(problem)
}
