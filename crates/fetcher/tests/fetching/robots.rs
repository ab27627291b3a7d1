//! robots.txt: asked for once, before the pages, and obeyed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{TimeDelta, Utc};
use fetcher::{FetchError, Settings, robots_verdict};
use http_body_util::Full;
use hyper::{Response, body::Bytes};
use story::{Content, storage::RobotsCopy};

use crate::{
    body, pass,
    server::{Seen, Server, answer, hanging, rss},
    settings,
    store::Store,
    why,
};

/// A site with a robots.txt, a feed of these links, and pages.
async fn site(robots: &'static str, links: &'static [&str]) -> Server {
    Server::start(move |seen| match seen.path.as_str() {
        "/robots.txt" => answer(200, &[], robots),
        _ => news(seen, links),
    })
    .await
}

fn news(seen: &Seen, links: &[&str]) -> Response<Full<Bytes>> {
    match seen.path.as_str() {
        "/rss" => answer(200, &[], rss(links)),
        path => answer(200, &[], path.to_owned()),
    }
}

fn authority(server: &Server) -> String {
    server.url("/").origin().ascii_serialization()
}

#[tokio::test]
async fn a_page_that_robots_forbids_goes_on_with_the_feeds_text_and_the_line() {
    let robots = "User-agent: *\nDisallow: /\n\nUser-agent: Vigia\nDisallow: /privado\n";
    let server = site(robots, &["/privado/1", "/2", "/3"]).await;
    let (report, sent) = pass(settings(), server.url("/rss"), &Arc::default()).await;
    assert_eq!((report.pages_fetched, report.pages_failed), (2, 1));
    let without = |sent: &&crate::InFlight| matches!(sent.page.content, Content::FeedOnly { .. });
    let refused = sent.iter().find(without).unwrap();
    assert_eq!(
        why(refused),
        "robots.txt line 5 forbids it: `Disallow: /privado`"
    );
    assert!(server.seen("/privado/1").is_empty());
    let asked = server.seen("/robots.txt");
    assert_eq!(asked.len(), 1, "one request however many pages wait");
    assert!(server.seen("/2")[0].at > asked[0].at);
}

#[tokio::test]
async fn a_feed_is_polled_whatever_robots_says() {
    let server = site("User-agent: *\nDisallow: /", &[]).await;
    let (report, _) = pass(settings(), server.url("/rss"), &Arc::default()).await;
    assert!(report.feeds[0].health.is_read());
    assert!(
        server.seen("/robots.txt").is_empty(),
        "nobody needs it without a page"
    );
}

#[tokio::test]
async fn each_hop_of_a_redirect_needs_leave_of_its_own_authority() {
    let other = site("User-agent: *\nDisallow: /final", &[]).await;
    let target = other.url("/final").to_string();
    let server = Server::start(move |seen| match seen.path.as_str() {
        "/1" => answer(302, &[("location", target.as_str())], ""),
        _ => news(seen, &["/1"]),
    })
    .await;
    let (_, sent) = pass(settings(), server.url("/rss"), &Arc::default()).await;
    assert_eq!(
        why(&sent[0]),
        "robots.txt line 2 forbids it: `Disallow: /final`"
    );
    assert!(other.seen("/final").is_empty());
}

#[tokio::test]
async fn a_copy_is_used_for_a_day_across_restarts() {
    let server = site("User-agent: *\nDisallow: /1", &["/1"]).await;
    let store: Arc<Store> = Arc::default();
    for _ in 0..2 {
        store.restart();
        let (_, sent) = pass(settings(), server.url("/rss"), &store).await;
        assert_eq!(
            why(&sent[0]),
            "robots.txt line 2 forbids it: `Disallow: /1`"
        );
    }
    assert_eq!(server.seen("/robots.txt").len(), 1);
    let copy = store.inside().robots[&authority(&server)].clone();
    assert_eq!(
        (copy.outcome.as_str(), copy.fetched),
        ("200", Some(copy.asked))
    );

    let aged = copy.asked - TimeDelta::hours(24);
    let aged = RobotsCopy {
        asked: aged,
        fetched: Some(aged),
        ..copy
    };
    store.inside().robots.insert(authority(&server), aged);
    store.restart();
    pass(settings(), server.url("/rss"), &store).await;
    assert_eq!(server.seen("/robots.txt").len(), 2);
}

