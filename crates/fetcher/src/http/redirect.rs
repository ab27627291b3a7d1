//! Redirects: where each leads, and what the chain of them says.

use std::time::Duration;

use reqwest::{Response, StatusCode, header::LOCATION};
use url::Url;

use super::{Answer, FetchError, shown};

/// How many redirects are followed.
pub(super) const REDIRECTS_MAX: usize = 5;

/// One redirect.
pub(super) struct Redirect {
    /// Where it leads.
    pub(super) to: Url,
    /// Its status.
    pub(super) status: StatusCode,
    /// How long to wait before following it, where the server asks for that.
    pub(super) wait: Option<Duration>,
}

impl Redirect {
    /// Reads a redirect; `None` where the answer is none.
    pub(super) fn of(url: &Url, response: &Response) -> Result<Option<Self>, FetchError> {
        let status = response.status();
        if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
            return Ok(None);
        }
        let Some(location) = response.headers().get(LOCATION) else {
            return Ok(None);
        };
        let location = String::from_utf8_lossy(location.as_bytes());
        let mut to = url
            .join(location.trim())
            .map_err(|_| FetchError::BadRedirect {
                location: location.into_owned(),
            })?;
        to.set_fragment(None);
        let to = shown(&to); // a login in an address would be sent
        Ok(Some(Self {
            to,
            status,
            wait: None,
        }))
    }
}

/// The way from the address that was asked for.
pub(super) struct Chain {
    url: Url,
    seen: Vec<Url>,
    redirects: Vec<(StatusCode, Url)>,
    downgraded: bool,
    at_home: bool,
}

impl Chain {
    /// A way that is yet to be gone.
    pub(super) fn from(url: Url) -> Self {
        Self {
            url,
            seen: Vec::new(),
            redirects: Vec::new(),
            downgraded: false,
            at_home: true,
        }
    }

    /// The address to ask now.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// Whether the way has not left the origin it began at: scheme, host and port.
    pub(super) fn at_home(&self) -> bool {
        self.at_home
    }

    /// Goes one redirect further.
    pub(super) fn follow(&mut self, redirect: Redirect) -> Result<(), FetchError> {
        self.redirects.push((redirect.status, redirect.to.clone()));
        self.downgraded |= self.url.scheme() == "https" && redirect.to.scheme() == "http";
        self.at_home &= self.url.origin() == redirect.to.origin();
        self.seen
            .push(std::mem::replace(&mut self.url, redirect.to));
        if self.seen.contains(&self.url) {
            return Err(FetchError::RedirectLoop {
                url: shown(&self.url).into(),
            });
        }
        if self.seen.len() > REDIRECTS_MAX {
            return Err(FetchError::TooManyRedirects);
        }
        Ok(())
    }

    /// Tells the answer how it was come by.
    pub(super) fn end(self, mut answer: Answer) -> Answer {
        let permanent = |(status, _): &(StatusCode, Url)| matches!(status.as_u16(), 301 | 308);
        answer.permanent = !self.redirects.is_empty() && self.redirects.iter().all(permanent);
        answer.redirects = self.redirects;
        answer.downgraded = self.downgraded;
        answer
    }
}
