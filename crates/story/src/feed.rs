//! What is remembered of a feed between two polls: its validators, its pace, how it is doing.

use std::time::Duration;

use chrono::{TimeDelta, Weekday};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{FeedId, Rhythm, Timestamp, rhythm::Silence};

/// A feed that has shown nothing for so long is quiet, whatever its rhythm was.
const QUIET_AFTER: TimeDelta = TimeDelta::days(60);

/// What an HTTP server gave us to ask with the next time, byte for byte (RFC 9110 §13.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    /// `ETag`, quotes and weakness mark included.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub last_modified: Option<String>,
}

impl Validators {
    /// Whether there is nothing to ask with.
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }
}

/// What a feed says of its own pace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hints {
    /// RSS's `<ttl>`: how long the feed may be kept before it is asked for again.
    pub ttl: Option<Duration>,
    /// `sy:updatePeriod` over `sy:updateFrequency`.
    pub update_period: Option<Duration>,
    /// RSS's `<skipHours>`: hours of the day in GMT, 0 to 23, in which there is nothing new.
    pub skip_hours: Vec<u8>,
    /// RSS's `<skipDays>`: days in GMT on which there is nothing new.
    pub skip_days: Vec<Weekday>,
}

/// How a feed is doing; where it is not well, the cause.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// It was never polled.
    #[default]
    New,
    /// It is read.
    Ok,
    /// It is read and shows nothing new, unlike before.
    Quiet,
    /// It is read, at an address that the configuration should name instead.
    Moved,
    /// It is read, but its server says "not modified" of what was modified.
    LyingValidators,
    /// The server refuses to show it: a login, a challenge, a payment, a page in its place.
    Blocked,
    /// The server says that there is no such feed.
    Gone,
    /// There is no answer, or one of a server in trouble.
    Unreachable,
    /// What comes is no feed that can be read.
    Unreadable,
}

impl Health {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::New,
        Self::Ok,
        Self::Quiet,
        Self::Moved,
        Self::LyingValidators,
        Self::Blocked,
        Self::Gone,
        Self::Unreachable,
        Self::Unreadable,
    ];

    /// The word for it, as the record, the tables and the metrics have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Ok => "ok",
            Self::Quiet => "quiet",
            Self::Moved => "moved",
            Self::LyingValidators => "lying-validators",
            Self::Blocked => "blocked",
            Self::Gone => "gone",
            Self::Unreachable => "unreachable",
            Self::Unreadable => "unreadable",
        }
    }

    /// Whether the feed's entries come through.
    pub fn is_read(self) -> bool {
        matches!(
            self,
            Self::Ok | Self::Quiet | Self::Moved | Self::LyingValidators
        )
    }
}

/// A sitemap of a sitemap index, as far as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Child {
    /// The address that the index names.
    pub named: Url,
    /// The address that issued the validators; they are sent to no other.
    pub url: Url,
    /// The last response's validators; none where it has to be read anew.
    pub validators: Validators,
}

/// A permanent redirect that was followed, and how often in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The configured address.
    pub from: Url,
    /// Where it leads.
    pub to: Url,
    /// Polls in a row that it led to a feed.
    pub polls: u32,
    /// When the configured address was last asked.
    pub asked: Timestamp,
}

/// What is remembered of a feed between two polls and across restarts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeedState {
    /// The feed.
    pub feed: FeedId,
    /// The address that issued the validators; they are sent to no other.
    pub url: Url,
    /// The last response's validators.
    pub validators: Validators,
    /// Where it is a sitemap index: the sitemaps that are read of it, a handful.
    #[serde(default)]
    pub children: Vec<Child>,
    /// The address that the operator had set at the last poll.
    #[serde(default)]
    pub configured: Option<Url>,
    /// The last poll that was answered or failed.
    pub last_poll: Option<Timestamp>,
    /// The last poll that ended with 200 or 304.
    pub last_success: Option<Timestamp>,
    /// The last poll that showed something new.
    pub last_new: Option<Timestamp>,
    /// No poll before this.
    pub next_poll: Option<Timestamp>,
    /// Polls that failed since the last success.
    pub failures: u32,
    /// What the last poll was like, in the words of a person: "200 with 20 entries", "404 Not Found".
    pub last_result: String,
    /// How it is doing, as far as the last poll tells; [`FeedState::health_at`] adds its silence.
    #[serde(default)]
    pub health: Health,
    /// The cause, where it is not well: "403 Forbidden: Cloudflare challenge".
    #[serde(default)]
    pub health_why: String,
    /// What the feed says of its pace.
    #[serde(default)]
    pub hints: Hints,
    /// For how long the server calls its answer fresh (RFC 9111 §4.2.1).
    #[serde(default)]
    pub fresh_for: Option<Duration>,
    /// The permanent redirect that its address has become.
    #[serde(default)]
    pub moved: Option<Moved>,
    /// When new entries come.
    #[serde(default)]
    pub rhythm: Rhythm,
    /// A hash over the entries of the last whole body.
    #[serde(default)]
    pub content: Option<String>,
    /// When a whole body last came, as opposed to a 304.
    #[serde(default)]
    pub last_body: Option<Timestamp>,
    /// When it was last asked for the whole feed to see whether its 304s are true.
    #[serde(default)]
    pub audited: Option<Timestamp>,
    /// When the server was caught saying "not modified" of what was modified.
    #[serde(default)]
    pub lied: Option<Timestamp>,
    /// Whether the next request is to carry no validators: the last one failed as it may have
    /// failed because of them.
    #[serde(default)]
    pub ask_plainly: bool,
    /// When the server last refused a request as it may have done because of its validators; none
    /// since it answered one that had some.
    #[serde(default)]
    pub conditions_refused: Option<Timestamp>,
    /// Until when the server asked to be left alone, for all feeds of its host.
    #[serde(default)]
    pub host_closed_until: Option<Timestamp>,
}

impl FeedState {
    /// The state of a feed that was never polled.
    pub fn new(feed: FeedId, url: Url) -> Self {
        Self {
            feed,
            url,
            validators: Validators::default(),
            children: Vec::new(),
            configured: None,
            last_poll: None,
            last_success: None,
            last_new: None,
            next_poll: None,
            failures: 0,
            last_result: "never polled".to_owned(),
            health: Health::New,
            health_why: String::new(),
            hints: Hints::default(),
            fresh_for: None,
            moved: None,
            rhythm: Rhythm::default(),
            content: None,
            last_body: None,
            audited: None,
            lied: None,
            ask_plainly: false,
            conditions_refused: None,
            host_closed_until: None,
        }
    }

    /// The silence that is unlike the feed's rhythm, if there is one.
    pub fn silence(&self, now: Timestamp) -> Option<Silence> {
        self.rhythm.silence(self.last_new?, now)
    }

    /// How the feed is doing at `now`, and the cause in the words of a person; empty where all is
    /// well.
    pub fn health_at(&self, now: Timestamp) -> (Health, String) {
        if self.health != Health::Ok {
            return (self.health, self.health_why.clone());
        }
        if let Some(silence) = self.silence(now) {
            return (Health::Quiet, silence.to_string());
        }
        match self.last_new {
            Some(last) if now - last > QUIET_AFTER => {
                let days = (now - last).num_days();
                (Health::Quiet, format!("nothing new for {days} days"))
            }
            _ => (Health::Ok, self.health_why.clone()),
        }
    }
}
