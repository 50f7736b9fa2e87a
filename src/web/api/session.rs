//! `session`: logging in with the password, for browsers, and out again.

use std::net::{IpAddr, Ipv4Addr};

use axum::Extension;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tracing::{info, warn};
use utoipa::ToSchema;

use crate::model::{Secret, Timestamp};
use crate::web::access::guard::{Peer, source};
use crate::web::access::{LoginError, Role, Via};
use crate::web::app::App;
use crate::web::problem::Problem;
use crate::web::reply::{Given, Json};

/// Who is asking, and what they may do.
#[derive(Debug, Serialize, ToSchema)]
pub struct Session {
    /// `full` or `read`.
    role: RoleName,
    /// Until when the session lasts; `null` where the caller is known by a token, or nobody has to be known.
    until: Option<Timestamp>,
}

/// What somebody may do.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RoleName {
    /// Everything.
    Full,
    /// Look.
    Read,
}

/// The password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The password.
    #[schema(format = Password)]
    password: String,
}

/// Says who is asking, and what they may do.
#[utoipa::path(get, path = "/api/v1/session", tag = "access",
    responses((status = 200, description = "Who is asking", body = Session)))]
pub async fn show(
    State(app): State<App>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Json<Session>, Problem> {
    let source = source(&uri, &headers);
    let caller = app
        .access
        .decide(&Method::GET, &headers, &source, Timestamp::now())?;
    let role = match caller.role {
        Role::Full => RoleName::Full,
        Role::Read => RoleName::Read,
    };
    let until = match caller.via {
        Via::Session(until) => Some(until),
        Via::Token | Via::Nothing => None,
    };
    Ok(Json(Session { role, until }))
}

/// Begins a session for whoever knows the password: it is in the cookie that comes back. To change something
/// with it, send the header `X-Mentiond` too.
#[utoipa::path(post, path = "/api/v1/session", tag = "access", request_body = Login,
    responses((status = 200, description = "The session", body = Session,
        headers(("set-cookie" = String, description = "The session's cookie"))),
        (status = 404, description = "No password is configured", body = Problem,
            content_type = "application/problem+json"),
        (status = 429, description = "Too many tries", body = Problem,
            content_type = "application/problem+json")))]
pub async fn log_in(
    State(app): State<App>,
    peer: Option<Extension<Peer>>,
    uri: Uri,
    headers: HeaderMap,
    given: Given<Login>,
) -> Result<Response, Problem> {
    app.access
        .check_origin(&Method::POST, &source(&uri, &headers))?;
    // Without an address all count as one.
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |Extension(peer)| {
        peer.0.ip()
    });
    let peer = app.access.peer(peer, &headers);
    let password = Secret::new(given.0.password);
    match app.access.log_in(password, peer, Timestamp::now()).await {
        Ok((cookie, until)) => {
            info!(%peer, "somebody has logged in");
            let session = Session {
                role: RoleName::Full,
                until: Some(until),
            };
            let cookie = [(SET_COOKIE, app.access.set_cookie(Some(&cookie)))];
            Ok((cookie, Json(session)).into_response())
        }
        Err(error) => Err(refused(error, peer)),
    }
}

/// Ends the session.
#[utoipa::path(delete, path = "/api/v1/session", tag = "access",
    responses((status = 204, description = "There is no session any more")))]
pub async fn log_out(
    State(app): State<App>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    app.access
        .check_origin(&Method::DELETE, &source(&uri, &headers))?;
    app.access.log_out(&headers);
    let cookie = [(SET_COOKIE, app.access.set_cookie(None))];
    Ok((StatusCode::NO_CONTENT, cookie).into_response())
}

fn refused(error: LoginError, peer: IpAddr) -> Problem {
    match error {
        LoginError::NoPassword => {
            Problem::not_found("nobody logs in here: no password is configured")
        }
        LoginError::Wrong => {
            warn!(%peer, "somebody tried to log in with a wrong password");
            Problem::new(StatusCode::UNAUTHORIZED, "that is not the password")
        }
        LoginError::TooMany(wait) => {
            warn!(%peer, "somebody tries to log in too often");
            let seconds = wait.as_secs() + 1;
            Problem::too_many("there were too many tries; wait a little", seconds)
        }
        LoginError::Random => Problem::internal(&"the system gives no random bytes"),
    }
}
