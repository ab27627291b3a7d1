//! How long to wait after a failure, by our own rule and by what the server asks for.

use std::time::{Duration, SystemTime};

/// Waits that grow by a factor from failure to failure, up to a bound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    /// The wait after the first failure.
    pub(crate) first: Duration,
    /// How much longer each wait is than the one before.
    pub(crate) factor: u32,
    /// The longest wait, before jitter.
    pub(crate) max: Duration,
}

impl Backoff {
    /// The wait after the `failures`th failure in a row (counted from 1), up to a quarter longer
    /// than the rule says, so that what failed together is not tried again together.
    pub(crate) fn wait(&self, failures: u32) -> Duration {
        let wait = self.rule(failures);
        wait + wait.mul_f64(fastrand::f64() / 4.0)
    }

    /// What the rule says, for waits that must add up.
    pub(crate) fn rule(&self, failures: u32) -> Duration {
        let growth = self
            .factor
            .saturating_pow(failures.saturating_sub(1).min(32));
        self.first.saturating_mul(growth).min(self.max)
    }
}

/// The longest `Retry-After` that is waited for; a longer one is cut to this and logged.
pub(crate) const RETRY_AFTER_MAX: Duration = Duration::from_hours(168);

/// The wait that a `Retry-After` field asks for (RFC 9110 §10.2.3: seconds or a date), at least
/// one second and not more than [`RETRY_AFTER_MAX`].
pub(crate) fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    let wait = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a u64 holds are a very long wait, not a broken field.
        Duration::from_secs(value.parse().unwrap_or(u64::MAX))
    } else {
        let date = httpdate::parse_http_date(value).ok()?;
        date.duration_since(now).unwrap_or_default()
    };
    if wait > RETRY_AFTER_MAX {
        tracing::warn!(
            asked_s = wait.as_secs(),
            max_s = RETRY_AFTER_MAX.as_secs(),
            "retry-after cut"
        );
    }
    Some(wait.clamp(Duration::from_secs(1), RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check_retry_after(value: &str, expected_s: Option<u64>) {
        let now = httpdate::parse_http_date("Mon, 05 Jan 2026 14:00:00 GMT").unwrap();
        assert_eq!(
            retry_after(value, now),
            expected_s.map(Duration::from_secs),
            "{value:?}"
        );
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        check_retry_after("120", Some(120));
        check_retry_after(" 0 ", Some(1));
        check_retry_after("Mon, 05 Jan 2026 14:01:30 GMT", Some(90));
        check_retry_after("Mon, 05 Jan 2026 13:00:00 GMT", Some(1));
        check_retry_after("99999999999999999999999", Some(RETRY_AFTER_MAX.as_secs()));
        check_retry_after("-5", None);
        check_retry_after("mañana", None);
        check_retry_after("", None);
    }

    proptest! {
        #[test]
        fn a_wait_stays_in_its_bounds(first_ms in 1_u64..100_000, factor in 1_u32..20,
                                      max_s in 100_u64..100_000, failures in any::<u32>()) {
            let backoff = Backoff {
                first: Duration::from_millis(first_ms),
                factor,
                max: Duration::from_secs(max_s),
            };
            let wait = backoff.wait(failures);
            prop_assert!(wait >= backoff.first);
            prop_assert!(wait <= backoff.max.mul_f64(1.25));
        }
    }
}
