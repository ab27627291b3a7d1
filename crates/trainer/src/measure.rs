//! How well scores tell what is looked for from what is not.

/// A score and what is true.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// Whether the story is what is looked for.
    pub label: bool,
    /// Its score, 0 to 1.
    pub score: f64,
    /// Whether it was kept.
    pub kept: bool,
}

/// The usual figures, each 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Stories.
    pub count: usize,
    /// Those that are looked for.
    pub positives: usize,
    /// The share of those kept that are looked for.
    pub precision: f64,
    /// The share of those looked for that are kept.
    pub recall: f64,
    /// The harmonic mean of both.
    pub f1: f64,
    /// Precision, averaged over the places of those looked for when all are ranked by score.
    pub average_precision: f64,
}

/// Stories whose scores lie near each other.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bin {
    /// Stories.
    pub count: usize,
    /// Their mean score.
    pub score: f64,
    /// The share of them that is looked for.
    pub share: f64,
}

/// The figures of some judgements.
pub fn figures(judgements: &[Judgement]) -> Figures {
    let count = |of: fn(&Judgement) -> bool| judgements.iter().filter(|j| of(j)).count();
    let positives = count(|j| j.label);
    let hits = count(|j| j.label && j.kept);
    let precision = share(hits, count(|j| j.kept));
    let recall = share(hits, positives);
    let both = precision + recall;
    Figures {
        count: judgements.len(),
        positives,
        precision,
        recall,
        f1: if both > 0.0 {
            2.0 * precision * recall / both
        } else {
            0.0
        },
        average_precision: average_precision(judgements, positives),
    }
}

/// Judgements in ten bins of equal width by their scores.
pub fn bins(judgements: &[Judgement]) -> [Bin; 10] {
    let mut bins = [Bin::default(); 10];
    for judgement in judgements {
        let bin = &mut bins[((judgement.score * 10.0) as usize).min(9)];
        bin.count += 1;
        bin.score += judgement.score;
        bin.share += f64::from(u8::from(judgement.label));
    }
    for bin in bins.iter_mut().filter(|bin| bin.count > 0) {
        bin.score /= bin.count as f64;
        bin.share /= bin.count as f64;
    }
    bins
}

/// The score, in hundredths, that stories must have to be kept for the best F1; the middle one of
/// those that are as good.
pub(crate) fn best_threshold(judgements: &[Judgement]) -> f64 {
    let f1 = |threshold: f64| {
        let kept = judgements.iter().map(|judgement| Judgement {
            kept: judgement.score >= threshold,
            ..*judgement
        });
        figures(&kept.collect::<Vec<_>>()).f1
    };
    let steps = || (5..=95).map(|step| f64::from(step) / 100.0);
    let best = steps().map(f1).fold(0.0, f64::max);
    let good: Vec<_> = steps().filter(|step| f1(*step) >= best - 1e-9).collect();
    good[good.len() / 2]
}

fn average_precision(judgements: &[Judgement], positives: usize) -> f64 {
    let mut ranked: Vec<_> = judgements.iter().collect();
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score));
    let (mut hits, mut sum) = (0, 0.0);
    for (rank, judgement) in ranked.into_iter().enumerate() {
        if judgement.label {
            hits += 1;
            sum += share(hits, rank + 1);
        }
    }
    if positives > 0 {
        sum / positives as f64
    } else {
        0.0
    }
}

fn share(part: usize, of: usize) -> f64 {
    if of > 0 { part as f64 / of as f64 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judgement((label, score): (bool, f64)) -> Judgement {
        Judgement {
            label,
            score,
            kept: score >= 0.5,
        }
    }

    #[test]
    fn figures_count_what_is_kept_and_ranked_right() {
        let judged = [(true, 0.9), (false, 0.8), (true, 0.6), (true, 0.2)].map(judgement);
        let figures = figures(&judged);
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
        close(figures.precision, 2.0 / 3.0);
        close(figures.recall, 2.0 / 3.0);
        close(figures.f1, 2.0 / 3.0);
        close(figures.average_precision, (1.0 + 2.0 / 3.0 + 0.75) / 3.0);
        assert_eq!(super::figures(&[]), Figures::default());
    }

    #[test]
    fn the_best_threshold_parts_what_is_looked_for_from_the_rest() {
        let judged = [(true, 0.9), (true, 0.4), (false, 0.3), (false, 0.1)].map(judgement);
        let threshold = best_threshold(&judged);
        assert!(threshold > 0.3 && threshold <= 0.4, "{threshold}");
    }

    #[test]
    fn bins_hold_mean_score_and_share() {
        let bins = bins(&[(true, 1.0), (false, 0.95), (false, 0.0)].map(judgement));
        assert_eq!((bins[9].count, bins[0].count), (2, 1));
        assert!((bins[9].share - 0.5).abs() < 1e-9 && (bins[9].score - 0.975).abs() < 1e-9);
    }
}
