//! The daemon's own listener: what the world may ask of it.
//!
//! [`Listener`] carries the [`Router`] that [`one_of`] makes of all doors: the API ([`api`]), the door for
//! WebSub hubs ([`crate::push::callback`]), the pages for people ([`page`]) and feeds of alerts ([`feeds`]). It speaks HTTP/1.1 behind a reverse
//! proxy or alone. Who may ask what is in [`access`], how errors look in [`problem`], what all handlers share in
//! [`app`].
//!
//! # Promises
//! - No peer holds a connection for nothing: the head of a request must come within ten seconds,
//!   idle connections included, and at most 256 connections are open at a time.
//! - It binds before the daemon says that it is ready, so a taken port is one clear error.
//!
//! - Every answer has the headers that keep a browser from making more of it than it is ([`headers`]), and
//!   every error is a problem of RFC 9457, or a page where a page was asked for.
//!
//! # Never
//! - No SQL, and nothing of the daemon but what [`app::Daemon`] shows.

pub mod access;
#[allow(unused_qualifications, reason = "utoipa's macro writes paths in full")]
pub mod api;
pub mod app;
pub mod cursor;
pub mod headers;
pub mod health;
pub mod metrics;
pub mod page;
pub mod params;
pub mod problem;
pub mod reply;
mod traced;
pub mod turns;

pub mod feeds;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::middleware::from_fn;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tower_service::Service as _;
use tracing::debug;

use self::access::guard::Peer;

/// How long the head of a request may take.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections open at a time; others wait in the system's queue.
const CONNECTIONS: usize = 256;
/// The largest head of a request.
const MAX_HEAD: usize = 16 << 10;
/// The pause after a failed accept, such as for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// One router of these, each of which has routes of its own; what none of them has is answered with 404.
/// Whether a request may be answered is decided in each of them.
pub fn one_of(routers: impl IntoIterator<Item = Router>) -> Router {
    let all = routers.into_iter().fold(Router::new(), Router::merge);
    all.layer(from_fn(headers::finish))
        .layer(from_fn(traced::traced))
}

/// Why there is no listener.
#[derive(Debug, thiserror::Error)]
#[error(
    "can't listen on {address} ({detail}): set `listen` in [web] to another address, or end what uses it"
)]
pub struct ListenError {
    address: SocketAddr,
    detail: io::Error,
}

/// A bound socket, not yet served.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    head_timeout: Duration,
}

impl Listener {
    /// Binds the address.
    ///
    /// # Errors
    /// [`ListenError`] when it is taken or not ours.
    pub async fn bind(address: SocketAddr) -> Result<Self, ListenError> {
        match TcpListener::bind(address).await {
            Ok(socket) => Ok(Self {
                socket,
                head_timeout: HEAD_TIMEOUT,
            }),
            Err(detail) => Err(ListenError { address, detail }),
        }
    }

    /// The address that it is bound to.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.socket.local_addr().ok()
    }

    /// Serves until dropped; connections under way are cut then.
    pub async fn serve(self, router: Router) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            // Never closed, so this only waits.
            let Ok(place) = places.clone().acquire_owned().await else {
                return;
            };
            match self.socket.accept().await {
                Ok((stream, peer)) => {
                    let head = self.head_timeout;
                    let served = connection(stream, Peer(peer), router.clone(), head, place);
                    connections.spawn(served);
                }
                Err(error) => {
                    debug!("a connection could not be taken: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
            while connections.try_join_next().is_some() {}
        }
    }
}

async fn connection(
    stream: TcpStream,
    peer: Peer,
    router: Router,
    head_timeout: Duration,
    place: OwnedSemaphorePermit,
) {
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        // A router is always ready, and its own errors are answers.
        router.clone().call(request.map(Body::new))
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_timeout)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        debug!("a connection ended early: {error}");
    }
    drop(place);
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn a_request_is_answered_by_the_router() {
        let listener = Listener::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
        let address = listener.address().unwrap();
        let router = Router::new().route("/hello", get(|| async { "here" }));
        let served = tokio::spawn(listener.serve(router));
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = b"GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("here"));
        served.abort();
    }

    #[tokio::test]
    async fn a_peer_that_says_nothing_is_hung_up_on() {
        let mut listener = Listener::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
        listener.head_timeout = Duration::from_millis(20);
        let address = listener.address().unwrap();
        let served = tokio::spawn(listener.serve(Router::new()));
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HT").await.unwrap();
        let mut answer = Vec::new();
        // Ends only because the other side closes.
        stream.read_to_end(&mut answer).await.unwrap();
        served.abort();
    }

    #[tokio::test]
    async fn a_taken_port_is_told_with_the_address() {
        let first = Listener::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
        let address = first.address().unwrap();
        let error = Listener::bind(address).await.unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("can't listen on {address}")),
            "{error}"
        );
    }
}
