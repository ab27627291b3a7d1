//! The WebSub subscriber: sentences 46 to 51, over the wire on both sides.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use testkit::Reply;

use crate::{
    documents::{RSS, channel, rss},
    hub::{Bench, Form, links},
    sentences,
    world::{DAY, HOUR, MINUTE, World, feed, pass},
};

sentences! {
    46 the_hub_is_found_where_it_is_named_first "Link headers first, then the document; hub and self of one place; self is the topic";
    47 only_our_own_requests_are_verified "the callback echoes the challenge of a request that was made, and of no other";
    48 callbacks_and_secrets_are_fresh "each topic has a callback and a secret of its own, and unsigned deliveries are discarded";
    49 deliveries_are_acknowledged_first "a delivery is acknowledged before it is looked at";
    50 leases_are_renewed_and_their_end_is_noticed "leases are renewed in time; a denial or an end returns the feed to polling";
    51 push_is_backed_by_pulls "a pushed feed is still pulled, and what a pull finds first breaks the push";
}

async fn the_hub_is_found_where_it_is_named_first(world: World) {
    let site = world.site().await;
    let header = |rel: &str, path: &str| format!("<{}>; rel=\"{rel}\"", site.url(path));
    let document = links(&site, "/hub/document", "/document");
    let half =
        |rel: &str, path: &str| format!("<atom:link rel=\"{rel}\" href=\"{}\"/>", site.url(path));
    for (headers, elements, found) in [
        (
            vec![header("hub", "/hub/1"), header("self", "/1")],
            document.clone(),
            Some(("/hub/1", "/1")),
        ),
        (
            vec![header("hub", "/hub/2") + ", " + &header("self", "/2")],
            String::new(),
            Some(("/hub/2", "/2")),
        ),
        (
            vec![],
            document.clone(),
            Some(("/hub/document", "/document")),
        ),
        (
            vec![header("hub", "/hub/1")],
            document.clone(),
            Some(("/hub/document", "/document")),
        ),
        (vec![header("hub", "/hub/1")], String::new(), None),
        (vec![header("self", "/1")], half("hub", "/hub/1"), None),
        (vec![], half("hub", "/hub/1"), None),
        (vec![], half("self", "/1"), None),
    ] {
        let reply = Reply::ok(RSS, channel(&elements, ""));
        site.set(
            "/rss",
            headers
                .iter()
                .fold(reply, |reply, value| reply.header("link", value)),
        );
        let before = site.requests().len();
        let bench = Bench::on(world.anew(), Arc::clone(&site), "/rss").await;
        let requests = &site.requests()[before..];
        let asked = requests.iter().find(|request| request.method == "POST");
        let asked = asked.map(|request| request.path.clone());
        assert_eq!(
            asked.as_deref(),
            found.map(|(hub, _)| hub),
            "{headers:?} {elements}"
        );
        if let Some((_, topic)) = found {
            let form = bench.form();
            assert_eq!(
                (form.field("mode"), form.field("topic")),
                ("subscribe", site.url(topic).as_str())
            );
        }
        bench.daemon.stop().await;
    }
}

async fn only_our_own_requests_are_verified(world: World) {
    let bench = Bench::start(world).await;
    let form = bench.form();
    let other = bench.site.url("/otro");
    for changes in [
        ("mode", "unsubscribe"),
        ("topic", other.as_str()),
        ("topic", ""),
        ("mode", "publish"),
        ("challenge", ""),
    ] {
        let (status, body) = bench.ask(&form, DAY, &[changes]).await;
        assert!(
            (400..500).contains(&status) && body.is_empty(),
            "{changes:?}: {status} {body}"
        );
    }
    let guessed = Form(vec![
        (
            "hub.callback".to_owned(),
            "https://vigia.test/push/0123456789abcdef".to_owned(),
        ),
        ("hub.mode".to_owned(), "subscribe".to_owned()),
        ("hub.topic".to_owned(), form.field("topic").to_owned()),
    ]);
    assert_eq!(
        bench.ask(&guessed, DAY, &[]).await.0,
        404,
        "a callback that nobody was given"
    );
    bench.verify(DAY * 3).await;
    let (again, _) = bench.ask(&form, DAY, &[]).await;
    assert!(again >= 400, "verified already");
    bench.daemon.stop().await;
}

