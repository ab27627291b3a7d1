//! A store in memory that keeps the contract of [`FetchStore`], and remembers each commit.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use story::{
    Entry, EntryId, EntryKey, FeedId, Timestamp,
    storage::{
        Conclude, FeedState, FetchStore, PendingEntry, PollCounts, RobotsCopy, ShownEntry, Sight,
        Stored, Tries, Validators, entry_host,
    },
};

/// The store.
#[derive(Default)]
pub(crate) struct Store(Mutex<Inside>);

/// What it holds.
#[derive(Default)]
pub(crate) struct Inside {
    /// States by feed.
    pub(crate) states: BTreeMap<FeedId, FeedState>,
    /// Every entry that was ever shown.
    pub(crate) entries: Vec<Kept>,
    shown: HashSet<(FeedId, EntryKey)>,
    /// Each commit: the validators and how many entries came with them.
    pub(crate) commits: Vec<(Validators, usize)>,
    /// Why entries were put off, in order.
    pub(crate) put_off: Vec<String>,
    /// Copies of robots.txt by authority.
    pub(crate) robots: BTreeMap<String, RobotsCopy>,
    /// How many lookups of a robots.txt panic.
    pub(crate) faults: u32,
    subscriptions: BTreeMap<FeedId, String>,
    /// How long a commit takes.
    pub(crate) slowness: Duration,
}

/// An entry and where it stands.
pub(crate) struct Kept {
    /// The entry.
    pub(crate) entry: Entry,
    /// Why it goes no further.
    pub(crate) skip: Option<String>,
    claimed: bool,
    tries: Tries,
    shares_page: bool,
    due: Timestamp,
}

impl Store {
    /// Looks inside.
    pub(crate) fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap()
    }

    /// The only feed's state.
    pub(crate) fn state(&self) -> FeedState {
        self.inside().states.values().next().unwrap().clone()
    }

    /// Makes every feed and every entry due, and ends all claims, as if time had passed and the
    /// process had been started anew.
    pub(crate) fn restart(&self) {
        let mut inside = self.inside();
        for state in inside.states.values_mut() {
            state.next_poll = None;
        }
        for kept in &mut inside.entries {
            kept.claimed = false;
            kept.due = Timestamp::UNIX_EPOCH;
        }
    }

    /// Enters a pending entry.
    pub(crate) fn enter(&self, entry: Entry) {
        self.enter_of(entry, false);
    }

    /// Enters a pending entry, whose page may be another's.
    pub(crate) fn enter_of(&self, entry: Entry, shares_page: bool) {
        self.inside().entries.push(Kept {
            entry,
            skip: None,
            claimed: false,
            tries: Tries::default(),
            shares_page,
            due: Timestamp::UNIX_EPOCH,
        });
    }
}

impl Kept {
    fn is_pending_at(&self, host: &str) -> bool {
        self.skip.is_none() && !self.claimed && entry_host(self.entry.link.as_ref()) == host
    }
}

impl FetchStore for Store {
    async fn feed_states(&self) -> Stored<Vec<FeedState>> {
        Ok(self.inside().states.values().cloned().collect())
    }

    async fn commit_poll(
        &self,
        feed: &FeedId,
        entries: Arc<[ShownEntry]>,
        conclude: Conclude,
    ) -> Stored<(FeedState, PollCounts)> {
        let slowness = self.inside().slowness;
        if !slowness.is_zero() {
            tokio::time::sleep(slowness).await;
        }
        let mut inside = self.inside();
        let mut sights = Vec::new();
        for ShownEntry { entry, skip } in entries.iter().cloned() {
            if !inside.shown.insert((entry.feed.clone(), entry.key())) {
                sights.push(Sight::Known);
                continue;
            }
            sights.push(skip.as_ref().map_or(Sight::New, |_| Sight::Skipped));
            let due = Timestamp::UNIX_EPOCH;
            inside.entries.push(Kept {
                entry,
                skip,
                claimed: false,
                tries: Tries::default(),
                shares_page: false,
                due,
            });
        }
        let state = conclude(&sights);
        let validators = state.validators.clone();
        inside.commits.push((validators, entries.len()));
        inside.states.insert(feed.clone(), state.clone());
        Ok((state, PollCounts::of(&sights)))
    }

    async fn pending_hosts(&self) -> Stored<Vec<String>> {
        let inside = self.inside();
        let pending = inside
            .entries
            .iter()
            .filter(|kept| kept.skip.is_none() && !kept.claimed);
        let mut hosts: Vec<_> = pending
            .map(|kept| entry_host(kept.entry.link.as_ref()))
            .collect();
        hosts.sort();
        hosts.dedup();
        Ok(hosts)
    }

    async fn claim(&self, host: &str, now: Timestamp, limit: usize) -> Stored<Vec<PendingEntry>> {
        let mut inside = self.inside();
        let due = inside.entries.iter_mut().enumerate();
        let due = due.filter(|(_, kept)| kept.is_pending_at(host) && kept.due <= now);
        let claimed = due.take(limit).map(|(number, kept)| {
            kept.claimed = true;
            let (entry, tries, shares_page) = (kept.entry.clone(), kept.tries, kept.shares_page);
            PendingEntry {
                id: EntryId(number as i64),
                entry,
                seen: now,
                tries,
                shares_page,
            }
        });
        Ok(claimed.collect())
    }

    async fn next_due(&self, host: &str) -> Stored<Option<Timestamp>> {
        let inside = self.inside();
        Ok(inside
            .entries
            .iter()
            .filter(|kept| kept.is_pending_at(host))
            .map(|kept| kept.due)
            .min())
    }

    async fn postpone(
        &self,
        id: EntryId,
        tries: Tries,
        next_try: Timestamp,
        why: String,
    ) -> Stored<()> {
        let mut inside = self.inside();
        inside.put_off.push(why);
        let kept = &mut inside.entries[id.0 as usize];
        (kept.claimed, kept.tries, kept.due) = (false, tries, next_try);
        Ok(())
    }

    async fn robots(&self, authority: &str) -> Stored<Option<RobotsCopy>> {
        let mut inside = self.inside();
        if inside.faults > 0 {
            inside.faults -= 1;
            drop(inside); // a lock that is held over a panic is of no use any more
            panic!("a fault");
        }
        Ok(inside.robots.get(authority).cloned())
    }

    async fn keep_robots(&self, authority: &str, copy: RobotsCopy) -> Stored<()> {
        self.inside().robots.insert(authority.to_owned(), copy);
        Ok(())
    }

    async fn subscriptions(&self) -> Stored<Vec<(FeedId, String)>> {
        let inside = self.inside();
        let kept = inside.subscriptions.iter();
        Ok(kept
            .map(|(feed, json)| (feed.clone(), json.clone()))
            .collect())
    }

    async fn keep_subscription(&self, feed: &FeedId, subscription: Option<String>) -> Stored<()> {
        let kept = &mut self.inside().subscriptions;
        match subscription {
            Some(json) => kept.insert(feed.clone(), json),
            None => kept.remove(feed),
        };
        Ok(())
    }
}
