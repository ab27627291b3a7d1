//! The demo's news site: three bundled feeds and their pages, on loopback.
//!
//! It serves and does nothing else: what is kept of it is the daemon's verdict. One page is missing
//! on purpose, so that the feed's own text stands in, and one article stands in two feeds.

use std::{
    collections::HashMap,
    convert::Infallible,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io,
    net::SocketAddr,
    sync::Arc,
};

use bytes::Bytes;
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use http_body_util::Full;
use hyper::{Request, Response, StatusCode, header, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// A feed of the demo, as a configuration would name it.
pub(crate) struct Feed {
    pub(crate) id: &'static str,
    pub(crate) path: &'static str,
    pub(crate) lang: &'static str,
    pub(crate) country: Option<&'static str>,
    xml: &'static str,
}

/// The demo's feeds.
pub(crate) const FEEDS: [Feed; 3] = [
    Feed {
        id: "el-mirador-del-sur",
        path: "/es/rss.xml",
        lang: "es",
        country: None,
        xml: include_str!("../../demo/feed-es.xml"),
    },
    Feed {
        id: "gazeta-da-ponte",
        path: "/pt/rss.xml",
        lang: "pt",
        country: Some("BR"),
        xml: include_str!("../../demo/feed-pt.xml"),
    },
    Feed {
        id: "the-isthmus-courier",
        path: "/en/rss.xml",
        lang: "en",
        country: None,
        xml: include_str!("../../demo/feed-en.xml"),
    },
];

macro_rules! page {
    ($lang:literal, $name:literal) => {
        (
            concat!("/", $lang, "/", $name, ".html"),
            include_str!(concat!("../../demo/", $name, ".html")),
        )
    };
}

/// Every page but `/es/gobierno-eln-dialogos.html`, which the feed names and nobody finds.
const PAGES: [(&str, &str); 12] = [
    page!("es", "emboscada-cauca-disidencias"),
    page!("es", "vraem-emboscada-policias"),
    page!("es", "culiacan-enfrentamiento-cartel"),
    page!("es", "motin-carcel-machala"),
    page!("es", "deportivo-altamar-goleada"),
    page!("es", "honduras-tormenta-muertos"),
    page!("es", "serie-narco-estreno"),
    page!("pt", "rio-operacao-comando-vermelho"),
    page!("pt", "inflacao-juros-banco-central"),
    page!("en", "haiti-gangs-port-au-prince"),
    page!("en", "mexico-soft-drink-cartel-fine"),
    page!("en", "sudan-el-fasher-shelling"),
];

/// How far back the bundled articles are dated, at most.
const AGE_HOURS_MAX: i64 = 24;

/// Serves the demo's site on a free loopback port until it is told to stop, and gives the address.
///
/// Articles are dated by the hours before the last midnight (UTC), so that two demos of one day
/// differ in their port alone.
pub(crate) async fn serve(stop: CancellationToken) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let midnight = Utc::now().date_naive().and_time(NaiveTime::MIN).and_utc();
    let documents = Arc::new(documents(&format!("http://{address}"), midnight));
    // Nobody waits for this task: it holds nothing that must be saved, and ends with its token.
    tokio::spawn(accept(listener, documents, stop));
    Ok(address)
}

