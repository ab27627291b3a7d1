//! Why a story is dropped, in words of a bounded vocabulary.

use story::Story;

use crate::{evidence::head_of, features::Head, score::Score};

/// Fewest words that are judged: less is a headline of another story, a menu or a caption.
pub(crate) const WORDS_MIN: usize = 8;

/// How much more evidence the topic needs than the region: about what it starts lower.
const TOPIC_NEEDS_MORE: f64 = 1.0;

/// Why a story is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DropReason {
    /// Its language is not one of the model's.
    UnsupportedLanguage,
    /// It has too few words to be judged.
    TooShort,
    /// It is not about violence, organised crime or the response to them.
    NotSecurity,
    /// It plays elsewhere.
    NotLatinAmerica,
}

impl DropReason {
    /// The reason as a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnsupportedLanguage => "unsupported-language",
            Self::TooShort => "too-short",
            Self::NotSecurity => "not-security",
            Self::NotLatinAmerica => "not-latin-america",
        }
    }
}

/// Why a story with a score is dropped; `None` for one that is kept.
pub(crate) fn reason(
    score: &Score<'_>,
    threshold: f64,
    total: f64,
    judged: Result<(), DropReason>,
) -> Option<DropReason> {
    match judged {
        Err(reason) => Some(reason),
        Ok(()) if total >= threshold => None,
        Ok(()) if score.logit(Head::Region) < score.logit(Head::Topic) => {
            Some(DropReason::NotLatinAmerica)
        }
        Ok(()) => Some(DropReason::NotSecurity),
    }
}

/// Why a recorded story was dropped, as far as its evidence tells; `None` for one that was kept.
pub fn drop_reason(story: &Story) -> Option<DropReason> {
    let says = |head: Head| -> f64 {
        let pieces = story
            .evidence
            .iter()
            .filter(|piece| head_of(piece.kind) == head);
        pieces.map(|piece| piece.weight).sum()
    };
    if story.relevant {
        None
    } else if story.score > 0.0 {
        let elsewhere = says(Head::Topic) > says(Head::Region) + TOPIC_NEEDS_MORE;
        Some(if elsewhere {
            DropReason::NotLatinAmerica
        } else {
            DropReason::NotSecurity
        })
    } else if (story.words as usize) < WORDS_MIN {
        Some(DropReason::TooShort)
    } else {
        Some(DropReason::UnsupportedLanguage)
    }
}
