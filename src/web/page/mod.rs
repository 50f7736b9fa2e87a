//! The pages for people: what is going on, and what to do about it, in a browser.
//!
//! Pages are made on the server from the same store as the API's answers and can be read without
//! JavaScript. What changes something, a script of ours asks of the API. Each page is a file here with its
//! template in `templates/`; [`render`] puts it into the frame, [`assets`] has the style and the script.
//!
//! # Promises
//! - Access is the API's: who may not read gets the page for logging in, or why not; whoever may only read
//!   sees no buttons.
//! - Strangers' texts are escaped, and their links lead to http and https only.
//! - No page loads anything from elsewhere, nor holds script or style of its own ([`PAGE_POLICY`]).
//!
//! # Never
//! - It changes nothing: all routes are GET.

mod alerts;
mod assets;
mod chart;
mod feeds;
mod item;
mod mention;
mod overview;
mod render;
mod search;
mod silences;
mod story;
mod topic;
mod words;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::access::Denied;
use super::access::guard::{source, under_our_names};
use super::app::App;
use super::headers::PAGE_POLICY;
use super::problem::Problem;
use crate::model::Timestamp;
use crate::store::StoreError;

/// The pages, with who may see them; and what a browser gets for a path that nothing has.
pub fn router(app: &App) -> Router {
    let pages = Router::new()
        .route("/", get(overview::show))
        .route("/topics/{id}", get(topic::show))
        .route("/stories/{key}", get(story::show))
        .route("/search", get(search::show))
        .route("/alerts", get(alerts::show))
        .route("/silences", get(silences::show))
        .route("/feeds", get(feeds::show))
        .layer(from_fn_with_state(app.clone(), gate))
        .with_state(app.clone());
    let files = Router::new().route("/static/{name}", get(assets::show));
    under_our_names(pages.merge(files), &app.access).fallback(lost)
}

/// A page, ready to be sent.
struct Html(String);

impl IntoResponse for Html {
    fn into_response(self) -> Response {
        let headers = [
            (CONTENT_TYPE, "text/html; charset=utf-8"),
            (CONTENT_SECURITY_POLICY, PAGE_POLICY),
        ];
        (headers, self.0).into_response()
    }
}

/// A problem that is told as a page.
struct Fault(Problem);

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        match render::problem(&self.0) {
            Ok(page) => instead(self.0, page),
            Err(_) => self.0.into_response(),
        }
    }
}

/// The answer that the problem would be, with its status and headers, as a page.
fn instead(problem: Problem, page: Html) -> Response {
    let status = problem.status();
    let mut headers = problem.into_response().headers().clone();
    headers.remove(CONTENT_TYPE);
    let mut response = (status, page).into_response();
    for (name, value) in &headers {
        response.headers_mut().entry(name).or_insert(value.clone());
    }
    response
}

/// Lets those in who may read.
async fn gate(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let source = source(request.uri(), request.headers());
    let now = Timestamp::now();
    let decided = app
        .access
        .decide(request.method(), request.headers(), &source, now);
    match decided {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            let mut response = next.run(request).await;
            // Shown again only after asking: somebody may have logged out.
            let cache = HeaderValue::from_static("private, no-store");
            response.headers_mut().insert("cache-control", cache);
            response
        }
        Err(Denied::Unknown) => {
            let problem = Problem::from(Denied::Unknown);
            match render::login(app.access.has_password()) {
                Ok(page) => instead(problem, page),
                Err(problem) => problem.into_response(),
            }
        }
        Err(denied) => Fault(denied.into()).into_response(),
    }
}

/// Nothing is here: told to browsers as a page, to others as the problem that it is everywhere.
async fn lost(headers: HeaderMap) -> Response {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("text/html")) {
        Fault(Problem::not_found("There is no such page.")).into_response()
    } else {
        StatusCode::NOT_FOUND.into_response()
    }
}
