//! A small hub: it takes subscriptions, verifies or denies them, and delivers what a test gives it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use mentiond::fetch::plain_client;
use tokio::net::TcpListener;
use url::{Url, form_urlencoded};

/// What the hub does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Says 202, and verifies only when the test says so.
    Accept,
    /// Verifies with this lease before it answers.
    VerifyFirst(u64),
    /// Answers with this status, and repeats the request in its body.
    Refuse(u16),
    /// Redirects to a place named by the callback's token, and from there to nowhere.
    Echo,
}

#[derive(Clone)]
pub struct Hub {
    pub url: String,
    inner: Arc<Inner>,
}

struct Inner {
    manner: Mutex<Manner>,
    requests: Mutex<Vec<HashMap<String, String>>>,
    heads: Mutex<Vec<HeaderMap>>,
    client: reqwest::Client,
}

impl Hub {
    pub async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let hub = Self {
            url: format!("http://{}/", listener.local_addr().unwrap()),
            inner: Arc::new(Inner {
                manner: Mutex::new(manner),
                requests: Mutex::default(),
                heads: Mutex::default(),
                client: plain_client("a hub").unwrap(),
            }),
        };
        let nowhere = || async { StatusCode::FOUND };
        let app = Router::new()
            .route("/", post(request))
            .route("/{token}", post(nowhere))
            .with_state(hub.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        hub
    }

    pub fn set(&self, manner: Manner) {
        *self.inner.manner.lock().unwrap() = manner;
    }

    /// The forms that came in.
    pub fn requests(&self) -> Vec<HashMap<String, String>> {
        self.inner.requests.lock().unwrap().clone()
    }

    /// The last of them.
    pub fn last(&self) -> HashMap<String, String> {
        self.requests().pop().expect("a request")
    }

    /// The head of the last.
    pub fn head(&self) -> HeaderMap {
        self.inner.heads.lock().unwrap().last().unwrap().clone()
    }

    /// The last callback.
    pub fn callback(&self) -> String {
        self.last()["hub.callback"].clone()
    }

    /// Calls the last callback by GET with these fields, and returns status, media type and body.
    pub async fn call(&self, fields: &[(&str, &str)]) -> (u16, String, String) {
        let mut url: Url = self.callback().parse().unwrap();
        url.query_pairs_mut().extend_pairs(fields);
        let answer = self.inner.client.get(url).send().await.unwrap();
        let kind = answer.headers().get("content-type");
        let kind = kind.map(|kind| kind.to_str().unwrap().to_owned());
        let status = answer.status().as_u16();
        (
            status,
            kind.unwrap_or_default(),
            answer.text().await.unwrap(),
        )
    }

    /// Verifies the last request, as §5.3 says.
    pub async fn verify(&self, lease: u64) -> u16 {
        let last = self.last();
        let lease = lease.to_string();
        let (status, _, body) = self
            .call(&[
                ("hub.mode", &last["hub.mode"]),
                ("hub.topic", &last["hub.topic"]),
                ("hub.challenge", "a <b>challenge</b>"),
                ("hub.lease_seconds", &lease),
            ])
            .await;
        if status == 200 {
            assert_eq!(body, "a <b>challenge</b>");
        }
        status
    }

    /// Delivers a body, signed or not, and returns the status.
    pub async fn deliver(&self, body: &[u8], signature: Option<String>) -> u16 {
        let mut request = self
            .inner
            .client
            .post(self.callback())
            .header("content-type", "application/atom+xml")
            .header(
                "link",
                format!("<{}>; rel=hub, <http://other.example/>; rel=self", self.url),
            )
            .body(body.to_vec());
        if let Some(signature) = signature {
            request = request.header("x-hub-signature", signature);
        }
        request.send().await.unwrap().status().as_u16()
    }

    /// The signature by the secret that came with the last subscription.
    pub fn sign(&self, method: &str, body: &[u8]) -> String {
        let requests = self.requests();
        let secret = requests
            .iter()
            .rev()
            .find_map(|r| r.get("hub.secret"))
            .unwrap();
        format!("{method}={}", sign(method, secret, body))
    }
}

fn sign(method: &str, secret: &str, body: &[u8]) -> String {
    fn tag<M: Mac + KeyInit>(secret: &str, body: &[u8]) -> String {
        let mac = <M as KeyInit>::new_from_slice(secret.as_bytes()).unwrap();
        let tag = mac.chain_update(body).finalize().into_bytes();
        tag.iter()
            .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
    }
    match method {
        "sha1" => tag::<Hmac<sha1::Sha1>>(secret, body),
        "sha256" => tag::<Hmac<sha2::Sha256>>(secret, body),
        "sha384" => tag::<Hmac<sha2::Sha384>>(secret, body),
        "sha512" => tag::<Hmac<sha2::Sha512>>(secret, body),
        other => panic!("no method {other}"),
    }
}

async fn request(State(hub): State<Hub>, head: HeaderMap, body: Bytes) -> Response {
    let form: HashMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    hub.inner.requests.lock().unwrap().push(form);
    hub.inner.heads.lock().unwrap().push(head);
    let manner = *hub.inner.manner.lock().unwrap();
    match manner {
        Manner::Accept => StatusCode::ACCEPTED.into_response(),
        Manner::VerifyFirst(lease) => {
            hub.verify(lease).await;
            StatusCode::ACCEPTED.into_response()
        }
        Manner::Refuse(status) => {
            let words = format!("I can't reach\n {}", hub.callback());
            (StatusCode::from_u16(status).unwrap(), words).into_response()
        }
        Manner::Echo => {
            let token = hub.callback().rsplit('/').next().unwrap().to_owned();
            let to = [(LOCATION, format!("/{token}"))];
            (StatusCode::TEMPORARY_REDIRECT, to).into_response()
        }
    }
}
