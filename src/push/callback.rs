//! The door for hubs: `/websub/{token}`, where they verify, deny and deliver.
//!
//! [`router`] knows no SQL and no policy: [`Callbacks`] decides about intents and says whose a
//! token is, and signed content goes into a bounded queue as [`Pushed`]. Who reads that queue works
//! at their own speed; the hub has its answer by then (§7).
//!
//! | what comes | answer |
//! |---|---|
//! | GET that verifies what is wanted, or denies it | 200, the challenge as plain text |
//! | GET about anything else | 404 |
//! | POST, signed | 202, or 503 while the queue is full |
//! | POST, unsigned or signed by somebody else | 202, and it is ignored (§7.1.2) |
//! | POST for a subscription that is over | 410, so that the hub may end it too |
//! | POST while nobody can say whose it is | 503 |
//!
//! Bodies that are received or wait to be read take [`Limits::held`] bytes together at most, so many small ones
//! may wait but only a few large ones. The time for a request's head is a matter of the server that carries this
//! router.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, LINK, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use url::form_urlencoded;

use super::discovery::{Links, links};
use super::signature;
use crate::model::{Secret, Timestamp};
use crate::parse::clean_text;
use crate::store::FeedRow;

/// Challenges are short random texts; a longer one is not from a hub.
const MAX_CHALLENGE: usize = 1024;

/// Characters of a denial's reason that are kept.
const MAX_REASON: usize = 200;

/// Characters of a token: 32 bytes in base64url.
const TOKEN: usize = 43;

/// What counts of [`Limits::held`], in bytes: a semaphore counts no further than some 500 million.
const UNIT: usize = 1024;

/// Content that a hub sent, its signature checked.
pub struct Pushed {
    /// The feed whose subscription it came for.
    pub feed: FeedRow,
    /// The body, as it came.
    pub bytes: Vec<u8>,
    /// The value of `Content-Type`.
    pub content_type: Option<String>,
    /// What its `Link` headers name. They tell of the content, never of the subscription (§7).
    pub links: Links,
    /// Its part of [`Limits::held`], which it gives back when it is dropped.
    _room: Option<OwnedSemaphorePermit>,
}

impl fmt::Debug for Pushed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pushed({:?}, {} bytes)", self.feed, self.bytes.len())
    }
}

/// What a hub wants to know or to tell by GET.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// Whether this topic was asked for (§5.3).
    Subscribe {
        /// The topic.
        topic: String,
        /// The lease it would give.
        lease: Option<Duration>,
    },
    /// Whether this topic is no longer wanted (§5.3).
    Unsubscribe {
        /// The topic.
        topic: String,
    },
    /// That the topic is denied (§5.2).
    Denied {
        /// The topic.
        topic: String,
        /// Why, as one line, cut short.
        reason: Option<String>,
    },
}

/// Whose a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// A feed's, and what its hub signs with.
    Feed(FeedRow, Secret),
    /// A subscription's that is over.
    Over,
    /// Nobody's.
    Unknown,
    /// That can't be said now.
    Unsure,
}

/// Who decides about what comes through the door.
pub trait Callbacks: Clone + Send + Sync + 'static {
    /// Whether the intent is ours, or the denial was understood. It is recorded by then.
    fn confirm(
        &self,
        token: &str,
        intent: Intent,
        now: Timestamp,
    ) -> impl Future<Output = bool> + Send;

    /// Whose the token is; it must not take long.
    fn recipient(&self, token: &str) -> impl Future<Output = Recipient> + Send;
}

/// The bounds of the door.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The largest body in bytes.
    pub max_body: usize,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// Requests served at one time; more are answered with 503.
    pub concurrent: usize,
    /// Bytes of bodies that are being received or wait to be read; what does not fit is answered with 503. A
    /// body of unknown length counts as the largest until it is there.
    pub held: usize,
}

/// What came through the door since the start.
#[derive(Debug, Default)]
pub struct Counts {
    /// Intents confirmed and denials taken.
    pub confirmed: AtomicU64,
    /// GETs answered with 404.
    pub unconfirmed: AtomicU64,
    /// Contents queued.
    pub queued: AtomicU64,
    /// Contents ignored for want of a good signature.
    pub ignored: AtomicU64,
    /// Contents for a token that is over, or nobody's.
    pub strays: AtomicU64,
    /// Contents too large, too slow or compressed.
    pub refused: AtomicU64,
    /// Requests that found the queue or the door full.
    pub full: AtomicU64,
}

