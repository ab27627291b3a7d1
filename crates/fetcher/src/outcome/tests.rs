use story::Home;

use super::*;
use crate::Refusal;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn start() -> Timestamp {
    at("2026-01-05T12:00:00Z")
}

fn feed() -> Feed {
    Feed {
        id: "diario".parse().unwrap(),
        url: "https://diario.test/rss".parse().unwrap(),
        home: Home::default(),
        interval: None,
        timezone: chrono_tz::America::Bogota,
        access: crate::Access::default(),
    }
}

fn entry(guid: &str) -> Entry {
    Entry {
        guid: Some(guid.to_owned()),
        title: Some(guid.to_owned()),
        ..Entry::new("diario".parse().unwrap())
    }
}

fn validators(etag: &str, last_modified: Option<&str>) -> Validators {
    Validators {
        etag: Some(etag.to_owned()),
        last_modified: last_modified.map(str::to_owned),
    }
}

/// A conditional request's 200 with these entries.
fn whole(etag: &str, guids: &[&str]) -> Answered {
    Answered {
        asked: feed().url,
        url: feed().url,
        moved: false,
        conditional: true,
        validators: validators(etag, None),
        fresh_for: None,
        children: Vec::new(),
        brought: Some(Brought {
            status: 200,
            entries: guids.iter().map(|guid| entry(guid)).collect(),
            hints: Hints::default(),
            problems: Vec::new(),
            whole: true,
            cut: None,
        }),
        pushed: false,
    }
}

fn unchanged() -> Answered {
    Answered {
        validators: Validators::default(),
        brought: None,
        ..whole("", &[])
    }
}

fn after(state: FeedState, answer: &Answered, now: Timestamp) -> FeedState {
    let shown = answer
        .brought
        .as_ref()
        .map_or(0, |brought| brought.entries.len());
    let sights = vec![Sight::New; shown];
    answered(&Settings::default(), &feed(), state, answer, &sights, now)
}

fn after_failure(state: FeedState, error: &PollError, now: Timestamp) -> FeedState {
    failed(&Settings::default(), &feed(), state, error, true, now)
}

fn polled_once() -> FeedState {
    let fresh = FeedState::new(feed().id, feed().url);
    after(fresh, &whole("\"1\"", &["a", "b"]), start())
}

fn status(status: u16) -> PollError {
    let refusal = Refusal::default();
    FetchError::Status { status, refusal }.into()
}

fn conditional(state: &FeedState, now: Timestamp) -> bool {
    to_ask(&feed(), state, now).1.is_some()
}

#[test]
fn a_304_keeps_what_it_does_not_name_and_replaces_what_it_does() {
    let mut state = polled_once();
    state.validators = validators("\"1\"", Some("Mon, 05 Jan 2026 11:00:00 GMT"));
    state.fresh_for = Some(Duration::from_hours(2));
    let named = Answered {
        validators: validators("W/\"2\"", None),
        ..unchanged()
    };
    let state = after(state, &named, start());
    let expected = validators("W/\"2\"", Some("Mon, 05 Jan 2026 11:00:00 GMT"));
    assert_eq!(state.validators, expected);
    assert_eq!(state.fresh_for, Some(Duration::from_hours(2)));
}

#[test]
fn half_a_feed_leaves_no_validators() {
    let mut half = whole("\"2\"", &["c"]);
    let brought = half.brought.as_mut().unwrap();
    (brought.whole, brought.cut) = (false, Some("body over 10 MB".to_owned()));
    let state = after(polled_once(), &half, start());
    assert!(state.validators.is_empty());
    assert_eq!(state.last_result, "200 with 1 entry; body over 10 MB");
    assert_eq!(state.health_why, "came in part: body over 10 MB");
}

#[test]
fn clocks_that_were_never_set_are_not_sent_back() {
    for (modified, kept) in [
        ("Thu, 01 Jan 1970 00:00:00 GMT", false),
        ("Sat, 16 Nov 2041 00:00:00 GMT", false),
        ("Mon, 05 Jan 2026 11:00:00 GMT", true),
        ("Tue, 06 Jan 2026 11:00:00 GMT", true),
        ("2026-01-05", true),
    ] {
        let mut answer = whole("\"2\"", &["a"]);
        answer.validators.last_modified = Some(modified.to_owned());
        let state = after(polled_once(), &answer, start());
        assert_eq!(state.validators.last_modified.is_some(), kept, "{modified}");
    }
}

