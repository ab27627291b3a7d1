//! A small news site on loopback whose every answer a test decides.

use std::{
    convert::Infallible,
    io::Write,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use http_body_util::Full;
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    header::HeaderMap,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{io::AsyncWriteExt, net::TcpListener, task::JoinHandle};
use url::Url;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Its path.
    pub(crate) path: String,
    /// Its headers.
    pub(crate) headers: HeaderMap,
    /// When it arrived.
    pub(crate) at: Instant,
}

impl Seen {
    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

type Answerer = dyn Fn(&Seen) -> Response<Full<Bytes>> + Send + Sync;

/// The site; it ends when it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts a site that answers as `answer` says.
    pub(crate) async fn start(
        answer: impl Fn(&Seen) -> Response<Full<Bytes>> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let task = tokio::spawn(serve(listener, Arc::new(answer), Arc::clone(&seen)));
        Self {
            address,
            seen,
            task,
        }
    }

    /// The address of a path.
    pub(crate) fn url(&self, path: &str) -> Url {
        format!("http://{}{path}", self.address).parse().unwrap()
    }

    /// The site's host key.
    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    /// The requests for a path, in order.
    pub(crate) fn seen(&self, path: &str) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap();
        seen.iter()
            .filter(|seen| seen.path == path)
            .cloned()
            .collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, answer: Arc<Answerer>, seen: Arc<Mutex<Vec<Seen>>>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let (answer, seen) = (Arc::clone(&answer), Arc::clone(&seen));
        let _ = stream.set_nodelay(true);
        let service = service_fn(move |request: Request<Incoming>| {
            let (answer, seen) = (Arc::clone(&answer), Arc::clone(&seen));
            async move {
                let request = Seen {
                    path: request.uri().path().to_owned(),
                    headers: request.headers().clone(),
                    at: Instant::now(),
                };
                seen.lock().unwrap().push(request.clone());
                Ok::<_, Infallible>(answer(&request))
            }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

/// A site that sends the same bytes to whoever connects, and closes; for answers that are broken.
pub(crate) async fn raw(bytes: &'static [u8]) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut request).await;
            let _ = stream.write_all(bytes).await;
            let _ = stream.shutdown().await;
        }
    });
    format!("http://{address}/").parse().unwrap()
}

/// A site that sends the start of an answer and then nothing.
pub(crate) async fn hanging(start: &'static str) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(start.as_bytes()).await;
            held.push(stream);
        }
    });
    format!("http://{address}/").parse().unwrap()
}

/// A site that sends the start of an answer and then the same bytes again and again, each after
/// a pause, until the other side has had enough.
pub(crate) async fn dripping(start: &'static str, drop: impl Into<Bytes>, pause: Duration) -> Url {
    let drop = drop.into();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let drop = drop.clone();
            tokio::spawn(async move {
                let mut sent = stream.write_all(start.as_bytes()).await;
                while sent.is_ok() {
                    tokio::time::sleep(pause).await;
                    sent = stream.write_all(&drop).await;
                }
            });
        }
    });
    format!("http://{address}/").parse().unwrap()
}

/// A body in gzip.
pub(crate) fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// An answer of a status, headers and a body.
pub(crate) fn answer(
    status: u16,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Response<Full<Bytes>> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(Full::new(body.into())).unwrap()
}

/// A feed of RSS items with these links.
pub(crate) fn rss(links: &[&str]) -> String {
    let item = |link: &&str| format!("<item><title>{link}</title><link>{link}</link></item>");
    let items = links.iter().map(item).collect::<Vec<_>>().concat();
    format!("<rss version='2.0'><channel><title>Diario</title>{items}</channel></rss>")
}
