//! "Not modified", and when it is to be believed: sentences 8 to 10.

use story::{Health, Timestamp};
use testkit::{Reply, Request};

use crate::{
    documents::{RSS, busy_items, channel, gaps, is_conditional, served},
    sentences,
    world::{DAY, HOUR, MINUTE, World, pass},
};

sentences! {
    8 a_304_is_success_and_heals_no_parse_failure "a 304 is a success without items, and no cure for an unreadable feed";
    9 an_unasked_304_is_an_error_and_retried_once "a 304 nobody asked for is an error, and retried once unconditionally";
    10 lying_validators_are_found_out "validators that hide changes are found out by a rare audit, and not used again";
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
