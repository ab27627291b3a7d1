//! Conditional requests: sentences 1 to 11.

use std::time::Duration;

use story::{Health, Timestamp};
use testkit::{Reply, Request};

use crate::{
    documents::{
        RSS, busy_items, channel, gaps, http_date, is_conditional, rss, served, validators,
    },
    sentences,
    world::{DAY, HOUR, MINUTE, World, feed, pass},
};

sentences! {
    1 one_unconditional_get_in_a_feeds_life "only the first request of a feed's life is unconditional, restarts or not";
    2 last_modified_is_sent_back_byte_for_byte "If-Modified-Since repeats the server's Last-Modified exactly";
    3 etags_are_sent_back_byte_for_byte "If-None-Match repeats the server's ETag exactly";
    4 the_etag_is_sent_where_there_are_both "with both validators, at least the ETag is sent";
    5 a_200_replaces_both_validators "a 200 replaces both validators, also by none";
    6 a_304_updates_what_it_names "a 304 updates the fields it names and leaves the others";
    7 validators_belong_to_the_address_that_gave_them "validators go only to the address that gave them";
    8 a_304_is_success_and_heals_no_parse_failure "a 304 is a success without items, and no cure for an unreadable feed";
    9 an_unasked_304_is_an_error_and_retried_once "a 304 nobody asked for is an error, and retried once unconditionally";
    10 lying_validators_are_found_out "validators that hide changes are found out by a rare audit, and not used again";
    11 validators_survive_restart_and_crash "validators survive a restart and a crash";
}

const MODIFIED: &str = "Mon, 05 Jan 2026 03:07:00 GMT";

async fn one_unconditional_get_in_a_feeds_life(world: World) {
    let site = world.site().await;
    let begun = tokio::time::Instant::now().into_std();
    // Something new every seven hours: the server says 200 then, and 304 otherwise.
    site.set_handler("/rss", move |request| {
        let edition = (request.at - begun).as_secs() / (7 * 3600);
        served(&[&format!("edition-{edition}")])
            .etag(&format!("\"{edition}\""))
            .last_modified(MODIFIED)
    });
    for days in [1, 2] {
        let daemon = world.polling(&site, "/rss");
        pass(DAY * days).await;
        daemon.stop().await;
    }
    let requests = site.requests_to("/rss");
    assert!(
        (8..=75).contains(&requests.len()),
        "{} requests in three days",
        requests.len()
    );
    let plain: Vec<_> = requests
        .iter()
        .map(|request| !is_conditional(request))
        .collect();
    assert!(plain[0], "the first has nothing to be conditional on");
    let plain = plain.iter().filter(|plain| **plain).count();
    assert_eq!(plain, 1, "unconditional requests");
}

/// What the second request says to an answer with these validators.
async fn said_after(world: &World, given: &[(&str, &str)]) -> Request {
    let world = world.anew();
    let site = world.site().await;
    let reply = Reply::ok(
        RSS,
        channel(
            "<lastBuildDate>Sun, 04 Jan 2026 01:02:03 GMT</lastBuildDate>",
            "",
        ),
    );
    let reply = given
        .iter()
        .fold(reply, |reply, (name, value)| reply.header(name, value));
    site.set("/rss", reply);
    let daemon = world.polling(&site, "/rss");
    pass(DAY * 2).await;
    daemon.stop().await;
    let requests = site.requests_to("/rss");
    assert!(requests.len() > 1, "{given:?}: it is polled again");
    assert!(!is_conditional(&requests[0]));
    requests[1].clone()
}

async fn last_modified_is_sent_back_byte_for_byte(world: World) {
    for date in [
        MODIFIED,
        "Mon, 5 Jan 2026 3:07:00 +0000",
        "Monday, 05-Jan-26 03:07:00 GMT",
        "2026-01-05T03:07:00Z",
        "ayer por la noche",
    ] {
        let said = said_after(&world, &[("last-modified", date)]).await;
        assert_eq!(validators(&said), (None, Some(date)));
    }
    let said = said_after(&world, &[]).await;
    assert_eq!(
        validators(&said),
        (None, None),
        "neither the clock nor the feed's own date"
    );
    let tomorrow = http_date(world.now() + Duration::from_hours(24 * 9));
    let said = said_after(&world, &[("last-modified", &tomorrow)]).await;
    assert_eq!(
        validators(&said),
        (None, None),
        "a date days ahead of us is no validator"
    );
}

async fn etags_are_sent_back_byte_for_byte(world: World) {
    for etag in [
        "\"abc\"",
        "W/\"abc,def\"",
        "\"\"",
        "unquoted",
        "\"a b\"",
        "\"\u{e9}\"",
        "w/\"x\"",
        "\"x-gzip\"",
    ] {
        let said = said_after(&world, &[("etag", etag)]).await;
        assert_eq!(validators(&said), (Some(etag), None));
    }
}

async fn the_etag_is_sent_where_there_are_both(world: World) {
    for etag in ["\"abc\"", "W/\"abc\""] {
        let said = said_after(&world, &[("etag", etag), ("last-modified", MODIFIED)]).await;
        assert_eq!(said.header("if-none-match"), Some(etag));
        let modified = said.header("if-modified-since");
        assert!(
            modified.is_none_or(|modified| modified == MODIFIED),
            "{modified:?}"
        );
    }
}

