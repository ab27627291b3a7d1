//! The pace of one feed: sentences 12 to 16.

use std::{sync::Arc, time::Duration};

use chrono::{Datelike, Timelike, Weekday};
use fetcher::Feed;
use story::Timestamp;
use testkit::{Reply, Request, Site};

use crate::{
    documents::{RSS, busy_items, channel, gaps, http_date, served},
    sentences,
    world::{DAY, HOUR, MINUTE, World, feed, pass},
};

sentences! {
    12 no_conditional_poll_within_the_hour "a feed is polled at most once an hour, unless operator or feed give leave for more";
    13 the_gap_outlives_restarts_and_refreshes "two requests for a feed keep their gap, whatever is restarted, reloaded or refreshed";
    14 no_second_get_in_one_cycle "one poll asks for an address once";
    15 freshness_postpones "max-age and Expires postpone the next poll, within bounds";
    16 the_feeds_own_hints_postpone "ttl, sy:update…, skipHours and skipDays are honoured, within bounds";
}

const BUSY: Duration = Duration::from_mins(5);

/// A site with a feed at `/rss` that shows something new all the time, has these elements, and is
/// served with these headers.
async fn busy_site(world: &World, elements: &str, headers: &[(&str, &str)]) -> Arc<Site> {
    let site = world.site().await;
    let (begun, begin) = (tokio::time::Instant::now().into_std(), world.now());
    let elements = elements.to_owned();
    let reply = headers.iter().fold(
        Reply::status(200).header("content-type", RSS),
        |reply, (name, value)| reply.header(name, value),
    );
    site.set_handler("/rss", move |request: &Request| {
        let now: Timestamp = begin + (request.at - begun);
        reply
            .clone()
            .body(channel(&elements, &busy_items(now, BUSY)))
    });
    site
}

/// The waits between polls of a busy feed over so many days.
async fn busy_gaps(
    world: &World,
    interval: Option<Duration>,
    elements: &str,
    headers: &[(&str, &str)],
    days: u32,
) -> Vec<Duration> {
    let site = busy_site(world, elements, headers).await;
    let daemon = world.daemon(vec![Feed {
        interval,
        ..feed("diario", &site.url("/rss"))
    }]);
    pass(DAY * days).await;
    daemon.stop().await;
    let gaps = gaps(&site.requests());
    assert!(gaps.len() > 1, "{} polls in {days} days", gaps.len() + 1);
    gaps
}

/// Checks that a busy feed is polled no sooner than `least`, and not much later.
async fn check_gaps(
    world: &World,
    interval: Option<Duration>,
    elements: &str,
    headers: &[(&str, &str)],
    least: Duration,
) {
    let world = world.anew();
    let days = if least > HOUR { 4 } else { 1 };
    let gaps = busy_gaps(&world, interval, elements, headers, days).await;
    let said = format!("{interval:?} {elements} {headers:?}: {gaps:?}");
    assert!(
        gaps.iter().all(|gap| *gap >= least),
        "at least {least:?}, {said}"
    );
    // A feed's own place in its interval may put the first one off by another interval.
    assert!(gaps[0] < least * 9 / 4, "{said}");
    assert!(
        gaps[1..].iter().all(|gap| *gap < least * 5 / 4),
        "not much more than {least:?}, {said}"
    );
}

async fn no_conditional_poll_within_the_hour(world: World) {
    check_gaps(&world, None, "", &[], HOUR).await;
    check_gaps(&world, None, "", &[("etag", "\"never the same\"")], HOUR).await;
    check_gaps(&world, Some(MINUTE * 10), "", &[], MINUTE * 10).await;
    check_gaps(&world, Some(MINUTE), "", &[], MINUTE * 5).await;
    let by_hint = busy_gaps(&world.anew(), None, "<ttl>20</ttl>", &[], 2).await;
    assert!(
        by_hint
            .iter()
            .all(|gap| *gap >= MINUTE * 20 && *gap < HOUR * 5 / 2),
        "{by_hint:?}"
    );
}

async fn the_gap_outlives_restarts_and_refreshes(world: World) {
    let site = busy_site(&world, "", &[]).await;
    for _ in 0..8 {
        let daemon = world.polling(&site, "/rss");
        pass(MINUTE * 3).await;
        daemon.stop().await;
    }
    assert_eq!(
        site.requests().len(),
        1,
        "requests in 24 minutes and eight starts"
    );
    let reloaded = Feed {
        interval: Some(MINUTE * 40),
        ..feed("diario", &site.url("/rss"))
    };
    let daemon = world.daemon(vec![reloaded]);
    pass(HOUR * 3).await;
    daemon.stop().await;
    let gaps = gaps(&site.requests());
    assert!(
        gaps.len() > 1 && gaps.iter().all(|gap| *gap >= MINUTE * 40),
        "{gaps:?}"
    );

    let world = world.anew();
    for _ in 0..3 {
        world.pass(&site, "/rss?").await;
    }
    let refreshed = site.requests_to("/rss?");
    assert_eq!(refreshed.len(), 3, "who asks for a refresh gets it");
    let gaps = super::documents::gaps(&refreshed);
    assert!(
        gaps.iter().all(|gap| *gap >= world.settings.host_gap),
        "the gap of the host: {gaps:?}"
    );
}

