//! `search`: entries of the history, by what stands in their texts.

use axum::extract::State;
use axum::http::Uri;
use axum::http::header::LINK;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::model::Timestamp;
use crate::search::query;
use crate::store::{SearchOrder, SearchPage};
use crate::view::FoundView;
use crate::web::app::App;
use crate::web::cursor::Cursor;
use crate::web::params::{Limit, Params};
use crate::web::problem::Problem;
use crate::web::reply::{Json, link};

/// What is looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchParams {
    /// What to look for, in the language of `docs/search.md`: words, `"phrases"`, `prefix*`, `-without`, `OR`,
    /// `( )`, `NEAR/n`, `title:`, `body:`, and conditions such as `topic:`, `lang:` and `since:`. At most 4 KiB.
    #[param(example = "astana -football since:7d")]
    q: String,
    /// In which order; by date unless said otherwise.
    #[param(inline)]
    order: Option<SearchOrder>,
    /// The `next` of the page before, of the same search in the same order.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// How many at most.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500, default = 50)]
    limit: Limit,
}

/// A page of what is found.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundPage {
    /// The entries.
    items: Vec<FoundView>,
    /// What to give as `cursor` for the page behind this one; `null` when there is none.
    next: Option<Cursor>,
    /// Whether older entries are still to be indexed, which are not found until they are.
    incomplete: bool,
}

/// Entries that are found by what stands in their texts, mentioned topics or not, in pages. A search that takes
/// longer than five seconds is broken off with 503.
#[utoipa::path(get, path = "/api/v1/search", tag = "history", params(SearchParams),
    responses((status = 200, description = "A page of entries", body = FoundPage),
        (status = 503, description = "The search takes too long, or too many are being made", body = Problem,
            content_type = "application/problem+json")))]
pub async fn find(
    State(app): State<App>,
    Params(params): Params<SearchParams>,
    uri: Uri,
) -> Result<Response, Problem> {
    let asked = query(&params.q, Timestamp::now())
        .map_err(|error| Problem::query("q", &params.q, &error))?;
    let order = params.order.unwrap_or_default();
    let after = params.cursor.map(|cursor| cursor.in_search(order));
    let after = after
        .transpose()
        .map_err(|error| Problem::parameter("cursor", error.to_string()))?;
    let page = SearchPage {
        order,
        limit: params.limit.0,
        after,
    };
    let store = app.store.clone();
    let found = app
        .turns
        .wait(async move { store.search(asked, page).await })
        .await??;
    let next = found.next.map(|after| Cursor::of_search(order, after));
    let link = next.as_ref().and_then(|next| link(next, &uri));
    let items = found.rows.into_iter().map(FoundView::from);
    let mut response = Json(FoundPage {
        items: items.collect(),
        next,
        incomplete: found.is_incomplete,
    })
    .into_response();
    response.headers_mut().extend(link.map(|link| (LINK, link)));
    Ok(response)
}
