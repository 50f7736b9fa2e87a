//! Stories that were told and that more feeds carry now: an update for the sinks that want one.
//!
//! Asked where another feed's entry brings a mention whose alert is there already. A sink is told once for
//! each of its numbers, and only of what it does not know: the feeds that carried the story when it was
//! told there are not counted as growth.

use super::sql::{Connection, OptionalExtension, params};

use super::StoreError;
use super::mentions::{Subject, deliver, insert_bare};
use super::record::AlertRecord;
use crate::dedup;
use crate::model::{AlertKind, Route, Timestamp};

/// Makes the updates on the story of an alert that is there; says how many.
pub(super) fn tell(
    conn: &Connection,
    alert: &AlertRecord,
    about: &Subject<'_>,
    at: Timestamp,
) -> Result<usize, StoreError> {
    let mut told = 0;
    for route in alert.routes.iter().filter(|r| !r.updates_at.is_empty()) {
        if let Some(step) = step(conn, about, route)? {
            told += usize::from(update(conn, alert, about, route, step, at)?);
        }
    }
    Ok(told)
}

/// The highest of a sink's numbers that the story has reached since it was told there.
fn step(conn: &Connection, about: &Subject<'_>, route: &Route) -> Result<Option<u32>, StoreError> {
    let counts: Option<(u32, u32)> = conn
        .prepare_cached(
            "SELECT count(*), count(*) FILTER (WHERE s.first_seen_ms <= d.settled_ms)
             FROM delivery d JOIN alert a ON a.id = d.alert_id
               JOIN story_source s ON s.story_id = a.story_id
             WHERE d.alert_id = ?1 AND d.sink = ?2 AND d.state IN ('delivered', 'gathered')
             GROUP BY d.id",
        )?
        .query_row(params![about.id, route.sink.as_str()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let Some((now, then)) = counts else {
        return Ok(None);
    };
    let reached = |step: &&u32| then < **step && **step <= now;
    Ok(route.updates_at.iter().filter(reached).max().copied())
}

/// Makes one update unless it was made before; says whether it was made.
fn update(
    conn: &Connection,
    alert: &AlertRecord,
    about: &Subject<'_>,
    route: &Route,
    step: u32,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "SELECT detail FROM alert WHERE id = ?1";
    let detail: String = conn
        .prepare_cached(sql)?
        .query_row([about.id], |row| row.get(0))?;
    let grown = AlertRecord {
        id: dedup::grown_alert_id(about.id, route.sink.as_str(), step),
        kind: AlertKind::Grown.as_str(),
        detail,
        ..alert.clone()
    };
    let about = Subject {
        id: &grown.id,
        ..*about
    };
    let is_new = insert_bare(conn, &grown, &about, at)?;
    if is_new {
        deliver(conn, &grown, &about, std::iter::once(route), at)?;
    }
    Ok(is_new)
}
