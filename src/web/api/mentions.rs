//! `mentions`.

use axum::extract::State;
use axum::http::header::LINK;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::csv;
use crate::store::{MentionFilter, MentionPlace, MentionRow};
use crate::web::app::App;
use crate::web::cursor::Cursor;
use crate::web::params::{LanguageCode, Limit, Moment, Params, Score};
use crate::web::problem::Problem;
use crate::web::reply::{Page, page};

/// Which mentions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MentionParams {
    /// Only this topic.
    topic: Option<String>,
    /// Only this feed.
    feed: Option<String>,
    /// Only this language; `en` includes `en-GB`.
    #[param(value_type = Option<String>)]
    language: Option<LanguageCode>,
    /// Only mentions found at or after this time: an RFC 3339 instant, a date (from midnight UTC), or how long
    /// ago, such as `24h` or `7d`.
    #[param(value_type = Option<String>, example = "24h")]
    since: Option<Moment>,
    /// Only mentions found before this time.
    #[param(value_type = Option<String>)]
    until: Option<Moment>,
    /// Only mentions with this score or more, 1 to 100.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100)]
    min_score: Option<Score>,
    /// The `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// How many at most.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500, default = 50)]
    limit: Limit,
    /// In which format; without it, what `Accept` says.
    #[param(inline)]
    format: Option<Format>,
}

/// A format of lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// JSON.
    Json,
    /// Comma-separated values (RFC 4180) with a header line.
    Csv,
}

/// Mentions, newest first, in pages. As CSV (`Accept: text/csv` or `format=csv`) the page behind is in the
/// `Link` header only.
#[utoipa::path(get, path = "/api/v1/mentions", tag = "history", params(MentionParams),
    responses((status = 200, description = "A page of mentions", content(
        (Page<MentionRow> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    Params(params): Params<MentionParams>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let behind = params.cursor.map(MentionPlace::try_from).transpose();
    let behind = behind.map_err(|error| Problem::parameter("cursor", error.to_string()))?;
    let limit = params.limit.0;
    let filter = MentionFilter {
        topic: params.topic,
        feed: params.feed,
        language: params.language.map(|code| code.0),
        since: params.since.map(|moment| moment.0),
        until: params.until.map(|moment| moment.0),
        min_score: params.min_score.map(|score| score.0),
        behind,
        limit: limit + 1,
        ..MentionFilter::default()
    };
    let rows = app.store.mentions_in_time(filter).await?;
    let mentions = Page::of(rows, limit, place);
    if !csv::prefers_csv(params.format, &headers) {
        return Ok(page(mentions, &uri));
    }
    let link = mentions.link(&uri);
    let mut response = csv::mentions(&mentions.items).into_response();
    response.headers_mut().extend(link.map(|link| (LINK, link)));
    Ok(response)
}

fn place(row: &MentionRow) -> Cursor {
    let (found, id) = (row.found, row.id);
    MentionPlace { found, id }.into()
}
