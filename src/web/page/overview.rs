//! `/`: the topics and what is going on with them, and what was found and told last.

use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::item::{Item, name};
use super::{Fault, Html, render, words};
use crate::model::Timestamp;
use crate::store::{AlertQuery, MentionFilter, MentionPlace, MentionRow, TopicPulse};
use crate::trends::series::{Unit, series};
use crate::web::access::Caller;
use crate::web::app::App;
use crate::web::cursor::Cursor;
use crate::web::problem::Problem;

/// Days of a chart, the one that runs included.
const DAYS: u32 = 14;
/// Mentions and alerts that are shown.
const LATEST: usize = 10;
/// Spikes that are looked at; a topic that has one has no other for hours.
const SPIKES: usize = 500;

#[derive(Serialize)]
struct Overview {
    topics: Vec<Topic>,
    mentions: Vec<Mention>,
    /// Behind which event the stream of new mentions begins.
    tip: String,
    alerts: Vec<Item>,
    days: u32,
}

#[derive(Serialize)]
struct Topic {
    id: String,
    name: String,
    day: u64,
    /// What is usual for 24 hours.
    usual: Option<f64>,
    /// Mentions in four weeks.
    weeks: u64,
    last: Option<Timestamp>,
    chart: String,
    spike: Option<Timestamp>,
}

#[derive(Serialize)]
struct Mention {
    topic_name: String,
    #[serde(flatten)]
    row: MentionRow,
}

/// The page.
pub(super) async fn show(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<Html, Fault> {
    let now = Timestamp::now();
    let config = app.daemon.config();
    let latest = AlertQuery {
        limit: LATEST,
        ..AlertQuery::default()
    };
    let alerts = app.store.list_alerts(latest).await?;
    let filter = MentionFilter {
        limit: LATEST,
        ..MentionFilter::default()
    };
    // Asked for before the list, so that nothing is missed in between. The list goes by time, not by number.
    let tip = app.store.last_mention(None).await?;
    let mentions = app.store.mentions(filter).await?;
    let tip = mentions.iter().fold(tip, |tip, row| MentionPlace {
        found: tip.found.max(row.found),
        id: tip.id.max(row.id),
    });
    let mentions = mentions.into_iter().map(|row| Mention {
        topic_name: name(&config, &row.topic),
        row,
    });
    let overview = Overview {
        topics: topics(&app, now).await?,
        mentions: mentions.collect(),
        tip: Cursor::from(tip).to_string(),
        alerts: Item::list(alerts, &config),
        days: DAYS,
    };
    Ok(render::page("overview", "/", caller, overview)?)
}

async fn topics(app: &App, now: Timestamp) -> Result<Vec<Topic>, Fault> {
    let config = app.daemon.config();
    let ids = config.topics.iter().map(|topic| topic.id.to_string());
    let pulses = app.store.topic_pulses(ids.collect(), now).await?;
    let query = AlertQuery {
        kind: Some("topic.spike".to_owned()),
        since: Some(now - Duration::from_hours(24)),
        limit: SPIKES,
        ..AlertQuery::default()
    };
    let spikes = app.store.list_alerts(query).await?;
    let mut topics = Vec::with_capacity(config.topics.len());
    for (topic, pulse) in config.topics.iter().zip(pulses) {
        let id = topic.id.as_str();
        let spike = spikes
            .iter()
            .find(|spike| spike.topic.as_deref() == Some(id));
        topics.push(Topic {
            id: id.to_owned(),
            name: topic.name.clone(),
            chart: chart(&pulse, now)?,
            day: pulse.day,
            usual: pulse.usual,
            weeks: pulse.weeks,
            last: pulse.last,
            spike: spike.map(|spike| spike.created),
        });
    }
    Ok(topics)
}

/// A topic's mentions a day (UTC), drawn.
fn chart(pulse: &TopicPulse, now: Timestamp) -> Result<String, Fault> {
    let from = now - Duration::from_hours(24) * (DAYS - 1);
    let points = series(&pulse.days, Unit::Day, &TimeZone::UTC, from, now);
    let points = points.map_err(|error| Problem::internal(&error))?;
    Ok(words::chart(&points))
}
