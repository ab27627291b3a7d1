//! Keys that a file has and the configuration does not.

use std::path::Path;

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use super::super::{Problem, problem::Source};

/// Walks a file beside the schema and notes the keys that only the file has.
pub(super) struct Unknown<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
    /// The whole schema, into which `$ref` points.
    pub(super) schema: &'a Value,
    pub(super) problems: &'a mut Vec<Problem>,
}

impl Unknown<'_> {
    pub(super) fn table(&mut self, table: &DeTable<'_>, schema: &Value) {
        let schema = self.resolved(schema);
        let Some(known) = schema["properties"].as_object() else {
            return;
        };
        for (key, value) in table {
            match known.get(key.get_ref().as_ref()) {
                Some(schema) => self.value(value.get_ref(), schema),
                None => {
                    let source = Source::at(self.path, self.text, &key.span());
                    let names = known.keys().map(String::as_str);
                    self.problems
                        .push(Problem::unknown(source, "key", key.get_ref(), names));
                }
            }
        }
    }

    fn value(&mut self, value: &DeValue<'_>, schema: &Value) {
        match value {
            DeValue::Table(table) => self.table(table, schema),
            DeValue::Array(items) => {
                let schema = self.resolved(schema)["items"].clone();
                items
                    .iter()
                    .for_each(|item| self.value(item.get_ref(), &schema));
            }
            _ => {}
        }
    }

    /// What a `$ref` points at.
    fn resolved(&self, schema: &Value) -> Value {
        let pointer = schema["$ref"]
            .as_str()
            .and_then(|reference| reference.strip_prefix('#'));
        let target = pointer.and_then(|pointer| self.schema.pointer(pointer));
        target.unwrap_or(schema).clone()
    }
}
