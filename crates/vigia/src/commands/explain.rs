//! `vigia explain`: why a story was kept or dropped, for a person.

pub(super) mod print;

use std::{
    io::{self, BufRead},
    path::Path,
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use pipeline::{Cleaner, Errand, FetchSettings, Reader, filter, record_files};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;
use story::{Article, CanonicalUrl, Home, Story, StoryId};
use url::Url;

use super::{
    classify,
    input::{self, Input},
};
use crate::{
    args::JudgeArgs,
    config::{self, Config},
};

pub(crate) fn run(what: &str, by: &JudgeArgs) -> Result<()> {
    let config = match config::find(by.config.as_deref()) {
        Ok(path) => Some(config::load(&path)?),
        Err(_) => None,
    };
    let otherwise = by.topic.is_some() || by.model.is_some();
    let classifier = match &config {
        Some(config) if !otherwise => config.settings.classifier(),
        _ => classify::classifier(by)?,
    };
    let url = what
        .parse::<Url>()
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    let mut out = anstream::stdout().lock();
    let Some(url) = url else {
        let article = from_file(config.as_ref(), Path::new(what))?;
        print::explanation(&mut out, &classifier.explain(article))?;
        return Ok(());
    };
    let judged = config.as_ref().map(|config| judged(config, &url));
    match judged.transpose()?.flatten() {
        Some(story) => {
            let now = classifier.explain(article_of(config.as_ref(), &story));
            if !otherwise && !same_verdict(&story, &now.story) {
                print::recorded(&mut out, &story, &now)?;
            } else {
                print::explanation(&mut out, &now)?;
            }
        }
        None => {
            let article = fetched(config.as_ref(), &url)?;
            print::explanation(&mut out, &classifier.explain(article))?;
        }
    }
    Ok(())
}

/// Whether a story was judged as it is judged now, by the same.
fn same_verdict(recorded: &Story, now: &Story) -> bool {
    let by = |story: &Story| (story.model.clone(), story.provenance.knowledge.clone());
    let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
    by(recorded) == by(now)
        && near(recorded.threshold, now.threshold)
        && near(recorded.score, now.score)
        && recorded.relevant == now.relevant
}

/// The story as the daemon judged it: in the ledger if it was dropped, in the record if kept.
fn judged(config: &Config, url: &Url) -> Result<Option<Story>> {
    let Some(wanted) = CanonicalUrl::new(url) else {
        return Ok(None);
    };
    let settings = &config.settings;
    if !settings.ledger.is_file() {
        return Ok(None);
    }
    let ledger = Reader::open(&settings.ledger)?;
    let mut ids = vec![StoryId::of_url(&wanted)];
    ids.extend(ledger.story_of_link(&ids[0])?);
    for id in &ids {
        if let Some(json) = ledger.dropped(id)? {
            return Ok(serde_json::from_str(&json).ok());
        }
    }
    let sought = Sought { ids, wanted };
    if let Some(story) = in_record(&settings.record.dir, &sought)? {
        return Ok(Some(story));
    }
    ledger
        .find_dropped(|json| sought.found_in(json))
        .map_err(Into::into)
}

/// What a story is looked for by: its address is not the one that was asked for where the feed's
/// link was redirected, or where the page names another.
struct Sought {
    /// Of the address itself, and of what became of an entry that linked to it.
    ids: Vec<StoryId>,
    wanted: CanonicalUrl,
}

impl Sought {
    /// The story of a line, if it is the one.
    fn found_in(&self, line: &str) -> Option<Story> {
        let named = self.ids.iter().any(|id| line.contains(id.as_str()))
            || line.contains(self.wanted.as_url().path().trim_end_matches('/'));
        let story: Story = named.then(|| serde_json::from_str(line).ok())??;
        let is_at = |url: &Url| {
            CanonicalUrl::new(url).is_some_and(|url| url.identity() == self.wanted.identity())
        };
        let found = self.ids.contains(&story.id) || story.url.as_ref().is_some_and(is_at);
        found.then_some(story)
    }
}

/// Looks through the record's files for a story.
fn in_record(dir: &Path, sought: &Sought) -> Result<Option<Story>> {
    for file in record_files(dir)? {
        let path = file.path.display();
        let lines = file.open().with_context(|| format!("open `{path}`"))?;
        for line in lines.lines() {
            let line = line.with_context(|| format!("read `{path}`"))?;
            if let Some(story) = sought.found_in(&line) {
                return Ok(Some(story));
            }
        }
    }
    Ok(None)
}

/// The article that a story was made of, at home where its feed is.
fn article_of(config: Option<&Config>, story: &Story) -> Article {
    let feeds = config.map_or(&[][..], |config| &config.settings.feeds);
    let feed = feeds
        .iter()
        .find(|feed| story.feed.as_ref() == Some(&feed.id));
    Article {
        id: story.id.clone(),
        url: story.url.clone(),
        canonical_url: story.canonical_url.clone(),
        feed: story.feed.clone(),
        home: feed.map(|feed| feed.home).unwrap_or_default(),
        outlet: story.outlet.clone(),
        title: story.title.clone(),
        bylines: story.bylines.clone(),
        agency: story.agency.clone(),
        section: story.section.clone(),
        tags: story.tags.clone(),
        image: story.image.clone(),
        published: story.published,
        published_source: story.provenance.published_source,
        updated: story.updated,
        fetched: story.fetched,
        lang: story.lang,
        text: story.text.clone(),
        text_source: story.text_source,
        template_blocks: story.provenance.template_blocks.clone(),
        page_missing: story.provenance.page_missing.clone(),
        access: story.provenance.access,
        content_hash: story.provenance.content_hash.clone(),
        http_status: story.provenance.http_status,
        etag: story.provenance.etag.clone(),
        last_modified: story.provenance.last_modified.clone(),
    }
}

fn fetched(config: Option<&Config>, url: &Url) -> Result<Article> {
    let settings = config.map_or_else(FetchSettings::default, |c| c.settings.fetch.clone());
    let runtime = tokio::runtime::Runtime::new()?;
    let errand = Errand::new(&settings).context("build the HTTP client")?;
    let page = runtime
        .block_on(errand.named(url, None))
        .with_context(|| format!("fetch `{url}`, which the daemon has not judged"))?;
    let mut article = cleaner(config)
        .clean_html(
            &page.body,
            page.content_type.as_deref(),
            Some(&page.final_url),
        )
        .with_context(|| format!("find an article in `{url}`"))?;
    let learned = config.map(|config| &config.settings);
    if let Some(settings) = learned.filter(|s| s.learn_templates && s.ledger.is_file()) {
        pipeline::leave_out_recurring(&mut article, &settings.ledger)?;
    }
    Ok(article)
}

fn cleaner(config: Option<&Config>) -> Arc<Cleaner> {
    config.map_or_else(Arc::default, |config| Arc::clone(&config.settings.cleaner))
}

/// A page, plain text, or the first line of JSONL: a page or article as the filters read them.
fn from_file(config: Option<&Config>, path: &Path) -> Result<Article> {
    let cleaner = cleaner(config);
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
    article_in(config, &cleaner, &line)
        .map_err(|error| io::Error::other(said(&error)))
        .context("find an article in the first line")
}

/// The article of a line as the filters have it: a page is cleaned, and all else is judged as it is.
fn article_in(config: Option<&Config>, cleaner: &Cleaner, line: &str) -> Result<Article, String> {
    #[derive(Deserialize)]
    struct Page {
        html: Option<IgnoredAny>,
        html_base64: Option<IgnoredAny>,
    }
    let page: Option<Page> = serde_json::from_str(line).ok();
    if page.is_some_and(|page| page.html.is_some() || page.html_base64.is_some()) {
        return filter::clean_article(cleaner, line);
    }
    let (_, article) = filter::article_line(line)?;
    if let Ok(story) = serde_json::from_str::<Story>(line) {
        let recorded = article_of(config, &story);
        let home = if article.home == Home::default() {
            recorded.home
        } else {
            article.home
        };
        return Ok(Article {
            home,
            lang: article.lang,
            ..recorded
        });
    }
    let cleaned: Option<Article> = serde_json::from_str(line).ok();
    Ok(Article {
        template_blocks: cleaned.map_or_else(Vec::new, |cleaned| cleaned.template_blocks),
        ..article
    })
}

/// What is wrong with a line, out of the line that a filter would write.
fn said(error_line: &str) -> String {
    let error: Option<Value> = serde_json::from_str(error_line).ok();
    let said = error.as_ref().and_then(|error| error["error"].as_str());
    said.unwrap_or(error_line).to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn classified(classifier: &pipeline::Classifier, line: &str) -> String {
        filter::classify_line(classifier, line, filter::Which::All).unwrap()
    }

    #[test]
    fn a_story_is_at_home_where_its_feed_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vigia.toml");
        let feed =
            "[[feed]]\nid = \"a\"\nurl = \"https://a.test/rss\"\ncountry = \"EC\"\nlang = \"es\"\n";
        std::fs::write(&path, feed).unwrap();
        let config = config::load(&path).unwrap();
        let classifier = crate::topic::Topic::default().classifier().unwrap();
        let story = |feed: &str| -> Story {
            let line = format!("{{\"title\":\"Uno\",\"text\":\"Dos.\",\"feed\":\"{feed}\"}}");
            serde_json::from_str(&classified(&classifier, &line)).unwrap()
        };
        let home = |config, feed| article_of(config, &story(feed)).home;
        let at_home = home(Some(&config), "a");
        assert_eq!(at_home.country.unwrap().as_str(), "EC");
        assert_eq!(at_home.lang.unwrap().as_str(), "es");
        assert_eq!(home(Some(&config), "b"), story::Home::default());
        assert_eq!(home(None, "a"), story::Home::default());
    }

    #[test]
    fn a_line_is_explained_with_the_verdict_that_classify_gives_it() {
        let classifier = crate::topic::Topic::default().classifier().unwrap();
        let text = "Hombres armados mataron a tres policías en una emboscada, dijo el comandante. \
                    Lea también: las notas más leídas.\n\nSuscríbase a nuestro boletín.";
        let long = "Doce soldados murieron en una emboscada del ELN en Arauca. ".repeat(20_000);
        let mut lines = vec![
            json!({ "title": "Emboscada", "text": text, "feed_country": "CO", "section": "Judicial" }),
            json!({ "title": "Emboscada", "text": text, "lang": "es", "home": { "country": "HN" } }),
            json!({ "title": "Emboscada", "text": text, "lang": "de" }),
            json!({ "title": "Tres muertos en una emboscada en Arauca", "text": "" }),
            json!({ "title": "Emboscada", "text": long }),
        ];
        for at in 0..lines.len() {
            // What classify writes is read as well.
            let story = classified(&classifier, &lines[at].to_string());
            lines.push(serde_json::from_str(&story).unwrap());
        }
        for line in lines {
            let line = line.to_string();
            let story: Story = serde_json::from_str(&classified(&classifier, &line)).unwrap();
            let article = article_in(None, &Cleaner::new(), &line).unwrap();
            let explained = classifier.explain(article).story;
            let start: String = line.chars().take(200).collect();
            assert!((explained.score - story.score).abs() < 1e-12, "{start}");
            assert_eq!(explained.relevant, story.relevant, "{start}");
            assert_eq!(explained.text, story.text, "{start}");
        }
    }

    #[test]
    fn a_page_is_cleaned_and_a_line_without_an_article_says_why_in_words() {
        let cleaner = Cleaner::new();
        let words =
            "Tres hombres armados hirieron a dos guardias en el mercado de la ciudad. ".repeat(4);
        let page = json!({ "html": format!("<html><body><article><h1>Hieren a dos</h1><p>{words}</p></article></body></html>") });
        let article = article_in(None, &cleaner, &page.to_string()).unwrap();
        assert!(article.text.starts_with("Tres hombres"), "{}", article.text);
        let error = article_in(None, &cleaner, "{\"id\":4}").unwrap_err();
        assert_eq!(said(&error), "neither `title` nor `text` is there");
        assert_eq!(said("plain"), "plain");
    }
}
