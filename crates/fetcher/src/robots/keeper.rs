//! Keeps what each authority's robots.txt says, and gives pages leave by it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use story::{
    Timestamp,
    storage::{FetchStore, RobotsCopy, entry_host},
};
use url::Url;

use super::{
    Robots,
    asking::{ask, ask_again, holds, noted, rules},
    product_token,
    shelf::{Place, Shelf},
};
use crate::{
    Clock, FetchError, Settings,
    backoff::Backoff,
    fetcher::{Shared, persist},
    http::{Http, Leave},
    politeness::Gates,
    stop::Stop,
};

/// The longest gap that a file can ask for.
const CRAWL_DELAY_MAX: Duration = Duration::from_mins(2);

/// Files bigger than this are parsed off the runtime's threads.
const PARSED_IN_PLACE_BYTES: usize = 16 << 10;

/// How long a page waits for a robots.txt that cannot be had.
const PATIENCE: Duration = Duration::from_hours(24);

/// The waits of which that is made: a blip heals quickly, and an outage is not hammered.
const WAITS: Backoff = Backoff {
    first: Duration::from_secs(5),
    factor: 10,
    max: Duration::from_hours(1),
};

/// How long a page is put off that waits for robots.txt and has done so so many times; `None`
/// where it has waited for a day.
pub(crate) fn patience(times: u32) -> Option<Duration> {
    // A day has fewer than so many waits.
    let waited: Duration = (1..=times.min(32)).map(|time| WAITS.rule(time)).sum();
    let left = PATIENCE.saturating_sub(waited);
    (!left.is_zero()).then(|| WAITS.rule(times.saturating_add(1)).min(left))
}

/// What is known of every authority that was asked lately.
pub(crate) struct Keeper {
    product: Arc<str>,
    shelf: Mutex<Shelf<Known>>,
}

/// What is known of one authority.
struct Known {
    /// From when on this may be used.
    asked: Timestamp,
    /// Until when.
    ask_again: Timestamp,
    rules: Rules,
}

/// The rules of one authority.
pub(crate) struct Rules {
    /// What asking for them came to.
    outcome: String,
    /// `None` where everything is forbidden.
    robots: Option<Robots>,
}

impl Rules {
    /// Gives leave for a page, or says which line refuses it or that the file cannot be had; and
    /// sees to it that the host is asked as seldom as it wants.
    pub(crate) fn give_leave(&self, gates: &Gates, url: &Url) -> Result<(), FetchError> {
        let Some(robots) = &self.robots else {
            return Err(FetchError::RobotsUnreachable {
                outcome: self.outcome.clone(),
            });
        };
        let delay = robots.crawl_delay().unwrap_or_default();
        gates.widen(&entry_host(Some(url)), delay.min(CRAWL_DELAY_MAX));
        let verdict = robots.verdict(url);
        match verdict.rule {
            Some(rule) if !verdict.allowed => Err(FetchError::RobotsDisallow {
                line: rule.line,
                rule: rule.text.into_owned(),
            }),
            _ => Ok(()),
        }
    }
}

/// Asks for the rules of an address's authority, which nobody has remembered.
pub(crate) async fn rules_of(
    http: &Http,
    settings: &Settings,
    url: &Url,
) -> Result<Rules, FetchError> {
    let now = Clock::system().now();
    let copy = noted(None, ask(http, url, &Stop::default()).await?, now);
    Ok(Rules {
        robots: rules(&copy, product_token(&settings.user_agent), now),
        outcome: copy.outcome,
    })
}

impl Keeper {
    pub(crate) fn new(user_agent: &str) -> Self {
        Self {
            product: product_token(user_agent).into(),
            shelf: Mutex::default(),
        }
    }

    /// Gives leave for a page by its authority's rules.
    async fn leave<S: FetchStore>(
        &self,
        shared: &Shared<S>,
        url: &Url,
        stop: &Stop,
    ) -> Result<(), FetchError> {
        let authority = url.origin().ascii_serialization();
        let place = self.shelf().place(&authority);
        let mut known = stop.before_it(place.known.lock()).await?;
        let known = match &mut *known {
            Some(known) if (known.asked..known.ask_again).contains(&shared.clock.now()) => known,
            stale => {
                let learned = self.learn(shared, &authority, url, stop).await?;
                self.weigh(&place, &learned);
                stale.insert(learned)
            }
        };
        known.rules.give_leave(&shared.http.gates, url)
    }

    /// Takes the store's copy, or asks where that is too old, and remembers the answer.
    async fn learn<S: FetchStore>(
        &self,
        shared: &Shared<S>,
        authority: &str,
        url: &Url,
        stop: &Stop,
    ) -> Result<Known, FetchError> {
        let store = &shared.store;
        let before = persist(&shared.counters, stop, || store.robots(authority)).await?;
        let copy = match before {
            Some(copy) if holds(&copy, shared.clock.now()) => copy,
            before => {
                let answer = ask(&shared.http, url, stop).await?;
                let copy = noted(before, answer, shared.clock.now());
                tracing::debug!(authority, result = copy.outcome, "robots.txt asked for");
                let keep = || store.keep_robots(authority, copy.clone());
                persist(&shared.counters, stop, keep).await?;
                copy
            }
        };
        Ok(self.read(copy, shared.clock.now()).await)
    }

    async fn read(&self, copy: RobotsCopy, now: Timestamp) -> Known {
        let (asked, ask_again) = (copy.asked, ask_again(&copy));
        let outcome = copy.outcome.clone();
        let small = copy.body.as_ref().map_or(0, Vec::len) <= PARSED_IN_PLACE_BYTES;
        let product = Arc::clone(&self.product);
        let read = move || rules(&copy, &product, now);
        let robots = if small {
            read()
        } else {
            // A reader that broke off learned nothing.
            tokio::task::spawn_blocking(read).await.ok().flatten()
        };
        Known {
            asked,
            ask_again,
            rules: Rules { outcome, robots },
        }
    }

    fn weigh(&self, place: &Place<Known>, known: &Known) {
        let bytes = size_of::<Known>() + known.rules.robots.as_ref().map_or(0, Robots::weight);
        self.shelf().weigh(place, bytes);
    }

    fn shelf(&self) -> std::sync::MutexGuard<'_, Shelf<Known>> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leave for the addresses of pages, by robots.txt.
pub(crate) struct RobotsLeave<'a, S> {
    pub(crate) shared: &'a Shared<S>,
    pub(crate) stop: &'a Stop,
}

impl<S: FetchStore> Leave for RobotsLeave<'_, S> {
    fn for_address<'a>(&'a self, url: &'a Url) -> BoxFuture<'a, Result<(), FetchError>> {
        let keeper = &self.shared.robots;
        keeper.leave(self.shared, url, self.stop).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_waits_for_robots_for_a_day_in_all() {
        let waits: Vec<Duration> = (0..).map_while(patience).collect();
        assert_eq!(waits[..4], [5, 50, 500, 3600].map(Duration::from_secs));
        assert_eq!(waits.iter().sum::<Duration>(), PATIENCE);
        assert_eq!(patience(u32::MAX), None);
    }
}
