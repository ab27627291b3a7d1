//! The server: one listener, keep-alive connections, and a record of what was asked.

mod connection;
mod gzip;
mod reply;
mod request;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    net::TcpListener,
    task::{JoinHandle, JoinSet},
};

pub use reply::Reply;
pub use request::Request;

/// An HTTP/1.1 server on a free loopback port, which stops when it is dropped.
///
/// Any path that was not set answers 404.
pub struct Site {
    address: SocketAddr,
    routes: Arc<Routes>,
    listener: JoinHandle<()>,
}

impl Site {
    /// Starts a site that answers nothing but 404 yet.
    ///
    /// # Panics
    ///
    /// Panics where no loopback port can be had.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a loopback port");
        let address = listener.local_addr().expect("the address just bound");
        let routes = Arc::new(Routes::default());
        let listener = tokio::spawn(accept(listener, routes.clone()));
        Self {
            address,
            routes,
            listener,
        }
    }

    /// Returns the address of a path, such as `http://127.0.0.1:40001/feed.xml`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Returns where the site listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sets the answer to a path. One that was set with its query is preferred to one without;
    /// the answer that stood there before is replaced.
    pub fn set(&self, path: &str, reply: Reply) {
        self.routes.lock().replies.insert(path.to_owned(), reply);
    }

    /// Sets what answers the paths that begin with `prefix` and have no answer of their own. The
    /// longest prefix wins, then the latest.
    pub fn set_handler(
        &self,
        prefix: &str,
        handler: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) {
        let handlers = &mut self.routes.lock().handlers;
        handlers.insert(0, (prefix.to_owned(), Arc::new(handler)));
        handlers.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
    }

    /// Sets what answers the path's requests in turn, counted from now; the last one answers all
    /// that follow.
    ///
    /// # Panics
    ///
    /// Panics where there is no answer among `replies`.
    pub fn set_series(&self, path: &str, replies: impl IntoIterator<Item = Reply>) {
        let replies: Vec<_> = replies.into_iter().collect();
        assert!(!replies.is_empty(), "a series of no answers");
        let next = AtomicUsize::new(0);
        self.set_handler(path, move |_| {
            let number = next.fetch_add(1, Ordering::Relaxed);
            replies[number.min(replies.len() - 1)].clone()
        });
    }

    /// Returns every request so far, in the order of arrival.
    pub fn requests(&self) -> Vec<Request> {
        self.routes.lock().requests.clone()
    }

    /// Returns the requests to one path; where `path` has no query, whatever theirs was.
    pub fn requests_to(&self, path: &str) -> Vec<Request> {
        let asked = |request: &&Request| {
            request.path == path || !path.contains('?') && request.path_only() == path
        };
        let routes = self.routes.lock();
        routes.requests.iter().filter(asked).cloned().collect()
    }

    /// Returns how many requests there were so far.
    pub fn requests_seen(&self) -> usize {
        self.routes.lock().requests.len()
    }

    /// Returns the most requests that were under way at one time.
    pub fn requests_at_once_max(&self) -> usize {
        self.routes.at_once_max.load(Ordering::Relaxed)
    }

    /// Returns how many requests the site is holding up on purpose, with a delay or a drip.
    pub fn requests_held_up(&self) -> usize {
        self.routes.held_up.load(Ordering::Relaxed)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

type Handler = Arc<dyn Fn(&Request) -> Reply + Send + Sync>;

/// What a site answers and what it was asked.
#[derive(Default)]
struct Routes {
    state: Mutex<State>,
    at_once: AtomicUsize,
    at_once_max: AtomicUsize,
    held_up: AtomicUsize,
}

#[derive(Default)]
struct State {
    replies: HashMap<String, Reply>,
    handlers: Vec<(String, Handler)>,
    requests: Vec<Request>,
}

impl Routes {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A handler that panicked did so outside the lock; the state is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a request and finds its answer; a handler runs outside the lock, so that it may
    /// change the site.
    fn answer(&self, request: Request) -> Reply {
        let handler = {
            let mut state = self.lock();
            let replies = &state.replies;
            let reply = replies
                .get(&request.path)
                .or_else(|| replies.get(request.path_only()));
            if let Some(reply) = reply.map(|reply| reply.clone().conditional(&request)) {
                state.requests.push(request);
                return reply;
            }
            state.requests.push(request.clone());
            let mut handlers = state.handlers.iter();
            handlers
                .find(|(prefix, _)| request.path.starts_with(prefix.as_str()))
                .map(|(_, handler)| handler.clone())
        };
        match handler {
            Some(handler) => handler(&request).conditional(&request),
            None => Reply::status(404),
        }
    }

    fn begin(&self) -> Counted<'_> {
        let now = self.at_once.fetch_add(1, Ordering::Relaxed) + 1;
        self.at_once_max.fetch_max(now, Ordering::Relaxed);
        Counted(&self.at_once)
    }

    fn begin_waiting(&self) -> Counted<'_> {
        self.held_up.fetch_add(1, Ordering::Relaxed);
        Counted(&self.held_up)
    }
}

/// Counts one request until it is dropped.
struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Owns the connections, so that they end with the site.
async fn accept(listener: TcpListener, routes: Arc<Routes>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                connections.spawn(connection::serve(stream, routes.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

#[cfg(test)]
mod tests;
