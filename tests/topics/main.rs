//! Topics and corrections: a topic of one's own from labelled stories, and a model that learns from
//! what a person says. All stories are invented here.

mod folder;
mod invented;
mod labelled;
mod passages;
#[path = "../support.rs"]
mod support;
mod verdicts;

use std::{fs, path::Path};

use folder::Folder;
use invented::{desk, stories};
use serde_json::{Value, json};

#[test]
fn a_topic_of_ones_own_is_trained_measured_and_judged_by() {
    let folder = Folder::new();
    folder.write(
        "fires.toml",
        "name = \"brazil-wildfires\"\nmodel = \"fires.model\"\n",
    );
    let lone = json!({"id": "fr", "lang": "fr", "label": 1, "title": "Incendie au Brésil", "text": "Le feu a brûlé la forêt au Brésil, selon les pompiers de la ville."});
    folder.write_lines(
        "train.jsonl",
        &[stories(0), stories(1), vec![lone]].concat(),
    );
    folder.write_lines("test.jsonl", &stories(2));
    let train = "train --topic fires.toml --data train.jsonl --out";
    let (out, err) = folder.run(&format!("{train} fires.model"), 0);
    for part in [
        "brazil-wildfires/",
        "articles          97",
        "languages         en es pt",
        "threshold         0.",
    ] {
        assert!(out.contains(part), "{part} is not in:\n{out}");
    }
    assert!(err.contains("1 article in fr: too few"), "{err}");
    folder.run(&format!("{train} again.model"), 0);
    let model = |name| fs::read(folder.path(name)).unwrap();
    assert_eq!(
        model("fires.model"),
        model("again.model"),
        "the same data, the same bytes"
    );

    let (table, _) = folder.run("eval --topic fires.toml --data test.jsonl", 0);
    let all = table.lines().find(|line| line.starts_with("all")).unwrap();
    let figures: Vec<f64> = all
        .split_whitespace()
        .skip(1)
        .map(|f| f.parse().unwrap())
        .collect();
    assert_eq!((figures[0], figures[1]), (48.0, 24.0), "{table}");
    assert!(
        figures[4] >= 0.9,
        "F1 on stories that were not trained on: {table}"
    );

    for story in folder.judged("--topic fires.toml", "test.jsonl") {
        assert!(
            story["model"]
                .as_str()
                .unwrap()
                .starts_with("brazil-wildfires/")
        );
        let by_threshold = story["score"].as_f64() >= story["threshold"].as_f64();
        assert_eq!(story["relevant"], by_threshold, "{story}");
    }
    folder.write_lines("one.jsonl", &stories(2)[..1]);
    let (why, _) = folder.run("explain --topic fires.toml one.jsonl", 0);
    for part in ["KEPT", "brazil-wildfires/", "Where it plays", "would"] {
        assert!(why.contains(part), "{part} is not in:\n{why}");
    }
    let (why, _) = folder.run("explain --model fires.model one.jsonl", 0);
    assert!(why.contains("KEPT"), "{why}");
}

fn certainty(story: &Value) -> f64 {
    (story["score"].as_f64().unwrap() - story["threshold"].as_f64().unwrap()).abs()
}

