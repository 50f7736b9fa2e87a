//! Answers and bodies: typed JSON out and in, pages of lists, and answers that need not be sent again.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LINK, VARY,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use tokio::time::timeout;
use url::form_urlencoded;
use utoipa::ToSchema;

use super::cursor::Cursor;
use super::problem::Problem;

/// The largest body that is read.
const MOST_BODY: usize = 64 << 10;
/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest answer for which a tag is made.
const MOST_TAGGED: usize = 16 << 20;
/// The headers of a request by which answers differ.
pub const VARIES: &str = "Accept, Authorization, Cookie";

/// An answer in JSON.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(CONTENT_TYPE, "application/json")], body).into_response(),
            Err(error) => Problem::internal(&error).into_response(),
        }
    }
}

/// A page of a list, the newest items first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// What to give as `cursor` for the page behind this one; `null` when there is none.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// A page of at most `limit` of the items, of which one more was asked for.
    pub fn of(mut items: Vec<T>, limit: usize, place: impl Fn(&T) -> Cursor) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(place);
        Self { items, next }
    }

    /// The `Link` field that leads to the page behind this one.
    #[must_use]
    pub fn link(&self, asked: &Uri) -> Option<HeaderValue> {
        link(self.next.as_ref()?, asked)
    }
}

/// The `Link` field that leads to the page behind this place.
#[must_use]
pub fn link(next: &Cursor, asked: &Uri) -> Option<HeaderValue> {
    let query = asked.query().unwrap_or_default().as_bytes();
    let kept = form_urlencoded::parse(query).filter(|(name, _)| name != "cursor");
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(kept)
        .append_pair("cursor", &next.to_string())
        .finish();
    let link = format!("<{}?{query}>; rel=\"next\"", asked.path());
    HeaderValue::from_str(&link).ok()
}

/// A page as an answer: with its `Link`.
pub fn page<T: Serialize>(page: Page<T>, asked: &Uri) -> Response {
    let link = page.link(asked);
    let mut response = Json(page).into_response();
    response.headers_mut().extend(link.map(|link| (LINK, link)));
    response
}

/// A list that is short and comes whole.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct All<T> {
    /// The items.
    pub items: Vec<T>,
}

/// The one parameter of a path.
#[derive(Debug, Clone)]
pub struct Name(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Ok(Path(name)) = Path::<String>::from_request_parts(parts, state).await else {
            return Err(Problem::not_found("the path can't be read"));
        };
        Ok(Self(name))
    }
}

/// The number that a path names.
///
/// # Errors
/// 404: what has no number is not there.
pub fn number(name: &str, what: &str) -> Result<i64, Problem> {
    let unknown = || Problem::not_found(format!("there is no {what} with this number"));
    name.parse().ok().filter(|n| *n >= 0).ok_or_else(unknown)
}

/// A body in JSON, of which every part is known.
#[derive(Debug, Clone, Copy)]
pub struct Given<T>(pub T);

/// Such a body, or none.
#[derive(Debug, Clone, Copy)]
pub struct MayGive<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Given<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read(&parts.headers, body).await?;
        object(&bytes).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for MayGive<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let length = parts.headers.get(CONTENT_LENGTH);
        let has_length = length.is_some_and(|length| length != "0");
        let has_body = has_length || parts.headers.contains_key("transfer-encoding");
        if !has_body {
            return Ok(Self(T::default()));
        }
        let bytes = read(&parts.headers, body).await?;
        if bytes.trim_ascii() == b"null" {
            return Ok(Self(T::default()));
        }
        object(&bytes).map(Self)
    }
}

