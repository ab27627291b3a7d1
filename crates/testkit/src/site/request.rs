//! What a client asked.

use std::time::Instant;

/// More body bytes than any client under test sends.
const BODY_BYTES_MAX: usize = 1 << 20;

/// One request, as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method, such as `GET`.
    pub method: String,
    /// The path with its query, as the client wrote it.
    pub path: String,
    /// The headers in their order, names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body, of the length that the headers announce.
    pub body: Vec<u8>,
    /// When all of it had arrived, by the runtime's clock, which a test may have paused.
    pub at: Instant,
}

impl Request {
    /// Reads a request from the start of `bytes`; gives it and its length, or `None` where more
    /// bytes are needed.
    ///
    /// # Errors
    ///
    /// Gives what is wrong with bytes that can never become a request.
    pub(super) fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, httparse::Error> {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut parsed = httparse::Request::new(&mut headers);
        let httparse::Status::Complete(length) = parsed.parse(bytes)? else {
            return Ok(None);
        };
        let headers = parsed.headers.iter().map(|header| {
            let value = String::from_utf8_lossy(header.value).into_owned();
            (header.name.to_ascii_lowercase(), value)
        });
        let mut request = Self {
            method: parsed.method.unwrap_or_default().to_owned(),
            path: parsed.path.unwrap_or_default().to_owned(),
            headers: headers.collect(),
            body: Vec::new(),
            at: tokio::time::Instant::now().into_std(),
        };
        let announced = request.header("content-length");
        let announced = announced.and_then(|length| length.parse().ok());
        let end = length + announced.unwrap_or(0).min(BODY_BYTES_MAX);
        let Some(body) = bytes.get(length..end) else {
            return Ok(None);
        };
        request.body = body.to_vec();
        Ok(Some((request, end)))
    }

    /// Returns the first value of a header, whose name is given in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Returns the path without its query.
    pub fn path_only(&self) -> &str {
        self.path
            .split_once('?')
            .map_or(self.path.as_str(), |(path, _)| path)
    }

    /// Whether the client wants the connection closed after the answer.
    pub(super) fn closes(&self) -> bool {
        self.header("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}
