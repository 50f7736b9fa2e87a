//! `silences`: what is not told for a while.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::config::{Config, did_you_mean};
use crate::model::{StoryKey, Timestamp};
use crate::silence::Silence;
use crate::store::{EndedSilence, NewSilence, SilenceRow, StoryName};
use crate::view::instant;
use crate::view::silences::check_texts;
use crate::web::app::App;
use crate::web::params::Params;
use crate::web::problem::Problem;
use crate::web::reply::{All, Given, Json, Name, number};

/// Which silences.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SilenceParams {
    /// Also those that have ended.
    all: Option<bool>,
}

/// A silence to be added. It covers alerts for which all that is given holds; one of `topic`, `source`, `story`
/// and `pattern` must be given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedSilence {
    /// Alerts of this topic.
    #[serde(default)]
    topic: Option<String>,
    /// Alerts that arise in this feed, or that it is in trouble.
    #[serde(default)]
    source: Option<String>,
    /// Alerts about the story of this alert (`al_…`) or entry (a number), or with this key.
    #[serde(default)]
    story: Option<String>,
    /// Alerts in whose title all these words stand, in any order, case and accents; `word*` stands for all
    /// words that begin so.
    #[serde(default)]
    #[schema(max_length = 500)]
    pattern: Option<String>,
    /// When it ends: after this time (`90m`, `8h`, `7d`), or at this date (UTC) or RFC 3339 instant.
    #[schema(example = "8h")]
    until: String,
    /// Why, for those who wonder later.
    #[schema(max_length = 500, example = "summit, we are there")]
    comment: String,
}

/// The silences that hold, the newest first.
#[utoipa::path(get, path = "/api/v1/silences", tag = "alerts", params(SilenceParams),
    responses((status = 200, description = "The silences", body = All<SilenceRow>)))]
pub async fn list(
    State(app): State<App>,
    Params(params): Params<SilenceParams>,
) -> Result<Json<All<SilenceRow>>, Problem> {
    let all = params.all.unwrap_or_default();
    let items = app.store.silences(all, Timestamp::now()).await?;
    Ok(Json(All { items }))
}

/// Adds a silence, which holds at once for alerts that arise while it is there.
#[utoipa::path(post, path = "/api/v1/silences", tag = "alerts", request_body = WantedSilence,
    responses((status = 201, description = "The silence", body = SilenceRow,
        headers(("location" = String, description = "Its path")))))]
pub async fn add(
    State(app): State<App>,
    Given(wanted): Given<WantedSilence>,
) -> Result<impl IntoResponse, Problem> {
    let now = Timestamp::now();
    let config = app.daemon.config();
    check_names(&config, &wanted)?;
    let until = instant::ahead(&wanted.until, now)
        .map_err(|error| Problem::parameter("until", error.to_string()))?;
    let comment = check_texts(wanted.pattern.as_deref(), &wanted.comment)
        .map_err(|fault| Problem::parameter(fault.part, fault.message))?;
    let story = match &wanted.story {
        Some(name) => Some(story(&app, name).await?),
        None => None,
    };
    let silence = Silence {
        topic: wanted.topic,
        feed: wanted.source,
        story,
        pattern: wanted.pattern,
        until,
        ended: None,
    };
    let id = app
        .store
        .add_silence(NewSilence { silence, comment }, now)
        .await?;
    let row = find(&app, id).await?;
    let location = [(LOCATION, format!("/api/v1/silences/{id}"))];
    Ok((StatusCode::CREATED, location, Json(row)))
}

/// Ends a silence: what arises from now on is told again. One that has ended before stays as it is.
#[utoipa::path(delete, path = "/api/v1/silences/{id}", tag = "alerts",
    params(("id" = i64, Path, description = "Its number")),
    responses((status = 200, description = "The silence, which has ended", body = SilenceRow)))]
pub async fn end(State(app): State<App>, Name(id): Name) -> Result<Json<SilenceRow>, Problem> {
    let id = number(&id, "silence")?;
    if app.store.end_silence(id, Timestamp::now()).await? == EndedSilence::Unknown {
        return Err(unknown());
    }
    find(&app, id).await.map(Json)
}

async fn find(app: &App, id: i64) -> Result<SilenceRow, Problem> {
    let known = app.store.silences(true, Timestamp::now()).await?;
    known
        .into_iter()
        .find(|row| row.id == id)
        .ok_or_else(unknown)
}

fn unknown() -> Problem {
    Problem::not_found("there is no silence with this number")
}

fn check_names(config: &Config, wanted: &WantedSilence) -> Result<(), Problem> {
    let parts = [
        &wanted.topic,
        &wanted.source,
        &wanted.story,
        &wanted.pattern,
    ];
    if parts.into_iter().all(Option::is_none) {
        let detail = "say what it covers: topic, source, story or pattern";
        return Err(Problem::new(StatusCode::BAD_REQUEST, detail));
    }
    let topics: Vec<&str> = config
        .topics
        .iter()
        .map(|topic| topic.id.as_str())
        .collect();
    let feeds: Vec<&str> = config.feeds.iter().map(|feed| feed.id.as_str()).collect();
    check_name("topic", wanted.topic.as_deref(), &topics)?;
    check_name("source", wanted.source.as_deref(), &feeds)
}

fn check_name(parameter: &str, name: Option<&str>, known: &[&str]) -> Result<(), Problem> {
    let Some(name) = name.filter(|name| !known.contains(name)) else {
        return Ok(());
    };
    let near = did_you_mean(name, known.iter().copied());
    let near = near.unwrap_or_else(|| "the configuration has none with this id".to_owned());
    Err(Problem::parameter(parameter, near))
}

async fn story(app: &App, name: &str) -> Result<StoryKey, Problem> {
    let found = match (StoryKey::parse(name), name.parse()) {
        (Some(key), _) => app.store.story(key).await?.map(|story| story.key),
        (None, Ok(entry)) => app.store.story_of(StoryName::Entry(entry)).await?,
        (None, Err(_)) => {
            app.store
                .story_of(StoryName::Alert(name.to_owned()))
                .await?
        }
    };
    let detail = "no story has this key, and none has an alert or entry of this id";
    found.ok_or_else(|| Problem::parameter("story", detail))
}
