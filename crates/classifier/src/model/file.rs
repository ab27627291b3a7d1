//! A model's file: a few lines of text that a person can read, the weights, and a checksum.
//!
//! ```text
//! vigia-model 1
//! topic⇥latam-security
//! …                                 one line for each key
//!                                   a blank line
//! dense weights                     both heads, 4 bytes each
//! n-grams with a weight             how far from the one before (LEB128), weight in steps (2 bytes)
//! SHA-256 of all of this            32 bytes
//! ```
//!
//! Numbers are little-endian. N-grams stand there as numbers that many words share, and only those
//! that several outlets use: no text can be put together from them.

use sha2::{Digest, Sha256};

use super::{Model, Summary, Vector};
use crate::{features::VERSION, knowledge::Knowledge};

/// Version of the file.
const FORMAT: u32 = 1;
const MAGIC: &str = "vigia-model ";
const CHECKSUM: usize = 32;

/// Why bytes are no model that can judge.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The bytes are something else.
    #[error("this is no model of vigia's")]
    NotAModel,
    /// Another version of vigia wrote it.
    #[error("the model's format is {found}, and this program reads {FORMAT}: train it anew")]
    Format {
        /// The version that it has.
        found: u32,
    },
    /// Bytes are missing or changed.
    #[error("the model's file is truncated or damaged: its checksum is another")]
    Damaged,
    /// A line of its header is missing or not what it should be.
    #[error("the model's header has no right `{key}`")]
    Header {
        /// The line.
        key: &'static str,
    },
    /// Its features mean something else in this version of vigia.
    #[error(
        "the model weighs features of version {found}, and this program has version {VERSION}: train it anew"
    )]
    Features {
        /// The version that it has.
        found: u32,
    },
    /// It was trained with other event types or subjects of traps.
    #[error(
        "the model was trained with other knowledge (event types or subjects of traps): train it anew"
    )]
    Knowledge,
}

pub(super) fn write(model: &Model, knowledge: &Knowledge) -> Vec<u8> {
    let summary = &model.summary;
    let mut lines = vec![
        ("topic", summary.topic.clone()),
        ("features", VERSION.to_string()),
        ("knowledge", knowledge.shape()),
        ("languages", summary.languages.join(" ")),
        ("threshold", summary.threshold.to_string()),
        ("slope", summary.slope.to_string()),
        ("offset", summary.offset.to_string()),
        ("dense", model.dense[0].len().to_string()),
        (
            "grams",
            model
                .grams
                .iter()
                .filter(|weight| **weight != 0)
                .count()
                .to_string(),
        ),
        ("step", model.step.to_string()),
    ];
    let training = summary
        .training
        .iter()
        .map(|(key, value)| (key.as_str(), value.clone()));
    lines.extend(training);
    let mut bytes = format!("{MAGIC}{FORMAT}\n").into_bytes();
    for (key, value) in lines {
        let value = value.replace(['\n', '\t'], " ");
        bytes.extend(format!("{key}\t{value}\n").bytes());
    }
    bytes.push(b'\n');
    for weight in model.dense.iter().flatten() {
        bytes.extend(weight.to_le_bytes());
    }
    let mut last = 0;
    let weighed = model
        .grams
        .iter()
        .enumerate()
        .filter(|(_, weight)| **weight != 0);
    for (bucket, weight) in weighed {
        leb128((bucket - last) as u32, &mut bytes);
        bytes.extend(weight.to_le_bytes());
        last = bucket;
    }
    let checksum = Sha256::digest(&bytes);
    bytes.extend(checksum);
    bytes
}

