//! Status codes other than redirects: sentences 24 to 26 and 30 to 34.

use std::time::Duration;

use story::Health;
use testkit::{Reply, Site};

use crate::{
    documents::{RSS, gaps, http_date, is_conditional, rss, served},
    sentences,
    world::{DAY, HOUR, MINUTE, World, feed, pass},
};

sentences! {
    24 retry_after_is_honoured_in_both_forms "Retry-After is honoured as seconds and as a date, on any status, up to a bound";
    25 overload_without_a_word_backs_off_by_host "429 and 503 without Retry-After back off exponentially, with jitter, by host";
    26 retry_after_is_for_the_whole_host "Retry-After from one feed postpones all of its host";
    30 gone_is_left_alone_for_a_month "410 stops polling until a probe after a month";
    31 missing_is_asked_less_and_never_forgotten "404 and lost names are asked less and less, down to monthly";
    32 refused_is_blocked_and_not_down "401, 402 and 403 are blocked, and many 403 are rate limiting";
    33 a_challenge_is_an_error_and_costs_nothing "a challenge in place of the feed is an error that changes nothing else";
    34 a_part_is_never_the_whole "what came in part is read, and its validators are not kept";
}

/// Polls of a feed that is answered so first, and well from then on: the wait between the two.
async fn wait_after(world: &World, reply: Reply) -> Duration {
    let world = world.anew();
    let site = world.site().await;
    site.set_series("/rss", [reply, served(&["1"])]);
    site.set("/otro", served(&["1"]));
    let daemon = world.polling(&site, "/rss");
    let mut hours = 0..9 * 24;
    while site.requests_to("/rss").len() < 2 && hours.next().is_some() {
        pass(HOUR).await;
    }
    daemon.stop().await;
    let requests = site.requests_to("/rss");
    assert!(requests.len() > 1, "it is never asked again");
    assert_eq!(world.state().await.health, Health::Ok);
    requests[1].at - requests[0].at
}

async fn retry_after_is_honoured_in_both_forms(world: World) {
    for status in [429, 503, 403, 404, 500, 302] {
        for asked in [HOUR * 3, HOUR * 88] {
            let reply = match status {
                302 => Reply::redirect(302, "/otro"),
                status => Reply::status(status),
            };
            let seconds = asked.as_secs().to_string();
            let at = http_date(world.now() + asked + Duration::from_secs(1)); // to the second
            for value in [seconds, at] {
                let said = format!("{status} and Retry-After: {value}");
                let at = World::new(world.pacemaker.clone());
                let value = if value.contains("GMT") {
                    http_date(at.now() + asked + Duration::from_secs(1))
                } else {
                    value
                };
                let wait = wait_after(&world, reply.clone().header("retry-after", &value)).await;
                assert!(wait >= asked, "{said}: asked again after {wait:?}");
                assert!(
                    wait <= asked * 5 / 4 + HOUR * 2,
                    "{said}: not before {wait:?}"
                );
            }
        }
    }
    let wait = wait_after(
        &world,
        Reply::status(503).header("retry-after", "99999999999"),
    )
    .await;
    assert!(wait >= DAY && wait <= DAY * 8, "there is a bound: {wait:?}");
    let wait = wait_after(&world, Reply::status(503).header("retry-after", "0")).await;
    assert!(
        wait >= Duration::from_secs(1) && wait <= HOUR * 3,
        "{wait:?}"
    );
}

/// A daemon that polls so many feeds of one site, for a time.
async fn poll_many(world: &World, site: &Site, feeds: usize, time: Duration) {
    let feeds =
        (0..feeds).map(|number| feed(&format!("f{number}"), &site.url(&format!("/rss/{number}"))));
    let daemon = world.daemon(feeds.collect());
    pass(time).await;
    daemon.stop().await;
}

/// The waits between requests to a site of eight feeds that always refuses so, over two days.
async fn backoff_of_host(world: &World, reply: Reply) -> Vec<Duration> {
    let world = world.anew();
    let site = world.site().await;
    site.set_handler("/", move |_| reply.clone());
    poll_many(&world, &site, 8, DAY * 2).await;
    gaps(&site.requests())
}

