//! Lines of labelled articles, as `vigia train` and `vigia eval` read them.

use serde::Deserialize;
use serde_json::Value;
use story::{Article, Lang};
use url::Url;

use super::{ClassifyLine, article, read};

/// An article with its label.
#[derive(Debug)]
pub struct LabelledArticle {
    /// What the line calls it.
    pub id: String,
    /// The article.
    pub article: Article,
    /// Whether it is what is looked for.
    pub label: bool,
    /// How much it counts; 1 is normal.
    pub weight: f32,
    /// Its outlet: what the line has as `source` or `outlet`, or else the host of its address.
    pub outlet: Option<String>,
    /// Whether it is marked as hard.
    pub hard: bool,
}

/// What stands in a line besides the article.
#[derive(Deserialize)]
struct LabelLine {
    #[serde(default)]
    id: Value,
    label: Label,
    weight: Option<f32>,
    source: Option<String>,
    outlet: Option<String>,
    url: Option<String>,
    #[serde(default)]
    hard: bool,
}

/// 0 or 1, or `false` or `true`.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Label {
    Number(u8),
    Truth(bool),
}

/// Most that an article may count.
const WEIGHT_MAX: f32 = 100.0;

/// Reads a line; what is wrong with it comes as the line that a filter would write.
pub fn labelled_line(line: &str) -> Result<LabelledArticle, String> {
    let (labelled, _): (LabelLine, _) = read(line, &["text"])?;
    let wrong = |what: &str| super::error_line(&labelled.id, what);
    let label = match labelled.label {
        Label::Truth(label) => label,
        Label::Number(0) => false,
        Label::Number(1) => true,
        Label::Number(_) => return Err(wrong("`label` is neither 0 nor 1")),
    };
    let weight = labelled.weight.unwrap_or(1.0);
    if !(0.0..=WEIGHT_MAX).contains(&weight) {
        return Err(wrong("`weight` is not between 0 and 100"));
    }
    let (article_line, fields): (ClassifyLine, _) = read(line, &["text"])?;
    if article_line.title.is_none() && article_line.text.is_none() {
        return Err(wrong("neither `title` nor `text` is there"));
    }
    let host = || {
        Url::parse(labelled.url.as_deref()?)
            .ok()?
            .host_str()
            .map(str::to_owned)
    };
    Ok(LabelledArticle {
        id: labelled
            .id
            .as_str()
            .map_or_else(|| labelled.id.to_string(), str::to_owned),
        article: article(article_line, &fields),
        label,
        weight,
        outlet: [labelled.source, labelled.outlet]
            .into_iter()
            .flatten()
            .find(|outlet| !outlet.is_empty())
            .or_else(host),
        hard: labelled.hard,
    })
}

impl LabelledArticle {
    /// The article's language as two letters, or `--`.
    pub fn lang(&self) -> String {
        self.article
            .lang
            .as_ref()
            .map_or_else(|| "--".to_owned(), Lang::to_string)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Result<(bool, Option<&str>), &str>) {
        let read = labelled_line(line);
        let read = read
            .as_ref()
            .map(|read| (read.label, read.outlet.as_deref()));
        match (read, expected) {
            (Err(error), Err(part)) => assert!(error.contains(part), "{error}"),
            (read, expected) => assert_eq!(read.ok(), expected.ok(), "{line}"),
        }
    }

    #[test]
    fn a_label_is_0_or_1_and_an_outlet_is_named_or_told_by_the_address() {
        check(
            r#"{"id":"a","title":"T","text":"x","label":1}"#,
            Ok((true, None)),
        );
        check(
            r#"{"id":1,"text":"x","label":false,"source":"El Faro"}"#,
            Ok((false, Some("El Faro"))),
        );
        check(
            r#"{"text":"x","label":0,"url":"https://e.org/a"}"#,
            Ok((false, Some("e.org"))),
        );
        check(r#"{"id":"a","text":"x","label":2}"#, Err("neither 0 nor 1"));
        check(
            r#"{"id":"a","text":"x","label":1,"weight":-1}"#,
            Err("weight"),
        );
        check(r#"{"id":"a","label":1}"#, Err("neither `title`"));
        check(r#"{"id":"a","text":"x"}"#, Err("label"));
        check("{", Err("error"));
    }
}
