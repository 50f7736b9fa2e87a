//! Which sinks are stopped, and which are paused until when.

use super::sql::{Connection, OptionalExtension, params};

use super::{Store, StoreError};
use crate::model::{SinkId, Timestamp};

/// A sink's pause, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PauseRecord {
    /// When it ends.
    pub until: Timestamp,
    /// How many there were since the receiver last answered.
    pub times: u32,
    /// Why, in words.
    pub reason: String,
}

impl Store {
    /// Makes the sinks known and lifts the stop or pause of one whose target has changed. Returns the
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
            for (sink, target) in &sinks {
                conn.execute(
                    "INSERT INTO sink (id, target) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET
                       stopped_ms = CASE WHEN sink.target = excluded.target THEN sink.stopped_ms END,
                       reason = CASE WHEN sink.target = excluded.target THEN sink.reason END,
                       paused_until_ms = CASE WHEN sink.target = excluded.target
                         THEN sink.paused_until_ms END,
                       target = excluded.target",
                    params![sink.as_str(), target],
                )?;
                if let Some(reason) = stopped(conn, sink.as_str())? {
                    reasons.push((sink.clone(), reason));
                }
            }
            Ok(reasons)
        })
        .await
    }

    /// Stops a sink: its deliveries wait until it is resumed or gets another target. Says whether it was not
    /// stopped before.
    ///
    /// # Errors
    /// What the database says.
    pub async fn stop_sink(
        &self,
        sink: SinkId,
        reason: String,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |conn| {
            let stopped = conn.execute(
                "UPDATE sink SET stopped_ms = ?2, reason = ?3 WHERE id = ?1 AND stopped_ms IS NULL",
                params![sink.as_str(), now.as_millis(), reason],
            )?;
            Ok(stopped > 0)
        })
        .await
    }

    /// Records a sink's pause, or that it has none any more.
    ///
    /// # Errors
    /// What the database says.
    pub async fn pause_sink(
        &self,
        sink: SinkId,
        pause: Option<PauseRecord>,
    ) -> Result<(), StoreError> {
        self.write(move |conn| {
            conn.execute(
                "UPDATE sink SET paused_until_ms = ?2, pauses = ?3, pause_reason = ?4 WHERE id = ?1",
                params![
                    sink.as_str(),
                    pause.as_ref().map(|pause| pause.until.as_millis()),
                    pause.as_ref().map_or(0, |pause| pause.times),
                    pause.as_ref().map(|pause| &pause.reason)
                ],
            )?;
            Ok(())
        })
        .await
    }

    /// The sink's pause, if it has one; it may be over, and its end untried.
    ///
    /// # Errors
    /// What the database says.
    pub async fn pause(&self, sink: SinkId) -> Result<Option<PauseRecord>, StoreError> {
        Ok(self
            .pauses(Some(sink.to_string()))
            .await?
            .pop()
            .map(|(_, pause)| pause))
    }

    /// The sinks that are paused, and the pauses.
    ///
    /// # Errors
    /// What the database says.
    pub async fn paused_sinks(&self) -> Result<Vec<(String, PauseRecord)>, StoreError> {
        self.pauses(None).await
    }

    async fn pauses(&self, sink: Option<String>) -> Result<Vec<(String, PauseRecord)>, StoreError> {
        self.read(move |conn| {
            let mut statement = conn.prepare_cached(
                "SELECT id, paused_until_ms, pauses, coalesce(pause_reason, '') FROM sink
                 WHERE paused_until_ms IS NOT NULL AND (CAST(?1 AS TEXT) IS NULL OR id = ?1) ORDER BY id",
            )?;
            let rows = statement.query_map([sink], |row| {
                let pause = PauseRecord {
                    until: Timestamp::from_millis(row.get(1)?),
                    times: row.get(2)?,
                    reason: row.get(3)?,
                };
                Ok((row.get(0)?, pause))
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Lets a stopped or paused sink go on. Says whether it was either.
    ///
    /// # Errors
    /// What the database says.
    pub async fn resume_sink(&self, sink: String) -> Result<bool, StoreError> {
        self.write(move |conn| {
            let resumed = conn.execute(
                "UPDATE sink SET stopped_ms = NULL, reason = NULL, paused_until_ms = NULL, pauses = 0,
                   pause_reason = NULL
                 WHERE id = ?1 AND (stopped_ms IS NOT NULL OR paused_until_ms IS NOT NULL)",
                [&sink],
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
