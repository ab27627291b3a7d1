//! One question to a server on behalf of a command: the one place where discovery meets the
//! fetcher's client.

use std::sync::Arc;

use bytes::Bytes;
use reqwest::{
    StatusCode,
    header::{CONTENT_TYPE, ETAG, HeaderMap, LAST_MODIFIED, LINK},
};
use url::Url;

use super::Redirect;
use crate::{
    Access, Clock, FetchError, Settings,
    http::{Http, Request, Wanted, challenge},
    stop::Stop,
};

/// The client.
pub(super) struct Client {
    http: Http,
}

/// What a server gave.
#[derive(Debug)]
pub(super) struct Brought {
    /// Where the redirects ended.
    pub(super) url: Url,
    /// The redirects.
    pub(super) redirects: Vec<Redirect>,
    /// The status: 200 to 299.
    pub(super) status: u16,
    headers: HeaderMap,
    /// The body, as far as it came.
    pub(super) bytes: Bytes,
    /// Why the rest of it is missing.
    pub(super) cut: Option<String>,
}

impl Client {
    /// A client with the settings' manners.
    pub(super) fn new(settings: &Settings) -> Result<Self, FetchError> {
        let http = Http::new(settings, Arc::default(), Clock::system())?;
        Ok(Self { http })
    }

    /// Asks once, without validators, through the gates of all hosts. A person asked for it, so that
    /// robots.txt, which is for robots (RFC 9309 §1), is not.
    pub(super) async fn ask(
        &self,
        url: &Url,
        wanted: Wanted,
        bytes_max: usize,
        access: Option<&Access>,
    ) -> Result<Brought, FetchError> {
        let request = Request {
            access,
            ..Request::new(url, wanted, bytes_max)
        };
        let answer = self.http.get(&request, &Stop::default()).await?;
        let redirects = answer.redirects.into_iter();
        Ok(Brought {
            url: answer.url,
            redirects: redirects
                .map(|(status, to)| Redirect {
                    status: status.as_u16(),
                    to,
                })
                .collect(),
            status: answer.status.as_u16(),
            headers: answer.headers,
            bytes: answer.body.bytes,
            cut: answer.body.cut.map(|cut| cut.to_string()),
        })
    }
}

impl Brought {
    /// The `Content-Type`.
    pub(super) fn content_type(&self) -> Option<&str> {
        self.headers.get(CONTENT_TYPE)?.to_str().ok()
    }

    /// Who shows a page of their own in the place of what was asked for.
    pub(super) fn challenge(&self) -> Option<&'static str> {
        let status = StatusCode::from_u16(self.status).ok()?;
        challenge(status, &self.headers, &self.bytes)
    }

    /// The `Link` fields.
    pub(super) fn links(&self) -> impl Iterator<Item = &[u8]> {
        let fields = self.headers.get_all(LINK).iter();
        fields.map(reqwest::header::HeaderValue::as_bytes)
    }

    /// Which validators came with it: `ETag`, `Last-Modified`.
    pub(super) fn validators(&self) -> Vec<&'static str> {
        [(ETAG, "ETag"), (LAST_MODIFIED, "Last-Modified")]
            .into_iter()
            .filter(|(name, _)| self.headers.contains_key(name))
            .map(|(_, name)| name)
            .collect()
    }
}
