//! Spikes: what is behind one, and that it is told once.

use super::sql::{OptionalExtension, params};
use serde::Serialize;
use utoipa::ToSchema;

use super::mentions::{Subject, deliver, insert_bare};
use super::record::AlertRecord;
use super::turns::Turns;
use super::{Store, StoreError};
use crate::model::{AlertKind, SpikeStory, StoryKey, Timestamp, TopicId};

/// A story that mentions a topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TopicStory {
    /// Its key.
    pub story: StoryKey,
    /// The title of the entry that is most about the topic.
    pub title: String,
    /// Its link.
    pub link: Option<String>,
    /// Its language.
    pub language: Option<String>,
    /// The name of its source.
    pub source: String,
    /// Entries that tell it and mention the topic.
    pub mentions: u64,
}

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
            let mut statement = conn.prepare_cached(conn.either(
                "SELECT e.title, e.link, f.source, count(*) AS n, max(coalesce(m.score, 0)) AS best
                 FROM mention m JOIN entry e ON e.id = m.entry_id JOIN feed f ON f.id = e.feed_id
                 WHERE m.topic = ?1 AND m.created_ms >= ?2
                 GROUP BY e.story_id ORDER BY n DESC, best DESC, e.story_id LIMIT ?3",
                "SELECT title, link, source, n FROM (
                   SELECT e.title, e.link, f.source, e.story_id, coalesce(m.score, 0) AS best,
                     count(*) OVER (PARTITION BY e.story_id) AS n, row_number() OVER
                       (PARTITION BY e.story_id ORDER BY coalesce(m.score, 0) DESC, m.id) AS place
                   FROM mention m JOIN entry e ON e.id = m.entry_id JOIN feed f ON f.id = e.feed_id
                   WHERE m.topic = ?1 AND m.created_ms >= ?2) AS told
                 WHERE place = 1 ORDER BY n DESC, best DESC, story_id LIMIT ?3",
            ))?;
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

    /// The stories whose mentions of a topic are counted at or after `from` and before `until`, those in the
    /// most entries first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn topic_stories(
        &self,
        topic: String,
        (from, until): (Timestamp, Timestamp),
        limit: usize,
    ) -> Result<Vec<TopicStory>, StoreError> {
        self.read(move |conn| {
            // With one `max`, the other columns are those of its row.
            let mut statement = conn.prepare_cached(conn.either(
                "SELECT s.key, e.title, e.link, e.language, f.source, count(*) AS n,
                   max(coalesce(m.score, 0)) AS best
                 FROM mention m CROSS JOIN entry e ON e.id = m.entry_id JOIN feed f ON f.id = e.feed_id
                   JOIN story s ON s.id = e.story_id
                 WHERE m.topic = ?1 AND coalesce(m.counted_ms, m.created_ms) >= ?2
                   AND coalesce(m.counted_ms, m.created_ms) < ?3
                 GROUP BY e.story_id ORDER BY n DESC, best DESC, e.story_id LIMIT ?4",
                "SELECT key, title, link, language, source, n FROM (
                   SELECT s.key, e.title, e.link, e.language, f.source, e.story_id,
                     coalesce(m.score, 0) AS best, count(*) OVER (PARTITION BY e.story_id) AS n,
                     row_number() OVER
                       (PARTITION BY e.story_id ORDER BY coalesce(m.score, 0) DESC, m.id) AS place
                   FROM mention m JOIN entry e ON e.id = m.entry_id JOIN feed f ON f.id = e.feed_id
                     JOIN story s ON s.id = e.story_id
                   WHERE m.topic = ?1 AND coalesce(m.counted_ms, m.created_ms) >= ?2
                     AND coalesce(m.counted_ms, m.created_ms) < ?3) AS told
                 WHERE place = 1 ORDER BY n DESC, best DESC, story_id LIMIT ?4",
            ))?;
            let span = params![topic, from.as_millis(), until.as_millis(), limit];
            let rows = statement.query_map(span, |row| {
                Ok(TopicStory {
                    story: StoryKey(row.get(0)?),
                    title: row.get(1)?,
                    link: row.get(2)?,
                    language: row.get(3)?,
                    source: row.get(4)?,
                    mentions: row.get::<_, i64>(5)?.unsigned_abs(),
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
            let mut turns = Turns::default();
            turns.topic(topic.as_str());
            turns.take(conn)?;
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
