//! `sinks`.

use axum::extract::State;
use axum::http::StatusCode;

use crate::view::SinkView;
use crate::web::app::App;
use crate::web::problem::Problem;
use crate::web::reply::{All, Json, Name};

/// The sinks of the configuration, in its order, and how they are.
#[utoipa::path(get, path = "/api/v1/sinks", tag = "alerts",
    responses((status = 200, description = "All sinks", body = All<SinkView>)))]
pub async fn list(State(app): State<App>) -> Result<Json<All<SinkView>>, Problem> {
    let config = app.daemon.config();
    let states = app.store.sink_states().await?;
    let items = SinkView::list(&config, &states);
    Ok(Json(All { items }))
}

/// Lets a sink go on that was stopped by 410 Gone, or tries one again that is paused. It goes on within some
/// seconds.
#[utoipa::path(post, path = "/api/v1/sinks/{id}/resume", tag = "alerts",
    params(("id" = String, Path, description = "The sink's id")),
    responses(
        (status = 200, description = "The sink, which goes on", body = SinkView),
        (status = 409, description = "It is neither stopped nor paused", body = Problem,
            content_type = "application/problem+json")))]
pub async fn resume(State(app): State<App>, Name(id): Name) -> Result<Json<SinkView>, Problem> {
    let config = app.daemon.config();
    let unknown = || Problem::not_found("no sink of the configuration has this id");
    let sink = config.sinks.iter().find(|sink| sink.id.as_str() == id);
    sink.ok_or_else(unknown)?;
    if !app.store.resume_sink(id.clone()).await? {
        let detail = "the sink is neither stopped nor paused";
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    app.daemon.deliver();
    let states = app.store.sink_states().await?;
    let mut sinks = SinkView::list(&config, &states).into_iter();
    sinks
        .find(|sink| sink.sink == id)
        .map(Json)
        .ok_or_else(unknown)
}
