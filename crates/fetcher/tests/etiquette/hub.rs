//! A hub on loopback: what it was asked for, and what it says to the callback.

use std::{
    fmt::Write as _,
    ops::Range,
    sync::{Arc, Mutex},
    time::Duration,
};

use fetcher::WebSub;
use ring::hmac;
use testkit::{Reply, Site};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::spawn_blocking,
};
use url::{Url, form_urlencoded};

use crate::{
    documents::{RSS, channel, gaps},
    world::{Daemon, HOUR, MINUTE, World, pass},
};

/// How long a hub waits for an answer, while the world's clock stands.
const PROMPTLY: Duration = Duration::from_secs(5);

/// A subscriber whose hub and feed are one site: the hub is at `/hub`, the feed at `/rss`.
pub(crate) struct Bench {
    pub(crate) world: World,
    pub(crate) site: Arc<Site>,
    pub(crate) daemon: Daemon,
    /// What the feed has shown since it began.
    items: Mutex<Vec<String>>,
}

/// What a subscriber asked a hub for.
pub(crate) struct Form(pub(crate) Vec<(String, String)>);

impl Form {
    pub(crate) fn field(&self, name: &str) -> &str {
        let named = self
            .0
            .iter()
            .find(|(known, _)| *known == format!("hub.{name}"));
        named.map_or("", |(_, value)| value)
    }

    pub(crate) fn callback(&self) -> Url {
        self.field("callback").parse().expect("an address")
    }
}

impl Bench {
    /// A daemon on a feed that names its hub in the document.
    pub(crate) async fn start(world: World) -> Self {
        let site = world.site().await;
        let links = links(&site, "/hub", "/rss");
        site.set("/rss", Reply::ok(RSS, channel(&links, "")));
        Self::on(world, site, "/rss").await
    }

    pub(crate) async fn on(mut world: World, site: Arc<Site>, path: &str) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        world.settings.websub = Some(WebSub {
            public_url: "https://vigia.test/push".parse().expect("an address"),
            listen: free.local_addr().expect("an address"),
        });
        drop(free);
        site.set_handler("/hub", |_| Reply::status(202));
        let daemon = world.polling(&site, path);
        pass(MINUTE).await;
        Self {
            world,
            site,
            daemon,
            items: Mutex::default(),
        }
    }

    pub(crate) fn forms(&self) -> Vec<Form> {
        let posts = self
            .site
            .requests()
            .into_iter()
            .filter(|request| request.method == "POST");
        posts
            .map(|post| Form(form_urlencoded::parse(&post.body).into_owned().collect()))
            .collect()
    }

    /// The subscriber's last request to the hub.
    pub(crate) fn form(&self) -> Form {
        self.forms().pop().expect("the hub is asked")
    }

    /// Says something to the callback; the status and the body of the answer.
    pub(crate) async fn say(&self, request: String) -> (u16, String) {
        let to = self
            .world
            .settings
            .websub
            .as_ref()
            .expect("a listener")
            .listen;
        let exchange = async {
            let mut stream = TcpStream::connect(to).await.expect("the callback listens");
            stream
                .write_all(request.as_bytes())
                .await
                .expect("a listener that reads");
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.expect("an answer");
            String::from_utf8_lossy(&answer).into_owned()
        };
        let (answered, waiting) = std::sync::mpsc::channel::<()>();
        let bound = spawn_blocking(move || waiting.recv_timeout(PROMPTLY).is_err());
        let answer = self
            .world
            .pacemaker
            .hold(async {
                tokio::select! {
                    answer = exchange => answer,
                    _ = bound => panic!("no answer at the callback"),
                }
            })
            .await;
        drop(answered); // and with it the bound
        let status = answer.get(9..12).and_then(|status| status.parse().ok());
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        (status.unwrap_or_default(), body.to_owned())
    }

    /// Asks the callback of a form, as a hub does to verify it, with these changes.
    pub(crate) async fn ask(
        &self,
        form: &Form,
        lease: Duration,
        changes: &[(&str, &str)],
    ) -> (u16, String) {
        let lease = lease.as_secs().to_string();
        let mut fields = vec![
            ("mode", form.field("mode")),
            ("topic", form.field("topic")),
            ("challenge", "a b+c/%"),
            ("lease_seconds", &lease),
        ];
        for (name, value) in changes {
            fields.retain(|(known, _)| known != name);
            fields.push((name, value));
        }
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in fields {
            query.append_pair(&format!("hub.{name}"), value);
        }
        let path = form.callback().path().to_owned();
        self.say(format!(
            "GET {path}?{} HTTP/1.1\r\nhost: vigia.test\r\nconnection: close\r\n\r\n",
            query.finish()
        ))
        .await
    }

    /// Delivers a document, signed with this key.
    pub(crate) async fn deliver(&self, form: &Form, secret: Option<&str>, body: &str) -> u16 {
        let signature = secret.map_or(String::new(), |secret| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
            let tag = hmac::sign(&key, body.as_bytes());
            let hex = tag.as_ref().iter().fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            });
            format!("x-hub-signature: sha256={hex}\r\n")
        });
        let (path, length) = (form.callback().path().to_owned(), body.len());
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: vigia.test\r\nconnection: close\r\ncontent-type: {RSS}\r\n{signature}content-length: {length}\r\n\r\n"
        );
        self.say(head + body).await.0
    }

    /// Has the hub verify the subscription.
    pub(crate) async fn verify(&self, lease: Duration) {
        let (status, body) = self.ask(&self.form(), lease, &[]).await;
        assert_eq!((status, body.as_str()), (200, "a b+c/%"));
    }

    /// Publishes an item an hour, with these numbers, and has the hub deliver each or none.
    pub(crate) async fn publish(&self, numbers: Range<usize>, delivered: bool) {
        let form = self.form();
        for number in numbers {
            let date = self.world.now().to_rfc2822();
            self.items.lock().expect("nobody failed").push(format!(
                "<item><guid isPermaLink=\"false\">{number}</guid><title>{number}</title><pubDate>{date}</pubDate></item>"
            ));
            let items = self
                .items
                .lock()
                .expect("nobody failed")
                .iter()
                .rev()
                .take(80)
                .cloned()
                .collect::<String>();
            let document = channel(&links(&self.site, "/hub", "/rss"), &items);
            if delivered {
                let status = self
                    .deliver(&form, Some(form.field("secret")), &document)
                    .await;
                assert_eq!(status / 100, 2);
            }
            self.site.set("/rss", Reply::ok(RSS, document));
            pass(HOUR).await;
        }
    }

    /// Checks that the feed has been polled by itself again for most of three days.
    pub(crate) fn check_polling(&self, pulls_before: usize, since: &str) {
        let polls = self.pulls().len() - pulls_before;
        assert!(
            polls >= 40,
            "{polls} polls in three days after {since}: {:?}",
            &self.pulls()[pulls_before..]
        );
    }

    /// The waits between the pulls of the feed.
    pub(crate) fn pulls(&self) -> Vec<Duration> {
        gaps(&self.site.requests_to("/rss"))
    }
}

/// Links to a hub and to the topic, as a document has them.
pub(crate) fn links(site: &Site, hub: &str, topic: &str) -> String {
    let (hub, topic) = (site.url(hub), site.url(topic));
    format!("<atom:link rel=\"hub\" href=\"{hub}\"/><atom:link rel=\"self\" href=\"{topic}\"/>")
}
