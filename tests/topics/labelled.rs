//! Labelled articles that are wrong in some way, and files that must not be written over.

use std::fs;

use serde_json::{Value, json};

use crate::{
    folder::Folder,
    invented::{desk, stories},
};

#[test]
fn what_could_not_be_read_or_matched_is_told() {
    let folder = Folder::new();
    let (_, err) = {
        folder.write(
            "broken.jsonl",
            "{\"id\":1,\n{\"id\":2,\"text\":\"x\",\"label\":\"1\"}\n",
        );
        folder.run("eval --data broken.jsonl", 1)
    };
    for part in [
        "could not be read: 2",
        "no labelled article",
        "`label` is \\\"1\\\", which is neither 0 nor 1",
    ] {
        assert!(err.contains(part), "{part} is not in:\n{err}");
    }

    // Labels apart from their articles, one of which nothing matches.
    folder.write_lines("desk.jsonl", &desk());
    folder.write("labels.tsv", "ambush\t1\nfootball\t0\nambuhs\t1\n");
    let (out, err) = folder.run("eval --data desk.jsonl --labels labels.tsv", 0);
    let all: Vec<_> = out
        .lines()
        .find(|line| line.starts_with("all"))
        .unwrap()
        .split_whitespace()
        .collect();
    assert_eq!(all[1..3], ["2", "1"], "{out}");
    assert!(err.contains("match no article: 1, `ambuhs`"), "{err}");
}

#[test]
fn labels_that_contradict_each_other_are_told() {
    let folder = Folder::new();
    let labelled = |label: u8| {
        let mut story = desk().remove(0);
        story["label"] = json!(label);
        story
    };
    folder.write_lines("both.jsonl", &[labelled(1), labelled(0)]);
    let (_, err) = folder.run("train --base --data both.jsonl --out a.model", 0);
    assert!(err.contains("have both labels: 1, `ambush`"), "{err}");
    folder.write_lines("same.jsonl", &[labelled(1), labelled(1)]);
    let (_, err) = folder.run("train --base --data same.jsonl --out a.model", 0);
    assert!(!err.contains("both labels"), "{err}");
}

#[test]
fn a_model_is_never_written_over_what_it_is_made_from() {
    let folder = Folder::new();
    folder.write_lines("data.jsonl", &stories(0));
    folder.write("labels.tsv", "a\t1\n");
    folder.write(
        "topic.toml",
        "name = \"latam-security\"\nmodel = \"own.model\"\n",
    );
    folder.write_lines("one.jsonl", &stories(0)[..1]);
    folder.run("train --base --data one.jsonl --out own.model", 0);
    let train = "train --data data.jsonl";
    for (command, file) in [
        (format!("{train} --out ./data.jsonl"), "data.jsonl"),
        (
            format!("{train} --labels labels.tsv --out labels.tsv"),
            "labels.tsv",
        ),
        (
            format!("{train} --topic topic.toml --out topic.toml"),
            "topic.toml",
        ),
        (
            format!("{train} --base own.model --out own.model"),
            "own.model",
        ),
        (
            format!("{train} --topic topic.toml --base --out own.model"),
            "own.model",
        ),
    ] {
        let before = fs::read(folder.path(file)).unwrap();
        let (_, err) = folder.run(&command, 2);
        assert!(
            err.contains("made from") && err.contains("--out"),
            "{command}: {err}"
        );
        assert_eq!(fs::read(folder.path(file)).unwrap(), before, "{command}");
    }
    // Told before anything is trained, and the neighbour of its name is left alone.
    folder.write("a.part", "a neighbour");
    let (_, err) = folder.run("train --data nowhere.jsonl --out nowhere/a.model", 1);
    assert!(err.contains("nowhere/a.model"), "{err}");
    folder.run("train --base --data one.jsonl --out a.model", 0);
    assert_eq!(folder.read("a.part"), "a neighbour");
}

/// A zstd frame that holds bytes as they are (RFC 8878).
fn zstd_frame(bytes: &[u8]) -> Vec<u8> {
    let length = bytes.len() as u32;
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0xa0];
    frame.extend(length.to_le_bytes());
    frame.extend(&(length << 3 | 1).to_le_bytes()[..3]);
    frame.extend(bytes);
    frame
}

#[test]
fn stories_of_a_compressed_file_are_labelled_with_what_their_lines_say() {
    let folder = Folder::new();
    let mut story = desk().remove(0);
    story["source"] = json!("El Vigía");
    story["weight"] = json!(2.5);
    let line = story.to_string() + "\n";
    fs::write(folder.path("desk.jsonl.zst"), zstd_frame(line.as_bytes())).unwrap();
    folder.label("desk.jsonl.zst", "k\nq\n", 0);
    let labels = folder.lines("desk.labels");
    let said = |key: &str| -> Value { labels[0][key].clone() };
    assert_eq!(
        [
            said("source"),
            said("weight"),
            said("outlet"),
            said("label")
        ],
        [
            json!("El Vigía"),
            json!(2.5),
            json!("El Vigía de Prueba"),
            json!(1)
        ]
    );
    // Taken back in a later sitting and given again, it still says so.
    folder.label("desk.jsonl.zst", "u\nd\nq\n", 0);
    let again = folder.lines("desk.labels");
    assert_eq!(
        (&again[0]["weight"], &again[0]["label"]),
        (&json!(2.5), &json!(0))
    );
}

#[test]
fn no_file_of_labels_is_begun_where_there_are_no_stories() {
    let folder = Folder::new();
    folder.write("page.html", "<p>no lines of JSON</p>");
    folder.label("nowhere.jsonl", "q\n", 1);
    folder.label("page.html", "q\n", 1);
    assert!(!folder.path("nowhere.labels").exists());
    assert!(!folder.path("page.labels").exists());
}
