//! What came of a request that was answered.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{
    StatusCode,
    header::{CONTENT_TYPE, ETAG, HeaderMap, HeaderName, LAST_MODIFIED},
};
use story::{Fetched, Timestamp};
use url::Url;

use super::{FetchError, challenge::by_page, wall::wall};
use crate::{
    body::{Body, Cut},
    politeness::Slot,
};

/// An answer with a status of 200 to 299, or a 304.
pub(crate) struct Answer {
    /// Where the redirects ended.
    pub(crate) url: Url,
    /// The status.
    pub(crate) status: StatusCode,
    /// The headers of the request, without those of a login.
    pub(crate) asked: HeaderMap,
    /// All headers.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: Body,
    /// Whether the last request carried validators.
    pub(crate) conditional: bool,
    /// The redirects that led here: the status of each, and where it led.
    pub(crate) redirects: Vec<(StatusCode, Url)>,
    /// Whether redirects led here and each of them was said to be for good.
    pub(crate) permanent: bool,
    /// Whether a redirect led from https to http.
    pub(crate) downgraded: bool,
    /// How long the last request took, from its start to the last byte.
    pub(crate) took: Duration,
    /// When the last byte came.
    pub(crate) at: Timestamp,
    /// Counts among the requests under way until the body is done with.
    pub(crate) slot: Slot,
}

impl Answer {
    /// A header as text; bytes that are not UTF-8 leave it out.
    pub(crate) fn header(&self, name: &HeaderName) -> Option<String> {
        let value = std::str::from_utf8(self.headers.get(name)?.as_bytes()).ok()?;
        Some(value.to_owned())
    }

    /// The answer to a request for `asked` as a page and the slot that holds its memory, if all of
    /// it came and nothing else stands in its place.
    pub(crate) fn into_page(self, asked: &Url) -> Result<(Fetched, Slot), FetchError> {
        let partial = matches!(self.status.as_u16(), 206 | 304);
        if partial {
            return Err(FetchError::Status {
                status: self.status.as_u16(),
                refusal: Refusal::default(),
            });
        }
        if let Some(cut) = self.body.cut {
            return Err(cut.into());
        }
        let led_away = (!self.redirects.is_empty()).then(|| wall(asked, &self.url));
        if let Some(what) = led_away.flatten() {
            return Err(FetchError::InItsPlace { what });
        }
        if let Some(by) = by_page(&self.body.bytes) {
            let status = self.status.as_u16();
            return Err(FetchError::Challenge { status, by });
        }
        let fetched = Fetched {
            status: self.status.as_u16(),
            content_type: self.header(&CONTENT_TYPE),
            etag: self.header(&ETAG),
            last_modified: self.header(&LAST_MODIFIED),
            final_url: self.url,
            body: self.body.bytes,
            fetched: self.at,
            exchange: None,
        };
        Ok((fetched, self.slot))
    }

    /// The answer as a robots.txt, if all of it came that is read of one.
    pub(crate) fn into_robots(self) -> Result<(u16, Bytes), FetchError> {
        let status = self.status.as_u16();
        match self.body.cut {
            Some(cut) if !matches!(cut, Cut::TooLong { .. }) => Err(cut.into()),
            _ => Ok((status, self.body.bytes)),
        }
    }
}

/// What a server said when it refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// How long it asked to wait.
    pub retry_after: Option<Duration>,
    /// Who stands in the way, where that can be told: "Cloudflare challenge", "login page".
    pub challenge: Option<&'static str>,
    /// Whether the request carried validators, which a server may not like.
    pub conditional: bool,
}