async fn a_200_replaces_both_validators(world: World) {
    let site = world.site().await;
    site.set_series(
        "/rss",
        [
            served(&["1"])
                .header("etag", "\"a\"")
                .header("last-modified", MODIFIED),
            served(&["2"]).header("etag", "\"b\""),
            served(&["3"]),
            served(&["4"]).header("last-modified", MODIFIED),
            served(&["5"]),
        ],
    );
    let daemon = world.polling(&site, "/rss");
    pass(DAY * 5).await;
    daemon.stop().await;
    let requests = site.requests_to("/rss");
    assert!(requests.len() >= 5, "{} requests", requests.len());
    assert_eq!(validators(&requests[1]), (Some("\"a\""), Some(MODIFIED)));
    assert_eq!(validators(&requests[2]), (Some("\"b\""), None));
    assert_eq!(validators(&requests[3]), (None, None));
    assert_eq!(validators(&requests[4]), (None, Some(MODIFIED)));
}

async fn a_304_updates_what_it_names(world: World) {
    let site = world.site().await;
    let fresh_for = |reply: Reply, hours: u32| {
        reply.header("cache-control", &format!("max-age={}", hours * 3600))
    };
    site.set_series(
        "/rss",
        [
            fresh_for(
                served(&["1"])
                    .header("etag", "\"a\"")
                    .header("last-modified", MODIFIED),
                2,
            ),
            fresh_for(Reply::status(304).header("etag", "\"b\""), 9),
            Reply::status(304),
        ],
    );
    let daemon = world.polling(&site, "/rss");
    pass(DAY * 4).await;
    daemon.stop().await;
    let requests = site.requests_to("/rss");
    assert!(
        requests.len() >= 4,
        "{} requests in four days",
        requests.len()
    );
    assert_eq!(validators(&requests[1]), (Some("\"a\""), Some(MODIFIED)));
    assert_eq!(validators(&requests[2]), (Some("\"b\""), Some(MODIFIED)));
    assert_eq!(validators(&requests[3]), (Some("\"b\""), Some(MODIFIED)));
    let gaps = gaps(&requests);
    assert!(
        gaps[0] >= HOUR * 2 && gaps[0] < HOUR * 9,
        "the first answer's max-age: {gaps:?}"
    );
    assert!(gaps[1] >= HOUR * 9, "the max-age of a 304 counts: {gaps:?}");
    assert!(gaps[2] >= HOUR * 9, "what a 304 leaves out stays: {gaps:?}");
}

async fn validators_belong_to_the_address_that_gave_them(world: World) {
    let site = world.site().await;
    site.set_series(
        "/rss",
        [
            Reply::redirect(302, "/a"),
            Reply::redirect(302, "/a"),
            Reply::redirect(302, "/b"),
        ],
    );
    site.set("/a", served(&["1"]).etag("\"same\""));
    site.set("/b", served(&["1"]).etag("\"same\""));
    site.set("/c", served(&["1"]).etag("\"same\""));
    let daemon = world.polling(&site, "/rss");
    pass(DAY * 3).await;
    daemon.stop().await;
    let said = |path| {
        site.requests_to(path)
            .iter()
            .map(is_conditional)
            .collect::<Vec<_>>()
    };
    assert!(
        said("/rss").len() >= 3 && !said("/rss").contains(&true),
        "it gave none: {:?}",
        said("/rss")
    );
    assert_eq!(said("/a"), [false, true]);
    assert_eq!(said("/b")[..2], [false, true], "another address");
    let daemon = world.polling(&site, "/c");
    pass(DAY * 2).await;
    daemon.stop().await;
    assert_eq!(
        said("/c").first(),
        Some(&false),
        "the operator wrote another address"
    );
}

async fn a_304_is_success_and_heals_no_parse_failure(world: World) {
    let site = world.site().await;
    site.set_series(
        "/rss",
        [
            served(&["1", "2"]).header("etag", "\"a\""),
            Reply::status(500),
            Reply::status(304),
        ],
    );
    let daemon = world.polling(&site, "/rss");
    pass(HOUR * 30).await;
    daemon.stop().await;
    assert!(
        site.requests().len() >= 3,
        "{} requests",
        site.requests().len()
    );
    let state = world.state().await;
    assert_eq!((state.failures, state.health), (0, Health::Ok));
    assert!(state.last_success == state.last_poll, "a 304 is a success");
    assert_eq!(world.titles(), ["1", "2"], "and brings nothing");

    let world = world.anew();
    let broken = || Reply::ok(RSS, "Vuelva usted ma\u{f1}ana.").etag("\"broken\"");
    site.set_series("/otro", [served(&["1"]).header("etag", "\"a\""), broken()]);
    let daemon = world.polling(&site, "/otro");
    pass(DAY * 4).await;
    let requests = site.requests_to("/otro");
    assert!(requests.len() >= 4, "{} requests", requests.len());
    let state = world.state().await;
    assert_eq!(state.health, Health::Unreadable, "{}", state.last_result);
    assert!(state.failures > 1);
    let told = requests
        .iter()
        .filter_map(|request| request.header("if-none-match"));
    assert!(
        !told.into_iter().any(|etag| etag == "\"broken\""),
        "what was not read is not known"
    );
    daemon.stop().await;
}