#[test]
fn a_long_run_of_304s_is_doubted_at_most_once_a_day() {
    let mut state = polled_once();
    let mut whole_asked = Vec::new();
    for hour in 1..24 * 16 {
        let now = start() + TimeDelta::hours(hour);
        if conditional(&state, now) {
            state = after(state, &unchanged(), now);
        } else {
            whole_asked.push(hour);
            let answer = Answered {
                conditional: false,
                ..whole("\"1\"", &["a", "b"])
            };
            state = after(state, &answer, now);
        }
    }
    assert!(
        !whole_asked.is_empty(),
        "a server that says 304 for ever is asked at last"
    );
    assert!(whole_asked[0] >= 24);
    assert!(whole_asked.windows(2).all(|pair| pair[1] - pair[0] >= 24));
    assert_eq!(state.health, Health::Ok, "it told the truth");
}

#[test]
fn a_server_that_hides_news_behind_its_validators_is_found_out_and_forgiven() {
    let later = start() + TimeDelta::days(8);
    let state = polled_once();
    assert!(!conditional(&state, later));
    let hidden = Answered {
        conditional: false,
        ..whole("\"1\"", &["c", "a", "b"])
    };
    let state = after(state, &hidden, later);
    assert_eq!(state.health, Health::LyingValidators);
    assert!(!conditional(&state, later + TimeDelta::hours(30)));
    let wait = state.next_poll.unwrap() - later;
    assert!(wait >= TimeDelta::hours(24), "{wait}");

    let honest = Answered {
        conditional: false,
        ..whole("\"2\"", &["d", "c", "a", "b"])
    };
    let state = after(state, &honest, later + TimeDelta::days(2));
    assert_eq!(state.health, Health::Ok);
    assert!(conditional(&state, later + TimeDelta::days(2)));
}

#[test]
fn conditions_that_a_server_refuses_are_left_out_the_next_time() {
    let refused = || {
        let refusal = Refusal {
            conditional: true,
            ..Refusal::default()
        };
        PollError::from(FetchError::Status {
            status: 400,
            refusal,
        })
    };
    let plain = Answered {
        conditional: false,
        ..whole("\"1\"", &["a", "b"])
    };
    let state = after_failure(polled_once(), &refused(), start());
    assert!(!conditional(&state, start()));
    let state = after(state, &plain, start());
    assert!(conditional(&state, start()), "once may have been a whim");
    let forgiven = after(state.clone(), &unchanged(), start());
    assert_eq!(forgiven.conditions_refused, None);

    let state = after(after_failure(state, &refused(), start()), &plain, start());
    assert_eq!(state.health, Health::LyingValidators);
    assert!(state.health_why.starts_with("refuses conditional requests"));
    assert!(!conditional(&state, start()));
    assert!(state.next_poll.unwrap() - start() >= TimeDelta::hours(24));
    let missing = after_failure(polled_once(), &status(404), start());
    assert!(conditional(&missing, start()));
}

#[test]
fn a_permanent_redirect_is_remembered_at_the_third_poll_and_asked_about_again() {
    let there: Url = "https://nuevo.test/rss".parse().unwrap();
    let moved = Answered {
        url: there.clone(),
        moved: true,
        ..whole("\"1\"", &["a"])
    };
    let mut state = polled_once();
    for polls in 1..=3 {
        assert_eq!(to_ask(&feed(), &state, start()).0, &feed().url, "{polls}");
        state = after(state, &moved, start());
        assert_eq!(state.health, Health::Moved);
    }
    assert_eq!(to_ask(&feed(), &state, start()).0, &there);
    let direct = Answered {
        asked: there.clone(),
        url: there.clone(),
        ..whole("\"1\"", &["a"])
    };
    let state = after(state, &direct, start() + TimeDelta::days(1));
    assert_eq!(
        to_ask(&feed(), &state, start() + TimeDelta::days(1)).0,
        &there
    );
    assert_eq!(
        to_ask(&feed(), &state, start() + TimeDelta::days(8)).0,
        &feed().url
    );
    let failing = after_failure(state.clone(), &status(503), start());
    assert_eq!(to_ask(&feed(), &failing, start()).0, &feed().url);
    // The operator's new address is not the one that has moved.
    let set_anew = Feed {
        url: "https://otro.test/rss".parse().unwrap(),
        ..feed()
    };
    assert_eq!(to_ask(&set_anew, &state, start()).0, &set_anew.url);
}

#[test]
fn a_redirect_that_is_not_for_good_forgets_the_ones_that_were() {
    let moved = Answered {
        url: "https://nuevo.test/rss".parse().unwrap(),
        moved: true,
        ..whole("\"1\"", &["a"])
    };
    let state = after(polled_once(), &moved, start());
    let state = after(state, &moved, start());
    let for_now = Answered {
        moved: false,
        ..moved.clone()
    };
    let state = after(state, &for_now, start());
    assert_eq!((state.moved, state.health), (None, Health::Ok));
}

