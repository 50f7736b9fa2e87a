//! `topics`.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::config::{Config, did_you_mean};
use crate::model::{self, Timestamp};
use crate::web::app::App;
use crate::web::problem::Problem;
use crate::web::reply::{All, Json};

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

/// The topic of the configuration with this id.
///
/// # Errors
/// 404, with the id that may be meant.
pub(super) fn find<'c>(config: &'c Config, id: &str) -> Result<&'c model::Topic, Problem> {
    let found = config.topics.iter().find(|topic| topic.id.as_str() == id);
    found.ok_or_else(|| {
        let known = config.topics.iter().map(|topic| topic.id.as_str());
        let none = "the configuration has no topic with this id";
        Problem::not_found(match did_you_mean(id, known) {
            Some(near) => format!("{none}; {near}"),
            None => none.to_owned(),
        })
    })
}