async fn overload_without_a_word_backs_off_by_host(world: World) {
    for status in [429, 503] {
        let waits = backoff_of_host(&world, Reply::status(status)).await;
        assert!(
            (5..=70).contains(&waits.len()),
            "{status}: {} requests in two days",
            waits.len()
        );
        let minutes: Vec<_> = waits.iter().map(|wait| wait.as_secs() / 60).collect();
        let late = waits[waits.len() / 2..].iter().min().expect("waits");
        assert!(
            *late >= waits[0] * 2,
            "{status}: the waits grow: {minutes:?} min"
        );
        assert!(
            waits.iter().all(|wait| *wait <= DAY * 5 / 4),
            "and stay bounded: {minutes:?} min"
        );
        let again = backoff_of_host(&world, Reply::status(status)).await;
        let jitter = waits
            .iter()
            .zip(&again)
            .any(|(one, other)| one.abs_diff(*other) > Duration::from_millis(50));
        assert!(jitter, "{status}: the waits have jitter");
    }
    let site = world.site().await;
    site.set_series("/rss/0", [Reply::status(429), served(&["1"])]);
    site.set_handler("/rss/1", |_| served(&["1"]));
    poll_many(&world, &site, 2, HOUR * 5).await;
    let waits = gaps(&site.requests());
    assert!(
        waits[0] >= world.settings.host_gap && waits.len() > 3,
        "{waits:?}"
    );
    assert!(
        waits.iter().all(|wait| *wait < HOUR * 3),
        "one refusal is soon forgotten: {waits:?}"
    );
}

async fn retry_after_is_for_the_whole_host(world: World) {
    // The second start knows of the refusal only from what was stored.
    for restarted in [false, true] {
        let world = world.anew();
        let site = world.site().await;
        let refusal = Reply::status(429).header("retry-after", "7200");
        site.set_series("/rss/0", [refusal, served(&["1"])]);
        site.set_handler("/rss/", |_| served(&["1"]));
        if restarted {
            poll_many(&world, &site, 1, MINUTE * 10).await;
        }
        poll_many(&world, &site, 4, HOUR * 8).await;
        let requests = site.requests();
        assert_eq!(requests[0].path, "/rss/0");
        let next = requests[1].at - requests[0].at;
        assert!(
            (HOUR * 2..=HOUR * 4).contains(&next),
            "{} was asked after {next:?}",
            requests[1].path
        );
        for number in 0..4 {
            let path = format!("/rss/{number}");
            let least = 1 + usize::from(number == 0);
            let asked = site.requests_to(&path).len();
            assert!(asked >= least, "{path} is asked in the end");
        }
    }
}

async fn gone_is_left_alone_for_a_month(world: World) {
    let site = world.site().await;
    site.set_series(
        "/rss",
        [
            served(&["1"]),
            Reply::status(410),
            Reply::status(410),
            served(&["2"]),
        ],
    );
    for days in [2, 10, 60] {
        let daemon = world.polling(&site, "/rss");
        pass(DAY * days).await;
        daemon.stop().await;
        if days < 60 {
            assert_eq!(world.state().await.health, Health::Gone);
        }
    }
    let waits = gaps(&site.requests());
    assert!(waits.len() > 3, "it is probed: {waits:?}");
    assert!(
        waits[1..3]
            .iter()
            .all(|wait| (DAY * 30..DAY * 33).contains(wait)),
        "after a month: {waits:?}"
    );
    assert!(waits[3] < DAY * 2, "and comes back to life: {waits:?}");
    assert_eq!(
        (world.state().await.health, world.titles().len()),
        (Health::Ok, 2)
    );
}

async fn missing_is_asked_less_and_never_forgotten(world: World) {
    let site = world.site().await;
    let daemon = world.polling(&site, "/rss");
    pass(DAY * 80).await;
    let waits = gaps(&site.requests());
    assert!(
        (5..=30).contains(&waits.len()),
        "{} requests in 80 days",
        waits.len()
    );
    assert!(
        waits.iter().all(|wait| *wait <= DAY * 30 + HOUR),
        "never forgotten: {waits:?}"
    );
    assert!(
        waits.windows(2).all(|pair| pair[1] * 5 >= pair[0] * 4),
        "less and less: {waits:?}"
    );
    assert!(
        waits[0] <= DAY && *waits.last().expect("waits") >= DAY * 25,
        "{waits:?}"
    );
    site.set("/rss", served(&["1"]));
    pass(DAY * 31).await;
    assert_eq!(
        (world.state().await.health, world.titles().len()),
        (Health::Ok, 1),
        "back to life"
    );
    daemon.stop().await;

    let lost = world.anew();
    // A name that is too long to be asked for anywhere.
    let nowhere = format!("http://{}.invalid/rss", "diario".repeat(11));
    let daemon = lost.daemon(vec![feed("diario", &nowhere)]);
    let mut last_wait = chrono::TimeDelta::zero();
    for polls in 1..=4 {
        while lost.store.inside().commits.len() < polls {
            pass(MINUTE).await;
        }
        let state = lost.state().await;
        let wait = state
            .next_poll
            .zip(state.last_poll)
            .map(|(next, last)| next - last)
            .expect("a schedule");
        assert!(
            wait.num_days() <= 30 && wait > last_wait * 5 / 4,
            "{wait} after {last_wait}"
        );
        assert_eq!(state.health, Health::Unreachable, "{}", state.last_result);
        last_wait = wait;
    }
    daemon.stop().await;
}

