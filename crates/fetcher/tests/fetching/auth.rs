//! Logins and keys: sent to the origin that they are for and to no other.

use std::{fs, path::PathBuf, sync::Arc};

use fetcher::{Access, Auth, Feed, Fetcher, FetcherError, Given, Secret, SecretSource};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{
    feed,
    server::{Server, answer, rss},
    settings,
    store::Store,
};

/// A file with a secret; it goes with the test.
struct Kept(PathBuf);

impl Kept {
    fn new(name: &str, secret: &str) -> Self {
        let name = format!("vigia-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, secret).unwrap();
        Self(path)
    }

    fn source(&self) -> SecretSource {
        SecretSource::File(self.0.clone())
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn guarded(url: Url, password: SecretSource) -> Feed {
    let mut access = Access::default();
    let key = Given::Plain(Secret::new("k1"));
    access.add_header("X-Key", key).unwrap();
    access.set_auth(Auth::Basic {
        username: "desk".to_owned(),
        password,
    });
    Feed {
        access,
        ..feed(url)
    }
}

async fn poll(feed: Feed) {
    let fetcher = Fetcher::new(settings(), vec![feed], Arc::<Store>::default()).unwrap();
    let (out, mut line) = mpsc::channel(4);
    let run = tokio::spawn(fetcher.run_once(out, CancellationToken::new()));
    while line.recv().await.is_some() {}
    run.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_login_stays_with_its_origin() {
    let elsewhere = Server::start(|_| answer(200, &[], rss(&[]))).await;
    let away = elsewhere.url("/rss").to_string();
    let home = Server::start(move |seen| match seen.path.as_str() {
        "/rss" => answer(302, &[("location", "/here")], ""),
        _ => answer(302, &[("location", away.as_str())], ""),
    })
    .await;
    let kept = Kept::new("login", "hunter2\n");
    poll(guarded(home.url("/rss"), kept.source())).await;
    for path in ["/rss", "/here"] {
        let seen = &home.seen(path)[0];
        let basic = Some("Basic ZGVzazpodW50ZXIy");
        assert_eq!(seen.header("authorization"), basic, "{path}");
        assert_eq!(seen.header("x-key"), Some("k1"));
    }
    let seen = &elsewhere.seen("/rss")[0];
    assert_eq!(seen.header("authorization"), None);
    assert_eq!(seen.header("x-key"), None);
}

#[tokio::test]
async fn a_login_that_was_led_away_is_not_sent_on_the_way_back() {
    let away = Server::start(|seen| {
        let back = format!("http:/{}/back", seen.path);
        answer(302, &[("location", back.as_str())], "")
    })
    .await;
    let out = away.url("/").to_string();
    let home = Server::start(move |seen| match seen.path.as_str() {
        "/rss" => {
            let location = format!("{out}{}", seen.header("host").unwrap());
            answer(302, &[("location", location.as_str())], "")
        }
        _ => answer(200, &[], rss(&[])),
    })
    .await;
    let kept = Kept::new("back", "hunter2");
    poll(guarded(home.url("/rss"), kept.source())).await;
    assert!(home.seen("/rss")[0].header("authorization").is_some());
    assert_eq!(home.seen("/back")[0].header("authorization"), None);
}

#[test]
fn a_secret_that_is_not_there_is_told_before_the_start() {
    let url = "https://diario.test/rss".parse().unwrap();
    let feed = guarded(url, SecretSource::Env("VIGIA_TEST_NO_SUCH".to_owned()));
    let Err(error) = Fetcher::new(settings(), vec![feed], Arc::<Store>::default()) else {
        panic!("it starts without its secret");
    };
    assert_eq!(error.to_string(), "feed `diario` cannot be asked");
    let FetcherError::Secret { source, .. } = error else {
        panic!("{error}");
    };
    assert!(
        source
            .to_string()
            .contains("`VIGIA_TEST_NO_SUCH` is not set")
    );
}