#[test]
fn corrections_are_asked_for_kept_and_learned_from() {
    let folder = Folder::new();
    folder.write_lines("desk.jsonl", &desk());
    let mut before = folder.judged("", "desk.jsonl");
    before.sort_by(|a, b| certainty(a).total_cmp(&certainty(b)));

    // The least certain comes first; a label that was taken back is gone from the file.
    let (out, _) = folder.label("desk.jsonl", "k\nu\nwhat\nm\ne\ns\nd\nq\n", 0);
    for part in [
        "1 of 5, 0 kept",
        "2 of 5",
        "What it is about",
        "1 label in",
        "1 skipped",
    ] {
        assert!(out.contains(part), "{part} is not in:\n{out}");
    }
    let labels = folder.lines("desk.labels");
    assert_eq!(labels.len(), 1);
    assert_eq!(
        (&labels[0]["id"], &labels[0]["label"]),
        (&before[1]["id"], &json!(0))
    );
    assert_eq!(
        (&labels[0]["score"], &labels[0]["model"]),
        (&before[1]["score"], &before[1]["model"])
    );

    // The next sitting asks for the rest, and can take back what an earlier one said.
    let (out, _) = folder.label("desk.jsonl", "s\nq\n", 0);
    assert!(
        out.contains("1 of 4") && out.contains("1 story that had a label"),
        "{out}"
    );
    let (out, _) = folder.label("desk.jsonl", "undo\nq\n", 0);
    assert!(
        out.contains("1 of 5") && folder.read("desk.labels").is_empty(),
        "{out}"
    );

    // The contrary of the verdict on the least certain, and the verdict on the others.
    let contrary = before[0]["relevant"] == false;
    let answers: String = before
        .iter()
        .enumerate()
        .map(|(at, story)| {
            let label = if at == 0 {
                contrary
            } else {
                story["relevant"] == true
            };
            if label { "k\n" } else { "d\n" }
        })
        .collect();
    let (out, _) = folder.label("desk.jsonl --out mine.labels", &answers, 0);
    assert!(
        out.contains("5 labels") && out.contains("1 of them unlike"),
        "{out}"
    );
    let (out, _) = folder.run("train --base --data mine.labels --out mine.model", 0);
    assert!(
        out.contains("the verdict on 1 was wrong before, and on 0 is now"),
        "{out}"
    );
    let bytes = fs::read(folder.path("mine.model")).unwrap();
    folder.run("train --base --data mine.labels --out mine.model", 0);
    assert_eq!(bytes, fs::read(folder.path("mine.model")).unwrap());

    for story in folder.judged("--model mine.model", "desk.jsonl") {
        let old = before.iter().find(|old| old["id"] == story["id"]).unwrap();
        let turned = story["id"] == before[0]["id"];
        assert_eq!(
            story["relevant"] != old["relevant"],
            turned,
            "{} {}",
            old["score"],
            story["score"]
        );
    }
    // An adapted model can be adapted again.
    let again = "train --base mine.model --data mine.labels --out twice.model";
    let (out, _) = folder.run(again, 0);
    assert!(out.contains("adapted-from"), "{out}");
}

#[test]
fn labels_are_never_put_where_they_would_do_harm() {
    let folder = Folder::new();
    folder.write_lines("desk.jsonl", &desk());
    let (_, err) = folder.label("desk.jsonl --out desk.jsonl", "q\n", 2);
    assert!(
        err.contains("the stories are in it") && err.contains("--out"),
        "{err}"
    );
    folder.write(".lock", "");
    let (_, err) = folder.label("desk.jsonl --out mine.jsonl", "q\n", 2);
    assert!(err.contains("the record's"), "{err}");
    assert!(!folder.path("mine.jsonl").exists());
    folder.write("other.labels", "{\"id\":1,\"title\":\"no label\"}\n");
    let (_, err) = folder.label("desk.jsonl --out other.labels", "q\n", 2);
    assert!(err.contains("line 1 is no label"), "{err}");
}

#[test]
fn what_cannot_be_learned_from_says_why() {
    let folder = Folder::new();
    let refused = |command: &str, parts: &[&str]| {
        let (_, err) = folder.run(command, 1);
        for part in parts {
            assert!(err.contains(part), "{command}: {part} is not in:\n{err}");
        }
        assert!(!folder.path("out.model").exists(), "{command}");
    };
    folder.write_lines("few.jsonl", &stories(0)[..6]);
    folder.write("page.html", "<p>no lines of JSON</p>");
    folder.write("empty.jsonl", "");
    folder.write(
        "broken.jsonl",
        "{\"id\":1,\"text\":\"x\",\"label\":7}\n{\"id\":2,\n",
    );
    refused(
        "train --data few.jsonl --out out.model",
        &["6 articles have label 1 and 0 label 0"],
    );
    refused(
        "train --data nowhere.jsonl --out out.model",
        &["nowhere.jsonl", "No such file"],
    );
    refused(
        "train --data page.html --out out.model",
        &["lines of JSON", "page.html"],
    );
    refused(
        "train --base --data empty.jsonl --out out.model",
        &["no labelled article"],
    );
    let broken = [
        "neither 0 nor 1",
        "EOF while parsing",
        "no labelled article",
    ];
    refused("train --base --data broken.jsonl --out out.model", &broken);
    let base = "train --base page.html --data few.jsonl --out out.model";
    let (_, err) = folder.run(base, 2);
    assert!(
        err.contains("page.html") && err.contains("no model of vigia's"),
        "{err}"
    );
    folder.write("french.jsonl", "{\"id\":\"f\",\"lang\":\"fr\",\"title\":\"Trois soldats tués\",\"text\":\"Trois soldats ont été tués dans une embuscade, selon l'armée.\",\"label\":1}\n");
    refused(
        "train --base --data french.jsonl --out out.model",
        &["unsupported-language"],
    );
    let (_, err) = folder.label("nowhere.jsonl", "q\n", 1);
    assert!(err.contains("nowhere.jsonl"), "{err}");
    let (_, err) = folder.label("page.html", "q\n", 1);
    assert!(err.contains("not JSONL"), "{err}");
    assert!(Path::new(&folder.path("page.html")).exists());
}