#[tokio::test]
async fn a_site_without_the_file_allows_everything() {
    for status in [401, 403, 404, 410] {
        let server = Server::start(move |seen| match seen.path.as_str() {
            "/robots.txt" => answer(status, &[], "User-agent: *\nDisallow: /"),
            _ => news(seen, &["/1"]),
        })
        .await;
        let (_, sent) = pass(settings(), server.url("/rss"), &Arc::default()).await;
        assert_eq!(body(&sent[0]), b"/1", "{status}");
    }
}

#[tokio::test]
async fn five_redirects_lead_to_the_rules_and_more_to_none() {
    for (hops, allowed) in [(5, false), (6, true)] {
        let server = Server::start(move |seen| {
            let hop = match seen.path.as_str() {
                "/robots.txt" => 0,
                path => path
                    .strip_prefix("/hop/")
                    .map_or(99, |hop| hop.parse().unwrap()),
            };
            match hop {
                99 => news(seen, &["/1"]),
                hop if hop == hops => answer(200, &[], "User-agent: *\nDisallow: /"),
                hop => answer(301, &[("location", &format!("/hop/{}", hop + 1))], ""),
            }
        })
        .await;
        let judged = robots_verdict(&settings(), &server.url("/1"))
            .await
            .unwrap();
        assert_eq!(judged.allowed, allowed, "{judged}");
    }
}

/// Passes a site whose robots.txt cannot be had, with what was known of it before; returns what
/// came down the line, and the reasons for putting off.
async fn pass_without_robots(before: Option<RobotsCopy>) -> (Vec<crate::InFlight>, Vec<String>) {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/robots.txt" => answer(500, &[], ""),
        _ => news(seen, &["/1"]),
    })
    .await;
    let store: Arc<Store> = Arc::default();
    if let Some(before) = before {
        store.inside().robots.insert(authority(&server), before);
    }
    let (_, sent) = pass(settings(), server.url("/rss"), &store).await;
    let put_off = store.inside().put_off.clone();
    assert!(sent.len() == 1 || server.seen("/1").is_empty());
    (sent, put_off)
}

/// A copy of a file that could not be had for so long.
fn unreachable_for(outage: TimeDelta) -> RobotsCopy {
    RobotsCopy {
        asked: Utc::now() - TimeDelta::hours(2),
        fetched: None,
        unreachable_since: Some(Utc::now() - outage),
        outcome: "503 Service Unavailable".to_owned(),
        body: None,
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_had_forbids_everything_and_pages_wait() {
    let (sent, put_off) = pass_without_robots(Some(unreachable_for(TimeDelta::days(29)))).await;
    assert!(sent.is_empty());
    let why = "robots.txt cannot be had: 500 Internal Server Error";
    assert_eq!(
        put_off,
        [why, why],
        "once for a moment, then for longer than a pass lasts"
    );
}

#[tokio::test]
async fn a_file_that_cannot_be_had_for_a_month_is_given_up() {
    let (sent, _) = pass_without_robots(Some(unreachable_for(TimeDelta::days(31)))).await;
    assert_eq!(body(&sent[0]), b"/1");
}

#[tokio::test]
async fn an_old_copy_goes_on_while_the_file_cannot_be_had() {
    let long_ago = Utc::now() - TimeDelta::days(9);
    let copy = |body: &str| RobotsCopy {
        asked: long_ago,
        fetched: Some(long_ago),
        unreachable_since: None,
        outcome: "200".to_owned(),
        body: Some(body.into()),
    };
    let (sent, _) = pass_without_robots(Some(copy("User-agent: *\nDisallow: /1"))).await;
    assert_eq!(
        why(&sent[0]),
        "robots.txt line 2 forbids it: `Disallow: /1`"
    );
    let (sent, _) = pass_without_robots(Some(copy("User-agent: *\nDisallow: /2"))).await;
    assert_eq!(body(&sent[0]), b"/1");
}

#[tokio::test]
async fn a_page_that_waited_for_a_day_goes_on_without() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/robots.txt" => answer(503, &[("retry-after", "1")], ""),
        _ => news(seen, &["/1"]),
    })
    .await;
    let store: Arc<Store> = Arc::default();
    pass(settings(), server.url("/rss"), &store).await;
    for _ in 0..40 {
        store.restart();
        let (_, sent) = pass(settings(), server.url("/none"), &store).await;
        if let Some(sent) = sent.first() {
            assert!(why(sent).starts_with("robots.txt cannot be had: 503"));
            assert!(store.inside().put_off.len() > 24);
            return;
        }
    }
    panic!("the page waits for ever");
}

