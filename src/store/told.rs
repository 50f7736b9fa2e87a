//! What a sink has got: the alerts that were delivered to it.

use super::sql::params;

use super::stored::{is_unreadable, read_alert};
use super::{Store, StoreError, StoredAlert};
use crate::model::{SinkId, Timestamp};

/// An alert that was delivered.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The alert.
    pub alert: StoredAlert,
    /// When it was delivered.
    pub at: Timestamp,
}

impl Store {
    /// The last `limit` alerts that were delivered to the sink and are still kept, the newest first. One that
    /// can't be read is left out.
    ///
    /// # Errors
    /// What the database says.
    pub async fn told(&self, sink: SinkId, limit: usize) -> Result<Vec<Told>, StoreError> {
        self.read(move |conn| {
            let mut statement = conn.prepare_cached(
                "SELECT d.id, d.attempts, d.created_ms, a.id, a.kind, a.topic, a.created_ms,
                   a.detail, s.key, f.name, a.story_id, a.score, d.settled_ms
                 FROM delivery d JOIN alert a ON a.id = d.alert_id
                   LEFT JOIN story s ON s.id = a.story_id LEFT JOIN feed f ON f.id = a.feed_id
                 WHERE d.state = 'delivered' AND d.sink = ?1
                 ORDER BY d.settled_ms DESC, d.id DESC LIMIT ?2",
            )?;
            let mut rows = statement.query(params![sink.as_str(), limit])?;
            let mut told = Vec::new();
            while let Some(row) = &rows.next()? {
                let at = row.get::<_, Option<i64>>(12)?.unwrap_or_default();
                match read_alert(conn, row, Some(sink.as_str())) {
                    Ok(alert) => told.push(Told {
                        alert,
                        at: Timestamp::from_millis(at),
                    }),
                    Err(error) if is_unreadable(&error) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(told)
        })
        .await
    }
}
