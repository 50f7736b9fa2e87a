//! `series` and `topics/{topic}/series`: counts over time, in JSON or CSV.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::csv::{Table, prefers_csv};
use super::mentions::Format;
use super::topics::{known, span};
use crate::view::series::{
    Breakdown, BreakdownError, EntryPoint, Span, ValueSeries, by_value, of_all, of_topic,
};
use crate::view::trends::{By, TrendPoint};
use crate::web::app::App;
use crate::web::params::{Few, Moment, Params, Zone};
use crate::web::problem::Problem;
use crate::web::reply::{Json, Name};

/// Which counts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SeriesParams {
    /// What a point spans; without it, what gives some dozens of them.
    #[param(inline)]
    unit: Option<By>,
    /// The time zone of the units, by its IANA name; UTC without it.
    #[param(value_type = Option<String>, example = "Asia/Almaty")]
    zone: Option<Zone>,
    /// The first point holds this time: an RFC 3339 instant, a date (from midnight UTC), or how long ago, such as
    /// `48h` or `90d`; 30 days ago without it.
    #[param(value_type = Option<String>, example = "90d")]
    since: Option<Moment>,
    /// The last point begins before this time; now without it.
    #[param(value_type = Option<String>)]
    until: Option<Moment>,
    /// In which format; without it, what `Accept` says.
    #[param(inline)]
    format: Option<Format>,
}

/// Which counts of a topic.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TopicSeriesParams {
    /// What a point spans; without it, what gives some dozens of them.
    #[param(inline)]
    unit: Option<By>,
    /// The time zone of the units, by its IANA name; UTC without it.
    #[param(value_type = Option<String>, example = "Asia/Almaty")]
    zone: Option<Zone>,
    /// The first point holds this time: an RFC 3339 instant, a date (from midnight UTC), or how long ago, such as
    /// `48h` or `90d`; 30 days ago without it.
    #[param(value_type = Option<String>, example = "90d")]
    since: Option<Moment>,
    /// The last point begins before this time; now without it.
    #[param(value_type = Option<String>)]
    until: Option<Moment>,
    /// In which format; without it, what `Accept` says.
    #[param(inline)]
    format: Option<Format>,
    /// Mentions by the most frequent values of this. Kept by UTC day: not by the hour, nor in other time zones.
    #[param(inline)]
    by: Option<Breakdown>,
    /// With `by`: how many values at most.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 20)]
    limit: Few,
}

/// What was read, over time.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntrySeries {
    /// What a point spans.
    unit: By,
    /// The time zone.
    zone: String,
    /// The points, in order and without gaps.
    points: Vec<EntryPoint>,
}

/// How often a topic was mentioned, over time.
#[derive(Debug, Serialize, ToSchema)]
pub struct TopicSeries {
    /// The topic.
    topic: String,
    /// What a point spans.
    unit: By,
    /// The time zone.
    zone: String,
    /// By what the mentions are broken down.
    by: Option<Breakdown>,
    /// The points, in order and without gaps; none where the mentions are broken down.
    points: Vec<TrendPoint>,
    /// The most frequent values with their points; none where the mentions are not broken down.
    values: Vec<ValueSeries>,
}

/// How many entries were read, over time.
#[utoipa::path(get, path = "/api/v1/series", tag = "history", params(SeriesParams),
    responses((status = 200, description = "The points", content(
        (EntrySeries = "application/json"), (String = "text/csv"))),
        (status = 503, description = "Too many are being made", body = Problem,
            content_type = "application/problem+json")))]
pub async fn all(
    State(app): State<App>,
    Params(params): Params<SeriesParams>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let span = span(params.unit, params.zone, params.since, params.until);
    let (store, asked) = (app.store.clone(), span.clone());
    let points = app
        .turns
        .wait(async move { of_all(&store, &asked).await })
        .await??;
    if !prefers_csv(params.format, &headers) {
        let (unit, zone) = (span.unit, name(&span));
        return Ok(Json(EntrySeries { unit, zone, points }).into_response());
    }
    let mut table = Table::new("series", ["start", "end", "entries", "stories"]);
    for point in &points {
        table.row([
            point.start.to_string().as_str(),
            &point.end.to_string(),
            &point.entries.to_string(),
            &point.stories.to_string(),
        ]);
    }
    Ok(table.into_response())
}

/// How often a topic was mentioned over time: mentions, stories, and mentions per 1,000 entries read. With `by`,
/// mentions by the most frequent values of that.
#[utoipa::path(get, path = "/api/v1/topics/{topic}/series", tag = "history",
    params(("topic" = String, Path, description = "The topic's id"), TopicSeriesParams),
    responses((status = 200, description = "The points", content(
        (TopicSeries = "application/json"), (String = "text/csv"))),
        (status = 503, description = "Too many are being made", body = Problem,
            content_type = "application/problem+json")))]
pub async fn of_one(
    State(app): State<App>,
    Name(topic): Name,
    Params(params): Params<TopicSeriesParams>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let config = app.daemon.config();
    known(&app, &config, &topic).await?;
    let span = span(params.unit, params.zone, params.since, params.until);
    let mut series = TopicSeries {
        topic: topic.clone(),
        unit: span.unit,
        zone: name(&span),
        by: params.by,
        points: Vec::new(),
        values: Vec::new(),
    };
    let (store, asked, most) = (app.store.clone(), span.clone(), params.limit.0);
    match params.by {
        None => {
            let work = async move { of_topic(&store, &topic, &asked).await };
            series.points = app.turns.wait(work).await??;
        }
        Some(by) => {
            let work = async move { by_value(&store, &config, &topic, &asked, by, most).await };
            let values = app.turns.wait(work).await?;
            series.values = values.map_err(|error| refused(error, &span))?;
        }
    }
    if prefers_csv(params.format, &headers) {
        return Ok(table(&series).into_response());
    }
    Ok(Json(series).into_response())
}

fn name(span: &Span) -> String {
    span.zone.iana_name().unwrap_or("UTC").to_owned()
}

fn refused(error: BreakdownError, span: &Span) -> Problem {
    let told = error.to_string();
    match error {
        BreakdownError::NotDays if span.zone == TimeZone::UTC => Problem::parameter("unit", told),
        BreakdownError::NotDays => Problem::parameter("zone", told),
        BreakdownError::TooMany { .. } => Problem::new(StatusCode::BAD_REQUEST, told),
        BreakdownError::Topic(error) => error.into(),
    }
}

/// A line for each point, or for each value and point.
fn table(series: &TopicSeries) -> Table {
    if series.by.is_some() {
        let mut table = Table::new("series", ["value", "name", "start", "end", "mentions"]);
        for value in &series.values {
            for point in &value.points {
                table.row([
                    value.value.as_str(),
                    value.name.as_deref().unwrap_or_default(),
                    &point.start.to_string(),
                    &point.end.to_string(),
                    &point.mentions.to_string(),
                ]);
            }
        }
        return table;
    }
    let mut table = Table::new(
        "series",
        ["start", "end", "mentions", "stories", "per_thousand"],
    );
    for point in &series.points {
        let share = point.per_thousand.map(|share| share.to_string());
        table.row([
            point.start.to_string().as_str(),
            &point.end.to_string(),
            &point.mentions.to_string(),
            &point.stories.to_string(),
            share.as_deref().unwrap_or_default(),
        ]);
    }
    table
}
