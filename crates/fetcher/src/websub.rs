//! Push by W3C WebSub: a subscriber with a listener of its own, always backed by pulls.
//!
//! After each pull the [`Subscriber`] is told what the feed says of its hub. It subscribes, renews
//! and unsubscribes by itself, answers the hub at a callback that nobody can guess, and hands on
//! what is delivered with the right signature. What it knows survives a restart. It does not parse
//! what it is sent and polls nothing: with the state of a feed's push the schedule decides how
//! often to pull, and pulls tell whether push keeps its word.
//!
//! In use:
//!
//! ```text
//! let (push, mut deliveries) =
//!     Subscriber::start(&websub, Arc::clone(&shared), store, counters, clock, feed_bytes_max, &stop).await?;
//! push.retain(|feed| feeds.contains_key(feed));          // others were taken out of the settings
//!
//! // A pull is over. The order matters: only what a pull finds after another one is push's fault.
//! if counts.new > 0 { push.missed(&feed) }
//! match discover(&answer.url, &links, &parsed.hubs, parsed.own.as_ref()) {
//!     Some(topic) => push.found(&feed, topic),
//!     None => push.lost(&feed),                           // not after a 304, which names nothing
//! }
//! let next = match push.state(&feed) {
//!     Some(PushState::Active { .. }) => daily,            // and sooner once it is so no more
//!     _ => at_its_own_pace,
//! };
//!
//! // A delivery is a poll that somebody else made. It holds a part of the feed at most, and its
//! // validators are nobody's. An ended queue says that the listener has stopped.
//! while let Some(Delivery { feed, topic, content_type, body }) = deliveries.recv().await { … }
//! push.end().await;
//! ```

use std::{io, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use story::{
    FeedId, Timestamp,
    storage::{FetchStore, StorageError},
};
use tokio::{
    net::TcpListener,
    sync::mpsc::{self, Receiver},
    task::JoinSet,
};
use url::Url;

use crate::{Clock, Counters, stop::Stop};

mod callback;
mod discovery;
mod keeper;
mod listener;
mod register;
mod signature;
mod subscription;
mod token;

pub(crate) use discovery::{Topic, discover};
pub(crate) use keeper::AskHub;

use callback::Callback;
use keeper::Keeper;
use listener::Limits;
use register::Register;

/// Deliveries that came or are coming and were not handed on yet. Each may be as long as a feed.
const RECEIVED_MAX: usize = 8;

/// Where hubs reach us; without it there is no push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The address that hubs are given, with a path of its own on a proxy that speaks TLS, say.
    /// Callbacks are one segment below it.
    pub public_url: Url,
    /// Where the listener stands, which everything below that address is sent on to.
    pub listen: SocketAddr,
}

/// Why there is no subscriber.
#[derive(Debug, thiserror::Error)]
pub enum WebSubError {
    /// The listener cannot stand where it should.
    #[error("listen for hubs at `{address}`")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// What was remembered cannot be read.
    #[error("the subscriptions cannot be read")]
    Store(#[from] StorageError),
}

/// What a hub brought, with the right signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// The feed that it is of.
    pub(crate) feed: FeedId,
    /// The topic that was subscribed to.
    pub(crate) topic: Url,
    /// What the hub says that it is; signatures do not cover it.
    pub(crate) content_type: Option<String>,
    /// The feed, or what of it is new.
    pub(crate) body: Bytes,
}

/// What may be expected of a feed's push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PushState {
    /// Nothing yet, or nothing any more: the hub has yet to verify a request.
    Pending,
    /// The hub pushes, if its lease is not renewed until then.
    Active { until: Timestamp },
    /// A pull found what push should have brought; it is tried again at this time.
    Broken { retry: Timestamp },
    /// The hub said no; it is asked again at this time.
    Denied { retry: Timestamp },
}

