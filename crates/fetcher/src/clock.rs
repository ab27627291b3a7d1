//! The wall clock that schedules are kept by.

use chrono::{DateTime, TimeDelta, Utc};
use story::Timestamp;
use tokio::time::Instant;

/// Tells the time of day: the system's, or one that goes with tokio's clock, which tests pause.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock(Option<Started>);

#[derive(Clone, Copy, Debug)]
struct Started {
    instant: Instant,
    at: Timestamp,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that shows `at` now and goes on as tokio's does.
    pub fn following_tokio(at: Timestamp) -> Self {
        let instant = Instant::now();
        Self(Some(Started { instant, at }))
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        match self.0 {
            None => Utc::now(),
            Some(Started { instant, at }) => {
                let passed = TimeDelta::from_std(instant.elapsed()).unwrap_or(TimeDelta::MAX);
                at.checked_add_signed(passed)
                    .unwrap_or(DateTime::<Utc>::MAX_UTC)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_follows_tokio_goes_as_fast_as_it() {
        let noon = "2026-01-05T12:00:00Z".parse().unwrap();
        let clock = Clock::following_tokio(noon);
        assert_eq!(clock.now(), noon);
        tokio::time::advance(Duration::from_hours(36)).await;
        assert_eq!(clock.now() - noon, TimeDelta::hours(36));
    }
}
