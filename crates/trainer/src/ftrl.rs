//! Follow the regularised leader, proximal (`McMahan` and others, "Ad Click Prediction: a View from
//! the Trenches", KDD 2013): one pass over a stream, a step size for each weight, and weights that
//! decay towards 0 as if all were decayed each time.

/// How a set of weights is learned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rates {
    /// Step size.
    pub step: f32,
    /// How strongly weights are held near 0.
    pub decay: f32,
}

/// Weights that are being learned.
#[derive(Clone, Debug)]
pub(crate) struct Ftrl {
    pulls: Vec<f32>,
    squares: Vec<f32>,
    rates: Rates,
}

impl Ftrl {
    pub(crate) fn new(size: usize, rates: Rates) -> Self {
        Self {
            pulls: vec![0.0; size],
            squares: vec![0.0; size],
            rates,
        }
    }

    /// A weight as it stands.
    pub(crate) fn weight(&self, at: usize) -> f32 {
        let rate = (1.0 + self.squares[at].sqrt()) / self.rates.step + self.rates.decay;
        -self.pulls[at] / rate
    }

    /// Moves a weight, which is now `weight`, against its gradient.
    pub(crate) fn learn(&mut self, at: usize, weight: f32, gradient: f32) {
        let squares = self.squares[at] + gradient * gradient;
        let sigma = (squares.sqrt() - self.squares[at].sqrt()) / self.rates.step;
        self.pulls[at] += gradient - sigma * weight;
        self.squares[at] = squares;
    }

    /// All weights as they stand.
    pub(crate) fn weights(&self) -> Vec<f32> {
        (0..self.pulls.len()).map(|at| self.weight(at)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_finds_the_log_odds_and_one_without_news_stays_0() {
        let mut ftrl = Ftrl::new(
            2,
            Rates {
                step: 0.5,
                decay: 0.0,
            },
        );
        for round in 0..4000 {
            let label = f32::from(u8::from(round % 4 == 0));
            let weight = ftrl.weight(0);
            ftrl.learn(0, weight, 1.0 / (1.0 + (-weight).exp()) - label);
        }
        let odds = (0.25_f32 / 0.75).ln();
        assert!((ftrl.weight(0) - odds).abs() < 0.1, "{}", ftrl.weight(0));
        assert!(ftrl.weight(1).abs() < f32::EPSILON);
    }
}
