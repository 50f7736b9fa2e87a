//! What a hub, or whoever pretends to be one, sends to a callback: the door itself with a subscriber
//! and a database behind it.
//!
//! An input is a request: `GET /websub/TOKEN?hub.mode=subscribe&…` or `POST /websub/TOKEN`, header
//! lines, an empty line, a body. `TOKEN` stands for the subscription's token, and in a header
//! `{sha1}`, `{sha256}`, `{sha384}` and `{sha512}` for the body's true signature by that method.
//! Besides what it says, each body is also delivered with a true signature and with a false one.

use std::cell::RefCell;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use hmac::{Hmac, KeyInit, Mac};
use mentiond::model::{Feed, FeedId, Timestamp};
use mentiond::push::callback::{Limits, Pushed, router};
use mentiond::push::keys::Keys;
use mentiond::push::{Followed, Subscriber, Target};
use mentiond::store::{FeedRow, Store};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tower_service::Service;
use url::{Url, form_urlencoded};

use super::damage::Choices;
use super::oracle;

const LIMITS: Limits = Limits {
    max_body: 16 << 10,
    body_timeout: Duration::from_mins(10),
    concurrent: 4,
    held: 1 << 20,
};
const MAX_CHALLENGE: usize = 1024;
const METHODS: [&str; 4] = ["sha1", "sha256", "sha384", "sha512"];
const HEX: &[u8; 16] = b"0123456789abcdef";
const KEY: [u8; 32] = [7; 32];
const TOPIC: &str = "https://news.example/rss";
/// When the first subscription was wanted.
const START: i64 = 1_760_000_000_000;

thread_local! {
    /// One door for all inputs: a database takes longer to make than thousands of inputs to try.
    static DOOR: RefCell<Option<Door>> = const { RefCell::new(None) };
}

/// Runs the target.
pub fn run(data: &[u8]) {
    let (head, body) = halves(data);
    DOOR.with_borrow_mut(|door| {
        let door = door.get_or_insert_with(Door::open);
        if let Some(request) = door.request(head, body) {
            door.asked(request, body);
        }
        door.signed(body);
    });
}

/// What stands before and behind the first empty line.
fn halves(data: &[u8]) -> (&[u8], &[u8]) {
    let at = data.windows(2).position(|pair| pair == b"\n\n");
    at.map_or((data, &[]), |at| (&data[..at], &data[at + 2..]))
}

struct Door {
    runtime: Runtime,
    store: Store,
    subscriber: Subscriber,
    router: Router,
    queue: mpsc::Receiver<Pushed>,
    feed: FeedRow,
    /// How many subscriptions there were before this one.
    before: i64,
    _folder: TempDir,
}

