//! `entries/{id}`.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::model::{StoryKey, Timestamp};
use crate::store::{EntryName, RecordedMention, StoryName};
use crate::web::app::App;
use crate::web::problem::Problem;
use crate::web::reply::{Json, Name, number};

/// An entry as it is kept. Its texts are plain; what looks like markup in them is text.
#[derive(Debug, Serialize, ToSchema)]
pub struct Entry {
    /// Its number.
    #[serde(rename = "entry")]
    id: i64,
    /// The feed's id.
    feed: String,
    /// The source's name.
    source: String,
    /// The story that it tells.
    story: Option<StoryKey>,
    /// The publisher's own id.
    guid: Option<String>,
    /// Its link.
    link: Option<String>,
    /// Its title.
    title: String,
    /// Its summary.
    summary: String,
    /// Its content.
    content: String,
    /// Its author.
    author: Option<String>,
    /// Its language.
    language: Option<String>,
    /// When it was published.
    published: Option<Timestamp>,
    /// When its publisher last changed it.
    updated: Option<Timestamp>,
    /// `feed`, or `page` when its content is from its page.
    text_from: String,
    /// When it was first seen.
    first_seen: Timestamp,
    /// When its text last changed.
    revised: Option<Timestamp>,
    /// How often it did; earlier texts are not kept.
    revisions: u32,
    /// What it mentions. Places are bytes of the field's text in UTF-8.
    mentions: Vec<RecordedMention>,
}

/// One entry.
#[utoipa::path(get, path = "/api/v1/entries/{id}", tag = "history",
    params(("id" = i64, Path, description = "The entry's number")),
    responses((status = 200, description = "The entry", body = Entry)))]
pub async fn show(State(app): State<App>, Name(id): Name) -> Result<Json<Entry>, Problem> {
    let id = number(&id, "entry")?;
    let found = app.store.entries(EntryName::Id(id)).await?.pop();
    let unknown = || Problem::not_found("there is no entry with this number, or not any more");
    let found = found.ok_or_else(unknown)?;
    let story = app.store.story_of(StoryName::Entry(id)).await?;
    Ok(Json(Entry {
        id: found.id,
        feed: found.feed,
        source: found.source,
        story,
        guid: found.entry.guid,
        link: found.entry.link,
        title: found.entry.title,
        summary: found.entry.summary,
        content: found.entry.content,
        author: found.entry.author,
        language: found.language,
        published: found.entry.published,
        updated: found.entry.updated,
        text_from: found.text_from,
        first_seen: found.first_seen,
        revised: found.revised,
        revisions: found.revisions,
        mentions: found.mentions,
    }))
}
