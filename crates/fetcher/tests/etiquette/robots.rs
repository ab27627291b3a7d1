//! robots.txt, its coming and going: sentences 35 to 40, 44 and 45.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use fetcher::robots_verdict;
use testkit::{Reply, Request, Site};

use crate::{
    documents::{RSS, gaps, rss_of_pages},
    sentences,
    world::{DAY, Daemon, HOUR, MINUTE, World, pass},
};

sentences! {
    35 robots_is_fetched_before_the_first_article "each authority's robots.txt is asked for before its first article";
    36 five_redirects_lead_to_the_rules "five redirects are followed to robots.txt, and its rules are the first authority's";
    37 no_file_allows_everything "400 to 499 allows everything";
    38 an_unreachable_file_forbids_everything "500 to 599, a timeout or no connection forbids everything";
    39 a_month_unreachable_is_not_for_ever "after a month without the file, the copy or its absence counts";
    40 a_copy_is_used_for_a_day "a copy is used for a day, and longer only where the file cannot be had";
    44 crawl_delay_is_a_gap_with_a_cap "Crawl-delay is a least gap, up to a cap";
    45 the_deciding_line_can_be_seen "one sees which line allowed or forbade an address";
}

/// A site whose pages are there, with this robots.txt, whose feed at `/rss` shows these pages and
/// at `/rss/N` the page `/nota/N`.
pub(crate) async fn site_with(world: &World, robots: Reply, pages: &[&str]) -> Arc<Site> {
    let site = world.site().await;
    site.set("/robots.txt", robots);
    site.set("/rss", Reply::ok(RSS, rss_of_pages(&site.url(""), pages)));
    site.set_handler("/", |request| {
        Reply::ok("text/html", format!("<p>{}</p>", request.path))
    });
    site
}

pub(crate) fn file(text: &str) -> Reply {
    Reply::ok("text/plain", text.to_owned())
}

/// Lets a site's feed be polled for a time, and gives the paths of its pages that were asked for.
pub(crate) async fn pages_asked(world: &World, site: &Site, time: Duration) -> Vec<String> {
    let daemon = world.polling(site, "/rss");
    pass(time).await;
    daemon.stop().await;
    let other = |request: &Request| !["/rss", "/robots.txt"].contains(&request.path_only());
    let requests = site.requests().into_iter();
    let mut paths: Vec<_> = requests.filter(other).map(|request| request.path).collect();
    paths.sort();
    paths
}

async fn robots_is_fetched_before_the_first_article(world: World) {
    let site = site_with(&world, file("User-agent: *\nDisallow: /no"), &[]).await;
    let other = site_with(&world, file("User-agent: *\nDisallow: /aqui"), &[]).await;
    let pages = [
        site.url("/1"),
        site.url("/no"),
        other.url("/no"),
        other.url("/aqui"),
    ];
    site.set(
        "/rss",
        Reply::ok(RSS, rss_of_pages("", &pages.each_ref().map(String::as_str))),
    );
    pages_asked(&world, &site, HOUR / 2).await;
    let paths = |site: &Site| {
        site.requests()
            .into_iter()
            .map(|request| request.path)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        paths(&site),
        ["/rss", "/robots.txt", "/1"],
        "no file for a feed, one for all pages"
    );
    assert_eq!(
        paths(&other),
        ["/robots.txt", "/no"],
        "another port is another authority"
    );
}

