//! How a job is run: over a connection of the pool, and in a transaction if it writes.
//!
//! Nobody is given a connection on which something is still open.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use deadpool_postgres::Object;
use tracing::warn;

use crate::store::StoreError;
use crate::store::sql::{Connection, Session};

/// Runs a job over a connection of the pool, and gives that back if it is still sound.
pub(super) fn with<T>(
    client: Object,
    answer: Duration,
    job: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let conn = Connection::Postgres(Session::new(client, answer));
    let result = catch_unwind(AssertUnwindSafe(|| job(&conn)));
    if let Connection::Postgres(session) = conn {
        // One that panicked may have left a transaction open.
        session.leave(result.is_ok());
    }
    result.unwrap_or_else(|panic| resume_unwind(panic))
}

/// Runs a job as [`with`] does, on a thread where that holds nobody up.
pub(super) async fn apart<T, F>(client: Object, answer: Duration, job: F) -> Result<T, StoreError>
where
    T: Send + 'static,
    F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
{
    let task = tokio::task::spawn_blocking(move || with(client, answer, job));
    task.await.unwrap_or(Err(StoreError::Closed))
}

/// Runs a job in a transaction.
pub(super) fn transaction<T>(
    conn: &Connection,
    job: &impl Fn(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let Connection::Postgres(session) = conn else {
        return job(conn);
    };
    session.begin();
    match job(conn) {
        Ok(value) => {
            session.end(true)?;
            Ok(value)
        }
        Err(error) => {
            if let Err(undone) = session.end(false) {
                // The server undoes what a lost connection has begun.
                warn!("a transaction can't be rolled back: {undone}");
            }
            Err(error)
        }
    }
}
