use chrono::TimeDelta;

use super::*;

const DAY: Duration = Duration::from_hours(24);

fn noon() -> Timestamp {
    "2026-01-05T12:00:00Z".parse().unwrap()
}

fn at(wait: Duration) -> Timestamp {
    after(noon(), wait)
}

fn topic() -> Url {
    "https://diario.test/rss".parse().unwrap()
}

fn callback() -> Url {
    "https://vigia.test/push/abc".parse().unwrap()
}

fn wished() -> Subscription {
    let topic = Topic {
        hub: "https://hub.test/".parse().unwrap(),
        topic: topic(),
    };
    Subscription::new(topic, noon()).unwrap()
}

fn asked() -> Subscription {
    let mut subscription = wished();
    subscription.ask(&callback(), noon());
    subscription
}

/// A subscription with a lease of `days` from noon on.
fn active(days: u32) -> Subscription {
    let mut subscription = asked();
    assert!(subscription.verify(Mode::Subscribe, &topic(), Some(DAY * days), noon()));
    subscription
}

/// How long after `from` the hub is asked next.
fn wait(subscription: &Subscription, from: Timestamp) -> Duration {
    (subscription.ask_at() - from).to_std().unwrap()
}

#[test]
fn a_wish_is_asked_for_at_once_with_its_secret_and_its_callback() {
    let mut subscription = wished();
    assert_eq!(subscription.ask_at(), noon());
    let ask = subscription.ask(&callback(), noon());
    let form: Vec<_> = url::form_urlencoded::parse(ask.form.as_bytes()).collect();
    let field = |name| form.iter().find(|(n, _)| n == name).map(|(_, v)| &**v);
    assert_eq!(field("hub.mode"), Some("subscribe"));
    assert_eq!(field("hub.topic"), Some("https://diario.test/rss"));
    assert_eq!(field("hub.callback"), Some("https://vigia.test/push/abc"));
    assert_eq!(field("hub.secret"), Some(subscription.secret.reveal()));
    assert_eq!(field("hub.lease_seconds"), Some("864000"));
    assert_eq!(ask.hub.as_str(), "https://hub.test/");
    assert_eq!(subscription.state(noon()), PushState::Pending);
}

#[test]
fn etiquette_48_no_two_subscriptions_share_a_callback_or_a_secret() {
    let (one, other) = (wished(), wished());
    assert_ne!(one.callback, other.callback);
    assert_ne!(one.secret, other.secret);
    assert_ne!(one.secret, one.callback);
}

#[test]
fn etiquette_47_only_what_was_asked_for_is_verified_and_only_once() {
    let lease = Some(DAY);
    let other = "https://diario.test/other".parse().unwrap();
    let mut subscription = wished();
    assert!(!subscription.verify(Mode::Subscribe, &topic(), lease, noon()));
    subscription.ask(&callback(), noon());
    assert!(!subscription.verify(Mode::Unsubscribe, &topic(), lease, noon()));
    assert!(!subscription.verify(Mode::Subscribe, &other, lease, noon()));
    assert!(subscription.verify(Mode::Subscribe, &topic(), lease, noon()));
    assert!(!subscription.verify(Mode::Subscribe, &topic(), lease, at(DAY / 2)));
    let until = at(DAY);
    assert_eq!(subscription.state(noon()), PushState::Active { until });
}

#[test]
fn etiquette_50_a_lease_is_renewed_before_it_ends_and_ends_if_it_is_not() {
    let mut subscription = active(10);
    let renewal = wait(&subscription, noon());
    assert!(
        (DAY * 7..DAY * 9 + DAY / 2).contains(&renewal),
        "{renewal:?}"
    );
    let (first_end, second_end) = (at(DAY * 10), at(renewal + DAY * 10));
    subscription.ask(&callback(), at(renewal));
    let until = first_end;
    assert_eq!(subscription.state(at(renewal)), PushState::Active { until });
    let mut unanswered = subscription.clone();
    assert!(subscription.verify(Mode::Subscribe, &topic(), Some(DAY * 10), at(renewal)));
    let until = second_end;
    assert_eq!(subscription.state(first_end), PushState::Active { until });

    // A hub that does not verify is asked again and again, and the lease ends meanwhile.
    let mut asks = 0;
    while unanswered.ask_at() < first_end {
        unanswered.ask(&callback(), unanswered.ask_at());
        asks += 1;
    }
    assert!((2..20).contains(&asks), "{asks}");
    assert_eq!(unanswered.state(first_end), PushState::Pending);
}

#[test]
fn odd_leases_are_brought_within_bounds() {
    let check = |lease: Option<Duration>, ends: Duration, renewed: std::ops::Range<Duration>| {
        let mut subscription = asked();
        subscription.verify(Mode::Subscribe, &topic(), lease, noon());
        let until = at(ends);
        let state = subscription.state(noon() - TimeDelta::milliseconds(1));
        assert_eq!(state, PushState::Active { until }, "{lease:?}");
        let renewal = wait(&subscription, noon());
        assert!(renewed.contains(&renewal), "{lease:?}: {renewal:?}");
    };
    check(None, DAY, DAY * 3 / 4..DAY);
    check(Some(Duration::MAX), DAY * 30, DAY * 22..DAY * 28);
    let second = Duration::from_secs(1);
    check(Some(second), second, RENEWAL_MIN..RENEWAL_MIN * 2);
    check(
        Some(Duration::ZERO),
        Duration::ZERO,
        RENEWAL_MIN..RENEWAL_MIN * 2,
    );
}