async fn five_redirects_lead_to_the_rules(world: World) {
    let other = world.site().await;
    let site = site_with(
        &world,
        Reply::redirect(301, &other.url("/1")),
        &["/privado", "/2"],
    )
    .await;
    other.set("/1", Reply::redirect(302, "/2"));
    other.set("/2", Reply::redirect(307, "/3"));
    other.set("/3", Reply::redirect(308, &site.url("/reglas")));
    site.set("/reglas", Reply::redirect(301, &other.url("/fin.txt")));
    other.set("/fin.txt", file("User-agent: *\nDisallow: /privado"));
    let asked = pages_asked(&world, &site, HOUR / 2).await;
    assert_eq!(
        other.requests_to("/fin.txt").len(),
        1,
        "the fifth redirect is followed"
    );
    assert_eq!(
        asked,
        ["/2", "/reglas"],
        "the rules are those of the first authority"
    );

    let world = world.anew();
    let circle = site_with(&world, Reply::redirect(301, "/robots.txt"), &["/1"]).await;
    pages_asked(&world, &circle, HOUR / 2).await;
    assert!(
        circle.requests_to("/robots.txt").len() <= 11,
        "a circle is left"
    );
}

async fn no_file_allows_everything(world: World) {
    for status in [400, 401, 403, 404, 410, 451] {
        let world = world.anew();
        let site = site_with(
            &world,
            Reply::status(status).body("User-agent: *\nDisallow: /"),
            &["/1"],
        )
        .await;
        assert_eq!(
            pages_asked(&world, &site, HOUR / 2).await,
            ["/1"],
            "{status}"
        );
    }
}

async fn an_unreachable_file_forbids_everything(world: World) {
    for (name, reply) in [
        ("500", Reply::status(500)),
        ("503", Reply::status(503)),
        ("599", Reply::status(599)),
        ("timeout", file("User-agent: *\nAllow: /").hang()),
        ("hang-up", Reply::status(200).hang_up()),
        (
            "cut off",
            file("User-agent: *\nAllow: /\n# y nada m\u{e1}s").truncated_at(20),
        ),
    ] {
        let world = world.anew();
        let site = site_with(&world, reply, &["/1"]).await;
        let daemon = world.polling(&site, "/rss");
        pass(HOUR * 20).await;
        assert!(
            site.requests_to("/1").is_empty(),
            "{name}: asked for all the same"
        );
        assert!(
            daemon.without_page().is_empty(),
            "{name}: it waits for a day"
        );
        assert!(
            (2..=40).contains(&site.requests_to("/robots.txt").len()),
            "{name}: asked again, not hammered"
        );
        site.set("/robots.txt", file("User-agent: *\nDisallow: /x"));
        pass(HOUR * 6).await;
        assert_eq!(
            site.requests_to("/1").len(),
            1,
            "{name}: when it is back, so are the pages"
        );
        daemon.stop().await;
    }
}

/// A daemon on a feed that shows a new page every six hours, under `/nota` and under `/privado`.
fn with_news(world: &World, site: &Arc<Site>) -> Daemon {
    let begun = tokio::time::Instant::now().into_std();
    let base = site.url("");
    site.set_handler("/canal", move |request| {
        let edition = (request.at - begun).as_secs() / (6 * 3600);
        let pages = [format!("/nota/{edition}"), format!("/privado/{edition}")];
        Reply::ok(
            RSS,
            rss_of_pages(&base, &pages.each_ref().map(String::as_str)),
        )
    });
    world.polling(site, "/canal")
}

fn asked_under(site: &Site, prefix: &str) -> Vec<Request> {
    let requests = site.requests().into_iter();
    requests
        .filter(|request| request.path.starts_with(prefix))
        .collect()
}

async fn a_month_unreachable_is_not_for_ever(world: World) {
    let site = site_with(&world, file("User-agent: *\nDisallow: /privado"), &[]).await;
    let daemon = with_news(&world, &site);
    pass(HOUR * 5).await;
    site.set("/robots.txt", Reply::status(503));
    pass(DAY * 33).await;
    daemon.stop().await;
    let last = asked_under(&site, "/nota").pop().expect("a page");
    assert!(
        (world.now() - world.time_of(&last)).num_days() < 2,
        "pages are asked for still, or again"
    );

    let world = world.anew();
    let site = site_with(&world, Reply::status(500), &[]).await;
    let daemon = with_news(&world, &site);
    pass(DAY * 29).await;
    assert!(
        asked_under(&site, "/nota").is_empty(),
        "for a month it forbids everything"
    );
    pass(DAY * 4).await;
    assert!(
        !asked_under(&site, "/nota").is_empty(),
        "after that it may count as absent"
    );
    daemon.stop().await;
}

