//! A topic: what is looked for, as a small file that names a model, knowledge and a threshold.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use pipeline::{Classifier, Knowledge, LoadModelError, Model, load_knowledge, load_model};
use serde::Deserialize;
use trainer::Mixture;

/// What is looked for. The default is the topic that is part of the program.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Topic {
    /// Its name, as a story's record has it.
    pub(crate) name: String,
    /// The file that it was read from; none for the one that is part of the program.
    pub(crate) file: Option<PathBuf>,
    /// Its model; the embedded one where there is none and the topic is the embedded one.
    pub(crate) model: Option<PathBuf>,
    /// A folder of knowledge in the place of the embedded.
    pub(crate) knowledge: Option<PathBuf>,
    /// The score from which a story is kept; the model's own where there is none.
    pub(crate) threshold: Option<f64>,
    /// Whether its model is to learn how articles begin, as well as what they are as a whole.
    pub(crate) beginnings: bool,
    /// How many passages its model is to count by themselves, if it is to judge by passages.
    pub(crate) passages: Option<usize>,
    /// How much of each fit is to go into its model; what does best where there is none.
    pub(crate) mixture: Option<Mixture>,
}

/// The topic that is part of the program.
pub(crate) const EMBEDDED: &str = "latam-security";

/// The file, as it is written; its paths are relative to its folder.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTopic {
    name: String,
    model: Option<PathBuf>,
    knowledge: Option<PathBuf>,
    threshold: Option<f64>,
    beginnings: Option<bool>,
    passages: Option<usize>,
    mixture: Option<RawMixture>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMixture {
    knowledge: f32,
    ngrams: f32,
    words: f32,
}

impl RawMixture {
    fn checked(self) -> Result<Mixture, String> {
        let Self {
            knowledge,
            ngrams,
            words,
        } = self;
        let parts = [
            ("knowledge", knowledge),
            ("ngrams", ngrams),
            ("words", words),
        ];
        let may_be = |part: &f32| (0.0..=PART_MAX).contains(part);
        if let Some((name, part)) = parts.into_iter().find(|(_, part)| !may_be(part)) {
            return Err(format!(
                "mixture.{name} {part} is not between 0 and {PART_MAX}"
            ));
        }
        if knowledge + ngrams <= 0.0 {
            return Err("mixture.knowledge or mixture.ngrams must be above 0".to_owned());
        }
        Ok(Mixture {
            knowledge,
            grams: ngrams,
            words,
        })
    }
}

/// Most of a fit that may go into a model.
const PART_MAX: f32 = 10.0;
/// Most passages that a topic may have counted by themselves.
const PASSAGES_MAX: usize = 20;

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
    /// It has no model, and is not the one that the embedded model is for.
    #[error(
        "judge by the topic `{name}`: it has no model; make one with `vigia train` and name it with \
         `model = \"FILE\"` in the topic's file"
    )]
    NoModel {
        /// The topic.
        name: String,
    },
    /// Its model is that of another topic.
    #[error("judge by the topic `{name}`: `{}` is a model of the topic `{of}`", model.display())]
    OtherTopic {
        /// The topic.
        name: String,
        /// The model's file.
        model: PathBuf,
        /// The topic that the model is for.
        of: String,
    },
}

