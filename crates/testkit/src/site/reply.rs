//! What a site answers: an ordinary answer, and the ways in which it can go wrong.

use std::{fmt::Write as _, time::Duration};

use bytes::Bytes;

use super::{Request, gzip};

/// An answer; its builder methods make it a bad one.
#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    etag: Option<String>,
    last_modified: Option<String>,
    pub(crate) body: Bytes,
    pub(super) delay: Duration,
    pub(super) flow: Flow,
}

/// How the body leaves the server.
#[derive(Clone, Copy, Debug)]
pub(super) enum Flow {
    /// At once, with its length.
    Whole,
    /// This many bytes of it, although the whole length was announced.
    Truncated(usize),
    /// Over and over, chunked, until the client goes or the cap is reached.
    Endless,
    /// So many bytes at a time, with a pause before each.
    Drip(usize, Duration),
    /// The body's bytes and nothing else: no status line, no header.
    Raw,
    /// Not at all.
    HangUp,
}

impl Reply {
    /// Answers 200 with a body.
    pub fn ok(content_type: &str, body: impl Into<Bytes>) -> Self {
        Self::status(200)
            .header("content-type", content_type)
            .body(body)
    }

    /// Answers with a status and no body.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            etag: None,
            last_modified: None,
            body: Bytes::new(),
            delay: Duration::ZERO,
            flow: Flow::Whole,
        }
    }

    /// Answers with a redirect, 301 or another, to an address or a path.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::status(status).header("location", location)
    }

    /// Answers with these bytes alone, whatever they are, and closes the connection.
    pub fn raw(bytes: impl Into<Bytes>) -> Self {
        let mut reply = Self::status(0).body(bytes);
        reply.flow = Flow::Raw;
        reply
    }

    /// Answers with a gzip body that unpacks to `unpacked_bytes` spaces, 158 times its size.
    pub fn gzip_bomb(content_type: &str, unpacked_bytes: usize) -> Self {
        Self::ok(content_type, gzip::bomb(unpacked_bytes)).header("content-encoding", "gzip")
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the `ETag`, quotes included; an `If-None-Match` that names it is answered with 304.
    #[must_use]
    pub fn etag(mut self, etag: &str) -> Self {
        self.etag = Some(etag.to_owned());
        self
    }

    /// Sets `Last-Modified`; a request with exactly this `If-Modified-Since` and no
    /// `If-None-Match` is answered with 304.
    #[must_use]
    pub fn last_modified(mut self, date: &str) -> Self {
        self.last_modified = Some(date.to_owned());
        self
    }

    /// Waits before the status line is sent.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Never answers, as long as the client waits.
    #[must_use]
    pub fn hang(self) -> Self {
        self.delay(Duration::from_hours(24 * 365))
    }

    /// Announces the whole body, sends its first `bytes` and closes the connection.
    #[must_use]
    pub fn truncated_at(mut self, bytes: usize) -> Self {
        self.flow = Flow::Truncated(bytes);
        self
    }

    /// Sends the body over and over, chunked, until the client goes or 200 MB are sent.
    #[must_use]
    pub fn endless(mut self) -> Self {
        self.flow = Flow::Endless;
        self
    }

    /// Sends the body `bytes` at a time, with a pause before each time: a slow loris.
    #[must_use]
    pub fn drip(mut self, bytes: usize, every: Duration) -> Self {
        self.flow = Flow::Drip(bytes.max(1), every);
        self
    }

    /// Closes the connection without an answer.
    #[must_use]
    pub fn hang_up(mut self) -> Self {
        self.flow = Flow::HangUp;
        self
    }

    /// Sends the body in gzip form (stored, not compressed), whatever the client accepts.
    #[must_use]
    pub fn gzip(mut self) -> Self {
        self.body = gzip::stored(&self.body).into();
        self.header("content-encoding", "gzip")
    }

    /// Turns into a 304 where the request's validators match.
    pub(crate) fn conditional(mut self, request: &Request) -> Self {
        let matches = match (request.header("if-none-match"), &self.etag) {
            (Some(asked), Some(etag)) => asked
                .split(',')
                .any(|asked| asked.trim() == etag || asked.trim() == "*"),
            (Some(_), None) => false,
            (None, _) => {
                let since = request.header("if-modified-since");
                since.is_some() && since == self.last_modified.as_deref()
            }
        };
        if matches && self.status == 200 {
            self.status = 304;
            self.body = Bytes::new();
            self.flow = Flow::Whole;
        }
        self
    }

    /// The status line and the headers, up to and with the blank line.
    pub(super) fn head(&self, closes: bool) -> String {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        let validators = [("etag", &self.etag), ("last-modified", &self.last_modified)];
        let validators = validators
            .iter()
            .filter_map(|(name, value)| Some((*name, value.as_deref()?)));
        let headers = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in headers.chain(validators) {
            // Writing to a String cannot fail, here and below.
            let _ = write!(head, "{name}: {value}\r\n");
        }
        match self.flow {
            Flow::Endless => head.push_str("transfer-encoding: chunked\r\n"),
            _ if matches!(self.status, 204 | 304) => {}
            _ => {
                let _ = write!(head, "content-length: {}\r\n", self.body.len());
            }
        }
        if closes {
            head.push_str("connection: close\r\n");
        }
        head.push_str("\r\n");
        head
    }

    /// Whether the connection cannot be used after this answer.
    pub(super) fn spoils_connection(&self) -> bool {
        !matches!(self.flow, Flow::Whole | Flow::Drip(..))
    }
}

/// The reason phrase; clients read the number alone.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        301 => "Moved Permanently",
        302 => "Found",
        304 => "Not Modified",
        404 => "Not Found",
        410 => "Gone",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Status",
    }
}
