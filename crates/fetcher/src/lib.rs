//! Feeds and pages: when each feed is polled, how a server is asked, and how a page is brought.
//!
//! [`Fetcher`] is the stage: it polls feeds by schedule, remembers what they showed in a
//! [`FetchStore`](story::storage::FetchStore), and sends the page of each pending entry down the
//! line. [`feed::parse`] is the pure part that turns a feed's bytes into entries.
//!
//! It does not judge or clean what it brings, and it keeps nothing on disk itself.

mod access;
mod address;
mod backoff;
mod body;
mod clock;
mod counters;
mod encoding;
pub mod feed;
mod fetcher;
mod http;
mod pages;
mod politeness;
mod poll;
mod run;
mod schedule;
mod secret;
mod settings;
mod stop;
mod tls;

pub use access::{Access, Auth, Given, HeaderError};
pub use body::Cut;
pub use clock::Clock;
pub use counters::Counters;
pub use fetcher::{FeedReport, Fetcher, FetcherError, InFlight, Report};
pub use http::{FetchError, Proxy, Refusal, fetch_one};
pub use secret::{Secret, SecretError, SecretSource};
pub use settings::{Feed, Settings};