async fn an_unasked_304_is_an_error_and_retried_once(world: World) {
    let site = world.site().await;
    site.set_series("/rss", [Reply::status(304), served(&["1"])]);
    let daemon = world.polling(&site, "/rss");
    pass(MINUTE).await;
    if site.requests().len() == 1 {
        assert_eq!(world.state().await.last_success, None, "nothing was had");
    }
    pass(HOUR * 3).await;
    daemon.stop().await;
    let requests = site.requests();
    assert!(
        requests.len() > 1 && !is_conditional(&requests[1]),
        "retried unconditionally"
    );
    assert_eq!(
        (world.state().await.health, world.titles().len()),
        (Health::Ok, 1)
    );

    let world = world.anew();
    site.set("/nunca", Reply::status(304));
    let daemon = world.polling(&site, "/nunca");
    pass(DAY).await;
    daemon.stop().await;
    let state = world.state().await;
    assert!(
        !state.health.is_read() && state.last_success.is_none(),
        "{:?}",
        state.health
    );
    let requests = site.requests_to("/nunca");
    assert!(
        (3..=16).contains(&requests.len()),
        "{} requests in a day",
        requests.len()
    );
    let soon = gaps(&requests).iter().filter(|gap| **gap < MINUTE).count();
    assert!(soon <= 1, "retried at once more than once");
}

/// Requests to a feed that says "not modified" to whatever knows its `ETag`, over so many days.
async fn audited(world: &World, lies: bool, days: u32) -> Vec<Request> {
    let site = world.site().await;
    let (begun, begin) = (tokio::time::Instant::now().into_std(), world.now());
    site.set_handler("/rss", move |request| {
        let passed = (request.at - begun).as_secs() as i64;
        let now: Timestamp = begin + chrono::TimeDelta::seconds(if lies { passed } else { 0 });
        Reply::ok(RSS, channel("", &busy_items(now, HOUR))).etag("\"for ever\"")
    });
    let daemon = world.polling(&site, "/rss");
    pass(DAY * days).await;
    daemon.stop().await;
    site.requests()
}

async fn lying_validators_are_found_out(world: World) {
    let honest = world.anew();
    let requests = audited(&honest, false, 16).await;
    let plain: Vec<_> = requests
        .iter()
        .filter(|request| !is_conditional(request))
        .cloned()
        .collect();
    assert!(plain.len() >= 2, "sixteen days of 304 and no audit");
    assert!(
        gaps(&plain).iter().all(|gap| *gap >= DAY),
        "at most one a day: {:?}",
        gaps(&plain)
    );
    assert_ne!(honest.state().await.health, Health::LyingValidators);

    let requests = audited(&world, true, 12).await;
    let state = world.state().await;
    assert_eq!(
        state.health,
        Health::LyingValidators,
        "{}",
        state.last_result
    );
    let plain = |request: &Request| !is_conditional(request);
    let found_out = 1 + requests[1..].iter().position(plain).expect("an audit");
    let after = &requests[found_out..];
    assert!(after.len() >= 3, "it is still polled");
    assert!(after.iter().all(plain), "without validators");
    let gaps = gaps(after);
    assert!(
        gaps.iter().all(|gap| (DAY..DAY * 3 / 2).contains(gap)),
        "once a day: {gaps:?}"
    );
    assert!(world.titles().len() > 20, "and what they hid is seen");
}

async fn validators_survive_restart_and_crash(world: World) {
    let site = world.site().await;
    site.set(
        "/rss",
        Reply::ok(RSS, rss(&["1", "2"]))
            .header("etag", "\"a\"")
            .header("last-modified", MODIFIED),
    );
    let daemon = world.polling(&site, "/rss");
    while world.store.inside().commits.is_empty() {
        pass(Duration::from_millis(1)).await;
    }
    daemon.crash().await;
    let state = world.state().await;
    assert_eq!(state.validators.etag.as_deref(), Some("\"a\""));
    let due = state
        .next_poll
        .expect("with the validators, the schedule moved on");
    assert!(due > world.now());
    assert_eq!(world.titles().len(), 2, "and what came with them is kept");

    let daemon = world.polling(&site, "/rss");
    pass(DAY).await;
    daemon.stop().await;
    let requests = site.requests();
    assert!(requests.len() > 1, "it is polled again");
    assert!(world.time_of(&requests[1]) >= due, "not before its time");
    for request in &requests[1..] {
        assert_eq!(validators(request), (Some("\"a\""), Some(MODIFIED)));
    }
    let daemon = world.daemon(vec![feed("otro", &site.url("/rss"))]);
    pass(MINUTE).await;
    daemon.stop().await;
    let last = site.requests().pop().expect("a request");
    assert!(!is_conditional(&last), "they are that feed's");
}
