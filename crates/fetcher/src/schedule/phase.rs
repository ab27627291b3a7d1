//! A feed's own place in time: feeds of one period are spread over it, the same at every start.

use std::time::Duration;

use story::{FeedId, Timestamp};

use super::after;

/// A feed's instants lie so much farther apart than its period that a poll which started a little
/// late does not miss the next one.
const SLACK: f64 = 1.05;

/// The longest wait, in periods, of a feed that is polled as rarely as it may be: more than
/// [`SLACK`], so that it nears its place from poll to poll.
pub(super) const LONGEST: f64 = 1.1;

/// The first of the feed's own instants that is a period away or more. They lie a little more
/// than a period apart, at the feed's place within it, so that feeds with one period are spread.
/// Where that is later than `max` and than the period's own [`LONGEST`], it is cut to them.
pub(super) fn on_phase(
    now: Timestamp,
    period: Duration,
    max: Duration,
    feed: &FeedId,
) -> Timestamp {
    let cell = (period.mul_f64(SLACK).as_millis() as i64).max(1);
    let phase = (phase(feed) * cell as f64) as i64;
    let earliest = after(now, period).timestamp_millis();
    let late = (earliest - phase).rem_euclid(cell);
    let at = if late == 0 {
        earliest
    } else {
        earliest - late + cell
    };
    let latest = after(now, max.max(period.mul_f64(LONGEST)));
    Timestamp::from_timestamp_millis(at).map_or(latest, |at| at.min(latest))
}

/// A feed's own place within an interval, 0 to 1: the same at every start (FNV-1a over its id,
/// and the last mixing of `MurmurHash3`, since FNV leaves the high bits of like names alike).
fn phase(id: &FeedId) -> f64 {
    let hash = id
        .as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    f64::from((hash >> 32) as u32) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    #[test]
    fn phases_are_spread_and_stable() {
        let phases: Vec<f64> = (0..100)
            .map(|n| phase(&format!("diario-{n}").parse().unwrap()))
            .collect();
        let lower = phases.iter().filter(|phase| **phase < 0.5).count();
        assert!(
            (35..65).contains(&lower),
            "{lower} of 100 in the first half"
        );
        assert!(phases.iter().all(|phase| (0.0..=1.0).contains(phase)));
    }

    #[test]
    fn a_feed_that_is_rarely_polled_nears_its_place_from_poll_to_poll() {
        let cell = TimeDelta::from_std(DAY.mul_f64(SLACK)).unwrap();
        let longest = TimeDelta::from_std(DAY.mul_f64(LONGEST)).unwrap();
        for start in 0..20 {
            let feed = "diario".parse().unwrap();
            let mut now: Timestamp = "2026-01-05T14:30:00Z".parse().unwrap();
            now += TimeDelta::hours(start);
            let mut waits = Vec::new();
            for _ in 0..30 {
                let next = on_phase(now, DAY, DAY, &feed);
                waits.push(next - now);
                now = next;
            }
            let bounds = TimeDelta::days(1)..=longest;
            assert!(waits.iter().all(|wait| bounds.contains(wait)), "{waits:?}");
            assert_eq!(waits.last(), Some(&cell), "from hour {start}");
        }
    }
}
