//! The smallest change that would have changed a verdict.

use story::Evidence;

use crate::{evidence::head_of, features::Head, score::Score, verdict::DropReason};

/// One sentence on what would have changed the verdict.
pub(crate) fn flip(
    evidence: &[Evidence],
    score: &Score<'_>,
    threshold: f64,
    reason: Option<DropReason>,
) -> String {
    let case = Case {
        evidence,
        score,
        threshold,
    };
    match reason {
        None => case.kept(),
        Some(DropReason::UnsupportedLanguage) => {
            let languages = &score.model.summary().languages;
            format!(
                "Judged in the languages {} only: a text in one of them might be kept.",
                languages.join(", ")
            )
        }
        Some(DropReason::TooShort) => {
            "A text of a few sentences would have been judged.".to_owned()
        }
        Some(DropReason::NotSecurity) => case.dropped(Head::Topic),
        Some(DropReason::NotLatinAmerica) => case.dropped(Head::Region),
    }
}

struct Case<'a> {
    evidence: &'a [Evidence],
    score: &'a Score<'a>,
    threshold: f64,
}

impl Case<'_> {
    /// Whether the story is kept with one head's features summing up to something else.
    fn keeps(&self, head: Head, logit: f32) -> bool {
        self.score.total_with(head, logit) >= self.threshold
    }

    fn of_head(&self, head: Head) -> impl Iterator<Item = &Evidence> {
        self.evidence
            .iter()
            .filter(move |piece| head_of(piece.kind) == head)
    }

    /// The fewest pieces of evidence without which a kept story is dropped.
    fn kept(&self) -> String {
        let without = |head: Head| {
            let mut logit = self.score.logit(head);
            let mut gone: Vec<&str> = Vec::new();
            for piece in self.of_head(head).filter(|piece| piece.weight > 0.0) {
                logit -= piece.weight as f32;
                gone.push(&piece.term);
                if !self.keeps(head, logit) {
                    return Some(gone);
                }
            }
            None
        };
        let fewest = [without(Head::Topic), without(Head::Region)]
            .into_iter()
            .flatten()
            .min_by_key(Vec::len);
        match fewest {
            Some(terms) => {
                format!(
                    "Without {} the score would fall below {}.",
                    quoted(&terms),
                    self.threshold
                )
            }
            None => format!(
                "No few words decide it: a threshold above {:.2} would drop it.",
                self.score.total()
            ),
        }
    }

    /// What a dropped story lacks on the side that speaks against it.
    fn dropped(&self, head: Head) -> String {
        let logit = self.score.logit(head);
        let hindrance = self
            .of_head(head)
            .filter(|piece| piece.weight < 0.0)
            .find(|piece| self.keeps(head, logit - piece.weight as f32));
        if let Some(piece) = hindrance {
            return format!(
                "Without “{}”, which speaks of something else, it would be kept.",
                piece.term
            );
        }
        let Some(lack) = self.lack(head) else {
            return format!(
                "A threshold of {:.2} or less would keep it; no single term would.",
                self.score.total()
            );
        };
        match head {
            Head::Topic => format!(
                "Words of the topic worth {lack:.1} more, {} in the headline, would keep it.",
                if lack < STRONG_TERM {
                    "about one strong term"
                } else {
                    "such as several strong terms"
                }
            ),
            Head::Region => format!(
                "Names of Latin America worth {lack:.1} more, such as its country in the headline, would keep it."
            ),
        }
    }

    /// How much more one head's features must come to, to a tenth.
    fn lack(&self, head: Head) -> Option<f32> {
        let logit = self.score.logit(head);
        (1_u8..=LACK_MAX)
            .map(|tenths| f32::from(tenths) / 10.0)
            .find(|lack| self.keeps(head, logit + lack))
    }
}

/// About what a strong term in the headline adds.
const STRONG_TERM: f32 = 2.0;
/// Most that is looked for, in tenths.
const LACK_MAX: u8 = 150;

fn quoted(terms: &[&str]) -> String {
    const SHOWN: usize = 4;
    let shown: Vec<_> = terms
        .iter()
        .take(SHOWN)
        .map(|term| format!("“{term}”"))
        .collect();
    let rest = terms.len().saturating_sub(SHOWN);
    let more = if rest > 0 {
        format!(" and {rest} more")
    } else {
        String::new()
    };
    format!("{}{more}", shown.join(", "))
}
