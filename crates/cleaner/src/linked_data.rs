//! What a page says of its article in JSON-LD (schema.org `NewsArticle` and its kin).

use rustc_hash::FxHashMap;
use serde_json::{Map, Value};

/// The article as its page's JSON-LD describes it; strings are as they were written there.
#[derive(Debug, Default)]
pub(crate) struct LinkedArticle {
    /// `headline`.
    pub headline: Option<String>,
    /// `description`.
    pub description: Option<String>,
    /// `articleBody`.
    pub body: Option<String>,
    /// Names of `author`.
    pub authors: Vec<String>,
    /// `datePublished`.
    pub published: Option<String>,
    /// `dateModified`.
    pub modified: Option<String>,
    /// `mainEntityOfPage` or `url`.
    pub url: Option<String>,
    /// Name of `publisher`.
    pub publisher: Option<String>,
    /// `inLanguage`.
    pub language: Option<String>,
    /// `isAccessibleForFree`.
    pub free: Option<bool>,
}

/// Bytes of all scripts of a page that are read: a value takes up to a hundred times the room of
/// its text, and a whole article with its text needs a twentieth of this.
const SCRIPT_BYTES_MAX: usize = 1_000_000;

/// Names of authors that are read, several times the writers of any story.
const NAMES_MAX: usize = 64;

/// Reads the scripts of one page; broken ones are mended where the damage is plain, else left out,
/// as is one that passes what may be read of a page.
pub(crate) fn read(scripts: &[&str]) -> LinkedArticle {
    let mut bytes_left = SCRIPT_BYTES_MAX;
    let mut fits = |script: &str| {
        let left = bytes_left.checked_sub(script.len());
        bytes_left = left.unwrap_or(bytes_left);
        left.is_some()
    };
    let values: Vec<Value> = scripts
        .iter()
        .filter(|script| fits(script))
        .filter_map(|script| parse(script))
        .collect();
    let mut objects = Vec::new();
    let mut pending: Vec<&Value> = values.iter().rev().collect();
    while let Some(value) = pending.pop() {
        match value {
            Value::Array(items) => pending.extend(items.iter().rev()),
            Value::Object(object) => {
                objects.push(object);
                pending.extend(object.values().filter(|v| v.is_object() || v.is_array()));
            }
            _ => {}
        }
    }
    let names: FxHashMap<&str, &str> = objects
        .iter()
        .filter_map(|object| Some((object.get("@id")?.as_str()?, object.get("name")?.as_str()?)))
        .collect();
    let richest = objects
        .iter()
        .rev()
        .filter(|object| rank(object) > 0)
        .max_by_key(|object| rank(object) + fields(object));
    richest
        .map(|object| article(object, &names))
        .unwrap_or_default()
}

fn parse(script: &str) -> Option<Value> {
    let script = script
        .trim()
        .trim_start_matches("<!--")
        .trim_start_matches("//<![CDATA[");
    let script = script
        .trim_end_matches("-->")
        .trim_end_matches("//]]>")
        .trim()
        .trim_end_matches(';');
    serde_json::from_str(script)
        .ok()
        .or_else(|| serde_json::from_str(&mend(script)).ok())
}

/// Mends line breaks inside strings and commas before a closing bracket.
fn mend(script: &str) -> String {
    let mut out = String::with_capacity(script.len());
    let (mut in_string, mut escaped) = (false, false);
    for c in script.chars() {
        if in_string {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => in_string = false,
                _ => {}
            }
            out.push(if c.is_control() { ' ' } else { c });
            continue;
        }
        match c {
            '"' => in_string = true,
            '}' | ']' => {
                let kept = out.trim_end().trim_end_matches(',').len();
                out.truncate(kept);
            }
            _ => {}
        }
        out.push(c);
    }
    out
}

fn types(object: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let stated = object.get("@type");
    let one = stated.and_then(Value::as_str);
    let many = stated
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    one.into_iter().chain(many)
}

/// How much an object's type speaks for it being the page's article.
fn rank(object: &Map<String, Value>) -> usize {
    types(object)
        .map(
            |name| match name.rsplit(['/', ':']).next().unwrap_or_default() {
                name if name.ends_with("Article") || name == "Report" => 100,
                "BlogPosting" | "LiveBlogPosting" | "SocialMediaPosting" | "Review" => 90,
                "WebPage" | "ItemPage" | "CreativeWork" => 10,
                "VideoObject" if object.contains_key("articleBody") => 10,
                _ => 0,
            },
        )
        .max()
        .unwrap_or(0)
}

