//! All names and terms of the knowledge in one automaton over folded words.
//!
//! A trie whose edges are whole words, stems (`emboscad*`) or any word (`*`), so that a text is
//! read once whatever the number of patterns, and no pattern matches inside a word.

mod stems;

use rustc_hash::FxHashMap;

use crate::fold::Words;
use stems::Stems;

/// What a pattern stands for: a table of the knowledge and a row in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Payload {
    /// The table.
    pub kind: Kind,
    /// What its capitals must be like in a text where capitals tell.
    pub case: Case,
    /// The row.
    pub index: u32,
}

/// The tables of the knowledge that patterns come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Place,
    Country,
    Demonym,
    Homonym,
    Signal,
    Actor,
    Lexicon,
    Veto,
    Domain,
    Cue,
    Umbrella,
}

/// What capitals a match must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Case {
    /// As they come.
    Any,
    /// A capital at the start.
    Capital,
    /// All capitals.
    Upper,
}

impl Case {
    /// What a pattern asks for by the way it is spelt.
    pub(crate) fn of_name(name: &str) -> Self {
        let mut letters = name.chars().filter(|c| c.is_alphabetic());
        let many = letters.clone().count() > 1;
        if many && letters.clone().all(char::is_uppercase) {
            Self::Upper
        } else if letters.next().is_some_and(char::is_uppercase) {
            Self::Capital
        } else {
            Self::Any
        }
    }
}

/// A place in the trie where patterns end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Node(u32);

/// A pattern found in a text: the words from `start` up to `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    pub start: u32,
    pub end: u32,
    pub node: Node,
}

/// The label of an edge: a word's number, a stem's number with [`STEM`] set, or [`ANY`].
type Label = u32;
const STEM: Label = 1 << 31;
const ANY: Label = u32::MAX;
const UNKNOWN: Label = u32::MAX - 1;

/// How patterns go on behind a node.
#[derive(Clone, Copy, Debug, Default)]
struct Inner {
    /// Whether any does with a certain word or stem.
    edges: bool,
    /// The node behind any word; 0 is none.
    any: u32,
}

/// The compiled patterns.
#[derive(Debug)]
pub(crate) struct Matcher {
    vocabulary: FxHashMap<Box<str>, Label>,
    stems: Stems,
    /// Where a pattern that begins with a word goes on, by the word's number, and where one that
    /// begins with a stem does. 0 is nowhere. Most words of a text begin none, and this says so
    /// without a hash.
    first_words: Vec<u32>,
    first_stems: Vec<u32>,
    /// The edges behind the first.
    edges: FxHashMap<(u32, Label), u32>,
    inner: Vec<Inner>,
    /// For each node, where its payloads begin; they end where the next node's begin.
    offsets: Vec<u32>,
    payloads: Vec<Payload>,
}

impl Matcher {
    /// What ends at `node`.
    pub(crate) fn payloads(&self, node: Node) -> &[Payload] {
        let from = self.offsets[node.0 as usize] as usize;
        &self.payloads[from..self.offsets[node.0 as usize + 1] as usize]
    }

    /// The node of a name that is spelt out, if it is a pattern.
    pub(crate) fn find(&self, name: &str) -> Option<Node> {
        let words = Words::of_name(name);
        let mut node = 0;
        for word in words.all() {
            let label = *self.vocabulary.get(words.folded(word))?;
            node = self.next(node, label)?;
        }
        (node != 0).then_some(Node(node))
    }

    /// The node behind a word or a stem.
    fn next(&self, node: u32, label: Label) -> Option<u32> {
        if node != 0 {
            let inner = self.inner[node as usize].edges;
            let edge = inner.then(|| self.edges.get(&(node, label)));
            return edge.flatten().copied();
        }
        let first = if label & STEM == 0 {
            self.first_words.get(label as usize)
        } else {
            self.first_stems.get((label & !STEM) as usize)
        };
        first.copied().filter(|next| *next != 0)
    }

