//! From what the files say to what the line is run with: every value checked, every problem
//! collected.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    thread::available_parallelism,
};

use pipeline::{
    ArchiveSettings, Compression, FetchSettings, OtherLanguages, Proxy, RecordSettings, Settings,
    WebSub,
};
use schemars::schema_for;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};
use story::hex;
use toml::{Spanned, de::DeTable};
use url::Url;

use self::{feeds::Feeds, unknown::Unknown};
use super::{
    Config, Problem, Problems, RawConfig, StatedTest, access, limits,
    problem::Source,
    raw::{
        RawArchive, RawCompress, RawFetch, RawIncluded, RawOtherLanguages, RawSink, RawTest,
        RawWebSub,
    },
};
use crate::telemetry::Listen;

mod feeds;
mod judging;
mod unknown;

/// Reads and checks a configuration.
pub(crate) fn load(path: &Path) -> (Vec<PathBuf>, Result<Config, Problems>) {
    let mut check = Check::default();
    let raw: Option<RawConfig> = check.read(path);
    let config = raw.and_then(|raw| check.config(path, raw));
    let texts = check.texts.into_keys();
    let files = texts.chain(check.tables).collect();
    let config = match config {
        Some(config) if check.problems.is_empty() => Ok(config),
        _ => Err(Problems(check.problems)),
    };
    (files, config)
}

/// What was read and what was found on the way.
#[derive(Default)]
struct Check {
    problems: Vec<Problem>,
    texts: HashMap<PathBuf, String>,
    /// Files that were read beside those.
    tables: Vec<PathBuf>,
    /// Patterns of files that match none.
    empty_includes: Vec<PathBuf>,
    /// Over everything that was read, in order.
    hash: Sha256,
}

impl Check {
    /// Reads one file; `None` where it cannot be used at all.
    fn read<T: DeserializeOwned + schemars::JsonSchema>(&mut self, path: &Path) -> Option<T> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                let message = format!("cannot read it: {error}");
                self.problems
                    .push(Problem::new(Source::whole(path), message));
                return None;
            }
        };
        self.hash.update(&text);
        let known = self.unknown_keys(path, &text, schema_for!(T).as_value());
        let read = known.then(|| toml::from_str(&text)).transpose();
        self.texts.insert(path.to_owned(), text);
        match read {
            Ok(read) => read,
            Err(error) => {
                let span = error.span().unwrap_or(0..0);
                self.at(path, &span, error.message().trim_end().to_owned());
                None
            }
        }
    }

    fn at(&mut self, path: &Path, span: &std::ops::Range<usize>, message: impl Into<String>) {
        let text = self.texts.get(path).map_or("", String::as_str);
        self.problems
            .push(Problem::new(Source::at(path, text, span), message));
    }

    /// Notes every key that the schema does not have; whether the file is TOML at all.
    fn unknown_keys(&mut self, path: &Path, text: &str, schema: &Value) -> bool {
        match DeTable::parse(text) {
            Ok(table) => {
                let mut unknown = Unknown {
                    path,
                    text,
                    schema,
                    problems: &mut self.problems,
                };
                unknown.table(table.get_ref(), schema);
                true
            }
            Err(error) => {
                let source = Source::at(path, text, &error.span().unwrap_or(0..0));
                self.problems
                    .push(Problem::new(source, error.message().trim_end()));
                false
            }
        }
    }

    fn config(&mut self, path: &Path, raw: RawConfig) -> Option<Config> {
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut feeds = Feeds::default();
        for feed in &raw.feed {
            feeds.add(self, path, feed);
        }
        let mut tests: Vec<StatedTest> = self.stated(path, raw.test.clone()).collect();
        for include in &raw.include {
            for file in self.included(path, folder, include) {
                if let Some(RawIncluded { feed, test }) = self.read(&file) {
                    for feed in &feed {
                        feeds.add(self, &file, feed);
                    }
                    tests.extend(self.stated(&file, test));
                }
            }
        }
        let threshold = &raw.classify.threshold;
        if !(0.0..=1.0).contains(&threshold.value) {
            let message = format!("threshold {} is not between 0 and 1", threshold.value);
            self.at(path, &threshold.span, message);
        }
        let near = &raw.classify.near_duplicates;
        if near.value != "mark" {
            let message = format!(
                "near_duplicates = \"{}\" is not possible yet: near-duplicates are not looked for; \
                 use \"mark\"",
                near.value
            );
            self.at(path, &near.span, message);
        }
        let proxy = access::proxy(&raw.fetch).unwrap_or_else(|problem| {
            let span = raw.fetch.proxy.as_ref().map(|proxy| proxy.span.clone());
            self.at(path, &span.unwrap_or_default(), problem);
            None
        });
        for (span, problem) in limits::problems(&raw) {
            self.at(path, &span, problem);
        }
        let listen = raw.listen.as_ref().and_then(|raw| {
            let address = &raw.address;
            let listen = Listen::parse(&address.value, folder);
            listen
                .map_err(|problem| self.at(path, &address.span, problem))
                .ok()
        });
        let websub = raw.websub.as_ref().and_then(|raw| self.websub(path, raw));
        let cleaner = self.cleaner(path, folder, &raw.clean);
        let topic = self.topic(path, folder, raw.classify.topic.as_ref());
        let named = raw.classify.knowledge.as_ref();
        let knowledge = self.knowledge(path, folder, named, &topic);
        let model = knowledge
            .as_ref()
            .and_then(|knowledge| self.model(path, &topic, knowledge));
        let threshold = (!threshold.span.is_empty()).then_some(threshold.value);
        let model = model?;
        let cores = available_parallelism().map_or(1, usize::from);
        Some(Config {
            path: path.to_owned(),
            threshold,
            settings: Settings {
                feeds: feeds.good,
                ledger: folder.join(raw.state.path),
                record: record(folder, &raw.sink),
                stdout: raw.sink.stdout,
                archive: archive(folder, &raw.archive),
                cleaner: Arc::new(cleaner?),
                learn_templates: raw.clean.learn_templates,
                threshold: topic.threshold(threshold, &model),
                other_languages: match raw.classify.other_languages {
                    RawOtherLanguages::Drop => OtherLanguages::Drop,
                    RawOtherLanguages::Judge => OtherLanguages::Judge,
                },
                knowledge: knowledge?,
                model,
                queue: raw.pipeline.queue.value,
                workers: if raw.pipeline.workers == 0 {
                    cores
                } else {
                    raw.pipeline.workers
                },
                grace: raw.pipeline.grace.0,
                config_hash: hex(&self.hash.clone().finalize()[..8]),
                fetch: fetch(raw.fetch, proxy, websub),
            },
            listen,
            log_level: raw.log.level.value,
            log_format: raw.log.format,
            addresses: feeds.addresses,
            tests,
            empty_includes: std::mem::take(&mut self.empty_includes),
            topic,
        })
    }

    /// Tests, each with the line on which it is named.
    fn stated(&self, path: &Path, tests: Vec<RawTest>) -> impl Iterator<Item = StatedTest> {
        let text = self.texts.get(path).cloned().unwrap_or_default();
        let path = path.to_owned();
        tests.into_iter().map(move |raw| StatedTest {
            path: path.clone(),
            source: Source::at(&path, &text, &raw.name.span()),
            raw,
        })
    }

    fn websub(&mut self, path: &Path, raw: &RawWebSub) -> Option<WebSub> {
        let public_url = Url::parse(&raw.public_url.value).ok();
        let public_url = public_url.filter(|url| matches!(url.scheme(), "http" | "https"));
        if public_url.is_none() {
            let message = format!(
                "public_url = \"{}\" is no address that a hub can reach: write one such as \
                 \"https://vigia.example.org/push\"",
                raw.public_url.value
            );
            self.at(path, &raw.public_url.span, message);
        }
        Some(WebSub {
            public_url: public_url?,
            listen: raw.listen,
        })
    }

    /// The files that an `include` names, in the order of their names.
    fn included(&mut self, path: &Path, folder: &Path, include: &Spanned<String>) -> Vec<PathBuf> {
        let pattern = folder.join(include.get_ref());
        let found: Vec<PathBuf> = match glob::glob(&pattern.to_string_lossy()) {
            Ok(found) => found.filter_map(Result::ok).collect(),
            Err(error) => {
                self.at(
                    path,
                    &include.span(),
                    format!("not a pattern for file names: {error}"),
                );
                return Vec::new();
            }
        };
        let is_pattern = include.get_ref().contains(['*', '?', '[']);
        if found.is_empty() && is_pattern {
            self.empty_includes.push(pattern);
        } else if found.is_empty() {
            let message = format!("`{}` names no file", pattern.display());
            self.at(path, &include.span(), message);
        }
        found
    }
}

