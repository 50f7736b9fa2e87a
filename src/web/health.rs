//! `/healthz` and `/readyz`, for whoever starts the daemon anew or sends it work.
//!
//! They tell words and nothing else, so they need no credential.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::time::{Instant, timeout};
use utoipa::ToSchema;

use super::app::App;
use super::reply::Json;

/// The main loop says every five seconds that it is alive; a reload may hold it up for a while.
const SILENT: Duration = Duration::from_mins(1);
/// For how long the database counts as writable after it was written.
const WRITABLE: Duration = Duration::from_secs(15);
/// How long a write may take.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);

/// Whether all is well.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Health {
    /// `ok` or `failing`.
    status: &'static str,
    /// What is not well: `scheduler` (the main loop does not answer), `database` (it can't be written),
    /// `lease` (other workers may do this one's work by now).
    reasons: Vec<&'static str>,
}

impl Health {
    fn of(reasons: Vec<&'static str>) -> Self {
        let status = if reasons.is_empty() { "ok" } else { "failing" };
        Self { status, reasons }
    }
}

impl IntoResponse for Health {
    fn into_response(self) -> Response {
        let status = if self.reasons.is_empty() {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        (status, Json(self)).into_response()
    }
}

/// What is wrong with the main loop.
fn scheduler(silent_for: Duration) -> Option<&'static str> {
    (silent_for > SILENT).then_some("scheduler")
}

/// Whether the process works: its main loop is alive.
#[utoipa::path(get, path = "/healthz", tag = "state", responses(
    (status = 200, description = "It does", body = Health),
    (status = 503, description = "It does not", body = Health)))]
pub async fn alive(State(app): State<App>) -> Health {
    let vitals = app.daemon.vitals();
    Health::of(scheduler(vitals.silent_for).into_iter().collect())
}

/// Whether it can do its work: the main loop is alive, and the database can be written or was a moment ago.
#[utoipa::path(get, path = "/readyz", tag = "state", responses(
    (status = 200, description = "It can", body = Health),
    (status = 503, description = "It can't", body = Health)))]
pub async fn ready(State(app): State<App>) -> Health {
    Health::of(reasons(&app).await)
}

/// Why it can't do its work, if it can't.
pub(super) async fn reasons(app: &App) -> Vec<&'static str> {
    let vitals = app.daemon.vitals();
    let mut reasons: Vec<_> = scheduler(vitals.silent_for).into_iter().collect();
    if vitals.share.is_some_and(|share| !share.is_leased) {
        reasons.push("lease");
    }
    if !is_writable(app).await {
        reasons.push("database");
    }
    reasons
}

/// Whether the database can be written. Looks once for all who ask at the same time, and not often.
async fn is_writable(app: &App) -> bool {
    let mut written = app.written.lock().await;
    if written.is_some_and(|at| at.elapsed() < WRITABLE) {
        return true;
    }
    let wrote = matches!(
        timeout(WRITE_TIMEOUT, app.store.try_writing()).await,
        Ok(Ok(()))
    );
    *written = wrote.then(Instant::now);
    wrote
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_main_loop_that_says_nothing_for_a_minute_is_not_well() {
        assert_eq!(scheduler(Duration::from_secs(59)), None);
        assert_eq!(scheduler(Duration::from_secs(61)), Some("scheduler"));
    }

    #[test]
    fn what_is_not_well_makes_the_status() {
        assert_eq!(Health::of(vec![]).into_response().status(), 200);
        let failing = Health::of(vec!["database"]);
        assert_eq!(failing.status, "failing");
        assert_eq!(failing.into_response().status(), 503);
    }
}