async fn a_copy_is_used_for_a_day(world: World) {
    let site = site_with(&world, file("User-agent: *\nDisallow: /privado"), &[]).await;
    let daemon = with_news(&world, &site);
    pass(HOUR * 40).await;
    daemon.stop().await;
    let daemon = with_news(&world, &site); // a restart keeps the copy
    pass(DAY * 3).await;
    let asked = site.requests_to("/robots.txt");
    assert!(
        (4..=6).contains(&asked.len()),
        "{} requests in nearly five days",
        asked.len()
    );
    for page in asked_under(&site, "/nota") {
        let age = asked
            .iter()
            .filter_map(|asked| page.at.checked_duration_since(asked.at))
            .min();
        assert!(
            age.is_some_and(|age| age <= DAY),
            "a copy {age:?} old was used"
        );
    }
    assert!(asked_under(&site, "/privado").is_empty());
    site.set("/robots.txt", Reply::status(503));
    let before = asked_under(&site, "/nota").len();
    pass(DAY * 5).await;
    daemon.stop().await;
    assert!(
        asked_under(&site, "/nota").len() > before + 8,
        "the old copy goes on while there is no other"
    );
    assert!(asked_under(&site, "/privado").is_empty());
}

async fn crawl_delay_is_a_gap_with_a_cap(world: World) {
    for (delay, least, most) in [("17", 17, 25), ("86400", 60, 200), ("1", 5, 8)] {
        let world = world.anew();
        let robots = file(&format!("User-agent: *\nCrawl-delay: {delay}"));
        let site = site_with(&world, robots, &["/1", "/2", "/3", "/4"]).await;
        let asked = pages_asked(&world, &site, HOUR / 2).await;
        assert_eq!(asked.len(), 4, "{delay}: all are asked for in half an hour");
        let mut requests = site.requests();
        requests.remove(0); // the feed's, before anything was known
        assert_eq!(requests[0].path, "/robots.txt");
        let range = Duration::from_secs(least)..=Duration::from_secs(most);
        let gaps = gaps(&requests);
        assert!(
            gaps.iter().all(|gap| range.contains(gap)),
            "Crawl-delay: {delay} led to {gaps:?}"
        );
    }
}

async fn the_deciding_line_can_be_seen(world: World) {
    let rules = "# reglas\nUser-agent: vigia\nAllow: /nota\nDisallow: /";
    let site = site_with(&world, file(rules), &["/nota/1", "/otra"]).await;
    let daemon = world.polling(&site, "/rss");
    pass(HOUR / 2).await;
    let without = daemon.without_page();
    daemon.stop().await;
    assert_eq!((without.len(), without[0].0.as_str()), (1, "/otra"));
    assert!(
        without[0].1.contains("line 4") && without[0].1.contains("Disallow: /"),
        "{}",
        without[0].1
    );

    let judged = async |path: &str| {
        let url = site.url(path).parse().expect("an address");
        let judged = world
            .pacemaker
            .hold(robots_verdict(&world.settings, &url))
            .await;
        judged.expect("a verdict").to_string()
    };
    let (allowed, forbidden) = (judged("/nota/2").await, judged("/x").await);
    assert!(
        allowed.contains("allowed")
            && allowed.contains("line 3")
            && allowed.contains("Allow: /nota"),
        "{allowed}"
    );
    assert!(
        forbidden.contains("line 4") && forbidden.contains("Disallow: /"),
        "{forbidden}"
    );
    let mut long = String::from("User-agent: *\n");
    (0..300).for_each(|line| writeln!(long, "Disallow: /{line}").expect("a String"));
    site.set("/robots.txt", file(&long));
    pass(MINUTE).await;
    assert!(judged("/299/x").await.contains("line 301"));
}
