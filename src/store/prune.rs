//! Retention: what is old goes, in small steps that never hold the writer for long.
//!
//! Texts go before the knowledge that they were seen: an entry whose text was pruned is still not
//! new. What a feed still serves is kept whatever its age, and with it what was told of it: an
//! edit after years must not be told again. Counts of mentions stay for good.
//!
//! What is old is looked for beside the writer, which only removes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::sql::FromSql;
use super::sql::{Connection, ToSql, json, params};

use super::alike::forget;
use super::{Store, StoreError, indexed};
use crate::model::Timestamp;

/// How long each kind of row is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Entries' texts and their mentions, since they were first seen, unless still served.
    pub entries: Duration,
    /// The knowledge that an entry was seen, since its feed last served it; alerts and stories.
    pub seen: Duration,
    /// Deliveries that were made or silenced, and dead letters of mentions.
    pub deliveries: Duration,
    /// Fingerprints of texts, by which near-duplicates are found.
    pub fingerprints: Duration,
}

/// How many rows a pruning removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Entries.
    pub entries: usize,
    /// Their mentions.
    pub mentions: usize,
    /// Seen keys.
    pub seen: usize,
    /// Deliveries.
    pub deliveries: usize,
    /// Deliveries of mentions to sinks that want every mention.
    pub mention_deliveries: usize,
    /// Fingerprints.
    pub fingerprints: usize,
    /// Alerts.
    pub alerts: usize,
    /// Stories.
    pub stories: usize,
}

/// How long the last poll of a URL that left the configuration is remembered: longer than any
/// floor that an owner would set.
const LEFT_URLS: Duration = Duration::from_hours(24 * 30);

/// Rows a step removes at most.
pub(super) const STEP: usize = 1000;

/// Whether the feed's last document held the key of `e`. Serving is noted once a day, so a key of
/// the last document is at most a day and a bit behind it.
pub(super) const SERVED: &str = "SELECT 1 FROM seen s JOIN feed f ON f.id = s.feed_id
    WHERE s.feed_id = e.feed_id AND s.key = e.key AND s.served_ms >= f.document_ms - 90000000";

/// Whether nothing more is to come of the delivery `d`, nor of the digest that it is in.
pub(super) const SETTLED: &str = "d.state IN ('delivered', 'dropped', 'silenced', 'gathered')
    AND NOT EXISTS (SELECT 1 FROM delivery w
      WHERE w.alert_id = d.digest_id AND w.state IN ('waiting', 'dead'))";

/// Whether the alert `a` has deliveries, or an entry that could make it anew.
const NEEDED: &str = "SELECT 1 FROM delivery WHERE alert_id = a.id
    UNION ALL SELECT 1 FROM delivery WHERE digest_id = a.id
    UNION ALL SELECT 1 FROM entry WHERE story_id = a.story_id";

/// Whether the story `s`, which joined another by `j` or did not, is told by no entry and no alert any more. One
/// that joined another is needed for as long as that one is, and goes before it.
const UNTOLD: &str = "NOT EXISTS (SELECT 1 FROM entry WHERE story_id = coalesce(j.into_id, s.id))
    AND NOT EXISTS (SELECT 1 FROM alert WHERE story_id = coalesce(j.into_id, s.id))
    AND NOT EXISTS (SELECT 1 FROM story_join WHERE into_id = s.id)";

