//! Lines of labelled articles, as `vigia train` and `vigia eval` read them.

use std::collections::HashMap;

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
    /// The words for which a person labelled it so, if the line says: its `evidence`, where that is
    /// made of strings.
    pub evidence: Vec<String>,
    /// Whether it is marked as hard.
    pub hard: bool,
}

/// What stands in a line besides the article.
#[derive(Deserialize)]
struct LabelLine {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    label: Value,
    weight: Option<f32>,
    source: Option<String>,
    outlet: Option<String>,
    url: Option<String>,
    #[serde(default)]
    evidence: Value,
    #[serde(default)]
    hard: bool,
}

/// Most that an article may count.
const WEIGHT_MAX: f32 = 100.0;

/// Labels apart from their articles: what was read can be shared where the texts cannot.
#[derive(Clone, Debug, Default)]
pub struct Labels(HashMap<String, bool>);

impl Labels {
    /// Reads lines of `id`, tab, `0` or `1`; what follows another tab is a remark. Empty lines and
    /// lines that begin with `#` are left out. The error says which line is wrong, and how.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut labels = HashMap::new();
        let lines = text.lines().enumerate();
        for (number, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
            let mut cells = line.split('\t');
            let label = match (cells.next(), cells.next()) {
                (Some(id), Some("0")) => (id, false),
                (Some(id), Some("1")) => (id, true),
                _ => return Err(format!("line {}: not an id, a tab, and 0 or 1", number + 1)),
            };
            if labels.insert(label.0.to_owned(), label.1).is_some() {
                return Err(format!(
                    "line {}: `{}` has a label already",
                    number + 1,
                    label.0
                ));
            }
        }
        Ok(Self(labels))
    }

    /// The ids that have a label.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// What a value of `label` says: 0 or 1, or `false` or `true`.
pub fn label_of(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(label) => Some(*label),
        value => match value.as_u64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
    }
}

/// Reads a line; what is wrong with it comes as the line that a filter would write. A line without a
/// label gets that of its id in `labels`; where there are any, one without is left out.
pub fn labelled_line(line: &str, labels: &Labels) -> Result<Option<LabelledArticle>, String> {
    let (labelled, _): (LabelLine, _) = read(line, &["text"])?;
    let wrong = |what: &str| super::error_line(&labelled.id, what);
    let id = labelled
        .id
        .as_str()
        .map_or_else(|| labelled.id.to_string(), str::to_owned);
    let label = match &labelled.label {
        Value::Null => match labels.0.get(&id) {
            Some(label) => *label,
            None if labels.0.is_empty() => return Err(wrong("there is no `label`")),
            None => return Ok(None),
        },
        value => label_of(value).ok_or_else(|| {
            wrong(&format!(
                "`label` is {value}, which is neither 0 nor 1, nor false nor true"
            ))
        })?,
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
    let article = article(article_line, &fields);
    Ok(Some(LabelledArticle {
        id: match labelled.id {
            Value::Null => article.id.to_string(),
            _ => id,
        },
        article,
        label,
        weight,
        outlet: [labelled.source, labelled.outlet]
            .into_iter()
            .flatten()
            .find(|outlet| !outlet.is_empty())
            .or_else(host),
        evidence: strings(&labelled.evidence),
        hard: labelled.hard,
    }))
}

/// The strings of a list; the evidence of a recorded verdict is made of objects, and no person's.
fn strings(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
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
        let read = labelled_line(line, &Labels::default());
        let read = read.as_ref().map(|read| {
            let read = read.as_ref().unwrap();
            (read.label, read.outlet.as_deref())
        });
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
        let text = r#"{"id":"a","text":"x","label":"1"}"#;
        check(text, Err(r#"`label` is \"1\", which is neither"#));
        check(
            r#"{"id":"a","text":"x","label":1,"weight":-1}"#,
            Err("weight"),
        );
        check(r#"{"id":"a","label":1}"#, Err("neither `title`"));
        check(r#"{"id":"a","text":"x"}"#, Err("label"));
        check("{", Err("error"));
    }

    #[test]
    fn a_label_may_stand_apart_from_its_article() {
        let labels = Labels::parse("# read in spring\na\t1\tB3\n\n7\t0\n").unwrap();
        let label = |line: &str| {
            let read = labelled_line(line, &labels).unwrap();
            read.map(|read| read.label)
        };
        assert_eq!(label(r#"{"id":"a","text":"x"}"#), Some(true));
        assert_eq!(label(r#"{"id":7,"text":"x"}"#), Some(false));
        assert_eq!(label(r#"{"id":"a","text":"x","label":0}"#), Some(false));
        assert_eq!(label(r#"{"id":"b","text":"x"}"#), None);
        for (text, part) in [
            ("a", "line 1"),
            ("a\t1\na\t1", "line 2"),
            ("a\t2", "0 or 1"),
        ] {
            let error = Labels::parse(text).unwrap_err();
            assert!(error.contains(part), "{text:?}: {error}");
        }
    }
}
