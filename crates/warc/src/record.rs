//! Records as they are written.

use std::io::{self, Write};

use crate::{Header, Kind, digest, digest::sha1};

/// A record that is to be written.
#[derive(Clone, Debug)]
pub struct Record {
    header: Header,
    block: Vec<u8>,
}

/// Why an answer stands in an earlier record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revisit {
    /// It has the same body.
    IdenticalPayload,
    /// The server said that nothing has changed.
    NotModified,
}

impl Revisit {
    fn profile(self) -> &'static str {
        match self {
            Self::IdenticalPayload => {
                "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
            }
            Self::NotModified => "http://netpreserve.org/warc/1.1/revisit/server-not-modified",
        }
    }
}

impl Record {
    /// A record with this id (see [`record_id`]) of a moment in RFC 3339, UTC.
    pub fn new(kind: &Kind, id: &str, date: &str, content_type: &str, block: Vec<u8>) -> Self {
        let mut header = Header::default();
        header.push("WARC-Type", kind.as_str());
        header.push("WARC-Record-ID", id);
        header.push("WARC-Date", date);
        header.push("WARC-Block-Digest", &digest([block.as_slice()]));
        header.push("Content-Type", content_type);
        Self { header, block }
    }

    /// The same with a further field.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.header.push(name, value);
        self
    }

    /// The same as one whose body stands in an earlier record, of which address and date are
    /// given where they are known.
    #[must_use]
    pub fn revisiting(self, why: Revisit, earlier: Option<(&str, &str)>) -> Self {
        let record = self.with("WARC-Profile", why.profile());
        match earlier {
            None => record,
            Some((target, date)) => record
                .with("WARC-Refers-To-Target-URI", target)
                .with("WARC-Refers-To-Date", date),
        }
    }

    /// Writes it as it stands in a file that is not compressed.
    pub(crate) fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        let mut head = "WARC/1.1\r\n".to_owned();
        for (name, value) in self.header.fields() {
            head += &format!("{name}: {value}\r\n");
        }
        head += &format!("Content-Length: {}\r\n\r\n", self.block.len());
        out.write_all(head.as_bytes())?;
        out.write_all(&self.block)?;
        out.write_all(b"\r\n\r\n")
    }
}

/// The id of what is named by these parts, such as a file and a place in it: the same parts give
/// the same id (a UUID by name, RFC 9562 §5.5, in a namespace of its own).
pub fn record_id(parts: &[&str]) -> String {
    const NAMESPACE: &[u8] = b"vigia.archive/1\0";
    let named = parts.iter().flat_map(|part| [part.as_bytes(), b"\0"]);
    let mut hash = sha1([NAMESPACE].into_iter().chain(named));
    hash[6] = hash[6] & 0x0f | 0x50;
    hash[8] = hash[8] & 0x3f | 0x80;
    let mut id = "<urn:uuid:".to_owned();
    for (at, byte) in hash[..16].iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            id.push('-');
        }
        id += &format!("{byte:02x}");
    }
    id + ">"
}

/// A message of HTTP/1.1: its first line, its fields, and its body.
pub fn http_block<'a>(
    first_line: &str,
    fields: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    body: &[u8],
) -> Vec<u8> {
    let mut block = Vec::with_capacity(body.len() + 1024);
    block.extend_from_slice(first_line.as_bytes());
    block.extend_from_slice(b"\r\n");
    for (name, value) in fields {
        block.extend_from_slice(name.as_bytes());
        block.extend_from_slice(b": ");
        block.extend(value.iter().filter(|byte| !matches!(byte, b'\r' | b'\n')));
        block.extend_from_slice(b"\r\n");
    }
    block.extend_from_slice(b"\r\n");
    block.extend_from_slice(body);
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_and_depends_on_every_part() {
        let id = record_id(&["a.warc.gz", "7"]);
        assert_eq!(id, record_id(&["a.warc.gz", "7"]));
        assert_ne!(id, record_id(&["a.warc.gz7", ""]));
        assert_eq!(
            id.len(),
            "<urn:uuid:00000000-0000-5000-8000-000000000000>".len()
        );
        assert_eq!(&id[24..25], "5");
    }

    #[test]
    fn a_field_of_http_cannot_end_its_line() {
        let block = http_block("HTTP/1.1 200 OK", [("a", &b"b\r\nc: d"[..])], b"x");
        assert_eq!(block, b"HTTP/1.1 200 OK\r\na: bc: d\r\n\r\nx");
    }
}
