//! The WebSub subscriber: sentences 46 to 51, over the wire on both sides.

use std::{
    collections::BTreeSet,
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
    documents::{RSS, channel, gaps, rss},
    sentences,
    world::{DAY, Daemon, HOUR, MINUTE, World, feed, pass},
};

sentences! {
    46 the_hub_is_found_where_it_is_named_first "Link headers first, then the document; hub and self of one place; self is the topic";
    47 only_our_own_requests_are_verified "the callback echoes the challenge of a request that was made, and of no other";
    48 callbacks_and_secrets_are_fresh "each topic has a callback and a secret of its own, and unsigned deliveries are discarded";
    49 deliveries_are_acknowledged_first "a delivery is acknowledged before it is looked at";
    50 leases_are_renewed_and_their_end_is_noticed "leases are renewed in time; a denial or an end returns the feed to polling";
    51 push_is_backed_by_pulls "a pushed feed is still pulled, and what a pull finds first breaks the push";
}

/// How long a hub waits for an answer, while the world's clock stands.
const PROMPTLY: Duration = Duration::from_secs(5);

/// A subscriber whose hub and feed are one site: the hub is at `/hub`, the feed at `/rss`.
struct Bench {
    world: World,
    site: Arc<Site>,
    daemon: Daemon,
    /// What the feed has shown since it began.
    items: Mutex<Vec<String>>,
}

/// What a subscriber asked a hub for.
struct Form(Vec<(String, String)>);

impl Form {
    fn field(&self, name: &str) -> &str {
        let named = self
            .0
            .iter()
            .find(|(known, _)| *known == format!("hub.{name}"));
        named.map_or("", |(_, value)| value)
    }

    fn callback(&self) -> Url {
        self.field("callback").parse().expect("an address")
    }
}

impl Bench {
    /// A daemon on a feed that names its hub in the document.
    async fn start(world: World) -> Self {
        let site = world.site().await;
        let links = links(&site, "/hub", "/rss");
        site.set("/rss", Reply::ok(RSS, channel(&links, "")));
        Self::on(world, site, "/rss").await
    }

    async fn on(mut world: World, site: Arc<Site>, path: &str) -> Self {
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

    fn forms(&self) -> Vec<Form> {
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
    fn form(&self) -> Form {
        self.forms().pop().expect("the hub is asked")
    }

    /// Says something to the callback; the status and the body of the answer.
    async fn say(&self, request: String) -> (u16, String) {
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
    async fn ask(&self, form: &Form, lease: Duration, changes: &[(&str, &str)]) -> (u16, String) {
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
    async fn deliver(&self, form: &Form, secret: Option<&str>, body: &str) -> u16 {
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
    async fn verify(&self, lease: Duration) {
        let (status, body) = self.ask(&self.form(), lease, &[]).await;
        assert_eq!((status, body.as_str()), (200, "a b+c/%"));
    }

    /// Publishes an item an hour, with these numbers, and has the hub deliver each or none.
    async fn publish(&self, numbers: Range<usize>, delivered: bool) {
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
    fn check_polling(&self, pulls_before: usize, since: &str) {
        let polls = self.pulls().len() - pulls_before;
        assert!(
            polls >= 40,
            "{polls} polls in three days after {since}: {:?}",
            &self.pulls()[pulls_before..]
        );
    }

    /// The waits between the pulls of the feed.
    fn pulls(&self) -> Vec<Duration> {
        gaps(&self.site.requests_to("/rss"))
    }
}

/// Links to a hub and to the topic, as a document has them.
fn links(site: &Site, hub: &str, topic: &str) -> String {
    let (hub, topic) = (site.url(hub), site.url(topic));
    format!("<atom:link rel=\"hub\" href=\"{hub}\"/><atom:link rel=\"self\" href=\"{topic}\"/>")
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
    bench.publish(72..144, false).await;
    bench.check_polling(while_pushed, "the denial");
    bench.daemon.stop().await;
}

async fn push_is_backed_by_pulls(world: World) {
    let bench = Bench::start(world).await;
    bench.verify(DAY * 30).await;
    bench.publish(0..168, true).await;
    let pulls = bench.pulls();
    assert!(pulls.len() >= 5, "{} pulls in a week", pulls.len());
    let daily = HOUR * 6..=bench.world.settings.max_interval * 11 / 10;
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