/// Owns the connections, so that those under way end with the site.
async fn accept(
    listener: TcpListener,
    documents: Arc<HashMap<&'static str, Document>>,
    stop: CancellationToken,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => {
                // A client that went before it was accepted is no reason to end.
                let Ok((stream, _)) = accepted else { continue };
                connections.spawn(answer(stream, documents.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn answer(stream: TcpStream, documents: Arc<HashMap<&'static str, Document>>) {
    let service = service_fn(move |request: Request<_>| {
        let response = respond(&documents, &request);
        async move { Ok::<_, Infallible>(response) }
    });
    // The daemon closes its connections when it likes.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

fn respond<B>(
    documents: &HashMap<&'static str, Document>,
    request: &Request<B>,
) -> Response<Full<Bytes>> {
    let Some(document) = documents.get(request.uri().path()) else {
        return with_status(StatusCode::NOT_FOUND);
    };
    let asked = request.headers().get(header::IF_NONE_MATCH);
    let unchanged = asked.is_some_and(|asked| asked.as_bytes() == document.etag.as_bytes());
    let mut response = if unchanged {
        with_status(StatusCode::NOT_MODIFIED)
    } else {
        Response::new(Full::new(document.body.clone()))
    };
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static(document.content_type),
    );
    if let Ok(etag) = document.etag.parse() {
        headers.insert(header::ETAG, etag);
    }
    response
}

fn with_status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

/// What a path answers with.
struct Document {
    content_type: &'static str,
    etag: String,
    body: Bytes,
}

impl Document {
    fn new(content_type: &'static str, body: String) -> Self {
        let mut hasher = DefaultHasher::new();
        body.hash(&mut hasher);
        Self {
            content_type,
            etag: format!("\"{:016x}\"", hasher.finish()),
            body: body.into(),
        }
    }
}

/// The bundled files, their placeholders filled.
fn documents(base: &str, midnight: DateTime<Utc>) -> HashMap<&'static str, Document> {
    let feeds = FEEDS.iter().map(|feed| {
        let xml = fill(feed.xml, base, midnight);
        (feed.path, Document::new("application/rss+xml", xml))
    });
    let pages = PAGES.iter().map(|(path, html)| {
        let html = fill(html, base, midnight);
        (*path, Document::new("text/html; charset=utf-8", html))
    });
    feeds.chain(pages).collect()
}

/// Puts the site's address for `{base}`, and for `{5h:iso}`, `{5h:rfc2822}` and `{5h:day}` the time
/// five hours before midnight.
fn fill(text: &str, base: &str, midnight: DateTime<Utc>) -> String {
    let mut filled = text.replace("{base}", base);
    for hours in 1..=AGE_HOURS_MAX {
        let at = midnight - TimeDelta::hours(hours);
        filled = filled
            .replace(&format!("{{{hours}h:iso}}"), &at.to_rfc3339())
            .replace(&format!("{{{hours}h:rfc2822}}"), &at.to_rfc2822())
            .replace(
                &format!("{{{hours}h:day}}"),
                &at.format("%d/%m/%Y").to_string(),
            );
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "http://127.0.0.1:40001";

    fn all() -> HashMap<&'static str, Document> {
        documents(BASE, DateTime::UNIX_EPOCH)
    }

    fn check(path: &str, etag: Option<&str>, expected: StatusCode) -> Response<Full<Bytes>> {
        let mut request = Request::get(path);
        if let Some(etag) = etag {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        let response = respond(&all(), &request.body(()).unwrap());
        assert_eq!(response.status(), expected, "{path}");
        response
    }

    #[test]
    fn no_placeholder_is_left() {
        for (path, document) in all() {
            let text = String::from_utf8_lossy(&document.body);
            let left = ["{base}", "h:iso}", "h:rfc2822}", "h:day}"]
                .into_iter()
                .find(|placeholder| text.contains(placeholder));
            assert_eq!(left, None, "{path}");
        }
    }

    #[test]
    fn every_link_of_a_feed_but_one_leads_to_a_page() {
        let documents = all();
        let mut links = 0;
        let mut missing = Vec::new();
        for feed in &FEEDS {
            let xml = fill(feed.xml, BASE, DateTime::UNIX_EPOCH);
            let items = xml.split("<item>").skip(1);
            for path in items.filter_map(|item| item.split(BASE).nth(1)) {
                let path = path.split(['<', '?']).next().unwrap();
                links += 1;
                if !documents.contains_key(path) {
                    missing.push(path.to_owned());
                }
            }
        }
        assert_eq!(missing, ["/es/gobierno-eln-dialogos.html"]);
        // The missing page, and the article that stands in two feeds.
        assert_eq!(links, PAGES.len() + 2);
    }

    #[test]
    fn an_unchanged_feed_is_answered_with_304() {
        let path = FEEDS[0].path;
        let etag = check(path, None, StatusCode::OK).headers()[header::ETAG].clone();
        check(path, Some(etag.to_str().unwrap()), StatusCode::NOT_MODIFIED);
        check(path, Some("\"old\""), StatusCode::OK);
        check("/nada", None, StatusCode::NOT_FOUND);
    }
}
