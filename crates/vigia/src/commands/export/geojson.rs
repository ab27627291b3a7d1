//! GeoJSON (RFC 7946): a feature for each story, at its most particular place. A story without a
//! position is a feature without a geometry.

use std::io::{self, Write};

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::row::{COLUMNS, Cell, Row};

/// Writes a feature a line for each story that `stories` tells; returns what that returns.
pub(super) fn write(
    out: &mut impl Write,
    stories: impl FnOnce(&mut dyn FnMut(&Row<'_>) -> io::Result<()>) -> Result<u64>,
) -> Result<u64> {
    write!(out, "{{\"type\":\"FeatureCollection\",\"features\":[")?;
    let mut separator = "\n";
    let told = stories(&mut |row| {
        write!(out, "{separator}{}", feature(row))?;
        separator = ",\n";
        Ok(())
    })?;
    writeln!(out, "\n]}}")?;
    Ok(told)
}

fn feature(row: &Row<'_>) -> Value {
    let geometry = row
        .position()
        .map(|position| json!({"type": "Point", "coordinates": position}));
    let value = |cell| match cell {
        Cell::Empty => Value::Null,
        Cell::Text(words) => words.into(),
        Cell::Count(count) => count.into(),
        Cell::Number(number) => number.into(),
    };
    let names = COLUMNS.iter().map(|name| (*name).to_owned());
    let properties: Map<_, _> = names.zip(row.cells().map(value)).collect();
    json!({"type": "Feature", "geometry": geometry, "properties": properties})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::export::row::tests::story;

    #[test]
    fn a_story_without_a_place_is_a_feature_without_a_geometry() {
        let stories = [
            story("Uno \"y\" dos", &json!({})),
            story("Tres", &json!({})),
        ];
        let mut out = Vec::new();
        let told = write(&mut out, |each| {
            stories.iter().try_for_each(|story| each(&Row::of(story)))?;
            Ok(0)
        });
        told.unwrap();
        let map: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(map["features"].as_array().unwrap().len(), 2);
        assert_eq!(map["features"][0]["geometry"], Value::Null);
        assert_eq!(map["features"][0]["properties"]["notes"], "Uno \"y\" dos");
        assert_eq!(map["features"][0]["properties"]["fatalities"], Value::Null);
        let mut none = Vec::new();
        write(&mut none, |_| Ok(0)).unwrap();
        serde_json::from_slice::<Value>(&none).unwrap();
    }
}
