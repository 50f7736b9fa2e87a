//! Feeds, their hub and the receiver of alerts, in one server on the loopback interface.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::words;

/// Where a subscription is delivered, and by which secret it is signed.
#[derive(Clone)]
pub struct Subscription {
    pub callback: String,
    pub secret: String,
}

/// What all handlers share.
#[derive(Default)]
pub struct Newsroom {
    pub base: String,
    /// Whether each poll finds a new entry.
    pub is_busy: AtomicBool,
    /// Numbers the entries.
    pub next: AtomicUsize,
    /// When an entry was sent on its way, by its number.
    pub sent: Mutex<HashMap<usize, Instant>>,
    /// When its alert came in.
    pub told: Mutex<HashMap<usize, Instant>>,
    /// By the feed's number.
    pub subscriptions: Mutex<HashMap<usize, Subscription>>,
}

impl Newsroom {
    /// Starts the server.
    pub fn open(runtime: &tokio::runtime::Runtime) -> Arc<Self> {
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let room = Arc::new(Self {
            base: format!("http://{}", listener.local_addr().unwrap()),
            ..Self::default()
        });
        let app = Router::new()
            .route("/feed/{n}", get(feed))
            .route("/hub", post(hub))
            .route("/hook", post(hook))
            .with_state(room.clone());
        runtime.spawn(async move { axum::serve(listener, app).await });
        room
    }

    /// A document with one entry that a topic is mentioned in; `None` for one without an entry.
    pub fn document(&self, feed: usize, entry: Option<usize>) -> String {
        let base = &self.base;
        let mut text = format!(
            "<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel><title>Paper {feed}</title>\
             <atom:link rel=\"hub\" href=\"{base}/hub\"/><atom:link rel=\"self\" href=\"{base}/feed/{feed}\"/>"
        );
        if let Some(n) = entry {
            write!(
                text,
                "<item><guid isPermaLink=\"false\">{n}</guid><link>https://news.example/{feed}/{n}</link>\
                 <title>Putin on his way, number-{n}.</title><description>"
            )
            .unwrap();
            text.push_str(&words::text(n, 40));
            text.push_str("</description></item>");
        }
        text.push_str("</channel></rss>");
        text
    }

    /// A new entry's number.
    pub fn number(&self) -> usize {
        self.next.fetch_add(1, Relaxed)
    }
}

async fn feed(State(room): State<Arc<Newsroom>>, Path(n): Path<usize>) -> Response {
    let entry = room.is_busy.load(Relaxed).then(|| room.number());
    let document = room.document(n, entry);
    if let Some(entry) = entry {
        room.sent.lock().unwrap().insert(entry, Instant::now());
    }
    ([(header::CONTENT_TYPE, "application/rss+xml")], document).into_response()
}

/// Takes a subscription and verifies it.
async fn hub(State(room): State<Arc<Newsroom>>, body: Bytes) -> StatusCode {
    let fields: HashMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
    let topic = fields["hub.topic"].clone();
    let (callback, secret) = (fields["hub.callback"].clone(), fields["hub.secret"].clone());
    let feed = topic.rsplit('/').next().unwrap().parse().unwrap();
    tokio::spawn(async move {
        let client = mentiond::fetch::plain_client("hub").unwrap();
        let mut url: url::Url = callback.parse().unwrap();
        url.query_pairs_mut()
            .append_pair("hub.mode", "subscribe")
            .append_pair("hub.topic", &topic)
            .append_pair("hub.challenge", "c")
            .append_pair("hub.lease_seconds", "864000");
        if client.get(url).send().await.unwrap().status() == 200 {
            let subscription = Subscription { callback, secret };
            room.subscriptions
                .lock()
                .unwrap()
                .insert(feed, subscription);
        }
    });
    StatusCode::ACCEPTED
}

async fn hook(State(room): State<Arc<Newsroom>>, body: Bytes) -> StatusCode {
    let now = Instant::now();
    let text = String::from_utf8_lossy(&body);
    let number = text.split("number-").nth(1).unwrap();
    let number = number.split('.').next().unwrap().parse().unwrap();
    room.told.lock().unwrap().entry(number).or_insert(now);
    StatusCode::NO_CONTENT
}

/// The value of `X-Hub-Signature`.
pub fn sign(secret: &str, body: &[u8]) -> String {
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes()).unwrap();
    let tag = mac.chain_update(body).finalize().into_bytes();
    let mut text = "sha256=".to_owned();
    for byte in tag {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}
