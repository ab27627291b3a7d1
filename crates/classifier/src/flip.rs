//! The smallest change that would have changed a verdict.

use story::{Evidence, EvidenceKind};

use crate::{evidence::head_of, features::Head, score::Score, verdict::DropReason};

/// One sentence on what would have changed the verdict. `without` judges the story again with some
/// terms taken out of it.
pub(crate) fn flip(
    evidence: &[Evidence],
    score: &Score<'_>,
    threshold: f64,
    reason: Option<DropReason>,
    without: impl Fn(&[&str]) -> f64,
) -> String {
    let case = Case {
        evidence,
        score,
        threshold,
        without,
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

/// An article's title or text with each place where a term stands left blank, whatever its case.
pub(crate) fn blanked(text: &str, term: &str) -> String {
    let term: Vec<char> = term.chars().flat_map(char::to_lowercase).collect();
    let chars: Vec<char> = text.chars().collect();
    let alike = |at: usize| {
        let lower = chars[at..].iter().flat_map(|c| c.to_lowercase());
        lower.take(term.len()).eq(term.iter().copied())
    };
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let starts_word = at == 0 || !chars[at - 1].is_alphanumeric();
        if !term.is_empty() && starts_word && alike(at) {
            out.push(' ');
            at += term.len();
        } else {
            out.push(chars[at]);
            at += 1;
        }
    }
    out
}

struct Case<'a, F> {
    evidence: &'a [Evidence],
    score: &'a Score<'a>,
    threshold: f64,
    without: F,
}

/// Terms that are tried by themselves, and most that are taken out together.
const ALONE: usize = 8;
const TOGETHER: usize = 3;

impl<F: Fn(&[&str]) -> f64> Case<'_, F> {
    /// Whether the story is kept with one head's features summing up to something else.
    fn keeps(&self, head: Head, logit: f32) -> bool {
        self.score.total_with(head, logit) >= self.threshold
    }

    /// The terms that weigh most for or against the verdict, each once. A whole sentence is none: what in it
    /// decides is what is asked for.
    fn terms(&self, speaks: impl Fn(&Evidence) -> bool) -> Vec<&str> {
        let mut terms: Vec<&str> = Vec::new();
        let pieces = self.evidence.iter();
        let pieces = pieces.filter(|piece| piece.kind != EvidenceKind::Passage && speaks(piece));
        for piece in pieces {
            let known = |term: &&str| term.to_lowercase() == piece.term.to_lowercase();
            if !terms.iter().any(known) {
                terms.push(&piece.term);
            }
        }
        terms
    }

    /// The fewest of these terms without which the verdict is another: one, or the first few.
    fn fewest<'t>(
        &self,
        terms: &'t [&'t str],
        other: impl Fn(f64) -> bool,
    ) -> Option<&'t [&'t str]> {
        let alone = terms.chunks(1).take(ALONE);
        let together = (2..=TOGETHER).filter_map(|count| terms.get(..count));
        alone
            .chain(together)
            .find(|terms| other((self.without)(terms)))
    }

    /// The fewest terms without which a kept story is dropped.
    fn kept(&self) -> String {
        let heads = [Head::Topic, Head::Region];
        let mut most: Vec<&str> = Vec::new();
        for head in heads {
            let terms = self.terms(|piece| head_of(piece.kind) == head && piece.weight > 0.0);
            if let Some(terms) = self.fewest(&terms, |score| score < self.threshold) {
                return format!("Without {} it would be dropped.", quoted(terms));
            }
            if most.is_empty() {
                most = terms.into_iter().take(TOGETHER).collect();
            }
        }
        if most.is_empty() {
            return "No single term decides it.".to_owned();
        }
        format!(
            "No few terms decide it: without {} it would still score {:.2}.",
            quoted(&most),
            (self.without)(&most)
        )
    }

    /// What a dropped story lacks on the side that speaks against it. Words speak of both sides.
    fn dropped(&self, head: Head) -> String {
        let of_it =
            |piece: &Evidence| head_of(piece.kind) == head || piece.kind == EvidenceKind::Word;
        let terms = self.terms(|piece| of_it(piece) && piece.weight < 0.0);
        if let Some(terms) = self.fewest(&terms, |score| score >= self.threshold) {
            return format!(
                "Without {}, which speaks of something else, it would be kept.",
                quoted(terms)
            );
        }
        let Some(lack) = self.lack(head) else {
            return format!(
                "A threshold of {:.2} or less would keep it; no few terms would.",
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
    let quoted: Vec<_> = terms.iter().map(|term| format!("“{term}”")).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_is_taken_out_wherever_it_begins_a_word() {
        assert_eq!(
            blanked("Sicarios en Tame; los sicarios", "sicarios"),
            "  en Tame; los  "
        );
        assert_eq!(blanked("insicarios", "sicarios"), "insicarios");
        assert_eq!(blanked("Ñandú", "ñ"), " andú");
        assert_eq!(blanked("a", ""), "a");
    }
}
