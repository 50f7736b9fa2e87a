//! How deliveries move on: by an attempt's end, by hand, or because a clock was wrong.

use super::sql::params;

use super::observed::{drop_mentions, retry_mentions};
use super::{Store, StoreError};
use crate::fleet::Fence;
use crate::model::{SinkId, Timestamp};

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver has it.
    Delivered,
    /// To be tried again.
    Retry {
        /// When.
        at: Timestamp,
        /// What went wrong.
        error: String,
        /// What the receiver said, as far as it is kept.
        response: Option<String>,
    },
    /// Given up; kept as a dead letter.
    Dead {
        /// What went wrong.
        error: String,
        /// What the receiver said, as far as it is kept.
        response: Option<String>,
    },
}

impl Store {
    /// Records how attempts ended, all or none. A delivery that somebody else ended meanwhile stays
    /// so.
    ///
    /// # Errors
    /// What the database says; then the attempts count as not made and will be made again.
    pub async fn settle(
        &self,
        outcomes: Vec<(i64, Outcome)>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.settle_held(outcomes, now, None).await
    }

    /// The same by a worker that must still hold the sink.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] if it does not, else what the database says.
    pub async fn settle_held(
        &self,
        outcomes: Vec<(i64, Outcome)>,
        now: Timestamp,
        fence: Option<Fence>,
    ) -> Result<(), StoreError> {
        self.write_held(fence, move |conn| {
            let mut statement = conn.prepare_cached(
                "UPDATE delivery SET state = ?2, next_attempt_ms = ?3, error = ?4, settled_ms = ?5,
                   response = ?6, attempts = attempts + 1 WHERE id = ?1 AND state = 'waiting'",
            )?;
            for (delivery, outcome) in &outcomes {
                let (state, next, error, response, settled) = match outcome {
                    Outcome::Delivered => ("delivered", now, None, None, Some(now)),
                    Outcome::Retry {
                        at,
                        error,
                        response,
                    } => ("waiting", *at, Some(error), response.as_ref(), None),
                    Outcome::Dead { error, response } => {
                        ("dead", now, Some(error), response.as_ref(), Some(now))
                    }
                };
                statement.execute(params![
                    delivery,
                    state,
                    next.as_millis(),
                    error,
                    settled.map(Timestamp::as_millis),
                    response
                ])?;
            }
            Ok(())
        })
        .await
    }

    /// Makes dead letters wait again, all of them or those of one alert (or mention) or sink; of an alert that
    /// is named also what was dropped. Returns how many.
    ///
    /// # Errors
    /// What the database says.
    pub async fn retry_dead(
        &self,
        alert: Option<String>,
        sink: Option<String>,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.write(move |conn| {
            let mentions = retry_mentions(conn, alert.as_deref(), sink.as_deref(), now)?;
            let alerts = conn.execute(
                "UPDATE delivery SET state = 'waiting', attempts = 0, next_attempt_ms = ?3,
                   created_ms = ?3, settled_ms = NULL, drop_reason = NULL
                 WHERE (state = 'dead' OR (state = 'dropped' AND CAST(?1 AS TEXT) IS NOT NULL))
                   AND (CAST(?1 AS TEXT) IS NULL OR alert_id = ?1) AND (CAST(?2 AS TEXT) IS NULL OR sink = ?2)",
                params![alert, sink, now.as_millis()],
            )?;
            Ok(alerts + mentions)
        })
        .await
    }

    /// Gives up deliveries that wait, are held back or are dead letters: those of these alerts (all, if none is
    /// named) to this sink (any, if none is). They stay on record with the time and the reason, but for those of
    /// mentions, which go.
    /// Returns how many.
    ///
    /// # Errors
    /// What the database says.
    pub async fn drop_deliveries(
        &self,
        alerts: Vec<String>,
        sink: Option<String>,
        reason: String,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.write(move |conn| {
            let mut statement = conn.prepare_cached(
                "UPDATE delivery SET state = 'dropped', settled_ms = ?3, drop_reason = ?4
                 WHERE state IN ('waiting', 'held', 'dead')
                   AND (CAST(?1 AS TEXT) IS NULL OR alert_id = ?1) AND (CAST(?2 AS TEXT) IS NULL OR sink = ?2)",
            )?;
            let mut dropped = 0;
            let named = alerts.iter().map(|id| Some(id.as_str()));
            for alert in named.chain(alerts.is_empty().then_some(None)) {
                dropped += statement.execute(params![alert, sink, now.as_millis(), reason])?;
                dropped += drop_mentions(conn, alert, sink.as_deref())?;
            }
            Ok(dropped)
        })
        .await
    }

    /// Makes deliveries to `sink` due at `now` that wait for a time after `latest`; no policy
    /// waits so long, so the clock was wrong when that time was set. Returns how many.
    ///
    /// # Errors
    /// What the database says.
    pub async fn hasten(
        &self,
        sink: SinkId,
        latest: Timestamp,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.write(move |conn| {
            Ok(conn
                .prepare_cached(
                    "UPDATE delivery SET next_attempt_ms = ?3
                     WHERE state = 'waiting' AND sink = ?1 AND next_attempt_ms > ?2",
                )?
                .execute(params![sink.as_str(), latest.as_millis(), now.as_millis()])?)
        })
        .await
    }
}
