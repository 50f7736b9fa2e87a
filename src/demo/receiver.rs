//! A local webhook receiver: verifies every request and, to show that nothing gets lost, refuses
//! the first one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::model::Timestamp;
use crate::notify::sign::Key;

/// Requests that may wait to be told.
const BACKLOG: usize = 1024;

/// One request that the receiver got.
#[derive(Debug, Clone)]
pub struct Received {
    /// The `webhook-id`.
    pub id: String,
    /// When it arrived.
    pub at: Timestamp,
    /// Whether the signature fits.
    pub verified: Result<(), String>,
    /// Whether the receiver answered 503 on purpose.
    pub refused: bool,
    /// The topic.
    pub topic: String,
    /// The story's title.
    pub title: String,
    /// The source's name.
    pub source: String,
    /// The story's language.
    pub language: String,
    /// The matched text.
    pub matched: String,
    /// How many feeds carry the story.
    pub feeds: usize,
}

impl Received {
    /// Whether the receiver took it.
    #[must_use]
    pub fn accepted(&self) -> bool {
        self.verified.is_ok() && !self.refused
    }
}

/// The running receiver.
#[derive(Debug)]
pub struct Receiver {
    address: String,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    key: Key,
    arrivals: mpsc::Sender<Received>,
    refuse_next: AtomicBool,
}

impl Receiver {
    /// Starts on a free loopback port; arrivals come through the channel.
    pub async fn start(secret: &str) -> std::io::Result<(Self, mpsc::Receiver<Received>)> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        let (arrivals, received) = mpsc::channel(BACKLOG);
        let key = Key::parse(secret).map_err(std::io::Error::other)?;
        let shared = Arc::new(Shared {
            key,
            arrivals,
            refuse_next: AtomicBool::new(true),
        });
        let app = Router::new()
            .route("/hook", post(receive))
            .with_state(shared);
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, app).await;
        });
        Ok((Self { address, server }, received))
    }

    /// The receiver's address, without a slash at its end.
    pub fn address(&self) -> String {
        self.address.clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn receive(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
    };
    let now = Timestamp::now();
    let (id, time, signatures) = (
        header("webhook-id"),
        header("webhook-timestamp"),
        header("webhook-signature"),
    );
    let verified = shared
        .key
        .verify(id, time, signatures, &body, now)
        .map_err(|e| e.to_string());
    let refused = shared.refuse_next.swap(false, Ordering::Relaxed);
    let payload: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let data = &payload["data"];
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let arrival = Received {
        id: id.to_owned(),
        at: now,
        refused,
        topic: text(&data["topic"]["id"]),
        title: text(&data["story"]["title"]),
        source: text(&data["story"]["source"]),
        language: text(&data["story"]["language"]),
        matched: text(&data["match"]["text"]),
        feeds: data["feeds"].as_array().map_or(0, Vec::len),
        verified,
    };
    let status = match (&arrival.verified, refused) {
        (Err(_), _) => StatusCode::UNAUTHORIZED,
        (Ok(()), true) => StatusCode::SERVICE_UNAVAILABLE,
        (Ok(()), false) => StatusCode::NO_CONTENT,
    };
    let _ = shared.arrivals.send(arrival).await;
    status
}
