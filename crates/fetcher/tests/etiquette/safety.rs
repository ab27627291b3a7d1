//! Safety: sentences 52 and 53.

use std::time::Duration;

use story::Health;
use testkit::Reply;

use crate::{
    documents::{RSS, gaps, served},
    sentences,
    world::{DAY, HOUR, MINUTE, World, feed, pass},
};

sentences! {
    52 only_public_machines_are_dialled "the address that is dialled is public, on every hop and after the name is resolved";
    53 bodies_are_bounded_and_documents_harmless "http and https only; size and time are bounded; entities are not expanded";
}

/// Checks that each of so many feeds was tried, and refused for where it is.
fn check_each_was_refused(world: &World, feeds: usize) {
    let inside = world.store.inside();
    assert_eq!(inside.states.len(), feeds, "each was tried");
    for state in inside.states.values() {
        let told = &state.last_result;
        let refused = told.contains("public") || told.contains("private");
        assert!(refused, "{}: {told}", state.url);
    }
}

async fn only_public_machines_are_dialled(mut world: World) {
    let site = world.site().await;
    let port = site.address().port();
    site.set_handler("/", |_| served(&["1"]));
    world.settings.allow_private_networks = false;
    let hosts = [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f000001",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "[fe80::1]",
        "[fd00::1]",
        "[64:ff9b::7f00:1]",
    ];
    let feeds = hosts.iter().enumerate();
    let feeds = feeds
        .map(|(number, host)| feed(&format!("f{number}"), &format!("http://{host}:{port}/rss")));
    let daemon = world.daemon(feeds.collect());
    pass(HOUR).await;
    daemon.stop().await;
    assert!(site.requests().is_empty(), "{:?}", site.requests());
    check_each_was_refused(&world, hosts.len());

    let mut world = world.anew();
    let outside = world.by_way_of_the_world().await;
    outside.set(
        "http://diario.com/rss",
        Reply::redirect(302, &format!("http://127.0.0.1:{port}/rss")),
    );
    outside.set("http://otro.com/rss", served(&["1"]));
    let daemon = world.daemon(vec![
        feed("dentro", "http://diario.com/rss"),
        feed("fuera", "http://otro.com/rss"),
    ]);
    pass(HOUR * 3).await;
    daemon.stop().await;
    assert!(site.requests().is_empty(), "not by a redirect either");
    assert_eq!(world.titles(), ["1"], "what is public is read");
    assert!(outside.requests_to("http://otro.com/rss").len() > 1);
}

/// A document of entities that would grow a thousandfold and read a file.
const ENTITIES: &str = r#"<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "ja ja ja ja ja ja ja ja ja ja ">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">
<!ENTITY d SYSTEM "file:///etc/passwd"><!ENTITY e SYSTEM "/entidad.txt"><!ENTITY % f SYSTEM "/parametros.dtd">%f;]>
<rss version="2.0"><channel><title>&c;</title>
<item><guid isPermaLink="false">1</guid><title>uno &c; &d; &e; fin</title></item></channel></rss>"#;

async fn bodies_are_bounded_and_documents_harmless(mut world: World) {
    world.settings.feed_bytes_max = 1 << 20;
    let site = world.site().await;
    site.set("/bomba", Reply::gzip_bomb(RSS, 24 << 20));
    site.set(
        "/mar",
        Reply::ok(RSS, "<rss><channel><item><title>agua</title></item>").endless(),
    );
    for path in ["/bomba", "/mar"] {
        let world = world.anew();
        let daemon = world.polling(&site, path);
        pass(HOUR * 4).await;
        let read = daemon.bytes();
        daemon.stop().await;
        let polls = site.requests_to(path).len();
        assert!((1..=4).contains(&polls), "{path}: {polls} polls");
        assert!(
            read <= (1 << 20) * polls as u64,
            "{path}: {read} bytes read"
        );
    }
    for (path, slow) in [
        ("/gota", served(&["1", "2"]).drip(1, Duration::from_secs(4))),
        ("/nunca", served(&["1"]).hang()),
    ] {
        let world = world.anew();
        site.set(path, slow);
        let daemon = world.polling(&site, path);
        pass(world.settings.request_timeout + MINUTE).await;
        let result = world.state().await.last_result;
        pass(DAY).await;
        daemon.stop().await;
        assert!(!result.starts_with("never"), "{path}: given up in time");
        assert!(
            world.state().await.health == Health::Unreachable || result.contains("slow"),
            "{path}: {result}"
        );
        let gaps = gaps(&site.requests_to(path));
        assert!(
            (1..=30).contains(&gaps.len()),
            "{path}: and asked again: {gaps:?}"
        );
    }
    site.set("/entidades", Reply::ok(RSS, ENTITIES));
    let harmless = world.anew();
    harmless.pass(&site, "/entidades").await;
    let titles = harmless.titles();
    assert!(
        titles.len() == 1 && titles[0].starts_with("uno") && titles[0].ends_with("fin"),
        "{titles:?}"
    );
    assert!(
        titles[0].len() < 100 && !titles[0].contains("root") && !titles[0].contains("ja ja"),
        "{titles:?}"
    );
    assert!(
        site.requests_to("/entidad.txt").is_empty()
            && site.requests_to("/parametros.dtd").is_empty()
    );
    for target in [
        "file:///etc/hostname",
        "ftp://127.0.0.1/rss",
        "data:text/xml,<rss/>",
        "javascript:1",
    ] {
        site.set("/fuera", Reply::redirect(301, target));
        let world = world.anew();
        let report = world.pass(&site, "/fuera").await;
        assert!(
            !report.feeds[0].health.is_read() && world.titles().is_empty(),
            "{target}"
        );
    }
    let report = world.pass_over("file:///etc/hostname").await;
    assert!(
        !report.feeds[0].health.is_read(),
        "nor where the operator wrote it"
    );
}