/// The routes under `/websub/`, and their counts.
pub fn router<C: Callbacks>(
    callbacks: C,
    queue: mpsc::Sender<Pushed>,
    limits: Limits,
) -> (Router, Arc<Counts>) {
    let counts = Arc::<Counts>::default();
    let door = Door {
        callbacks,
        queue,
        limits,
        places: Arc::new(Semaphore::new(limits.concurrent)),
        room: Arc::new(Semaphore::new(limits.units().min(Semaphore::MAX_PERMITS))),
        counts: counts.clone(),
    };
    let router = Router::new()
        .route("/websub/{token}", get(confirm::<C>).post(deliver::<C>))
        .with_state(door);
    (router, counts)
}

#[derive(Clone)]
struct Door<C> {
    callbacks: C,
    queue: mpsc::Sender<Pushed>,
    limits: Limits,
    places: Arc<Semaphore>,
    /// What is left of [`Limits::held`].
    room: Arc<Semaphore>,
    counts: Arc<Counts>,
}

impl Limits {
    /// How much may be held, in [`UNIT`]s: at least one body of the largest size.
    fn units(&self) -> usize {
        units(self.held.max(self.max_body))
    }
}

/// How many [`UNIT`]s a body takes.
fn units(length: usize) -> usize {
    (length / UNIT).saturating_add(1)
}

async fn confirm<C: Callbacks>(
    State(door): State<Door<C>>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let Ok(_place) = door.places.try_acquire() else {
        return full(&door.counts);
    };
    let confirmed = match read_intent(query.as_deref().unwrap_or_default()) {
        Some((intent, challenge)) => door
            .callbacks
            .confirm(&token, intent, Timestamp::now())
            .await
            .then_some(challenge),
        None => None,
    };
    let Some(challenge) = confirmed else {
        add(&door.counts.unconfirmed);
        return StatusCode::NOT_FOUND.into_response();
    };
    add(&door.counts.confirmed);
    // What a stranger wrote goes back as nothing but text (§5.3.1).
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, challenge).into_response()
}

/// The intent and the challenge to echo, from the query that a hub appends (§5.2, §5.3).
fn read_intent(query: &str) -> Option<(Intent, String)> {
    let field = |name: &str| {
        form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    };
    let topic = field("hub.topic")?;
    let challenge = field("hub.challenge").filter(|c| !c.is_empty() && c.len() <= MAX_CHALLENGE);
    match field("hub.mode")?.as_str() {
        "subscribe" => {
            let lease = field("hub.lease_seconds").and_then(|seconds| seconds.parse().ok());
            let lease = lease.map(Duration::from_secs);
            Some((Intent::Subscribe { topic, lease }, challenge?))
        }
        // Its lease must be ignored (§5.3).
        "unsubscribe" => Some((Intent::Unsubscribe { topic }, challenge?)),
        "denied" => {
            let reason = field("hub.reason").map(|reason| one_line(&reason));
            Some((Intent::Denied { topic, reason }, String::new()))
        }
        _ => None,
    }
}

fn one_line(text: &str) -> String {
    clean_text(text).chars().take(MAX_REASON).collect()
}

async fn deliver<C: Callbacks>(
    State(door): State<Door<C>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Ok(_place) = door.places.try_acquire() else {
        return full(&door.counts);
    };
    // Strangers are turned away before a byte of theirs is kept.
    if token.len() != TOKEN {
        add(&door.counts.strays);
        return StatusCode::NOT_FOUND.into_response();
    }
    let (feed, secret) = match door.callbacks.recipient(&token).await {
        Recipient::Feed(feed, secret) => (feed, secret),
        // A token that we made and have forgotten cannot be told from one that we never made.
        Recipient::Over | Recipient::Unknown => {
            add(&door.counts.strays);
            return StatusCode::GONE.into_response();
        }
        Recipient::Unsure => return full(&door.counts),
    };
    let announced = announced(&headers).and_then(|length| usize::try_from(length).ok());
    let largest = door.limits.max_body;
    let needed = units(announced.map_or(largest, |length| length.min(largest)));
    let needed = u32::try_from(needed).unwrap_or(u32::MAX);
    let Ok(mut room) = door.room.clone().try_acquire_many_owned(needed) else {
        return full(&door.counts);
    };
    let bytes = match read_body(&headers, body, door.limits).await {
        Ok(bytes) => bytes,
        Err(status) => {
            add(&door.counts.refused);
            return status.into_response();
        }
    };
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if let Err(error) = signature::verify(text("x-hub-signature"), &secret, &bytes) {
        add(&door.counts.ignored);
        tracing::debug!(feed = feed.number(), "pushed content is ignored: {error}");
        // As if it were taken (§7.1.2), so that nobody learns how near a guess was.
        return StatusCode::ACCEPTED.into_response();
    }
    let spare = room.num_permits().saturating_sub(units(bytes.len()));
    drop(room.split(spare));
    let pushed = Pushed {
        feed,
        bytes,
        content_type: headers
            .get(CONTENT_TYPE)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
        links: links(headers.get_all(LINK).iter().filter_map(|v| v.to_str().ok())),
        _room: Some(room),
    };
    if door.queue.try_send(pushed).is_err() {
        return full(&door.counts);
    }
    add(&door.counts.queued);
    StatusCode::ACCEPTED.into_response()
}

