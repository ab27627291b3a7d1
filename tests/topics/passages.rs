//! Topics whose stories are told by one sentence among many.

use serde_json::{Value, json};

use crate::folder::Folder;

/// Sentences that any story of the valley may have, which say nothing of the topic.
const FILLING: [&str; 8] = [
    "The mayor of the valley opened the season with a long speech about water prices.",
    "Farmers sold maize and beans below the old dam until late in the afternoon.",
    "The river was low after a dry month, and children played on its banks.",
    "Engineers from the capital will visit the towns before the end of the year.",
    "A bus line to the coast runs twice a day again, said its owner.",
    "The wall of the school was painted by parents on Sunday.",
    "Heavy rain is not expected this week, according to the weather office.",
    "Two villages argue about a road that both of them would like to have.",
];

/// What a story that is looked for says in one sentence, and others in two that only look like it.
const TELLING: [&str; 4] = [
    "The wall of the dam burst at night and the river swept houses away.",
    "A dam burst above the village and water swept the market away.",
    "Rain broke the old dam, which burst, and a flood swept the bridge away.",
    "The dam burst, and the flood swept cattle and fences away.",
];
const BESIDE: [&str; 4] = [
    "The wall of the dam was inspected and found to be sound.",
    "A new play in which a balloon burst swept the prizes of the festival.",
    "The dam has a new keeper, who sweeps its stairs each morning.",
    "A pipe burst in the school, and pupils were sent home early.",
];

/// Stories with a label; those of another `round` put other sentences together.
fn stories(round: usize) -> Vec<Value> {
    let story = |number: usize| {
        let label = number % 2;
        let mut sentences: Vec<&str> = (0..4)
            .map(|at| FILLING[(number * 3 + at * (1 + round) + number / 8) % 8])
            .collect();
        let pool = if label == 1 { TELLING } else { BESIDE };
        sentences.insert(number / 2 % 5, pool[(number / 2 + round) % 4]);
        if label == 0 {
            sentences.insert(number / 2 % 3, BESIDE[(number / 2 + round + 1) % 4]);
        }
        json!({
            "id": format!("{round}-{number}"), "lang": "en", "label": label, "title": "Señales del valle",
            "text": sentences.join(" "), "source": format!("outlet {}", number % 9),
        })
    };
    (0..80).map(story).collect()
}

fn telling(text: &str) -> &'static str {
    let sentence = TELLING.into_iter().find(|sentence| text.contains(sentence));
    sentence.unwrap().trim_end_matches('.')
}

/// Trains on stories, and checks that others are judged by the sentence that tells.
fn check(folder: &Folder, train: &[Value]) {
    folder.write(
        "dams.toml",
        "name = \"dams\"\nmodel = \"dams.model\"\nbeginnings = false\npassages = 1\n",
    );
    folder.write_lines("train.jsonl", train);
    folder.write_lines("test.jsonl", &stories(1));
    let command = "train --topic dams.toml --data train.jsonl --out";
    let (out, _) = folder.run(&format!("{command} dams.model"), 0);
    assert!(out.contains("passages-counted  1"), "{out}");
    folder.run(&format!("{command} again.model"), 0);
    let model = |name| std::fs::read(folder.path(name)).unwrap();
    assert!(
        model("dams.model") == model("again.model"),
        "the same data, the same bytes"
    );

    let judged = folder.judged("--topic dams.toml", "test.jsonl");
    let (mut right, mut told) = (0, 0);
    for (story, labelled) in judged.iter().zip(stories(1)) {
        let label = labelled["label"] == 1;
        right += u32::from(story["relevant"] == label);
        let evidence = story["evidence"].as_array().unwrap().iter();
        let passages: Vec<_> = evidence
            .filter(|piece| piece["kind"] == "passage")
            .collect();
        assert_eq!(passages.len(), 1, "{story}");
        let (piece, text) = (passages[0], story["text"].as_str().unwrap());
        let span = |key: &str| piece[key].as_u64().unwrap() as usize;
        let quoted: String = text.chars().take(span("end")).skip(span("start")).collect();
        assert_eq!(
            (piece["term"].as_str(), &piece["field"]),
            (Some(&*quoted), &json!("text"))
        );
        if label {
            told += u32::from(quoted == telling(text));
            assert!(piece["weight"].as_f64() > Some(0.0), "{piece}");
        }
    }
    assert!(right >= 76, "{right} of 80 are judged right");
    assert!(
        told >= 36,
        "{told} of 40 are told by the sentence that tells"
    );
}

#[test]
fn a_topic_is_judged_by_the_sentence_that_tells_found_from_labels_alone() {
    let folder = Folder::new();
    check(&folder, &stories(0));
    // It is explained by that sentence as well, and still is after it was corrected.
    folder.write_lines("one.jsonl", &stories(1)[1..2]);
    folder.run(
        "train --topic dams.toml --base --data one.jsonl --out own.model",
        0,
    );
    for by in ["--topic dams.toml", "--model own.model"] {
        let (why, _) = folder.run(&format!("explain {by} one.jsonl"), 0);
        let text = stories(1)[1]["text"].to_string();
        let sentence = format!("{}  sentence", telling(&text));
        assert!(why.contains("KEPT") && why.contains(&sentence), "{why}");
    }
}

#[test]
fn a_persons_evidence_names_the_sentence_that_tells() {
    let folder = Folder::new();
    let mut train = stories(0);
    for story in train.iter_mut().filter(|story| story["label"] == 1) {
        story["evidence"] = json!(["DAM", "burst", "swept"]);
    }
    check(&folder, &train);
    let (out, _) = folder.run(
        "train --topic dams.toml --data train.jsonl --out b.model",
        0,
    );
    assert!(out.contains("articles-with-evidence 40"), "{out}");
    // A verdict's own evidence, which records have, is no person's.
    train[1]["evidence"] = json!([{ "kind": "word", "term": "dam" }]);
    train[3]["evidence"] = json!("dam");
    folder.write_lines("train.jsonl", &train);
    let (out, _) = folder.run(
        "train --topic dams.toml --data train.jsonl --out b.model",
        0,
    );
    assert!(out.contains("articles-with-evidence 38"), "{out}");
}
