//! A feed's health in one word, and why: the one place that knows where these come from.

use anstyle::{AnsiColor, Style};
use story::storage::FeedState;

use crate::args::HEALTH_WORDS;

/// Health and the reason, in the words of a person; a feed without a state was never polled.
pub(super) fn health_of(state: Option<&FeedState>) -> (&'static str, String) {
    let Some(state) = state.filter(|state| state.last_poll.is_some()) else {
        return ("new", "never polled".to_owned());
    };
    let word = if state.healthy {
        "ok"
    } else {
        word_for(&state.last_result)
    };
    (word, state.last_result.clone())
}

/// The word for a failed poll, by what was said of it.
fn word_for(result: &str) -> &'static str {
    let status = result.split(' ').next().and_then(|word| word.parse().ok());
    match status {
        Some(404 | 410) => "gone",
        Some(401 | 402 | 403 | 429 | 451) => "blocked",
        Some(200..=299) => "unreadable", // cut off, or read in part
        _ if result.starts_with("host asked") => "blocked",
        _ if result.contains("where a feed was expected") || result.contains("feed") => {
            "unreadable"
        }
        _ => "unreachable",
    }
}

/// How bad a health is: the feeds that need somebody first.
pub(super) fn severity(word: &str) -> std::cmp::Reverse<usize> {
    let rank = HEALTH_WORDS.iter().position(|known| *known == word);
    std::cmp::Reverse(rank.unwrap_or(0))
}

/// The colour of a health.
pub(super) fn style(word: &str) -> Style {
    let colour = match word {
        "ok" => AnsiColor::Green,
        "new" => AnsiColor::Cyan,
        "quiet" | "lying-validators" | "moved" | "blocked" => AnsiColor::Yellow,
        _ => AnsiColor::Red,
    };
    colour.on_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(last_result: &str, healthy: bool, expected: &str) {
        let url = "https://a.test/rss".parse().unwrap();
        let mut state = FeedState::new("a".parse().unwrap(), url);
        assert_eq!(health_of(Some(&state)).0, "new");
        state.last_poll = Some(chrono::Utc::now());
        state.last_result = last_result.to_owned();
        state.healthy = healthy;
        assert_eq!(
            health_of(Some(&state)),
            (expected, last_result.to_owned()),
            "{last_result}"
        );
    }

    #[test]
    fn a_word_says_how_a_feed_is_doing() {
        assert_eq!(health_of(None).0, "new");
        check("200 with 20 entries", true, "ok");
        check("304 Not Modified", true, "ok");
        check("404 Not Found", false, "gone");
        check("403 Forbidden", false, "blocked");
        check("503 Service Unavailable", false, "unreachable");
        check("no answer within 30 s", false, "unreachable");
        check(
            "HTML where a feed was expected: `Portada`",
            false,
            "unreadable",
        );
        check("200 with 3 entries; body cut off", false, "unreadable");
    }

    #[test]
    fn the_unwell_come_first() {
        let mut words = ["ok", "gone", "quiet", "blocked"];
        words.sort_by_key(|word| severity(word));
        assert_eq!(words, ["gone", "blocked", "quiet", "ok"]);
    }
}
