//! The subscriber against a hub on loopback, in real time.

use std::{sync::Arc, time::Duration};

use story::{FeedId, storage::FetchStore};
use tokio::{
    sync::mpsc::Receiver,
    time::{Instant, timeout},
};
use url::Url;

use super::*;
use crate::{http::Http, settings::Settings as FetchSettings};

mod bench;
mod hostile;
mod hub;
mod leases;
/// The store that the fetcher's own tests have.
#[expect(dead_code, reason = "entries and polls are of no interest here")]
#[path = "../../tests/fetching/store.rs"]
mod store;

use bench::{Bench, DAY, LIMITS, feed, own, until, written};
use hub::{BOUND, Form, deliver, get, post};
use signature::sign;
use store::Store;

#[tokio::test]
async fn etiquette_46_the_topic_is_asked_of_its_hub_as_an_honest_reader_does() {
    let bench = Bench::new().await;
    let links = format!("<{}>; rel=hub, <{}>; rel=self", bench.hub.url("/"), own());
    let found = discover(&own(), &[&links], &[], None).unwrap();
    assert_eq!(found, bench.topic());
    bench.push.found(&feed(), found);
    let form = bench.hub.form(0).await;
    assert_eq!(form.field("mode"), "subscribe");
    assert_eq!(form.field("topic"), own().as_str());
    assert!(
        form.field("callback")
            .starts_with("https://vigia.test/push/")
    );
    assert!(form.user_agent.starts_with("vigia/"));
    assert_eq!(bench.state(), Some(PushState::Pending));
    bench.push.found(&feed(), bench.topic());
    assert_eq!(bench.verify(&form).await, 200);
    assert_eq!(bench.hub.forms().len(), 1, "a second pull asks for nothing");
}

#[tokio::test]
async fn etiquette_47_the_callback_confirms_what_was_asked_for_once_and_nothing_else() {
    let bench = Bench::new().await;
    let to = bench.push.address();
    bench.push.found(&feed(), bench.topic());
    let form = bench.hub.form(0).await;
    for changed in [
        ("mode", "unsubscribe"),
        ("mode", "publish"),
        ("topic", "https://diario.test/rss"),
        ("topic", ""),
        ("challenge", ""),
    ] {
        let answer = get(to, &form.question(DAY, &[changed])).await;
        assert_eq!((answer.status, &*answer.body), (404, ""), "{changed:?}");
    }
    assert_eq!(bench.state(), Some(PushState::Pending));

    let answer = get(to, &form.question(DAY, &[])).await;
    assert_eq!((answer.status, &*answer.body), (200, "what+is this?"));
    assert!(answer.head.contains("content-type: text/plain"));
    assert!(matches!(bench.state(), Some(PushState::Active { .. })));

    let replay = get(to, &form.question(DAY * 9, &[])).await;
    assert_eq!((replay.status, &*replay.body), (404, ""));
}

#[tokio::test]
async fn etiquette_48_only_what_is_signed_with_the_feeds_own_secret_is_handed_on() {
    let (mut bench, form) = Bench::active().await;
    let (to, path) = (bench.push.address(), form.callback());
    let foreign = sign("sha256", "some other secret", b"<rss/>");
    let of_another_body = sign("sha256", form.field("secret"), b"<feed/>");
    for signature in ["", "sha256=00", &foreign, &of_another_body] {
        let answer = post(to, &path, signature, "<rss/>").await;
        assert_eq!(answer.status, 202, "{signature}: the answer does not tell");
    }
    for method in ["sha1", "sha256", "sha384", "sha512"] {
        let body = format!("<rss>{method}</rss>");
        let signature = sign(method, form.field("secret"), body.as_bytes());
        assert_eq!(post(to, &path, &signature, &body).await.status, 202);
        let expected = Delivery {
            feed: feed(),
            topic: own(),
            content_type: Some("application/rss+xml".to_owned()),
            body: body.into(),
        };
        assert_eq!(bench.next().await, expected);
    }
}