impl Door {
    fn open() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("db")).expect("a database");
        let url = Url::parse(TOPIC).expect("a URL");
        let feed = Feed::new(FeedId::new("one").expect("an id"), url.clone());
        let public = Url::parse("https://me.example/").expect("a URL");
        let (subscriber, feed) = runtime.block_on(async {
            let rows = store
                .register_feeds(&[feed], Timestamp::now())
                .await
                .expect("a feed");
            let keys = Keys::from_bytes(KEY);
            let opened = Subscriber::open(store.clone(), keys, &public).await;
            let subscriber = opened.expect("a subscriber");
            let followed = Followed {
                feed: rows[0].row,
                url,
                allow_private_addresses: false,
            };
            let now = Timestamp::from_millis(START);
            let done = subscriber.follow(vec![followed], now).await;
            done.expect("a database");
            (subscriber, rows[0].row)
        });
        let (sender, queue) = mpsc::channel(1);
        let (router, _) = router(subscriber.clone(), sender, LIMITS);
        let mut door = Self {
            runtime,
            store,
            subscriber,
            router,
            queue,
            feed,
            before: -1,
            _folder: folder,
        };
        door.begin_anew();
        door
    }

    /// Ends the subscription and begins another.
    fn begin_anew(&mut self) {
        self.before += 1;
        let target = Target {
            hub: Url::parse("https://hub.example/").expect("a URL"),
            topic: Url::parse(TOPIC).expect("a URL"),
        };
        let now = self.generation();
        self.runtime.block_on(async {
            for targets in [&[][..], &[target]] {
                let heard = self.subscriber.heard(self.feed, targets, now).await;
                heard.expect("a database");
            }
        });
    }

    fn generation(&self) -> Timestamp {
        Timestamp::from_millis(START + self.before)
    }

    fn token(&self) -> String {
        let generation = self.generation().as_millis();
        let token = Keys::from_bytes(KEY).token(self.feed, generation);
        token.expose().to_owned()
    }

    fn secret(&self) -> String {
        let generation = self.generation().as_millis();
        let secret = Keys::from_bytes(KEY).secret(self.feed, generation);
        secret.expose().to_owned()
    }

    /// The request of an input; `None` when it is none that a server would pass on.
    fn request(&self, head: &[u8], body: &[u8]) -> Option<Request<Body>> {
        let head = String::from_utf8_lossy(head);
        let mut lines = head.lines();
        let (method, target) = lines.next()?.split_once(' ')?;
        let mut request = Request::new(Body::from(body.to_vec()));
        *request.method_mut() = Method::from_bytes(method.as_bytes()).ok()?;
        *request.uri_mut() = target.replace("TOKEN", &self.token()).parse().ok()?;
        for line in lines.take(100) {
            let (name, value) = line.split_once(':')?;
            let mut value = value.trim().to_owned();
            for method in METHODS {
                let place = format!("{{{method}}}");
                if value.contains(&place) {
                    value = value.replace(&place, &self.signature(method, body));
                }
            }
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            let value = HeaderValue::from_bytes(value.as_bytes()).ok()?;
            request.headers_mut().append(name, value);
        }
        Some(request)
    }

    fn signature(&self, method: &str, body: &[u8]) -> String {
        let secret = self.secret();
        match method {
            "sha1" => hex(&tag::<Hmac<Sha1>>(secret.as_bytes(), body)),
            "sha256" => hex(&tag::<Hmac<Sha256>>(secret.as_bytes(), body)),
            "sha384" => hex(&tag::<Hmac<Sha384>>(secret.as_bytes(), body)),
            _ => hex(&tag::<Hmac<Sha512>>(secret.as_bytes(), body)),
        }
    }

    /// Whether a header is a true signature, by another reading than the library's.
    fn is_signed(&self, headers: &HeaderMap, body: &[u8]) -> bool {
        let header = headers.get("x-hub-signature").and_then(|v| v.to_str().ok());
        let header = header.unwrap_or_default().trim().to_ascii_lowercase();
        METHODS
            .iter()
            .any(|method| header == format!("{method}={}", self.signature(method, body)))
    }

    fn send(&mut self, request: Request<Body>) -> (Response<()>, Vec<u8>) {
        let answer = self.router.call(request);
        self.runtime.block_on(async {
            let answer = answer.await.unwrap_or_else(|never| match never {});
            let (head, body) = answer.into_parts();
            let body = to_bytes(body, 1 << 20).await.expect("a small answer");
            (Response::from_parts(head, ()), body.into())
        })
    }

    /// Sends a request and asserts that the answer is the one that is documented.
    fn asked(&mut self, request: Request<Body>, body: &[u8]) {
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let headers = request.headers().clone();
        let ours = uri.path() == format!("/websub/{}", self.token());
        let (answer, told) = self.send(request);
        let status = answer.status();
        assert!(!status.is_server_error(), "{status} for {uri}");
        let queued = self.queue.try_recv().ok();
        if method == Method::POST {
            let expected = match expected(&headers, body) {
                _ if !ours => None,
                Some(refusal) => Some(refusal),
                None => Some(StatusCode::ACCEPTED),
            };
            match expected {
                Some(expected) => assert_eq!(status, expected, "{headers:?}"),
                None => assert!(status.is_client_error(), "{status} for {uri}"),
            }
            let taken = status == StatusCode::ACCEPTED && self.is_signed(&headers, body);
            assert_eq!(queued.is_some(), taken, "{headers:?}");
            // others may be told that their path is no text
            assert!(
                told.is_empty() || !ours,
                "an answer tells more than its status"
            );
            if let Some(pushed) = queued {
                self.brought(&pushed, body);
            }
            return;
        }
        assert!(queued.is_none(), "{method} brings content");
        let is_get = method == Method::GET || method == Method::HEAD;
        let meant = ours.then(|| confirmed(&uri)).flatten();
        let Some(challenge) = meant.filter(|_| is_get) else {
            assert!(status.is_client_error(), "{status} for {method} {uri}");
            return;
        };
        assert_eq!(status, StatusCode::OK, "{uri}");
        if method == Method::GET {
            assert_eq!(told, challenge.as_bytes(), "{uri}");
        }
        let headers = answer.headers();
        assert_eq!(headers[CONTENT_TYPE], "text/plain; charset=utf-8");
        assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
        self.recorded(&challenge);
    }

    /// Asserts what the database says of a subscription that was verified or denied.
    fn recorded(&mut self, challenge: &str) {
        let rows = self.runtime.block_on(self.store.subscriptions());
        let rows = rows.expect("a database");
        assert_eq!(rows.len(), 1);
        let denied = challenge.is_empty();
        assert_eq!(rows[0].state, if denied { "denied" } else { "active" });
        assert_eq!(rows[0].error.is_some(), denied);
        if let Some(error) = &rows[0].error {
            oracle::clean("a denial", error, false);
            oracle::chars("a denial", error, 300);
            let lower = error.to_ascii_lowercase();
            for secret in [self.token(), self.secret()] {
                assert!(!lower.contains(&secret.to_ascii_lowercase()), "{error}");
            }
            self.begin_anew();
        }
    }

    /// Delivers a body with a true signature and with a false one.
    fn signed(&mut self, body: &[u8]) {
        if body.len() > LIMITS.max_body {
            return;
        }
        let mut choices = Choices::new(body);
        let method = METHODS[body.len() % METHODS.len()];
        let mut signature = self.signature(method, body).into_bytes();
        for is_true in [true, false] {
            if !is_true {
                let digit = choices.below(signature.len());
                let known = HEX.iter().position(|hex| *hex == signature[digit]);
                let other = known.expect("a digit") + 1 + usize::from(choices.byte() % 15);
                signature[digit] = HEX[other % HEX.len()];
            }
            let line = format!("{method}={}", String::from_utf8_lossy(&signature));
            let mut request = Request::new(Body::from(body.to_vec()));
            *request.method_mut() = Method::POST;
            let path = format!("/websub/{}", self.token());
            *request.uri_mut() = path.parse().expect("a path");
            let value = HeaderValue::try_from(line).expect("a header");
            request.headers_mut().insert("x-hub-signature", value);
            let (answer, _) = self.send(request);
            assert_eq!(answer.status(), StatusCode::ACCEPTED);
            match self.queue.try_recv() {
                Ok(pushed) => {
                    assert!(is_true, "a false signature is taken");
                    self.brought(&pushed, body);
                }
                Err(_) => assert!(!is_true, "a true signature is refused"),
            }
        }
    }

    fn brought(&self, pushed: &Pushed, body: &[u8]) {
        assert_eq!(pushed.feed, self.feed);
        assert_eq!(pushed.bytes, body);
        assert!(pushed.links.hubs.len() <= 16);
        let shown = format!("{pushed:?}");
        oracle::bytes("pushed content as shown", &shown, 100);
    }
}

