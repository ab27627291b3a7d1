//! The world that a sentence is tried in: a paused clock, sites on loopback, a store in memory,
//! and a daemon that may be stopped and started again.
//!
//! A paused clock jumps to the next timer whenever nobody has anything to do, and it would also do
//! so while a packet is on its way. The [`Pacemaker`] holds it for as long as a request is under
//! way and no site delays its answer on purpose: then only the machine's own time passes.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use fetcher::{Clock, Counters, Feed, Fetcher, InFlight, Proxy, Report, Settings};
use story::{
    Content, Home, Timestamp,
    storage::{FeedState, FetchStore as _},
};
use testkit::{Request, Site};
use tokio::{
    runtime::{Builder, Runtime},
    sync::mpsc::{self, Receiver},
    task::{JoinHandle, spawn_blocking},
};
use tokio_util::sync::CancellationToken;

use crate::store::Store;

/// When every world begins: a Monday, at noon.
const BEGIN: &str = "2026-01-05T12:00:00Z";

/// A minute, an hour and a day of the paused clock.
pub(crate) const MINUTE: Duration = Duration::from_mins(1);
pub(crate) const HOUR: Duration = Duration::from_hours(1);
pub(crate) const DAY: Duration = Duration::from_hours(24);

/// How much of the machine's own time one world may take.
const PATIENCE: Duration = Duration::from_mins(2);

/// How long the clock is held before it is looked again whether it must be.
const BEAT: Duration = Duration::from_micros(200);

/// Holds the paused clock while requests are under way.
pub(crate) struct Pacemaker {
    begun: Instant,
    beating: AtomicBool,
    counters: Mutex<Vec<Arc<Counters>>>,
    sites: Mutex<Vec<Arc<Site>>>,
    /// Requests of the test itself.
    own: AtomicUsize,
}

impl Pacemaker {
    /// A runtime whose clock is paused, and who holds it.
    pub(crate) fn runtime() -> (Runtime, Arc<Self>) {
        let pacemaker = Arc::new(Self {
            begun: Instant::now(),
            beating: AtomicBool::new(false),
            counters: Mutex::default(),
            sites: Mutex::default(),
            own: AtomicUsize::new(0),
        });
        let beat = Arc::clone(&pacemaker);
        let runtime = Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .on_thread_park(move || beat.before_idle())
            .build()
            .expect("a runtime");
        (runtime, pacemaker)
    }

    /// Called whenever nobody has anything to do: tokio's clock stands while a blocking task runs.
    fn before_idle(self: &Arc<Self>) {
        assert!(self.begun.elapsed() < PATIENCE, "the world stands still");
        if self.is_busy() && !self.beating.swap(true, Ordering::SeqCst) {
            let pacemaker = Arc::clone(self);
            drop(spawn_blocking(move || {
                std::thread::sleep(BEAT);
                pacemaker.beating.store(false, Ordering::SeqCst);
            }));
        }
    }

    fn is_busy(&self) -> bool {
        let counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let under_way = counters
            .iter()
            .map(|counters| counters.requests_under_way.load(Ordering::Relaxed) as usize);
        let under_way: usize = under_way.sum::<usize>() + self.own.load(Ordering::Relaxed);
        if under_way == 0 {
            return false;
        }
        let sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        let held_up: usize = sites.iter().map(|site| site.requests_held_up()).sum();
        under_way > held_up
    }

    /// Holds the clock while the test itself asks for something.
    pub(crate) async fn hold<T>(&self, asking: impl Future<Output = T>) -> T {
        self.own.fetch_add(1, Ordering::Relaxed);
        let answer = asking.await;
        self.own.fetch_sub(1, Ordering::Relaxed);
        answer
    }
}

/// One world.
pub(crate) struct World {
    pub(crate) store: Arc<Store>,
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) pacemaker: Arc<Pacemaker>,
    begun: tokio::time::Instant,
}

impl World {
    /// A world that begins now, where loopback may be asked.
    pub(crate) fn new(pacemaker: Arc<Pacemaker>) -> Self {
        Self {
            store: Arc::default(),
            settings: Settings {
                allow_private_networks: true,
                ..Settings::default()
            },
            clock: Clock::following_tokio(BEGIN.parse().expect("an instant")),
            pacemaker,
            begun: tokio::time::Instant::now(),
        }
    }

    /// The same world on another day: nothing is remembered.
    pub(crate) fn anew(&self) -> Self {
        Self {
            settings: self.settings.clone(),
            ..Self::new(Arc::clone(&self.pacemaker))
        }
    }

    /// Starts a site.
    pub(crate) async fn site(&self) -> Arc<Site> {
        let site = Arc::new(Site::start().await);
        let mut sites = self.pacemaker.sites.lock().expect("no site failed");
        sites.push(Arc::clone(&site));
        site
    }