    /// Numbers the words of a text.
    pub(crate) fn label(&self, words: &Words) -> Labels {
        let mut labels = Labels {
            words: Vec::with_capacity(words.len()),
            stems: Vec::new(),
            starts: Vec::with_capacity(words.len() / 2),
        };
        for (at, word) in (0..).zip(words.all()) {
            let folded = words.folded(word);
            let from = labels.stems.len();
            self.stems.of(folded, &mut labels.stems);
            let label = self.vocabulary.get(folded).copied().unwrap_or(UNKNOWN);
            let mut all = labels.stems[from..].iter().chain([&label]);
            if all.any(|label| self.next(0, *label).is_some()) {
                labels.starts.push(at);
            }
            let to = labels.stems.len() as u32;
            labels.words.push((label, from as u32, to));
        }
        labels
    }

    /// All patterns that start at the word `start`, one of the labels' starts, shortest first.
    pub(crate) fn hits(&self, labels: &Labels, start: u32, hits: &mut Vec<Hit>) {
        hits.clear();
        self.walk(labels, start as usize, start as usize, 0, hits);
        hits.sort_unstable_by_key(|hit| (hit.end, hit.node));
    }

    fn walk(&self, labels: &Labels, start: usize, at: usize, node: u32, hits: &mut Vec<Hit>) {
        if node != 0 && self.offsets[node as usize] < self.offsets[node as usize + 1] {
            hits.push(Hit {
                start: start as u32,
                end: at as u32,
                node: Node(node),
            });
        }
        let Some(&(word, from, to)) = labels.words.get(at) else {
            return;
        };
        let known = (word != UNKNOWN).then_some(word);
        for label in known
            .iter()
            .chain(&labels.stems[from as usize..to as usize])
        {
            if let Some(next) = self.next(node, *label) {
                self.walk(labels, start, at + 1, next, hits);
            }
        }
        // No pattern starts with any word, so that the root has none.
        let any = self.inner[node as usize].any;
        if any != 0 {
            self.walk(labels, start, at + 1, any, hits);
        }
    }
}

/// The words of a text, numbered for a matcher.
#[derive(Debug)]
pub(crate) struct Labels {
    /// A word's number and the range of its stems in `stems`.
    words: Vec<(Label, u32, u32)>,
    stems: Vec<Label>,
    /// The words that patterns start with: few of a text's do.
    pub starts: Vec<u32>,
}