/// Why content is refused before its signature is looked at.
fn expected(headers: &HeaderMap, body: &[u8]) -> Option<StatusCode> {
    let word = |name| {
        headers
            .get(name)
            .and_then(|v: &HeaderValue| v.to_str().ok())
    };
    let coding = word(CONTENT_ENCODING).map(str::trim);
    if coding.is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
        return Some(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let length = word(CONTENT_LENGTH).and_then(|length| length.trim().parse::<u64>().ok());
    let announced = length.is_some_and(|length| length > LIMITS.max_body as u64);
    (announced || body.len() > LIMITS.max_body).then_some(StatusCode::PAYLOAD_TOO_LARGE)
}

/// What a GET must be answered with if it verifies or denies the subscription.
fn confirmed(uri: &Uri) -> Option<String> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for (name, value) in form_urlencoded::parse(uri.query()?.as_bytes()) {
        if fields.iter().all(|(known, _)| *known != name) {
            fields.push((name.into_owned(), value.into_owned()));
        }
    }
    let field = |name: &str| fields.iter().find(|(known, _)| known == name);
    let field = |name| field(name).map(|(_, value)| value.as_str());
    let topic = field("hub.topic")?;
    if topic != TOPIC && Url::parse(topic).ok()?.as_str() != TOPIC {
        return None;
    }
    let challenge = field("hub.challenge").filter(|c| (1..=MAX_CHALLENGE).contains(&c.len()));
    match field("hub.mode")? {
        "subscribe" => challenge.map(str::to_owned),
        "denied" => Some(String::new()),
        _ => None,
    }
}

fn tag<M: Mac + KeyInit>(key: &[u8], body: &[u8]) -> Vec<u8> {
    let mac = <M as KeyInit>::new_from_slice(key).expect("a key of any length");
    mac.chain_update(body).finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .map(|digit| char::from(HEX[usize::from(digit)]))
        .collect()
}
