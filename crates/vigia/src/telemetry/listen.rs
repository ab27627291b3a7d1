//! The listener: `/metrics` for Prometheus, `/health` and `/ready` for whoever watches the daemon.
//!
//! It has no login, and so stands on a Unix socket or on the machine's own addresses. A daemon goes on
//! without it where it cannot be had: stories are not given up for want of metrics.

use std::{
    convert::Infallible,
    fmt, fs, io,
    net::SocketAddr,
    os::unix::fs::{FileTypeExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{ALLOW, CONTENT_TYPE},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use listenfd::ListenFd;
use pipeline::status::Status;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, UnixListener},
    sync::Semaphore,
    task::JoinHandle,
    time::{sleep, timeout},
};
use tracing::{debug, error, info, warn};

use super::metrics;

/// Connections that are served at once; more wait in the system's queue.
const CONNECTIONS_MAX: usize = 32;
/// How long a request's head may take to come, and how long a connection lasts.
const HEAD_TIME_MAX: Duration = Duration::from_secs(5);
const CONNECTION_TIME_MAX: Duration = Duration::from_secs(30);
/// How long the system is left alone that has no socket to give.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Where the listener stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Listen {
    /// On an address of this machine's own.
    Tcp(SocketAddr),
    /// On a Unix socket.
    Unix(PathBuf),
}

impl Listen {
    /// Reads `127.0.0.1:9469`, or `unix:` and a path that starts in `folder` where it is relative.
    pub(crate) fn parse(text: &str, folder: &Path) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            return Ok(Self::Unix(folder.join(path)));
        }
        let address: SocketAddr = text.parse().map_err(|_| {
            format!(
                "address = \"{text}\" is none: write one such as \"127.0.0.1:9469\" or \
                 \"unix:/run/vigia/http.sock\""
            )
        })?;
        if address.ip().is_loopback() {
            return Ok(Self::Tcp(address));
        }
        Err(format!(
            "address = \"{text}\" is open to others, and the listener has no login: write \
             \"127.0.0.1:{}\" or \"unix:/run/vigia/http.sock\", and have a proxy that asks for one \
             send on to it",
            address.port()
        ))
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// A connection of either kind.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

impl Socket {
    async fn accept(&self) -> io::Result<Box<dyn Stream>> {
        Ok(match self {
            Self::Tcp(listener) => Box::new(listener.accept().await?.0),
            Self::Unix(listener) => Box::new(listener.accept().await?.0),
        })
    }
}

/// The listener at work, until it is dropped.
#[derive(Debug)]
pub(crate) struct Listening {
    serving: JoinHandle<()>,
    /// The socket file that is ours to remove.
    file: Option<PathBuf>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.serving.abort();
        if let Some(file) = &self.file {
            // The next process takes its place if it stays.
            let _ = fs::remove_file(file);
        }
    }
}

/// Listens on the socket that systemd handed over, or else where the configuration says. What cannot be
/// had is told in the log.
pub(crate) async fn listen(at: Option<&Listen>, status: &Arc<Status>) -> Option<Listening> {
    let (socket, file) = match handed_over() {
        Some(socket) => {
            info!("listening on the socket that systemd opened");
            (socket, None)
        }
        None => {
            let at = at?;
            match open(at).await {
                Ok(socket) => {
                    info!(address = %at, "listening for /metrics, /health and /ready");
                    let file = match at {
                        Listen::Unix(path) => Some(path.clone()),
                        Listen::Tcp(_) => None,
                    };
                    (socket, file)
                }
                Err(error) => {
                    let remedy = remedy(&error);
                    error!(address = %at, %error, "cannot listen, going on without{remedy}");
                    return None;
                }
            }
        }
    };
    let serving = tokio::spawn(serve(socket, Arc::clone(status)));
    Some(Listening { serving, file })
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            ": another program is listening there; stop it, or give [listen] another address"
        }
        io::ErrorKind::PermissionDenied => {
            ": this user may not make a socket there; give [listen] another path"
        }
        _ => "",
    }
}

/// The first socket that systemd opened for us (`sd_listen_fds(3)`), if it did.
fn handed_over() -> Option<Socket> {
    let mut sockets = ListenFd::from_env();
    if sockets.len() == 0 {
        return None;
    }
    if let Ok(Some(socket)) = sockets.take_tcp_listener(0) {
        socket.set_nonblocking(true).ok()?;
        return TcpListener::from_std(socket).ok().map(Socket::Tcp);
    }
    let socket = sockets.take_unix_listener(0).ok().flatten()?;
    socket.set_nonblocking(true).ok()?;
    UnixListener::from_std(socket).ok().map(Socket::Unix)
}

