//! Durations counted in buckets, as Prometheus reads them.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use serde::{Deserialize, Serialize};

/// Counts of durations up to each bound, in seconds.
#[derive(Debug)]
pub(crate) struct Histogram {
    bounds: &'static [f64],
    /// One more than bounds: the last counts what is above all of them.
    counts: Vec<AtomicU64>,
    sum_ms: AtomicU64,
}

/// A histogram at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HistogramSnapshot {
    /// Upper bounds of the buckets in seconds, rising; what is above the last is in one more bucket.
    pub bounds: Vec<f64>,
    /// How many durations fell into each bucket.
    pub counts: Vec<u64>,
    /// The sum of all durations in seconds.
    pub sum: f64,
}

impl Histogram {
    pub(crate) fn new(bounds: &'static [f64]) -> Self {
        Self {
            bounds,
            counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum_ms: AtomicU64::new(0),
        }
    }

    pub(crate) fn note(&self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        let bucket = self.bounds.partition_point(|bound| *bound < seconds);
        self.counts[bucket].fetch_add(1, Relaxed);
        self.sum_ms.fetch_add(duration.as_millis() as u64, Relaxed);
    }

    pub(crate) fn snapshot(&self) -> HistogramSnapshot {
        HistogramSnapshot {
            bounds: self.bounds.to_vec(),
            counts: self
                .counts
                .iter()
                .map(|count| count.load(Relaxed))
                .collect(),
            sum: self.sum_ms.load(Relaxed) as f64 / 1000.0,
        }
    }
}

impl HistogramSnapshot {
    /// How many durations were counted.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// In seconds, the bound below which at least this share of the durations lies; infinite where
    /// that is above the last one, and `None` where none was counted.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let wanted = (self.count() as f64 * share).ceil().max(1.0) as u64;
        let mut below = 0;
        let bucket = self.counts.iter().position(|count| {
            below += count;
            below >= wanted
        })?;
        Some(self.bounds.get(bucket).copied().unwrap_or(f64::INFINITY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_the_bound_of_its_bucket() {
        let histogram = Histogram::new(&[0.1, 1.0, 10.0]);
        assert_eq!(histogram.snapshot().quantile(0.5), None);
        for ms in [50, 100, 900, 20_000] {
            histogram.note(Duration::from_millis(ms));
        }
        let snapshot = histogram.snapshot();
        assert_eq!(snapshot.counts, [2, 1, 0, 1]);
        assert_eq!(snapshot.quantile(0.5), Some(0.1));
        assert_eq!(snapshot.quantile(0.75), Some(1.0));
        assert_eq!(snapshot.quantile(1.0), Some(f64::INFINITY));
        assert!((snapshot.sum - 21.05).abs() < 1e-9);
    }
}
