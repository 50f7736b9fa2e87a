//! `feeds`.

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::view::FeedView;
use crate::web::app::App;
use crate::web::params::Params;
use crate::web::problem::Problem;
use crate::web::reply::{All, Json};

/// Which feeds.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FeedParams {
    /// Only feeds whose last poll failed, and those that are gone.
    failing: Option<bool>,
}

/// The feeds of the configuration, in its order, and how they are. URLs come without their queries, which may
/// hold secrets.
#[utoipa::path(get, path = "/api/v1/feeds", tag = "state", params(FeedParams),
    responses((status = 200, description = "All feeds that are asked for", body = All<FeedView>)))]
pub async fn list(
    State(app): State<App>,
    Params(params): Params<FeedParams>,
) -> Result<Json<All<FeedView>>, Problem> {
    let config = app.daemon.config();
    let states = app.store.feed_states().await?;
    let mut items = FeedView::list(&config, states, app.store.extras().await?);
    if params.failing == Some(true) {
        items.retain(FeedView::is_failing);
    }
    for feed in &mut items {
        for url in [Some(&mut feed.url), feed.moved_to.as_mut()]
            .into_iter()
            .flatten()
        {
            let end = url.find('?').unwrap_or(url.len());
            url.truncate(end);
        }
    }
    Ok(Json(All { items }))
}
