//! Archives as other crawlers write them, with pages whose verdicts are known.

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
};

use serde_json::Value;
use testkit::News;
use warc::{Kind, Record, Span, Writer, http_block};

use crate::archived::page_at;

/// When the pages were fetched.
pub(crate) const DATE: &str = "2026-02-03T04:05:06Z";

const BASE: &str = "https://noticias.example";

/// An archive, and what is in it.
pub(crate) struct Packed {
    path: PathBuf,
    /// The addresses of the pages, in order.
    pub(crate) urls: Vec<String>,
    /// Where their records stand.
    pub(crate) spans: Vec<Span>,
    pages: BTreeMap<String, (Vec<u8>, bool)>,
}

/// Packs the pages of `news`, with records of other kinds between them.
pub(crate) fn pack(news: &News, path: &Path) -> Packed {
    let mut writer = Writer::at(File::create(path).expect("a file"), 0);
    let mut packed = Packed {
        path: path.to_owned(),
        urls: Vec::new(),
        spans: Vec::new(),
        pages: BTreeMap::new(),
    };
    let other = |kind, id: &str| Record::new(kind, id, DATE, "text/plain", b"other".to_vec());
    writer
        .write(&other(&Kind::Warcinfo, "<urn:x:info>"))
        .expect("written");
    let robots = response(
        &format!("{BASE}/robots.txt"),
        "text/plain",
        b"User-agent: *",
    );
    writer.write(&robots).expect("written");
    for article in news.articles() {
        let url = format!("{BASE}{}", article.path);
        let html = article.html(BASE).into_bytes();
        writer.write(&other(&Kind::Request, &url)).expect("written");
        let record = response(&url, "text/html; charset=utf-8", &html);
        packed.spans.push(writer.write(&record).expect("written"));
        packed.urls.push(url.clone());
        packed.pages.insert(url, (html, article.security));
    }
    packed
}

fn response(url: &str, content_type: &str, body: &[u8]) -> Record {
    let fields = [("Content-Type", content_type.as_bytes())];
    let block = http_block("HTTP/1.1 200 OK", fields, body);
    let http = "application/http;msgtype=response";
    Record::new(&Kind::Response, &format!("<{url}>"), DATE, http, block)
        .with("WARC-Target-URI", url)
}

impl Packed {
    pub(crate) fn path(&self) -> String {
        self.path.display().to_string()
    }

    /// The addresses of the stories that are to be kept.
    pub(crate) fn security(&self) -> Vec<String> {
        let kept = self.pages.iter().filter(|(_, (_, security))| *security);
        kept.map(|(url, _)| url.clone()).collect()
    }

    pub(crate) fn html(&self, url: &str) -> Vec<u8> {
        self.pages[url].0.clone()
    }

    /// The page at a position, as a story's provenance names it.
    pub(crate) fn page_at(&self, position: &Value) -> Vec<u8> {
        let folder = self.path.parent().expect("a folder");
        page_at(folder, position)
    }
}

/// The id that the story at an address has.
pub(crate) fn id_of(url: &str) -> String {
    let url = story::CanonicalUrl::new(&url.parse().expect("an address"));
    story::StoryId::of_url(&url.expect("a page"))
        .as_str()
        .to_owned()
}
