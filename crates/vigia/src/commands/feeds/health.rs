//! A feed's health in one word, and why.

use std::cmp::Reverse;

use anstyle::AnsiColor;
use chrono::Utc;
use story::{Health, storage::FeedState};

/// Health and the reason, in the words of a person; a feed without a state was never polled.
pub(super) fn health_of(state: Option<&FeedState>) -> (Health, String) {
    let Some(state) = state else {
        return (Health::New, "never polled".to_owned());
    };
    let (health, why) = state.health_at(Utc::now());
    let why = if why.is_empty() {
        state.last_result.clone()
    } else {
        why
    };
    (health, why)
}

/// The order in which feeds need somebody, those that most do first.
pub(in crate::commands) fn severity(health: Health) -> Reverse<u8> {
    Reverse(match health {
        Health::Ok => 0,
        Health::New => 1,
        Health::LyingValidators => 2,
        Health::Moved => 3,
        Health::Quiet => 4,
        Health::Blocked => 5,
        Health::Unreachable => 6,
        Health::Unreadable => 7,
        Health::Gone => 8,
    })
}

/// The colour of a health.
pub(in crate::commands) fn colour(health: Health) -> AnsiColor {
    match health {
        Health::Ok => AnsiColor::Green,
        Health::New => AnsiColor::Cyan,
        Health::Quiet | Health::LyingValidators | Health::Moved | Health::Blocked => {
            AnsiColor::Yellow
        }
        Health::Gone | Health::Unreachable | Health::Unreadable => AnsiColor::Red,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_has_a_health_and_a_reason() {
        assert_eq!(health_of(None), (Health::New, "never polled".to_owned()));
        let url = "https://a.test/rss".parse().unwrap();
        let mut state = FeedState::new("a".parse().unwrap(), url);
        state.health = Health::Ok;
        state.last_result = "200 with 20 entries".to_owned();
        assert_eq!(
            health_of(Some(&state)),
            (Health::Ok, "200 with 20 entries".to_owned())
        );
        state.health = Health::Blocked;
        state.health_why = "403 Forbidden: a challenge".to_owned();
        assert_eq!(
            health_of(Some(&state)),
            (Health::Blocked, "403 Forbidden: a challenge".to_owned())
        );
    }

    #[test]
    fn the_unwell_come_first() {
        let mut all = Health::ALL;
        all.sort_by_key(|health| severity(*health));
        assert_eq!((all[0], all[8]), (Health::Gone, Health::Ok));
        let mut ranks = Health::ALL.map(severity);
        ranks.sort_unstable();
        assert!(ranks.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
