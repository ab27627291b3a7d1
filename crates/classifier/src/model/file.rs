//! A model's file: a few lines of text that a person can read, the weights, and a checksum.
//!
//! ```text
//! vigia-model 1
//! topic⇥latam-security
//! …                                 one line for each key
//!                                   a blank line
//! dense weights                     both heads, 4 bytes each
//! n-grams, terms, words with one    how far from the one before (LEB128), weight in steps (2 bytes)
//! passages' weights                 how far from the one before (LEB128), two weights (4 bytes each)
//! SHA-256 of all of this            32 bytes
//! ```
//!
//! A model that does not judge by passages has none of these, and version 1; one that does has
//! version 2 and four lines of the header more.
//!
//! Numbers are little-endian. N-grams stand there as numbers that many words share, and only those
//! that several outlets use: no text can be put together from them.

use sha2::{Digest, Sha256};

use super::{Model, PassageWeights, Summary, Vector, passages::TOP_MAX};
use crate::{
    features::{VERSION, passages},
    knowledge::Knowledge,
};

/// Version of the file, and that of one with passages.
const PLAIN: u32 = 1;
const FORMAT: u32 = 2;
const MAGIC: &str = "vigia-model ";
const CHECKSUM: usize = 32;

/// Why bytes are no model that can judge.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The bytes are something else.
    #[error("this is no model of vigia's")]
    NotAModel,
    /// Another version of vigia wrote it.
    #[error(
        "the model's format is {found}, and this program reads {PLAIN} and {FORMAT}: train it anew"
    )]
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
    /// What stands in passages means something else in this version of vigia.
    #[error(
        "the model weighs passages of version {found}, and this program has version {}: train it anew",
        passages::VERSION
    )]
    PassageFeatures {
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
        (LAST, model.wordless.to_string()),
    ];
    if let Some(part) = &model.passages {
        let [whole, single] = part.starts;
        lines.extend([
            ("passages", part.weights.len().to_string()),
            ("passage-features", passages::VERSION.to_string()),
            ("passage-starts", format!("{whole} {single}")),
            (LAST_WITH_PASSAGES, part.top.to_string()),
        ]);
    }
    let training = summary
        .training
        .iter()
        .map(|(key, value)| (key.as_str(), value.clone()));
    lines.extend(training);
    let format = model.passages.as_ref().map_or(PLAIN, |_| FORMAT);
    let mut bytes = format!("{MAGIC}{format}\n").into_bytes();
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
    if let Some(part) = &model.passages {
        let mut last = 0;
        for (number, weights) in &part.weights {
            leb128(number - last, &mut bytes);
            bytes.extend(weights.iter().flat_map(|weight| weight.to_le_bytes()));
            last = *number;
        }
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
    let format = match version.ok_or(ModelError::NotAModel)? {
        format @ (PLAIN | FORMAT) => format,
        found => return Err(ModelError::Format { found }),
    };
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
    weights(format, &header, &bytes[header_ends + 2..], knowledge)
}

fn weights(
    format: u32,
    header: &Header<'_>,
    bytes: &[u8],
    knowledge: &Knowledge,
) -> Result<Model, ModelError> {
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
    let passages = match format {
        PLAIN => None,
        _ => Some(passage_weights(header, &mut body)?),
    };
    if !body.0.is_empty() {
        return Err(ModelError::Damaged);
    }
    let last = passages.as_ref().map_or(LAST, |_| LAST_WITH_PASSAGES);
    let words = header.text("languages")?.split_whitespace();
    let summary = Summary {
        topic: header.text("topic")?.to_owned(),
        languages: words.map(str::to_owned).collect(),
        threshold: header.number("threshold")?,
        slope: header.number("slope")?,
        offset: header.number("offset")?,
        training: header.rest(last),
    };
    Ok(Model {
        summary,
        dense: [topic, region],
        grams,
        step: header.number("step")?,
        wordless: header.number(LAST)?,
        passages,
    })
}

/// The last line of the header before how the model was trained, and that of one with passages.
const LAST: &str = "wordless";
const LAST_WITH_PASSAGES: &str = "passage-top";

fn passage_weights(header: &Header<'_>, body: &mut Body<'_>) -> Result<PassageWeights, ModelError> {
    let found = header.number("passage-features")?;
    if found != passages::VERSION {
        return Err(ModelError::PassageFeatures { found });
    }
    let wrong = |key| ModelError::Header { key };
    let starts = header.text("passage-starts")?.split_once(' ');
    let (whole, single) = starts.ok_or(wrong("passage-starts"))?;
    let start = |text: &str| text.parse().map_err(|_| wrong("passage-starts"));
    let top = header.number(LAST_WITH_PASSAGES)?;
    if !(1..=TOP_MAX).contains(&top) {
        return Err(wrong(LAST_WITH_PASSAGES));
    }
    let mut part = PassageWeights {
        top,
        starts: [start(whole)?, start(single)?],
        ..PassageWeights::default()
    };
    let mut number = 0_u32;
    for _ in 0..header.number::<usize>("passages")? {
        let further = body.leb128().ok_or(ModelError::Damaged)?;
        number = number.checked_add(further).ok_or(ModelError::Damaged)?;
        let mut weight = || body.take().map(f32::from_le_bytes);
        let (Some(whole), Some(single)) = (weight(), weight()) else {
            return Err(ModelError::Damaged);
        };
        let twice = part.weights.insert(number, [whole, single]).is_some();
        if twice || number >> passages::BITS > 0 {
            return Err(ModelError::Damaged);
        }
    }
    Ok(part)
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
mod tests;
