//! By what a story is judged, wherever that is said: configuration, topic, model.

use serde_json::json;

use crate::{
    folder::Folder,
    invented::{desk, stories},
};

/// Where the shipped model lies.
const SHIPPED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../config/models/latam-security.model"
);

/// A folder with one story and `desk.model`, a model of the topic `desk` whose own threshold is 0.31.
fn with_a_model() -> Folder {
    let folder = Folder::new();
    folder.write_lines("desk.jsonl", &desk()[..1]);
    let mut labelled = desk()[..1].to_vec();
    labelled[0]["label"] = json!(1);
    folder.write_lines("labelled.jsonl", &labelled);
    folder.write("first.toml", "name = \"desk\"\nthreshold = 0.31\n");
    let train = "train --topic first.toml --data labelled.jsonl --out desk.model --base";
    let (out, _) = folder.run(&format!("{train} {SHIPPED}"), 0);
    for part in ["desk.model: desk/", "threshold         0.3100"] {
        assert!(out.contains(part), "{part} is not in:\n{out}");
    }
    folder
}

#[test]
fn a_threshold_is_the_configurations_then_the_topics_then_the_models() {
    let folder = with_a_model();
    let model = "name = \"desk\"\nmodel = \"desk.model\"\n";
    folder.write("silent.toml", model);
    folder.write("stated.toml", &format!("{model}threshold = 0.2\n"));
    let configured = |name: &str, text: &str| {
        folder.write(name, &format!("[classify]\n{text}\n"));
    };
    configured("empty.toml", "");
    configured("of-silent.toml", "topic = \"silent.toml\"");
    configured("of-stated.toml", "topic = \"stated.toml\"");
    configured("all.toml", "topic = \"stated.toml\"\nthreshold = 0.7");
    for (by, expected) in [
        ("", 0.5),
        ("--model desk.model", 0.31),
        ("--topic silent.toml", 0.31),
        ("--topic stated.toml", 0.2),
        ("--topic silent.toml --model desk.model", 0.31),
        ("--topic stated.toml --model desk.model", 0.2),
        ("--config empty.toml", 0.5),
        ("--config of-silent.toml", 0.31),
        ("--config of-stated.toml", 0.2),
        ("--config all.toml", 0.7),
        ("--config empty.toml --model desk.model", 0.31),
        ("--config of-stated.toml --model desk.model", 0.2),
        ("--config all.toml --model desk.model", 0.7),
    ] {
        let story = folder.judged(by, "desk.jsonl").remove(0);
        assert_eq!(story["threshold"], json!(expected), "{by}");
    }
}

#[test]
fn a_topic_is_never_judged_by_a_model_of_another() {
    let folder = with_a_model();
    folder.write("none.toml", "name = \"fires\"\n");
    folder.write("other.toml", "name = \"fires\"\nmodel = \"desk.model\"\n");
    folder.write("vigia.toml", "[classify]\ntopic = \"none.toml\"\n");
    folder.write("two.toml", "[classify]\ntopic = \"other.toml\"\n");
    let other = "`desk.model` is a model of the topic `desk`";
    for (command, part) in [
        ("classify --topic none.toml desk.jsonl", "has no model"),
        ("check --config vigia.toml", "has no model"),
        ("classify --topic other.toml desk.jsonl", other),
        (
            "classify --topic none.toml --model desk.model desk.jsonl",
            other,
        ),
        ("check --config two.toml", "is a model of the topic `desk`"),
    ] {
        let (_, err) = folder.run(command, 2);
        assert!(err.contains(part), "{command}: {err}");
    }
}

#[test]
fn an_explanation_of_a_line_has_the_score_that_classify_gives_it() {
    let folder = Folder::new();
    let mut lines = desk();
    lines[0]["section"] = json!("Judicial");
    lines[1]["lang"] = json!("fr");
    lines[2]["feed_country"] = json!("AR");
    lines[3]["text"] = json!("");
    lines.push(stories(0).remove(0));
    for line in lines {
        folder.write_lines("line.jsonl", &[line]);
        let story = folder.judged("", "line.jsonl").remove(0);
        let (why, _) = folder.run("explain line.jsonl", 0);
        let verdict = why.lines().next().unwrap();
        let score = format!("score {:.2}", story["score"].as_f64().unwrap());
        let word = if story["relevant"] == true {
            "KEPT"
        } else {
            "DROPPED"
        };
        assert!(
            verdict.starts_with(word) && verdict.contains(&score),
            "{verdict}: {story}"
        );
    }
    folder.write("nothing.jsonl", "{\"id\":3}\n");
    let (_, err) = folder.run("explain nothing.jsonl", 1);
    assert!(
        err.contains("because: neither `title` nor `text` is there"),
        "{err}"
    );
}
