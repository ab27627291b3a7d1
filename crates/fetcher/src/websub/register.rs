//! All subscriptions, behind one lock that is held for moments: what pulls wish for, what hubs say,
//! and what the keeper has yet to write down and to ask.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use story::{FeedId, Timestamp};
use tokio::sync::Notify;
use url::Url;

use super::{
    PushState,
    discovery::Topic,
    subscription::{Ask, Mode, Subscription},
    token::Token,
};

/// How many ended subscriptions of one feed still say farewell; older ones are left to run out.
const LEAVING_MAX: usize = 2;

/// The subscriptions of all feeds.
#[derive(Default)]
pub(super) struct Register {
    inside: Mutex<Inside>,
    /// Rung when there may be something to write down or to ask.
    pub(super) bell: Notify,
}

#[derive(Default)]
struct Inside {
    feeds: HashMap<FeedId, Kept>,
    /// Whose callback a token is. A guess is looked up by its keyed hash, so that the time it
    /// takes says nothing of how near it was.
    callbacks: HashMap<Token, FeedId>,
    /// Feeds whose subscriptions changed since they were last written down.
    changed: BTreeSet<FeedId>,
}

/// A feed's subscriptions, as they are written down.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    current: Option<Subscription>,
    leaving: Vec<Subscription>,
}

/// To whom a delivery goes.
#[derive(Clone, Debug)]
pub(super) enum Addressee {
    /// A feed.
    Feed {
        feed: FeedId,
        topic: Url,
        secret: Token,
    },
    /// A subscription that has ended.
    Gone,
}

impl Register {
    /// Takes up what was written down of a feed; says whether it could be read.
    pub(super) fn restore(&self, feed: &FeedId, json: &str) -> bool {
        let read: serde_json::Result<Kept> = serde_json::from_str(json);
        let readable = read.is_ok();
        self.edit(feed, |kept| {
            *kept = read.unwrap_or_default();
            !readable
        });
        readable
    }

    /// What is known of a feed's push.
    pub(super) fn state(&self, feed: &FeedId, now: Timestamp) -> Option<PushState> {
        let inside = self.lock();
        let current = inside.feeds.get(feed)?.current.as_ref()?;
        Some(current.state(now))
    }

    /// Wishes for a topic, in place of any other that the feed had, after a pull that named it.
    pub(super) fn wish(&self, feed: &FeedId, topic: Topic, now: Timestamp) {
        self.edit(feed, |kept| {
            if let Some(current) = kept.current.as_mut().filter(|kept| kept.topic == topic) {
                current.watch(now);
                return false;
            }
            kept.end_current(now);
            tracing::info!(%feed, hub = topic.hub.host_str(), "feed names a hub");
            match Subscription::new(topic, now) {
                Ok(wished) => kept.current = Some(wished),
                Err(error) => tracing::error!(%feed, ?error, "push not asked for"),
            }
            true
        });
    }

    /// Wishes for no push of a feed any more.
    pub(super) fn leave(&self, feed: &FeedId, now: Timestamp) {
        self.edit(feed, |kept| kept.end_current(now));
    }

    /// Wishes for no push of any feed but these.
    pub(super) fn retain(&self, wanted: impl Fn(&FeedId) -> bool, now: Timestamp) {
        let feeds: Vec<FeedId> = self.lock().feeds.keys().cloned().collect();
        let unwanted = feeds.iter().filter(|feed| !wanted(feed));
        unwanted.for_each(|feed| self.leave(feed, now));
    }

    /// Notes that a pull found what push should have brought.
    pub(super) fn miss(&self, feed: &FeedId, now: Timestamp) {
        self.edit(feed, |kept| {
            let at_fault = kept.current.as_mut().is_some_and(|kept| kept.miss(now));
            if at_fault {
                tracing::warn!(%feed, "push is broken: a pull found what it did not bring");
            }
            at_fault
        });
    }

    /// What a hub verifies; says whether there is such a request.
    pub(super) fn verify(
        &self,
        callback: &Token,
        (mode, topic): (Mode, &Url),
        lease: Option<Duration>,
        now: Timestamp,
    ) -> bool {
        self.edit_by(callback, |feed, kept| {
            let subscription = kept.by_callback(callback);
            let asked = subscription.is_some_and(|kept| kept.verify(mode, topic, lease, now));
            if asked {
                tracing::info!(%feed, mode = mode.as_str(), "hub verified the request");
            }
            if asked && mode == Mode::Unsubscribe {
                kept.forget(callback);
            }
            asked
        })
    }

    /// What a hub denies, and why; says whether it has that to deny.
    pub(super) fn deny(&self, callback: &Token, topic: &Url, why: &str, now: Timestamp) -> bool {
        self.edit_by(callback, |feed, kept| {
            let subscription = kept.by_callback(callback);
            let Some(denied) = subscription.filter(|kept| kept.topic.topic == *topic) else {
                return false;
            };
            tracing::warn!(%feed, ?why, "hub denies the subscription");
            if denied.is_leaving() {
                kept.forget(callback);
            } else {
                denied.deny(now);
            }
            true
        })
    }

