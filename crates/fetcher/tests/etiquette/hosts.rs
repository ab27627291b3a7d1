//! The pace of many feeds, and what hosts are asked for: sentences 17 to 19.

use std::{collections::BTreeSet, time::Duration};

use testkit::{Reply, Request};

use crate::{
    documents::{RSS, gaps, rss_of_pages, served},
    sentences,
    world::{DAY, HOUR, MINUTE, World, feed, pass},
};

sentences! {
    17 polls_are_spread_by_a_stable_phase "feeds of one interval are spread by a stable phase, and a start is no stampede";
    18 requests_to_a_host_are_serial_and_spaced "requests to one host, by domain and by address, come one by one with a gap";
    19 no_addresses_are_invented "nothing is asked for that nobody named";
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
    pass(Duration::from_secs(7 * 60 - 4)).await;
    let begun = world.anew();
    let again = first_polls(&begun, FEEDS).await;
    let by_clock = polls
        .iter()
        .zip(&again)
        .all(|((_, one), (_, other))| one.abs_diff(*other) < 360);
    assert!(by_clock, "stable: {polls:?} {again:?}");
}

async fn requests_to_a_host_are_serial_and_spaced(world: World) {
    one_machine_is_asked_by_one(world.anew()).await;
    one_domain_is_asked_by_one(world.anew()).await;
    a_slow_machine_gets_time(world.anew()).await;
    as_many_at_once_as_are_allowed(world).await;
}

async fn as_many_at_once_as_are_allowed(mut world: World) {
    world.settings.host_concurrency = 3;
    let site = world.site().await;
    site.set_handler("/", |_| served(&["1"]).delay(Duration::from_secs(25)));
    let feed_of = |number| feed(&format!("f{number}"), &site.url(&format!("/{number}")));
    let daemon = world.daemon((0..6).map(feed_of).collect());
    pass(MINUTE * 30).await;
    daemon.stop().await;
    let requests = site.requests();
    assert_eq!((requests.len(), site.requests_at_once_max()), (6, 3));
    let gap = world.settings.host_gap;
    assert!(gaps(&requests).iter().all(|between| *between >= gap));
}

/// By number and by name, at one port and another.
async fn one_machine_is_asked_by_one(world: World) {
    let gap = world.settings.host_gap;
    let slow = Duration::from_secs(3);
    let site = world.site().await;
    let pages = ["/1", "/2", "/3", "/4"];
    for path in pages {
        site.set(path, Reply::ok("text/html", path).delay(slow));
    }
    let with_pages = Reply::ok(RSS, rss_of_pages(&site.url(""), &pages));
    site.set("/rss", with_pages.delay(slow));
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
    let at_once = [&site, &other].map(|site| site.requests_at_once_max());
    assert_eq!(at_once, [1, 1]);
    let mut requests = [site.requests(), other.requests()].concat();
    requests.sort_by_key(|request| request.at);
    let paths: Vec<_> = requests.iter().map(|request| &request.path).collect();
    assert_eq!(paths.len(), 9, "four feeds, four pages, a robots.txt");
    let between = gaps(&requests);
    assert!(
        between
            .iter()
            .all(|between| (gap..=gap * 4).contains(between)),
        "{paths:?} {between:?}"
    );
}

/// Under one name and another, while other domains wait for none of them.
async fn one_domain_is_asked_by_one(mut world: World) {
    let gap = world.settings.host_gap;
    let outside = world.by_way_of_the_world().await;
    let hosts = [
        "norte.diario.com",
        "sur.diario.com",
        "diario.com",
        "uno.com.co",
        "dos.com.co",
    ];
    let begun = tokio::time::Instant::now().into_std();
    let feeds = hosts.map(|host| {
        let url = format!("http://{host}/rss");
        outside.set(&url, served(&["1"]).delay(Duration::from_secs(3)));
        feed(&host.replace('.', "-"), &url)
    });
    let daemon = world.daemon(feeds.into());
    pass(MINUTE * 10).await;
    daemon.stop().await;
    let (of_one, others): (Vec<_>, Vec<_>) = outside
        .requests()
        .into_iter()
        .partition(|request| request.path.contains("diario.com"));
    let between = gaps(&of_one);
    assert_eq!((between.len(), others.len()), (2, 2));
    assert!(
        between
            .iter()
            .all(|between| (gap..=gap * 4).contains(between)),
        "one domain: {between:?}"
    );
    assert!(
        others.iter().all(|request| request.at - begun < gap),
        "others do not wait for it"
    );
}

async fn a_slow_machine_gets_time(world: World) {
    let slow = Duration::from_secs(20);
    let site = world.site().await;
    let feeds = ["uno", "dos"].map(|id| {
        let path = format!("/{id}");
        site.set(&path, served(&[id]).delay(slow));
        feed(id, &site.url(&path))
    });
    let daemon = world.daemon(feeds.into());
    pass(MINUTE * 10).await;
    daemon.stop().await;
    let between = gaps(&site.requests());
    assert!(
        between.len() == 1 && (slow * 2..=slow * 4).contains(&between[0]),
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
