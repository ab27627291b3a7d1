//! The smallest change that would have changed a verdict.

use story::{EvidenceKind, Story};

use crate::{
    score::{Feature, Score, Side, logistic},
    verdict::DropReason,
};

/// One sentence on what would have changed the verdict.
pub(crate) fn flip(story: &Story, score: &Score, reason: Option<DropReason>) -> String {
    match reason {
        None => kept(story, score),
        Some(DropReason::UnsupportedLanguage) => {
            "Judged in Spanish, Portuguese or English only: a text in one of them might be kept."
                .to_owned()
        }
        Some(DropReason::TooShort) => {
            "A text of a few sentences would have been judged.".to_owned()
        }
        Some(DropReason::NotSecurity) => dropped(story, score, Side::Security),
        Some(DropReason::NotLatinAmerica) => dropped(story, score, Side::Region),
    }
}

/// The fewest pieces of evidence without which a kept story is dropped.
fn kept(story: &Story, score: &Score) -> String {
    let without = |of: fn(EvidenceKind) -> bool, side: Side| {
        let other = if side == Side::Security {
            score.region()
        } else {
            score.security()
        };
        let mut logit = score.logit(side);
        let mut gone = Vec::new();
        for piece in story
            .evidence
            .iter()
            .filter(|piece| of(piece.kind) && piece.weight > 0.0)
        {
            logit -= piece.weight as f32;
            gone.push(piece.term.as_str());
            if logistic(logit) * other < story.threshold {
                return Some(gone);
            }
        }
        None
    };
    let security = without(|kind| kind != EvidenceKind::Place, Side::Security);
    let region = without(|kind| kind == EvidenceKind::Place, Side::Region);
    let fewest = [security, region]
        .into_iter()
        .flatten()
        .min_by_key(Vec::len);
    match fewest {
        Some(terms) => format!(
            "Without {} the score would fall below {}.",
            quoted(&terms),
            story.threshold
        ),
        None => format!(
            "No few words decide it: a threshold above {:.2} would drop it.",
            story.score
        ),
    }
}

/// What a dropped story lacks on the side that speaks against it.
fn dropped(story: &Story, score: &Score, side: Side) -> String {
    let other = if side == Side::Security {
        score.region()
    } else {
        score.security()
    };
    let wanted = story.threshold / other;
    let hindrance = story
        .evidence
        .iter()
        .filter(|piece| {
            piece.weight < 0.0 && (piece.kind == EvidenceKind::Place) == (side == Side::Region)
        })
        .map(|piece| (piece, score.logit(side) - piece.weight as f32))
        .find(|(_, logit)| logistic(*logit) >= wanted);
    if let Some((piece, _)) = hindrance {
        return format!(
            "Without “{}”, which speaks of something else, it would be kept.",
            piece.term
        );
    }
    if wanted >= 1.0 {
        return format!(
            "A threshold of {:.2} or less would keep it; no single term would.",
            story.score
        );
    }
    let lack = f64::from(-score.logit(side)) + (wanted / (1.0 - wanted)).ln();
    match side {
        Side::Security => {
            let title = f64::from(score.part(Feature::Title)).abs();
            format!(
                "Security terms worth {lack:.1} more, about what a headline with {} adds, would keep it.",
                amount(lack, title)
            )
        }
        Side::Region => format!(
            "Names of Latin America worth {lack:.1} more, such as its country in the headline, would keep it."
        ),
    }
}

fn amount(lack: f64, title: f64) -> &'static str {
    if lack + title < 2.0 {
        "one strong term"
    } else {
        "several strong terms"
    }
}

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
