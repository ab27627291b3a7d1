//! What the classifier knows: tables of tab-separated values, checked and compiled once.

mod atlas;
mod files;
mod groups;
mod table;
mod terms;

use sha2::{Digest, Sha256};

pub(crate) use atlas::{Atlas, CountryId, PlaceKind, PlaceRow, Risk};
pub use files::KnowledgeFiles;
pub(crate) use groups::{ActorName, NameRule};
pub use table::KnowledgeError;
pub(crate) use terms::{CueKind, Terms};

use crate::{
    features::dense::Layout,
    matcher::{Builder, Matcher},
};
pub(crate) use table::Problems;

/// The compiled knowledge.
#[derive(Debug)]
pub struct Knowledge {
    pub(crate) matcher: Matcher,
    pub(crate) atlas: Atlas,
    pub(crate) terms: Terms,
    /// The features that the score is made of, by their numbers.
    pub(crate) features: Vec<String>,
    hash: String,
    /// Kept for the names of its places, which are read where they are printed.
    places: std::borrow::Cow<'static, str>,
}

impl Knowledge {
    /// Compiles the files.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with any of the files, by file and line.
    pub fn parse(files: KnowledgeFiles) -> Result<Self, Vec<KnowledgeError>> {
        let mut problems = Problems::default();
        let mut builder = Builder::new();
        let mut atlas = Atlas::default();
        let mut terms = Terms::default();
        atlas.add_countries(&files, &mut builder, &mut problems);
        atlas.add_places(&files, &mut builder, &mut problems);
        atlas.add_signals(&files, &mut builder, &mut problems);
        terms.add_actors(&files, &atlas, &mut builder, &mut problems);
        terms.add_lexicon(&files, &mut builder, &mut problems);
        terms.add_traps(&files, &mut builder, &mut problems);
        let matcher = builder.build();
        atlas.add_risks(&files, &matcher, &mut problems);
        if problems.0.is_empty() {
            let hash = hash(&files);
            let features = Layout::names(&terms);
            Ok(Self {
                matcher,
                atlas,
                terms,
                features,
                hash,
                places: files.places,
            })
        } else {
            Err(problems.0)
        }
    }

    /// The names of the features that a story has by this knowledge, in the order of their numbers.
    /// Rows added to the tables leave them as they are; another event type or another subject of
    /// traps does not.
    pub fn features(&self) -> &[String] {
        &self.features
    }

    /// SHA-256 over the features, in hexadecimal: a model fits the knowledge that has the same.
    pub fn shape(&self) -> String {
        story::hex(&Sha256::digest(self.features.join("\n")))
    }

    /// SHA-256 over all files, in hexadecimal.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    pub(crate) fn place(&self, place: u32) -> PlaceRow<'_> {
        self.atlas.row(&self.places, place)
    }
}

fn hash(files: &KnowledgeFiles) -> String {
    let mut hash = Sha256::new();
    for (name, text) in files.all() {
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name);
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    story::hex(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, text: &str, expected: &[&str]) {
        let files = KnowledgeFiles::from_named(|file| (file == name).then(|| text.to_owned()));
        let problems = Knowledge::parse(files).err().unwrap_or_default();
        let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems, expected);
    }

    #[test]
    fn what_is_shipped_is_right() {
        let knowledge = Knowledge::parse(KnowledgeFiles::embedded()).unwrap();
        assert_eq!(knowledge.hash().len(), 64);
    }

    #[test]
    fn a_file_of_its_own_replaces_one_and_changes_the_hash() {
        let text = "name\trisk\nRosario\thigh\n";
        let files =
            KnowledgeFiles::from_named(|file| (file == "ambiguity.tsv").then(|| text.to_owned()));
        let ours = Knowledge::parse(files).unwrap();
        assert_ne!(
            ours.hash(),
            Knowledge::parse(KnowledgeFiles::embedded()).unwrap().hash()
        );
    }

    #[test]
    fn all_problems_are_reported_together() {
        check(
            "signals.tsv",
            "term\tlang\tiso2\tweight\nPetro\t\tXX\t1\nBope\tpt\tBR\tmuch\n--\t\tBR\t1\nIncra\t\tBR\tNaN\n",
            &[
                "signals.tsv:2: `XX` is not a country of countries.tsv or foreign.tsv",
                "signals.tsv:3: `much` is not a weight",
                "signals.tsv:4: `--` has no word in it",
                "signals.tsv:5: `NaN` is not a weight",
            ],
        );
        check(
            "ambiguity.tsv",
            "name\trisk\nRosario\n",
            &["ambiguity.tsv:2: 1 columns in place of 2"],
        );
    }
}
