//! The texts of entries, for those who ask how often something stands in them.

use super::sql::params;

use super::{Store, StoreError};
use crate::model::Timestamp;

/// The texts of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryTexts {
    /// The entry; later ones have higher numbers.
    pub id: i64,
    /// Its title.
    pub title: String,
    /// Its summary.
    pub summary: String,
    /// Its content.
    pub content: String,
}

impl Store {
    /// The texts of entries first seen at or after `since`, of which those are left that retention
    /// has kept; the latest first, at most `limit`, before the entry `before` if one is given.
    ///
    /// # Errors
    /// What the database says.
    pub async fn texts_since(
        &self,
        since: Timestamp,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<EntryTexts>, StoreError> {
        self.read(move |conn| {
            let mut statement = conn.prepare_cached(
                "SELECT id, title, summary, content FROM entry
                 WHERE id < ?1 AND first_seen_ms >= ?2 ORDER BY id DESC LIMIT ?3",
            )?;
            let before = before.unwrap_or(i64::MAX);
            let rows = statement.query_map(params![before, since.as_millis(), limit], |row| {
                Ok(EntryTexts {
                    id: row.get(0)?,
                    title: row.get(1)?,
                    summary: row.get(2)?,
                    content: row.get(3)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}
