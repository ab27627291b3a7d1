//! A JSON feed off its text, item by item. Only the members that mean something are kept, and no
//! more values than anyone needs, so that a document of millions of empty ones is no larger in
//! memory than it was as text.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// The members that are read, of a feed and of whatever is in it.
const MEMBERS: [&str; 18] = [
    "author",
    "authors",
    "content_html",
    "content_text",
    "date_modified",
    "date_published",
    "external_url",
    "feed_url",
    "home_page_url",
    "hubs",
    "id",
    "items",
    "name",
    "summary",
    "tags",
    "title",
    "url",
    "version",
];

/// How many values of an array are kept, where it is not that of the items.
pub(super) const VALUES_MAX: usize = 50;

/// How deep the feed's deepest object lies: an author, among the authors of an item.
const DEPTH_MAX: usize = 3;

/// What takes in each item as it comes.
type TakeItem<'a> = dyn FnMut(&Map<String, Value>) + 'a;

/// Reads the value that a text begins with, whatever follows it. In what comes back the items are
/// an empty array: each of them went to `take_item`.
pub(super) fn read(text: &str, take_item: &mut TakeItem) -> serde_json::Result<Value> {
    let feed = Bounded {
        depth: 0,
        take_item: Some(take_item),
    };
    feed.deserialize(&mut serde_json::Deserializer::from_str(text))
}

/// A value and its place.
struct Bounded<'a, 'b> {
    depth: usize,
    /// There for the feed and for its items.
    take_item: Option<&'a mut TakeItem<'b>>,
}

impl Bounded<'_, '_> {
    fn at(depth: usize) -> Self {
        Self {
            depth,
            take_item: None,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Bounded<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<Value, D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded<'_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Value, A::Error> {
        let inside = self.depth + 1;
        let mut kept = Map::new();
        while let Some(name) = members.next_key_seed(Name)? {
            let Some(name) = name.filter(|_| self.depth <= DEPTH_MAX) else {
                members.next_value::<IgnoredAny>()?;
                continue;
            };
            let value = match &mut self.take_item {
                Some(take_item) if name == "items" => Bounded {
                    depth: inside,
                    take_item: Some(&mut **take_item),
                },
                _ => Bounded::at(inside),
            };
            kept.insert(name.to_owned(), members.next_value_seed(value)?);
        }
        Ok(Value::Object(kept))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Value, A::Error> {
        let mut kept = Vec::new();
        if let Some(take_item) = self.take_item {
            while let Some(item) = values.next_element_seed(Bounded::at(self.depth))? {
                item.as_object().into_iter().for_each(&mut *take_item);
            }
        } else if self.depth <= DEPTH_MAX {
            while kept.len() < VALUES_MAX
                && let Some(value) = values.next_element_seed(Bounded::at(self.depth + 1))?
            {
                kept.push(value);
            }
        }
        while values.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Array(kept))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::from(truth))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}

/// The name of a member; none where it means nothing.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<&'static str>;

    fn deserialize<D: Deserializer<'de>>(self, name: D) -> Result<Self::Value, D::Error> {
        name.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<&'static str>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(MEMBERS.into_iter().find(|known| *known == name))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(text: &str, items: &[Value], rest: &Value) {
        let mut taken = Vec::new();
        let mut take = |item: &Map<String, Value>| taken.push(Value::Object(item.clone()));
        let read = read(text, &mut take).unwrap();
        assert_eq!((&*taken, &read), (items, rest), "{text}");
    }

    #[test]
    fn items_are_given_away_and_members_without_meaning_left_out() {
        check(
            r#"{"title":"D","x":{"id":1},"items":[{"id":1.5,"x":[{}],"authors":[{"name":"Ana"}]},3]} rest"#,
            &[json!({"id": 1.5, "authors": [{"name": "Ana"}]})],
            &json!({"title": "D", "items": []}),
        );
        check(r#"{"items":"none"}"#, &[], &json!({"items": "none"}));
    }

    #[test]
    fn values_beyond_count_and_depth_are_passed_over() {
        let many = vec!["{}"; 1000].join(",");
        let kept = vec![json!({}); VALUES_MAX];
        check(
            &format!(r#"{{"hubs":[{many}],"items":[{{"tags":[{many}]}}]}}"#),
            &[json!({ "tags": kept })],
            &json!({"hubs": kept, "items": []}),
        );
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        check(
            &format!(r#"{{"items":[{{"tags":{deep}}}]}}"#),
            &[json!({"tags": [[[]]]})],
            &json!({"items": []}),
        );
    }
}