async fn no_second_get_in_one_cycle(world: World) {
    let site = world.site().await;
    site.set("/rss", Reply::redirect(301, "/a"));
    site.set("/a", Reply::redirect(302, "/b"));
    site.set("/b", served(&["1"]));
    site.set("/self", Reply::redirect(301, "/self"));
    site.set("/ping", Reply::redirect(302, "/pong"));
    site.set("/pong", Reply::redirect(302, "/ping#otra-vez"));
    site.set(
        "/html",
        Reply::ok(
            "text/html",
            "<html><link rel=alternate type='application/rss+xml' href='/html'></html>",
        ),
    );
    for path in ["/rss", "/self", "/ping", "/html", "/nada"] {
        world.anew().pass(&site, path).await;
    }
    let mut paths: Vec<_> = site
        .requests()
        .into_iter()
        .map(|request| request.path)
        .collect();
    paths.sort();
    assert_eq!(
        paths,
        [
            "/a", "/b", "/html", "/nada", "/ping", "/pong", "/rss", "/self"
        ]
    );
}

async fn freshness_postpones(world: World) {
    let in_six_hours = "Mon, 05 Jan 2026 18:00:00 GMT";
    let max_age = |seconds| [("cache-control", seconds)];
    check_gaps(
        &world,
        None,
        "",
        &max_age("public, max-age=14400"),
        HOUR * 4,
    )
    .await;
    check_gaps(
        &world,
        Some(MINUTE * 10),
        "",
        &max_age("max-age=14400"),
        HOUR * 4,
    )
    .await;
    check_gaps(
        &world,
        None,
        "",
        &[
            ("cache-control", "max-age=10800"),
            ("expires", in_six_hours),
        ],
        HOUR * 3,
    )
    .await;
    check_gaps(
        &world,
        None,
        "",
        &max_age("max-age=0, must-revalidate"),
        HOUR,
    )
    .await;
    check_gaps(&world, None, "", &[("expires", "0")], HOUR).await;

    let site = world.site().await;
    let (begun, begin) = (tokio::time::Instant::now().into_std(), world.now());
    site.set_handler("/rss", move |request| {
        let now = begin + (request.at - begun);
        served(&[&now.to_string()]).header("expires", &http_date(now + HOUR * 6))
    });
    let daemon = world.polling(&site, "/rss");
    pass(DAY * 3).await;
    daemon.stop().await;
    let by_date = gaps(&site.requests());
    assert!(
        by_date.len() > 3 && by_date.iter().all(|gap| *gap >= HOUR * 6),
        "{by_date:?}"
    );
    let clamped = busy_gaps(&world.anew(), None, "", &max_age("max-age=31536000"), 9).await;
    let bound = world.settings.max_interval * 9 / 8;
    assert!(
        clamped.iter().all(|gap| *gap >= HOUR * 23 && *gap <= bound),
        "within a day: {clamped:?}"
    );
}

/// When a feed with these elements is polled over nine days.
async fn poll_times(world: &World, elements: &str) -> Vec<Timestamp> {
    let mut world = world.anew();
    world.settings.max_interval = DAY * 3;
    let site = busy_site(&world, elements, &[]).await;
    let daemon = world.polling(&site, "/rss");
    pass(DAY * 9).await;
    daemon.stop().await;
    let requests = site.requests();
    assert!(requests.len() > 3, "{elements}: {} polls", requests.len());
    requests
        .iter()
        .map(|request| world.time_of(request))
        .collect()
}

async fn the_feeds_own_hints_postpone(world: World) {
    check_gaps(&world, None, "<ttl>180</ttl>", &[], HOUR * 3).await;
    check_gaps(
        &world,
        None,
        "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>",
        &[],
        HOUR * 6,
    )
    .await;
    let clamped = busy_gaps(&world.anew(), None, "<ttl>40320</ttl>", &[], 9).await;
    let bound = world.settings.max_interval * 9 / 8;
    assert!(
        clamped.iter().all(|gap| *gap >= HOUR * 23 && *gap <= bound),
        "within a day: {clamped:?}"
    );

    let hours = (0..12).fold(String::new(), |hours, hour| {
        hours + &format!("<hour>{hour}</hour>")
    });
    // The first poll cannot know; and a poll may start a moment after its time.
    let polls = poll_times(&world, &format!("<skipHours>{hours}</skipHours>")).await;
    assert!(polls[1..].iter().all(|at| at.hour() >= 12), "{polls:?}");
    assert!(
        polls
            .windows(2)
            .all(|pair| (pair[1] - pair[0]).num_hours() <= 15),
        "{polls:?}"
    );
    assert!(
        polls.len() > 80,
        "it is polled every hour else: {}",
        polls.len()
    );

    let days = "<skipDays><day>Wednesday</day><day>saturday</day></skipDays>";
    let polls = poll_times(&world, days).await;
    assert!(
        polls
            .iter()
            .all(|at| !matches!(at.weekday(), Weekday::Wed | Weekday::Sat)),
        "{polls:?}"
    );
    assert!(
        polls.len() > 120,
        "it is polled on the other days: {}",
        polls.len()
    );

    let all = (0..24).fold(String::new(), |hours, hour| {
        hours + &format!("<hour>{hour}</hour>")
    });
    let polls = poll_times(&world, &format!("<skipHours>{all}</skipHours>")).await;
    assert!(
        polls
            .windows(2)
            .all(|pair| (pair[1] - pair[0]).num_hours() <= 80),
        "never given up: {polls:?}"
    );
}
