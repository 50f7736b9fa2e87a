//! The feeds of alerts: `GET /feeds/<sink>.atom` and `.json`, and `/feeds/<sink>/<token>.atom`.
//!
//! What there is to be read, and by whom, [`Alerts`] says; this is the HTTP around it.
//!
//! # Promises
//! - Where a feed has a token, a wrong one and none are answered exactly like a feed that does not exist, and
//!   comparing takes the same time whatever is right in it.
//! - A reader that has the newest version gets 304 without a body.
//! - At most [`AT_A_TIME`] documents are made at a time; others wait for their turn.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use crate::model::{Secret, SinkId, Timestamp};
use crate::notify::feed::{Document, atom, json};

/// Documents made at a time.
pub const AT_A_TIME: usize = 4;
/// How long a reader need not ask again.
const CACHE: &str = "max-age=60";
/// The same for a feed whose address is a secret: nobody on the way keeps it.
const SECRET_CACHE: &str = "private, max-age=60";
/// Within this time a document may change again without another `Last-Modified`, so it gets none.
const SETTLED: Duration = Duration::from_secs(2);

/// A feed that is served now.
#[derive(Debug, Clone)]
pub struct Served {
    /// Its sink.
    pub sink: SinkId,
    /// What its address must hold.
    pub token: Option<Secret>,
    /// The most entries.
    pub entries: usize,
}

/// Who knows the feeds and what is in them.
pub trait Alerts: Clone + Send + Sync + 'static {
    /// The feed of this name, if there is one.
    fn feed(&self, name: &str) -> Option<Served>;

    /// Its document and when it last changed; `None` when it can't be had now.
    fn document(
        &self,
        feed: Served,
    ) -> impl Future<Output = Option<(Document, Option<Timestamp>)>> + Send;
}

/// The routes under `/feeds/`. Under which names they are answered is for the caller to see to.
pub fn router<A: Alerts>(alerts: A) -> Router {
    let door = Door {
        alerts,
        places: Arc::new(Semaphore::new(AT_A_TIME)),
    };
    Router::new()
        .route("/feeds/{file}", get(open::<A>))
        .route("/feeds/{sink}/{file}", get(secret::<A>))
        .with_state(door)
}

#[derive(Clone)]
struct Door<A> {
    alerts: A,
    places: Arc<Semaphore>,
}

#[derive(Clone, Copy)]
pub(super) enum Form {
    Atom,
    Json,
}

