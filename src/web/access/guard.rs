//! The middleware that asks [`Access`] before a handler sees a request.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

use super::origin::Source;
use super::{Access, CHANGE_HEADER, Denied};
use crate::model::Timestamp;
use crate::web::problem::Problem;

/// The address of whoever opened the connection; the listener puts it with each request.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// Answers the routes only under names that are ours.
pub fn under_our_names(router: Router, access: &Arc<Access>) -> Router {
    router.layer(from_fn_with_state(access.clone(), check_host))
}

/// Answers the routes only to who may: looking takes the role of reading, all else every right. The
/// [`super::Caller`] is with the request. Takes what [`under_our_names`] is for too.
pub fn protected(router: Router, access: &Arc<Access>) -> Router {
    let router = router.layer(from_fn_with_state(access.clone(), check_caller));
    under_our_names(router, access)
}

async fn check_host(State(access): State<Arc<Access>>, request: Request, next: Next) -> Response {
    match access.check_host(authority(request.uri(), request.headers())) {
        Ok(()) => next.run(request).await,
        Err(denied) => Problem::from(denied).into_response(),
    }
}

async fn check_caller(
    State(access): State<Arc<Access>>,
    mut request: Request,
    next: Next,
) -> Response {
    let source = source(request.uri(), request.headers());
    let now = Timestamp::now();
    match access.decide(request.method(), request.headers(), &source, now) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(denied) => Problem::from(denied).into_response(),
    }
}

/// The authority that was asked for: of the target where that is a whole URL, else `Host`.
fn authority<'r>(uri: &'r Uri, headers: &'r HeaderMap) -> Option<&'r str> {
    if let Some(authority) = uri.authority() {
        return Some(authority.as_str());
    }
    let mut hosts = headers.get_all("host").iter();
    let host = hosts.next()?.to_str().ok()?;
    hosts.next().is_none().then_some(host)
}

/// What a request says of where it comes from.
#[must_use]
pub fn source<'r>(uri: &'r Uri, headers: &'r HeaderMap) -> Source<'r> {
    // What can't be read is not ours.
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    Source {
        site: text("sec-fetch-site"),
        mode: text("sec-fetch-mode"),
        origin: text("origin"),
        host: authority(uri, headers).unwrap_or_default(),
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        let forbidden = |detail: &str| Self::new(StatusCode::FORBIDDEN, detail);
        match denied {
            Denied::Host => Self::new(
                StatusCode::MISDIRECTED_REQUEST,
                "the daemon is not known by this name; its owner can add it to `hosts` in [web]",
            ),
            Denied::Unknown => Self::new(
                StatusCode::UNAUTHORIZED,
                "send a token as `Authorization: Bearer …`, or log in with POST /api/v1/session where a password is set",
            ),
            Denied::ReadOnly => forbidden("this token may only read"),
            Denied::Foreign => forbidden("requests from pages of other origins are refused"),
            Denied::NoHeader => forbidden(&format!(
                "a request that changes something with a session's cookie takes the header `{CHANGE_HEADER}`"
            )),
        }
    }
}