async fn callbacks_and_secrets_are_fresh(world: World) {
    let site = world.site().await;
    let topics = ["/a", "/b", "/c"];
    for topic in topics {
        site.set(
            topic,
            Reply::ok(RSS, channel(&links(&site, "/hub", topic), "")),
        );
    }
    let mut bench = Bench::on(world, site, "/a").await;
    bench.daemon.stop().await;
    let feeds = topics.map(|topic| feed(&topic[1..], &bench.site.url(topic)));
    bench.daemon = bench.world.daemon(feeds.into());
    pass(MINUTE * 2).await;
    let forms = bench.forms();
    let subscribed: Vec<_> = forms
        .iter()
        .filter(|form| form.field("mode") == "subscribe")
        .collect();
    let topics: BTreeSet<_> = subscribed.iter().map(|form| form.field("topic")).collect();
    let callbacks: BTreeSet<_> = subscribed
        .iter()
        .map(|form| form.field("callback"))
        .collect();
    let secrets: BTreeSet<_> = subscribed.iter().map(|form| form.field("secret")).collect();
    assert_eq!(
        (topics.len(), callbacks.len() >= 3, secrets.len() >= 3),
        (3, true, true)
    );
    for form in &subscribed {
        let path = form.callback();
        let token = path
            .path_segments()
            .and_then(|mut segments| segments.next_back())
            .unwrap_or_default();
        assert!(
            token.len() >= 20 && form.field("secret").len() >= 20,
            "unguessable: {token}"
        );
        assert!(form.field("secret").len() < 200, "the standard's bound");
        assert!(!path.as_str().contains(form.field("secret")));
    }
    let form = bench.form();
    bench.verify(DAY * 3).await;
    bench.deliver(&form, None, &rss(&["sin firma"])).await;
    bench
        .deliver(&form, Some("otra clave"), &rss(&["mal firmada"]))
        .await;
    let foreign = forms
        .iter()
        .find(|other| other.field("topic") != form.field("topic"))
        .expect("another topic");
    bench
        .deliver(
            &form,
            Some(foreign.field("secret")),
            &rss(&["con la clave de otro"]),
        )
        .await;
    pass(MINUTE).await;
    assert!(
        bench.world.titles().is_empty(),
        "discarded: {:?}",
        bench.world.titles()
    );
    bench
        .deliver(&form, Some(form.field("secret")), &rss(&["firmada"]))
        .await;
    pass(MINUTE).await;
    assert_eq!(bench.world.titles(), ["firmada"]);
    bench.daemon.stop().await;
}

async fn deliveries_are_acknowledged_first(world: World) {
    let bench = Bench::start(world).await;
    bench.verify(DAY * 3).await;
    let form = bench.form();
    // The clock stands while the hub waits, so that who looks first never answers.
    bench.world.store.inside().slowness = HOUR;
    for guid in ["1", "2", "3"] {
        let status = bench
            .deliver(&form, Some(form.field("secret")), &rss(&[guid]))
            .await;
        assert!((200..300).contains(&status), "{status}");
    }
    assert_eq!(
        bench
            .deliver(&form, Some(form.field("secret")), "esto no es nada")
            .await
            / 100,
        2
    );
    assert!(bench.world.titles().is_empty(), "nothing is stored yet");
    bench.world.store.inside().slowness = Duration::ZERO;
    pass(HOUR * 5).await;
    assert_eq!(
        bench.world.titles(),
        ["1", "2", "3"],
        "what was acknowledged is not lost"
    );
    bench.daemon.stop().await;
}

async fn leases_are_renewed_and_their_end_is_noticed(world: World) {
    let lease = DAY * 8;
    let bench = Bench::start(world.anew()).await;
    let first = bench.form();
    bench.verify(lease).await;
    bench.publish(0..191, true).await;
    let forms = bench.forms();
    assert!(
        (2..=20).contains(&forms.len()),
        "renewed before the end: {} requests",
        forms.len()
    );
    let renewal = bench.form();
    assert_eq!(
        (renewal.field("mode"), renewal.field("topic")),
        ("subscribe", first.field("topic"))
    );
    let while_pushed = bench.pulls().len();
    assert!(
        (5..=12).contains(&while_pushed),
        "{while_pushed} pulls in eight days of push"
    );
    // The hub verifies nothing any more, and so the lease ends.
    bench.publish(191..264, false).await;
    bench.check_polling(while_pushed, "the end of the lease");
    bench.daemon.stop().await;

    let bench = Bench::start(world).await;
    bench.verify(lease).await;
    bench.publish(0..72, true).await;
    let while_pushed = bench.pulls().len();
    assert!(
        while_pushed <= 6,
        "{while_pushed} pulls in three days of push"
    );
    let denial = [("mode", "denied"), ("reason", "no")];
    assert_eq!(bench.ask(&bench.form(), lease, &denial).await.0 / 100, 2);
    bench.publish(72..73, false).await;
    assert!(
        bench.pulls().len() > while_pushed,
        "polled within an hour of the denial"
    );
    bench.publish(73..144, false).await;
    bench.check_polling(while_pushed, "the denial");
    bench.daemon.stop().await;
}

async fn push_is_backed_by_pulls(world: World) {
    let bench = Bench::start(world).await;
    bench.verify(DAY * 30).await;
    bench.publish(0..168, true).await;
    let pulls = bench.pulls();
    assert!(pulls.len() >= 5, "{} pulls in a week", pulls.len());
    let daily = HOUR * 6..=bench.world.settings.max_interval * 9 / 8;
    assert!(
        pulls[1..].iter().all(|wait| daily.contains(wait)),
        "about daily: {pulls:?}"
    );
    // From here on nothing is pushed, and pulls find it out.
    bench.publish(168..240, false).await;
    bench.check_polling(pulls.len(), "push broke");
    assert!(
        bench.world.titles().len() > 230,
        "nothing is missed: {}",
        bench.world.titles().len()
    );
    bench.daemon.stop().await;
}
