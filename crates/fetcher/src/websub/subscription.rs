//! One subscription from the wish for it to its end: pure, told the time, and kept as JSON so that
//! a restart goes on with it.
//!
//! Until the hub has verified a request, and from the end of a lease on, the feed is polled as if
//! there were no hub; what is decided here is only when the hub is asked next, and for what.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use story::Timestamp;
use url::Url;

use super::{
    PushState,
    discovery::Topic,
    token::{NoRandomness, Token},
};
use crate::{backoff::Backoff, schedule::after};

/// The lease that is asked for; the hub decides (W3C WebSub §8.2 thinks ten days good).
const LEASE_ASKED: Duration = Duration::from_hours(240);

/// The lease of a hub that names none, though it must.
const LEASE_UNNAMED: Duration = Duration::from_hours(24);

/// A longer lease is renewed as if it were this one: a hub that forgot is found out in time.
const LEASE_MAX: Duration = Duration::from_hours(30 * 24);

/// No renewal sooner than this, however short the lease.
const RENEWAL_MIN: Duration = Duration::from_mins(5);

/// How long a hub that accepted a request may take to verify it.
const VERIFICATION: Duration = Duration::from_mins(30);

/// How long a hub is left alone that could not be asked, or asked nothing in return.
const RETRY: Backoff = Backoff {
    first: Duration::from_mins(5),
    factor: 3,
    max: Duration::from_hours(24),
};

/// How long push is not tried again after a denial or after it was found broken.
const SETBACK: Backoff = Backoff {
    first: Duration::from_hours(24),
    factor: 2,
    max: Duration::from_hours(30 * 24),
};

/// How often a hub is asked to unsubscribe; after that the lease is left to run out.
const FAREWELLS_MAX: u32 = 3;

/// What a hub is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mode {
    /// To push, or to go on pushing.
    Subscribe,
    /// To push no more.
    Unsubscribe,
}

impl Mode {
    /// The word for `hub.mode`.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Subscribe => "subscribe",
            Self::Unsubscribe => "unsubscribe",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stage {
    /// Wished for, and not verified yet.
    Subscribing,
    /// Verified; the hub pushes until then.
    Active { until: Timestamp },
    /// The hub said no.
    Denied,
    /// A pull found what should have been pushed.
    Broken,
    /// Not wanted any more.
    Leaving,
}

/// A subscription to one topic at one hub for one feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Subscription {
    /// The hub, and what it is asked for.
    pub(super) topic: Topic,
    /// The end of the callback's address. It stays over renewals: a new callback would be a second
    /// subscription to the hub, and everything would be pushed twice until the first runs out.
    pub(super) callback: Token,
    /// The key of the deliveries' signatures.
    pub(super) secret: Token,
    stage: Stage,
    /// What the hub was asked for and has not verified yet.
    pending: Option<Mode>,
    /// When the hub is asked next.
    ask_at: Timestamp,
    /// How often the hub was asked since it last verified anything.
    attempts: u32,
    /// Denials and breakdowns, since a lease was last held to its renewal.
    setbacks: u32,
    /// Whether a pull was made since push began to work: what is new after that pull is push's to
    /// bring. What a restart or a fresh lease finds unseen is nobody's fault.
    #[serde(skip)]
    watched: bool,
}

/// A request to a hub.
pub(super) struct Ask {
    /// Whose answer it will be.
    pub(super) callback: Token,
    /// Where it goes.
    pub(super) hub: Url,
    /// The URL-encoded form.
    pub(super) form: String,
}

impl Subscription {
    /// A subscription with a callback and a secret of its own, to be asked for at once.
    pub(super) fn new(topic: Topic, now: Timestamp) -> Result<Self, NoRandomness> {
        Ok(Self {
            topic,
            callback: Token::fresh()?,
            secret: Token::fresh()?,
            stage: Stage::Subscribing,
            pending: None,
            ask_at: now,
            attempts: 0,
            setbacks: 0,
            watched: false,
        })
    }

    /// What may be relied on.
    pub(super) fn state(&self, now: Timestamp) -> PushState {
        let retry = self.ask_at;
        match self.stage {
            Stage::Active { until } if until > now => PushState::Active { until },
            Stage::Denied => PushState::Denied { retry },
            Stage::Broken => PushState::Broken { retry },
            Stage::Subscribing | Stage::Active { .. } | Stage::Leaving => PushState::Pending,
        }
    }

    /// When the hub is asked next.
    pub(super) fn ask_at(&self) -> Timestamp {
        self.ask_at
    }

    /// Whether deliveries are not wanted any more.
    pub(super) fn is_leaving(&self) -> bool {
        self.stage == Stage::Leaving
    }

    /// Whether the hub was asked to unsubscribe as often as it is worth.
    pub(super) fn is_done(&self, now: Timestamp) -> bool {
        self.is_leaving() && self.attempts >= FAREWELLS_MAX && self.ask_at <= now
    }

