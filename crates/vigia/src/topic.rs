//! A topic: what is looked for, as a small file that names a model, knowledge and a threshold.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use pipeline::{Classifier, Knowledge, LoadModelError, load_knowledge, load_model};
use serde::Deserialize;

/// What is looked for. The default is the topic that is part of the program.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Topic {
    /// Its name, as a story's record has it.
    pub(crate) name: String,
    /// Its model; the embedded one where there is none.
    pub(crate) model: Option<PathBuf>,
    /// A folder of knowledge in the place of the embedded.
    pub(crate) knowledge: Option<PathBuf>,
    /// The score from which a story is kept; the model's own where there is none.
    pub(crate) threshold: Option<f64>,
}

/// The topic that is part of the program.
const EMBEDDED: &str = "latam-security";

/// The file, as it is written; its paths are relative to its folder.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTopic {
    name: String,
    model: Option<PathBuf>,
    knowledge: Option<PathBuf>,
    threshold: Option<f64>,
}

/// Why a topic cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TopicError {
    /// Its file cannot be read.
    #[error("read the topic `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Its file is not what it should be.
    #[error("read the topic `{}`: {problem}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Its knowledge is wrong.
    #[error("read the knowledge: {0}")]
    Knowledge(String),
    /// Its model cannot be used.
    #[error("read the model")]
    Model(#[from] LoadModelError),
}

impl Default for Topic {
    fn default() -> Self {
        Self {
            name: EMBEDDED.to_owned(),
            model: None,
            knowledge: None,
            threshold: None,
        }
    }
}

impl Topic {
    /// Reads a topic's file.
    pub(crate) fn read(path: &Path) -> Result<Self, TopicError> {
        let text = fs::read_to_string(path).map_err(|source| TopicError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let invalid = |problem: String| TopicError::Invalid {
            path: path.to_owned(),
            problem,
        };
        let raw: RawTopic = toml::from_str(&text).map_err(|error| invalid(error.to_string()))?;
        if raw.name.is_empty() || raw.name.contains(|c: char| c.is_whitespace() || c == '/') {
            return Err(invalid(format!(
                "`{}` is no name: use letters, digits and hyphens",
                raw.name
            )));
        }
        if let Some(threshold) = raw
            .threshold
            .filter(|threshold| !(0.0..=1.0).contains(threshold))
        {
            return Err(invalid(format!(
                "threshold {threshold} is not between 0 and 1"
            )));
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        Ok(Self {
            name: raw.name,
            model: raw.model.map(|model| folder.join(model)),
            knowledge: raw.knowledge.map(|knowledge| folder.join(knowledge)),
            threshold: raw.threshold,
        })
    }

    /// What the topic's classifier knows.
    pub(crate) fn load_knowledge(&self) -> Result<Arc<Knowledge>, TopicError> {
        load_knowledge(self.knowledge.as_deref()).map_err(|errors| {
            let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
            TopicError::Knowledge(errors.join("; "))
        })
    }

    /// The topic's classifier.
    pub(crate) fn classifier(&self) -> Result<Classifier, TopicError> {
        let knowledge = self.load_knowledge()?;
        let model = load_model(self.model.as_deref(), &knowledge)?;
        let threshold = self.threshold.unwrap_or(model.summary().threshold);
        Ok(Classifier::new(knowledge, model, threshold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(&str, Option<&str>), &str>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("topic.toml");
        fs::write(&path, text).unwrap();
        match (Topic::read(&path), expected) {
            (Ok(topic), Ok((name, model))) => {
                assert_eq!(topic.name, name);
                assert_eq!(topic.model, model.map(|model| folder.path().join(model)));
            }
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (read, _) => panic!("{text}: {read:?}"),
        }
    }

    #[test]
    fn a_topic_names_its_model_relative_to_itself() {
        check(
            "name = \"fires\"\nmodel = \"fires.model\"",
            Ok(("fires", Some("fires.model"))),
        );
        check("name = \"fires\"", Ok(("fires", None)));
        check("name = \"two words\"", Err("no name"));
        check("name = \"a\"\nthreshold = 2.0", Err("between 0 and 1"));
        check("name = \"a\"\nmodle = \"x\"", Err("modle"));
    }
}
