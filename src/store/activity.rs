//! What is going on with topics: how much was found, and when last.

use std::time::Duration;

use rusqlite::params;

use super::feeds::time;
use super::{Store, StoreError};
use crate::model::Timestamp;
use crate::trends::quarter_of;

/// How a topic is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TopicActivity {
    /// When its last mention was found that is still kept.
    pub last: Option<Timestamp>,
    /// Mentions that are counted under the last 24 hours and the quarter-hour that runs.
    pub day: u64,
    /// Mentions since the beginning, also those whose texts were removed.
    pub total: u64,
}

impl Store {
    /// How these topics are doing, in their order.
    ///
    /// # Errors
    /// What the database says.
    pub async fn topic_activity(
        &self,
        topics: Vec<String>,
        now: Timestamp,
    ) -> Result<Vec<TopicActivity>, StoreError> {
        let first = quarter_of(now - Duration::from_hours(24));
        self.read(move |conn| {
            let mut last =
                conn.prepare_cached("SELECT max(created_ms) FROM mention WHERE topic = ?1")?;
            let mut counts = conn.prepare_cached(
                "SELECT coalesce(sum(iif(quarter >= ?2, mentions, 0)), 0), coalesce(sum(mentions), 0)
                 FROM series WHERE topic = ?1",
            )?;
            let read = |topic: &String| {
                let last = last.query_row([topic], |row| time(row, 0))?;
                let count = |row: &rusqlite::Row<'_>, n| row.get::<_, i64>(n);
                let (day, total) = counts.query_row(params![topic, first], |row| {
                    Ok((count(row, 0)?.unsigned_abs(), count(row, 1)?.unsigned_abs()))
                })?;
                Ok(TopicActivity { last, day, total })
            };
            topics.iter().map(read).collect()
        })
        .await
    }
}
