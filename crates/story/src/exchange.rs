//! What was asked of a server and what it answered, for an archive to keep.

use bytes::Bytes;
use url::Url;

use crate::Timestamp;

/// A request and its answer, the last of a chain of redirects. Logins and cookies are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// What was asked for, without user and password.
    pub url: Url,
    /// The fields of the request.
    pub asked: Vec<(String, Vec<u8>)>,
    /// The status of the answer.
    pub status: u16,
    /// The fields of the answer, as they were sent.
    pub answered: Vec<(String, Vec<u8>)>,
    /// The body, without transfer and content codings.
    pub body: Bytes,
    /// Why the body is not whole, in the words of WARC: `length`, `time`, `disconnect`.
    pub truncated: Option<&'static str>,
    /// When the last byte came.
    pub at: Timestamp,
}
