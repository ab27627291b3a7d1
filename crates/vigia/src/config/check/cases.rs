//! What a user expects of the judgement: `[[test]]` tables, made into articles.

use std::{
    fs,
    path::{Path, PathBuf},
};

use pipeline::{Cleaner, filter};
use serde_json::json;
use story::Article;

use super::{
    super::{Case, Expected, Problem, problem::Source, raw::RawTest},
    Check,
};

impl Check {
    /// One test; `None`, and a problem, where there is nothing to judge or nothing is expected.
    pub(super) fn case(&mut self, path: &Path, raw: &RawTest) -> Option<Case> {
        let span = raw.name.span();
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
            let message = format!(
                "test `{}` expects nothing: say `kept = true`, `country = \"PE\"` or the like",
                raw.name.get_ref()
            );
            self.at(path, &span, message);
        }
        let name = raw.name.get_ref().clone();
        let article = self
            .article(path, raw)
            .map_err(|problem| self.at(path, &span, format!("test `{name}`: {problem}")))
            .ok()?;
        let text = self.texts.get(path).map_or("", String::as_str);
        let at = Problem::new(Source::at(path, text, &span), name.as_str()).to_string();
        Some(Case {
            name,
            at,
            article,
            expected,
        })
    }

    fn article(&mut self, path: &Path, raw: &RawTest) -> Result<Article, String> {
        let Some(file) = &raw.file else {
            if raw.title.is_empty() && raw.text.is_empty() {
                return Err("there is no `title`, `text` or `file`".to_owned());
            }
            let line = json!({
                "title": raw.title,
                "text": raw.text,
                "lang": raw.lang,
                "url": raw.url,
                "feed_country": raw.feed_country,
            });
            return of_line(&line.to_string());
        };
        let folder = path.parent().unwrap_or(Path::new(""));
        let file: PathBuf = folder.join(file.get_ref());
        let unreadable = |error| format!("cannot read `{}`: {error}", file.display());
        let bytes = fs::read(&file).map_err(unreadable)?;
        self.tables.push(file.clone());
        if bytes.starts_with(b"{") {
            return of_line(&String::from_utf8_lossy(&bytes));
        }
        let article = filter::clean_whole(&Cleaner::new(), &bytes, None);
        article.map_err(|rejection| format!("`{}`: {rejection}", file.display()))
    }
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
