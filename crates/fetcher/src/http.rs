//! One request and its redirects: guarded, polite, bounded, and with the headers of an honest
//! reader.

use std::{
    error::Error,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use chrono::Utc;
use futures_util::future::BoxFuture;
use reqwest::{
    Client, Response, StatusCode,
    header::{
        ACCEPT, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE,
        IF_NONE_MATCH, LAST_MODIFIED, LOCATION, RETRY_AFTER,
    },
    redirect,
};
use story::{
    Fetched,
    storage::{Validators, entry_host},
};
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::{
    Settings,
    address::{PrivateAddress, PublicResolver, check_literal},
    backoff::retry_after,
    body::{self, Body, Cut, innermost},
    counters::{Counters, UnderWay, add},
    politeness::{Gates, Slot},
    stop::Stop,
    tls,
};

mod error;
mod post;

pub use error::FetchError;

/// How many redirects are followed.
const REDIRECTS_MAX: usize = 5;

/// What is asked for.
pub(crate) struct Request<'a> {
    /// Where.
    pub(crate) url: &'a Url,
    /// What kind of answer is wanted.
    pub(crate) wanted: Wanted,
    /// What an earlier answer gave, and the only address it is sent to.
    pub(crate) validators: Option<(&'a Url, &'a Validators)>,
    /// How many bytes of the body are read.
    pub(crate) bytes_max: usize,
    /// Who must give leave for each address on the way.
    pub(crate) leave: Option<&'a dyn Leave>,
}

impl<'a> Request<'a> {
    /// Asks for what there is, without conditions.
    pub(crate) fn new(url: &'a Url, wanted: Wanted, bytes_max: usize) -> Self {
        Self {
            url,
            wanted,
            validators: None,
            bytes_max,
            leave: None,
        }
    }
}

/// Gives or refuses leave to ask for an address.
pub(crate) trait Leave: Send + Sync {
    /// Refuses by an error.
    fn for_address<'a>(&'a self, url: &'a Url) -> BoxFuture<'a, Result<(), FetchError>>;
}

/// Kinds of answers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted {
    /// A feed.
    Feed,
    /// An article's page.
    Page,
    /// A robots.txt.
    Robots,
}

impl Wanted {
    fn accept(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Feed => {
                "application/rss+xml, application/atom+xml, application/feed+json, \
                 application/rdf+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, */*;q=0.5"
            }
            Self::Page => "text/html, application/xhtml+xml, */*;q=0.5",
            Self::Robots => "text/plain, */*;q=0.5",
        })
    }
}

/// An answer with a status of 200 to 299, or a 304.
pub(crate) struct Answer {
    /// Where the redirects ended.
    pub(crate) url: Url,
    /// The status.
    pub(crate) status: StatusCode,
    /// All headers.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: Body,
    /// Whether the last request carried validators.
    pub(crate) conditional: bool,
    /// Whether there were redirects, all of them permanent.
    pub(crate) permanent: bool,
    /// Whether one of them led from https to http.
    pub(crate) downgraded: bool,
    /// The redirects' statuses and where they led, in order.
    pub(crate) redirects: Vec<(StatusCode, Url)>,
    /// Counts among the requests under way until the body is done with.
    pub(crate) slot: Slot,
}

impl Answer {
    /// A header as text; bytes that are not UTF-8 leave it out.
    pub(crate) fn header(&self, name: &HeaderName) -> Option<String> {
        let value = std::str::from_utf8(self.headers.get(name)?.as_bytes()).ok()?;
        Some(value.to_owned())
    }

