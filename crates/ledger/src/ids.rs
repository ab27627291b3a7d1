//! Ids and keys as rows hold them: in bytes, half as long as in text.

use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, Value, ValueRef};
use story::{StoryId, hex};

/// An id to be stored or looked for: bytes where it is lower-case hexadecimal, as all are that are made
/// here, and text where it is not, as one that was carried in may be. No two ids are stored alike.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Id<'a>(pub(crate) &'a str);

impl ToSql for Id<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match bytes(self.0) {
            Some(bytes) => ToSqlOutput::Owned(Value::Blob(bytes)),
            None => ToSqlOutput::from(self.0),
        })
    }
}

/// The bytes that hexadecimal digits stand for.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    let (pairs, odd) = digits.as_bytes().as_chunks::<2>();
    if pairs.is_empty() || !odd.is_empty() {
        return None;
    }
    pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?))
        .collect()
}

fn digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// A story's id as it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredId(pub(crate) StoryId);

impl FromSql for StoredId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let id = match value {
            ValueRef::Blob(bytes) => hex(bytes),
            other => other.as_str()?.to_owned(),
        };
        Ok(Self(StoryId::carried(id)))
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    #[track_caller]
    fn check(id: &str, stored_as: &str) {
        let connection = Connection::open_in_memory().unwrap();
        let (kind, read): (String, StoredId) = connection
            .query_row("SELECT typeof(?1), ?1", [Id(id)], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .unwrap();
        assert_eq!((kind.as_str(), read.0.as_str()), (stored_as, id));
    }

    #[test]
    fn an_id_is_read_back_as_it_was() {
        check("00ff10a0b1c2d3e4f5061728394a5b6c", "blob");
        check("0f", "blob");
        check("", "text");
        check("0", "text");
        check("0F", "text");
        check("0g", "text");
        check("nota-17", "text");
        check("ñandú", "text");
    }
}