/// The length that the head tells.
fn announced(headers: &HeaderMap) -> Option<u64> {
    let length = headers.get(CONTENT_LENGTH)?.to_str().ok()?;
    length.trim().parse().ok()
}

/// The body within its limits of size and time, or the status that says what is wrong with it.
async fn read_body(headers: &HeaderMap, body: Body, limits: Limits) -> Result<Vec<u8>, StatusCode> {
    let word = |name| {
        headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .map(str::trim)
    };
    if word(CONTENT_ENCODING).is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    if announced(headers).is_some_and(|length| length > limits.max_body as u64) {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let read = tokio::time::timeout(limits.body_timeout, to_bytes(body, limits.max_body)).await;
    match read {
        Ok(Ok(bytes)) => Ok(bytes.into()),
        // Too large, or the connection broke, and then nobody hears the status.
        Ok(Err(_)) => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}

/// Hubs retry what was answered so (§7).
fn full(counts: &Counts) -> Response {
    add(&counts.full);
    (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "60")]).into_response()
}

fn add(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn intents_are_read_from_the_query() {
        let topic = || "https://a.example/?b=ж".to_owned();
        let query = "hub.mode=subscribe&hub.topic=https%3A%2F%2Fa.example%2F%3Fb%3D%D0%B6\
                     &hub.challenge=a+b%3C&hub.lease_seconds=60";
        let lease = Some(Duration::from_mins(1));
        let subscribe = Intent::Subscribe {
            topic: topic(),
            lease,
        };
        assert_eq!(read_intent(query), Some((subscribe, "a b<".into())));
        let query = query.replace("=subscribe", "=unsubscribe");
        let unsubscribe = Intent::Unsubscribe { topic: topic() };
        assert_eq!(read_intent(&query), Some((unsubscribe, "a b<".into())));
        let denied = read_intent("hub.mode=denied&hub.topic=t&hub.reason=no%0Aentry");
        let reason = Some("no entry".into());
        let topic = "t".into();
        assert_eq!(
            denied,
            Some((Intent::Denied { topic, reason }, String::new()))
        );
    }

    #[test]
    fn a_reason_neither_moves_the_cursor_nor_turns_the_reading_direction() {
        let read = read_intent("hub.mode=denied&hub.topic=t&hub.reason=%E2%80%AEno%1B%0A+entry");
        let Some((Intent::Denied { reason, .. }, _)) = read else {
            panic!("a denial");
        };
        assert_eq!(reason.as_deref(), Some("no entry"));
    }

    #[test]
    fn a_query_without_mode_topic_or_challenge_is_no_intent() {
        let long = format!(
            "hub.mode=subscribe&hub.topic=t&hub.challenge={}",
            "x".repeat(1025)
        );
        for query in [
            "",
            "hub.mode=subscribe&hub.topic=t",
            "hub.mode=subscribe&hub.topic=t&hub.challenge=",
            "hub.mode=subscribe&hub.challenge=c",
            "hub.topic=t&hub.challenge=c",
            "hub.mode=publish&hub.topic=t&hub.challenge=c",
            &long,
        ] {
            assert_eq!(read_intent(query), None, "{query}");
        }
    }

    #[test]
    fn a_body_is_never_shown() {
        let pushed = Pushed {
            feed: FeedRow::from_number(7),
            bytes: b"a secret".to_vec(),
            content_type: None,
            links: Links::default(),
            _room: None,
        };
        assert_eq!(format!("{pushed:?}"), "Pushed(FeedRow(7), 8 bytes)");
    }

    proptest! {
        #[test]
        fn any_query_is_read_within_bounds(query in "(hub\\.(mode|topic|reason|challenge)=|denied|subscribe|[&=%a0ж\\n]){0,30}") {
            if let Some((intent, challenge)) = read_intent(&query) {
                prop_assert!(challenge.len() <= MAX_CHALLENGE);
                if let Intent::Denied { reason: Some(reason), .. } = intent {
                    prop_assert!(!reason.contains(char::is_control));
                }
            }
        }
    }
}
