//! What `run.sh` measures feed readers with: the server that they ask, and two floors.
//!
//! ```text
//! readers serve FEEDS ENTRIES               answers /feed/0 … with validators; /counts tells who was asked what
//! readers http BASE FEEDS cold|304          the same requests by a bare client
//! readers sqlite FILE FEEDS ENTRIES GROUP   the same rows into a bare table, GROUP feeds in a transaction
//! ```
//!
//! Each is run as a process of its own, so that all are measured in the same way.

// A measurement gives up when its surroundings fail.
#![allow(clippy::unwrap_used)]
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]

#[path = "../floor/mod.rs"]
mod floor;
#[path = "../words/mod.rs"]
mod words;

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use floor::CONCURRENCY;
use jiff::{Timestamp, ToSpan as _};

/// The feeds' `Last-Modified`.
const MODIFIED: &str = "Mon, 05 Jan 2026 08:00:00 GMT";

fn main() {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|w| w != "--bench")
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let number = |word: &str| word.parse::<usize>().unwrap();
    match words[..] {
        ["serve", feeds, entries] => serve(number(feeds), number(entries)),
        ["http", base, feeds, round] => ask(base, number(feeds), round == "304"),
        ["sqlite", file, feeds, entries, group] => {
            insert(file, number(feeds), number(entries), number(group));
        }
        _ => println!("benches/readers/run.sh runs this"),
    }
}

/// One entry: its GUID, title, link and text.
fn entry(feed: usize, n: usize) -> [String; 4] {
    let about = [
        "Putin and Modi at the harbour",
        "A quiet day in the mountains",
        "Rain expected until Thursday",
        "Bridge closed for repairs",
        "Grain prices fall for a third week",
    ][(feed + n) % 5];
    [
        format!("{feed}-{n}@news.example"),
        format!("{about}: report {n} of paper {feed}"),
        format!("https://news.example/{feed}/{n}"),
        words::text(feed * 100_003 + n, 80),
    ]
}

fn document(feed: usize, entries: usize) -> String {
    let mut rss = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\"><channel><title>Paper {feed}</title>\
         <link>https://news.example/{feed}</link><description>All reports</description>\n"
    );
    let now = Timestamp::now();
    for n in 0..entries {
        let [guid, title, link, text] = entry(feed, n);
        let hours = i64::try_from(n + 1).unwrap();
        let date = now.checked_sub(hours.hours()).unwrap();
        let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT");
        writeln!(
            rss,
            "<item><guid isPermaLink=\"false\">{guid}</guid><link>{link}</link><title>{title}</title>\
             <pubDate>{date}</pubDate><description>&lt;p&gt;{text}&lt;/p&gt;</description></item>"
        )
        .unwrap();
    }
    rss.push_str("</channel></rss>\n");
    rss
}

struct Feed {
    etag: String,
    body: axum::body::Bytes,
    full: AtomicUsize,
    unchanged: AtomicUsize,
}

fn serve(feeds: usize, entries: usize) {
    let feeds: Arc<Vec<Feed>> = Arc::new(
        (0..feeds)
            .map(|n| Feed {
                etag: format!("\"paper-{n}\""),
                body: document(n, entries).into(),
                full: AtomicUsize::new(0),
                unchanged: AtomicUsize::new(0),
            })
            .collect(),
    );
    let app = Router::new()
        .route("/feed/{n}", get(answer))
        .route("/counts", get(counts))
        .with_state(feeds);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("http://{}", listener.local_addr().unwrap());
        axum::serve(listener, app).await.unwrap();
    });
}

async fn answer(
    State(feeds): State<Arc<Vec<Feed>>>,
    Path(n): Path<usize>,
    headers: HeaderMap,
) -> Response {
    let Some(feed) = feeds.get(n) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let holds = |name, value: &str| {
        headers
            .get(name)
            .map(|held| held.as_bytes() == value.as_bytes())
    };
    // If-None-Match goes first (RFC 9110 §13.2.2).
    let unchanged = holds(header::IF_NONE_MATCH, &feed.etag)
        .or_else(|| holds(header::IF_MODIFIED_SINCE, MODIFIED))
        .unwrap_or(false);
    let validators = [
        (header::ETAG, feed.etag.as_str()),
        (header::LAST_MODIFIED, MODIFIED),
    ];
    if unchanged {
        feed.unchanged.fetch_add(1, Relaxed);
        return (StatusCode::NOT_MODIFIED, validators).into_response();
    }
    feed.full.fetch_add(1, Relaxed);
    let kind = [(header::CONTENT_TYPE, "application/rss+xml")];
    (validators, kind, feed.body.clone()).into_response()
}

/// Of how many feeds the whole document was asked for once or more, and of how many it was found unchanged, and
/// how many requests there were, since this was last asked.
async fn counts(State(feeds): State<Arc<Vec<Feed>>>) -> String {
    let (mut full, mut unchanged, mut requests) = (0, 0, 0);
    for feed in feeds.iter() {
        let (f, u) = (feed.full.swap(0, Relaxed), feed.unchanged.swap(0, Relaxed));
        full += usize::from(f > 0);
        unchanged += usize::from(u > 0);
        requests += f + u;
    }
    format!("{full} {unchanged} {requests}")
}

/// Asks for every feed once, with a client as mentiond's is; with `conditional` so that all answer 304.
fn ask(base: &str, feeds: usize, conditional: bool) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .user_agent("bench")
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .connect_timeout(Duration::from_secs(10))
        .http1_ignore_invalid_headers_in_responses(true)
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .pool_max_idle_per_host(CONCURRENCY)
        .build()
        .unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(floor::ask(&client, feeds, |n| {
        let tag = conditional.then(|| format!("\"paper-{n}\""));
        (format!("{base}/feed/{n}"), tag)
    }));
}

/// Inserts titles, links and texts, as durably as mentiond does: a write-ahead log, fsynced by each commit.
fn insert(file: &str, feeds: usize, entries: usize, group: usize) {
    let conn = rusqlite::Connection::open(file).unwrap();
    conn.execute_batch(
        "PRAGMA journal_mode = wal; PRAGMA synchronous = full;
         CREATE TABLE entry (id INTEGER PRIMARY KEY, feed INTEGER, guid TEXT, title TEXT, link TEXT, text TEXT,
           UNIQUE (feed, guid))",
    )
    .unwrap();
    let all: Vec<usize> = (0..feeds).collect();
    for feeds in all.chunks(group) {
        conn.execute_batch("BEGIN IMMEDIATE").unwrap();
        let mut put = conn
            .prepare_cached(
                "INSERT INTO entry (feed, guid, title, link, text) VALUES (?1, ?2, ?3, ?4, ?5)",
            )
            .unwrap();
        for &feed in feeds {
            for n in 0..entries {
                let [guid, title, link, text] = entry(feed, n);
                put.execute(rusqlite::params![feed, guid, title, link, text])
                    .unwrap();
            }
        }
        conn.execute_batch("COMMIT").unwrap();
    }
}
