//! A publisher that notes when each request came, when it was answered, and what it carried.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::sync::watch;

use crate::support::{runtime, wait_for};

/// One request.
#[derive(Debug, Clone)]
pub struct Asked {
    pub path: String,
    pub headers: HeaderMap,
    pub came: Instant,
    /// When it was answered, or the client hung up.
    pub left: Option<Instant>,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// What a request gets.
pub struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
    after: Duration,
    held: bool,
}

impl Answer {
    pub fn ok(body: impl Into<String>) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body: body.into(),
            after: Duration::ZERO,
            held: false,
        }
    }

    pub fn html(body: impl Into<String>) -> Self {
        Self::ok(body).with("content-type", "text/html; charset=utf-8")
    }

    pub fn status(status: u16) -> Self {
        Self {
            status,
            ..Self::ok("")
        }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn saying(self, body: String) -> Self {
        Self { body, ..self }
    }

    /// Takes its time.
    pub fn after(self, after: Duration) -> Self {
        Self { after, ..self }
    }

    /// Hangs until [`Press::release`].
    pub fn held(self) -> Self {
        Self { held: true, ..self }
    }
}

type Reply = dyn Fn(&Asked, usize) -> Answer + Send + Sync;

struct Inner {
    reply: Box<Reply>,
    asked: Mutex<Vec<Asked>>,
    gate: watch::Sender<bool>,
}

/// The publisher, on a port of its own.
pub struct Press {
    pub port: u16,
    inner: Arc<Inner>,
}

impl Press {
    /// Answers each request by what `reply` makes of it and of how often its path was asked before.
    pub fn start(reply: impl Fn(&Asked, usize) -> Answer + Send + Sync + 'static) -> Self {
        let inner = Arc::new(Inner {
            reply: Box::new(reply),
            asked: Mutex::default(),
            gate: watch::channel(false).0,
        });
        let listener = runtime()
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let port = listener.local_addr().unwrap().port();
        let app = Router::new().fallback(serve).with_state(inner.clone());
        runtime().spawn(async move { axum::serve(listener, app).await });
        Self { port, inner }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Lets go of what is held, from now on.
    pub fn release(&self) {
        self.inner.gate.send_replace(true);
    }

    /// Every request, in the order in which they came.
    pub fn all(&self) -> Vec<Asked> {
        self.inner.asked.lock().unwrap().clone()
    }

    /// The paths that were asked for, in order.
    pub fn paths(&self) -> Vec<String> {
        self.all().into_iter().map(|asked| asked.path).collect()
    }

    /// The requests for paths that begin so.
    pub fn asked(&self, path: &str) -> Vec<Asked> {
        let mut all = self.all();
        all.retain(|asked| asked.path.starts_with(path));
        all
    }

    /// Waits until `n` requests have come for paths that begin so.
    pub fn wait(&self, path: &str, n: usize) -> Vec<Asked> {
        wait_for(&format!("{n} requests for {path}"), || {
            let asked = self.asked(path);
            (asked.len() >= n).then_some(asked)
        })
    }
}

/// How many of these requests were under way at the same time, at most.
pub fn most_at_a_time(asked: &[Asked]) -> usize {
    let beside = |at: Instant| {
        let under_way =
            |other: &&Asked| other.came <= at && other.left.is_none_or(|left| left > at);
        asked.iter().filter(under_way).count()
    };
    asked
        .iter()
        .map(|one| beside(one.came))
        .max()
        .unwrap_or_default()
}

/// Notes the end of a request, also when the client hangs up.
struct UnderWay(Arc<Inner>, usize);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.asked.lock().unwrap()[self.1].left = Some(Instant::now());
    }
}

async fn serve(State(inner): State<Arc<Inner>>, request: Request<Body>) -> Response {
    let asked = Asked {
        path: request.uri().path().to_owned(),
        headers: request.headers().clone(),
        came: Instant::now(),
        left: None,
    };
    let (place, before) = {
        let mut all = inner.asked.lock().unwrap();
        let before = all.iter().filter(|a| a.path == asked.path).count();
        all.push(asked.clone());
        (all.len() - 1, before)
    };
    let under_way = UnderWay(inner.clone(), place);
    let answer = (inner.reply)(&asked, before);
    tokio::time::sleep(answer.after).await;
    if answer.held {
        let mut gate = inner.gate.subscribe();
        // The sender lives as long as `inner`.
        let _ = gate.wait_for(|open| *open).await;
    }
    drop(under_way);
    let mut headers = HeaderMap::new();
    for (name, value) in &answer.headers {
        headers.append(*name, value.parse().unwrap());
    }
    let status = StatusCode::from_u16(answer.status).unwrap();
    (status, headers, answer.body).into_response()
}
