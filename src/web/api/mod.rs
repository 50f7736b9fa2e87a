//! The JSON API under `/api/v1`, and its `OpenAPI` document.
//!
//! A route is a handler with `#[utoipa::path]` that stands in [`routes`]: it takes [`Params`], [`Name`],
//! [`Given`] or [`MayGive`], and gives [`Json`], [`page`] or a [`Problem`]. That puts it into the router and
//! into the document at once; who may call it, the errors that any route may answer with, tags and
//! headers come by themselves.
//!
//! [`Params`]: super::params::Params
//! [`Name`]: super::reply::Name
//! [`Given`]: super::reply::Given
//! [`MayGive`]: super::reply::MayGive
//! [`Json`]: super::reply::Json
//! [`page`]: super::reply::page
//! [`Problem`]: super::problem::Problem

mod alerts;
mod csv;
mod document;
mod entries;
mod feeds;
mod mention_feeds;
mod mentions;
mod search;
mod series;
mod session;
mod silences;
mod sinks;
mod stories;
mod stream;
mod topics;

use axum::Router;
use axum::middleware::from_fn;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::guard::{protected, under_our_names};
use super::app::App;
use super::reply::tagged;
use super::{health, metrics};

/// The routes that take a credential where one is configured.
fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(topics::list))
        .routes(routes!(topics::show))
        .routes(routes!(series::of_one))
        .routes(routes!(series::all))
        .routes(routes!(feeds::list))
        .routes(routes!(mentions::list))
        .routes(routes!(mention_feeds::as_atom))
        .routes(routes!(mention_feeds::as_json))
        .routes(routes!(stream::follow))
        .routes(routes!(search::find))
        .routes(routes!(alerts::list))
        .routes(routes!(alerts::show))
        .routes(routes!(alerts::retry))
        .routes(routes!(alerts::give_up))
        .routes(routes!(sinks::list))
        .routes(routes!(sinks::resume))
        .routes(routes!(silences::list, silences::add))
        .routes(routes!(silences::end))
        .routes(routes!(stories::show))
        .routes(routes!(entries::show))
        .routes(routes!(document::show))
        .routes(routes!(metrics::show))
}

/// The routes that anybody may ask who asks under a name that is ours.
fn open_routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(session::show, session::log_in, session::log_out))
        .routes(routes!(health::alive))
        .routes(routes!(health::ready))
}

/// All routes, with who may ask what.
pub fn router(app: &App) -> Router {
    let (locked, _) = routes().split_for_parts();
    let (open, _) = open_routes().split_for_parts();
    let locked = locked.layer(from_fn(tagged)).with_state(app.clone());
    let open = under_our_names(open.with_state(app.clone()), &app.access);
    protected(locked, &app.access).merge(open)
}

/// The `OpenAPI` document of all routes.
#[must_use]
pub fn openapi() -> OpenApi {
    let (_, locked) = routes().split_for_parts();
    let (_, open) = open_routes().split_for_parts();
    document::complete(locked, open)
}
