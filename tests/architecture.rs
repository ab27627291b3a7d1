//! The tree keeps its shape: stages depend on `story` alone, and `pipeline` alone sees them all.

use std::{collections::BTreeMap, path::Path};

use cargo_metadata::{DependencyKind, MetadataCommand};

#[test]
fn crates_depend_on_each_other_only_as_drawn() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
    let metadata = MetadataCommand::new()
        .manifest_path(manifest)
        .no_deps()
        .exec()
        .unwrap();
    let members: Vec<_> = metadata
        .packages
        .iter()
        .map(|p| p.name.to_string())
        .collect();
    let drawn = BTreeMap::from([
        ("story", vec![]),
        ("fetcher", vec!["story"]),
        ("cleaner", vec!["story"]),
        ("classifier", vec!["story"]),
        ("sink", vec!["story"]),
        ("ledger", vec!["story"]),
        (
            "pipeline",
            vec![
                "classifier",
                "cleaner",
                "fetcher",
                "ledger",
                "sink",
                "story",
                "warc",
            ],
        ),
        ("trainer", vec!["classifier", "story"]),
        ("vigia", vec!["pipeline", "story", "trainer"]),
        ("testkit", vec![]),
        ("warc", vec![]),
    ]);
    for package in &metadata.packages {
        // Tests may use whatever helps them.
        let mut edges: Vec<_> = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind != DependencyKind::Development)
            .map(|dependency| dependency.name.clone())
            .filter(|name| members.contains(name))
            .collect();
        edges.sort();
        let name = package.name.as_str();
        assert_eq!(
            drawn.get(name),
            Some(&edges.iter().map(String::as_str).collect()),
            "{name}"
        );
    }
    assert_eq!(members.len(), drawn.len());
}
