//! `topics/{topic}/mentions.atom` and `.json`: a topic's mentions for readers of feeds.

use std::time::SystemTime;

use axum::extract::State;
use axum::http::header::VARY;
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::Response;

use super::topics::find;
use crate::notify::feed::Document;
use crate::web::access::guard::source;
use crate::web::app::App;
use crate::web::feeds::{Form, respond};
use crate::web::problem::Problem;
use crate::web::reply::{Name, VARIES};

/// The most entries of a feed.
const ENTRIES: usize = 100;
/// Whoever may look keeps it alone, and asks each time.
const CACHE: &str = "private, no-cache";

/// The newest stories that mention the topic, told or not, as an Atom feed (RFC 4287): at most 100, each once,
/// by the mention that was found first.
#[utoipa::path(get, path = "/api/v1/topics/{topic}/mentions.atom", tag = "history",
    params(("topic" = String, Path, description = "The topic's id")),
    responses((status = 200, description = "The feed", body = String, content_type = "application/atom+xml"),
        (status = 503, description = "Too many are being made", body = Problem,
            content_type = "application/problem+json")))]
pub async fn as_atom(
    State(app): State<App>,
    Name(topic): Name,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    answer(&app, &topic, Form::Atom, &uri, &headers).await
}

/// The same as a JSON Feed (version 1.1).
#[utoipa::path(get, path = "/api/v1/topics/{topic}/mentions.json", tag = "history",
    params(("topic" = String, Path, description = "The topic's id")),
    responses((status = 200, description = "The feed", body = Object, content_type = "application/feed+json"),
        (status = 503, description = "Too many are being made", body = Problem,
            content_type = "application/problem+json")))]
pub async fn as_json(
    State(app): State<App>,
    Name(topic): Name,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    answer(&app, &topic, Form::Json, &uri, &headers).await
}

async fn answer(
    app: &App,
    topic: &str,
    form: Form,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let config = app.daemon.config();
    let topic = find(&config, topic)?;
    let (id, store) = (topic.id.to_string(), app.store.clone());
    let (rows, revised) = app
        .turns
        .wait(async move { store.first_mentions(id, ENTRIES).await })
        .await??;
    let changed = rows.first().map(|row| row.found).max(revised);
    let base = match &config.web.public_url {
        Some(url) => url.as_str().trim_end_matches('/').to_owned(),
        // One of our names, or there would be no answer.
        None => format!("http://{}", source(uri, headers).host),
    };
    let address = format!("{base}/api/v1/topics/{}/mentions", topic.id);
    let document = Document::of_mentions(topic, address, &rows);
    let (kind, body) = form.write(&document);
    let mut response = respond(kind, body, changed, CACHE, headers, SystemTime::now());
    response
        .headers_mut()
        .insert(VARY, HeaderValue::from_static(VARIES));
    Ok(response)
}