/// A copy of the shipped model, changed.
fn spoiled(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/models/latam-security.model");
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    bytes
}

#[test]
fn a_bad_model_or_table_is_named_by_whatever_reads_it() {
    let folder = Folder::new();
    folder.write_lines("desk.jsonl", &desk()[..1]);
    let models: [(&str, Vec<u8>, &str); 4] = [
        (
            "short.model",
            spoiled(|bytes| bytes.truncate(bytes.len() / 2)),
            "truncated or damaged",
        ),
        (
            "flipped.model",
            spoiled(|bytes| bytes[9000] ^= 4),
            "truncated or damaged",
        ),
        (
            "later.model",
            spoiled(|bytes| bytes[12] = b'7'),
            "format is 7",
        ),
        ("none.model", b"{}".to_vec(), "no model of vigia's"),
    ];
    folder.write("vigia.toml", "[classify]\ntopic = \"topic.toml\"\n");
    for (number, (name, bytes, part)) in models.into_iter().enumerate() {
        fs::write(folder.path(name), bytes).unwrap();
        let topic = format!("name = \"t\"\nmodel = \"{name}\"\n");
        folder.write("topic.toml", &topic);
        let classify = format!("classify --model {name} desk.jsonl");
        let others = [&classify, "explain --topic topic.toml desk.jsonl"];
        for command in ["check --config vigia.toml", others[number % 2]] {
            let (_, err) = folder.run(command, 2);
            assert!(err.contains(name) && err.contains(part), "{command}: {err}");
        }
    }
    fs::create_dir(folder.path("tables")).unwrap();
    folder.write("tables/ambiguity.tsv", "name\trisk\nRosario\nLima\tvery\n");
    folder.write(
        "tables/signals.tsv",
        "term\tlang\tiso2\tweight\nIncra\tpt\tBR\tNaN\n",
    );
    folder.write("vigia.toml", "[classify]\nknowledge = \"tables\"\n");
    folder.write("topic.toml", "name = \"t\"\nknowledge = \"tables\"\n");
    for command in [
        "check --config vigia.toml",
        "train --topic topic.toml --data desk.jsonl --out x",
    ] {
        let (_, err) = folder.run(command, 2);
        for part in [
            "ambiguity.tsv:2: 1 columns in place of 2",
            "ambiguity.tsv:3: `very` is not a risk",
            "signals.tsv:2: `NaN` is not a weight",
        ] {
            assert!(err.contains(part), "{command}: {part} is not in:\n{err}");
        }
    }
    folder.write("vigia.toml", "[classify]\nother_languages = \"keep\"\n");
    let (_, err) = folder.run("check --config vigia.toml", 2);
    assert!(
        err.contains("vigia.toml:2") && err.contains("`drop` or `judge`"),
        "{err}"
    );
}

#[test]
fn lines_of_any_kind_are_answered() {
    let folder = Folder::new();
    let long =
        "Doce soldados murieron en una emboscada del ELN en Arauca, Colombia. ".repeat(150_000);
    let lines = [
        json!({"id": 1, "text": ""}),
        json!({"id": 2, "title": "Emboscada en Arauca", "text": long}),
        json!({"id": 3, "text": "Doze\u{0} soldados \u{0} foram mortos numa emboscada em Arauca, na Colômbia, disse o exército."}),
        json!({"id": 4, "text": "Douze soldats ont été tués dans une embuscade de l'ELN en Arauca, en Colombie."}),
    ];
    folder.write_lines("lines.jsonl", &lines);
    let judged = folder.judged("", "lines.jsonl");
    let relevant: Vec<_> = judged
        .iter()
        .map(|story| story["relevant"] == true)
        .collect();
    assert_eq!(relevant, [false, true, true, false]);
    folder.write("vigia.toml", "[classify]\nother_languages = \"judge\"\n");
    folder.write_lines("french.jsonl", &lines[3..]);
    let judged = folder.judged("--config vigia.toml", "french.jsonl");
    assert_eq!(judged[0]["relevant"], true, "{}", judged[0]["score"]);
}
