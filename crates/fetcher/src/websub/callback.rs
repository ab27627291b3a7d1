//! What is answered at a callback: a hub's question whether a request was ours, its denial, and
//! its deliveries. Whoever knows no callback's address learns nothing, not even that there is one.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Body, Incoming},
    header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER},
};
use story::FeedId;
use tokio::{
    sync::mpsc::{Receiver, Sender},
    task::spawn_blocking,
    time::timeout,
};
use url::{Url, form_urlencoded};

use super::{
    Delivery,
    listener::Limits,
    register::{Addressee, Register},
    signature,
    subscription::Mode,
    token::Token,
};
use crate::Clock;

/// When a hub whose delivery found no place may come again.
const COME_AGAIN_SECONDS: HeaderValue = HeaderValue::from_static("60");

/// How much of a hub's reason for a denial is logged.
const WHY_CHARS_MAX: usize = 200;

/// Signatures of more than this are computed off the runtime's threads.
const CHECKED_IN_PLACE_BYTES: usize = 64 << 10;

/// What the answers are made from.
pub(super) struct Callback {
    register: Arc<Register>,
    clock: Clock,
    /// A delivery has its place in this queue before its body is read: the queue bounds the bodies
    /// in memory, those that are on their way included.
    received: Sender<Received>,
    pub(super) limits: Limits,
    /// Feeds whose delivery is on its way. One at a time of each, so that a hub that sends slowly
    /// holds up nobody but itself.
    receiving: Mutex<HashSet<FeedId>>,
}

/// A delivery that was acknowledged and not looked at.
pub(super) struct Received {
    feed: FeedId,
    topic: Url,
    secret: Token,
    signature: Option<String>,
    content_type: Option<String>,
    body: Bytes,
}

/// An answer.
pub(super) type Answer = Response<Full<Bytes>>;

/// A feed's turn to receive, until it is dropped.
struct Turn<'a> {
    receiving: &'a Mutex<HashSet<FeedId>>,
    feed: FeedId,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        lock(self.receiving).remove(&self.feed);
    }
}

impl Callback {
    /// Answers by what `register` knows, and puts deliveries into `received`.
    pub(super) fn new(
        register: Arc<Register>,
        clock: Clock,
        received: Sender<Received>,
        limits: Limits,
    ) -> Self {
        Self {
            register,
            clock,
            received,
            limits,
            receiving: Mutex::default(),
        }
    }