fn fields(object: &Map<String, Value>) -> usize {
    let weight = |(name, weight): &(&str, usize)| {
        if object.contains_key(*name) {
            *weight
        } else {
            0
        }
    };
    [
        ("articleBody", 8),
        ("headline", 4),
        ("datePublished", 2),
        ("author", 2),
    ]
    .iter()
    .map(weight)
    .sum()
}

fn article(object: &Map<String, Value>, names: &FxHashMap<&str, &str>) -> LinkedArticle {
    let text = |name: &str| -> Option<String> {
        let value = object.get(name)?;
        let value = value
            .as_array()
            .and_then(|items| items.first())
            .unwrap_or(value);
        value
            .as_str()
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let id_or_text = |name: &str| {
        text(name).or_else(|| object.get(name)?.get("@id")?.as_str().map(str::to_owned))
    };
    LinkedArticle {
        headline: text("headline").or_else(|| text("name")),
        description: text("description"),
        body: text("articleBody"),
        authors: object
            .get("author")
            .map(|author| people(author, names))
            .unwrap_or_default(),
        published: text("datePublished").or_else(|| text("dateCreated")),
        modified: text("dateModified"),
        url: id_or_text("mainEntityOfPage").or_else(|| id_or_text("url")),
        publisher: object
            .get("publisher")
            .and_then(|publisher| people(publisher, names).into_iter().next()),
        language: text("inLanguage"),
        free: object.get("isAccessibleForFree").and_then(truth),
    }
}

/// A boolean, however it is written: `false`, `"False"`, `"http://schema.org/False"`.
fn truth(value: &Value) -> Option<bool> {
    let written = || {
        let word = value.as_str()?.rsplit('/').next()?.trim();
        let is = |name: &str| word.eq_ignore_ascii_case(name);
        (is("true") || is("false")).then(|| is("true"))
    };
    value.as_bool().or_else(written)
}

/// Names of people or organizations, written as text, as an object or as a reference.
fn people(value: &Value, names: &FxHashMap<&str, &str>) -> Vec<String> {
    let items = value
        .as_array()
        .map_or(std::slice::from_ref(value), Vec::as_slice);
    let mut found = Vec::new();
    for item in items.iter().take(NAMES_MAX) {
        let name = item.get("name").unwrap_or(item);
        let listed = name
            .as_array()
            .map_or(std::slice::from_ref(name), Vec::as_slice);
        let before = found.len();
        let listed = listed.iter().filter_map(Value::as_str).take(NAMES_MAX);
        found.extend(listed.map(str::to_owned));
        if found.len() == before {
            let referred = item
                .get("@id")
                .and_then(Value::as_str)
                .and_then(|id| names.get(id));
            found.extend(referred.map(|name| (*name).to_owned()));
        }
    }
    found.truncate(NAMES_MAX);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(script: &str, headline: &str, authors: &[&str]) {
        let article = read(&[script]);
        assert_eq!(
            article.headline.as_deref().unwrap_or_default(),
            headline,
            "{script}"
        );
        assert_eq!(article.authors, authors, "{script}");
    }

    #[test]
    fn articles_are_found_wherever_they_stand() {
        check(
            r#"{"@type":"NewsArticle","headline":"H","author":"Ana Ruiz"}"#,
            "H",
            &["Ana Ruiz"],
        );
        check(
            r##"{"@graph":[{"@type":"WebSite","name":"S"},{"@type":["Article"],"headline":"H","author":{"@id":"#a"}},
               {"@type":"Person","@id":"#a","name":"Ana Ruiz"}]}"##,
            "H",
            &["Ana Ruiz"],
        );
        check(
            r#"[{"@type":"BreadcrumbList"},{"@type":"ReportageNewsArticle","headline":"H","author":[{"name":"A"},{"name":["B"]}]}]"#,
            "H",
            &["A", "B"],
        );
    }

    #[test]
    fn no_more_is_read_than_an_article_needs() {
        let many = format!("[{}\"Ana\"]", "\"Ana\",".repeat(500));
        let script = format!(r#"{{"@type":"Article","author":{many}}}"#);
        assert_eq!(read(&[&script]).authors.len(), NAMES_MAX);
        let long = format!("[{}0]", "0,".repeat(SCRIPT_BYTES_MAX / 2));
        let article = r#"{"@type":"Article","headline":"H"}"#;
        assert_eq!(read(&[&long, article]).headline.as_deref(), Some("H"));
    }

    #[test]
    fn plain_damage_is_mended_and_the_rest_left_out() {
        check(
            "{\"@type\":\"NewsArticle\",\"headline\":\"H\nI\",}",
            "H I",
            &[],
        );
        check("{\"@type\":\"NewsArticle\",\"headline\":", "", &[]);
        check(&"[".repeat(100_000), "", &[]);
    }
}
