//! The fields of a line that a filter reads: what the record does not have of its own is carried
//! through, and what it reads of others' fields is taken where it has the right form.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor},
};
use serde_json::{Map, Value};

/// The fields of one line.
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// A line as `T` and as what else it is made of, or the reason why it is neither, with its id.
    /// The `texts`, which `T` holds, are not kept a second time.
    pub(super) fn read<'line, T: Deserialize<'line>>(
        line: &'line str,
        texts: &[&str],
    ) -> Result<(T, Self), (Value, serde_json::Error)> {
        let others = || {
            let mut json = serde_json::Deserializer::from_str(line);
            Others(texts).deserialize(&mut json)
        };
        let both = || Ok((serde_json::from_str(line)?, others()?));
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
        let mut line = serde_json::to_string(record).expect("records are plain data");
        let id = self.0.remove("id");
        if !self.0.is_empty() {
            let own = names(&line);
            self.0
                .retain(|name, _| !used.contains(&name.as_str()) && !own.contains(&name.as_str()));
        }
        if let Some(id) = id {
            set_id(&mut line, &id);
        }
        if !self.0.is_empty() {
            let others = Value::Object(self.0).to_string();
            line.pop();
            line.push(',');
            line.push_str(&others[1..]);
        }
        line
    }
}

/// Reads the fields of an object but for those with these names.
struct Others<'a>(&'a [&'a str]);

impl<'de> DeserializeSeed<'de> for Others<'_> {
    type Value = Map<String, Value>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Others<'_> {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = object.next_key::<String>()? {
            if self.0.contains(&name.as_str()) {
                object.next_value::<IgnoredAny>()?;
            } else {
                fields.insert(name, object.next_value()?);
            }
        }
        Ok(fields)
    }
}

/// The names of the fields of a record.
fn names(record: &str) -> Vec<&str> {
    #[expect(
        clippy::zero_sized_map_values,
        reason = "an object is read into a map; its values are passed over"
    )]
    let fields: Result<BTreeMap<&str, IgnoredAny>, _> = serde_json::from_str(record);
    let fields = fields.expect("a record is an object, and its names are plain");
    fields.into_keys().collect()
}

/// Puts an id in the place of the record's own, which is a text without anything escaped. In JSON
/// the first `"id":` can stand in no text, where its quotes would be escaped.
fn set_id(record: &mut String, id: &Value) {
    const NAME: &str = "\"id\":\"";
    let from = record.find(NAME).expect("every record has an id") + NAME.len() - 1;
    let length = record[from + 1..].find('"').expect("a text ends") + 2;
    record.replace_range(from..from + length, &id.to_string());
}
