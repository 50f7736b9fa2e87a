//! `stories/{key}`.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::model::{StoryKey, StorySource, Timestamp};
use crate::store::{MentionFilter, MentionRow};
use crate::web::app::App;
use crate::web::params::Limit;
use crate::web::problem::Problem;
use crate::web::reply::{Json, Name};

/// A story: the feeds that carry it, the entries that tell it, and what they mention.
#[derive(Debug, Serialize, ToSchema)]
pub struct Story {
    /// Its key; of a story that has joined another one, the other's.
    #[serde(rename = "story")]
    key: StoryKey,
    /// When it was first seen.
    first_seen: Timestamp,
    /// The feeds that carry it, the first 200.
    sources: Vec<StorySource>,
    /// The entries that tell it and are still kept, the first 500.
    entries: Vec<StoryEntry>,
    /// The mentions in these entries, the newest 500.
    mentions: Vec<MentionRow>,
}

/// An entry of a story.
#[derive(Debug, Serialize, ToSchema)]
pub struct StoryEntry {
    /// Its number.
    entry: i64,
    /// The feed's id.
    feed: String,
    /// Its title.
    title: String,
    /// Its link.
    link: Option<String>,
    /// Its language.
    language: Option<String>,
    /// When it was published.
    published: Option<Timestamp>,
    /// When it was first seen.
    first_seen: Timestamp,
}

/// One story.
#[utoipa::path(get, path = "/api/v1/stories/{key}", tag = "history",
    params(("key" = StoryKey, Path, description = "The story's key")),
    responses((status = 200, description = "The story", body = Story)))]
pub async fn show(State(app): State<App>, Name(key): Name) -> Result<Json<Story>, Problem> {
    let unknown = || Problem::not_found("there is no story with this key");
    let key = StoryKey::parse(&key).ok_or_else(unknown)?;
    let story = app.store.story(key).await?.ok_or_else(unknown)?;
    let filter = MentionFilter {
        story: Some(story.key),
        limit: Limit::MOST,
        ..MentionFilter::default()
    };
    let mentions = app.store.mentions(filter).await?;
    let entries = story.entries.into_iter().map(|entry| StoryEntry {
        entry: entry.id,
        feed: entry.feed,
        title: entry.title,
        link: entry.link,
        language: entry.language,
        published: entry.published,
        first_seen: entry.first_seen,
    });
    Ok(Json(Story {
        key: story.key,
        first_seen: story.first_seen,
        sources: story.sources,
        entries: entries.collect(),
        mentions,
    }))
}
