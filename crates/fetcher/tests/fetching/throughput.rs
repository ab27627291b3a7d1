//! How many pages a second come through, from one server on loopback; run on demand:
//! `cargo test --release -p fetcher throughput -- --ignored --nocapture`.

use std::{sync::Arc, time::Instant};

use fetcher::{Feed, Fetcher, Settings};
use story::Home;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    server::{Server, answer, rss},
    store::Store,
};

const FEEDS: usize = 20;
const PAGES: usize = 100;
const PAGE_BYTES: usize = 20_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement, which wants a release build and an idle machine"]
async fn pages_come_through_by_the_thousand() {
    let page = vec![b'x'; PAGE_BYTES];
    let server = Server::start(move |seen| match seen.path.strip_prefix("/feed/") {
        Some(feed) => {
            let links: Vec<String> = (0..PAGES).map(|page| format!("/{feed}/{page}")).collect();
            answer(
                200,
                &[],
                rss(&links.iter().map(String::as_str).collect::<Vec<_>>()),
            )
        }
        None => answer(200, &[("content-type", "text/html")], page.clone()),
    })
    .await;
    let feeds = (0..FEEDS).map(|number| Feed {
        id: format!("feed-{number}").parse().unwrap(),
        url: server.url(&format!("/feed/{number}")),
        home: Home::default(),
        interval: std::time::Duration::from_hours(1),
        timezone: chrono_tz::UTC,
    });
    let settings = Settings {
        allow_private_networks: true,
        host_gap: std::time::Duration::ZERO,
        host_concurrency: 16,
        ..Settings::default()
    };
    let fetcher = Fetcher::new(settings, feeds.collect(), Arc::<Store>::default()).unwrap();
    let (out, mut line) = mpsc::channel(64);
    let begun = Instant::now();
    let run = tokio::spawn(fetcher.run_once(out, CancellationToken::new()));
    let mut pages = 0;
    while line.recv().await.is_some() {
        pages += 1;
    }
    run.await.unwrap().unwrap();
    assert_eq!(pages, FEEDS * PAGES);
    let rate = f64::from(pages as u32) / begun.elapsed().as_secs_f64();
    println!("{rate:.0} pages a second, server and store included");
}
