//! A hostile news server for tests, and the news that it serves.
//!
//! A dev-dependency only. [`Site`] is an HTTP server on loopback that answers as badly as a test
//! asks for; [`News`] fills one with feeds and newspaper pages whose verdicts are known, and
//! [`MovingNews`] publishes while a test runs. Nothing here knows the crates under test.

mod news;
mod site;

pub use news::{Article, MovingNews, News};
pub use site::{Reply, Request, Site};
