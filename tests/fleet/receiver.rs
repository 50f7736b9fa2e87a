//! A receiver of webhooks that knows which story each alert is about, and under which ids it was told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;

use crate::journal::Journal;
use crate::runtime;
use crate::stories::mark;

/// A topic and a story's mark.
pub type Alert = (String, String);

/// See the head of this file.
pub struct Receiver {
    pub url: String,
    inner: Arc<Inner>,
}

struct Inner {
    journal: Journal,
    /// Whether one request in ten fails.
    is_moody: AtomicBool,
    told: Mutex<Told>,
    requests: AtomicUsize,
    refused: AtomicUsize,
}

#[derive(Default)]
struct Told {
    /// What each alert was told as: its id, and how the first request named the story.
    ids: BTreeMap<Alert, BTreeMap<String, String>>,
    /// What each id was taken for.
    alerts: BTreeMap<String, Alert>,
    /// How often each id was taken.
    taken: BTreeMap<String, usize>,
}

impl Receiver {
    pub fn start(journal: Journal) -> Self {
        let inner = Arc::new(Inner {
            journal,
            is_moody: AtomicBool::new(false),
            told: Mutex::default(),
            requests: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
        });
        let listener = runtime()
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let app = Router::new()
            .route("/hook", post(receive))
            .with_state(inner.clone());
        runtime().spawn(async move { axum::serve(listener, app).await });
        Self { url, inner }
    }

    /// Whether one request in ten is to fail from now on.
    pub fn be_moody(&self, is_moody: bool) {
        self.inner.is_moody.store(is_moody, Ordering::Relaxed);
    }

    /// The alerts that were taken.
    pub fn taken(&self) -> BTreeSet<Alert> {
        let told = self.inner.told.lock().unwrap();
        told.taken
            .keys()
            .map(|id| told.alerts[id].clone())
            .collect()
    }

    /// How many alerts were taken.
    pub fn count(&self) -> usize {
        self.inner.told.lock().unwrap().taken.len()
    }

    /// How often an alert was taken that had been taken before.
    pub fn repeats(&self) -> usize {
        let told = self.inner.told.lock().unwrap();
        told.taken.values().map(|times| times - 1).sum()
    }

    /// Requests, and those that were refused.
    pub fn requests(&self) -> (usize, usize) {
        let inner = &self.inner;
        (
            inner.requests.load(Ordering::Relaxed),
            inner.refused.load(Ordering::Relaxed),
        )
    }
}

async fn receive(State(inner): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    inner.requests.fetch_add(1, Ordering::Relaxed);
    let id = headers
        .get("webhook-id")
        .and_then(|id| id.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    inner.hear(&id, &body);
    let dice = fastrand::u8(..10);
    tokio::time::sleep(Duration::from_millis(u64::from(dice))).await;
    if dice == 0 && inner.is_moody.load(Ordering::Relaxed) {
        inner.refused.fetch_add(1, Ordering::Relaxed);
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    let mut told = inner.told.lock().unwrap();
    *told.taken.entry(id).or_default() += 1;
    StatusCode::NO_CONTENT
}

impl Inner {
    fn hear(&self, id: &str, body: &Value) {
        let data = &body["data"];
        let story = &data["story"];
        let topic = data["topic"]["id"].as_str().unwrap_or_default();
        let mark = story["title"].as_str().and_then(mark).unwrap_or_default();
        if body["type"] != "mention.created" || mark.is_empty() || id.is_empty() {
            self.journal
                .wrong(format!("alert: of no story: {id} {body}"));
        }
        let alert = (topic.to_owned(), mark.to_owned());
        let how = format!(
            "story {} by {} of {}",
            story["id"], story["feed"], story["first_seen"]
        );
        let mut told = self.told.lock().unwrap();
        let before = told
            .alerts
            .entry(id.to_owned())
            .or_insert_with(|| alert.clone());
        if *before != alert {
            self.journal.wrong(format!(
                "ids: {id} stands for two alerts: {before:?}, {alert:?}"
            ));
        }
        let ids = told.ids.entry(alert.clone()).or_default();
        if !ids.contains_key(id) {
            ids.insert(id.to_owned(), how);
            if ids.len() > 1 {
                self.journal
                    .wrong(format!("ids: {alert:?} has {}: {ids:?}", ids.len()));
            }
        }
    }
}
