//! A labelled article as numbers, whole and cut short.

use classifier::{Classifier, Knowledge, Vector};
use story::Article;

/// A labelled article.
#[derive(Clone, Debug)]
pub struct Labelled {
    /// The article.
    pub article: Article,
    /// Whether it is what is looked for.
    pub label: bool,
    /// How much it counts; 1 is normal.
    pub weight: f32,
    /// Its outlet, if that is known: no outlet is judged by a model that has seen it, as far as
    /// the outlets' sizes allow.
    pub outlet: Option<String>,
    /// The words for which a person labelled it so, as they stand in it, if that is known.
    pub evidence: Vec<String>,
}

/// What is kept of a labelled article.
#[derive(Clone, Debug)]
pub(crate) struct Example {
    /// The article whole, then its beginnings, if those are learned.
    pub forms: Vec<Vector>,
    /// The passages of the whole article in which its evidence stands.
    pub witnesses: Vec<bool>,
    pub label: bool,
    pub weight: f32,
    /// A hash of the outlet, or of the article where there is none.
    pub group: u64,
    /// A hash of the article.
    pub id: u64,
}

/// What of an article is learned besides what stands in it as a whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Learned {
    /// Its beginnings.
    pub beginnings: bool,
    /// Its passages.
    pub passages: bool,
}

/// An article and two beginnings of it: feeds often carry no more, and a model that only knows
/// long texts is lost there.
pub(crate) const FORMS: usize = 3;
/// Fewest and most words after which a beginning ends with the next sentence.
const BEGINNINGS: [(u64, u64); FORMS - 1] = [(12, 35), (40, 90)];
/// How much a beginning counts: not all of them tell what the story is about.
pub(crate) const BEGINNING_WEIGHT: f32 = 0.5;

impl Example {
    pub(crate) fn of(labelled: &Labelled, knowledge: &Knowledge, learned: Learned) -> Self {
        let article = &labelled.article;
        let id = hash(article.id.as_str());
        let vector = if learned.passages {
            Classifier::vector_with_passages
        } else {
            Classifier::vector
        };
        let beginning = |(least, most): (u64, u64)| {
            let words = least + id % (most - least);
            let mut cut = article.clone();
            beginning(&article.text, words as usize).clone_into(&mut cut.text);
            vector(&cut, knowledge)
        };
        let beginnings = BEGINNINGS.into_iter().filter(|_| learned.beginnings);
        let whole = std::iter::once(vector(article, knowledge));
        let reasons = &labelled.evidence;
        let witnesses = (learned.passages && !reasons.is_empty())
            .then(|| Classifier::witnesses(article, knowledge, reasons));
        Self {
            forms: whole.chain(beginnings.map(beginning)).collect(),
            witnesses: witnesses.unwrap_or_default(),
            label: labelled.label,
            weight: labelled.weight,
            group: labelled.outlet.as_deref().map_or(id, hash),
            id,
        }
    }
}

/// A text up to the end of the sentence in which its `words`th word stands, or a few more words
/// where that is far off.
fn beginning(text: &str, words: usize) -> &str {
    let mut count = 0;
    let mut in_word = false;
    let mut stopped = false;
    for (at, c) in text.char_indices() {
        if c.is_whitespace() {
            count += usize::from(in_word);
            in_word = false;
            if count >= 2 * words || count >= words && (stopped || c == '\n') {
                return &text[..at];
            }
        } else {
            in_word = true;
        }
        stopped = matches!(c, '.' | '!' | '?');
    }
    text
}

/// FNV-1a, the same on every machine.
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_ends_with_a_sentence() {
        for (text, words, expected) in [
            ("Uno dos. Tres cuatro cinco. Seis", 1, "Uno dos."),
            (
                "Uno dos. Tres cuatro cinco. Seis",
                3,
                "Uno dos. Tres cuatro cinco.",
            ),
            ("uno dos tres cuatro cinco", 2, "uno dos tres cuatro"),
            ("Uno", 5, "Uno"),
            ("", 5, ""),
        ] {
            assert_eq!(beginning(text, words), expected, "{text:?}");
        }
    }
}
