//! The knowledge as it is shipped and read: one text of tab-separated values for each table.

use std::borrow::Cow;

use super::table::FILE_MARK;

/// The name of the file whose rows are added to those of a table: `lexicon.own.tsv`.
fn own_name(table: &str) -> String {
    table.replace(".tsv", ".own.tsv")
}

/// Declares the tables: field, file name, and what it holds.
macro_rules! tables {
    ($($field:ident $file:literal $doc:literal),* $(,)?) => {
        /// The texts of the knowledge files; what each column means is in their `README.md`.
        #[derive(Clone, Debug)]
        pub struct KnowledgeFiles {
            $(#[doc = $doc] pub $field: Cow<'static, str>,)*
        }

        impl KnowledgeFiles {
            /// The names of the files, for whoever reads a directory of them.
            pub const NAMES: &'static [&'static str] = &[$($file),*];

            /// Whether a file of this name is a table, or rows of one's own to add to one.
            pub fn is_table(name: &str) -> bool {
                Self::NAMES.iter().any(|table| name == *table || name == own_name(table))
            }

            /// The files that are part of the program.
            pub fn embedded() -> Self {
                Self { $($field: Cow::Borrowed(include_str!(concat!("../../../../config/knowledge/", $file))),)* }
            }

            /// The files that `read` gives by their names, and the embedded ones for the others. What
            /// it gives for `NAME.own.tsv` is added to the rows of `NAME.tsv`.
            pub fn from_named(mut read: impl FnMut(&str) -> Option<String>) -> Self {
                let mut files = Self::embedded();
                $(if let Some(text) = read($file) {
                    files.$field = Cow::Owned(text);
                }
                let own = own_name($file);
                if let Some(text) = read(&own) {
                    let all = files.$field.to_mut();
                    all.push_str("\n");
                    all.push_str(FILE_MARK);
                    all.push_str(&own);
                    all.push_str("\n");
                    all.push_str(&text);
                })*
                files
            }

            /// All files with their names.
            pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, &str)> {
                [$(($file, &*self.$field)),*].into_iter()
            }
        }
    };
}

tables! {
    places "places.tsv" "The gazetteer: divisions, towns and regions of Latin America.",
    countries "countries.tsv" "The countries of Latin America, their names and demonyms.",
    foreign "foreign.tsv" "Countries elsewhere, with names, demonyms and places that stand for them.",
    homonyms "homonyms.tsv" "Places elsewhere that share their name with one in the gazetteer.",
    ambiguity "ambiguity.tsv" "Names in the gazetteer that are often something else.",
    signals "signals.tsv" "Institutions and people that give a country away.",
    actors "actors.tsv" "Armed groups and state forces.",
    umbrellas "umbrellas.tsv" "Actors that are told by a word near another actor's name.",
    lexicon "lexicon.tsv" "Terms of security news and how much each says.",
    categories "categories.tsv" "The category of each event type.",
    traps "traps.tsv" "Words of other subjects, and phrases that only look like violence.",
    cues "cues.tsv" "Words that tell what the name beside them is or does.",
}