/// Collects patterns.
#[derive(Debug)]
pub(crate) struct Builder {
    vocabulary: FxHashMap<Box<str>, Label>,
    stems: Stems,
    edges: FxHashMap<(u32, Label), u32>,
    nodes: u32,
    payloads: Vec<(u32, Payload)>,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            vocabulary: FxHashMap::default(),
            stems: Stems::new(),
            edges: FxHashMap::default(),
            nodes: 1,
            payloads: Vec::new(),
        }
    }

    /// Adds a name, word for word; `false` where it has no word.
    #[must_use]
    pub(crate) fn name(&mut self, name: &str, payload: Payload) -> bool {
        let words = Words::of_name(name);
        let mut node = 0;
        for word in words.all() {
            let label = self.word(words.folded(word));
            node = self.step(node, label);
        }
        self.end(node, payload)
    }

    /// Adds a term, in which `*` after letters stands for any ending and alone for any word;
    /// `false` where it has no word, starts with any word, or has a stem of other signs than letters.
    #[must_use]
    pub(crate) fn term(&mut self, term: &str, payload: Payload) -> bool {
        let mut node = 0;
        for part in term.split_whitespace() {
            if part == "*" && node != 0 {
                node = self.step(node, ANY);
                continue;
            }
            let words = Words::of_name(part);
            let stem = part.ends_with('*');
            for (index, word) in words.all().iter().enumerate() {
                let folded = words.folded(word);
                let last = index + 1 == words.len();
                let label = if stem && last {
                    self.stems.insert(folded)
                } else {
                    Some(self.word(folded))
                };
                let Some(label) = label else { return false };
                node = self.step(node, label);
            }
        }
        self.end(node, payload)
    }

    pub(crate) fn build(mut self) -> Matcher {
        self.payloads.sort_unstable();
        self.payloads.dedup();
        let mut offsets = vec![0; self.nodes as usize + 1];
        for (node, _) in &self.payloads {
            offsets[*node as usize + 1] += 1;
        }
        for node in 1..offsets.len() {
            offsets[node] += offsets[node - 1];
        }
        self.vocabulary.shrink_to_fit();
        self.stems.note_beginnings();
        let mut first_words = vec![0; self.vocabulary.len()];
        let mut first_stems = vec![0; self.stems.nodes()];
        let mut inner = vec![Inner::default(); self.nodes as usize];
        self.edges.retain(|(node, label), next| {
            match (*node, *label) {
                (0, label) if label & STEM == 0 => first_words[label as usize] = *next,
                (0, label) => first_stems[(label & !STEM) as usize] = *next,
                (node, ANY) => inner[node as usize].any = *next,
                (node, _) => {
                    inner[node as usize].edges = true;
                    return true;
                }
            }
            false
        });
        self.edges.shrink_to_fit();
        Matcher {
            vocabulary: self.vocabulary,
            stems: self.stems,
            first_words,
            first_stems,
            edges: self.edges,
            inner,
            offsets,
            payloads: self
                .payloads
                .into_iter()
                .map(|(_, payload)| payload)
                .collect(),
        }
    }

    fn word(&mut self, folded: &str) -> Label {
        if let Some(label) = self.vocabulary.get(folded) {
            return *label;
        }
        let label = self.vocabulary.len() as Label;
        self.vocabulary.insert(folded.into(), label);
        label
    }

    fn step(&mut self, node: u32, label: Label) -> u32 {
        *self.edges.entry((node, label)).or_insert_with(|| {
            self.nodes += 1;
            self.nodes - 1
        })
    }

    fn end(&mut self, node: u32, payload: Payload) -> bool {
        if node != 0 {
            self.payloads.push((node, payload));
        }
        node != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(index: u32) -> Payload {
        Payload {
            kind: Kind::Lexicon,
            case: Case::Any,
            index,
        }
    }

    /// The patterns that match somewhere in `text`, by their words.
    fn check(terms: &[&str], text: &str, expected: &[&str]) {
        let mut builder = Builder::new();
        for (index, term) in terms.iter().enumerate() {
            assert!(builder.term(term, payload(index as u32)));
        }
        let matcher = builder.build();
        let words = Words::of_name(text);
        let labels = matcher.label(&words);
        let (mut hits, mut found) = (Vec::new(), Vec::new());
        for start in &labels.starts {
            matcher.hits(&labels, *start, &mut hits);
            for hit in &hits {
                let words: Vec<_> = (hit.start..hit.end)
                    .map(|at| words.folded(words.get(at as usize).unwrap()))
                    .collect();
                found.push(words.join(" "));
            }
        }
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn a_pattern_matches_whole_words() {
        check(&["eln"], "El ELN y Kelner", &["eln"]);
        check(
            &["Santander", "Norte de Santander"],
            "Norte de Santander",
            &["norte de santander", "santander"],
        );
    }

    #[test]
    fn a_stem_matches_any_ending() {
        check(
            &["emboscad*"],
            "emboscada, emboscados y embosque",
            &["emboscada", "emboscados"],
        );
        check(&["m19*"], "mantequilla, M19 y m19eros", &["m19", "m19eros"]);
        check(
            &["condenad* a * años"],
            "condenado a 30 años",
            &["condenado a 30 anos"],
        );
    }

    #[test]
    fn any_word_alone_is_no_pattern() {
        assert!(!Builder::new().term("*", payload(0)));
        assert!(!Builder::new().name("--", payload(0)));
        assert!(!Builder::new().term("д*", payload(0)));
    }
}