async fn refused_is_blocked_and_not_down(world: World) {
    for status in [401, 402, 403] {
        let world = world.anew();
        let site = world.site().await;
        site.set_series("/rss", [served(&["1"]), Reply::status(status)]);
        let daemon = world.polling(&site, "/rss");
        pass(DAY * 2).await;
        daemon.stop().await;
        let state = world.state().await;
        assert_eq!(state.health, Health::Blocked, "{status}");
        assert!(
            state.health_why.contains(&status.to_string()),
            "{}",
            state.health_why
        );
        let requests = site.requests().len();
        assert!(
            (3..=16).contains(&requests),
            "{status}: {requests} requests in two days"
        );
    }
    let waits = backoff_of_host(&world, Reply::status(403)).await;
    let minutes: Vec<_> = waits.iter().map(|wait| wait.as_secs() / 60).collect();
    assert!(
        (5..=70).contains(&waits.len()),
        "{} requests in two days: {minutes:?} min",
        waits.len()
    );
    let late = waits[waits.len() / 2..].iter().min().expect("waits");
    assert!(
        *late >= MINUTE * 5,
        "it is left alone as a whole: {minutes:?} min"
    );
}

async fn a_challenge_is_an_error_and_costs_nothing(world: World) {
    let page = "<!doctype html><title>Just a moment...</title><p>Comprobando su navegador";
    for challenge in [
        Reply::ok("text/html", page).header("cf-mitigated", "challenge"),
        Reply::ok("text/html", page),
        Reply::status(202).header("x-amzn-waf-action", "challenge"),
        Reply::status(202)
            .header("content-type", "text/html")
            .body(page),
    ] {
        let world = world.anew();
        let site = world.site().await;
        let challenge = challenge.header("etag", "\"challenge\"");
        site.set_series(
            "/rss",
            [
                served(&["1", "2"]).header("etag", "\"feed\""),
                challenge.clone(),
            ],
        );
        let daemon = world.polling(&site, "/rss");
        pass(DAY * 2).await;
        daemon.stop().await;
        let requests = site.requests();
        assert!(requests.len() > 3, "{} requests", requests.len());
        for request in &requests[1..] {
            assert_eq!(
                request.header("if-none-match"),
                Some("\"feed\""),
                "the old validators stay"
            );
        }
        let state = world.state().await;
        assert!(
            state.health == Health::Blocked && state.failures > 1,
            "{challenge:?}: {}",
            state.last_result
        );
        assert_eq!(world.titles().len(), 2);
    }
}

async fn a_part_is_never_the_whole(mut world: World) {
    world.settings.feed_bytes_max = 2000;
    let guids: Vec<_> = (100..140).map(|number| number.to_string()).collect();
    let guids: Vec<_> = guids.iter().map(String::as_str).collect();
    let whole = rss(&guids[..15]);
    assert!(whole.len() < 2000);
    for (name, part) in [
        (
            "206",
            Reply::status(206)
                .header("content-type", RSS)
                .body(whole.clone()),
        ),
        (
            "truncated",
            Reply::ok(RSS, whole.clone()).truncated_at(1000),
        ),
        (
            "slow",
            Reply::ok(RSS, whole.clone()).drip(100, Duration::from_secs(3)),
        ),
        ("over the cap", Reply::ok(RSS, rss(&guids))),
    ] {
        let world = world.anew();
        let site = world.site().await;
        site.set_series(
            "/rss",
            [part.header("etag", "\"part\""), served(&guids[..15])],
        );
        let daemon = world.polling(&site, "/rss");
        pass(MINUTE * 5).await;
        let read = world.titles().len();
        assert!(read >= 5, "{name}: read as far as it came: {read}");
        let why = world.state().await;
        assert!(
            why.last_result.len() > "200 with 15 entries".len(),
            "{name}: told as a part: {}",
            why.last_result
        );
        pass(DAY).await;
        daemon.stop().await;
        let requests = site.requests();
        assert!(
            requests.len() > 1 && !is_conditional(&requests[1]),
            "{name}: its validators are not kept"
        );
        assert!(world.titles().len() >= 15, "{name}: the rest comes later");
    }
}
