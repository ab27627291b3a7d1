//! Pace: sentences 12 to 19.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use chrono::{Datelike, Timelike, Weekday};
use fetcher::Feed;
use story::Timestamp;
use testkit::{Reply, Request, Site};

use crate::{
    documents::{RSS, busy_items, channel, gaps, http_date, rss_of_pages, served},
    sentences,
    world::{DAY, HOUR, MINUTE, World, feed, pass},
};

sentences! {
    12 no_conditional_poll_within_the_hour "a feed is polled at most once an hour, unless operator or feed give leave for more";
    13 the_gap_outlives_restarts_and_refreshes "two requests for a feed keep their gap, whatever is restarted, reloaded or refreshed";
    14 no_second_get_in_one_cycle "one poll asks for an address once";
    15 freshness_postpones "max-age and Expires postpone the next poll, within bounds";
    16 the_feeds_own_hints_postpone "ttl, sy:update…, skipHours and skipDays are honoured, within bounds";
    17 polls_are_spread_by_a_stable_phase "feeds of one interval are spread by a stable phase, and a start is no stampede";
    18 requests_to_a_host_are_serial_and_spaced "requests to one host, by domain and by address, come one by one with a gap";
    19 no_addresses_are_invented "nothing is asked for that nobody named";
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
    let gaps = busy_gaps(&world, interval, elements, headers, 4).await;
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
    let bound = world.settings.max_interval * 11 / 10;
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
    let bound = world.settings.max_interval * 11 / 10;
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

/// When each of many feeds is polled the first and the second time, in seconds from the start.
async fn first_polls(world: &World, feeds: usize) -> Vec<(u64, u64)> {
    let begun = tokio::time::Instant::now().into_std();
    let site = world.site().await;
    site.set_handler("/", |request| served(&[&request.path]));
    let paths: Vec<_> = (0..feeds).map(|feed| format!("/rss/{feed:02}")).collect();
    let of_path = |path: &String| feed(&path[1..].replace('/', "-"), &site.url(path));
    let daemon = world.daemon(paths.iter().map(of_path).collect());
    pass(HOUR * 4).await;
    daemon.stop().await;
    let seconds = |request: &Request| (request.at - begun).as_secs();
    paths
        .iter()
        .map(|path| {
            let polls = site.requests_to(path);
            assert!(polls.len() > 1, "{path} is polled again");
            (seconds(&polls[0]), seconds(&polls[1]))
        })
        .collect()
}

async fn polls_are_spread_by_a_stable_phase(mut world: World) {
    const FEEDS: usize = 40;
    world.settings.host_gap = Duration::from_millis(1);
    world.settings.poll_starts_per_second = 4;
    let polls = first_polls(&world.anew(), FEEDS).await;
    let last = polls
        .iter()
        .map(|(first, _)| *first)
        .max()
        .unwrap_or_default();
    for second in 0..=last {
        let starts = polls.iter().filter(|(first, _)| *first == second).count();
        assert!(starts <= 5, "{starts} starts in second {second}");
    }
    assert!(
        (9..30).contains(&last),
        "forty starts, four a second, took {last} s"
    );

    let mut tenths = [0; 10];
    for (_, second) in &polls {
        tenths[((*second % 3600) / 360) as usize] += 1;
    }
    assert!(
        tenths.iter().all(|polls| *polls <= FEEDS / 4),
        "spread over the hour: {tenths:?}"
    );
    pass(MINUTE * 7 - Duration::from_secs(4)).await;
    let begun = world.anew();
    let again = first_polls(&begun, FEEDS).await;
    let by_clock = polls
        .iter()
        .zip(&again)
        .all(|((_, one), (_, other))| one.abs_diff(*other) < 360);
    assert!(by_clock, "stable: {polls:?} {again:?}");
}

async fn requests_to_a_host_are_serial_and_spaced(world: World) {
    let gap = world.settings.host_gap;
    let site = world.site().await;
    let slow = Duration::from_secs(3);
    for path in ["/1", "/2", "/3", "/4"] {
        site.set(path, Reply::ok("text/html", path).delay(slow));
    }
    site.set(
        "/rss",
        Reply::ok(RSS, rss_of_pages(&site.url(""), &["/1", "/2", "/3", "/4"])).delay(slow),
    );
    site.set("/otro", served(&["1"]).delay(slow));
    let other = world.site().await; // on another port of the same machine
    other.set("/rss", served(&["1"]).delay(slow));
    let by_name = format!("http://localhost:{}/otro", site.address().port());
    let feeds = [
        ("uno", site.url("/rss")),
        ("dos", site.url("/otro")),
        ("tres", other.url("/rss")),
        ("cuatro", by_name),
    ];
    let daemon = world.daemon(feeds.iter().map(|(id, url)| feed(id, url)).collect());
    pass(MINUTE * 10).await;
    daemon.stop().await;
    assert_eq!(
        (site.requests_at_once_max(), other.requests_at_once_max()),
        (1, 1)
    );
    let mut requests = [site.requests(), other.requests()].concat();
    requests.sort_by_key(|request| request.at);
    assert_eq!(requests.len(), 9, "four feeds, four pages, a robots.txt");
    let gaps_of_all = gaps(&requests);
    let paths: Vec<_> = requests
        .iter()
        .map(|request| request.path.as_str())
        .collect();
    assert!(
        gaps_of_all.iter().all(|between| *between >= gap),
        "{paths:?} {gaps_of_all:?}"
    );
    assert!(
        gaps_of_all.iter().all(|between| *between <= gap * 4),
        "it goes on: {gaps_of_all:?}"
    );

    let mut world = world.anew();
    let outside = world.by_way_of_the_world().await;
    let hosts = [
        "norte.diario.com",
        "sur.diario.com",
        "diario.com",
        "uno.com.co",
        "dos.com.co",
    ];
    for host in hosts {
        let url = format!("http://{host}/rss");
        outside.set(&url, served(&["1"]).delay(slow));
    }
    let begun = tokio::time::Instant::now().into_std();
    let feeds = hosts
        .iter()
        .enumerate()
        .map(|(number, host)| feed(&format!("f{number}"), &format!("http://{host}/rss")));
    let daemon = world.daemon(feeds.collect());
    pass(MINUTE * 10).await;
    daemon.stop().await;
    let requests = outside.requests();
    let (of_one, others): (Vec<_>, Vec<_>) = requests
        .into_iter()
        .partition(|request| request.path.contains("diario.com"));
    let between = gaps(&of_one);
    assert!(
        between.len() == 2
            && between
                .iter()
                .all(|between| *between >= gap && *between <= gap * 4),
        "one domain: {between:?}"
    );
    assert!(
        others.iter().all(|request| request.at - begun < gap),
        "others do not wait for it"
    );

    let world = world.anew();
    let slow = Duration::from_secs(20);
    let labouring = world.site().await;
    for path in ["/rss/1", "/rss/2"] {
        labouring.set(path, served(&[path]).delay(slow));
    }
    let daemon = world.daemon(
        ["1", "2"]
            .map(|id| feed(id, &labouring.url(&format!("/rss/{id}"))))
            .into(),
    );
    pass(MINUTE * 10).await;
    daemon.stop().await;
    let between = gaps(&labouring.requests());
    assert!(
        between[0] >= slow * 2 && between[0] <= slow * 4,
        "a server in trouble gets time: {between:?}"
    );
}

async fn no_addresses_are_invented(world: World) {
    let site = world.site().await;
    let page = "<html><head><link rel=icon href=/icon.png></head><a href=/otra>otra</a><img src=/foto.jpg></html>";
    site.set(
        "/rss",
        Reply::ok(
            RSS,
            rss_of_pages(&site.url(""), &["/nota/1?a=b", "/falta", "/mudada"]),
        ),
    );
    site.set("/nota/1", Reply::ok("text/html", page));
    site.set("/mudada", Reply::redirect(301, "/nota/2"));
    site.set("/nota/2", Reply::ok("text/html", page));
    site.set(
        "/portada",
        Reply::ok(
            "text/html",
            page.replace("icon", "alternate type=application/rss+xml"),
        ),
    );
    let feeds = ["/rss", "/portada", "/vacio", "/"]
        .map(|path| feed(&format!("f{}", path.len()), &site.url(path)));
    let daemon = world.daemon(feeds.into());
    pass(DAY * 2).await;
    daemon.stop().await;
    let asked: BTreeSet<_> = site
        .requests()
        .into_iter()
        .map(|request| request.path)
        .collect();
    let named = [
        "/",
        "/falta",
        "/mudada",
        "/nota/1?a=b",
        "/nota/2",
        "/portada",
        "/robots.txt",
        "/rss",
        "/vacio",
    ];
    assert_eq!(Vec::from_iter(asked), named);
}
