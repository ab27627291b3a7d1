//! Asking for a robots.txt, and what an answer or its absence means (RFC 9309 §2.3.1).

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use chrono::TimeDelta;
use story::{Timestamp, storage::RobotsCopy};
use url::Url;

use super::{BYTES_MAX, OWN_PATH, Robots, product_token};
use crate::{
    Clock, FetchError, Settings,
    http::{Http, Request, Wanted},
    stop::Stop,
};

/// How long a file is believed (RFC 9309 §2.4).
const FRESH: TimeDelta = TimeDelta::hours(24);

/// For how long a file that cannot be had forbids everything; after that there is none
/// (RFC 9309 §2.3.1.4).
const GIVEN_UP: TimeDelta = TimeDelta::days(30);

/// The shortest and the longest wait before a file that could not be had is asked for again.
const ASKED_AGAIN: (TimeDelta, TimeDelta) = (TimeDelta::seconds(5), TimeDelta::hours(1));

/// Between them the wait is so many times as long as the outage has lasted.
const GROWTH: i32 = 9;

/// What asking came to.
#[derive(Debug)]
pub(super) struct Answer {
    /// In the words of a person.
    outcome: String,
    file: File,
}

#[derive(Debug)]
enum File {
    Here(Bytes),
    /// There is none, which allows everything.
    Absent,
    /// Nobody knows, which forbids everything.
    Unreachable,
}

/// Asks for the file of an address's authority. An error says that nothing was learned.
pub(super) async fn ask(http: &Http, url: &Url, stop: &Stop) -> Result<Answer, FetchError> {
    let file = file_of(url);
    // One byte more than is read shows that there is more.
    let request = Request::new(&file, Wanted::Robots, BYTES_MAX + 1);
    let answered = http.get(&request, stop).await;
    let error = match answered.and_then(crate::http::Answer::into_robots) {
        Ok((status, body)) => {
            return Ok(Answer {
                outcome: status.to_string(),
                file: File::Here(body),
            });
        }
        Err(error) => error,
    };
    let file = match &error {
        FetchError::Stopped | FetchError::HostClosed { .. } | FetchError::Client(_) => {
            return Err(error);
        }
        // The page would be refused in the same words.
        FetchError::PrivateAddress { host } if url.host_str() == Some(host) => return Err(error),
        FetchError::NotWeb { scheme } if scheme == url.scheme() => return Err(error),
        FetchError::Status { status, .. } if (300..500).contains(status) => File::Absent,
        // Redirects without end, or to where nobody may go: the file is unavailable (§2.3.1.2).
        FetchError::TooManyRedirects
        | FetchError::RedirectLoop { .. }
        | FetchError::BadRedirect { .. }
        | FetchError::PrivateAddress { .. }
        | FetchError::NotWeb { .. } => File::Absent,
        _ => File::Unreachable,
    };
    let outcome = error.to_string();
    Ok(Answer { outcome, file })
}

/// Where the authority of an address has its file.
fn file_of(url: &Url) -> Url {
    let mut file = crate::http::shown(url);
    file.set_path(OWN_PATH);
    file.set_query(None);
    file.set_fragment(None);
    file
}

/// What is known after an answer, given what was known before it.
pub(super) fn noted(before: Option<RobotsCopy>, answer: Answer, now: Timestamp) -> RobotsCopy {
    let Answer { outcome, file } = answer;
    let answered = |body| RobotsCopy {
        asked: now,
        fetched: Some(now),
        unreachable_since: None,
        outcome: outcome.clone(),
        body,
    };
    match file {
        File::Here(body) => answered(Some(body.into())),
        File::Absent => answered(None),
        File::Unreachable => {
            let since = before.as_ref().and_then(|before| before.unreachable_since);
            RobotsCopy {
                asked: now,
                fetched: before.as_ref().and_then(|before| before.fetched),
                unreachable_since: since.or(Some(now)),
                outcome,
                body: before.and_then(|before| before.body),
            }
        }
    }
}

/// When the file is to be asked for again.
pub(super) fn ask_again(copy: &RobotsCopy) -> Timestamp {
    let wait = copy.unreachable_since.map_or(FRESH, |since| {
        let grown = (copy.asked - since).checked_mul(GROWTH);
        grown
            .unwrap_or(ASKED_AGAIN.1)
            .clamp(ASKED_AGAIN.0, ASKED_AGAIN.1)
    });
    copy.asked.checked_add_signed(wait).unwrap_or(copy.asked)
}

/// Whether a copy may be used without asking again. One from the future was kept by a clock that
/// was wrong.
pub(super) fn holds(copy: &RobotsCopy, now: Timestamp) -> bool {
    (copy.asked..ask_again(copy)).contains(&now)
}

/// What a copy says; `None` where it forbids everything, because nothing was ever learned.
///
/// While the file cannot be had, what it last said goes on (§2.4 allows it, and its author wanted
/// it).
pub(super) fn rules(copy: &RobotsCopy, product: &str, now: Timestamp) -> Option<Robots> {
    let outage = copy.unreachable_since.map(|since| now - since);
    if copy.fetched.is_none() && outage.is_some_and(|outage| outage < GIVEN_UP) {
        return None;
    }
    let parse = |body: &Vec<u8>| Robots::parse(body, product);
    Some(copy.body.as_ref().map(parse).unwrap_or_default())
}

