//! Cleans pages from standard input, one JSON object a line, as `vigia clean` does: what the
//! evaluation scripts are run on while the cleaner is being worked on.

use std::io::{self, BufRead, Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use cleaner::Cleaner;
use serde_json::{Value, json};

fn main() -> io::Result<()> {
    let cleaner = Cleaner::new();
    let mut out = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        writeln!(out, "{}", answer(&cleaner, &line?))?;
    }
    out.flush()
}

fn answer(cleaner: &Cleaner, line: &str) -> Value {
    let Ok(input) = serde_json::from_str::<Value>(line) else {
        return json!({"id": null, "error": "not JSON"});
    };
    let id = &input["id"];
    let url = input["url"].as_str().and_then(|url| url.parse().ok());
    let article = if let Some(text) = input["text"].as_str() {
        cleaner.clean_text(input["title"].as_str(), text, url.as_ref())
    } else {
        let bytes = STANDARD
            .decode(input["html_base64"].as_str().unwrap_or_default())
            .unwrap_or_default();
        cleaner.clean_html(&bytes, input["content_type"].as_str(), url.as_ref())
    };
    match article {
        Ok(article) => json!({
            "id": id, "title": article.title, "bylines": article.bylines, "outlet": article.outlet,
            "published": article.published, "lang": article.lang, "text": article.text,
        }),
        Err(rejection) => json!({"id": id, "error": rejection.reason()}),
    }
}