#[tokio::test]
async fn etiquette_49_a_delivery_is_acknowledged_before_anybody_looks_at_it() {
    let (mut bench, form) = Bench::active().await;
    let to = bench.push.address();
    // Nobody receives: the queue fills, and then the hub is asked to come again.
    let mut acknowledged = Vec::new();
    let refused = loop {
        let body = acknowledged.len().to_string();
        let begun = Instant::now();
        let answer = deliver(to, &form, &body).await;
        assert!(begun.elapsed() < BOUND / 4, "promptly");
        match answer.status {
            202 => acknowledged.push(body),
            _ => break answer,
        }
        assert!(
            acknowledged.len() <= RECEIVED_MAX + 2,
            "the queue is bounded"
        );
    };
    assert_eq!(refused.status, 503);
    assert!(refused.head.contains("retry-after: "));
    assert!(acknowledged.len() >= RECEIVED_MAX);
    for body in acknowledged {
        assert_eq!(
            bench.next().await.body,
            body,
            "what was acknowledged is not lost"
        );
    }
    assert_eq!(deliver(to, &form, "again").await.status, 202);
    assert_eq!(bench.next().await.body, "again");
}

#[tokio::test]
async fn etiquette_50_a_denial_returns_the_feed_to_polling() {
    let (bench, form) = Bench::active().await;
    let to = bench.push.address();
    let denial = form.question(DAY, &[("mode", "denied"), ("topic", "https://a.test/")]);
    assert_eq!(get(to, &denial).await.status, 404);
    assert!(matches!(bench.state(), Some(PushState::Active { .. })));
    let denial = form.question(DAY, &[("mode", "denied"), ("reason", "no")]);
    let answer = get(to, &denial).await;
    assert_eq!((answer.status, &*answer.body), (200, ""));
    assert!(matches!(bench.state(), Some(PushState::Denied { .. })));
}

#[tokio::test]
async fn etiquette_50_a_hub_that_refuses_is_a_denial_and_one_that_fails_is_not() {
    let check = async |path: &str, denied: bool| {
        let bench = Bench::new().await;
        let hub = bench.hub.url(path);
        bench.push.found(&feed(), Topic { hub, topic: own() });
        bench.hub.form(0).await;
        let is_denied = || matches!(bench.state(), Some(PushState::Denied { .. }));
        if denied {
            until(is_denied).await;
        } else {
            // The answer has been noted when the next request is planned for sooner.
            let patience = Clock::system().now() + Duration::from_mins(20);
            until(|| bench.push.register.next_ask().unwrap() < patience).await;
            assert!(!is_denied(), "{path}");
        }
    };
    check("/400", true).await;
    check("/404", true).await;
    check("/302", true).await;
    check("/500", false).await;
}

#[tokio::test]
async fn etiquette_51_what_push_did_not_bring_breaks_it() {
    let (bench, form) = Bench::active().await;
    bench.push.missed(&feed());
    assert!(
        matches!(bench.state(), Some(PushState::Active { .. })),
        "not watched yet"
    );
    bench.push.found(&feed(), bench.topic());
    bench.push.missed(&feed());
    assert!(matches!(bench.state(), Some(PushState::Broken { .. })));
    let late = deliver(bench.push.address(), &form, "late").await;
    assert_eq!(late.status, 202, "what comes all the same is welcome");
}

#[tokio::test]
async fn etiquette_52_a_hub_at_a_private_address_is_not_asked() {
    let bench = Bench::with(Arc::default(), false).await;
    bench.push.found(&feed(), bench.topic());
    until(|| matches!(bench.state(), Some(PushState::Denied { .. }))).await;
    assert!(bench.hub.forms().is_empty());
}

#[tokio::test]
async fn a_hub_that_sends_on_to_another_is_followed_with_the_form() {
    let bench = Bench::new().await;
    let hub = bench.hub.url("/307");
    bench.push.found(&feed(), Topic { hub, topic: own() });
    let (first, second) = (bench.hub.form(0).await, bench.hub.form(1).await);
    assert_eq!((&*first.path, &*second.path), ("/307", "/moved"));
    assert_eq!(first.field("callback"), second.field("callback"));
    assert_eq!(bench.verify(&second).await, 200);
}

