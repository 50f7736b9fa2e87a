//! Where each sink stands, and single alerts as their deliveries would carry them.

use std::collections::BTreeMap;

use super::sql::OptionalExtension;

use super::feeds::time;
use super::stored::{StoredAlert, read_alert};
use super::{Store, StoreError};
use crate::model::Timestamp;

/// What the database knows of a sink.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SinkState {
    /// Why it is stopped, if it is.
    pub stopped: Option<String>,
    /// Until when it is paused, if it is; the time may be over.
    pub paused_until: Option<Timestamp>,
    /// Alerts that are held back.
    pub held: u64,
    /// When the next of them is told.
    pub held_until: Option<Timestamp>,
    /// Deliveries that wait.
    pub waiting: u64,
    /// Mentions that wait, for sinks that want every mention.
    pub mentions: u64,
    /// Alerts that are in a digest, as far as they are still kept.
    pub gathered: u64,
    /// Deliveries that were made, as far as they are still kept.
    pub delivered: u64,
    /// Dead letters.
    pub dead: u64,
    /// Deliveries that were dropped by hand, as far as they are still kept.
    pub dropped: u64,
    /// Deliveries that a silence holds back, as far as they are still kept.
    pub silenced: u64,
    /// When the last delivery that is still kept was made.
    pub last_delivered: Option<Timestamp>,
    /// When the next attempt is due.
    pub next_attempt: Option<Timestamp>,
    /// What went wrong last with a delivery that waits or is dead.
    pub error: Option<String>,
}

impl Store {
    /// All sinks that the database knows, configured or not, by their ids.
    ///
    /// # Errors
    /// What the database says.
    pub async fn sink_states(&self) -> Result<BTreeMap<String, SinkState>, StoreError> {
        self.read(|conn| {
            let mut states: BTreeMap<String, SinkState> = BTreeMap::new();
            let mut statement = conn
                .prepare("SELECT id, CASE WHEN stopped_ms IS NULL THEN NULL ELSE coalesce(reason, '') END, paused_until_ms FROM sink")?;
            let mut rows = statement.query([])?;
            while let Some(row) = &rows.next()? {
                let state = states.entry(row.get(0)?).or_default();
                (state.stopped, state.paused_until) = (row.get(1)?, time(row, 2)?);
            }
            let mut statement = conn.prepare(
                "SELECT sink, state, count(*), max(settled_ms), min(next_attempt_ms)
                 FROM delivery GROUP BY sink, state",
            )?;
            let mut rows = statement.query([])?;
            while let Some(row) = &rows.next()? {
                let state = states.entry(row.get(0)?).or_default();
                let n = row.get::<_, i64>(2)?.unsigned_abs();
                match row.get::<_, String>(1)?.as_str() {
                    "held" => (state.held, state.held_until) = (n, time(row, 4)?),
                    "gathered" => state.gathered = n,
                    "waiting" => (state.waiting, state.next_attempt) = (n, time(row, 4)?),
                    "delivered" => (state.delivered, state.last_delivered) = (n, time(row, 3)?),
                    "dropped" => state.dropped = n,
                    "silenced" => state.silenced = n,
                    _ => state.dead = n,
                }
            }
            let mut statement = conn.prepare(
                "SELECT sink, count(*) FROM mention_delivery WHERE state = 'waiting' GROUP BY sink",
            )?;
            let mut rows = statement.query([])?;
            while let Some(row) = &rows.next()? {
                let state = states.entry(row.get(0)?).or_default();
                state.mentions = row.get::<_, i64>(1)?.unsigned_abs();
            }
            for (sink, state) in &mut states {
                if state.waiting + state.dead > 0 {
                    state.error = conn
                        .prepare_cached(
                            "SELECT error FROM delivery
                             WHERE sink = ?1 AND state IN ('waiting', 'dead') AND error IS NOT NULL
                             ORDER BY coalesce(settled_ms, next_attempt_ms) DESC, id DESC LIMIT 1",
                        )?
                        .query_row([sink], |row| row.get(0))
                        .optional()?;
                }
            }
            Ok(states)
        })
        .await
    }

    /// The alert with this id, with the feeds that carry its story by now.
    ///
    /// # Errors
    /// What the database says.
    pub async fn alert(&self, id: String) -> Result<Option<StoredAlert>, StoreError> {
        self.read(move |conn| {
            let mut statement = conn.prepare(
                "SELECT 0, 0, 0, a.id, a.kind, a.topic, a.created_ms, a.detail, s.key, f.name,
                   a.story_id, a.score
                 FROM alert a LEFT JOIN story s ON s.id = a.story_id
                   LEFT JOIN feed f ON f.id = a.feed_id
                 WHERE a.id = ?1",
            )?;
            let mut rows = statement.query([id])?;
            match rows.next()? {
                Some(row) => Ok(Some(read_alert(conn, &row, None)?)),
                None => Ok(None),
            }
        })
        .await
    }
}
