//! `stream`: new mentions as they are recorded, as server-sent events.
//!
//! The events come out of the database, not out of memory: a stream knows the place of the last mention
//! it sent and reads what was recorded behind it, woken by the daemon or, for what other processes record,
//! every few seconds. The place is each event's id, so a client that comes back misses nothing.

use std::convert::Infallible;
use std::str::FromStr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, sleep, timeout};
use tracing::debug;
use utoipa::IntoParams;

use crate::store::{MentionFilter, MentionPlace, MentionRow, Store, StoreError};
use crate::web::app::App;
use crate::web::cursor::Cursor;
use crate::web::params::{LanguageCode, Params, Score};
use crate::web::problem::Problem;

/// Mentions that are read at a time.
const BATCH: usize = 100;
/// How often the database is looked at unasked: another process may have recorded something.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Mentions that come in a burst are told together.
const SETTLE: Duration = Duration::from_millis(50);
/// How long a stream lasts; clients come back, and are asked anew who they are.
const LIFETIME: Duration = Duration::from_hours(1);

/// Which mentions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StreamParams {
    /// Only this topic.
    topic: Option<String>,
    /// Only this feed.
    feed: Option<String>,
    /// Only this language; `en` includes `en-GB`.
    #[param(value_type = Option<String>)]
    language: Option<LanguageCode>,
    /// Only mentions with this score or more, 1 to 100.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100)]
    min_score: Option<Score>,
    /// Begin behind this mention, for clients that can't send `Last-Event-ID`: an event's id, or a mention's
    /// number (0 for all that are kept).
    after: Option<String>,
}

/// New mentions as they are recorded, as server-sent events: `mention` events whose data is a mention in JSON.
/// Without `Last-Event-ID` or `after` it begins with what is recorded from now on. Comments come in between so
/// that a connection that broke is noticed; after an hour the stream ends, and clients connect again.
#[utoipa::path(get, path = "/api/v1/stream", tag = "history",
    params(StreamParams, ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was received")),
    responses((status = 200, description = "Events", body = String, content_type = "text/event-stream"),
        (status = 429, description = "There are too many streams", body = Problem,
            content_type = "application/problem+json")))]
pub async fn follow(
    State(app): State<App>,
    Params(params): Params<StreamParams>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let resumed = headers
        .get("last-event-id")
        .map(|id| id.to_str().unwrap_or("?"));
    let place = match (resumed, params.after.as_deref()) {
        (Some(id), _) => Some(place("Last-Event-ID", id)?),
        (None, Some(id)) => Some(place("after", id)?),
        (None, None) => None,
    };
    let last = match place {
        Some(Place::Event(place)) => place,
        Some(Place::Mention(id)) => app.store.last_mention(Some(id)).await?,
        None => app.store.last_mention(None).await?,
    };
    let Ok(permit) = app.streams.clone().try_acquire_owned() else {
        return Err(Problem::too_many("there are too many streams open", 30));
    };
    let stream = Stream {
        news: app.daemon.news(),
        store: app.store,
        filter: MentionFilter {
            topic: params.topic,
            feed: params.feed,
            language: params.language.map(|code| code.0),
            min_score: params.min_score.map(|score| score.0),
            limit: BATCH,
            ..MentionFilter::default()
        },
        last,
        ends: Instant::now() + LIFETIME,
        begun: false,
        _permit: permit,
    };
    let chunks = unfold(stream, |mut stream| async {
        let chunk = stream.next().await?;
        Some((Ok::<_, Infallible>(chunk), stream))
    });
    let headers = [
        (CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        // Proxies of the kind of nginx would hold events back.
        (
            axum::http::HeaderName::from_static("x-accel-buffering"),
            "no",
        ),
    ];
    Ok((headers, Body::from_stream(chunks)).into_response())
}

/// Behind what a stream begins.
enum Place {
    /// An event that was received.
    Event(MentionPlace),
    /// The mention with this number.
    Mention(i64),
}

fn place(name: &str, text: &str) -> Result<Place, Problem> {
    let number = text.parse().ok().filter(|id| *id >= 0);
    let event = || Cursor::from_str(text).ok()?.try_into().ok();
    let found = number.map(Place::Mention);
    let found = found.or_else(|| event().map(Place::Event));
    let wrong = || Problem::parameter(name, "write the id of an event or the number of a mention");
    found.ok_or_else(wrong)
}

struct Stream {
    store: Store,
    news: watch::Receiver<u64>,
    filter: MentionFilter,
    last: MentionPlace,
    ends: Instant,
    begun: bool,
    _permit: OwnedSemaphorePermit,
}

impl Stream {
    /// The next events, or a comment when there were none for a while. `None` at the end.
    async fn next(&mut self) -> Option<String> {
        if !self.begun {
            self.begun = true;
            return Some("retry: 3000\n\n".to_owned());
        }
        if Instant::now() >= self.ends {
            return None;
        }
        let deadline = Instant::now() + LOOK_EVERY;
        loop {
            self.news.mark_unchanged();
            match self.read().await {
                Ok(rows) if rows.is_empty() => {}
                Ok(rows) => return Some(rows.iter().map(|row| self.event(row)).collect()),
                Err(error) => {
                    debug!("a stream ends: {error}");
                    return None;
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match timeout(left, self.news.changed()).await {
                Ok(Ok(())) => sleep(SETTLE).await,
                // The daemon stops.
                Ok(Err(_)) => return None,
                Err(_) => return Some(":\n\n".to_owned()),
            }
        }
    }

    /// What was recorded since.
    async fn read(&mut self) -> Result<Vec<MentionRow>, StoreError> {
        let tip = self.store.last_mention(None).await?;
        let rows = self
            .store
            .mentions_after(self.last, self.filter.clone())
            .await?;
        if rows.is_empty() {
            // What is there up to the tip is not wanted, and need not be read again.
            self.last = MentionPlace {
                found: self.last.found.max(tip.found),
                id: tip.id,
            };
        }
        Ok(rows)
    }

    fn event(&mut self, row: &MentionRow) -> String {
        self.last = MentionPlace {
            found: self.last.found.max(row.found),
            id: row.id,
        };
        let data = serde_json::to_string(row).unwrap_or_default();
        format!(
            "id: {}\nevent: mention\ndata: {data}\n\n",
            Cursor::from(self.last)
        )
    }
}
