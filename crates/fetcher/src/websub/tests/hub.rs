//! A hub on loopback that does what a test tells it, and a client that says whatever it is given.

use std::{collections::HashMap, convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use http_body_util::{BodyExt, Empty};
use hyper::{
    Request, Response, StatusCode, body::Incoming, header::LOCATION, server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::timeout,
};
use url::{Url, form_urlencoded};

use super::super::signature::sign;

/// No test waits longer than this for anything.
pub(super) const BOUND: Duration = Duration::from_secs(20);

/// A request to a hub.
#[derive(Clone, Debug)]
pub(super) struct Form {
    /// The path that it was posted to.
    pub(super) path: String,
    /// What the client calls itself.
    pub(super) user_agent: String,
    fields: HashMap<String, String>,
}

impl Form {
    /// Reads a URL-encoded form.
    pub(super) fn read(path: &str, user_agent: &str, body: &[u8]) -> Self {
        Self {
            path: path.to_owned(),
            user_agent: user_agent.to_owned(),
            fields: form_urlencoded::parse(body).into_owned().collect(),
        }
    }

    /// A field without its `hub.`.
    pub(super) fn field(&self, name: &str) -> &str {
        let value = self.fields.get(&format!("hub.{name}"));
        value.map_or("", String::as_str)
    }

    /// The path of the callback.
    pub(super) fn callback(&self) -> String {
        Url::parse(self.field("callback"))
            .unwrap()
            .path()
            .to_owned()
    }

    /// The question that verifies the request, with changes to single fields.
    pub(super) fn question(&self, lease: Duration, changed: &[(&str, &str)]) -> String {
        let lease = lease.as_secs().to_string();
        let mut fields = HashMap::from([
            ("mode", self.field("mode")),
            ("topic", self.field("topic")),
            ("challenge", "what+is this?"),
            ("lease_seconds", &lease),
        ]);
        fields.extend(changed.iter().copied());
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in fields {
            query.append_pair(&format!("hub.{name}"), value);
        }
        format!("{}?{}", self.callback(), query.finish())
    }
}

type Forms = Arc<watch::Sender<Vec<Form>>>;

/// The hub; it ends when it is dropped. It accepts whatever is asked at `/`, and sends on what is
/// asked at `/307` or `/302`.
pub(super) struct Hub {
    address: SocketAddr,
    forms: Forms,
    _tasks: JoinSet<()>,
}

impl Hub {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let forms = Forms::default();
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, Arc::clone(&forms)));
        Self {
            address,
            forms,
            _tasks: tasks,
        }
    }

    /// The address of a path.
    pub(super) fn url(&self, path: &str) -> Url {
        format!("http://{}{path}", self.address).parse().unwrap()
    }

    /// Waits for the request with this number, counted from 0.
    pub(super) async fn form(&self, number: usize) -> Form {
        let mut forms = self.forms.subscribe();
        let come = forms.wait_for(|forms| forms.len() > number);
        let come = timeout(BOUND, come).await.expect("the hub is asked");
        come.unwrap()[number].clone()
    }

    /// The requests so far.
    pub(super) fn forms(&self) -> Vec<Form> {
        self.forms.borrow().clone()
    }
}

async fn accept(listener: TcpListener, forms: Forms) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let forms = Arc::clone(&forms);
        let service = service_fn(move |request| answer(request, Arc::clone(&forms)));
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        connections.spawn(async { drop(connection.await) });
    }
}

async fn answer(
    request: Request<Incoming>,
    forms: Forms,
) -> Result<Response<Empty<&'static [u8]>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let agent = head.headers["user-agent"].to_str().unwrap();
    let path = head.uri.path();
    forms.send_modify(|forms| forms.push(Form::read(path, agent, &body)));
    let status = path[1..].parse().unwrap_or(StatusCode::ACCEPTED);
    let answer = Response::builder()
        .status(status)
        .header(LOCATION, "/moved");
    Ok(answer.body(Empty::new()).unwrap())
}

/// What the subscriber answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// 0 where the connection was closed without a word.
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

/// Says something and hears the answer out.
pub(super) async fn say(to: SocketAddr, words: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(to).await.unwrap();
    // Who is refused early may find the line closed while still talking.
    let _ = stream.write_all(words).await;
    hear(stream).await
}

/// Hears what is said until the line is closed.
pub(super) async fn hear(mut stream: TcpStream) -> Answer {
    let mut heard = Vec::new();
    let all = stream.read_to_end(&mut heard);
    let _ = timeout(BOUND * 10, all).await.expect("the line is closed");
    let heard = String::from_utf8(heard).unwrap();
    let (head, body) = heard.split_once("\r\n\r\n").unwrap_or_default();
    let status = head.split(' ').nth(1).unwrap_or("0");
    Answer {
        status: status.parse().unwrap(),
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
    }
}

/// Asks for a path.
pub(super) async fn get(to: SocketAddr, path: &str) -> Answer {
    say(
        to,
        format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes(),
    )
    .await
}

/// Posts a body with a signature; none where that is empty.
pub(super) async fn post(to: SocketAddr, path: &str, signature: &str, body: &str) -> Answer {
    let length = body.len();
    let signature = match signature {
        "" => String::new(),
        signature => format!("x-hub-signature: {signature}\r\n"),
    };
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/rss+xml\r\n{signature}\
         content-length: {length}\r\n\r\n{body}"
    );
    say(to, request.as_bytes()).await
}

/// Delivers a body as the hub does that was told this.
pub(super) async fn deliver(to: SocketAddr, form: &Form, body: &str) -> Answer {
    let signature = sign("sha256", form.field("secret"), body.as_bytes());
    post(to, &form.callback(), &signature, body).await
}
