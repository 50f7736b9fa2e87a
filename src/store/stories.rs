//! One story: the feeds that carry it and the entries that tell it.

use super::sql::OptionalExtension;

use super::feeds::time;
use super::stored::sources;
use super::{Store, StoreError};
use crate::model::{StoryKey, StorySource, Timestamp};

/// The most entries of a story that are read.
const MOST: usize = 500;

/// A story as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryDetail {
    /// Its key; of a story that joined another one, the other's.
    pub key: StoryKey,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// The feeds that carry it, the first 200.
    pub sources: Vec<StorySource>,
    /// The entries that tell it and are still kept, the first 500.
    pub entries: Vec<StoryEntry>,
}

/// An entry of a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryEntry {
    /// Its number.
    pub id: i64,
    /// The feed's id.
    pub feed: String,
    /// The entry's title.
    pub title: String,
    /// Its link.
    pub link: Option<String>,
    /// Its language.
    pub language: Option<String>,
    /// When it was published.
    pub published: Option<Timestamp>,
    /// When it was first seen.
    pub first_seen: Timestamp,
}

impl Store {
    /// The story with this key, or the one that it has joined.
    ///
    /// # Errors
    /// What the database says.
    pub async fn story(&self, key: StoryKey) -> Result<Option<StoryDetail>, StoreError> {
        self.read(move |conn| {
            let found = conn
                .prepare_cached(
                    "SELECT coalesce(t.id, s.id), coalesce(t.key, s.key),
                       coalesce(t.first_seen_ms, s.first_seen_ms)
                     FROM story s LEFT JOIN story_join j ON j.story_id = s.id
                       LEFT JOIN story t ON t.id = j.into_id
                     WHERE s.key = ?1",
                )?
                .query_row([key.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .optional()?;
            let Some((row, key, first_seen)) = found else {
                return Ok(None);
            };
            let mut entries = conn.prepare_cached(
                "SELECT e.id, f.name, e.title, e.link, e.language, e.published_ms, e.first_seen_ms
                 FROM entry e JOIN feed f ON f.id = e.feed_id
                 WHERE e.story_id = ?1 ORDER BY e.id LIMIT ?2",
            )?;
            let entries = entries.query_map(super::sql::params![row, MOST], |row| {
                Ok(StoryEntry {
                    id: row.get(0)?,
                    feed: row.get(1)?,
                    title: row.get(2)?,
                    link: row.get(3)?,
                    language: row.get(4)?,
                    published: time(row, 5)?,
                    first_seen: Timestamp::from_millis(row.get(6)?),
                })
            })?;
            Ok(Some(StoryDetail {
                key: StoryKey(key),
                first_seen: Timestamp::from_millis(first_seen),
                sources: sources(conn, row)?,
                entries: entries.collect::<Result<_, _>>()?,
            }))
        })
        .await
    }
}
