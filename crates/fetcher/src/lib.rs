//! Feeds and pages: when each feed is polled, how a server is asked, and how a page is brought.
//!
//! [`Fetcher`] is the stage: it polls feeds by schedule, remembers what they showed in a
//! [`FetchStore`](story::storage::FetchStore), and sends the page of each pending entry down the
//! line. [`feed::parse`] is the pure part that turns a feed's bytes into entries, and
//! [`robots::Robots`] the one that reads what a site asks of us.
//!
//! It does not judge or clean what it brings, and it keeps nothing on disk itself.

mod access;
mod address;
mod backoff;
mod body;
mod clock;
mod counters;
pub mod discovery;
mod encoding;
mod errand;
mod exchange;
pub mod feed;
mod fetcher;
mod freshness;
mod http;
mod lateness;
mod link_header;
mod outcome;
mod pages;
mod politeness;
mod poll;
mod push;
pub mod robots;
mod run;
mod schedule;
mod secret;
mod settings;
mod stop;
mod tls;
mod websub;

pub use access::{Access, Auth, Given, HeaderError};
pub use address::LOOKUPS_MAX;
pub use body::Cut;
pub use clock::Clock;
pub use counters::Counters;
pub use errand::Errand;
pub use fetcher::{FeedChange, FeedReport, Fetcher, FetcherError, InFlight, Report, check_secrets};
pub use http::{FetchError, Proxy, Refusal};
pub use lateness::Lateness;
pub use robots::robots_verdict;
pub use secret::{Secret, SecretError, SecretSource};
pub use settings::{Feed, Settings};
pub use websub::{Settings as WebSub, WebSubError};