    /// To whom a delivery at this callback goes.
    pub(super) fn addressee(&self, callback: &Token) -> Option<Addressee> {
        let mut inside = self.lock();
        let feed = inside.callbacks.get(callback)?.clone();
        let subscription = inside.feeds.get_mut(&feed)?.by_callback(callback)?;
        if subscription.is_leaving() {
            return Some(Addressee::Gone);
        }
        Some(Addressee::Feed {
            topic: subscription.topic.topic.clone(),
            secret: subscription.secret.clone(),
            feed,
        })
    }

    /// Notes what came of asking a hub, unless that was forgotten meanwhile.
    pub(super) fn asked(&self, callback: &Token, note: impl FnOnce(&mut Subscription)) {
        self.edit_by(callback, |_, kept| {
            kept.by_callback(callback).map(note).is_some()
        });
    }

    /// At most `limit` requests that are to be made now, each noted as made. `address` makes a
    /// callback's address of its token.
    pub(super) fn take_due(
        &self,
        limit: usize,
        address: impl Fn(&Token) -> Url,
        now: Timestamp,
    ) -> Vec<Ask> {
        let mut asks = Vec::new();
        for feed in self.due(limit, now) {
            self.edit(&feed, |kept| {
                kept.leaving.retain(|leaving| !leaving.is_done(now));
                let due = kept.all().filter(|kept| kept.ask_at() <= now);
                let due = due.take(limit - asks.len());
                asks.extend(due.map(|due| due.ask(&address(&due.callback), now)));
                true
            });
        }
        asks
    }

    /// At most `limit` feeds that have a hub to ask.
    fn due(&self, limit: usize, now: Timestamp) -> Vec<FeedId> {
        let inside = self.lock();
        let is_due = |kept: &Kept| kept.next_ask().is_some_and(|at| at <= now);
        let due = inside.feeds.iter().filter(|(_, kept)| is_due(kept));
        due.map(|(feed, _)| feed.clone()).take(limit).collect()
    }

    /// When the next hub is to be asked.
    pub(super) fn next_ask(&self) -> Option<Timestamp> {
        self.lock().feeds.values().filter_map(Kept::next_ask).min()
    }

    /// The next feed whose subscriptions changed, and what is to be written down of them: nothing
    /// where there are none left.
    pub(super) fn take_changed(&self) -> Option<(FeedId, Option<String>)> {
        let mut inside = self.lock();
        let feed = inside.changed.pop_first()?;
        let json = inside
            .feeds
            .get(&feed)
            .map(|kept| serde_json::to_string(kept).expect("subscriptions are plain data"));
        Some((feed, json))
    }

    /// Changes the subscriptions of a feed; `change` says whether that is to be written down.
    fn edit(&self, feed: &FeedId, change: impl FnOnce(&mut Kept) -> bool) -> bool {
        let changed = self.lock().edit(feed, change);
        if changed {
            self.bell.notify_one();
        }
        changed
    }

    /// Changes the subscriptions of the feed that a callback belongs to, if there is one.
    fn edit_by(&self, callback: &Token, change: impl FnOnce(&FeedId, &mut Kept) -> bool) -> bool {
        let feed = self.lock().callbacks.get(callback).cloned();
        feed.is_some_and(|feed| self.edit(&feed, |kept| change(&feed, kept)))
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    /// Keeps the callbacks in step with the subscriptions, and no feed that has none.
    fn edit(&mut self, feed: &FeedId, change: impl FnOnce(&mut Kept) -> bool) -> bool {
        let mut kept = self.feeds.remove(feed).unwrap_or_default();
        for subscription in kept.all() {
            self.callbacks.remove(&subscription.callback);
        }
        let changed = change(&mut kept);
        for subscription in kept.all() {
            let callback = subscription.callback.clone();
            self.callbacks.insert(callback, feed.clone());
        }
        if kept.current.is_some() || !kept.leaving.is_empty() {
            self.feeds.insert(feed.clone(), kept);
        }
        if changed {
            self.changed.insert(feed.clone());
        }
        changed
    }
}

impl Kept {
    fn all(&mut self) -> impl Iterator<Item = &mut Subscription> {
        self.current.iter_mut().chain(&mut self.leaving)
    }

    fn next_ask(&self) -> Option<Timestamp> {
        let all = self.current.iter().chain(&self.leaving);
        all.map(Subscription::ask_at).min()
    }

    fn by_callback(&mut self, callback: &Token) -> Option<&mut Subscription> {
        self.all().find(|kept| kept.callback == *callback)
    }

    /// Ends the current subscription; says whether there was one.
    fn end_current(&mut self, now: Timestamp) -> bool {
        let Some(mut ended) = self.current.take() else {
            return false;
        };
        if ended.leave(now) {
            self.leaving.push(ended);
            let over = self.leaving.len().saturating_sub(LEAVING_MAX);
            self.leaving.drain(..over);
        }
        true
    }

    /// Forgets one that has said farewell.
    fn forget(&mut self, callback: &Token) {
        self.leaving.retain(|kept| kept.callback != *callback);
    }
}
