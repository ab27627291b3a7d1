//! Conditional requests: sentences 1 to 7, and 11.

use std::time::Duration;

use testkit::{Reply, Request};

use crate::{
    documents::{RSS, channel, gaps, http_date, is_conditional, rss, served, validators},
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
    11 validators_survive_restart_and_crash "validators survive a restart and a crash";
}

const MODIFIED: &str = "Mon, 05 Jan 2026 03:07:00 GMT";
const LATER: &str = "Mon, 05 Jan 2026 11:30:00 GMT";

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
            Reply::status(304).header("last-modified", LATER),
        ],
    );
    let daemon = world.polling(&site, "/rss");
    pass(DAY * 4).await;
    daemon.stop().await;
    let requests = site.requests_to("/rss");
    assert!(
        requests.len() >= 5,
        "{} requests in four days",
        requests.len()
    );
    assert_eq!(validators(&requests[1]), (Some("\"a\""), Some(MODIFIED)));
    assert_eq!(validators(&requests[2]), (Some("\"b\""), Some(MODIFIED)));
    assert_eq!(validators(&requests[3]), (Some("\"b\""), Some(MODIFIED)));
    assert_eq!(validators(&requests[4]), (Some("\"b\""), Some(LATER)));
    let gaps = gaps(&requests);
    assert!(
        gaps[0] >= HOUR * 2 && gaps[0] < HOUR * 9,
        "the first answer's max-age: {gaps:?}"
    );
    assert!(gaps[1] >= HOUR * 9, "the max-age of a 304 counts: {gaps:?}");
    assert!(gaps[2] >= HOUR * 9, "what a 304 leaves out stays: {gaps:?}");

    let world = world.anew();
    let tomorrow = http_date(world.now() + DAY);
    let unchanged = Reply::status(304).header("expires", &tomorrow);
    site.set_series("/otro", [served(&["1"]).etag("\"a\""), unchanged]);
    let daemon = world.polling(&site, "/otro");
    pass(DAY * 2).await;
    daemon.stop().await;
    let gaps = super::documents::gaps(&site.requests_to("/otro"));
    assert!(
        gaps[0] < HOUR * 3 && gaps[1] >= HOUR * 20,
        "the Expires of a 304 counts: {gaps:?}"
    );
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
