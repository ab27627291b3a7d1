//! How late polls start: the time between when a feed was due and when its request was sent.

use std::{
    array,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Two a doubling, from a millisecond to some four hours.
const BUCKETS: usize = 48;

/// A histogram whose buckets grow by the square root of two, so that a quantile is right within
/// 42 %.
#[derive(Debug)]
pub struct Lateness([AtomicU64; BUCKETS]);

impl Default for Lateness {
    fn default() -> Self {
        Self(array::from_fn(|_| AtomicU64::new(0)))
    }
}

impl Lateness {
    /// Counts a poll.
    pub(crate) fn note(&self, late: Duration) {
        let ms = late.as_secs_f64() * 1000.0;
        let bucket = (ms.max(1.0).log2() * 2.0).ceil() as usize;
        self.0[bucket.min(BUCKETS - 1)].fetch_add(1, Relaxed);
    }

    /// At least this share of the polls was no later than what is returned; nothing where none was
    /// counted.
    pub fn quantile(&self, share: f64) -> Duration {
        let counts: Vec<u64> = self.0.iter().map(|count| count.load(Relaxed)).collect();
        let wanted = (counts.iter().sum::<u64>() as f64 * share).ceil().max(1.0) as u64;
        let mut polls = 0;
        for (bucket, count) in counts.iter().enumerate() {
            polls += count;
            if polls >= wanted {
                let ms = 2_f64.powf(bucket as f64 / 2.0);
                return Duration::from_secs_f64(ms / 1000.0);
            }
        }
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_no_less_than_the_truth_and_little_more() {
        let lateness = Lateness::default();
        assert_eq!(lateness.quantile(0.99), Duration::ZERO);
        for ms in 1..=1000 {
            lateness.note(Duration::from_millis(ms));
        }
        for (share, truth_ms) in [(0.5, 500), (0.99, 990), (1.0, 1000)] {
            let truth = Duration::from_millis(truth_ms);
            let said = lateness.quantile(share);
            assert!(
                truth <= said && said <= truth.mul_f64(1.42),
                "{share}: {said:?}"
            );
        }
        lateness.note(Duration::MAX);
        assert!(lateness.quantile(1.0) > Duration::from_hours(3));
    }
}
