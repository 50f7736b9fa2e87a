//! Publishers of very different pace, on addresses of the loopback network, and the receiver of alerts.
//!
//! How often a feed publishes falls with its rank as a power law does: the busiest some 500 entries a day, half of
//! ten thousand less than one. Entries come at random (a Poisson process). One feed in ten sends no validators.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use mentiond::model::Timestamp;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::texts::Maker;

/// Entries in a document.
const WINDOW: usize = 20;
/// Entries a day of the busiest feed, and how that falls with the rank.
const BUSIEST: f64 = 500.0;
const FALL: f64 = -0.75;
/// A feed that is all but dead has an entry in so many days.
const RAREST: f64 = 1.0 / 60.0;
/// One feed in so many can't be asked conditionally.
const PLAIN: usize = 10;

/// All publishers.
pub struct Publishers {
    port: u16,
    maker: Maker,
    /// The times of the last entries of each feed, the newest last, and how many came before.
    feeds: Vec<Mutex<(usize, Vec<Timestamp>)>>,
    /// Where the daemon's schedule is read, once there is one.
    database: Mutex<Option<Connection>>,
    /// By how much polls were late.
    pub lags: Mutex<Vec<Duration>>,
    pub full: AtomicUsize,
    pub unchanged: AtomicUsize,
    pub published: AtomicUsize,
    pub alerts: AtomicUsize,
}

/// Entries a day of the feed with this number.
fn rate(feed: usize, speed: f64) -> f64 {
    (BUSIEST * ((feed + 1) as f64).powf(FALL)).max(RAREST) * speed
}

/// How long until the next entry, by chance.
fn gap(rate: f64, random: &mut fastrand::Rng) -> Duration {
    let days = -(1.0 - random.f64()).ln() / rate;
    Duration::from_secs_f64(days.min(3650.0) * 86_400.0)
}

impl Publishers {
    /// Starts their server; `speed` is how many times as fast as real ones they publish.
    pub fn start(runtime: &tokio::runtime::Runtime, feeds: usize, speed: f64) -> Arc<Self> {
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("0.0.0.0:0"))
            .unwrap();
        let mut random = fastrand::Rng::with_seed(7);
        let now = Timestamp::now();
        let past = (0..feeds).map(|n| {
            let mut at = now;
            let mut times: Vec<_> = (0..WINDOW)
                .map(|_| {
                    at = at - gap(rate(n, speed), &mut random);
                    at
                })
                .collect();
            times.reverse();
            Mutex::new((0, times))
        });
        let all = Arc::new(Self {
            port: listener.local_addr().unwrap().port(),
            maker: Maker::read(),
            feeds: past.collect(),
            database: Mutex::default(),
            lags: Mutex::default(),
            full: AtomicUsize::new(0),
            unchanged: AtomicUsize::new(0),
            published: AtomicUsize::new(0),
            alerts: AtomicUsize::new(0),
        });
        let app = Router::new()
            .route("/feed/{n}", get(feed))
            .route("/hook", post(hook))
            .with_state(all.clone());
        runtime.spawn(async move { axum::serve(listener, app).await });
        runtime.spawn(publish(all.clone(), speed));
        all
    }

    /// Two feeds on a host, as many have a second.
    pub fn url(&self, feed: usize) -> String {
        let host = u32::try_from(feed / 2 + 2).unwrap();
        let address = Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 0, 0, 0)) + host);
        format!("http://{address}:{}/feed/{feed}", self.port)
    }

    pub fn hook(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    /// From now on polls are compared with the daemon's own schedule.
    pub fn watch(&self, database: PathBuf) {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let conn = Connection::open_with_flags(database, flags).unwrap();
        conn.busy_timeout(Duration::from_secs(5)).unwrap();
        *self.database.lock().unwrap() = Some(conn);
    }

    /// Takes note of how late the poll is. Until it has been committed, its row says when it was due.
    fn note_lag(&self, feed: usize, now: Timestamp) {
        let database = self.database.lock().unwrap();
        let Some(conn) = &*database else {
            return;
        };
        let due: Option<Option<i64>> = conn
            .prepare_cached(
                "SELECT s.next_poll_ms FROM feed f JOIN schedule s ON s.feed_id = f.id WHERE f.name = ?1",
            )
            .unwrap()
            .query_row([format!("f{feed}")], |row| row.get(0))
            .optional()
            .unwrap();
        drop(database);
        if let Some(due) = due.flatten() {
            let lag = now.since(Timestamp::from_millis(due));
            self.lags.lock().unwrap().push(lag);
        }
    }

    fn document(&self, feed: usize, before: usize, times: &[Timestamp]) -> String {
        let mut text = format!(
            "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Paper {feed}</title>\
             <link>https://paper-{feed}.example/</link><description>News</description>"
        );
        for (n, at) in times.iter().enumerate().rev() {
            let n = before + n;
            let made = self.maker.text(feed * 100_003 + n);
            let date = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap();
            let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT");
            write!(
                text,
                "<item><guid isPermaLink=\"false\">{feed}-{n}</guid><link>https://paper-{feed}.example/{n}</link>\
                 <title>{}</title><pubDate>{date}</pubDate><description>{} {}</description></item>",
                escaped(&made.title),
                escaped(&made.summary),
                escaped(&made.content)
            )
            .unwrap();
        }
        text.push_str("</channel></rss>");
        text
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// Publishes entries when their time comes.
async fn publish(all: Arc<Publishers>, speed: f64) {
    let mut random = fastrand::Rng::with_seed(8);
    let began = tokio::time::Instant::now();
    let mut next: BinaryHeap<_> = (0..all.feeds.len())
        .map(|n| Reverse((began + gap(rate(n, speed), &mut random), n)))
        .collect();
    while let Some(Reverse((at, n))) = next.pop() {
        tokio::time::sleep_until(at).await;
        {
            let mut feed = all.feeds[n].lock().unwrap();
            feed.1.push(Timestamp::now());
            feed.1.remove(0);
            feed.0 += 1;
        }
        all.published.fetch_add(1, Relaxed);
        next.push(Reverse((at + gap(rate(n, speed), &mut random), n)));
    }
}

async fn feed(
    State(all): State<Arc<Publishers>>,
    Path(n): Path<usize>,
    headers: HeaderMap,
) -> Response {
    all.note_lag(n, Timestamp::now());
    let (before, times) = {
        let feed = all.feeds[n].lock().unwrap();
        (feed.0, feed.1.clone())
    };
    let etag = format!("\"{before}\"");
    let held = headers.get(header::IF_NONE_MATCH);
    if held.is_some_and(|held| held.as_bytes() == etag.as_bytes()) {
        all.unchanged.fetch_add(1, Relaxed);
        return StatusCode::NOT_MODIFIED.into_response();
    }
    all.full.fetch_add(1, Relaxed);
    let document = all.document(n, before, &times);
    let kind = [(header::CONTENT_TYPE, "application/rss+xml")];
    if n.is_multiple_of(PLAIN) {
        (kind, document).into_response()
    } else {
        (kind, [(header::ETAG, etag)], document).into_response()
    }
}

async fn hook(State(all): State<Arc<Publishers>>) -> StatusCode {
    all.alerts.fetch_add(1, Relaxed);
    StatusCode::NO_CONTENT
}

/// How many entries a day all feeds together have, on average.
pub fn entries_a_day(feeds: usize, speed: f64) -> f64 {
    (0..feeds).map(|n| rate(n, speed)).sum()
}

/// A length of time as milliseconds, for what is printed.
pub fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