async fn open(at: &Listen) -> io::Result<Socket> {
    match at {
        Listen::Tcp(address) => TcpListener::bind(address).await.map(Socket::Tcp),
        Listen::Unix(path) => {
            take_away_leftover(path).await?;
            let listener = UnixListener::bind(path)?;
            fs::set_permissions(path, fs::Permissions::from_mode(0o660))?;
            Ok(Socket::Unix(listener))
        }
    }
}

/// Removes a socket that nobody listens on any more, and nothing else.
async fn take_away_leftover(path: &Path) -> io::Result<()> {
    let Ok(there) = fs::symlink_metadata(path) else {
        return Ok(());
    };
    if !there.file_type().is_socket() {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "a file that is no socket stands there",
        ));
    }
    match tokio::net::UnixStream::connect(path).await {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => Err(error),
        Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
    }
}

async fn serve(socket: Socket, status: Arc<Status>) {
    let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let place = Arc::clone(&connections).acquire_owned().await;
        let stream = match socket.accept().await {
            Ok(stream) => stream,
            Err(error) => {
                warn!(%error, "a connection to the listener was not accepted");
                sleep(ACCEPT_RETRY).await;
                continue;
            }
        };
        let status = Arc::clone(&status);
        tokio::spawn(async move {
            let service = service_fn(|request: Request<Incoming>| {
                let answer = answer(request.method(), request.uri().path(), &status);
                async { Ok::<_, Infallible>(answer) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIME_MAX)
                .serve_connection(TokioIo::new(stream), service);
            match timeout(CONNECTION_TIME_MAX, connection).await {
                Ok(Ok(())) | Err(_) => {}
                Ok(Err(error)) => debug!(%error, "a connection to the listener broke off"),
            }
            drop(place);
        });
    }
}

fn answer(method: &Method, path: &str, status: &Status) -> Response<Full<Bytes>> {
    const TEXT: &str = "text/plain; charset=utf-8";
    let reply = |code: StatusCode, kind: &str, body: String| {
        Response::builder()
            .status(code)
            .header(CONTENT_TYPE, kind)
            .body(Full::new(Bytes::from(body)))
            .expect("a response of known parts")
    };
    if !matches!(*method, Method::GET | Method::HEAD) {
        let mut refused = reply(
            StatusCode::METHOD_NOT_ALLOWED,
            TEXT,
            "only GET and HEAD are answered\n".to_owned(),
        );
        refused
            .headers_mut()
            .insert(ALLOW, "GET, HEAD".parse().expect("a header"));
        return refused;
    }
    match path {
        "/metrics" => match metrics::text(status.snapshot()) {
            Ok(text) => reply(StatusCode::OK, metrics::CONTENT_TYPE, text),
            Err(error) => {
                let why = format!("cannot write the metrics: {error}\n");
                reply(StatusCode::INTERNAL_SERVER_ERROR, TEXT, why)
            }
        },
        "/health" => reply(StatusCode::OK, TEXT, "alive\n".to_owned()),
        "/ready" => match status.snapshot().not_ready() {
            None => reply(StatusCode::OK, TEXT, "ready\n".to_owned()),
            Some(why) => reply(StatusCode::SERVICE_UNAVAILABLE, TEXT, format!("{why}\n")),
        },
        _ => reply(
            StatusCode::NOT_FOUND,
            TEXT,
            "there are /metrics, /health and /ready\n".to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_may_ask() {
        let folder = Path::new("/etc/vigia");
        for (text, expected) in [
            ("127.0.0.1:9469", "127.0.0.1:9469"),
            ("[::1]:80", "[::1]:80"),
            ("unix:/run/vigia/http.sock", "unix:/run/vigia/http.sock"),
            ("unix:http.sock", "unix:/etc/vigia/http.sock"),
        ] {
            assert_eq!(Listen::parse(text, folder).unwrap().to_string(), expected);
        }
        for (text, remedy) in [
            ("0.0.0.0:9469", "127.0.0.1:9469"),
            ("192.0.2.7:1", "no login"),
            ("9469", "write one such as"),
        ] {
            let problem = Listen::parse(text, folder).unwrap_err();
            assert!(problem.contains(remedy), "{text}: {problem}");
        }
    }

    #[tokio::test]
    async fn a_socket_of_a_crash_is_taken_over_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("http.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let at = Listen::Unix(path.clone());
        let _first = open(&at).await.unwrap();
        let second = open(&at).await.err().unwrap();
        assert_eq!(second.kind(), io::ErrorKind::AddrInUse);
        let file = folder.path().join("notes.txt");
        fs::write(&file, "mine").unwrap();
        assert!(open(&Listen::Unix(file.clone())).await.is_err());
        assert_eq!(fs::read_to_string(file).unwrap(), "mine");
    }
}