/// The subscriptions of all feeds, and the tasks that look after them.
pub(crate) struct Subscriber {
    register: Arc<Register>,
    clock: Clock,
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "tests let the system choose the port")
    )]
    address: SocketAddr,
    tasks: JoinSet<()>,
}

impl Subscriber {
    /// Takes up the subscriptions of the run before and starts to listen. Deliveries longer than
    /// `body_bytes_max` are refused. The queue of deliveries ends some time after `stop`, when all
    /// that was acknowledged has been handed on.
    pub(crate) async fn start<S: FetchStore>(
        settings: &Settings,
        hubs: Arc<impl AskHub>,
        store: Arc<S>,
        counters: Arc<Counters>,
        clock: Clock,
        body_bytes_max: usize,
        stop: &Stop,
    ) -> Result<(Self, Receiver<Delivery>), WebSubError> {
        let limits = Limits::for_bodies(body_bytes_max);
        Self::start_within(limits, settings, hubs, store, counters, clock, stop).await
    }

    async fn start_within<S: FetchStore>(
        limits: Limits,
        settings: &Settings,
        hubs: Arc<impl AskHub>,
        store: Arc<S>,
        counters: Arc<Counters>,
        clock: Clock,
        stop: &Stop,
    ) -> Result<(Self, Receiver<Delivery>), WebSubError> {
        let unable = |source| WebSubError::Listen {
            address: settings.listen,
            source,
        };
        let listener = TcpListener::bind(settings.listen).await.map_err(unable)?;
        let address = listener.local_addr().map_err(unable)?;
        let register = Arc::new(Register::default());
        for (feed, json) in store.subscriptions().await? {
            if !register.restore(&feed, &json) {
                tracing::warn!(%feed, "subscription cannot be read and is made anew");
            }
        }

        let (received, to_check) = mpsc::channel(RECEIVED_MAX);
        let (out, deliveries) = mpsc::channel(1);
        let callback = Callback::new(Arc::clone(&register), clock, received, limits);
        let keeper = Keeper {
            register: Arc::clone(&register),
            public_url: settings.public_url.clone(),
            hubs,
            store,
            counters,
            clock,
            stop: stop.clone(),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(listener::listen(listener, callback, stop.clone()));
        tasks.spawn(callback::check_deliveries(to_check, out));
        tasks.spawn(keeper.run());
        tracing::info!(%address, public_url = %settings.public_url, "listening for hubs");
        let subscriber = Self {
            register,
            clock,
            address,
            tasks,
        };
        Ok((subscriber, deliveries))
    }

    /// Notes that a pull found the feed's hub: subscribes, or moves from another hub or topic.
    pub(crate) fn found(&self, feed: &FeedId, topic: Topic) {
        self.register.wish(feed, topic, self.clock.now());
    }

    /// Notes that the feed names no hub any more: unsubscribes.
    pub(crate) fn lost(&self, feed: &FeedId) {
        self.register.leave(feed, self.clock.now());
    }

    /// Unsubscribes from the topics of all feeds but these.
    pub(crate) fn retain(&self, wanted: impl Fn(&FeedId) -> bool) {
        self.register.retain(wanted, self.clock.now());
    }

    /// What may be expected of the feed's push; `None` where it is not even wished for.
    pub(crate) fn state(&self, feed: &FeedId) -> Option<PushState> {
        self.register.state(feed, self.clock.now())
    }

    /// Notes that a pull found unseen items. Push is broken by that if an earlier pull since the
    /// start and since the lease began had called [`found`](Self::found): then it is the hub that
    /// did not bring them. Items that are minutes old may be on their way, and are better left out.
    pub(crate) fn missed(&self, feed: &FeedId) {
        self.register.miss(feed, self.clock.now());
    }

    /// Where the listener stands.
    #[cfg(test)]
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until all is written down, after the stop signal. Deliveries have to be received
    /// meanwhile, or their queue dropped.
    pub(crate) async fn end(mut self) {
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "subscriber broke off");
            }
        }
    }
}

#[cfg(test)]
mod tests;