impl Store {
    /// Removes what is older than it is to be kept.
    ///
    /// # Errors
    /// What the database says; what was removed before stays removed.
    pub async fn prune(&self, keep: Keep, now: Timestamp) -> Result<Pruned, StoreError> {
        let mut pruned = Pruned::default();
        let cut = |age: Duration| (now - age).as_millis();
        let (entries, seen, deliveries) = (cut(keep.entries), cut(keep.seen), cut(keep.deliveries));
        let fingerprints = cut(keep.fingerprints);
        pruned.fingerprints = self.prune_fingerprints(fingerprints, now).await?;
        (pruned.entries, pruned.mentions) = self.prune_entries(entries).await?;
        pruned.seen = self.prune_seen(seen).await?;
        pruned.deliveries = self
            .in_steps(move |conn| {
                let sql = format!(
                    "DELETE FROM delivery WHERE id IN (SELECT id FROM delivery d
                       WHERE {SETTLED} AND d.settled_ms < ?1 LIMIT ?2)"
                );
                delete(conn, &sql, deliveries)
            })
            .await?;
        pruned.mention_deliveries = self
            .in_steps(move |conn| prune_mentions(conn, deliveries))
            .await?;
        self.in_steps(move |conn| prune_events(conn, deliveries))
            .await?;
        let left = cut(LEFT_URLS);
        self.in_steps(move |conn| {
            let sql = "DELETE FROM left_url WHERE url IN (SELECT url FROM left_url
                WHERE last_poll_ms < ?1 LIMIT ?2)";
            delete(conn, sql, left)
        })
        .await?;
        self.in_steps(move |conn| {
            let sql = "DELETE FROM bundle WHERE (sink, key) IN (SELECT sink, key FROM bundle
                WHERE due_ms IS NULL AND coalesce(told_ms, 0) < ?1 LIMIT ?2)";
            delete(conn, sql, left)
        })
        .await?;
        pruned.alerts = self.prune_alerts(seen).await?;
        loop {
            let stories = self.prune_stories(seen).await?;
            pruned.stories += stories;
            // Stories that others had joined can go once those have gone.
            if stories == 0 {
                return Ok(pruned);
            }
        }
    }

    /// Removes what `select` finds, page by page: a reader looks, so that the writer is held only
    /// for removing. `select` takes the time before which things are old, the last row of the page
    /// before (two columns, by which it also orders) and the length of a page; `remove` must look
    /// again, since a poll may have come between.
    async fn in_pages<K>(
        &self,
        before_ms: i64,
        start: K,
        select: String,
        remove: impl Fn(&Connection, &[(i64, K)]) -> Result<usize, StoreError>
        + Send
        + Sync
        + Clone
        + 'static,
    ) -> Result<usize, StoreError>
    where
        K: ToSql + FromSql + Clone + Send + Sync + 'static,
    {
        let mut total = 0;
        let mut after = (i64::MIN, start);
        loop {
            let select = select.clone();
            let page: Vec<(i64, K)> = self
                .read_at_leisure(move |conn| {
                    let mut statement = conn.prepare_cached(&select)?;
                    let rows = statement
                        .query_map(params![before_ms, after.0, after.1, STEP], |row| {
                            Ok((row.get(0)?, row.get(1)?))
                        })?;
                    Ok(rows.collect::<Result<_, _>>()?)
                })
                .await?;
            let Some(last) = page.last() else {
                return Ok(total);
            };
            after = last.clone();
            let remove = remove.clone();
            total += self.write(move |conn| remove(conn, &page)).await?;
        }
    }

    /// How many entries went, and with how many mentions.
    async fn prune_entries(&self, before_ms: i64) -> Result<(usize, usize), StoreError> {
        let select = format!(
            "SELECT e.first_seen_ms, e.id FROM entry e
             WHERE e.first_seen_ms < ?1 AND (e.first_seen_ms, e.id) > (?2, ?3)
               AND NOT EXISTS ({SERVED}) ORDER BY e.first_seen_ms, e.id LIMIT ?4"
        );
        let mentions = Arc::new(AtomicUsize::new(0));
        let counted = mentions.clone();
        let remove = move |conn: &Connection, old: &[(i64, i64)]| {
            let (entries, mentions) = delete_entries(conn, old)?;
            counted.fetch_add(mentions, Ordering::Relaxed);
            Ok(entries)
        };
        let entries = self.in_pages(before_ms, 0_i64, select, remove).await?;
        Ok((entries, mentions.load(Ordering::Relaxed)))
    }

    async fn prune_seen(&self, before_ms: i64) -> Result<usize, StoreError> {
        let select = format!(
            "SELECT e.feed_id, e.key FROM seen e
             WHERE (e.feed_id, e.key) > (?2, ?3) AND e.served_ms < ?1
               AND NOT EXISTS ({SERVED}) ORDER BY e.feed_id, e.key LIMIT ?4"
        );
        let remove = move |conn: &Connection, page: &[(i64, Vec<u8>)]| {
            let mut delete = conn.prepare_cached(&format!(
                "DELETE FROM seen AS e WHERE e.feed_id = ?1 AND e.key = ?2
                   AND e.served_ms < ?3 AND NOT EXISTS ({SERVED})"
            ))?;
            page.iter().try_fold(0, |removed, (feed, key)| {
                Ok(removed + delete.execute(params![feed, key, before_ms])?)
            })
        };
        self.in_pages(before_ms, Vec::new(), select, remove).await
    }

    async fn prune_alerts(&self, before_ms: i64) -> Result<usize, StoreError> {
        let select = format!(
            "SELECT a.created_ms, a.id FROM alert a
             WHERE a.created_ms < ?1 AND (a.created_ms, a.id) > (?2, ?3)
               AND NOT EXISTS ({NEEDED}) ORDER BY a.created_ms, a.id LIMIT ?4"
        );
        let remove = |conn: &Connection, page: &[(i64, String)]| {
            let mut delete = conn.prepare_cached(&format!(
                "DELETE FROM alert AS a WHERE a.id = ?1 AND NOT EXISTS ({NEEDED})"
            ))?;
            page.iter()
                .try_fold(0, |removed, (_, id)| Ok(removed + delete.execute([id])?))
        };
        self.in_pages(before_ms, String::new(), select, remove)
            .await
    }

    async fn prune_stories(&self, before_ms: i64) -> Result<usize, StoreError> {
        let select = format!(
            "SELECT s.first_seen_ms, s.id FROM story s LEFT JOIN story_join j ON j.story_id = s.id
             WHERE s.first_seen_ms < ?1 AND (s.first_seen_ms, s.id) > (?2, ?3) AND {UNTOLD}
             ORDER BY s.first_seen_ms, s.id LIMIT ?4"
        );
        let remove = |conn: &Connection, page: &[(i64, i64)]| {
            let mut untold = conn.prepare_cached(&format!(
                "SELECT 1 FROM story s LEFT JOIN story_join j ON j.story_id = s.id
                 WHERE s.id = ?1 AND {UNTOLD}"
            ))?;
            let mut source = conn.prepare_cached("DELETE FROM story_source WHERE story_id = ?1")?;
            let mut join = conn.prepare_cached("DELETE FROM story_join WHERE story_id = ?1")?;
            let mut story = conn.prepare_cached("DELETE FROM story WHERE id = ?1")?;
            let mut removed = 0;
            for (_, id) in page {
                if untold.exists([id])? {
                    source.execute([id])?;
                    join.execute([id])?;
                    removed += story.execute([id])?;
                }
            }
            Ok(removed)
        };
        self.in_pages(before_ms, 0_i64, select, remove).await
    }

    /// Takes steps until one of them finds less than there may be of it.
    pub(super) async fn in_steps(
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

/// Removes those of the entries that are still not served, and counts them and their mentions.
fn delete_entries(conn: &Connection, old: &[(i64, i64)]) -> Result<(usize, usize), StoreError> {
    if conn.is_postgres() {
        // Whoever records an entry anew holds its row; its fingerprint, to which no foreign key holds it there, is
        // written behind that. So it is seen here, with all else that came between.
        let ids: Vec<i64> = old.iter().map(|(_, id)| *id).collect();
        let each = conn.each("?1");
        conn.prepare_cached(&format!(
            "SELECT 1 FROM entry WHERE id IN (SELECT CAST(i.value AS BIGINT) FROM {each} i)
             ORDER BY id FOR UPDATE"
        ))?
        .exists([json(&ids)])?;
    }
    let mut served = conn.prepare_cached(&format!(
        "SELECT 1 FROM entry e WHERE e.id = ?1 AND EXISTS ({SERVED})"
    ))?;
    let mut mentions = conn.prepare_cached("DELETE FROM mention WHERE entry_id = ?1")?;
    let mut page = conn.prepare_cached("DELETE FROM page WHERE entry_id = ?1")?;
    let mut entry = conn.prepare_cached("DELETE FROM entry WHERE id = ?1")?;
    let mut removed = (0, 0);
    for (_, id) in old {
        // A poll may have come between the look and the removal.
        if !served.exists([id])? {
            removed.1 += mentions.execute([id])?;
            forget(conn, *id)?;
            indexed::remove(conn, *id)?;
            page.execute([id])?;
            removed.0 += entry.execute([id])?;
        }
    }
    Ok(removed)
}

fn prune_mentions(conn: &Connection, before_ms: i64) -> Result<usize, StoreError> {
    let sql = "DELETE FROM mention_delivery WHERE seq IN (SELECT seq FROM mention_delivery
        WHERE state = 'dead' AND next_attempt_ms < ?1 LIMIT ?2)";
    delete(conn, sql, before_ms)
}

/// Those of which no delivery is left: their last went here, or two ended at the same moment.
fn prune_events(conn: &Connection, before_ms: i64) -> Result<usize, StoreError> {
    let sql = "DELETE FROM mention_event WHERE id IN (SELECT e.id FROM mention_event e
        WHERE e.created_ms < ?1
          AND NOT EXISTS (SELECT 1 FROM mention_delivery d WHERE d.event_id = e.id) LIMIT ?2)";
    delete(conn, sql, before_ms)
}
