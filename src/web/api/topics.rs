//! `topics` and `topics/{topic}`.

use std::time::Duration;

use axum::extract::State;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::config::{Config, did_you_mean};
use crate::model::{self, Timestamp};
use crate::trends::{quarter_of, start_of};
use crate::view::TopicView;
use crate::view::series::Span;
use crate::view::topic::{Asked, load};
use crate::view::trends::By;
use crate::web::app::App;
use crate::web::params::{Few, Moment, Params, Zone};
use crate::web::problem::Problem;
use crate::web::reply::{All, Json, Name};

/// From when on counts are shown where nothing else is asked for.
const USUAL: Duration = Duration::from_hours(30 * 24);

/// A topic and what is going on with it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Topic {
    /// The topic's id.
    #[serde(rename = "topic")]
    id: String,
    /// Its name.
    name: String,
    /// Its tags.
    tags: Vec<String>,
    /// Mentions that are counted under the last 24 hours.
    mentions_24h: u64,
    /// Mentions since the beginning, also those whose texts were removed.
    mentions: u64,
    /// When the last mention was found that is still kept.
    last_mention: Option<Timestamp>,
}

/// The topics of the configuration, in its order.
#[utoipa::path(get, path = "/api/v1/topics", tag = "history",
    responses((status = 200, description = "All topics", body = All<Topic>)))]
pub async fn list(State(app): State<App>) -> Result<Json<All<Topic>>, Problem> {
    let config = app.daemon.config();
    let ids = config.topics.iter().map(|topic| topic.id.to_string());
    let activity = app
        .store
        .topic_activity(ids.collect(), Timestamp::now())
        .await?;
    let topics = config.topics.iter().zip(activity);
    let items = topics.map(|(topic, activity)| Topic {
        id: topic.id.to_string(),
        name: topic.name.clone(),
        tags: topic.tags.clone(),
        mentions_24h: activity.day,
        mentions: activity.total,
        last_mention: activity.last,
    });
    Ok(Json(All {
        items: items.collect(),
    }))
}

/// Which span of a topic's time.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TopicParams {
    /// What a point spans; without it, what gives some dozens of them.
    #[param(inline)]
    unit: Option<By>,
    /// The time zone of the points, by its IANA name; UTC without it.
    #[param(value_type = Option<String>, example = "Asia/Almaty")]
    zone: Option<Zone>,
    /// The first point holds this time: an RFC 3339 instant, a date (from midnight UTC), or how long ago, such as
    /// `48h` or `90d`; 30 days ago without it.
    #[param(value_type = Option<String>, example = "90d")]
    since: Option<Moment>,
    /// The last point begins before this time; now without it.
    #[param(value_type = Option<String>)]
    until: Option<Moment>,
    /// How many values of each breakdown at most.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 20)]
    limit: Few,
}

/// One topic over a span of time: counts, breakdowns, topics that are mentioned with it, spikes, and the last day
/// against what is usual. Breakdowns are kept by UTC day.
#[utoipa::path(get, path = "/api/v1/topics/{topic}", tag = "history",
    params(("topic" = String, Path, description = "The topic's id"), TopicParams),
    responses((status = 200, description = "The topic", body = TopicView),
        (status = 503, description = "Too many are being made", body = Problem,
            content_type = "application/problem+json")))]
pub async fn show(
    State(app): State<App>,
    Name(topic): Name,
    Params(params): Params<TopicParams>,
) -> Result<Json<TopicView>, Problem> {
    let config = app.daemon.config();
    let span = span(params.unit, params.zone, params.since, params.until);
    let asked = Asked {
        topic: topic.clone(),
        since: Some(span.since),
        until: span.until,
        by: Some(span.unit),
        zone: span.zone,
        most: params.limit.0,
    };
    let (store, known) = (app.store.clone(), config.clone());
    let view = app
        .turns
        .wait(async move { load(&store, &known, asked, Timestamp::now()).await })
        .await??;
    // Neither counted nor configured.
    view.map(Json).ok_or_else(|| unknown(&config, &topic))
}

/// The span that is asked for, in whole quarter-hours, so that the same question has the same answer for a while.
/// Every unit begins with one.
pub(super) fn span(
    unit: Option<By>,
    zone: Option<Zone>,
    since: Option<Moment>,
    until: Option<Moment>,
) -> Span {
    let until = until.map_or_else(Timestamp::now, |at| at.0);
    let since = since.map_or(until - USUAL, |at| at.0);
    let since = start_of(quarter_of(since));
    let within = until - Duration::from_millis(1);
    let until = start_of(quarter_of(within).saturating_add(1));
    Span {
        unit: unit.unwrap_or_else(|| By::fitting(until.since(since))),
        zone: zone.map_or(TimeZone::UTC, |zone| zone.0),
        since,
        until,
    }
}

/// The topic of the configuration with this id.
///
/// # Errors
/// 404, with the id that may be meant.
pub(super) fn find<'c>(config: &'c Config, id: &str) -> Result<&'c model::Topic, Problem> {
    let found = config.topics.iter().find(|topic| topic.id.as_str() == id);
    found.ok_or_else(|| unknown(config, id))
}

/// Makes sure that the topic is configured, or was and is counted still.
pub(super) async fn known(app: &App, config: &Config, id: &str) -> Result<(), Problem> {
    match find(config, id) {
        Ok(_) => Ok(()),
        Err(unknown) => {
            let counted = app.store.first_counted(Some(id.to_owned())).await?;
            counted.map(|_| ()).ok_or(unknown)
        }
    }
}

fn unknown(config: &Config, id: &str) -> Problem {
    let known = config.topics.iter().map(|topic| topic.id.as_str());
    let none = "there is no topic with this id";
    Problem::not_found(match did_you_mean(id, known) {
        Some(near) => format!("{none}; {near}"),
        None => none.to_owned(),
    })
}
