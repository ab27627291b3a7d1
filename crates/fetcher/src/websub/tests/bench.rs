//! A subscriber set up for a test, and what tests do to it again and again.

use super::{
    hub::{BOUND, Form, Hub, get},
    store::Store,
    *,
};
use crate::{http::Http, settings::Settings as FetchSettings};

pub(super) const DAY: Duration = Duration::from_hours(24);

/// Less patience than in earnest, so that the tests need less of it.
pub(super) const LIMITS: Limits = Limits {
    connections: 16,
    head: Duration::from_millis(300),
    body: Duration::from_millis(600),
    connection: Duration::from_secs(5),
    body_bytes: 64 << 10,
};

pub(super) fn feed() -> FeedId {
    "diario".parse().unwrap()
}

pub(super) fn own() -> Url {
    "https://diario.test/rss?a=1&b=ñ".parse().unwrap()
}

/// A subscriber, its hub, and both ends of it.
pub(super) struct Bench {
    pub(super) hub: Hub,
    pub(super) store: Arc<Store>,
    pub(super) stop: Stop,
    pub(super) push: Subscriber,
    pub(super) deliveries: Receiver<Delivery>,
}

impl Bench {
    /// A subscriber that asks whatever is asked of it, and knows of no hub yet.
    pub(super) async fn new() -> Self {
        Self::with(Arc::default(), true).await
    }

    pub(super) async fn with(store: Arc<Store>, allow_private_networks: bool) -> Self {
        let fetching = FetchSettings {
            allow_private_networks,
            host_gap: Duration::ZERO,
            request_timeout: Duration::from_secs(2),
            ..FetchSettings::default()
        };
        let http = Http::new(&fetching, Arc::default(), Clock::system()).unwrap();
        let stop = Stop::default();
        let (push, deliveries) = start(Arc::new(http), &store, Clock::system(), &stop).await;
        Self {
            hub: Hub::start().await,
            store,
            stop,
            push,
            deliveries,
        }
    }

    pub(super) fn topic(&self) -> Topic {
        Topic {
            hub: self.hub.url("/"),
            topic: own(),
        }
    }

    /// A subscriber whose hub has verified the request that it also gives back.
    pub(super) async fn active() -> (Self, Form) {
        let bench = Self::new().await;
        bench.push.found(&feed(), bench.topic());
        let form = bench.hub.form(0).await;
        assert_eq!(bench.verify(&form).await, 200);
        (bench, form)
    }

    pub(super) async fn verify(&self, form: &Form) -> u16 {
        get(self.push.address(), &form.question(DAY, &[]))
            .await
            .status
    }

    pub(super) fn state(&self) -> Option<PushState> {
        self.push.state(&feed())
    }

    pub(super) async fn next(&mut self) -> Delivery {
        let delivery = timeout(BOUND, self.deliveries.recv()).await;
        delivery.expect("a delivery in time").expect("a delivery")
    }

    /// Stops it, and gives what it wrote down.
    pub(super) async fn ended(self) -> Arc<Store> {
        self.stop.begin();
        drop(self.deliveries);
        timeout(BOUND, self.push.end()).await.expect("it ends");
        self.store
    }
}

pub(super) async fn start(
    hubs: Arc<impl AskHub>,
    store: &Arc<Store>,
    clock: Clock,
    stop: &Stop,
) -> (Subscriber, Receiver<Delivery>) {
    let settings = Settings {
        public_url: "https://vigia.test/push".parse().unwrap(),
        listen: "127.0.0.1:0".parse().unwrap(),
    };
    let store = Arc::clone(store);
    let started =
        Subscriber::start_within(LIMITS, &settings, hubs, store, Arc::default(), clock, stop);
    started.await.unwrap()
}

/// Waits until something is so.
pub(super) async fn until(is_so: impl Fn() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    timeout(BOUND, wait).await.expect("it comes to be so");
}

/// What is written down.
pub(super) async fn written(store: &Store) -> Vec<String> {
    let kept = store.subscriptions().await.unwrap();
    kept.into_iter().map(|(_, json)| json).collect()
}