    /// The answer as a page and the slot that holds its memory, if all of it came.
    pub(crate) fn into_page(self) -> Result<(Fetched, Slot), FetchError> {
        let partial = matches!(self.status.as_u16(), 206 | 304);
        if partial {
            return Err(FetchError::Status {
                status: self.status.as_u16(),
                retry_after: None,
            });
        }
        if let Some(cut) = self.body.cut {
            return Err(cut.into());
        }
        let fetched = Fetched {
            status: self.status.as_u16(),
            content_type: self.header(&CONTENT_TYPE),
            etag: self.header(&ETAG),
            last_modified: self.header(&LAST_MODIFIED),
            final_url: self.url,
            body: self.body.bytes,
            fetched: Utc::now(),
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

/// The client, the gates it passes, and the counts it keeps.
pub(crate) struct Http {
    client: Client,
    pub(crate) gates: Gates,
    counters: Arc<Counters>,
    allow_private_networks: bool,
    request_timeout: Duration,
}

impl Http {
    /// Builds the client.
    pub(crate) fn new(settings: &Settings, counters: Arc<Counters>) -> Result<Self, FetchError> {
        let builder = || {
            let builder = Client::builder()
                .user_agent(&settings.user_agent)
                .redirect(redirect::Policy::none())
                .referer(false)
                .no_proxy() // a proxy would dial addresses that the guard never sees
                .connect_timeout(settings.connect_timeout)
                .pool_max_idle_per_host(settings.host_concurrency.max(1))
                .pool_idle_timeout(Duration::from_secs(30));
            if settings.allow_private_networks {
                builder
            } else {
                builder.dns_resolver(Arc::new(PublicResolver))
            }
        };
        Ok(Self {
            client: tls::build_client(builder).map_err(FetchError::Client)?,
            gates: Gates::new(
                settings.host_gap,
                settings.host_concurrency,
                settings.concurrency,
            ),
            counters,
            allow_private_networks: settings.allow_private_networks,
            request_timeout: settings.request_timeout,
        })
    }

    /// Asks, following redirects by hand so that each hop passes the guard and the gate.
    pub(crate) async fn get(
        &self,
        request: &Request<'_>,
        stop: &Stop,
    ) -> Result<Answer, FetchError> {
        let mut url = request.url.clone();
        let mut seen = Vec::new();
        let mut redirects = Vec::new();
        let (mut permanent, mut downgraded) = (true, false);
        loop {
            match self.hop(&url, request, stop).await? {
                Hop::Answer(mut answer) => {
                    answer.permanent = permanent && !seen.is_empty();
                    answer.downgraded = downgraded;
                    answer.redirects = redirects;
                    return Ok(*answer);
                }
                Hop::Redirect(next, status) => {
                    permanent &= matches!(status.as_u16(), 301 | 308);
                    downgraded |= url.scheme() == "https" && next.scheme() == "http";
                    redirects.push((status, next.clone()));
                    seen.push(std::mem::replace(&mut url, next));
                    if seen.contains(&url) {
                        return Err(FetchError::RedirectLoop {
                            url: shown(&url).into(),
                        });
                    }
                    if seen.len() > REDIRECTS_MAX {
                        return Err(FetchError::TooManyRedirects);
                    }
                }
            }
        }
    }

    /// One request.
    async fn hop(&self, url: &Url, request: &Request<'_>, stop: &Stop) -> Result<Hop, FetchError> {
        self.check(url)?;
        if let Some(leave) = request.leave {
            leave.for_address(url).await?;
        }
        let host = entry_host(Some(url));
        let passed = stop.before_it(self.gates.pass(&host)).await?;
        let mut slot = passed.map_err(|closed| FetchError::HostClosed { wait: closed.wait })?;
        let under_way = UnderWay::start(&self.counters);

        let deadline = Instant::now() + self.request_timeout;
        let validators = request.validators.filter(|(issuer, _)| *issuer == url);
        let headers = headers(request.wanted, validators.map(|(_, validators)| validators));
        let conditional = headers.len() > 1;
        let sent = self.client.get(url.clone()).headers(headers).send();
        let response = stop.within_grace(timeout_at(deadline, sent)).await?;
        let response = response
            .map_err(|_| FetchError::TimedOut {
                after: self.request_timeout,
            })?
            .map_err(|error| self.failed(error))?;

        self.note_mood(&host, &response);
        if let Some(next) = redirect_target(url, &response)? {
            return Ok(Hop::Redirect(next, response.status()));
        }
        let (status, headers) = accept(&response)?;
        let body = body::read(response, request.bytes_max, deadline);
        let body = stop.within_grace(body).await?;
        add(&self.counters.bytes, body.bytes.len() as u64);
        drop(under_way);
        slot.leave_host();
        let url = url.clone();
        Ok(Hop::Answer(Box::new(Answer {
            url,
            status,
            headers,
            body,
            conditional,
            permanent: false,
            downgraded: false,
            redirects: Vec::new(),
            slot,
        })))
    }

    /// The address guard, as far as it can judge before a name is resolved.
    fn check(&self, url: &Url) -> Result<(), FetchError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(FetchError::NotWeb {
                scheme: url.scheme().to_owned(),
            });
        }
        if !self.allow_private_networks {
            check_literal(url)?;
        }
        Ok(())
    }

    /// Closes the host's gate where the answer asks for it (RFC 9110 §10.2.3, RFC 6585 §4).
    fn note_mood(&self, host: &str, response: &Response) {
        match response.status().as_u16() {
            429 | 503 => self.gates.close(host, asked_to_wait(response)),
            status if status < 400 => self.gates.answered(host),
            _ => {}
        }
    }

    fn failed(&self, error: reqwest::Error) -> FetchError {
        if let Some(private) = find::<PrivateAddress>(&error) {
            return private.clone().into();
        }
        if error.is_timeout() {
            return FetchError::TimedOut {
                after: self.request_timeout,
            };
        }
        FetchError::Connection {
            reason: innermost(&error.without_url()),
        }
    }
}

/// What a request led to.
enum Hop {
    Answer(Box<Answer>),
    Redirect(Url, StatusCode),
}

/// The headers of a request, beside those that the client always sends.
fn headers(wanted: Wanted, validators: Option<&Validators>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(3);
    headers.insert(ACCEPT, wanted.accept());
    let Some(validators) = validators else {
        return headers;
    };
    let mut add = |name, value: &Option<String>| {
        let value = value
            .as_deref()
            .and_then(|value| HeaderValue::from_bytes(value.as_bytes()).ok());
        if let Some(value) = value {
            headers.insert(name, value);
        }
    };
    add(IF_NONE_MATCH, &validators.etag);
    add(IF_MODIFIED_SINCE, &validators.last_modified);
    headers
}

/// Where a redirect leads; `None` where the answer is no redirect.
fn redirect_target(url: &Url, response: &Response) -> Result<Option<Url>, FetchError> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = response.headers().get(LOCATION) else {
        return Ok(None);
    };
    let location = String::from_utf8_lossy(location.as_bytes());
    let mut next = url
        .join(location.trim())
        .map_err(|_| FetchError::BadRedirect {
            location: location.into_owned(),
        })?;
    next.set_fragment(None);
    Ok(Some(next))
}