#[tokio::test]
async fn a_feed_that_names_no_hub_any_more_is_unsubscribed_and_forgotten() {
    let (bench, form) = Bench::active().await;
    let to = bench.push.address();
    bench.push.lost(&feed());
    assert_eq!(bench.state(), None);
    let farewell = bench.hub.form(1).await;
    assert_eq!(farewell.field("mode"), "unsubscribe");
    assert_eq!(farewell.field("callback"), form.field("callback"));
    assert_eq!(deliver(to, &form, "late").await.status, 410);
    let subscribe = form.question(DAY, &[]);
    assert_eq!(get(to, &subscribe).await.status, 404, "not wanted any more");
    assert_eq!(bench.verify(&farewell).await, 200);
    assert_eq!(deliver(to, &form, "later").await.status, 404);
    assert!(written(&*bench.ended().await).await.is_empty());
}

#[tokio::test]
async fn a_feed_that_moves_to_another_hub_takes_a_fresh_callback_and_secret() {
    let (bench, before) = Bench::active().await;
    let moved = Topic {
        hub: bench.hub.url("/other"),
        topic: own(),
    };
    bench.push.found(&feed(), moved);
    let (one, other) = (bench.hub.form(1).await, bench.hub.form(2).await);
    let is_new = one.field("mode") == "subscribe";
    let (new, farewell) = if is_new { (one, other) } else { (other, one) };
    assert_eq!((&*new.path, &*farewell.path), ("/other", "/"));
    assert_eq!(farewell.callback(), before.callback());
    assert_ne!(new.callback(), before.callback());
    assert_ne!(new.field("secret"), before.field("secret"));
    assert_eq!(bench.state(), Some(PushState::Pending));
    assert_eq!(bench.verify(&new).await, 200);
    assert_eq!(bench.verify(&farewell).await, 200);
}

#[tokio::test]
async fn a_feed_that_was_taken_out_is_unsubscribed() {
    let (bench, _) = Bench::active().await;
    bench.push.retain(|kept| *kept == feed());
    assert!(matches!(bench.state(), Some(PushState::Active { .. })));
    bench.push.retain(|_| false);
    assert_eq!(bench.hub.form(1).await.field("mode"), "unsubscribe");
}

#[tokio::test]
async fn a_subscription_goes_on_after_a_restart() {
    let (bench, form) = Bench::active().await;
    let state = bench.state();
    let store = bench.ended().await;
    let mut bench = Bench::with(store, true).await;
    assert_eq!(bench.state(), state);
    assert_eq!(
        deliver(bench.push.address(), &form, "since").await.status,
        202
    );
    assert_eq!(bench.next().await.body, "since");
    assert!(bench.hub.forms().is_empty(), "nothing is asked anew");
}

#[tokio::test]
async fn what_cannot_be_read_any_more_is_forgotten() {
    let store: Arc<Store> = Arc::default();
    let odd = Some("{\"what\":1".to_owned());
    store.keep_subscription(&feed(), odd).await.unwrap();
    let bench = Bench::with(store, true).await;
    assert_eq!(bench.state(), None);
    assert!(written(&*bench.ended().await).await.is_empty());
}

#[tokio::test]
async fn an_address_that_is_taken_is_named() {
    let bench = Bench::new().await;
    let settings = Settings {
        public_url: "https://vigia.test/".parse().unwrap(),
        listen: bench.push.address(),
    };
    let http = Http::new(&FetchSettings::default(), Arc::default(), Clock::system()).unwrap();
    let (store, stop) = (Arc::clone(&bench.store), Stop::default());
    let clock = Clock::system();
    let second = Subscriber::start(
        &settings,
        Arc::new(http),
        store,
        Arc::default(),
        clock,
        1,
        &stop,
    )
    .await;
    let address = settings.listen;
    assert!(matches!(second, Err(WebSubError::Listen { address: taken, .. }) if taken == address));
}

#[tokio::test]
async fn what_was_acknowledged_before_the_end_is_handed_on() {
    let (bench, form) = Bench::active().await;
    for body in ["1", "2", "3"] {
        assert_eq!(deliver(bench.push.address(), &form, body).await.status, 202);
    }
    let mut deliveries = bench.deliveries;
    bench.stop.begin();
    let received = async {
        let mut bodies = Vec::new();
        while let Some(delivery) = deliveries.recv().await {
            bodies.push(delivery.body);
        }
        bodies
    };
    let (bodies, ()) = timeout(BOUND, async { tokio::join!(received, bench.push.end()) })
        .await
        .expect("it ends");
    assert_eq!(bodies, ["1", "2", "3"]);
}