    /// From here on all names are found and only public addresses asked, both by way of a site that
    /// stands for the world: its paths are whole addresses.
    pub(crate) async fn by_way_of_the_world(&mut self) -> Arc<Site> {
        let site = self.site().await;
        self.settings.allow_private_networks = false;
        self.settings.proxy = Some(Proxy {
            url: site.url("").parse().expect("an address"),
            password: None,
        });
        site
    }

    /// A daemon that polls one feed at this path, and brings its pages.
    pub(crate) fn polling(&self, site: &Site, path: &str) -> Daemon {
        self.daemon(vec![feed("diario", &site.url(path))])
    }

    /// A daemon that polls feeds and brings their pages.
    pub(crate) fn daemon(&self, feeds: Vec<Feed>) -> Daemon {
        let fetcher = self.fetcher(feeds);
        let counters = fetcher.counters();
        let stop = CancellationToken::new();
        let (out, line) = mpsc::channel(4);
        let pages = Arc::default();
        Daemon {
            stop: stop.clone(),
            counters,
            run: tokio::spawn(async move { fetcher.run(out, stop).await.expect("a run") }),
            pages: Arc::clone(&pages),
            collecting: tokio::spawn(collect(line, pages)),
        }
    }

    /// One pass over one feed of a site.
    pub(crate) async fn pass(&self, site: &Site, path: &str) -> Report {
        self.pass_over(&site.url(path)).await
    }

    /// One pass over the feed at this address.
    pub(crate) async fn pass_over(&self, url: &str) -> Report {
        let fetcher = self.fetcher(vec![feed("diario", url)]);
        let (out, line) = mpsc::channel(4);
        let collecting = tokio::spawn(collect(line, Arc::default()));
        let report = fetcher.run_once(out, CancellationToken::new()).await;
        collecting.await.expect("a line");
        report.expect("a pass")
    }

    fn fetcher(&self, feeds: Vec<Feed>) -> Fetcher<Store> {
        let store = Arc::clone(&self.store);
        let fetcher = Fetcher::with_clock(self.settings.clone(), feeds, store, self.clock);
        let fetcher = fetcher.expect("a fetcher");
        let mut counters = self.pacemaker.counters.lock().expect("no fetcher failed");
        counters.push(fetcher.counters());
        fetcher
    }

    /// The time of day.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// When a request came, as time of day.
    pub(crate) fn time_of(&self, request: &Request) -> Timestamp {
        let passed = request.at - self.begun.into_std();
        let begin: Timestamp = BEGIN.parse().expect("an instant");
        begin + TimeDelta::from_std(passed).expect("a short while")
    }

    /// The state of the only feed.
    pub(crate) async fn state(&self) -> FeedState {
        let states = self.store.feed_states().await.expect("a store in memory");
        states.into_iter().next().expect("a feed that was polled")
    }

    /// Titles of all entries that were ever shown.
    pub(crate) fn titles(&self) -> Vec<String> {
        let inside = self.store.inside();
        let entries = inside.entries.iter();
        entries
            .filter_map(|kept| kept.entry.title.clone())
            .collect()
    }
}

/// A fetcher that runs until it is stopped.
pub(crate) struct Daemon {
    stop: CancellationToken,
    counters: Arc<Counters>,
    run: JoinHandle<()>,
    pages: Arc<Mutex<Vec<InFlight>>>,
    collecting: JoinHandle<()>,
}

impl Daemon {
    /// Stops it in good order.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.run.await.expect("a run that ends well");
        self.collecting.await.expect("a line that ends well");
    }

    /// Ends it as a crash does: nothing more is done.
    pub(crate) async fn crash(self) {
        self.run.abort();
        drop(self.run.await);
        drop(self.collecting.await);
    }

    /// How many bytes of bodies it has read, decompressed.
    pub(crate) fn bytes(&self) -> u64 {
        self.counters.bytes.load(Ordering::Relaxed)
    }

    /// Why entries went down the line without their page: the path of their link, and the reason.
    pub(crate) fn without_page(&self) -> Vec<(String, String)> {
        let pages = self.pages.lock().expect("no collector failed");
        let without = pages.iter().filter_map(|sent| match &sent.page.content {
            Content::FeedOnly { why, .. } => {
                let link = sent.page.entry.link.as_ref();
                Some((link.map_or("", |link| link.path()).to_owned(), why.clone()))
            }
            Content::Fetched(_) | Content::SharedPage { .. } => None,
        });
        without.collect()
    }
}

async fn collect(mut line: Receiver<InFlight>, pages: Arc<Mutex<Vec<InFlight>>>) {
    while let Some(sent) = line.recv().await {
        pages.lock().expect("no reader failed").push(sent);
    }
}

/// A feed of the default interval.
pub(crate) fn feed(id: &str, url: &str) -> Feed {
    Feed {
        id: id.parse().expect("an id"),
        url: url.parse().expect("an address"),
        home: Home::default(),
        interval: None,
        access: fetcher::Access::default(),
        timezone: chrono_tz::America::Bogota,
    }
}

/// Lets time pass.
pub(crate) async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}
