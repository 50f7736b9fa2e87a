//! Retention: what is old goes, in small steps that never hold the writer for long.
//!
//! Texts go before the knowledge that they were seen: an entry whose text was pruned is still not
//! new. Counts of mentions stay for good.

use std::time::Duration;

use rusqlite::{Connection, params};

use super::{Store, StoreError};
use crate::model::Timestamp;

/// How long each kind of row is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Entries' texts and their mentions, since they were first seen.
    pub entries: Duration,
    /// The knowledge that an entry was seen, since its feed last served it; alerts and stories.
    pub seen: Duration,
    /// Delivered deliveries.
    pub deliveries: Duration,
}

/// How many rows a pruning removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Entries with their mentions.
    pub entries: usize,
    /// Seen keys.
    pub seen: usize,
    /// Deliveries.
    pub deliveries: usize,
    /// Alerts.
    pub alerts: usize,
    /// Stories.
    pub stories: usize,
}

/// Rows a step removes at most.
const STEP: usize = 1000;

impl Store {
    /// Removes what is older than it is to be kept.
    ///
    /// # Errors
    /// What the database says; what was removed before stays removed.
    pub async fn prune(&self, keep: Keep, now: Timestamp) -> Result<Pruned, StoreError> {
        let mut pruned = Pruned::default();
        let cut = |age: Duration| (now - age).as_millis();
        let (entries, seen, deliveries) = (cut(keep.entries), cut(keep.seen), cut(keep.deliveries));
        pruned.entries = self
            .in_steps(move |conn| prune_entries(conn, entries))
            .await?;
        // A key is still served when the feed's last document held it. Serving is noted once a
        // day, so a key of the last document is at most a day and a bit behind it.
        pruned.seen = self
            .in_steps(move |conn| {
                delete(
                    conn,
                    "DELETE FROM seen WHERE (feed_id, key) IN (
                       SELECT s.feed_id, s.key FROM seen s JOIN feed f ON f.id = s.feed_id
                       WHERE s.served_ms < ?1 AND s.served_ms < f.document_ms - 90000000 LIMIT ?2)",
                    seen,
                )
            })
            .await?;
        pruned.deliveries = self
            .in_steps(move |conn| {
                delete(
                    conn,
                    "DELETE FROM delivery WHERE id IN (SELECT id FROM delivery
                       WHERE state = 'delivered' AND settled_ms < ?1 LIMIT ?2)",
                    deliveries,
                )
            })
            .await?;
        pruned.alerts = self
            .in_steps(move |conn| {
                delete(
                    conn,
                    "DELETE FROM alert WHERE id IN (SELECT id FROM alert a WHERE created_ms < ?1
                       AND NOT EXISTS (SELECT 1 FROM delivery WHERE alert_id = a.id) LIMIT ?2)",
                    seen,
                )
            })
            .await?;
        pruned.stories = self.in_steps(move |conn| prune_stories(conn, seen)).await?;
        Ok(pruned)
    }

    async fn in_steps(
        &self,
        step: impl Fn(&Connection) -> Result<usize, StoreError> + Send + Sync + Clone + 'static,
    ) -> Result<usize, StoreError> {
        let mut total = 0;
        loop {
            let step = step.clone();
            let removed = self.write(move |conn| step(conn)).await?;
            total += removed;
            if removed < STEP {
                return Ok(total);
            }
        }
    }
}

fn delete(conn: &Connection, sql: &str, before_ms: i64) -> Result<usize, StoreError> {
    Ok(conn
        .prepare_cached(sql)?
        .execute(params![before_ms, STEP])?)
}

fn prune_entries(conn: &Connection, before_ms: i64) -> Result<usize, StoreError> {
    let old = "SELECT id FROM entry WHERE first_seen_ms < ?1 ORDER BY first_seen_ms, id LIMIT ?2";
    delete(
        conn,
        &format!("DELETE FROM mention WHERE entry_id IN ({old})"),
        before_ms,
    )?;
    delete(
        conn,
        &format!("DELETE FROM entry WHERE id IN ({old})"),
        before_ms,
    )
}

fn prune_stories(conn: &Connection, before_ms: i64) -> Result<usize, StoreError> {
    let old = "SELECT id FROM story s WHERE first_seen_ms < ?1
        AND NOT EXISTS (SELECT 1 FROM entry WHERE story_id = s.id)
        AND NOT EXISTS (SELECT 1 FROM alert WHERE story_id = s.id)
        ORDER BY first_seen_ms, id LIMIT ?2";
    delete(
        conn,
        &format!("DELETE FROM story_source WHERE story_id IN ({old})"),
        before_ms,
    )?;
    delete(
        conn,
        &format!("DELETE FROM story WHERE id IN ({old})"),
        before_ms,
    )
}