async fn open<A: Alerts>(
    State(door): State<Door<A>>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Response {
    match parts(&file) {
        Some((sink, form)) => answer(&door, sink, None, form, &headers).await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn secret<A: Alerts>(
    State(door): State<Door<A>>,
    Path((sink, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    match parts(&file) {
        Some((token, form)) => answer(&door, &sink, Some(token), form, &headers).await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A file's name without its extension, and what that says.
fn parts(file: &str) -> Option<(&str, Form)> {
    match file.rsplit_once('.')? {
        (name, "atom") => Some((name, Form::Atom)),
        (name, "json") => Some((name, Form::Json)),
        _ => None,
    }
}

async fn answer<A: Alerts>(
    door: &Door<A>,
    sink: &str,
    given: Option<&str>,
    form: Form,
    headers: &HeaderMap,
) -> Response {
    let feed = door.alerts.feed(sink);
    let may = feed
        .as_ref()
        .is_some_and(|feed| match (&feed.token, given) {
            (None, None) => true,
            (Some(token), Some(given)) => is_same(token.expose(), given),
            _ => false,
        });
    let Some(feed) = feed.filter(|_| may) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let cache = match feed.token {
        Some(_) => SECRET_CACHE,
        None => CACHE,
    };
    // Never closed, so this only waits.
    let Ok(_place) = door.places.acquire().await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let Some((document, changed)) = door.alerts.document(feed).await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let (kind, body) = form.write(&document);
    respond(kind, body, changed, cache, headers, SystemTime::now())
}

impl Form {
    /// The document's media type and text.
    pub(super) fn write(self, document: &Document) -> (&'static str, String) {
        match self {
            Self::Atom => (atom::TYPE, atom::write(document)),
            Self::Json => (json::TYPE, json::write(document)),
        }
    }
}

/// The answer, or 304 for who has it (RFC 9110 §13.2.2). `cache` says who may keep it for how long.
pub(super) fn respond(
    kind: &'static str,
    body: String,
    changed: Option<Timestamp>,
    cache: &str,
    headers: &HeaderMap,
    now: SystemTime,
) -> Response {
    let hash = Sha256::digest(body.as_bytes());
    let digits: Vec<_> = hash[..16].iter().map(|b| format!("{b:02x}")).collect();
    let tag = format!("\"{}\"", digits.concat());
    let changed = changed.and_then(|at| {
        let since = Duration::from_millis(u64::try_from(at.as_millis()).ok()?);
        // Whole seconds are all that the header can say.
        let at = UNIX_EPOCH + Duration::from_secs(since.as_secs());
        now.duration_since(at)
            .is_ok_and(|age| age > SETTLED)
            .then_some(at)
    });
    let has_it = match text(headers, &IF_NONE_MATCH) {
        Some(tags) => tags
            .split(',')
            .map(str::trim)
            .any(|known| known == "*" || known.trim_start_matches("W/") == tag),
        None => {
            let since = text(headers, &IF_MODIFIED_SINCE);
            let since = since.and_then(|text| httpdate::parse_http_date(text).ok());
            since.zip(changed).is_some_and(|(since, at)| at <= since)
        }
    };
    let mut fields = vec![
        (ETAG, tag),
        (CACHE_CONTROL, cache.to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        // The address may hold a token.
        (REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    fields.extend(changed.map(|at| (LAST_MODIFIED, httpdate::fmt_http_date(at))));
    let mut response = if has_it {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_TYPE, kind)], body).into_response()
    };
    for (name, value) in fields {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whether two texts are the same, in a time that does not tell how much of them is.
fn is_same(known: &str, given: &str) -> bool {
    let hash = |text: &str| Sha256::digest(text.as_bytes());
    let pairs = hash(known).into_iter().zip(hash(given));
    pairs.fold(0, |unlike, (a, b)| unlike | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(name: &str, value: &str) -> StatusCode {
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::try_from(name).unwrap(), value.parse().unwrap());
        let changed = Some(Timestamp::from_millis(1_720_085_400_900));
        let now = UNIX_EPOCH + Duration::from_secs(1_720_085_500);
        respond(atom::TYPE, "x".to_owned(), changed, CACHE, &headers, now).status()
    }

    #[test]
    fn who_has_it_gets_304() {
        let plain = respond(
            atom::TYPE,
            "x".to_owned(),
            None,
            CACHE,
            &HeaderMap::new(),
            UNIX_EPOCH,
        );
        let tag = plain.headers()[ETAG].to_str().unwrap().to_owned();
        assert!(!plain.headers().contains_key(LAST_MODIFIED));
        for tags in [
            tag.clone(),
            format!("W/{tag}"),
            format!("\"a\", {tag}"),
            "*".to_owned(),
        ] {
            assert_eq!(asked("if-none-match", &tags), 304, "{tags}");
        }
        assert_eq!(asked("if-none-match", "\"a\""), 200);
        assert_eq!(
            asked("if-modified-since", "Thu, 04 Jul 2024 09:30:00 GMT"),
            304
        );
        assert_eq!(
            asked("if-modified-since", "Thu, 04 Jul 2024 09:29:59 GMT"),
            200
        );
        assert_eq!(asked("if-modified-since", "yesterday"), 200);
    }

    #[test]
    fn what_may_change_within_the_second_has_no_date() {
        let changed = Some(Timestamp::from_millis(1_720_085_400_900));
        let now = UNIX_EPOCH + Duration::from_secs(1_720_085_401);
        let fresh = respond(
            atom::TYPE,
            "x".to_owned(),
            changed,
            CACHE,
            &HeaderMap::new(),
            now,
        );
        assert!(!fresh.headers().contains_key(LAST_MODIFIED));
    }

    #[test]
    fn only_the_whole_token_is_the_token() {
        assert!(is_same("a token", "a token"));
        for other in ["", "a toke", "a token ", "A token"] {
            assert!(!is_same("a token", other), "{other}");
        }
    }
}