#[test]
fn health_names_the_cause() {
    let challenge = FetchError::Status {
        status: 403,
        refusal: Refusal {
            challenge: Some("Cloudflare challenge"),
            ..Refusal::default()
        },
    };
    let html = FeedError::Html {
        title: "Inicio".to_owned(),
    };
    for (error, health, why) in [
        (status(402), Health::Blocked, "402 Payment Required"),
        (
            challenge.into(),
            Health::Blocked,
            "403 Forbidden (Cloudflare challenge)",
        ),
        (
            html.into(),
            Health::Blocked,
            "HTML where a feed was expected: `Inicio`",
        ),
        (status(410), Health::Gone, "410 Gone"),
        (status(404), Health::Unreachable, "404 Not Found"),
        (
            status(500),
            Health::Unreachable,
            "500 Internal Server Error",
        ),
        (
            FeedError::Empty.into(),
            Health::Unreadable,
            "empty body where a feed was expected",
        ),
    ] {
        let state = after_failure(polled_once(), &error, start());
        assert_eq!((state.health, state.health_why.as_str()), (health, why));
        assert_eq!(state.validators, validators("\"1\"", None), "{why}");
    }
    let mut missing = polled_once();
    for _ in 0..6 {
        missing = after_failure(missing, &status(404), start());
    }
    assert_eq!(missing.health, Health::Gone);
    assert_eq!(missing.health_why, "404 Not Found, 6 times in a row");
    let back = after(missing, &whole("\"2\"", &["z"]), start());
    assert_eq!((back.health, back.failures), (Health::Ok, 0));
}

#[test]
fn a_host_that_was_closed_is_no_failure_of_the_feed() {
    let wait = Duration::from_hours(3);
    let error = FetchError::HostClosed {
        wait,
        refusing: false,
    }
    .into();
    let state = after_failure(polled_once(), &error, start());
    assert_eq!((state.health, state.failures), (Health::Ok, 0));
    assert_eq!(state.next_poll, Some(start() + TimeDelta::hours(3)));
}

#[test]
fn a_feed_that_ended_years_ago_is_quiet_at_its_first_poll() {
    let mut ended = whole("\"1\"", &["a", "b"]);
    for entry in &mut ended.brought.as_mut().unwrap().entries {
        entry.published = Some(at("2023-01-05T12:00:00Z"));
    }
    let fresh = FeedState::new(feed().id, feed().url);
    let (settings, sights) = (Settings::default(), [Sight::Skipped; 2]);
    let state = answered(&settings, &feed(), fresh, &ended, &sights, start());
    let (health, why) = state.health_at(start());
    assert_eq!(health, story::Health::Quiet, "{why}");
    assert_eq!(why, "nothing new for 1096 days");
}

#[test]
fn a_feed_that_is_gone_is_asked_now_and_then_and_comes_back() {
    let (mut state, mut now) = (polled_once(), start());
    let mut waits = Vec::new();
    while now < start() + TimeDelta::days(200) {
        state = after_failure(state, &status(404), now);
        waits.push(state.next_poll.unwrap() - now);
        now = state.next_poll.unwrap();
    }
    assert_eq!(state.health, Health::Gone);
    assert!((8..16).contains(&waits.len()), "{waits:?}");
    assert!(
        *waits.iter().max().unwrap() <= TimeDelta::days(31),
        "{waits:?}"
    );
    let state = after(state, &whole("\"2\"", &["z"]), now);
    assert_eq!((state.health, state.failures), (Health::Ok, 0));
    assert!(state.next_poll.unwrap() - now <= TimeDelta::days(2));
}

#[test]
fn an_index_whose_sitemaps_change_behind_its_validators_does_not_lie() {
    let sitemap: Url = "https://diario.test/news.xml".parse().unwrap();
    let index = |guids: &[&str]| Answered {
        conditional: false,
        children: vec![Child {
            named: sitemap.clone(),
            url: sitemap.clone(),
            validators: validators("\"n\"", Some("Thu, 01 Jan 1970 00:00:00 GMT")),
        }],
        ..whole("\"1\"", guids)
    };
    let fresh = FeedState::new(feed().id, feed().url);
    let state = after(fresh, &index(&["a", "b"]), start());
    assert_eq!(state.children[0].validators, validators("\"n\"", None));
    let later = start() + TimeDelta::days(8);
    let state = after(state, &index(&["c", "a", "b"]), later);
    assert_eq!((state.health, state.lied), (Health::Ok, None));
    assert!(conditional(&state, later + TimeDelta::hours(1)));
    // What is no index any more forgets its sitemaps.
    let state = after(state, &whole("\"2\"", &["d"]), later);
    assert!(state.children.is_empty());
}
