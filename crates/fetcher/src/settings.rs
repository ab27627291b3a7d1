//! What the operator decides about fetching, with the contract's defaults.

use std::time::Duration;

use chrono_tz::Tz;
use story::{FeedId, Home};
use url::Url;

use crate::{Access, Proxy, WebSub};

/// How servers are asked, how often, and how much of an answer is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The `User-Agent` of every request: product, version and a contact address.
    pub user_agent: String,
    /// Whether addresses that are not public may be asked; true only for tests and intranets.
    pub allow_private_networks: bool,
    /// The least time between the starts of two requests to one host.
    pub host_gap: Duration,
    /// How many requests may be under way at one host.
    pub host_concurrency: usize,
    /// How many requests may be under way in all, counting pages that wait for the next stage;
    /// it bounds the bodies held in memory.
    pub concurrency: usize,
    /// How many polls may start in one second; not used where `host_gap` is zero.
    pub poll_starts_per_second: u32,
    /// No feed is polled more often than this.
    pub min_interval: Duration,
    /// No feed is polled less often than this, unless its server asks for it or it is gone.
    pub max_interval: Duration,
    /// An entry older than this is recorded as seen and its page is not fetched.
    pub max_entry_age: Duration,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long one request may take, from its start to the last byte of its body.
    pub request_timeout: Duration,
    /// How many decompressed bytes of a feed are read.
    pub feed_bytes_max: usize,
    /// How many decompressed bytes a page may have.
    pub page_bytes_max: usize,
    /// How often a page is asked for before the feed's own text stands in.
    pub page_attempts: u32,
    /// How long requests under way may go on after the stop signal.
    pub stop_grace: Duration,
    /// Where hubs reach us; without it feeds are pulled only.
    pub websub: Option<WebSub>,
    /// The proxy that all requests go through; the environment's is never used.
    pub proxy: Option<Proxy>,
}

impl Default for Settings {
    fn default() -> Self {
        const DAY: u64 = 24 * 3600;
        Self {
            user_agent: "vigia/0.1 (+https://example.org/contact)".to_owned(),
            allow_private_networks: false,
            host_gap: Duration::from_secs(5),
            host_concurrency: 1,
            concurrency: 64,
            poll_starts_per_second: 10,
            min_interval: Duration::from_mins(5),
            max_interval: Duration::from_secs(DAY),
            max_entry_age: Duration::from_secs(30 * DAY),
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            feed_bytes_max: 10 << 20,
            page_bytes_max: 5 << 20,
            page_attempts: 4,
            stop_grace: Duration::from_secs(5),
            websub: None,
            proxy: None,
        }
    }
}

/// A feed as the operator wrote it down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// Its name.
    pub id: FeedId,
    /// Where it is.
    pub url: Url,
    /// Where it is at home.
    pub home: Home,
    /// The wait between two polls to start from, as the operator set it; an hour where none is set.
    pub interval: Option<Duration>,
    /// The zone of dates that name none.
    pub timezone: Tz,
    /// Its own headers and login.
    pub access: Access,
}
