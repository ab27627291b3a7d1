//! The fields of a line that a filter reads: what the record does not have of its own is carried
//! through, and what it reads of others' fields is taken where it has the right form.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The fields of one line.
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// A line as `T` and as what it is made of, or the reason why it is neither, with its id.
    pub(super) fn read<'line, T: Deserialize<'line>>(
        line: &'line str,
    ) -> Result<(T, Self), (Value, serde_json::Error)> {
        let both = || Ok((serde_json::from_str(line)?, serde_json::from_str(line)?));
        both()
            .map(|(typed, fields)| (typed, Self(fields)))
            .map_err(|error| {
                let value: Value = serde_json::from_str(line).unwrap_or_default();
                (value.get("id").cloned().unwrap_or_default(), error)
            })
    }

    /// The line's id; null where it has none.
    pub(super) fn id(&self) -> Value {
        self.0.get("id").cloned().unwrap_or_default()
    }

    /// A field that is a text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// A field that is a text and can be read as `T`.
    pub(super) fn parsed<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.text(name)?.parse().ok()
    }

    /// A field that is a number of 16 bits, as an HTTP status is.
    pub(super) fn number(&self, name: &str) -> Option<u16> {
        self.0.get(name)?.as_u64()?.try_into().ok()
    }

    /// A field that is one text or a list of some.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let texts = match self.0.get(name) {
            Some(Value::Array(texts)) => texts.as_slice(),
            Some(text) => std::slice::from_ref(text),
            None => &[],
        };
        let texts = texts.iter().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    }

    /// The line of a record that was made of these fields: the record's own in its order, with the
    /// `id` that came in, and behind them every field that it does not have, but for those `used`
    /// up in making it. An id that is not a string is carried as it is.
    pub(super) fn carried(mut self, record: &impl Serialize, used: &[&str]) -> String {
        let value = serde_json::to_value(record).expect("records are plain data");
        let Value::Object(mut fields) = value else {
            return value.to_string();
        };
        if let Some(id) = self.0.remove("id") {
            fields.insert("id".to_owned(), id);
        }
        for (name, value) in self.0 {
            if !used.contains(&name.as_str()) {
                fields.entry(name).or_insert(value);
            }
        }
        Value::Object(fields).to_string()
    }
}
