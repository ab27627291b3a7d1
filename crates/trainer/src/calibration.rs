//! Scores that are probabilities: a logistic function of the log-odds, fitted on what was held out
//! (Platt 1999).

/// A score's log-odds are `slope * x + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Calibration {
    pub slope: f64,
    pub offset: f64,
}

/// Steps of Newton's method; a few are enough.
const STEPS: usize = 30;

/// Fits to log-odds with their labels and weights.
pub(crate) fn fit(points: &[(f64, bool, f64)]) -> Calibration {
    let (mut slope, mut offset) = (1.0, 0.0);
    for _ in 0..STEPS {
        // A slight pull keeps the slope finite where all are told apart.
        let (mut gradient, mut curve) = ([1e-3 * (slope - 1.0), 1e-3 * offset], [1e-3, 0.0, 1e-3]);
        for (x, label, weight) in points {
            let p = 1.0 / (1.0 + (-(slope * x + offset)).exp());
            let error = weight * (p - f64::from(u8::from(*label)));
            let steep = weight * p * (1.0 - p);
            gradient[0] += error * x;
            gradient[1] += error;
            curve[0] += steep * x * x;
            curve[1] += steep * x;
            curve[2] += steep;
        }
        let determinant = (curve[0] * curve[2] - curve[1] * curve[1]).max(1e-12);
        slope -= (curve[2] * gradient[0] - curve[1] * gradient[1]) / determinant;
        offset -= (curve[0] * gradient[1] - curve[1] * gradient[0]) / determinant;
        slope = slope.clamp(0.05, 10.0);
        offset = offset.clamp(-20.0, 20.0);
    }
    Calibration { slope, offset }
}

/// The mean loss of calibrated log-odds, in nats.
pub(crate) fn loss(points: &[(f64, bool, f64)], calibration: Calibration) -> f64 {
    let total: f64 = points.iter().map(|(.., weight)| weight).sum();
    let loss = |(x, label, weight): &(f64, bool, f64)| {
        let z = calibration.slope * x + calibration.offset;
        let z = if *label { -z } else { z };
        weight * (z.max(0.0) + (-z.abs()).exp().ln_1p())
    };
    points.iter().map(loss).sum::<f64>() / total.max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odds_that_are_too_sure_and_shifted_are_put_right() {
        let points: Vec<_> = (0..2000)
            .map(|number| {
                let x = f64::from(number % 20) / 5.0 - 2.0;
                let p = 1.0 / (1.0 + (-(x / 2.0 - 0.5)).exp());
                (x, f64::from(number / 20) / 100.0 < p, 1.0)
            })
            .collect();
        let calibration = fit(&points);
        assert!((calibration.slope - 0.5).abs() < 0.05, "{calibration:?}");
        assert!((calibration.offset + 0.5).abs() < 0.05, "{calibration:?}");
    }
}
