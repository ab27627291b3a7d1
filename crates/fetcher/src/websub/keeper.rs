//! The task that writes subscriptions down and asks hubs, when the register says that it is time.

use std::{future::Future, sync::Arc, time::Duration};

use reqwest::StatusCode;
use story::storage::FetchStore;
use tokio::{task::JoinSet, time::sleep};
use url::Url;

use super::{register::Register, subscription::Ask, token::Token};
use crate::{
    Clock, Counters, FetchError,
    fetcher::{Shared, persist},
    http::Http,
    schedule::until,
    stop::{Stop, Stopped},
};

/// The longest sleep before the clock is looked at again, which somebody may have set.
const NAP: Duration = Duration::from_secs(30);

/// How many hubs are asked at once.
const ASKED_AT_ONCE: usize = 8;

/// How a form reaches a hub.
pub(crate) trait AskHub: Send + Sync + 'static {
    /// Posts a URL-encoded form; an error unless the hub accepts it.
    fn ask(
        &self,
        hub: &Url,
        form: &str,
        stop: &Stop,
    ) -> impl Future<Output = Result<StatusCode, FetchError>> + Send;
}

impl AskHub for Http {
    async fn ask(&self, hub: &Url, form: &str, stop: &Stop) -> Result<StatusCode, FetchError> {
        self.post_form(hub, form, stop).await
    }
}

impl<S: FetchStore> AskHub for Shared<S> {
    async fn ask(&self, hub: &Url, form: &str, stop: &Stop) -> Result<StatusCode, FetchError> {
        self.http.post_form(hub, form, stop).await
    }
}

/// What the task works with.
pub(super) struct Keeper<A, S> {
    pub(super) register: Arc<Register>,
    pub(super) public_url: Url,
    pub(super) hubs: Arc<A>,
    pub(super) store: Arc<S>,
    pub(super) counters: Arc<Counters>,
    pub(super) clock: Clock,
    pub(super) stop: Stop,
}

/// What came of asking a hub.
struct Asked {
    callback: Token,
    hub: Url,
    result: Result<StatusCode, FetchError>,
}

impl<A: AskHub, S: FetchStore> Keeper<A, S> {
    /// Runs until the stop signal, and leaves nothing unwritten that can still be written then.
    pub(super) async fn run(self) {
        let mut asking = JoinSet::new();
        while self.turn(&mut asking).await.is_ok() {}
        let last = async {
            while let Some(asked) = asking.join_next().await {
                asked.into_iter().for_each(|asked| self.note(asked));
            }
            self.write_down().await
        };
        // A store that refuses now, or a hub that hangs, is asked again after the restart.
        let _ = self.stop.within_grace(last).await;
    }

    /// Writes down what changed, asks whom it is time to ask, and waits for whatever is next.
    async fn turn(&self, asking: &mut JoinSet<Asked>) -> Result<(), Stopped> {
        let free = ASKED_AT_ONCE - asking.len();
        let address = |callback: &Token| callback_url(&self.public_url, callback);
        let due = self.register.take_due(free, address, self.clock.now());
        // A callback is known for good before any hub is told of it.
        self.write_down().await?;
        for ask in due {
            asking.spawn(send(Arc::clone(&self.hubs), ask, self.stop.clone()));
        }
        let next = self.register.next_ask();
        let nap = next.map_or(NAP, |at| until(self.clock.now(), at).min(NAP));
        // Who is due and had no place is taken up when a place is free.
        let nap = if asking.len() < ASKED_AT_ONCE {
            nap
        } else {
            NAP
        };
        tokio::select! {
            () = self.stop.wait() => return Err(Stopped),
            () = self.register.bell.notified() => {}
            () = sleep(nap) => {}
            Some(Ok(asked)) = asking.join_next() => self.note(asked),
        }
        Ok(())
    }

    async fn write_down(&self) -> Result<(), Stopped> {
        while let Some((feed, json)) = self.register.take_changed() {
            let keep = || self.store.keep_subscription(&feed, json.clone());
            persist(&self.counters, &self.stop, keep).await?;
        }
        Ok(())
    }

    /// Notes what a hub said to a request. That it accepted it says nothing yet: it has to verify
    /// it, and may have done so already.
    fn note(&self, asked: Asked) {
        let Asked {
            callback,
            hub,
            result,
        } = asked;
        let Err(error) = result else { return };
        tracing::warn!(hub = hub.host_str(), %error, "hub did not accept the request");
        let now = self.clock.now();
        self.register.asked(&callback, |subscription| match error {
            FetchError::Stopped => subscription.put_off(Duration::ZERO, now),
            FetchError::HostClosed { wait, .. } => subscription.put_off(wait, now),
            FetchError::Status { refusal, .. } if error.is_transient() => {
                subscription.failed(refusal.retry_after, now);
            }
            // A place that was only guessed to be the hub's speaks for nobody.
            _ if error.is_transient() || hub != subscription.topic.hub => {
                subscription.failed(None, now);
            }
            _ if subscription.is_leaving() => subscription.failed(None, now),
            _ => subscription.deny(now),
        });
    }
}

async fn send(hubs: Arc<impl AskHub>, ask: Ask, stop: Stop) -> Asked {
    let result = hubs.ask(&ask.hub, &ask.form, &stop).await;
    Asked {
        callback: ask.callback,
        hub: ask.hub,
        result,
    }
}

/// The callback's address: the token as one more segment of the public address's path.
fn callback_url(public_url: &Url, callback: &Token) -> Url {
    let mut url = public_url.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().push(callback.reveal());
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_is_one_segment_below_the_public_address() {
        let check = |public: &str, expected: &str| {
            let url = callback_url(&public.parse().unwrap(), &Token::claimed("abc"));
            assert_eq!(url.as_str(), expected);
        };
        check("https://vigia.test", "https://vigia.test/abc");
        check("https://vigia.test/push", "https://vigia.test/push/abc");
        check("https://vigia.test/push/", "https://vigia.test/push/abc");
        check("https://vigia.test/p?a=b", "https://vigia.test/p/abc?a=b");
    }
}