/// How servers are asked.
fn fetch(raw: RawFetch, proxy: Option<Proxy>, websub: Option<WebSub>) -> FetchSettings {
    FetchSettings {
        user_agent: raw.user_agent.value,
        allow_private_networks: raw.allow_private_networks,
        host_gap: raw.host_gap.0,
        host_concurrency: raw.host_concurrency.value,
        concurrency: raw.concurrency.value,
        min_interval: raw.min_interval.value.0,
        max_interval: raw.max_interval.value.0,
        max_entry_age: raw.max_entry_age.0,
        connect_timeout: raw.connect_timeout.0,
        request_timeout: raw.request_timeout.0,
        feed_bytes_max: raw.feed_bytes_max,
        page_bytes_max: raw.page_bytes_max,
        page_attempts: raw.page_attempts.value,
        proxy,
        websub,
        ..FetchSettings::default()
    }
}

/// Where the archive lies; none where it is not kept.
fn archive(folder: &Path, raw: &RawArchive) -> Option<ArchiveSettings> {
    raw.enabled.then(|| ArchiveSettings {
        dir: folder.join(&raw.dir.value),
        rotate_bytes: raw.rotate_size.value.0,
    })
}

/// What becomes of the record's files.
fn record(folder: &Path, raw: &RawSink) -> RecordSettings {
    RecordSettings {
        dir: folder.join(&raw.dir),
        rotate_size: raw.rotate_size.value.0,
        compress: match raw.compress {
            RawCompress::None => Compression::None,
            RawCompress::Zstd => Compression::Zstd,
            RawCompress::Gzip => Compression::Gzip,
        },
        retain_age: raw.retain_age.map(|age| age.0),
        retain_size: raw.retain_size.map(|size| size.0),
        reserve: raw.reserve.0,
    }
}

#[cfg(test)]
mod tests;
