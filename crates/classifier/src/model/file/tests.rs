use std::sync::LazyLock;

use super::{super::Weights, *};
use crate::knowledge::KnowledgeFiles;

static KNOWLEDGE: LazyLock<Knowledge> =
    LazyLock::new(|| Knowledge::parse(KnowledgeFiles::embedded()).expect("the shipped knowledge"));

fn model() -> Model {
    let summary = Summary {
        topic: "test".to_owned(),
        languages: vec!["es".to_owned()],
        threshold: 0.4,
        slope: 1.25,
        offset: -0.5,
        training: vec![("articles".to_owned(), "12".to_owned())],
    };
    let mut weights = Weights {
        dense: [0.5, -0.25].map(|weight| vec![weight; KNOWLEDGE.features().len()]),
        grams: vec![0.0; Vector::GRAMS],
        wordless: -0.75,
        passages: None,
    };
    for (bucket, weight) in [(0, 1.0), (3, -0.5), (400, 0.25), (Vector::GRAMS - 1, -1.0)] {
        weights.grams[bucket] = weight;
    }
    Model::new(summary, weights)
}

fn with_passages() -> Model {
    let part = PassageWeights {
        top: 2,
        starts: [0.25, -1.5],
        weights: [
            (0, [1.0, 0.0]),
            (7, [-0.5, 0.3]),
            ((1 << 22) - 1, [0.1, 2.0]),
        ]
        .into(),
    };
    Model {
        passages: Some(part),
        ..model()
    }
}

fn check(change: impl FnOnce(&mut Vec<u8>), expected: &ModelError) {
    check_of(&model(), change, expected);
}

fn check_of(model: &Model, change: impl FnOnce(&mut Vec<u8>), expected: &ModelError) {
    let mut bytes = model.write(&KNOWLEDGE);
    change(&mut bytes);
    assert_eq!(Model::read(&bytes, &KNOWLEDGE).as_ref(), Err(expected));
}

/// Changes a line of the header and makes the checksum right again.
fn with_line(bytes: &mut Vec<u8>, from: &str, to: &str) {
    bytes.truncate(bytes.len() - CHECKSUM);
    let at = bytes
        .windows(from.len())
        .position(|part| part == from.as_bytes());
    let at = at.expect("a line of the header");
    bytes.splice(at..at + from.len(), to.bytes());
    let checksum = Sha256::digest(&*bytes);
    bytes.extend(checksum);
}

#[test]
fn a_model_is_read_as_it_was_written() {
    let model = model();
    assert_eq!(Model::read(&model.write(&KNOWLEDGE), &KNOWLEDGE), Ok(model));
}

#[test]
fn a_model_with_passages_is_read_as_it_was_written_and_one_without_is_as_it_always_was() {
    let model = with_passages();
    let bytes = model.write(&KNOWLEDGE);
    assert!(bytes.starts_with(b"vigia-model 2\n"));
    assert_eq!(Model::read(&bytes, &KNOWLEDGE), Ok(model));
    let plain = self::model().write(&KNOWLEDGE);
    assert!(plain.starts_with(b"vigia-model 1\n"));
    let shipped = include_bytes!("../../../../../config/models/latam-security.model");
    let read = Model::read(shipped, &KNOWLEDGE).unwrap();
    assert!(!read.reads_passages());
    assert_eq!(read.write(&KNOWLEDGE), shipped);
}

#[test]
fn wrong_passages_of_a_model_say_so() {
    let check = |from: &str, to: &str, expected: &ModelError| {
        check_of(
            &with_passages(),
            |bytes| with_line(bytes, from, to),
            expected,
        );
    };
    let header = |key| ModelError::Header { key };
    let line = format!("passage-features\t{}\n", passages::VERSION);
    let newer = ModelError::PassageFeatures { found: 77 };
    check(&line, "passage-features\t77\n", &newer);
    check("passages\t3", "passages\t4", &ModelError::Damaged);
    check("passages\t3", "passages\tmany", &header("passages"));
    check("passage-top\t2", "passage-top\t0", &header("passage-top"));
    check("passage-top\t2", "passage-tip\t2", &header("passage-top"));
    check("0.25 -1.5", "0.25", &header("passage-starts"));
    check("0.25 -1.5", "0.25 NaN", &ModelError::Damaged);
    // The body of one is not that of the other.
    check("vigia-model 2", "vigia-model 1", &ModelError::Damaged);
    let as_plain = |bytes: &mut Vec<u8>| with_line(bytes, "vigia-model 1", "vigia-model 2");
    check_of(&model(), as_plain, &header("passage-features"));
}

#[test]
fn a_damaged_model_says_so() {
    check(
        |bytes| bytes.truncate(bytes.len() - 1),
        &ModelError::Damaged,
    );
    check(|bytes| bytes.truncate(40), &ModelError::Damaged);
    check(|bytes| bytes.truncate(5), &ModelError::NotAModel);
    check(Vec::clear, &ModelError::NotAModel);
    check(|bytes| bytes[300] ^= 1, &ModelError::Damaged);
}

#[test]
fn a_model_of_another_version_or_other_knowledge_says_so() {
    check(
        |bytes| with_line(bytes, "vigia-model 1", "vigia-model 9"),
        &ModelError::Format { found: 9 },
    );
    let features = format!("features\t{VERSION}\n");
    check(
        |bytes| with_line(bytes, &features, "features\t99\n"),
        &ModelError::Features { found: 99 },
    );
    check(
        |bytes| with_line(bytes, &KNOWLEDGE.shape(), &"0".repeat(64)),
        &ModelError::Knowledge,
    );
    check(
        |bytes| with_line(bytes, "slope\t1.25", "slope\tsteep"),
        &ModelError::Header { key: "slope" },
    );
    check(
        |bytes| with_line(bytes, "slope\t1.25", "slope\tNaN"),
        &ModelError::Damaged,
    );
    check(
        |bytes| with_line(bytes, "grams\t4", "grams\t999999"),
        &ModelError::Damaged,
    );
}
