//! Push within a run: what polls tell the subscriber, and what it brings. Without `[websub]` none of
//! it does anything.

use std::{future::pending, sync::Arc};

use chrono::TimeDelta;
use story::{
    FeedId, Timestamp,
    storage::{FeedState, FetchStore},
};
use tokio::sync::mpsc::Receiver;

use crate::{
    fetcher::Shared,
    poll::{Polled, Said},
    stop::Stop,
    websub::{Delivery, PushState, Subscriber, WebSubError},
};

/// What a pull finds that is younger than this may be on its way to be pushed.
const ON_ITS_WAY: TimeDelta = TimeDelta::minutes(10);

/// Whether the newest entry of a feed is older than any that may be on its way yet.
pub(crate) fn is_late(state: &FeedState, now: Timestamp) -> bool {
    state
        .last_new
        .is_some_and(|newest| now - newest > ON_ITS_WAY)
}

/// The subscriber, where there is one.
#[derive(Default)]
pub(crate) struct Push {
    subscriber: Option<Subscriber>,
    deliveries: Option<Receiver<Delivery>>,
}

impl Push {
    /// Starts the subscriber, if the settings have one.
    pub(crate) async fn start<S: FetchStore>(
        shared: &Arc<Shared<S>>,
        is_configured: impl Fn(&FeedId) -> bool,
        stop: &Stop,
    ) -> Result<Self, WebSubError> {
        let Some(settings) = &shared.settings.websub else {
            return Ok(Self::default());
        };
        let (subscriber, deliveries) = Subscriber::start(
            settings,
            Arc::clone(shared),
            Arc::clone(&shared.store),
            Arc::clone(&shared.counters),
            shared.clock,
            shared.settings.feed_bytes_max,
            stop,
        )
        .await?;
        subscriber.retain(is_configured);
        Ok(Self {
            subscriber: Some(subscriber),
            deliveries: Some(deliveries),
        })
    }

    /// Gives up the subscriptions of all feeds but these.
    pub(crate) fn retain(&self, is_configured: impl Fn(&FeedId) -> bool) {
        if let Some(subscriber) = &self.subscriber {
            subscriber.retain(is_configured);
        }
    }

    /// Whether the feed's changes are being pushed, so that pulls may be rare.
    pub(crate) fn works_for(&self, feed: &FeedId) -> bool {
        let state = self.subscriber.as_ref().and_then(|push| push.state(feed));
        matches!(state, Some(PushState::Active { .. }))
    }

    /// Tells the subscriber what a pull came to. The order matters: only what a pull finds after
    /// another one is push's fault.
    pub(crate) fn pulled(&self, polled: &Polled, now: Timestamp) {
        let Some(subscriber) = &self.subscriber else {
            return;
        };
        let feed = &polled.state.feed;
        if polled.counts.new > 0 && is_late(&polled.state, now) {
            subscriber.missed(feed);
        }
        match &polled.said {
            Said::Nothing => {}
            Said::NoHub => subscriber.lost(feed),
            Said::Hub(topic) => subscriber.found(feed, topic.clone()),
        }
    }

    /// The next delivery; never, where there is no subscriber or it has stopped.
    pub(crate) async fn delivery(&mut self) -> Delivery {
        if let Some(deliveries) = &mut self.deliveries {
            if let Some(delivery) = deliveries.recv().await {
                return delivery;
            }
            self.deliveries = None;
        }
        pending().await
    }

    /// Waits until what was acknowledged was written down, after the stop signal. Deliveries that
    /// were not taken are left to the next pull.
    pub(crate) async fn end(self) {
        drop(self.deliveries);
        if let Some(subscriber) = self.subscriber {
            subscriber.end().await;
        }
    }
}