/// The status and headers of an answer that carries something.
fn accept(response: &Response) -> Result<(StatusCode, HeaderMap), FetchError> {
    let status = response.status();
    if status.is_success() || status == StatusCode::NOT_MODIFIED {
        return Ok((status, response.headers().clone()));
    }
    Err(FetchError::Status {
        status: status.as_u16(),
        retry_after: asked_to_wait(response),
    })
}

fn asked_to_wait(response: &Response) -> Option<Duration> {
    retry_after(
        response.headers().get(RETRY_AFTER)?.to_str().ok()?,
        SystemTime::now(),
    )
}

/// Finds a cause of one type in an error's chain.
fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    error.downcast_ref().or_else(|| find(error.source()?))
}

/// An address as it may be shown: without user and password.
pub(crate) fn shown(url: &Url) -> Url {
    let mut url = url.clone();
    // Neither can fail on an address that carries them.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

/// Fetches one page, as the fetcher would: for `vigia fetch URL` and `vigia explain URL`.
pub async fn fetch_one(settings: &Settings, url: &Url) -> Result<Fetched, FetchError> {
    let http = Http::new(settings, Arc::default())?;
    let request = Request {
        url,
        wanted: Wanted::Page,
        validators: None,
        bytes_max: settings.page_bytes_max,
        leave: None,
    };
    let answer = http.get(&request, &Stop::default()).await?;
    let (fetched, _slot) = answer.into_page()?;
    Ok(fetched)
}

pub(crate) fn challenge(_: StatusCode, _: &HeaderMap, _: &[u8]) -> Option<&'static str> {
    None
}
