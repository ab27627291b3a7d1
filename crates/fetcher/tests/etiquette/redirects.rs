//! Redirects: sentences 27 to 29.

use story::Health;
use testkit::Reply;

use crate::{
    documents::{RSS, rss_of_pages, served},
    lock::locked,
    sentences,
    world::{DAY, HOUR, World, feed, pass},
};

sentences! {
    27 permanent_redirects_are_remembered_at_the_third_poll "301 and 308 are remembered after three polls, 302, 303 and 307 never";
    28 no_move_to_a_page_or_a_worse_place "a permanent redirect to a page, a private address or plain http is not remembered";
    29 redirects_are_bounded_and_checked "few redirects are followed, each checked again";
}

/// Paths that a feed is asked at in ten polls, where it is redirected so.
async fn paths_of_polls(world: &World, redirects: &[(u16, &str, &str)]) -> Vec<String> {
    let site = world.site().await;
    for (status, from, to) in redirects {
        site.set(from, Reply::redirect(*status, to));
    }
    site.set("/nuevo", served(&["1", "2"]));
    site.set(
        "/html",
        Reply::ok(
            "text/html",
            "<!doctype html><title>Parked</title><p>Se vende",
        ),
    );
    site.set(
        "/login",
        Reply::ok(
            "text/html",
            "<html><form action=/login method=post><input type=password></form>",
        ),
    );
    let daemon = world.polling(&site, "/rss");
    pass(HOUR * 12).await;
    daemon.stop().await;
    let daemon = world.polling(&site, "/rss");
    pass(DAY * 3).await;
    daemon.stop().await;
    site.requests()
        .into_iter()
        .map(|request| request.path)
        .collect()
}

async fn permanent_redirects_are_remembered_at_the_third_poll(world: World) {
    for status in [301, 308] {
        let world = world.anew();
        let paths = paths_of_polls(
            &world,
            &[(status, "/rss", "/medio"), (301, "/medio", "/nuevo")],
        )
        .await;
        let three = ["/rss", "/medio", "/nuevo"].repeat(3);
        assert_eq!(
            paths[..9],
            three[..],
            "{status}: three polls by the old address"
        );
        assert!(
            paths.len() > 15,
            "{status}: it is polled on: {}",
            paths.len()
        );
        assert!(
            paths[9..15].iter().all(|path| path == "/nuevo"),
            "{status}: then the new one: {:?}",
            &paths[9..15]
        );
        let state = world.state().await;
        assert_eq!(state.health, Health::Moved);
        assert!(state.moved.is_some_and(|moved| moved.to.path() == "/nuevo"));
        assert_eq!(world.titles(), ["1", "2"], "{status}: the same items");
    }
    for redirects in [
        [(302, "/rss", "/medio"), (302, "/medio", "/nuevo")],
        [(303, "/rss", "/medio"), (303, "/medio", "/nuevo")],
        [(307, "/rss", "/medio"), (307, "/medio", "/nuevo")],
        [(301, "/rss", "/medio"), (302, "/medio", "/nuevo")],
        [(302, "/rss", "/medio"), (301, "/medio", "/nuevo")],
    ] {
        let world = world.anew();
        let paths = paths_of_polls(&world, &redirects).await;
        let by_old = paths.iter().filter(|path| *path == "/rss").count();
        assert!(
            by_old >= 6 && by_old * 3 == paths.len(),
            "{redirects:?}: {by_old} of {} by the old address",
            paths.len()
        );
        assert!(world.state().await.moved.is_none(), "{redirects:?}");
        assert_eq!(world.state().await.health, Health::Ok, "{redirects:?}");
    }
}

async fn no_move_to_a_page_or_a_worse_place(world: World) {
    for page in ["/html", "/login"] {
        let world = world.anew();
        let paths = paths_of_polls(&world, &[(301, "/rss", page)]).await;
        let by_old = paths.iter().filter(|path| *path == "/rss").count();
        assert!(
            by_old >= 4 && by_old * 2 == paths.len(),
            "{page}: {by_old} of {} by the old address",
            paths.len()
        );
        let state = world.state().await;
        assert!(
            state.moved.is_none() && state.health == Health::Blocked,
            "{page}: {:?}",
            state.health
        );
    }
    // A page among the three polls: it is the feed that must be there each time.
    let site = world.site().await;
    site.set("/rss", Reply::redirect(301, "/cambia"));
    let page = || Reply::ok("text/html", "<html><p>Se vende");
    site.set_series(
        "/cambia",
        [
            served(&["1"]),
            page(),
            served(&["1"]),
            page(),
            page(),
            served(&["1"]),
        ],
    );
    let daemon = world.polling(&site, "/rss");
    pass(DAY).await;
    daemon.stop().await;
    let paths: Vec<_> = site
        .requests()
        .into_iter()
        .map(|request| request.path)
        .take(12)
        .collect();
    assert_eq!(paths, ["/rss", "/cambia"].repeat(6), "by the old address");
    no_move_inside(world.anew()).await;
    no_move_out_of_the_lock(&world).await;
}

