//! `vigia explain`: why a story was kept or dropped, for a person.

mod print;

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
};

use anyhow::{Context, Result, bail};
use pipeline::{Cleaner, Explanation, FetchSettings, Reader, fetch_one, filter};
use serde_json::Value;
use story::{Article, CanonicalUrl, Story, StoryId};
use url::Url;

use super::input::{self, Input};
use crate::{
    config::{self, Config},
    topic::Topic,
};

pub(crate) fn run(what: &str, config_file: Option<&Path>) -> Result<()> {
    let config = match config::find(config_file) {
        Ok(path) => Some(config::load(&path)?),
        Err(_) => None,
    };
    let classifier = match &config {
        Some(config) => config.settings.classifier(),
        None => Topic::default().classifier()?,
    };
    let url = what
        .parse::<Url>()
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    let (article, judged) = match url {
        Some(url) => match config
            .as_ref()
            .map(|config| judged(config, &url))
            .transpose()?
            .flatten()
        {
            Some(story) => (article_of(&story), Some(story)),
            None => (fetched(config.as_ref(), &url)?, None),
        },
        None => (from_file(Path::new(what))?, None),
    };
    let mut explanation: Explanation = classifier.explain(article);
    if let Some(story) = judged {
        explanation.story = story;
    }
    let mut out = anstream::stdout().lock();
    print::explanation(&mut out, &explanation)?;
    Ok(())
}

/// The story as the daemon judged it: in the ledger if it was dropped, in the record if kept.
fn judged(config: &Config, url: &Url) -> Result<Option<Story>> {
    let Some(id) = CanonicalUrl::new(url).map(|url| StoryId::of_url(&url)) else {
        return Ok(None);
    };
    let settings = &config.settings;
    if !settings.ledger.is_file() {
        return Ok(None);
    }
    if let Some(json) = Reader::open(&settings.ledger)?.dropped(&id)? {
        return Ok(serde_json::from_str(&json).ok());
    }
    in_record(&settings.record, &id)
}

/// Looks through the record's files for a story.
fn in_record(dir: &Path, id: &StoryId) -> Result<Option<Story>> {
    let Ok(files) = std::fs::read_dir(dir) else {
        return Ok(None);
    };
    for file in files.filter_map(Result::ok).map(|file| file.path()) {
        if file
            .extension()
            .is_none_or(|extension| extension != "jsonl")
        {
            continue;
        }
        let open = File::open(&file).with_context(|| format!("open `{}`", file.display()))?;
        for line in BufReader::new(open).lines() {
            let line = line.with_context(|| format!("read `{}`", file.display()))?;
            if line.contains(id.as_str())
                && let Ok(story) = serde_json::from_str::<Story>(&line)
                && story.id == *id
            {
                return Ok(Some(story));
            }
        }
    }
    Ok(None)
}

fn article_of(story: &Story) -> Article {
    Article {
        id: story.id.clone(),
        url: story.url.clone(),
        canonical_url: story.canonical_url.clone(),
        feed: story.feed.clone(),
        home: story::Home::default(),
        outlet: story.outlet.clone(),
        title: story.title.clone(),
        bylines: story.bylines.clone(),
        published: story.published,
        published_source: story.provenance.published_source,
        updated: story.updated,
        fetched: story.fetched,
        lang: story.lang,
        text: story.text.clone(),
        text_source: story.text_source,
        page_missing: story.provenance.page_missing.clone(),
        content_hash: story.provenance.content_hash.clone(),
        http_status: story.provenance.http_status,
        etag: story.provenance.etag.clone(),
        last_modified: story.provenance.last_modified.clone(),
    }
}

fn fetched(config: Option<&Config>, url: &Url) -> Result<Article> {
    let settings = config.map_or_else(FetchSettings::default, |c| c.settings.fetch.clone());
    let runtime = tokio::runtime::Runtime::new()?;
    let page = runtime
        .block_on(fetch_one(&settings, url))
        .with_context(|| format!("fetch `{url}`, which the daemon has not judged"))?;
    Cleaner::new()
        .clean_html(
            &page.body,
            page.content_type.as_deref(),
            Some(&page.final_url),
        )
        .with_context(|| format!("find an article in `{url}`"))
}

/// A page, plain text, or the first line of JSONL: a page or article as the filters read them.
fn from_file(path: &Path) -> Result<Article> {
    let cleaner = Cleaner::new();
    let mut lines = match input::open(Some(path))? {
        Input::Whole(bytes) => {
            return filter::clean_whole(&cleaner, &bytes, None).context("find an article");
        }
        Input::Lines(lines) => lines,
    };
    let mut line = String::new();
    if !lines.next(&mut line)? {
        bail!("find a line in `{}`", path.display());
    }
    if let Ok(story) = serde_json::from_str::<Story>(&line) {
        return Ok(article_of(&story));
    }
    if let Ok(article) = serde_json::from_str::<Article>(&line) {
        return Ok(article);
    }
    let answer: Value = serde_json::from_str(&filter::clean_line(&cleaner, &line))?;
    if let Some(error) = answer["error"].as_str() {
        bail!(io::Error::other(error.to_owned()));
    }
    serde_json::from_value(answer).context("read the line as an article")
}
