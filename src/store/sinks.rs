//! Which sinks are stopped.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Store, StoreError};
use crate::model::{SinkId, Timestamp};

impl Store {
    /// Makes the sinks known and lifts the stop of one whose target has changed. Returns the
    /// reasons of those that are stopped.
    ///
    /// # Errors
    /// What the database says.
    pub async fn register_sinks(
        &self,
        sinks: Vec<(SinkId, [u8; 16])>,
    ) -> Result<Vec<(SinkId, String)>, StoreError> {
        self.write(move |conn| {
            let mut reasons = Vec::new();
            for (sink, target) in sinks {
                conn.execute(
                    "INSERT INTO sink (id, target) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET
                       stopped_ms = CASE WHEN target = excluded.target THEN stopped_ms END,
                       reason = CASE WHEN target = excluded.target THEN reason END,
                       target = excluded.target",
                    params![sink.as_str(), target],
                )?;
                if let Some(reason) = stopped(conn, sink.as_str())? {
                    reasons.push((sink, reason));
                }
            }
            Ok(reasons)
        })
        .await
    }

    /// Stops a sink: its deliveries wait until it is resumed or gets another target.
    ///
    /// # Errors
    /// What the database says.
    pub async fn stop_sink(
        &self,
        sink: SinkId,
        reason: String,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |conn| {
            conn.execute(
                "UPDATE sink SET stopped_ms = ?2, reason = ?3 WHERE id = ?1",
                params![sink.as_str(), now.as_millis(), reason],
            )?;
            Ok(())
        })
        .await
    }

    /// Lets a stopped sink go on. Says whether it was stopped.
    ///
    /// # Errors
    /// What the database says.
    pub async fn resume_sink(&self, sink: String) -> Result<bool, StoreError> {
        self.write(move |conn| {
            let resumed = conn.execute(
                "UPDATE sink SET stopped_ms = NULL, reason = NULL
                 WHERE id = ?1 AND stopped_ms IS NOT NULL",
                [sink],
            )?;
            Ok(resumed > 0)
        })
        .await
    }

    /// The stopped sinks and why.
    ///
    /// # Errors
    /// What the database says.
    pub async fn stopped_sinks(&self) -> Result<Vec<(String, String)>, StoreError> {
        self.read(|conn| {
            let mut statement = conn.prepare(
                "SELECT id, coalesce(reason, '') FROM sink WHERE stopped_ms IS NOT NULL ORDER BY id",
            )?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}

/// Why the sink is stopped, if it is.
pub(super) fn stopped(conn: &Connection, sink: &str) -> Result<Option<String>, StoreError> {
    let sql = "SELECT coalesce(reason, '') FROM sink WHERE id = ?1 AND stopped_ms IS NOT NULL";
    Ok(conn
        .prepare_cached(sql)?
        .query_row([sink], |row| row.get(0))
        .optional()?)
}