#[tokio::test]
async fn waits_for_robots_are_no_attempts_at_the_page() {
    let asked = AtomicUsize::new(0);
    let server = Server::start(move |seen| match seen.path.as_str() {
        "/robots.txt" if asked.fetch_add(1, Ordering::Relaxed) < 3 => answer(502, &[], ""),
        "/1" => answer(503, &[("retry-after", "3600")], ""),
        _ => news(seen, &["/1"]),
    })
    .await;
    let store: Arc<Store> = Arc::default();
    let settings = Settings {
        page_attempts: 2,
        ..settings()
    };
    pass(settings.clone(), server.url("/rss"), &store).await;
    while server.seen("/1").is_empty() {
        assert!(server.seen("/robots.txt").len() < 6);
        // As if the time had passed for which a file that cannot be had is not asked for again.
        store.inside().robots.clear();
        store.restart();
        let (_, sent) = pass(settings.clone(), server.url("/none"), &store).await;
        assert!(sent.is_empty(), "the page has an attempt left");
    }
    let put_off = store.inside().put_off.clone();
    assert_eq!(put_off.last().unwrap(), "503 Service Unavailable");
    assert!(put_off.len() > 2, "{put_off:?}");
}

#[tokio::test]
async fn a_blip_of_robots_heals_within_the_pass() {
    let asked = AtomicUsize::new(0);
    let server = Server::start(move |seen| match seen.path.as_str() {
        "/robots.txt" if asked.fetch_add(1, Ordering::Relaxed) == 0 => answer(502, &[], ""),
        _ => news(seen, &["/1", "/2"]),
    })
    .await;
    let (report, _) = pass(settings(), server.url("/rss"), &Arc::default()).await;
    assert_eq!(
        (report.pages_fetched, server.seen("/robots.txt").len()),
        (2, 2)
    );
}

#[tokio::test]
async fn a_crawl_delay_is_kept_between_pages() {
    let server = site("User-agent: *\nCrawl-delay: 0.3", &["/1", "/2", "/3"]).await;
    pass(settings(), server.url("/rss"), &Arc::default()).await;
    let mut starts: Vec<Instant> = ["/1", "/2", "/3"]
        .iter()
        .map(|path| server.seen(path)[0].at)
        .collect();
    starts.sort_unstable();
    let near = Duration::from_millis(250); // arrivals jitter, starts do not
    assert!(
        starts.windows(2).all(|pair| pair[1] - pair[0] >= near),
        "{starts:?}"
    );
}

#[tokio::test]
async fn a_person_sees_which_line_decided() {
    let server = site(
        "User-agent: vigia\nAllow: /a\nDisallow: /\nCrawl-delay: 5",
        &[],
    )
    .await;
    let file = server.url("/robots.txt");
    let said = async |path| {
        let judged = robots_verdict(&settings(), &server.url(path))
            .await
            .unwrap();
        (judged.allowed, judged.to_string())
    };
    assert_eq!(
        said("/a?b").await,
        (true, format!("allowed by line 2 of {file}: `Allow: /a`"))
    );
    assert_eq!(
        said("/b").await,
        (
            false,
            format!("forbidden by line 3 of {file}: `Disallow: /`")
        )
    );

    let nobody = hanging("").await;
    let soon = fetcher::Settings {
        request_timeout: Duration::from_millis(100),
        ..settings()
    };
    let judged = robots_verdict(&soon, &nobody).await.unwrap();
    assert!(
        !judged.allowed && judged.outcome == "no answer within 0.1 s",
        "{judged}"
    );

    let public_only = fetcher::Settings {
        allow_private_networks: false,
        ..settings()
    };
    let judged = robots_verdict(&public_only, &server.url("/")).await;
    assert!(
        matches!(judged, Err(FetchError::PrivateAddress { .. })),
        "{judged:?}"
    );
}