    /// Notes that the hub is being asked, and says what. From here on its verification is awaited,
    /// which may come before the answer.
    pub(super) fn ask(&mut self, callback: &Url, now: Timestamp) -> Ask {
        let mode = match self.stage {
            Stage::Leaving => Mode::Unsubscribe,
            _ => Mode::Subscribe,
        };
        self.pending = Some(mode);
        self.attempts += 1;
        self.ask_at = after(now, VERIFICATION.max(RETRY.wait(self.attempts)));
        Ask {
            callback: self.callback.clone(),
            hub: self.hub(),
            form: self.form(mode, callback),
        }
    }

    /// The hub's address. One that is written without TLS and without a port is tried with TLS
    /// first and at every second attempt (W3C WebSub §8.2): it is told a secret.
    fn hub(&self) -> Url {
        let mut hub = self.topic.hub.clone();
        if hub.scheme() == "http" && hub.port().is_none() && self.attempts % 2 == 1 {
            let _ = hub.set_scheme("https"); // http to https is always possible
        }
        hub
    }

    fn form(&self, mode: Mode, callback: &Url) -> String {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("hub.callback", callback.as_str())
            .append_pair("hub.mode", mode.as_str())
            .append_pair("hub.topic", self.topic.topic.as_str())
            .append_pair("hub.verify", "async"); // required by hubs of before WebSub
        if mode == Mode::Subscribe {
            form.append_pair("hub.lease_seconds", &LEASE_ASKED.as_secs().to_string())
                .append_pair("hub.secret", self.secret.reveal());
        }
        form.finish()
    }

    /// Notes that the hub could not be asked and may be later; `wait` is what it asked for itself.
    pub(super) fn failed(&mut self, wait: Option<Duration>, now: Timestamp) {
        self.ask_at = after(now, wait.unwrap_or_else(|| RETRY.wait(self.attempts)));
    }

    /// Notes that the hub was not asked, since it wants to be left alone for a while.
    pub(super) fn put_off(&mut self, wait: Duration, now: Timestamp) {
        self.attempts = self.attempts.saturating_sub(1);
        self.ask_at = after(now, wait);
    }

    /// Notes that the hub verifies a request, if there is such a request.
    pub(super) fn verify(
        &mut self,
        mode: Mode,
        topic: &Url,
        lease: Option<Duration>,
        now: Timestamp,
    ) -> bool {
        if self.pending != Some(mode) || self.topic.topic != *topic {
            return false;
        }
        self.pending = None;
        self.attempts = 0;
        if mode == Mode::Subscribe {
            self.lease(lease.unwrap_or(LEASE_UNNAMED).min(LEASE_MAX), now);
        }
        true
    }

    /// Begins a lease, and plans its renewal for when three quarters to nine tenths of it are
    /// over, so that leases that began together are not renewed together.
    fn lease(&mut self, lease: Duration, now: Timestamp) {
        match self.state(now) {
            PushState::Active { .. } => self.setbacks = 0,
            _ => self.watched = false,
        }
        let until = after(now, lease);
        self.stage = Stage::Active { until };
        let renewal = lease.mul_f64(0.75 + fastrand::f64() * 0.15);
        self.ask_at = after(now, renewal.max(RENEWAL_MIN));
    }

    /// Notes that the hub does not want to push this, at whatever point it says so.
    pub(super) fn deny(&mut self, now: Timestamp) {
        self.set_back(Stage::Denied, now);
    }

    /// Notes a pull that found the feed as it was before.
    pub(super) fn watch(&mut self, now: Timestamp) {
        self.watched = matches!(self.state(now), PushState::Active { .. });
    }

    /// Notes a pull that found what was never pushed; says whether that is push's fault.
    pub(super) fn miss(&mut self, now: Timestamp) -> bool {
        let at_fault = self.watched && matches!(self.state(now), PushState::Active { .. });
        if at_fault {
            self.set_back(Stage::Broken, now);
        }
        at_fault
    }

    fn set_back(&mut self, stage: Stage, now: Timestamp) {
        self.stage = stage;
        self.pending = None;
        self.attempts = 0;
        self.setbacks = self.setbacks.saturating_add(1);
        self.ask_at = after(now, SETBACK.wait(self.setbacks));
    }

    /// Ends the wish for it; says whether the hub has to be told.
    pub(super) fn leave(&mut self, now: Timestamp) -> bool {
        let known = match self.stage {
            Stage::Active { until } => until > now || self.pending.is_some(),
            Stage::Subscribing => self.pending.is_some(),
            Stage::Broken => true,
            Stage::Denied | Stage::Leaving => false,
        };
        self.stage = Stage::Leaving;
        self.pending = None;
        self.attempts = 0;
        self.ask_at = now;
        known
    }
}

#[cfg(test)]
mod tests;
