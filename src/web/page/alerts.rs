//! `/alerts`: what was told, to whom, and buttons for what can be done about it.

use axum::Extension;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use url::form_urlencoded::byte_serialize;

use super::item::{Item, Troubled, troubled};
use super::{Fault, Html, render};
use crate::store::{AlertPlace, AlertQuery, ListedAlert};
use crate::web::access::Caller;
use crate::web::app::App;
use crate::web::cursor::Cursor;
use crate::web::page::item::name;
use crate::web::params::Params;
use crate::web::problem::Problem;
use crate::web::reply::Page;

/// Alerts of a page.
const LIMIT: usize = 50;
/// The states by which the list can be narrowed.
const STATES: [&str; 7] = [
    "held",
    "waiting",
    "delivered",
    "gathered",
    "dead",
    "dropped",
    "silenced",
];

/// Which alerts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    topic: Option<String>,
    state: Option<String>,
    cursor: Option<Cursor>,
}

#[derive(Serialize)]
struct Shown {
    alerts: Vec<Item>,
    /// Sinks whose deliveries wait for the sink.
    troubled: Troubled,
    /// The query of the page behind.
    next: Option<String>,
    states: [&'static str; 7],
    state: Option<String>,
    topic: Option<String>,
    topic_name: Option<String>,
}

/// The page.
pub(super) async fn show(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    wanted: Result<Params<Wanted>, Problem>,
) -> Result<Html, Fault> {
    let Params(wanted) = wanted?;
    if let Some(state) = &wanted.state
        && !STATES.contains(&state.as_str())
    {
        return Err(Problem::parameter("state", "there is no such state").into());
    }
    let query = AlertQuery {
        topic: wanted.topic.clone(),
        state: wanted.state.clone(),
        behind: wanted.cursor.map(AlertPlace::from),
        limit: LIMIT + 1,
        ..AlertQuery::default()
    };
    let alerts = app.store.list_alerts(query).await?;
    let page = Page::of(alerts, LIMIT, |alert: &ListedAlert| {
        let (created, id) = (alert.created, alert.id.clone());
        Cursor::from(AlertPlace { created, id })
    });
    let config = app.daemon.config();
    let shown = Shown {
        alerts: Item::list(page.items, &config),
        troubled: troubled(&app.store).await?,
        next: page.next.map(|next| {
            let mut query = format!("cursor={next}");
            for (name, value) in [("topic", &wanted.topic), ("state", &wanted.state)] {
                if let Some(value) = value {
                    query.extend(["&", name, "="]);
                    query.extend(byte_serialize(value.as_bytes()));
                }
            }
            query
        }),
        states: STATES,
        state: wanted.state,
        topic_name: wanted.topic.as_deref().map(|id| name(&config, id)),
        topic: wanted.topic,
    };
    Ok(render::page("alerts", "/alerts", caller, shown)?)
}
