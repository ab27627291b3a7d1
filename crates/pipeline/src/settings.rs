//! What a line is run with, checked: the binary makes it from the configuration.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use classifier::{Knowledge, KnowledgeError, KnowledgeFiles};

/// Everything that a line needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How to fetch.
    pub fetch: fetcher::Settings,
    /// What to fetch.
    pub feeds: Vec<fetcher::Feed>,
    /// Where the ledger lies.
    pub ledger: PathBuf,
    /// The directory of the record.
    pub record: PathBuf,
    /// The least score that is kept.
    pub threshold: f64,
    /// What the classifier knows.
    pub knowledge: Arc<Knowledge>,
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

/// Reads the classifier's knowledge: what is embedded in the program, with the files of `folder`
/// in the place of those of the same name.
pub fn load_knowledge(folder: Option<&Path>) -> Result<Arc<Knowledge>, Vec<KnowledgeError>> {
    let files = match folder {
        Some(folder) => {
            KnowledgeFiles::from_named(|name| std::fs::read_to_string(folder.join(name)).ok())
        }
        None => KnowledgeFiles::embedded(),
    };
    Knowledge::parse(files).map(Arc::new)
}
