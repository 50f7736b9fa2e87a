//! `alerts`: what was told, to whom, and what to do with deliveries that failed.

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::model::Timestamp;
use crate::notify::payload::Payload;
use crate::store::{AlertPlace, AlertQuery, ListedAlert};
use crate::web::app::App;
use crate::web::cursor::Cursor;
use crate::web::params::{Limit, Moment, Params};
use crate::web::problem::Problem;
use crate::web::reply::{Json, MayGive, Name, Page, page};

/// The longest reason, in characters.
const LONGEST_REASON: usize = 500;

/// Which alerts. What is said of deliveries must hold for one and the same delivery.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AlertParams {
    /// Only this topic.
    topic: Option<String>,
    /// Only alerts with a delivery in this state.
    #[param(inline)]
    state: Option<DeliveryState>,
    /// Only alerts with a delivery to this sink.
    sink: Option<String>,
    /// Only alerts that were told in this digest.
    digest: Option<String>,
    /// Only alerts created at or after this time: an RFC 3339 instant, a date (from midnight UTC), or how long
    /// ago, such as `24h` or `7d`.
    #[param(value_type = Option<String>, example = "24h")]
    since: Option<Moment>,
    /// Only alerts created before this time.
    #[param(value_type = Option<String>)]
    until: Option<Moment>,
    /// The `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// How many at most.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500, default = 50)]
    limit: Limit,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// Held back, to be told later or with others.
    Held,
    /// To be attempted.
    Waiting,
    /// The receiver has it.
    Delivered,
    /// In a digest, which has a delivery of its own.
    Gathered,
    /// Given up.
    Dead,
    /// Dropped by hand.
    Dropped,
    /// Held back for good by a silence.
    Silenced,
}

impl DeliveryState {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Gathered => "gathered",
            Self::Dead => "dead",
            Self::Dropped => "dropped",
            Self::Silenced => "silenced",
        }
    }
}

/// An alert with all that it tells.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertDetail {
    /// The alert and its deliveries.
    alert: ListedAlert,
    /// What a webhook would carry now: `docs/webhook.md` and `docs/webhook.schema.json` describe it.
    #[schema(value_type = Object)]
    payload: Value,
}

/// How many deliveries a request has changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Changed {
    /// Deliveries.
    deliveries: u64,
}

/// Which dead letters are to be tried again.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// Only the delivery to this sink.
    #[serde(default)]
    sink: Option<String>,
}

/// Which deliveries are to be given up, and why.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GiveUp {
    /// Only the delivery to this sink.
    #[serde(default)]
    sink: Option<String>,
    /// Why, for the record; at most 500 characters.
    #[serde(default)]
    #[schema(max_length = 500)]
    reason: Option<String>,
}

/// Alerts with their deliveries, newest first, in pages.
#[utoipa::path(get, path = "/api/v1/alerts", tag = "alerts", params(AlertParams),
    responses((status = 200, description = "A page of alerts", body = Page<ListedAlert>)))]
pub async fn list(
    State(app): State<App>,
    Params(params): Params<AlertParams>,
    uri: Uri,
) -> Result<Response, Problem> {
    let limit = params.limit.0;
    let query = AlertQuery {
        id: None,
        kind: None,
        topic: params.topic,
        story: None,
        state: params.state.map(|state| state.as_str().to_owned()),
        sink: params.sink,
        digest: params.digest,
        since: params.since.map(|moment| moment.0),
        until: params.until.map(|moment| moment.0),
        behind: params.cursor.map(AlertPlace::from),
        limit: limit + 1,
    };
    let alerts = app.store.list_alerts(query).await?;
    let place = |alert: &ListedAlert| {
        let (created, id) = (alert.created, alert.id.clone());
        Cursor::from(AlertPlace { created, id })
    };
    Ok(page(Page::of(alerts, limit, place), &uri))
}

/// One alert with its deliveries and all that it tells.
#[utoipa::path(get, path = "/api/v1/alerts/{id}", tag = "alerts",
    params(("id" = String, Path, description = "The alert's id")),
    responses((status = 200, description = "The alert", body = AlertDetail)))]
pub async fn show(State(app): State<App>, Name(id): Name) -> Result<Json<AlertDetail>, Problem> {
    let alert = find(&app, &id).await?;
    let stored = app.store.alert(id).await?.ok_or_else(unknown)?;
    let payload = serde_json::to_value(Payload::of(&stored));
    let payload = payload.map_err(|error| Problem::internal(&error))?;
    Ok(Json(AlertDetail { alert, payload }))
}

/// Makes the alert's dead letters wait for delivery again, under the same ids; also what was dropped.
#[utoipa::path(post, path = "/api/v1/alerts/{id}/retry", tag = "alerts",
    params(("id" = String, Path, description = "The alert's id")),
    request_body = Option<Retry>,
    responses((status = 200, description = "Deliveries that wait again", body = Changed)))]
pub async fn retry(
    State(app): State<App>,
    Name(id): Name,
    MayGive(given): MayGive<Retry>,
) -> Result<Json<Changed>, Problem> {
    find(&app, &id).await?;
    let now = Timestamp::now();
    let deliveries = app.store.retry_dead(Some(id), given.sink, now).await?;
    app.daemon.deliver();
    Ok(Json(Changed::of(deliveries)))
}

/// Gives up the alert's deliveries that wait, are held back or are dead letters; they stay on record.
#[utoipa::path(post, path = "/api/v1/alerts/{id}/drop", tag = "alerts",
    params(("id" = String, Path, description = "The alert's id")),
    request_body = Option<GiveUp>,
    responses((status = 200, description = "Deliveries that were given up", body = Changed)))]
pub async fn give_up(
    State(app): State<App>,
    Name(id): Name,
    MayGive(given): MayGive<GiveUp>,
) -> Result<Json<Changed>, Problem> {
    let reason = given.reason.unwrap_or_else(|| "dropped by hand".to_owned());
    if reason.chars().count() > LONGEST_REASON {
        let detail = format!("at most {LONGEST_REASON} characters are allowed");
        return Err(Problem::parameter("reason", detail));
    }
    find(&app, &id).await?;
    let now = Timestamp::now();
    let dropped = app.store.drop_deliveries(vec![id], given.sink, reason, now);
    Ok(Json(Changed::of(dropped.await?)))
}

impl Changed {
    fn of(deliveries: usize) -> Self {
        Self {
            deliveries: deliveries as u64,
        }
    }
}

async fn find(app: &App, id: &str) -> Result<ListedAlert, Problem> {
    let query = AlertQuery {
        id: Some(id.to_owned()),
        limit: 1,
        ..AlertQuery::default()
    };
    let found = app.store.list_alerts(query).await?;
    found.into_iter().next().ok_or_else(unknown)
}

fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "there is no alert with this id")
}