impl Default for Topic {
    fn default() -> Self {
        Self {
            name: EMBEDDED.to_owned(),
            file: None,
            model: None,
            knowledge: None,
            threshold: None,
            beginnings: true,
            passages: None,
            mixture: None,
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
        let folder = path.parent().unwrap_or(Path::new(""));
        let topic = Self::parse(&text, folder).map_err(|problem| TopicError::Invalid {
            path: path.to_owned(),
            problem,
        })?;
        Ok(Self {
            file: Some(path.to_owned()),
            ..topic
        })
    }

    /// The topic that is part of the program, as its model is trained.
    pub(crate) fn to_train() -> Self {
        let text = include_str!("../../../config/topics/latam-security.toml");
        let topic = Self::parse(text, Path::new("")).expect("the shipped topic");
        Self {
            model: None,
            ..topic
        }
    }

    /// A topic's file, its paths relative to a folder, or what is wrong with it.
    fn parse(text: &str, folder: &Path) -> Result<Self, String> {
        let raw: RawTopic = toml::from_str(text).map_err(|error| error.to_string())?;
        if raw.name.is_empty()
            || raw
                .name
                .contains(|c: char| !c.is_alphanumeric() && c != '-')
        {
            return Err(format!(
                "`{}` is no name: use letters, digits and hyphens",
                raw.name
            ));
        }
        if let Some(threshold) = raw
            .threshold
            .filter(|threshold| !(0.0..=1.0).contains(threshold))
        {
            return Err(format!("threshold {threshold} is not between 0 and 1"));
        }
        if let Some(passages) = raw.passages.filter(|n| !(1..=PASSAGES_MAX).contains(n)) {
            return Err(format!(
                "passages {passages} is not between 1 and {PASSAGES_MAX}"
            ));
        }
        Ok(Self {
            name: raw.name,
            file: None,
            model: raw.model.map(|model| folder.join(model)),
            knowledge: raw.knowledge.map(|knowledge| folder.join(knowledge)),
            threshold: raw.threshold,
            beginnings: raw.beginnings.unwrap_or(true),
            passages: raw.passages,
            mixture: raw.mixture.map(RawMixture::checked).transpose()?,
        })
    }

    /// What the topic's classifier knows.
    pub(crate) fn load_knowledge(&self) -> Result<Arc<Knowledge>, TopicError> {
        load_knowledge(self.knowledge.as_deref()).map_err(|errors| {
            let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
            TopicError::Knowledge(errors.join("; "))
        })
    }

    /// The topic's model. Where the topic is a file's, it must be a model of that topic.
    pub(crate) fn load_model(&self, knowledge: &Knowledge) -> Result<Arc<Model>, TopicError> {
        let Some(path) = &self.model else {
            if self.name != EMBEDDED {
                return Err(TopicError::NoModel {
                    name: self.name.clone(),
                });
            }
            return Ok(load_model(None, knowledge)?);
        };
        let model = load_model(Some(path), knowledge)?;
        let of = &model.summary().topic;
        if self.file.is_some() && *of != self.name {
            return Err(TopicError::OtherTopic {
                name: self.name.clone(),
                model: path.clone(),
                of: of.clone(),
            });
        }
        Ok(model)
    }

    /// The score from which a story is kept: what a configuration states goes before what the
    /// topic states, and the model's own counts where neither does.
    pub(crate) fn threshold(&self, configured: Option<f64>, model: &Model) -> f64 {
        configured
            .or(self.threshold)
            .unwrap_or(model.summary().threshold)
    }

    /// The topic's classifier.
    pub(crate) fn classifier(&self) -> Result<Classifier, TopicError> {
        let knowledge = self.load_knowledge()?;
        let model = self.load_model(&knowledge)?;
        let threshold = self.threshold(None, &model);
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
        check("name = \"../fires\"", Err("no name"));
        check("name = \"fires\\u202e\"", Err("no name"));
        check("name = \"a\"\nthreshold = 2.0", Err("between 0 and 1"));
        check("name = \"a\"\npassages = 0", Err("between 1 and 20"));
        check("name = \"a\"\npassages = \"2\"", Err("passages"));
        check(
            "name = \"a\"\n[mixture]\nknowledge = 0.5\nngrams = 0\nwords = 2",
            Ok(("a", None)),
        );
        check(
            "name = \"a\"\nmixture = { knowledge = 0.5, ngrams = 0.5 }",
            Err("words"),
        );
        check(
            "name = \"a\"\nmixture = { knowledge = 1, ngrams = -1, words = 0 }",
            Err("mixture.ngrams -1 is not between 0 and 10"),
        );
        check(
            "name = \"a\"\nmixture = { knowledge = 0, ngrams = 0, words = 1 }",
            Err("must be above 0"),
        );
        check("name = \"a\"\nmodle = \"x\"", Err("modle"));
    }

    #[test]
    fn a_topic_is_judged_by_a_model_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("topic.toml");
        let shipped =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/models/latam-security.model");
        let judging = |text: &str| {
            fs::write(&path, text).unwrap();
            Topic::read(&path).unwrap().classifier()
        };
        let without = judging("name = \"fires\"").unwrap_err().to_string();
        assert!(without.contains("has no model"), "{without}");
        let model = format!("model = {:?}", shipped.display().to_string());
        let other = judging(&format!("name = \"fires\"\n{model}")).unwrap_err();
        assert!(
            other
                .to_string()
                .contains("a model of the topic `latam-security`"),
            "{other}"
        );
        judging(&format!("name = \"latam-security\"\n{model}")).unwrap();
        judging("name = \"latam-security\"").unwrap();
    }

    #[test]
    fn what_is_stated_nearest_to_the_run_is_the_threshold() {
        let topic = |threshold| Topic {
            threshold,
            ..Topic::default()
        };
        let knowledge = topic(None).load_knowledge().unwrap();
        let model = topic(None).load_model(&knowledge).unwrap();
        let check = |topic: Topic, configured, expected: f64| {
            let threshold = topic.threshold(configured, &model);
            assert!((threshold - expected).abs() < 1e-9, "{threshold}");
        };
        check(topic(Some(0.3)), Some(0.7), 0.7);
        check(topic(Some(0.3)), None, 0.3);
        // The built-in topic's is what the configuration's default says.
        check(topic(None), None, 0.5);
    }
}
