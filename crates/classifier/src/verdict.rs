//! Why a story is dropped, in words of a bounded vocabulary.

use story::{EvidenceKind, Story};

use crate::classifier::supported;

/// Fewest words that are judged: less is a headline of another story, a menu or a caption.
pub(crate) const WORDS_MIN: usize = 8;

/// How much more evidence security needs than the region: what `security` starts below `region` in
/// the shipped weights.
const SECURITY_NEEDS_MORE: f64 = 1.1;

/// Why a story is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DropReason {
    /// Its language is not Spanish, Portuguese or English.
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

/// Why `story` is dropped; `None` for one that is kept.
pub fn drop_reason(story: &Story) -> Option<DropReason> {
    if story.relevant {
        None
    } else if !supported(story.lang) {
        Some(DropReason::UnsupportedLanguage)
    } else if story.score == 0.0 {
        Some(DropReason::TooShort)
    } else if says(story, |kind| kind != EvidenceKind::Place)
        >= says(story, |kind| kind == EvidenceKind::Place) + SECURITY_NEEDS_MORE
    {
        Some(DropReason::NotLatinAmerica)
    } else {
        Some(DropReason::NotSecurity)
    }
}

/// What the evidence of some kinds sums up to.
fn says(story: &Story, of: impl Fn(EvidenceKind) -> bool) -> f64 {
    story
        .evidence
        .iter()
        .filter(|evidence| of(evidence.kind))
        .map(|evidence| evidence.weight)
        .sum()
}
