//! One request and its redirects: guarded, polite, bounded, and with the headers of an honest
//! reader.

use std::{error::Error, io, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use reqwest::{
    Client, Response, StatusCode,
    header::{
        ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH,
        RETRY_AFTER,
    },
};
use story::storage::{Validators, entry_host};
use tokio::time::{Instant, sleep, timeout_at};
use url::Url;

use crate::{
    Access, Clock, Settings,
    address::{PrivateAddress, check_literal},
    backoff::retry_after,
    body::{self, innermost},
    counters::{Counters, UnderWay, add},
    encoding,
    politeness::{Closed, Gates, Load, Slot},
    stop::Stop,
    tls,
};

mod answer;
mod challenge;
mod client;
mod error;
mod post;
mod redirect;
mod wall;
mod whereabouts;

pub use answer::Refusal;
pub use client::Proxy;
pub use error::FetchError;
pub(crate) use {answer::Answer, challenge::challenge};

use client::World;
use redirect::{Chain, Redirect};
use whereabouts::Whereabouts;

/// How long the start of a refusal's body is waited for.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(5);

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
    /// What is sent to the address's own origin beside the usual headers.
    pub(crate) access: Option<&'a Access>,
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
            access: None,
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

/// The client, the gates it passes, and the counts it keeps.
pub(crate) struct Http {
    client: Client,
    pub(crate) gates: Gates,
    /// Not through a proxy, behind which names are somewhere else, nor where there is no gap.
    whereabouts: Option<Whereabouts>,
    counters: Arc<Counters>,
    clock: Clock,
    allow_private_networks: bool,
    request_timeout: Duration,
}

impl Http {
    /// Builds the client.
    pub(crate) fn new(
        settings: &Settings,
        counters: Arc<Counters>,
        clock: Clock,
    ) -> Result<Self, FetchError> {
        Self::in_world(settings, counters, clock, &World::default())
    }

    fn in_world(
        settings: &Settings,
        counters: Arc<Counters>,
        clock: Clock,
        world: &World,
    ) -> Result<Self, FetchError> {
        Ok(Self {
            client: client::build(settings, world)?,
            gates: Gates::new(
                settings.host_gap,
                settings.host_concurrency,
                settings.concurrency,
            ),
            whereabouts: (settings.proxy.is_none() && !settings.host_gap.is_zero())
                .then(|| Whereabouts::new(world.resolver.clone())),
            counters,
            clock,
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
        let own = request.access.map(Access::fields).transpose()?;
        let mut chain = Chain::from(shown(request.url));
        let mut left = self.request_timeout; // for all hops together, but not for their waits
        loop {
            let own = own.as_ref().filter(|_| chain.at_home());
            match self.hop(chain.url(), request, own, left, stop).await? {
                Hop::Answer(answer) => {
                    let answer = chain.end(*answer);
                    let took_ms = answer.took.as_millis() as u64;
                    tracing::trace!(url = %told(&answer.url), took_ms, "answered");
                    return Ok(answer);
                }
                Hop::Redirect(redirect) => {
                    let wait = redirect.wait.unwrap_or_default();
                    left = left.saturating_sub(redirect.took);
                    chain.follow(redirect)?;
                    stop.before_it(sleep(wait)).await?;
                }
            }
        }
    }

    /// One request.
    async fn hop(
        &self,
        url: &Url,
        request: &Request<'_>,
        own: Option<&HeaderMap>,
        left: Duration,
        stop: &Stop,
    ) -> Result<Hop, FetchError> {
        self.check(url)?;
        if let Some(leave) = request.leave {
            let given = leave.for_address(url).await;
            given.inspect_err(|refusal| self.count_unasked(refusal))?;
        }
        let host = entry_host(Some(url));
        let load = match request.wanted {
            Wanted::Page => Load::Page,
            Wanted::Feed | Wanted::Robots => Load::Poll,
        };
        let passed = stop.before_it(self.pass(&host, url, load)).await?;
        let slot = passed?;
        // Boxed, so that the thousands that may wait for their turn take little memory.
        Box::pin(self.exchange(url, request, own, left, slot, stop)).await
    }

    /// Sends a request whose turn it is, and reads what comes.
    async fn exchange(
        &self,
        url: &Url,
        request: &Request<'_>,
        own: Option<&HeaderMap>,
        left: Duration,
        mut slot: Slot,
        stop: &Stop,
    ) -> Result<Hop, FetchError> {
        let host = entry_host(Some(url));
        let under_way = UnderWay::start(&self.counters, left);

        let begun = Instant::now();
        let deadline = begun + left;
        let validators = request.validators.filter(|(issuer, _)| *issuer == url);
        let mut headers = headers(request.wanted, validators.map(|(_, validators)| validators));
        let conditional = is_conditional(&headers);
        let asked_with = headers.clone();
        headers.extend(own.cloned().unwrap_or_default());
        let sent = self.client.get(url.clone()).headers(headers).send();
        let response = stop.within_grace(timeout_at(deadline, sent)).await?;
        let response = response
            .map_err(|_| FetchError::TimedOut {
                after: self.request_timeout,
            })?
            .map_err(|error| self.failed(error))?;

        let asked = self.note_mood(&host, &response, begun.elapsed());
        if let Some(redirect) = Redirect::of(url, &response)?
            && asked.is_none_or(|wait| wait <= self.request_timeout)
        {
            return Ok(Hop::Redirect(Redirect {
                wait: asked,
                took: begun.elapsed(),
                ..redirect
            }));
        }
        let status = response.status();
        if !status.is_success() && status != StatusCode::NOT_MODIFIED {
            let refusal = self.refusal(response, asked, conditional, deadline);
            let refusal = stop.within_grace(refusal).await?;
            let status = status.as_u16();
            return Err(FetchError::Status { status, refusal });
        }
        let headers = response.headers().clone();
        if let Some(by) = challenge::by_headers(&headers) {
            let status = status.as_u16();
            return Err(FetchError::Challenge { status, by });
        }
        let body = body::read(response, request.bytes_max, deadline);
        let body = stop.within_grace(body).await?;
        add(&self.counters.bytes, body.bytes.len() as u64);
        drop(under_way);
        slot.leave_host();
        Ok(Hop::Answer(Box::new(Answer {
            url: url.clone(),
            status,
            asked: asked_with,
            headers,
            body,
            conditional,
            redirects: Vec::new(),
            permanent: false,
            downgraded: false,
            took: begun.elapsed(),
            at: self.clock.now(),
            slot,
        })))
    }

    /// Counts a request that is not made because it has no leave.
    fn count_unasked(&self, refusal: &FetchError) {
        match refusal {
            FetchError::RobotsDisallow { .. } | FetchError::RobotsUnreachable { .. } => {
                add(&self.counters.disallowed, 1);
            }
            FetchError::HostClosed { .. } => add(&self.counters.held_back, 1),
            _ => {}
        }
    }

    /// Waits for the turn of a request to this address.
    async fn pass(&self, host: &str, url: &Url, load: Load) -> Result<Slot, Closed> {
        let address = async {
            match &self.whereabouts {
                Some(whereabouts) => whereabouts.of(url).await,
                None => None,
            }
        };
        let passed = self.gates.pass(host, address, load).await;
        passed.inspect_err(|_| add(&self.counters.held_back, 1))
    }

    /// What a server says in refusing, for which the start of its body is read.
    async fn refusal(
        &self,
        response: Response,
        retry_after: Option<Duration>,
        conditional: bool,
        deadline: Instant,
    ) -> Refusal {
        let (status, headers) = (response.status(), response.headers().clone());
        let deadline = deadline.min(Instant::now() + REFUSAL_TIMEOUT);
        let body = body::read(response, challenge::BODY_START_BYTES, deadline).await;
        add(&self.counters.bytes, body.bytes.len() as u64);
        Refusal {
            retry_after,
            challenge: challenge(status, &headers, &body.bytes),
            conditional,
        }
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

    /// Closes the host's gate where the answer asks for it, and returns for how long it asks
    /// (RFC 9110 §10.2.3, RFC 6585 §4).
    fn note_mood(&self, host: &str, response: &Response, took: Duration) -> Option<Duration> {
        let asked = asked_to_wait(response, &self.clock);
        match response.status().as_u16() {
            status if asked.is_some() || matches!(status, 429 | 503) => {
                add(&self.counters.asked_to_wait, 1);
                self.gates.close(host, asked);
            }
            403 => self.gates.refused(host),
            status if status < 400 => self.gates.answered(host, took),
            _ => {}
        }
        asked
    }

    fn failed(&self, error: reqwest::Error) -> FetchError {
        if let Some(private) = find::<PrivateAddress>(&error) {
            return private.clone().into();
        }
        let certificate = find::<rustls::Error>(&error).and_then(tls::certificate_problem);
        if let Some(problem) = certificate {
            return FetchError::Certificate { problem };
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
    Redirect(Redirect),
}

/// The headers of a request, beside those that the client always sends.
fn headers(wanted: Wanted, validators: Option<&Validators>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert(ACCEPT, wanted.accept());
    headers.insert(
        ACCEPT_ENCODING,
        HeaderValue::from_static(encoding::ACCEPTED),
    );
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

fn is_conditional(headers: &HeaderMap) -> bool {
    headers.contains_key(IF_NONE_MATCH) || headers.contains_key(IF_MODIFIED_SINCE)
}

/// What `Retry-After` asks for; a status that means success has none.
fn asked_to_wait(response: &Response, clock: &Clock) -> Option<Duration> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    let may_ask = response.status().as_u16() >= 300;
    may_ask
        .then(|| retry_after(value, clock.now().into()))
        .flatten()
}

/// Finds a cause of one type in an error's chain.
fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    if let Some(found) = error.downcast_ref() {
        return Some(found);
    }
    // What an I/O error was made from is not among its sources.
    let within = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    match within {
        Some(within) => find(within),
        None => find(error.source()?),
    }
}

/// An address as it may be shown: without user and password.
pub(crate) fn shown(url: &Url) -> Url {
    let mut url = url.clone();
    // Neither can fail on an address that carries them.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

/// An address as it may be told of in logs and reports: without login, and without its query, which may
/// hold keys.
pub(crate) fn told(url: &Url) -> String {
    let mut told = shown(url);
    told.set_query(None);
    told.set_fragment(None);
    match url.query() {
        Some(_) => format!("{told}?…"),
        None => told.into(),
    }
}

#[cfg(test)]
mod tests;
