//! The world that the daemon runs in: the system's clock, its threads and its network.
//!
//! On a thread that has [`enter`]ed a [`World`] of its own, that world gives the time, takes the requests and
//! the routes, and what would go to another thread is done on the spot, between pauses that it chooses: so
//! a simulation (`tests/simulation`) runs the daemon as it is, on one thread, the same way each time. Everywhere else
//! these functions are the system's and nothing more. Nothing here knows what the daemon is for.

use std::cell::RefCell;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use reqwest::{Error, Request, RequestBuilder, Response};
use tokio::task::{JoinError, spawn_blocking};

/// An answer on its way.
pub type Answering = Pin<Box<dyn Future<Output = Result<Response, Error>> + Send>>;

/// What stands in for the system.
pub trait World: Send + Sync {
    /// What its clock shows.
    fn now(&self) -> SystemTime;
    /// How long it is until another thread comes to its work, or is heard of.
    fn pause(&self) -> Duration;
    /// Takes a request over HTTP.
    fn send(&self, request: Request) -> Answering;
    /// Takes what the daemon would serve.
    fn open(&self, routes: Router);
}

thread_local! {
    static WORLD: RefCell<Option<Arc<dyn World>>> = const { RefCell::new(None) };
}

/// From now on this thread lives in `world`.
pub fn enter(world: Arc<dyn World>) {
    WORLD.set(Some(world));
}

fn here() -> Option<Arc<dyn World>> {
    WORLD.with_borrow(Clone::clone)
}

/// Whether this thread lives in a world of its own.
pub(crate) fn is_simulated() -> bool {
    WORLD.with_borrow(Option::is_some)
}

/// What the clock shows.
pub(crate) fn now() -> SystemTime {
    WORLD.with_borrow(|world| {
        world
            .as_ref()
            .map_or_else(SystemTime::now, |world| world.now())
    })
}

/// Gives other tasks of a simulated thread the time that a system's thread would take to be heard of.
pub(crate) async fn pause() {
    if let Some(pause) = here().map(|world| world.pause()) {
        tokio::time::sleep(pause).await;
    }
}

/// Does what takes long away from the threads that other tasks wait for.
///
/// # Errors
/// That `work` has panicked, or was cut off by the end of the program.
pub(crate) async fn offload<T, F>(work: F) -> Result<T, JoinError>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    if !is_simulated() {
        return spawn_blocking(work).await;
    }
    pause().await;
    let done = work();
    pause().await;
    Ok(done)
}

/// Sends a request and waits for the answer's head.
///
/// # Errors
/// That there is none.
pub(crate) async fn send(request: RequestBuilder) -> Result<Response, Error> {
    let Some(world) = here() else {
        return request.send().await;
    };
    let answering = world.send(request.build()?);
    drop(world);
    answering.await
}

/// Takes the routes, if this is a world in which nothing listens on an address; else gives them back.
pub(crate) fn open(routes: Router) -> Option<Router> {
    match here() {
        Some(world) => {
            world.open(routes);
            None
        }
        None => Some(routes),
    }
}