#[test]
fn a_hub_that_cannot_be_asked_is_asked_later_and_ever_later() {
    let mut subscription = wished();
    let mut waits = Vec::new();
    for _ in 0..8 {
        subscription.ask(&callback(), noon());
        subscription.failed(None, noon());
        waits.push(wait(&subscription, noon()));
    }
    assert!(waits[0] >= RETRY.first && waits[0] < RETRY.first * 2);
    assert!(waits[2] > waits[0] * 4 && waits[7] >= RETRY.max);
    subscription.failed(Some(Duration::from_secs(90)), noon());
    assert_eq!(wait(&subscription, noon()), Duration::from_secs(90));
}

#[test]
fn a_hub_that_was_not_asked_at_all_has_not_failed() {
    let mut subscription = asked();
    subscription.put_off(Duration::from_mins(1), noon());
    assert_eq!(
        (subscription.attempts, wait(&subscription, noon()).as_secs()),
        (0, 60)
    );
}

#[test]
fn a_hub_without_tls_and_port_is_tried_with_tls_first() {
    let mut subscription = wished();
    let mut hubs = |hub: &str| {
        subscription.topic.hub = hub.parse().unwrap();
        subscription.attempts = 0;
        [(); 3].map(|()| subscription.ask(&callback(), noon()).hub.to_string())
    };
    assert_eq!(
        hubs("http://hub.test/"),
        ["https://hub.test/", "http://hub.test/", "https://hub.test/"]
    );
    assert_eq!(hubs("http://hub.test:8080/"), ["http://hub.test:8080/"; 3]);
    assert_eq!(hubs("https://hub.test/"), ["https://hub.test/"; 3]);
}

#[test]
fn etiquette_50_a_denial_returns_the_feed_to_polling_and_is_tried_again_much_later() {
    let mut subscription = active(10);
    subscription.deny(noon());
    let retry = subscription.ask_at();
    assert_eq!(subscription.state(noon()), PushState::Denied { retry });
    assert!((DAY..DAY * 2).contains(&wait(&subscription, noon())));
    assert!(
        !subscription.verify(Mode::Subscribe, &topic(), None, noon()),
        "denied is denied"
    );
    subscription.deny(noon());
    assert!(wait(&subscription, noon()) >= DAY * 2);
}

#[test]
fn etiquette_51_push_that_missed_something_is_broken_for_longer_each_time() {
    let mut subscription = active(10);
    let mut waits = Vec::new();
    for _ in 0..3 {
        subscription.watch(noon());
        assert!(subscription.miss(noon()));
        let retry = subscription.ask_at();
        assert_eq!(subscription.state(noon()), PushState::Broken { retry });
        assert!(!subscription.miss(noon()), "broken already");
        waits.push(wait(&subscription, noon()));
        subscription.ask(&callback(), retry);
        let pending = subscription.state(noon());
        assert!(
            matches!(pending, PushState::Broken { .. }),
            "until it is verified"
        );
        assert!(subscription.verify(Mode::Subscribe, &topic(), Some(DAY * 10), noon()));
    }
    assert!(waits[0] >= DAY && waits[1] >= DAY * 2 && waits[2] >= DAY * 4);
}

#[test]
fn push_is_not_at_fault_for_what_came_before_it_was_watched() {
    let mut subscription = active(10);
    assert!(
        !subscription.miss(noon()),
        "published before the lease began"
    );
    subscription.watch(noon());
    let json = serde_json::to_string(&subscription).unwrap();
    let mut restarted: Subscription = serde_json::from_str(&json).unwrap();
    assert!(!restarted.miss(noon()), "published while nobody listened");
    restarted.watch(noon());
    assert!(restarted.miss(noon()));
    assert!(!subscription.miss(at(DAY * 11)), "the lease was over");
}

#[test]
fn a_lease_held_to_its_renewal_makes_good_for_earlier_setbacks() {
    let mut subscription = active(10);
    subscription.deny(noon());
    for expected in [1, 0] {
        subscription.ask(&callback(), noon());
        subscription.verify(Mode::Subscribe, &topic(), Some(DAY), noon());
        assert_eq!(subscription.setbacks, expected);
    }
}

#[test]
fn a_hub_is_told_of_the_end_of_what_it_knows_of() {
    assert!(!wished().leave(noon()));
    assert!(asked().leave(noon()), "it may be verified any moment");
    assert!(active(1).leave(noon()));
    assert!(!active(1).leave(at(DAY * 2)), "it ran out");
    let mut denied = active(1);
    denied.deny(noon());
    assert!(!denied.leave(noon()));
}

#[test]
fn a_farewell_is_verified_or_given_up() {
    let mut subscription = active(10);
    subscription.leave(noon());
    assert!(!subscription.verify(Mode::Unsubscribe, &topic(), None, noon()));
    let ask = subscription.ask(&callback(), noon());
    assert!(ask.form.contains("hub.mode=unsubscribe") && !ask.form.contains("secret"));
    assert!(
        subscription
            .clone()
            .verify(Mode::Unsubscribe, &topic(), None, noon())
    );
    for _ in 1..FAREWELLS_MAX {
        assert!(!subscription.is_done(subscription.ask_at()));
        subscription.ask(&callback(), subscription.ask_at());
    }
    assert!(
        !subscription.is_done(noon()),
        "the last one may yet be verified"
    );
    assert!(subscription.is_done(subscription.ask_at()));
}

#[test]
fn a_subscription_survives_a_restart() {
    for subscription in [wished(), asked(), active(10)] {
        let json = serde_json::to_string(&subscription).unwrap();
        let read: Subscription = serde_json::from_str(&json).unwrap();
        assert_eq!(read, subscription);
    }
}
