//! A proxy that the operator names: everything goes through it, and it gets its own login alone.

use fetcher::{Proxy, Settings};

use crate::{
    outcome,
    server::{Server, answer, rss},
    settings,
};

/// Settings that guard addresses and go through a proxy at `server`, by name.
fn through(server: &Server) -> Settings {
    let mut url = server.url("/");
    url.set_host(Some("localhost")).unwrap();
    url.set_username("desk").unwrap();
    Settings {
        allow_private_networks: false,
        proxy: Some(Proxy {
            url,
            password: None,
        }),
        ..settings()
    }
}

#[tokio::test]
async fn requests_go_through_the_proxy_and_names_are_left_to_it() {
    let server = Server::start(|_| answer(200, &[], rss(&[]))).await;
    let url = "http://diario.test/rss".parse().unwrap();
    assert_eq!(outcome(through(&server), url).await, "200 with 0 entries");
    let seen = &server.seen("/rss")[0];
    assert_eq!(seen.header("host"), Some("diario.test"));
    assert!(seen.header("proxy-authorization").is_some());
    assert_eq!(seen.header("authorization"), None);
}

#[tokio::test]
async fn a_private_address_in_a_url_is_refused_with_a_proxy_too() {
    let server = Server::start(|_| answer(302, &[("location", "http://10.0.0.1/")], "")).await;
    let settings = through(&server);
    let inside = "http://169.254.169.254/latest".parse().unwrap();
    assert_eq!(
        outcome(settings.clone(), inside).await,
        "private address: `169.254.169.254`"
    );
    assert!(server.seen("/latest").is_empty());
    let led = "http://diario.test/rss".parse().unwrap();
    assert_eq!(outcome(settings, led).await, "private address: `10.0.0.1`");
}