/// What an authority's robots.txt says of one address, for a person.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Where the file is.
    pub file: Url,
    /// What asking for it came to: "200", "404 Not Found".
    pub outcome: String,
    /// Whether the address may be asked for.
    pub allowed: bool,
    /// The number and the text of the line that decided; `None` where none did.
    pub rule: Option<(usize, String)>,
    /// The least time between two requests that the file asks for.
    pub crawl_delay: Option<Duration>,
    /// The sitemaps that the file names.
    pub sitemaps: Vec<Url>,
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = if self.allowed { "allowed" } else { "forbidden" };
        match &self.rule {
            Some((line, text)) => write!(f, "{said} by line {line} of {}: `{text}`", self.file),
            None => write!(
                f,
                "{said}: no line of {} decides ({})",
                self.file, self.outcome
            ),
        }
    }
}

/// Asks for an address's robots.txt and says what it means for the address, for
/// `vigia feeds robots`. Nothing is remembered, and what was remembered is not looked at.
pub async fn robots_verdict(settings: &Settings, url: &Url) -> Result<Judged, FetchError> {
    let http = Http::new(settings, Arc::default(), Clock::system())?;
    let now = chrono::Utc::now();
    let copy = noted(None, ask(&http, url, &Stop::default()).await?, now);
    let robots = rules(&copy, product_token(&settings.user_agent), now);
    let verdict = robots.as_ref().map(|robots| robots.verdict(url));
    Ok(Judged {
        file: file_of(url),
        allowed: verdict.as_ref().is_some_and(|verdict| verdict.allowed),
        rule: verdict
            .and_then(|verdict| verdict.rule)
            .map(|rule| (rule.line, rule.text.into_owned())),
        crawl_delay: robots.as_ref().and_then(Robots::crawl_delay),
        sitemaps: robots.map_or_else(Vec::new, |robots| robots.sitemaps.into_vec()),
        outcome: copy.outcome,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::hours(hours)
    }

    fn answer(file: File) -> Answer {
        let outcome = "so".to_owned();
        Answer { outcome, file }
    }

    fn here() -> Answer {
        answer(File::Here("User-agent: *\nDisallow: /".into()))
    }

    /// Whether a copy allows a page, and whether it is used without asking.
    fn check(copy: &RobotsCopy, hours: i64, allows: bool, used: bool) {
        let page = "https://diario.test/1".parse().unwrap();
        let rules = rules(copy, "vigia", at(hours));
        let allowed = rules.is_some_and(|robots| robots.verdict(&page).allowed);
        assert_eq!((allowed, holds(copy, at(hours))), (allows, used), "{hours}");
    }

    #[test]
    fn an_answer_is_believed_for_a_day() {
        let file = noted(None, here(), at(0));
        check(&file, 23, false, true);
        check(&file, 24, false, false);
        check(&file, -1, false, false);
        let absent = noted(Some(file), answer(File::Absent), at(24));
        check(&absent, 47, true, true);
        check(&absent, 48, true, false);
    }

    #[test]
    fn a_file_that_cannot_be_had_forbids_everything_for_thirty_days() {
        let mut copy = noted(None, answer(File::Unreachable), at(0));
        check(&copy, 0, false, true);
        check(&copy, 1, false, false);
        for day in 1..30 {
            copy = noted(Some(copy), answer(File::Unreachable), at(day * 24));
            check(&copy, day * 24, false, true);
            check(&copy, day * 24 + 1, false, false);
        }
        copy = noted(Some(copy), answer(File::Unreachable), at(30 * 24));
        check(&copy, 30 * 24, true, true);
        let copy = noted(Some(copy), here(), at(31 * 24));
        assert_eq!(copy.unreachable_since, None);
        check(&copy, 31 * 24, false, true);
    }

    #[test]
    fn what_a_file_said_goes_on_while_it_cannot_be_had() {
        let file = noted(None, here(), at(0));
        let later = noted(Some(file), answer(File::Unreachable), at(100));
        check(&later, 100, false, true);
        assert_eq!((later.fetched, later.asked), (Some(at(0)), at(100)));
        let absent = noted(None, answer(File::Absent), at(0));
        let later = noted(Some(absent), answer(File::Unreachable), at(100));
        check(&later, 100, true, true);
    }

    #[test]
    fn an_outage_is_looked_after_ever_less_often() {
        let mut copy = noted(None, answer(File::Unreachable), at(0));
        let mut waits = Vec::new();
        for _ in 0..6 {
            let again = ask_again(&copy);
            waits.push((again - copy.asked).num_seconds());
            copy = noted(Some(copy), answer(File::Unreachable), again);
        }
        assert_eq!(waits, [5, 45, 450, 3600, 3600, 3600]);
    }

    #[test]
    fn the_file_is_the_authoritys() {
        let file = |url: &str| file_of(&url.parse().unwrap()).to_string();
        assert_eq!(
            file("https://u:p@diario.test/a/b?c#d"),
            "https://diario.test/robots.txt"
        );
        assert_eq!(
            file("http://diario.test:8080"),
            "http://diario.test:8080/robots.txt"
        );
    }
}
