//! The feeds of a run: entered at its start, and changed while it goes on.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use story::{
    FeedId, Health,
    storage::{FeedState, FetchStore, entry_host},
};

use super::{Mode, Run};
use crate::{Feed, FetcherError, fetcher::persist, schedule};

impl<S: FetchStore> Run<S> {
    /// Enters every feed at the instant that its last poll set; in a single pass, as soon as may be.
    pub(super) async fn enter_feeds(&mut self) -> Result<(), FetcherError> {
        let states = self.shared.store.feed_states().await?;
        let mut states = by_feed(states);
        for number in 0..self.feeds.len() {
            let state = states.remove(&self.feeds[number].id);
            self.enter_feed(number, state);
        }
        tracing::info!(feeds = self.feeds.len(), "feeds scheduled");
        Ok(())
    }

    /// Enters a feed that the store remembers so.
    fn enter_feed(&mut self, number: usize, state: Option<FeedState>) {
        let (feed, now) = (&self.feeds[number], self.shared.clock.now());
        // A feed whose address the operator has changed is a feed that was never asked.
        let same =
            |state: &&FeedState| (state.configured.as_ref()).is_none_or(|at| *at == feed.url);
        let scheduled = (state.as_ref())
            .filter(same)
            .and_then(|state| state.next_poll);
        let soonest = schedule::soonest(&self.shared.settings, state.as_ref(), now);
        let due = match self.mode {
            Mode::Daemon => scheduled.unwrap_or(soonest),
            Mode::Once => soonest,
        };
        let closed_until = state.as_ref().and_then(|state| state.host_closed_until);
        if let Some(until) = closed_until.filter(|until| *until > now) {
            let wait = schedule::until(now, until);
            self.shared
                .http
                .gates
                .close(&entry_host(Some(&feed.url)), Some(wait));
        }
        self.agenda.enter(due, number);
        self.states[number] = state;
        self.count_health(number);
    }

    /// Counts a feed under the health that it has; one that is no longer polled, under none.
    pub(super) fn count_health(&mut self, number: usize) {
        let state = self.states[number].as_ref();
        let health = state.map_or(Health::New, |state| state.health);
        let health = (!self.retired.contains(&number)).then_some(health);
        let before = std::mem::replace(&mut self.counted[number], health);
        self.shared.counters.health_changed(before, health);
    }

    /// Polls these feeds from now on. What is under way for a feed that is not among them comes to
    /// its end, and its pending entries are brought.
    pub(super) async fn follow(&mut self, feeds: Vec<Feed>) {
        let wanted: HashSet<FeedId> = feeds.iter().map(|feed| feed.id.clone()).collect();
        let gone = |(id, number): (&FeedId, &usize)| (!wanted.contains(id)).then_some(*number);
        let gone: Vec<usize> = self.numbers.iter().filter_map(gone).collect();
        for number in gone {
            if self.retired.insert(number) {
                self.agenda.remove(number);
                self.unpushed.remove(&number);
                self.pushed.remove(&number);
                self.delivered.retain(|(of, _)| *of != number);
                self.changed.remove(&number);
                self.count_health(number);
            }
        }
        let mut added = Vec::new();
        for feed in feeds {
            match self.numbers.get(&feed.id).copied() {
                None => {
                    let number = self.feeds.len();
                    self.numbers.insert(feed.id.clone(), number);
                    self.feeds.push(Arc::new(feed));
                    self.states.push(None);
                    self.counted.push(None);
                    added.push(number);
                }
                Some(number) if *self.feeds[number] != feed || self.retired.contains(&number) => {
                    self.feeds[number] = Arc::new(feed);
                    self.retired.remove(&number);
                    self.agenda.remove(number);
                    added.push(number);
                }
                Some(_) => {}
            }
        }
        self.push.retain(|feed| wanted.contains(feed));
        self.enter(added).await;
    }

    /// Enters feeds that were not configured before, or not so.
    async fn enter(&mut self, feeds: Vec<usize>) {
        if feeds.is_empty() {
            return;
        }
        let store = &self.shared.store;
        let Ok(states) = persist(&self.shared.counters, &self.stop, || store.feed_states()).await
        else {
            return; // it is being stopped
        };
        let mut states = by_feed(states);
        for number in feeds {
            // One that is being polled is entered again when that has ended.
            if self.busy.contains(&number) {
                self.changed.insert(number);
            } else {
                let state = states.remove(&self.feeds[number].id);
                self.enter_feed(number, state);
            }
        }
    }

    /// Enters a feed anew that was changed while it was being polled.
    pub(super) fn enter_changed(&mut self, number: usize) {
        if self.changed.remove(&number) {
            self.agenda.remove(number);
            let state = self.states[number].take();
            self.enter_feed(number, state);
        }
    }
}

fn by_feed(states: Vec<FeedState>) -> HashMap<FeedId, FeedState> {
    let by_feed = states.into_iter().map(|state| (state.feed.clone(), state));
    by_feed.collect()
}
