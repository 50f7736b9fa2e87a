//! `topics`.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::model::Timestamp;
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
