//! Hundreds of hosts with feeds, which keep an account of who asks, and judge it at once.
//!
//! All are one server: every address below 127 is a host of its own. Answers leave together at ticks, so that
//! several workers hold documents with the same news at the same moment; a feed in five is slow and lets some
//! ticks pass.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use fastrand::Rng;
use tokio::sync::watch;

use crate::account::{Account, PROBE, TICK, Visit, address};
use crate::journal::Journal;
use crate::receiver::Alert;
use crate::runtime;
use crate::stories::{Kind, document};
use crate::worker::by_user_agent;

/// See the head of this file.
pub struct Press {
    port: u16,
    inner: Arc<Inner>,
}

struct Inner {
    account: Mutex<Account>,
    ticks: watch::Sender<u64>,
}

impl Inner {
    fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap()
    }
}

impl Press {
    /// Feeds on hosts of `per_host` feeds each, but for the first host, which has `big`.
    pub fn start(
        journal: Journal,
        rng: Rng,
        floor: Duration,
        feeds: usize,
        per_host: usize,
        big: usize,
    ) -> Self {
        let account = Account::new(journal, rng, floor, feeds, per_host, big);
        let inner = Arc::new(Inner {
            account: Mutex::new(account),
            ticks: watch::channel(0).0,
        });
        let listener = runtime()
            .block_on(tokio::net::TcpListener::bind("0.0.0.0:0"))
            .unwrap();
        let port = listener.local_addr().unwrap().port();
        let app = Router::new().fallback(serve).with_state(inner.clone());
        runtime().spawn(async move { axum::serve(listener, app).await });
        let ticking = Arc::downgrade(&inner);
        runtime().spawn(async move {
            let mut clock = tokio::time::interval(TICK);
            loop {
                clock.tick().await;
                let Some(inner) = ticking.upgrade() else {
                    return;
                };
                let tick = inner.account().tick();
                inner.ticks.send_replace(tick);
            }
        });
        let watched = Arc::downgrade(&inner);
        runtime().spawn(async move {
            loop {
                let began = Instant::now();
                tokio::time::sleep(PROBE).await;
                let Some(inner) = watched.upgrade() else {
                    return;
                };
                let stall = began.elapsed().saturating_sub(PROBE);
                if stall > PROBE {
                    inner.account().stall(stall);
                }
            }
        });
        Self { port, inner }
    }

    /// `[[feed]]` tables of all feeds.
    pub fn tables(&self) -> String {
        let account = self.inner.account();
        let feeds = account.feeds.iter().enumerate();
        let tables = feeds.map(|(n, feed)| {
            format!(
                "[[feed]]\nid = \"f{n}\"\nurl = \"http://{}:{}/{n}\"\nlanguage = \"en\"\n\
                 allow_private_addresses = true\n",
                address(feed.host),
                self.port,
            )
        });
        tables.collect()
    }

    /// Where a feed is served.
    pub fn address(&self, feed: usize) -> String {
        format!("{}:{}", address(self.host(feed)), self.port)
    }

    /// From now on so many stories are published in a second.
    pub fn publish(&self, a_second: f64) {
        self.inner.account().rate = a_second * TICK.as_secs_f64();
    }

    /// Publishes a story in this feed alone.
    pub fn publish_in(&self, feed: usize) {
        let mut account = self.inner.account();
        account.story(Kind::Own, &[feed]);
    }

    /// The alerts that must come.
    pub fn expected(&self) -> BTreeMap<Alert, Kind> {
        self.inner.account().expected.clone()
    }

    /// How many feeds there are.
    pub fn feeds(&self) -> usize {
        self.inner.account().feeds.len()
    }

    /// The host of a feed.
    pub fn host(&self, feed: usize) -> usize {
        self.inner.account().feeds[feed].host
    }

    /// All requests, in the order in which they came.
    pub fn visits(&self) -> Vec<Visit> {
        self.inner.account().visits.clone()
    }

    /// When this worker was last seen.
    pub fn seen(&self, worker: u8) -> Option<Instant> {
        self.inner.account().seen.get(&worker).copied()
    }

    /// The last request for each feed.
    pub fn last(&self) -> Vec<Option<Visit>> {
        let account = self.inner.account();
        account.feeds.iter().map(|feed| feed.last).collect()
    }

    /// Requests of a worker that are not answered yet.
    pub fn under_way(&self, worker: u8) -> Vec<Visit> {
        let account = self.inner.account();
        let mut visits: Vec<_> = account.under_way.values().copied().collect();
        visits.retain(|visit| visit.worker == worker);
        visits
    }

    /// Feeds whose last version is not known to be recorded.
    pub fn unrecorded(&self) -> Vec<usize> {
        let account = self.inner.account();
        let feeds = account.feeds.iter().enumerate();
        feeds
            .filter(|(_, feed)| feed.recorded != Some(feed.entries.len()))
            .map(|(n, _)| n)
            .collect()
    }

    /// What was seen, in words.
    pub fn summary(&self) -> String {
        self.inner.account().summary()
    }
}

/// Notes the end of a request, also when the client hangs up.
struct UnderWay(Arc<Inner>, usize);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.account().leave(self.1);
    }
}

async fn serve(State(inner): State<Arc<Inner>>, uri: Uri, asking: HeaderMap) -> Response {
    let header = |name: &str| asking.get(name)?.to_str().ok();
    let worker = header("user-agent").and_then(by_user_agent);
    let feed: Option<usize> = uri.path()[1..].parse().ok();
    let (Some(worker), Some(feed)) = (worker, feed) else {
        let what = format!("request: {uri} {asking:?}");
        inner.account().wrong(what);
        return StatusCode::NOT_FOUND.into_response();
    };
    let has = header("if-none-match").and_then(|tag| tag.trim_matches('"').parse().ok());
    let (number, leaves) = inner.account().arrive(feed, worker, has);
    let under_way = UnderWay(inner.clone(), number);
    let mut ticks = inner.ticks.subscribe();
    // The sender lives as long as `inner`.
    let _ = ticks.wait_for(|tick| *tick >= leaves).await;
    let (version, body) = {
        let account = inner.account();
        let entries = &account.feeds[feed].entries;
        let body = (has != Some(entries.len())).then(|| document(entries));
        (entries.len(), body)
    };
    drop(under_way);
    let mut headers = HeaderMap::new();
    headers.insert("etag", format!("\"{version}\"").parse().unwrap());
    match body {
        Some(body) => {
            headers.insert("content-type", "application/rss+xml".parse().unwrap());
            (headers, body).into_response()
        }
        None => (StatusCode::NOT_MODIFIED, headers).into_response(),
    }
}