    /// Answers a request.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Answer {
        // A proxy may have taken away the path before the token, or put another there.
        let token = request.uri().path().rsplit('/').next().unwrap_or("");
        let callback = Token::claimed(token);
        match *request.method() {
            Method::GET => self.hear(&callback, request.uri().query().unwrap_or("")),
            Method::POST => self.receive(&callback, request).await,
            _ => not_found(),
        }
    }

    /// Answers what a hub asks or says (W3C WebSub §5.2 and §5.3). A request that we did not make,
    /// or that was verified already, is answered as an address that is not there.
    fn hear(&self, callback: &Token, query: &str) -> Answer {
        let field = |name: &str| {
            let mut fields = form_urlencoded::parse(query.as_bytes());
            fields.find(|(n, _)| n == name).map(|(_, value)| value)
        };
        let topic = field("hub.topic").and_then(|topic| Url::parse(&topic).ok());
        let (Some(topic), Some(mode)) = (topic, field("hub.mode")) else {
            return not_found();
        };
        let now = self.clock.now();
        let mode = match &*mode {
            "subscribe" => Mode::Subscribe,
            "unsubscribe" => Mode::Unsubscribe,
            "denied" => {
                let why = field("hub.reason").unwrap_or_default();
                let why: String = why.chars().take(WHY_CHARS_MAX).collect();
                let denied = self.register.deny(callback, &topic, &why, now);
                return if denied {
                    Answer::default()
                } else {
                    not_found()
                };
            }
            _ => return not_found(),
        };
        let challenge = field("hub.challenge").filter(|challenge| !challenge.is_empty());
        let lease = field("hub.lease_seconds").and_then(|lease| lease.trim().parse().ok());
        let lease = lease.map(Duration::from_secs);
        match challenge {
            Some(challenge) if self.register.verify(callback, (mode, &topic), lease, now) => {
                echo(challenge.into_owned())
            }
            _ => not_found(),
        }
    }

    /// Takes a delivery in and acknowledges it before it is looked at (W3C WebSub §7). A wrong
    /// signature is found out later and the answer does not tell: a 4xx would have a stranger know
    /// that his guess was wrong, and an honest hub send the same bytes again.
    ///
    /// Where there is no place, the hub is told so: it comes again, and what it does not bring the
    /// next pull does. Acknowledging what is then thrown away would lose the first of the two.
    async fn receive(&self, callback: &Token, request: Request<Incoming>) -> Answer {
        let (feed, topic, secret) = match self.register.addressee(callback) {
            Some(Addressee::Feed {
                feed,
                topic,
                secret,
            }) => (feed, topic, secret),
            Some(Addressee::Gone) => return status(StatusCode::GONE),
            None => return not_found(),
        };
        let turn = self.turn(&feed);
        let (Some(_turn), Ok(place)) = (turn, self.received.try_reserve()) else {
            tracing::warn!(%feed, "no place for a delivery, the hub may come again");
            let mut answer = status(StatusCode::SERVICE_UNAVAILABLE);
            answer.headers_mut().insert(RETRY_AFTER, COME_AGAIN_SECONDS);
            return answer;
        };
        let header = |name: &str| Some(request.headers().get(name)?.to_str().ok()?.to_owned());
        let signature = header("x-hub-signature");
        let content_type = header(CONTENT_TYPE.as_str());
        let body = read(request.into_body(), self.limits.body_bytes);
        let body = match timeout(self.limits.body, body).await {
            Ok(Ok(body)) => body,
            Ok(Err(refused)) => return status(refused),
            Err(_) => return status(StatusCode::REQUEST_TIMEOUT),
        };
        place.send(Received {
            feed,
            topic,
            secret,
            signature,
            content_type,
            body,
        });
        status(StatusCode::ACCEPTED)
    }

    /// The feed's turn, unless it has it already.
    fn turn(&self, feed: &FeedId) -> Option<Turn<'_>> {
        let receiving = &self.receiving;
        let first = lock(receiving).insert(feed.clone());
        let feed = feed.clone();
        first.then(|| Turn { receiving, feed })
    }
}

fn lock(receiving: &Mutex<HashSet<FeedId>>) -> MutexGuard<'_, HashSet<FeedId>> {
    receiving.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads a body, if it comes whole and is not too long.
async fn read(mut body: Incoming, bytes_max: usize) -> Result<Bytes, StatusCode> {
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| StatusCode::BAD_REQUEST)?;
        let Ok(data) = frame.into_data() else {
            continue; // a trailer
        };
        if bytes.len() + data.len() > bytes_max {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.freeze())
}

/// Sends on the deliveries that are what they claim to be, until no more come or nobody wants them.
pub(super) async fn check_deliveries(mut received: Receiver<Received>, out: Sender<Delivery>) {
    while let Some(received) = received.recv().await {
        let feed = received.feed.clone();
        let Some(delivery) = checked(received).await else {
            tracing::warn!(%feed, "delivery without the right signature thrown away");
            continue;
        };
        if out.send(delivery).await.is_err() {
            return;
        }
    }
}

async fn checked(received: Received) -> Option<Delivery> {
    let small = received.body.len() <= CHECKED_IN_PLACE_BYTES;
    let check = move || {
        let signature = received.signature.as_deref();
        let genuine = signature::is_genuine(signature, &received.secret, &received.body);
        genuine.then_some(Delivery {
            feed: received.feed,
            topic: received.topic,
            content_type: received.content_type,
            body: received.body,
        })
    };
    if small {
        check()
    } else {
        spawn_blocking(check).await.ok().flatten()
    }
}

/// The challenge, as text that no browser takes for anything else.
fn echo(challenge: String) -> Answer {
    let mut answer = Response::new(Full::from(challenge));
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, plain);
    headers.insert(
        "x-content-type-options",
        HeaderValue::from_static("nosniff"),
    );
    answer
}

fn not_found() -> Answer {
    status(StatusCode::NOT_FOUND)
}

fn status(status: StatusCode) -> Answer {
    let mut answer = Answer::default();
    *answer.status_mut() = status;
    answer
}
