//! Redirects: where each leads, and what the chain of them says.

use std::time::Duration;

use reqwest::{Response, StatusCode, header::LOCATION};
use url::Url;

use super::{Answer, FetchError, shown, told};

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
    /// How long it took to come.
    pub(super) took: Duration,
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
            took: Duration::ZERO,
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

    /// Whether there were redirects, and each of them was for good.
    fn is_permanent(&self) -> bool {
        let permanent = |(status, _): &(StatusCode, Url)| matches!(status.as_u16(), 301 | 308);
        !self.redirects.is_empty() && self.redirects.iter().all(permanent)
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
                url: told(&self.url),
            });
        }
        if self.seen.len() > REDIRECTS_MAX {
            return Err(FetchError::TooManyRedirects);
        }
        Ok(())
    }

    /// Tells the answer how it was come by.
    pub(super) fn end(self, mut answer: Answer) -> Answer {
        answer.permanent = self.is_permanent();
        answer.redirects = self.redirects;
        answer.downgraded = self.downgraded;
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Follows redirects: each a status and where it leads.
    fn chain(steps: &[(u16, &str)]) -> Result<Chain, FetchError> {
        let mut chain = Chain::from("https://a.test/".parse().unwrap());
        for (status, to) in steps {
            chain.follow(Redirect {
                to: to.parse().unwrap(),
                status: StatusCode::from_u16(*status).unwrap(),
                wait: None,
                took: Duration::ZERO,
            })?;
        }
        Ok(chain)
    }

    #[test]
    fn a_chain_is_permanent_where_each_of_its_redirects_is() {
        let permanent = |steps| chain(steps).unwrap().is_permanent();
        assert!(permanent(&[
            (301, "https://a.test/1"),
            (308, "https://a.test/2")
        ]));
        assert!(!permanent(&[
            (301, "https://a.test/1"),
            (302, "https://a.test/2")
        ]));
        assert!(!permanent(&[(307, "https://a.test/1")]));
    }

    #[test]
    fn a_way_that_left_home_or_its_lock_stays_so() {
        let facts = |steps| {
            let chain = chain(steps).unwrap();
            (chain.at_home(), chain.downgraded)
        };
        assert_eq!(facts(&[(301, "https://a.test/1")]), (true, false));
        assert_eq!(facts(&[(301, "https://a.test:8443/1")]), (false, false));
        assert_eq!(facts(&[(301, "http://a.test/1")]), (false, true));
        assert_eq!(
            facts(&[(301, "http://a.test/1"), (301, "https://a.test/2")]),
            (false, true)
        );
    }

    #[test]
    fn five_redirects_are_followed_and_no_more() {
        let steps: Vec<_> = (1..=6).map(|n| format!("https://a.test/{n}")).collect();
        let steps: Vec<_> = steps.iter().map(|to| (302, to.as_str())).collect();
        assert!(chain(&steps[..5]).is_ok());
        assert!(matches!(chain(&steps), Err(FetchError::TooManyRedirects)));
        let back = chain(&[(302, "https://a.test/1"), (302, "https://a.test/")]);
        assert!(matches!(back, Err(FetchError::RedirectLoop { .. })));
    }
}
