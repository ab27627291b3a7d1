//! The sockets of the callback: how many may be open, and how much and how long one may send.
//!
//! It speaks plain HTTP/1.1 and one request to a connection; TLS is the business of the proxy that
//! stands before it.

use std::{convert::Infallible, sync::Arc, time::Duration};

use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::callback::Callback;
use crate::stop::Stop;

/// How much of others' time and bytes is taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Connections open at once; whoever comes then waits in the system's queue.
    pub(super) connections: usize,
    /// How long a request's head may take to come; it frees a connection that says nothing.
    pub(super) head: Duration,
    /// How long the body of a delivery may take to come.
    pub(super) body: Duration,
    /// How long a connection lasts, whatever happens on it.
    pub(super) connection: Duration,
    /// How long the body of a delivery may be.
    pub(super) body_bytes: usize,
}

impl Limits {
    /// The limits for bodies of up to so many bytes.
    pub(super) fn for_bodies(body_bytes: usize) -> Self {
        Self {
            connections: 256,
            head: Duration::from_secs(5),
            body: Duration::from_secs(20),
            connection: Duration::from_secs(30),
            body_bytes,
        }
    }
}

/// How long a request's head may be.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// How many fields a request's head may have.
const FIELDS_MAX: usize = 64;

/// How long the system is left alone that has no socket to give.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Answers until the stop signal; what is being answered then has the grace.
pub(super) async fn listen(listener: TcpListener, callback: Callback, stop: Stop) {
    let connections_max = callback.limits.connections;
    let callback = Arc::new(callback);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.wait() => break,
            accepted = listener.accept(), if connections.len() < connections_max => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, Arc::clone(&callback)));
                }
                Err(error) => {
                    tracing::warn!(%error, "connection not accepted");
                    sleep(ACCEPT_RETRY).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let rest = async { while connections.join_next().await.is_some() {} };
    let _ = stop.within_grace(rest).await;
}

/// One connection. What goes wrong with it is the other side's to notice.
async fn serve(stream: TcpStream, callback: Arc<Callback>) {
    let limits = callback.limits;
    let service = service_fn(move |request: Request<Incoming>| {
        let callback = Arc::clone(&callback);
        async move { Ok::<_, Infallible>(callback.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(FIELDS_MAX)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    let _ = timeout(limits.connection, connection).await;
}
