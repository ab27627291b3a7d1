//! What the block of a `response` record holds: status, headers, and a body that may be chunked
//! and compressed, or say so and not be.

mod chunked;
mod coding;

/// Bytes of the status line and the headers.
const HEAD_BYTES_MAX: usize = 256 << 10;

/// Why a block is no answer of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadResponse {
    /// There is no status line of HTTP.
    #[error("no status line of HTTP")]
    NoStatus,
    /// The headers do not end.
    #[error("no end of the HTTP headers")]
    NoEnd,
    /// The body is larger than what the caller takes.
    #[error("a body of more than {bytes_max} bytes")]
    TooLarge {
        /// Bytes that are taken.
        bytes_max: usize,
    },
}

/// An answer of a server, its body decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// The headers, as they stand.
    pub headers: Vec<(String, String)>,
    /// The body without transfer and content codings.
    pub body: Vec<u8>,
    /// What could not be decoded, where the body is not all of what it was.
    pub incomplete: Option<&'static str>,
}

impl HttpResponse {
    /// Reads a block. Crawlers keep bodies as they came, or decode them and keep the headers that
    /// name the codings; so a coding is undone where the bytes have it.
    pub fn parse(block: &[u8], body_bytes_max: usize) -> Result<Self, BadResponse> {
        let (head, body) = split(block)?;
        let mut lines = head
            .split(|byte| *byte == b'\n')
            .map(<[u8]>::trim_ascii_end);
        let status = lines.next().and_then(status).ok_or(BadResponse::NoStatus)?;
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in lines {
            let line = String::from_utf8_lossy(line);
            if let Some((name, value)) = line.split_once(':') {
                headers.push((name.trim().to_owned(), value.trim().to_owned()));
            }
        }
        let mut response = Self {
            status,
            headers,
            body: Vec::new(),
            incomplete: None,
        };
        let is_chunked = response
            .header("Transfer-Encoding")
            .is_some_and(|codings| codings.to_ascii_lowercase().contains("chunked"));
        let whole;
        let mut body = body;
        if is_chunked && let Some((joined, ended)) = chunked::join(body, body_bytes_max) {
            if !ended {
                response.incomplete = Some("its chunks break off");
            }
            whole = joined;
            body = &whole;
        }
        let named = response.header("Content-Encoding").unwrap_or_default();
        let decoded = coding::decode(body, named, body_bytes_max).map_err(|coding::TooLarge| {
            BadResponse::TooLarge {
                bytes_max: body_bytes_max,
            }
        })?;
        response.body = decoded.bytes;
        response.incomplete = response.incomplete.or(decoded.incomplete);
        Ok(response)
    }

    /// The first header of a name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// The head and the body. Some writers end lines with a line feed alone.
fn split(block: &[u8]) -> Result<(&[u8], &[u8]), BadResponse> {
    if !block.starts_with(b"HTTP/") {
        return Err(BadResponse::NoStatus);
    }
    let start = &block[..block.len().min(HEAD_BYTES_MAX)];
    let mut line = 0;
    for end in memchr::memchr_iter(b'\n', start) {
        if end > 0 && start[line..end].trim_ascii().is_empty() {
            return Ok((&block[..line], &block[end + 1..]));
        }
        line = end + 1;
    }
    // A head alone, as some records of redirects and revisits are.
    if start.len() == block.len() {
        Ok((block, &[]))
    } else {
        Err(BadResponse::NoEnd)
    }
}

/// The status of a line such as `HTTP/1.1 200 OK`.
fn status(line: &[u8]) -> Option<u16> {
    let line = str::from_utf8(line.get(..line.len().min(32))?)
        .ok()
        .or_else(|| str::from_utf8(line.get(..12)?).ok())?;
    let status = line.split_ascii_whitespace().nth(1)?;
    status
        .parse()
        .ok()
        .filter(|status| (100..1000).contains(status))
}

#[cfg(test)]
mod tests;