pub(super) fn read(bytes: &[u8], knowledge: &Knowledge) -> Result<Model, ModelError> {
    let rest = bytes
        .strip_prefix(MAGIC.as_bytes())
        .ok_or(ModelError::NotAModel)?;
    let version = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let version = std::str::from_utf8(version)
        .ok()
        .and_then(|text| text.parse().ok());
    match version.ok_or(ModelError::NotAModel)? {
        FORMAT => {}
        found => return Err(ModelError::Format { found }),
    }
    let (bytes, checksum) = bytes
        .split_at_checked(bytes.len().saturating_sub(CHECKSUM))
        .ok_or(ModelError::Damaged)?;
    if *Sha256::digest(bytes) != *checksum {
        return Err(ModelError::Damaged);
    }
    let header_ends = bytes
        .windows(2)
        .position(|pair| pair == b"\n\n")
        .ok_or(ModelError::Damaged)?;
    let header = Header::read(&bytes[..header_ends])?;
    let found = header.number("features")?;
    if found != VERSION {
        return Err(ModelError::Features { found });
    }
    if header.text("knowledge")? != knowledge.shape() {
        return Err(ModelError::Knowledge);
    }
    weights(&header, &bytes[header_ends + 2..], knowledge)
}

fn weights(header: &Header<'_>, bytes: &[u8], knowledge: &Knowledge) -> Result<Model, ModelError> {
    let dense: usize = header.number("dense")?;
    if dense != knowledge.features().len() {
        return Err(ModelError::Knowledge);
    }
    let mut body = Body(bytes);
    let mut head = || {
        (0..dense)
            .map(|_| body.take().map(f32::from_le_bytes))
            .collect::<Option<Box<[f32]>>>()
    };
    let dense = [head(), head()];
    let [Some(topic), Some(region)] = dense else {
        return Err(ModelError::Damaged);
    };
    let mut grams = vec![0; Vector::GRAMS].into_boxed_slice();
    let mut bucket = 0;
    for _ in 0..header.number::<usize>("grams")? {
        bucket += body.leb128().ok_or(ModelError::Damaged)? as usize;
        let weight = body
            .take()
            .map(i16::from_le_bytes)
            .ok_or(ModelError::Damaged)?;
        *grams.get_mut(bucket).ok_or(ModelError::Damaged)? = weight;
    }
    if !body.0.is_empty() {
        return Err(ModelError::Damaged);
    }
    let words = header.text("languages")?.split_whitespace();
    let summary = Summary {
        topic: header.text("topic")?.to_owned(),
        languages: words.map(str::to_owned).collect(),
        threshold: header.number("threshold")?,
        slope: header.number("slope")?,
        offset: header.number("offset")?,
        training: header.rest("step"),
    };
    Ok(Model {
        summary,
        dense: [topic, region],
        grams,
        step: header.number("step")?,
    })
}

/// The lines of a header.
struct Header<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Header<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, ModelError> {
        let text = std::str::from_utf8(bytes).map_err(|_| ModelError::Damaged)?;
        let lines = text.lines().skip(1).map(|line| line.split_once('\t'));
        Ok(Self(
            lines.collect::<Option<_>>().ok_or(ModelError::Damaged)?,
        ))
    }

    fn text(&self, key: &'static str) -> Result<&'a str, ModelError> {
        let line = self.0.iter().find(|(known, _)| *known == key);
        line.map(|(_, value)| *value)
            .ok_or(ModelError::Header { key })
    }

    fn number<T: std::str::FromStr>(&self, key: &'static str) -> Result<T, ModelError> {
        self.text(key)?
            .parse()
            .map_err(|_| ModelError::Header { key })
    }

    /// The lines after a key.
    fn rest(&self, key: &str) -> Vec<(String, String)> {
        let after = self.0.iter().skip_while(|(known, _)| *known != key).skip(1);
        after
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }
}

/// Bytes that are read from the front.
struct Body<'a>(&'a [u8]);

impl Body<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*first)
    }

    fn leb128(&mut self) -> Option<u32> {
        let mut number = 0;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.take()?;
            number |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }
}

fn leb128(mut number: u32, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::{super::Weights, *};
    use crate::knowledge::KnowledgeFiles;

    static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(|| {
        Knowledge::parse(KnowledgeFiles::embedded()).expect("the shipped knowledge")
    });

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
        };
        for (bucket, weight) in [(0, 1.0), (3, -0.5), (400, 0.25), (Vector::GRAMS - 1, -1.0)] {
            weights.grams[bucket] = weight;
        }
        Model::new(summary, weights)
    }

    fn check(change: impl FnOnce(&mut Vec<u8>), expected: &ModelError) {
        let mut bytes = model().write(&KNOWLEDGE);
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
}
