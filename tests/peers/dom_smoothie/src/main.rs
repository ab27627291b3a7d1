//! Lines of `{"id", "url", "html_base64"}` in, lines of `{"id", "text"}` out.

use std::io::{self, BufRead, BufWriter, Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use dom_smoothie::{Config, Readability, TextMode};
use serde_json::{Value, json};

fn main() -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let page: Value = serde_json::from_str(&line?)?;
        let encoded = page["html_base64"].as_str().unwrap_or_default();
        let bytes = STANDARD.decode(encoded).map_err(io::Error::other)?;
        let html = String::from_utf8_lossy(&bytes);
        let text = text(&html, page["url"].as_str()).unwrap_or_default();
        writeln!(out, "{}", json!({ "id": page["id"], "text": text }))?;
    }
    out.flush()
}

fn text(html: &str, url: Option<&str>) -> Option<String> {
    let config = Config {
        text_mode: TextMode::Formatted,
        ..Config::default()
    };
    let mut page = Readability::new(html, url, Some(config)).ok()?;
    Some(page.parse().ok()?.text_content.to_string())
}
