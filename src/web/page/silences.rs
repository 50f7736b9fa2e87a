//! `/silences`: what is not told for a while, and forms to add and end them.

use axum::Extension;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::item::name;
use super::{Fault, Html, render};
use crate::model::Timestamp;
use crate::store::SilenceRow;
use crate::web::access::Caller;
use crate::web::app::App;
use crate::web::params::Params;
use crate::web::problem::Problem;

/// Those that have ended and are shown.
const MOST_ENDED: usize = 50;

/// What a silence that is to be added should be about.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    topic: Option<String>,
}

#[derive(Serialize)]
struct Silences {
    /// The topic that the form offers.
    wanted: Option<String>,
    active: Vec<Silence>,
    ended: Vec<Silence>,
    /// Ids and names.
    topics: Vec<(String, String)>,
    feeds: Vec<(String, String)>,
}

#[derive(Serialize)]
struct Silence {
    topic_name: Option<String>,
    /// When it ended or will end.
    end: Timestamp,
    #[serde(flatten)]
    row: SilenceRow,
}

/// The page.
pub(super) async fn show(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    wanted: Result<Params<Wanted>, Problem>,
) -> Result<Html, Fault> {
    let Params(wanted) = wanted?;
    let config = app.daemon.config();
    let rows = app.store.silences(true, Timestamp::now()).await?;
    let all = rows.into_iter().map(|row| Silence {
        topic_name: row.topic.as_deref().map(|id| name(&config, id)),
        end: row.ended.unwrap_or(row.until),
        row,
    });
    let (active, mut ended): (Vec<_>, Vec<_>) = all.partition(|silence| silence.row.active);
    ended.truncate(MOST_ENDED);
    let topics = config.topics.iter();
    let feeds = config.feeds.iter();
    let silences = Silences {
        wanted: wanted.topic,
        active,
        ended,
        topics: topics
            .map(|topic| (topic.id.to_string(), topic.name.clone()))
            .collect(),
        feeds: feeds
            .map(|feed| (feed.id.to_string(), feed.name.clone()))
            .collect(),
    };
    Ok(render::page("silences", "/silences", caller, silences)?)
}