/// From https to http.
async fn no_move_out_of_the_lock(world: &World) {
    for (to_http, by_old) in [(true, 8), (false, 3)] {
        let world = world.anew();
        let site = world.site().await;
        let locked = locked(&site).await;
        let open = site.url("");
        let to = if to_http { &open } else { &locked };
        site.set("/rss", Reply::redirect(301, &format!("{to}/nuevo")));
        site.set("/nuevo", served(&["1"]));
        let daemon = world.daemon(vec![feed("diario", &format!("{locked}/rss"))]);
        while site.requests_to("/nuevo").len() < 8 {
            pass(HOUR).await;
        }
        daemon.stop().await;
        let asked = site.requests_to("/rss").len();
        assert_eq!(asked, by_old, "by the old address, to {to}");
        assert_eq!(world.state().await.moved.is_none(), to_http);
    }
}

/// To an address inside, from one outside.
async fn no_move_inside(mut world: World) {
    let outside = world.by_way_of_the_world().await;
    let inside = world.site().await;
    inside.set("/rss", served(&["1"]));
    outside.set(
        "http://diario.com/rss",
        Reply::redirect(301, &inside.url("/rss")),
    );
    let daemon = world.daemon(vec![feed("diario", "http://diario.com/rss")]);
    pass(DAY * 4).await;
    daemon.stop().await;
    assert!(
        outside.requests_to("http://diario.com/rss").len() >= 4,
        "still by the old address"
    );
    assert!(world.state().await.moved.is_none() && inside.requests().is_empty());
}

async fn redirects_are_bounded_and_checked(world: World) {
    let site = world.site().await;
    for hop in 0..30 {
        site.set(
            &format!("/{hop}"),
            Reply::redirect(302, &format!("/{}", hop + 1)),
        );
    }
    site.set("/30", served(&["1"]));
    let report = world.pass(&site, "/25").await;
    assert!(
        report.feeds[0].health.is_read(),
        "five are followed: {}",
        report.feeds[0].outcome
    );
    let before = site.requests().len();
    let report = world.anew().pass(&site, "/0").await;
    assert!(!report.feeds[0].health.is_read());
    let asked = site.requests().len() - before;
    assert!(
        (6..=11).contains(&asked),
        "{asked} requests for an endless chain"
    );

    let other = world.site().await;
    other.set(
        "/robots.txt",
        Reply::ok("text/plain", "User-agent: *\nDisallow: /privado"),
    );
    other.set("/privado", Reply::ok("text/html", "<p>no"));
    site.set("/pagina", Reply::redirect(302, &other.url("/privado")));
    for (number, target) in [
        "ftp://diario.test/rss",
        "file:///etc/hostname",
        "gopher://127.0.0.1/",
    ]
    .iter()
    .enumerate()
    {
        let world = world.anew();
        let path = format!("/fuera/{number}");
        site.set(&path, Reply::redirect(301, target));
        let report = world.pass(&site, &path).await;
        assert!(!report.feeds[0].health.is_read(), "{target}");
    }
    site.set(
        "/rss",
        Reply::ok(RSS, rss_of_pages(&site.url(""), &["/pagina"])),
    );
    let world = world.anew();
    let daemon = world.polling(&site, "/rss");
    pass(HOUR).await;
    assert_eq!(site.requests_to("/pagina").len(), 1);
    assert!(
        other.requests_to("/privado").is_empty(),
        "each hop needs leave"
    );
    assert!(
        daemon.without_page()[0].1.contains("robots.txt"),
        "{:?}",
        daemon.without_page()
    );
    daemon.stop().await;

    let mut world = world.anew();
    let outside = world.by_way_of_the_world().await;
    let inside = world.site().await;
    for (number, target) in [
        inside.url("/rss"),
        inside.url("/rss").replace("127.0.0.1", "2130706433"),
        "http://[::ffff:10.1.2.3]/rss".to_owned(),
    ]
    .iter()
    .enumerate()
    {
        let path = format!("http://diario.com/{number}");
        outside.set(&path, Reply::redirect(302, "http://otro.com/medio"));
        outside.set("http://otro.com/medio", Reply::redirect(302, target));
        let report = world.pass_over(&path).await;
        assert!(
            report.feeds[0].outcome.contains("private"),
            "{target}: {}",
            report.feeds[0].outcome
        );
    }
    let asked: Vec<_> = outside
        .requests()
        .into_iter()
        .map(|request| request.path)
        .collect();
    assert_eq!(asked.len(), 6, "each hop passes the guard: {asked:?}");
    assert!(inside.requests().is_empty());
}
