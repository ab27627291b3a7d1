//! Feeds and pages: when each feed is polled, how a server is asked, and how a page is brought.
//!
//! [`Fetcher`] is the stage: it polls feeds by schedule, remembers what they showed in a
//! [`FetchStore`](story::storage::FetchStore), and sends the page of each pending entry down the
//! line. [`feed::parse`] is the pure part that turns a feed's bytes into entries.
//!
//! It does not judge or clean what it brings, and it keeps nothing on disk itself.

mod address;
mod backoff;
mod body;
mod clock;
mod counters;
pub mod discovery;
pub mod feed;
mod fetcher;
mod http;
mod link_header;
mod pages;
mod politeness;
mod poll;
mod run;
mod schedule;
mod settings;
mod stop;
mod tls;
#[cfg_attr(
    not(test),
    expect(dead_code, unused_imports, reason = "wired into the run next")
)]
mod websub;

pub use body::Cut;
pub use clock::Clock;
pub use counters::Counters;
pub use fetcher::{FeedReport, Fetcher, FetcherError, InFlight, Report};
pub use http::{FetchError, fetch_one};
pub use settings::{Feed, Settings};
pub use websub::{Settings as WebSub, WebSubError};
