//! An exchange as records: the request, what is known of the entry, and the answer or a note that
//! its body stands in an earlier record.

use chrono::SecondsFormat;
use story::{ArchivePosition, Content, Exchange, Page, Timestamp};
use warc::{Kind, Record, Revisit, digest, http_block, record_id};

use super::seen::Seen;
use crate::archived::{ArchivedContent, ArchivedEntry, ENTRY, FEED, ROLE};

const REQUEST: &str = "application/http;msgtype=request";
const RESPONSE: &str = "application/http;msgtype=response";

/// Fields that say how a body was coded on its way, under the names that crawlers give them where
/// they keep the body without the codings.
const DECODED: [(&str, &str); 3] = [
    ("content-encoding", "X-Crawler-Content-Encoding"),
    ("transfer-encoding", "X-Crawler-Transfer-Encoding"),
    ("content-length", "X-Crawler-Content-Length"),
];

/// A moment as records have it.
pub(super) fn date(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// What is written of one page or feed: the last record is what its position names.
pub(super) struct Records {
    pub(super) records: Vec<Record>,
    /// What to remember of a feed; none for a revisit.
    pub(super) seen: Option<(String, Seen)>,
}

/// Where a group's records are going to stand: it makes their ids.
pub(super) struct Place<'a> {
    pub(super) file: &'a str,
    pub(super) offset: u64,
}

impl Place<'_> {
    fn id(&self, of: &str) -> String {
        record_id(&[self.file, &self.offset.to_string(), of])
    }
}

/// The first record of a file.
pub(super) fn warcinfo(file: &str, at: Timestamp) -> Record {
    let fields = format!(
        "software: vigia/{}\r\nformat: WARC File Format 1.1\r\n\
         conformsTo: https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\n",
        env!("CARGO_PKG_VERSION")
    );
    let id = record_id(&[file, "warcinfo"]);
    let content_type = "application/warc-fields";
    Record::new(
        &Kind::Warcinfo,
        &id,
        &date(at),
        content_type,
        fields.into_bytes(),
    )
    .with("WARC-Filename", file)
}

/// The records of a page and its entry.
pub(super) fn of_page(page: &Page, place: &Place<'_>) -> Vec<Record> {
    let entry = |content| ArchivedEntry {
        entry: page.entry.clone(),
        content,
    };
    match &page.content {
        Content::Fetched(fetched) => {
            let Some(exchange) = fetched.exchange.as_deref() else {
                return Vec::new();
            };
            let answer = of_exchange(exchange, place, None, "page");
            let known = metadata(&entry(ArchivedContent::Page), &date(exchange.at), place)
                .with("WARC-Concurrent-To", &place.id("response"))
                .with("WARC-Target-URI", exchange.url.as_str());
            [vec![known], answer.records].concat()
        }
        Content::FeedOnly { why, at } => {
            let why = why.clone();
            let alone = entry(ArchivedContent::FeedOnly { why, at: *at });
            vec![metadata(&alone, &date(*at), place)]
        }
        Content::SharedPage { at } => {
            let alone = entry(ArchivedContent::SharedPage { at: *at });
            vec![metadata(&alone, &date(*at), place)]
        }
    }
}

fn metadata(entry: &ArchivedEntry, date: &str, place: &Place<'_>) -> Record {
    let block = serde_json::to_vec(entry).expect("an entry is plain data");
    let id = place.id(ENTRY);
    Record::new(&Kind::Metadata, &id, date, "application/json", block).with(ROLE, ENTRY)
}

/// The records of what a feed answered.
pub(super) fn of_feed(exchange: &Exchange, place: &Place<'_>, seen: Option<&Seen>) -> Records {
    of_exchange(exchange, place, seen, FEED)
}

fn of_exchange(exchange: &Exchange, place: &Place<'_>, seen: Option<&Seen>, role: &str) -> Records {
    let (url, date, id) = (
        exchange.url.as_str(),
        date(exchange.at),
        place.id("response"),
    );
    let path = &exchange.url[url::Position::BeforePath..url::Position::AfterQuery];
    let asked = exchange.asked.iter();
    let asked = asked.map(|(name, value)| (name.as_str(), value.as_slice()));
    let block = http_block(&format!("GET {path} HTTP/1.1"), asked, b"");
    let request = Record::new(&Kind::Request, &place.id("request"), &date, REQUEST, block)
        .with("WARC-Target-URI", url)
        .with("WARC-Concurrent-To", &id)
        .with(ROLE, role);

    let digest = digest([&exchange.body[..]]);
    let revisit = match seen {
        _ if exchange.status == 304 => Some(Revisit::NotModified),
        Some(seen) if seen.digest == digest => Some(Revisit::IdenticalPayload),
        _ => None,
    };
    let body: &[u8] = if revisit.is_some() {
        &[]
    } else {
        &exchange.body
    };
    let kind = revisit.map_or(Kind::Response, |_| Kind::Revisit);
    let mut answer = Record::new(&kind, &id, &date, RESPONSE, answer_block(exchange, body))
        .with("WARC-Target-URI", url)
        .with(ROLE, role);
    let payload = match revisit {
        Some(Revisit::NotModified) => seen.map(|seen| seen.digest.clone()),
        _ => Some(digest.clone()),
    };
    if let Some(payload) = payload {
        answer = answer.with("WARC-Payload-Digest", &payload);
    }
    if let Some(why) = exchange.truncated {
        answer = answer.with("WARC-Truncated", why);
    }
    if let Some(why) = revisit {
        answer = answer.revisiting(why, seen.map(|seen| (url, seen.date.as_str())));
    }
    let new = Seen { digest, date };
    Records {
        records: vec![request, answer],
        seen: revisit.is_none().then(|| (url.to_owned(), new)),
    }
}

/// The answer as HTTP/1.1 would have it, whatever version it came by: its body without codings, and
/// fields that say so.
fn answer_block(exchange: &Exchange, body: &[u8]) -> Vec<u8> {
    let length = exchange.body.len().to_string();
    let fields = exchange.answered.iter().map(|(name, value)| {
        let renamed = DECODED
            .iter()
            .find(|(sent, _)| name.eq_ignore_ascii_case(sent));
        let name = renamed.map_or(name.as_str(), |(_, kept)| kept);
        (name, value.as_slice())
    });
    // A 304 has no body whose length could be told.
    let length = (exchange.status != 304).then_some(("Content-Length", length.as_bytes()));
    http_block(
        &format!("HTTP/1.1 {} ", exchange.status),
        fields.chain(length),
        body,
    )
}

/// The position of a record that was written.
pub(super) fn position(file: &str, span: warc::Span) -> ArchivePosition {
    ArchivePosition {
        file: file.to_owned(),
        offset: span.offset,
        length: span.length,
    }
}
