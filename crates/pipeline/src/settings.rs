//! What a line is run with, checked: the binary makes it from the configuration.

use std::{
    collections::HashMap,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use classifier::{
    Classifier, Knowledge, KnowledgeError, KnowledgeFiles, Model, ModelError, OtherLanguages,
};
use cleaner::Cleaner;

use crate::ArchiveSettings;

/// Everything that a line needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How to fetch.
    pub fetch: fetcher::Settings,
    /// What to fetch.
    pub feeds: Vec<fetcher::Feed>,
    /// Where the ledger lies.
    pub ledger: PathBuf,
    /// Where the record lies, and what becomes of its files.
    pub record: sink::Settings,
    /// Whether stories go to standard output as well.
    pub stdout: bool,
    /// Where what is fetched is kept as it came; nowhere where there is none.
    pub archive: Option<ArchiveSettings>,
    /// What makes articles of pages.
    pub cleaner: Arc<Cleaner>,
    /// Whether paragraphs that recur on a site's pages are learned and left out.
    pub learn_templates: bool,
    /// The least score that is kept.
    pub threshold: f64,
    /// What becomes of stories in languages that the model does not judge.
    pub other_languages: OtherLanguages,
    /// What the classifier knows.
    pub knowledge: Arc<Knowledge>,
    /// How much each thing that it knows counts.
    pub model: Arc<Model>,
    /// Messages that a queue between two stages holds: enough that a stage does not wait for the
    /// next one's short pauses, and few enough that a full line stays small: 32 pages of 5 MB at
    /// the very worst.
    pub queue: usize,
    /// Threads that clean; half as many classify.
    pub workers: usize,
    /// How long the line may take to drain once it was told to stop.
    pub grace: Duration,
    /// A hash over the configuration's sources, for each story's provenance.
    pub config_hash: String,
}

impl Settings {
    /// The classifier that judges.
    pub fn classifier(&self) -> Classifier {
        Classifier::new(
            Arc::clone(&self.knowledge),
            Arc::clone(&self.model),
            self.threshold,
        )
        .with_others(self.other_languages)
    }
}

/// Why a model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadModelError {
    /// The file cannot be read.
    #[error("cannot read `{}`: {problem}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        problem: io::Error,
    },
    /// The file is no model for this knowledge.
    #[error("cannot judge with `{}`: {problem}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: ModelError,
    },
}

/// Bytes of a model's file that are read.
const MODEL_BYTES_MAX: u64 = 64 << 20;

/// Reads a model: that of a file, or the one that is part of the program.
pub fn load_model(
    path: Option<&Path>,
    knowledge: &Knowledge,
) -> Result<Arc<Model>, LoadModelError> {
    let Some(path) = path else {
        return Model::embedded(knowledge).map(Arc::new).map_err(|source| {
            let path = PathBuf::from("the embedded model");
            LoadModelError::Invalid {
                path,
                problem: source,
            }
        });
    };
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(MODEL_BYTES_MAX).read_to_end(&mut bytes))
        .map_err(|source| LoadModelError::Unreadable {
            path: path.to_owned(),
            problem: source,
        })?;
    let model = Model::read(&bytes, knowledge);
    model
        .map(Arc::new)
        .map_err(|source| LoadModelError::Invalid {
            path: path.to_owned(),
            problem: source,
        })
}

/// Why the knowledge of a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadKnowledgeError {
    /// A file or the folder cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A table that nothing reads: most likely a name that was mistyped.
    #[error("`{}` is no table of vigia's: the tables are {}, and rows to add to one stand in `NAME.own.tsv`", path.display(), KnowledgeFiles::NAMES.join(", "))]
    UnknownTable {
        /// The file.
        path: PathBuf,
    },
    /// A line of a table is wrong.
    #[error(transparent)]
    Invalid(KnowledgeError),
}

/// Reads the classifier's knowledge: what is embedded in the program, with the files of `folder`
/// in the place of those of the same name, and the rows of its `NAME.own.tsv` added to `NAME.tsv`.
/// Reports everything that is wrong with them.
pub fn load_knowledge(folder: Option<&Path>) -> Result<Arc<Knowledge>, Vec<LoadKnowledgeError>> {
    let mut errors = Vec::new();
    let mut texts = HashMap::new();
    for path in folder
        .map(|folder| tables(folder, &mut errors))
        .unwrap_or_default()
    {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default()
            .to_owned();
        if !KnowledgeFiles::is_table(&name) {
            errors.push(LoadKnowledgeError::UnknownTable { path });
            continue;
        }
        match fs::read_to_string(&path) {
            Ok(text) => drop(texts.insert(name, text)),
            Err(source) => errors.push(LoadKnowledgeError::Unreadable { path, source }),
        }
    }
    let parsed = Knowledge::parse(KnowledgeFiles::from_named(|name| texts.remove(name)));
    match parsed {
        Ok(knowledge) if errors.is_empty() => Ok(Arc::new(knowledge)),
        Ok(_) => Err(errors),
        Err(invalid) => {
            errors.extend(invalid.into_iter().map(LoadKnowledgeError::Invalid));
            Err(errors)
        }
    }
}

/// The TSV files of a folder, by name.
fn tables(folder: &Path, errors: &mut Vec<LoadKnowledgeError>) -> Vec<PathBuf> {
    let listed = fs::read_dir(folder).and_then(|entries| {
        entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect()
    });
    let mut paths: Vec<PathBuf> = match listed {
        Ok(paths) => paths,
        Err(source) => {
            errors.push(LoadKnowledgeError::Unreadable {
                path: folder.to_owned(),
                source,
            });
            return Vec::new();
        }
    };
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "tsv"));
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors_of(name: &str, bytes: &[u8]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), bytes).unwrap();
        let errors = load_knowledge(Some(folder.path()))
            .err()
            .unwrap_or_default();
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn rows_of_ones_own_are_added_to_a_table() {
        let header = "term\tlang\tevent_type\tweight\tmatch\n";
        assert_eq!(errors_of("lexicon.own.tsv", header.as_bytes()), [""; 0]);
        let wrong = format!("{header}tumbe\tes\trobbery\tstrong\tword\nquebrar\tes\n");
        let wrong = errors_of("lexicon.own.tsv", wrong.as_bytes());
        assert!(
            wrong
                .iter()
                .any(|error| error.contains("lexicon.own.tsv:3")),
            "{wrong:?}"
        );
    }

    #[test]
    fn nothing_in_a_knowledge_folder_is_silently_ignored() {
        assert_eq!(errors_of("README.md", b"not a table"), [""; 0]);
        assert!(errors_of("actores.tsv", b"x")[0].contains("the tables are"));
        assert!(errors_of("actors.tsv", b"\xff\xfe")[0].contains("cannot read"));
        let wrong = errors_of("umbrellas.tsv", b"id\tbase\tcues\nonly-one-column\n");
        assert!(
            wrong[0].contains("umbrellas.tsv") && wrong[0].contains('2'),
            "{wrong:?}"
        );
    }
}
