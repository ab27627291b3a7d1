//! The fields of a line that a filter reads: what the record does not have of its own is carried
//! through, and what it reads of others' fields is taken where it has the right form.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{
        self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, Visitor,
        value::{MapAccessDeserializer, UnitDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::{Map, Value};

/// The fields of one line.
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// A line as `T` and as what else it is made of, or the reason why it is neither, with its id.
    /// The `texts`, which `T` holds, are not kept a second time; what `T` borrows must be among them.
    pub(super) fn read<'line, T: Deserialize<'line>>(
        line: &'line str,
        texts: &[&str],
    ) -> Result<(T, Self), (Value, serde_json::Error)> {
        let mut fields = Map::new();
        let mut json = serde_json::Deserializer::from_str(line);
        let both = Both {
            texts,
            fields: &mut fields,
            typed: PhantomData,
        };
        let typed = both.deserialize(&mut json);
        typed
            .and_then(|typed| json.end().map(|()| typed))
            .map(|typed| (typed, Self(fields)))
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
    pub(super) fn carried<T: Serialize + DeserializeOwned>(
        mut self,
        record: &T,
        used: &[&str],
    ) -> String {
        let mut line = serde_json::to_string(record).expect("records are plain data");
        let id = self.0.remove("id");
        let own = names::<T>();
        debug_assert!(!own.is_empty(), "a record is a structure of named fields");
        // A name of its own that it has nothing for may be left out; such a name stands nowhere else in it.
        let has = |name: &str| own.contains(&name) && line.contains(&format!("\"{name}\":"));
        self.0
            .retain(|name, _| !used.contains(&name.as_str()) && !has(name));
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

/// Reads an object as `T` and, in the same pass, its fields but for the `texts`.
struct Both<'a, T> {
    texts: &'a [&'a str],
    fields: &'a mut Map<String, Value>,
    typed: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Both<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<T, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Both<'_, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(Kept {
            object,
            texts: self.texts,
            own: names::<T>(),
            fields: self.fields,
            next: None,
        }))
    }
}

/// An object whose fields are kept as they are read, but for the texts.
struct Kept<'a, A> {
    object: A,
    texts: &'a [&'a str],
    /// The fields that are asked for; all where it has none, as it is read field by field then.
    own: &'static [&'static str],
    fields: &'a mut Map<String, Value>,
    /// The name of the field that is to be read, if it is kept.
    next: Option<String>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Kept<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        key: K,
    ) -> Result<Option<K::Value>, A::Error> {
        let Some(name) = self.object.next_key::<String>()? else {
            return Ok(None);
        };
        let read = key.deserialize(name.as_str().into_deserializer())?;
        self.next = Some(name).filter(|name| !self.texts.contains(&name.as_str()));
        Ok(Some(read))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, value: V) -> Result<V::Value, A::Error> {
        let Some(name) = self.next.take() else {
            return self.object.next_value_seed(value);
        };
        let kept: Value = self.object.next_value()?;
        let asked = self.own.is_empty() || self.own.contains(&name.as_str());
        let read = if asked {
            // Of a field that stands twice within it, the last one counts.
            value.deserialize(kept.clone()).map_err(de::Error::custom)?
        } else {
            value.deserialize(UnitDeserializer::new())?
        };
        self.fields.insert(name, kept);
        Ok(read)
    }
}

/// The names of the fields that a structure is read from, which it is written as.
fn names<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let mut names: &[_] = &[];
    // It is told which fields are wanted, and answers nothing.
    let _ = T::deserialize(Asked(&mut names));
    names
}

/// Notes which fields it is asked for.
struct Asked<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Asked<'_> {
    type Error = de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(de::Error::custom("nothing is there"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// Puts an id in the place of the record's own, which is a text without anything escaped. In JSON
/// the first `"id":` can stand in no text, where its quotes would be escaped.
fn set_id(record: &mut String, id: &Value) {
    const NAME: &str = "\"id\":\"";
    let from = record.find(NAME).expect("every record has an id") + NAME.len() - 1;
    let length = record[from + 1..].find('"').expect("a text ends") + 2;
    record.replace_range(from..from + length, &id.to_string());
}
