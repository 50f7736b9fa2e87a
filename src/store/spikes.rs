//! Spikes: what is behind one, and that it is told once.

use rusqlite::{OptionalExtension, params};

use super::mentions::{Subject, deliver, insert_bare};
use super::record::AlertRecord;
use super::{Store, StoreError};
use crate::model::{AlertKind, SpikeStory, Timestamp, TopicId};

impl Store {
    /// The stories that mention a topic since an instant, those in the most feeds first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn stories_since(
        &self,
        topic: TopicId,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<SpikeStory>, StoreError> {
        self.read(move |conn| {
            // With one `max`, the other columns are those of its row.
            let mut statement = conn.prepare_cached(
                "SELECT e.title, e.link, f.source, count(*) AS n, max(coalesce(m.score, 0)) AS best
                 FROM mention m JOIN entry e ON e.id = m.entry_id JOIN feed f ON f.id = e.feed_id
                 WHERE m.topic = ?1 AND m.created_ms >= ?2
                 GROUP BY e.story_id ORDER BY n DESC, best DESC, e.story_id LIMIT ?3",
            )?;
            let rows =
                statement.query_map(params![topic.as_str(), since.as_millis(), limit], |row| {
                    Ok(SpikeStory {
                        title: row.get(0)?,
                        link: row.get(1)?,
                        source: row.get(2)?,
                        mentions: row.get::<_, i64>(3)?.unsigned_abs(),
                    })
                })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Makes the alert of a topic's spike that began at `start`, with its deliveries, unless one was made
    /// since then; says whether it was made.
    ///
    /// # Errors
    /// What the database says; then nothing was recorded.
    pub async fn tell_spike(
        &self,
        topic: TopicId,
        start: Timestamp,
        alert: AlertRecord,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |conn| {
            let told: Option<i64> = conn
                .prepare_cached(
                    "SELECT 1 FROM alert WHERE kind = ?1 AND topic = ?2 AND created_ms >= ?3",
                )?
                .query_row(
                    params![AlertKind::Spike.as_str(), topic.as_str(), start.as_millis()],
                    |row| row.get(0),
                )
                .optional()?;
            if told.is_some() {
                return Ok(false);
            }
            let about = Subject {
                id: &alert.id,
                topic: Some(topic.as_str()),
                story: None,
                feed: None,
            };
            let is_new = insert_bare(conn, &alert, &about, at)?;
            if is_new {
                deliver(conn, &alert, &about, alert.routes.iter(), at)?;
            }
            Ok(is_new)
        })
        .await
    }
}