/// Reads an object, as which the document knows all bodies; serde would take a list of its values for one too.
fn object<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let wrong = |why: &dyn std::fmt::Display| {
        let detail = format!("the body is not what is wanted here: {why}");
        Problem::new(StatusCode::BAD_REQUEST, detail)
    };
    if bytes.trim_ascii_start().starts_with(b"[") {
        return Err(wrong(&"expected an object, found a list"));
    }
    serde_json::from_slice(bytes).map_err(|error| wrong(&error))
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let media = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = media
        .and_then(|media| media.split(';').next())
        .unwrap_or_default();
    if !essence.trim().eq_ignore_ascii_case("application/json") {
        let detail = "send JSON, and say so: Content-Type: application/json";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    let length = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: usize| length > MOST_BODY) {
        return Err(too_large());
    }
    match timeout(BODY_TIMEOUT, to_bytes(body, MOST_BODY)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        // A body that breaks off can't be answered anyway.
        Ok(Err(_)) => Err(too_large()),
        Err(_) => Err(Problem::of(StatusCode::REQUEST_TIMEOUT)),
    }
}

fn too_large() -> Problem {
    let detail = format!("at most {MOST_BODY} bytes are read");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
}

/// Gives good answers to GET a weak tag of their content, and answers with 304 to who has it; but for those
/// that have a tag of their own.
pub async fn tagged(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let known = request.headers().get(IF_NONE_MATCH).cloned();
    let response = next.run(request).await;
    let media = response.headers().get(CONTENT_TYPE);
    let is_stream = media.is_some_and(|media| media.as_bytes().starts_with(b"text/event-stream"));
    let has_tag = response.headers().contains_key(ETAG);
    if !reads || response.status() != StatusCode::OK || is_stream || has_tag {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let bytes = match to_bytes(body, MOST_TAGGED).await {
        Ok(bytes) => bytes,
        Err(error) => return Problem::internal(&error).into_response(),
    };
    let digest = Sha256::digest(&bytes);
    let tag = digest[..12]
        .iter()
        .fold("W/\"".to_owned(), |tag, byte| tag + &format!("{byte:02x}"))
        + "\"";
    let has_it = known.is_some_and(|known| lists(&known, &tag));
    // Ours alone to keep, and never to be shown without asking.
    let cache = HeaderValue::from_static("private, no-cache");
    parts.headers.entry(CACHE_CONTROL).or_insert(cache);
    parts.headers.insert(VARY, HeaderValue::from_static(VARIES));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        parts.headers.insert(ETAG, tag);
    }
    if has_it {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(CONTENT_TYPE);
        parts.headers.remove(CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}

/// Whether an `If-None-Match` lists the tag; weak and strong ones compare alike (RFC 9110 §13.1.2).
fn lists(field: &HeaderValue, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let listed = field.to_str().unwrap_or_default();
    listed.trim() == "*" || listed.split(',').any(|known| opaque(known) == opaque(tag))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use crate::store::MentionPlace;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as a page calls it")]
    fn place(id: &i64) -> Cursor {
        let found = Timestamp::from_millis(5);
        MentionPlace { found, id: *id }.into()
    }

    #[test]
    fn a_page_says_what_is_behind_it_only_if_there_is_something() {
        let whole = Page::of(vec![3, 2], 2, place);
        assert_eq!((whole.items.len(), whole.next), (2, None));
        let first = Page::of(vec![3, 2, 1], 2, place);
        assert_eq!(first.items, [3, 2]);
        assert_eq!(first.next.unwrap().to_string(), "5.2");
    }

    #[test]
    fn the_link_to_the_next_page_keeps_all_but_the_cursor() {
        let page = Page::of(vec![3, 2], 1, place);
        let asked = "/api/v1/mentions?topic=a%26b&cursor=1.1&limit=1"
            .parse()
            .unwrap();
        let link = page.link(&asked).unwrap();
        let expected = "</api/v1/mentions?topic=a%26b&limit=1&cursor=5.3>; rel=\"next\"";
        assert_eq!(link, expected);
    }

    #[test]
    fn tags_compare_weakly() {
        let lists = |field: &str| lists(&field.parse().unwrap(), "W/\"ab\"");
        assert!(lists("W/\"ab\"") && lists("\"ab\"") && lists("\"x\", W/\"ab\"") && lists("*"));
        assert!(!lists("\"abc\"") && !lists(""));
    }
}
