//! WARC/1.1 (ISO 28500:2017), read and written: synchronous, over any file.
//!
//! [`Writer`] compresses each record by itself, so that a position in the file is enough to read
//! it. [`Reader`] takes files that are compressed so, as a whole or not at all, and files that are
//! broken: it says what was wrong and where, and goes on at the next record. [`HttpResponse`] is
//! what such a record mostly holds.
//!
//! It does not fetch and does not know what becomes of a page. The `warc` crate on crates.io was
//! looked at: it gives no compressed positions, reads headers without bound and ends at the first
//! fault, and all three are what is needed here.

mod digest;
mod header;
mod http;
mod input;
mod problem;
mod reader;
mod record;
mod writer;

pub use digest::digest;
pub use header::{Header, Kind};
pub use http::{BadResponse, HttpResponse};
pub use problem::{Fault, Problem};
pub use reader::{Head, Reader};
pub use record::{Record, Revisit, http_block, record_id};
pub use writer::{Span, Writer};
