//! The header of a record: a version and named fields.

/// Kinds of records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What a file is and who wrote it.
    Warcinfo,
    /// What a server answered.
    Response,
    /// What it was asked.
    Request,
    /// What is known of another record.
    Metadata,
    /// An answer whose body stands in an earlier record.
    Revisit,
    /// A thing that came by no protocol.
    Resource,
    /// Any other, by its name.
    Other(String),
}

impl Kind {
    /// The kind of a `WARC-Type`.
    pub fn named(name: &str) -> Self {
        let kinds = [
            Self::Warcinfo,
            Self::Response,
            Self::Request,
            Self::Metadata,
            Self::Revisit,
            Self::Resource,
        ];
        kinds
            .into_iter()
            .find(|kind| kind.as_str().eq_ignore_ascii_case(name))
            .unwrap_or_else(|| Self::Other(name.to_owned()))
    }

    /// Its `WARC-Type`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Warcinfo => "warcinfo",
            Self::Response => "response",
            Self::Request => "request",
            Self::Metadata => "metadata",
            Self::Revisit => "revisit",
            Self::Resource => "resource",
            Self::Other(name) => name,
        }
    }
}

/// Named fields, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    fields: Vec<(String, String)>,
}

impl Header {
    /// The first field of a name, whatever its case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// All fields.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// What kind of record it is of.
    pub fn kind(&self) -> Kind {
        Kind::named(self.get("WARC-Type").unwrap_or_default())
    }

    /// `WARC-Target-URI`, without the angle brackets that older writers put around it.
    pub fn target(&self) -> Option<&str> {
        let target = self.get("WARC-Target-URI")?;
        Some(
            target
                .strip_prefix('<')
                .and_then(|target| target.strip_suffix('>'))
                .unwrap_or(target),
        )
    }

    /// Adds a field. A line break in its value becomes a blank, so that it stays one field.
    pub(crate) fn push(&mut self, name: &str, value: &str) {
        let value = value.replace(['\r', '\n'], " ");
        self.fields.push((name.to_owned(), value));
    }

    /// Reads one line: a field, or more of the field before. Lines that are neither are passed over.
    pub(crate) fn push_line(&mut self, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = self.fields.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            self.fields
                .push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_whatever_their_case_and_folded_lines_are_joined() {
        let mut header = Header::default();
        for line in [
            &b"warc-type: Response"[..],
            b"WARC-Target-URI: <http://a.test/>",
            b"X-Long: one",
            b"\ttwo",
            b"no field",
        ] {
            header.push_line(line);
        }
        assert_eq!(header.kind(), Kind::Response);
        assert_eq!(header.target(), Some("http://a.test/"));
        assert_eq!(header.get("x-long"), Some("one two"));
        assert_eq!(header.fields().count(), 3);
    }

    #[test]
    fn a_value_cannot_end_its_line() {
        let mut header = Header::default();
        header.push("A", "b\r\nC: d");
        assert_eq!(header.get("A"), Some("b  C: d"));
    }
}
