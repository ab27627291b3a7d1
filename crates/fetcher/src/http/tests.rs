//! What needs a world of the test's own: names that resolve as it likes, certificates that it
//! made itself.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use reqwest::Certificate;
use rustls::pki_types::PrivateKeyDer;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::address::PublicResolver;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\nhola";

fn settings() -> Settings {
    Settings {
        host_gap: Duration::ZERO,
        request_timeout: Duration::from_secs(5),
        ..Settings::default()
    }
}

/// Asks `url` in a world.
async fn ask(http: &Http, url: &str) -> Result<Answer, FetchError> {
    let url = url.parse().unwrap();
    let request = Request::new(&url, Wanted::Page, 1 << 20);
    http.get(&request, &Stop::default()).await
}

fn http(world: &World) -> Http {
    Http::in_world(&settings(), Arc::default(), Clock::system(), world).unwrap()
}

async fn answer_one(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let mut request = [0; 4096];
    let _ = stream.read(&mut request).await;
    let _ = stream.write_all(ANSWER).await;
    let _ = stream.shutdown().await;
}

/// In these tests 127.0.0.2 stands for all that is public.
fn is_public(address: IpAddr) -> bool {
    address == IpAddr::from([127, 0, 0, 2])
}

#[tokio::test]
async fn a_name_that_moves_inside_between_two_look_ups_is_refused_and_never_dialled() {
    let outside = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let port = outside.local_addr().unwrap().port();
    let inside = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let served = tokio::spawn(async move {
        let (stream, _) = outside.accept().await.unwrap();
        answer_one(stream).await;
    });
    let look_ups = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&look_ups);
    let resolver = PublicResolver::new(
        move |_| {
            let first = counted.fetch_add(1, Ordering::Relaxed) == 0;
            let address = if first {
                [127, 0, 0, 2]
            } else {
                [127, 0, 0, 1]
            };
            Box::pin(async move { Ok(vec![SocketAddr::from((address, 0))]) })
        },
        is_public,
    );
    let http = http(&World {
        resolver,
        ..World::default()
    });
    let url = format!("http://rebinding.test:{port}/");
    let answer = ask(&http, &url).await.unwrap();
    assert_eq!(&answer.body.bytes[..], b"hola");
    drop(answer);
    served.await.unwrap();
    assert_eq!(
        look_ups.load(Ordering::Relaxed),
        1,
        "what was checked is dialled"
    );

    let refused = ask(&http, &url).await.err().unwrap();
    assert!(
        matches!(refused, FetchError::PrivateAddress { .. }),
        "{refused}"
    );
    assert_eq!(look_ups.load(Ordering::Relaxed), 2);
    let dialled = tokio::time::timeout(Duration::from_millis(50), inside.accept()).await;
    assert!(dialled.is_err(), "nobody came to the inside");
}

/// A server with a certificate for `localhost` that ends in `last_year`, and who vouches for it.
async fn tls_server(last_year: i32) -> (u16, Certificate) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    let name = format!("authority of {port}");
    authority.distinguished_name.push(DnType::CommonName, name);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let mut leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    leaf.not_before = date_time_ymd(2000, 1, 1);
    leaf.not_after = date_time_ymd(last_year, 1, 1);
    let key = KeyPair::generate().unwrap();
    let leaf = leaf.signed_by(&key, &authority).unwrap();
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                answer_one(stream).await;
            }
        }
    });
    (port, Certificate::from_der(authority.der()).unwrap())
}

/// What asking a server says whose certificate ends in `last_year`.
async fn said_of_certificate(last_year: i32, trusted: bool, host: &str) -> String {
    let (port, authority) = tls_server(last_year).await;
    let (_, stranger) = tls_server(last_year).await;
    let world = World {
        resolver: PublicResolver::new(
            |_| Box::pin(async { Ok(vec![SocketAddr::from(([127, 0, 0, 1], 0))]) }),
            |_| true,
        ),
        roots: Some(vec![if trusted { authority } else { stranger }]),
    };
    match ask(&http(&world), &format!("https://{host}:{port}/")).await {
        Ok(answer) => String::from_utf8_lossy(&answer.body.bytes).into_owned(),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn a_server_is_believed_only_with_a_certificate_that_is_good() {
    assert_eq!(said_of_certificate(2090, true, "localhost").await, "hola");
    assert_eq!(
        said_of_certificate(2001, true, "localhost").await,
        "certificate expired"
    );
    assert_eq!(
        said_of_certificate(2090, false, "localhost").await,
        "certificate of an unknown issuer"
    );
    assert_eq!(
        said_of_certificate(2090, true, "diario.test").await,
        "certificate of another name"
    );
}

#[tokio::test]
async fn names_at_one_address_wait_for_each_other() {
    let site = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let port = site.local_addr().unwrap().port();
    let other = TcpListener::bind(("127.0.0.3", port)).await.unwrap();
    for site in [site, other] {
        tokio::spawn(async move {
            while let Ok((stream, _)) = site.accept().await {
                answer_one(stream).await;
            }
        });
    }
    let resolver = PublicResolver::new(
        move |name| {
            let last = if name == "c.test" { 3 } else { 2 };
            Box::pin(async move { Ok(vec![SocketAddr::from(([127, 0, 0, last], port))]) })
        },
        |_| true,
    );
    let world = World {
        resolver,
        ..World::default()
    };
    let settings = Settings {
        host_gap: Duration::from_millis(500),
        ..settings()
    };
    let http = Http::in_world(&settings, Arc::default(), Clock::system(), &world).unwrap();
    let waited = async |name: &str| {
        let begun = Instant::now();
        ask(&http, &format!("http://{name}:{port}/")).await.unwrap();
        begun.elapsed()
    };
    waited("a.test").await;
    assert!(waited("c.test").await < settings.host_gap);
    assert!(waited("b.test").await > settings.host_gap / 2);
}
