//! Leases over weeks, on a clock that runs as fast as it can.

use std::sync::Mutex;

use reqwest::StatusCode;
use story::Timestamp;

use super::*;
use crate::{FetchError, websub::subscription::Mode, websub::token::Token};

const STEP: Duration = Duration::from_mins(10);

/// A hub that is asked without a network, and notes each request with its time.
struct Asked {
    clock: Clock,
    store: Arc<Store>,
    forms: Mutex<Vec<(Timestamp, Form)>>,
    status: u16,
}

impl AskHub for Asked {
    async fn ask(&self, _: &Url, form: &str, _: &Stop) -> Result<StatusCode, FetchError> {
        let form = Form::read("/", "", form.as_bytes());
        let callback = form.callback();
        let token = callback.rsplit('/').next().unwrap();
        let kept = written(&self.store).await.concat();
        assert!(
            kept.contains(token),
            "it is known before a hub is told of it"
        );
        self.forms.lock().unwrap().push((self.clock.now(), form));
        match self.status {
            202 => Ok(StatusCode::ACCEPTED),
            status => Err(FetchError::Status {
                status,
                retry_after: None,
            }),
        }
    }
}

struct Weeks {
    push: Subscriber,
    hub: Arc<Asked>,
    start: Timestamp,
    /// Kept, since the queue of a subscriber that nobody receives from ends.
    _deliveries: Receiver<Delivery>,
}

impl Weeks {
    async fn begin(status: u16) -> Self {
        let start = "2026-01-05T12:00:00Z".parse().unwrap();
        let clock = Clock::following_tokio(start);
        let store: Arc<Store> = Arc::default();
        let hub = Arc::new(Asked {
            clock,
            store: Arc::clone(&store),
            forms: Mutex::default(),
            status,
        });
        let stop = Stop::default();
        let (push, deliveries) = super::bench::start(Arc::clone(&hub), &store, clock, &stop).await;
        push.found(&feed(), topic());
        Self {
            push,
            hub,
            start,
            _deliveries: deliveries,
        }
    }

    /// Lets time pass; `each` looks at the state every ten minutes.
    async fn pass(&self, time: Duration, mut each: impl FnMut(Option<PushState>)) {
        for _ in 0..time.as_secs().div_ceil(STEP.as_secs()) {
            tokio::time::sleep(STEP).await;
            each(self.push.state(&feed()));
        }
    }

    /// The hub verifies the last request.
    fn verify(&self, lease: Duration) -> bool {
        let forms = self.hub.forms.lock().unwrap();
        let (_, form) = forms.last().unwrap();
        let callback = form.callback();
        let token = Token::claimed(callback.rsplit('/').next().unwrap());
        let request = (Mode::Subscribe, &own());
        let now = self.hub.clock.now();
        self.push.register.verify(&token, request, Some(lease), now)
    }

    /// When the hub was asked, in hours since the start.
    fn asked(&self) -> Vec<i64> {
        let forms = self.hub.forms.lock().unwrap();
        let hours = |at: &Timestamp| (*at - self.start).num_hours();
        forms.iter().map(|(at, _)| hours(at)).collect()
    }
}

fn topic() -> Topic {
    Topic {
        hub: "https://hub.test/".parse().unwrap(),
        topic: own(),
    }
}

fn is_active(state: Option<PushState>) -> bool {
    matches!(state, Some(PushState::Active { .. }))
}

#[tokio::test(start_paused = true)]
async fn etiquette_50_leases_are_renewed_before_they_end() {
    let weeks = Weeks::begin(202).await;
    weeks.pass(STEP, drop).await;
    assert!(weeks.verify(DAY * 10));
    let (mut always, mut renewals) = (true, 0);
    weeks
        .pass(DAY * 60, |state| {
            always &= is_active(state);
            renewals += usize::from(weeks.verify(DAY * 10));
        })
        .await;
    let asked = weeks.asked();
    assert!(always, "{asked:?}");
    assert!((6..=8).contains(&renewals), "{asked:?}");
    assert_eq!(asked.len(), renewals + 1, "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn etiquette_50_a_lease_that_is_not_renewed_returns_the_feed_to_polling() {
    let weeks = Weeks::begin(202).await;
    weeks.pass(STEP, drop).await;
    assert!(weeks.verify(DAY * 10));
    assert!(!weeks.verify(DAY * 10), "one request is verified once");
    let mut pushed = Duration::ZERO;
    weeks
        .pass(DAY * 30, |state| {
            pushed += STEP * u32::from(is_active(state));
        })
        .await;
    assert!(
        pushed <= DAY * 10 && pushed + STEP * 2 >= DAY * 10,
        "{pushed:?}"
    );
    assert_eq!(weeks.push.state(&feed()), Some(PushState::Pending));
    let asked = weeks.asked();
    assert!(
        (20..60).contains(&asked.len()),
        "asked on, about daily: {asked:?}"
    );
    assert!(weeks.verify(DAY * 10), "a hub that comes back is welcome");
    assert!(is_active(weeks.push.state(&feed())));
}

#[tokio::test(start_paused = true)]
async fn etiquette_51_broken_push_is_tried_again_after_a_growing_while() {
    let weeks = Weeks::begin(202).await;
    weeks.pass(STEP, drop).await;
    let mut pauses = Vec::new();
    for round in 1..=3 {
        assert!(weeks.verify(DAY * 10));
        weeks.push.found(&feed(), topic());
        weeks.push.missed(&feed());
        let Some(PushState::Broken { retry }) = weeks.push.state(&feed()) else {
            panic!("not broken");
        };
        let pause = (retry - weeks.hub.clock.now()).to_std().unwrap();
        weeks.pass(pause.saturating_sub(STEP), drop).await;
        assert_eq!(weeks.asked().len(), round, "left alone");
        weeks.pass(STEP * 2, drop).await;
        assert_eq!(weeks.asked().len(), round + 1, "and then asked");
        pauses.push(pause);
    }
    assert!(pauses[0] >= DAY, "{pauses:?}");
    assert!(pauses[1] >= DAY * 2 && pauses[2] >= DAY * 4, "{pauses:?}");
}

#[tokio::test(start_paused = true)]
async fn a_hub_that_refuses_is_asked_ever_more_rarely() {
    let weeks = Weeks::begin(403).await;
    let denies = |state| matches!(state, Some(PushState::Denied { .. }));
    let mut always = true;
    weeks.pass(DAY * 70, |state| always &= denies(state)).await;
    let asked = weeks.asked();
    assert!((5..=7).contains(&asked.len()), "{asked:?}");
    assert!(always, "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_hub_that_fails_is_asked_about_once_a_day() {
    let weeks = Weeks::begin(500).await;
    weeks.pass(DAY * 30, drop).await;
    let asked = weeks.asked();
    assert!((25..=40).contains(&asked.len()), "{asked:?}");
}
