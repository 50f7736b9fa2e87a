//! Alerts that are held back for a sink: when each is told, and with which others.
//!
//! A delivery to a sink with a pace of its own begins as `held`. [`Store::pace`] asks the sink's
//! [`Pace`] about those that are new, notes the bundles they wait in, and lets bundles go whose time has
//! come: one alert goes out by itself (`waiting`), several become `gathered` in a digest, an alert of
//! its own with one delivery. All of it is one transaction, so an alert is in one message and no other.

use super::sql::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::turns::Turns;
use super::{Store, StoreError};
use crate::dedup;
use crate::model::{AlertKind, SinkId, Timestamp};
use crate::pace::{Bundle, Bundles, Fresh, Known, Pace, Plan, Rate, Reason, Release};

/// Alerts planned in one transaction: the writer is everybody's.
const STEP: usize = 500;

/// What a digest tells of itself, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestDetail {
    /// In words, for lists.
    pub title: String,
    /// Why its alerts are told together.
    pub reason: Reason,
    /// How many alerts are in it.
    pub alerts: u64,
    /// When the first of them arose, milliseconds since the epoch.
    pub first_ms: i64,
    /// When the last of them arose, milliseconds since the epoch.
    pub last_ms: i64,
}

/// What a look at a sink's held alerts came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Paced {
    /// Whether there is more to be done now.
    pub more: bool,
    /// When the next bundle is due.
    pub next: Option<Timestamp>,
}

impl Store {
    /// Makes the held alerts of a sink be planned anew, because its pace may be another one; those of a
    /// sink that has none go out.
    ///
    /// # Errors
    /// What the database says.
    pub async fn begin_pace(
        &self,
        sink: SinkId,
        is_immediate: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |conn| {
            let (state, sink) = (if is_immediate { "waiting" } else { "held" }, sink.as_str());
            conn.execute(
                "UPDATE delivery SET state = ?2, next_attempt_ms = ?3, bundle = NULL
                 WHERE state = 'held' AND sink = ?1",
                params![sink, state, now.as_millis()],
            )?;
            conn.execute("UPDATE bundle SET due_ms = NULL WHERE sink = ?1", [sink])?;
            Ok(())
        })
        .await
    }

    /// Plans the alerts to `sink` that are new and tells the bundles whose time has come, a good many at
    /// a time. Without any, nothing is written.
    ///
    /// # Errors
    /// What the database says; then nothing was changed.
    pub async fn pace(
        &self,
        sink: SinkId,
        pace: Pace,
        now: Timestamp,
    ) -> Result<Paced, StoreError> {
        let id = sink.clone();
        let (is_work, paced) = self
            .read(move |conn| {
                let next = next_due(conn, id.as_str())?;
                let is_due = next.is_some_and(|at| at <= now);
                let mut fresh = conn.prepare_cached(&format!("{FRESH} LIMIT 1"))?;
                let is_work = is_due || fresh.exists([id.as_str()])?;
                Ok((is_work, Paced { more: false, next }))
            })
            .await?;
        if !is_work {
            return Ok(paced);
        }
        self.write(move |conn| {
            let mut turns = Turns::default();
            turns.sink(sink.as_str());
            turns.take(conn)?;
            let desk = Desk {
                conn,
                sink: sink.as_str(),
                pace: &pace,
                now,
            };
            desk.work()
        })
        .await
    }
}

/// The held alerts that nobody has planned yet.
/// A spike is as urgent as can be.
const FRESH: &str = "SELECT d.id, a.topic, a.story_id, coalesce(f.name, ''),
      CASE WHEN a.kind = 'topic.spike' THEN 100 ELSE a.score END, d.created_ms
    FROM delivery d INDEXED BY delivery_held JOIN alert a ON a.id = d.alert_id
      LEFT JOIN feed f ON f.id = a.feed_id
    WHERE d.state = 'held' AND d.sink = ?1 AND d.bundle IS NULL ORDER BY d.id";

/// What is known of an alert when it is planned.
type Row = (i64, Option<String>, Option<i64>, String, Option<u8>, i64);

fn next_due(conn: &Connection, sink: &str) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT min(due_ms) FROM bundle WHERE sink = ?1 AND due_ms IS NOT NULL";
    let at: Option<i64> = conn
        .prepare_cached(sql)?
        .query_row([sink], |row| row.get(0))?;
    Ok(at.map(Timestamp::from_millis))
}

/// One sink's held alerts, inside a transaction.
struct Desk<'c> {
    conn: &'c Connection,
    sink: &'c str,
    pace: &'c Pace,
    now: Timestamp,
}

impl Bundles for Desk<'_> {
    type Error = StoreError;

    fn known(&self, bundle: &Bundle) -> Result<Known, StoreError> {
        let sql = "SELECT due_ms, told_ms FROM bundle WHERE sink = ?1 AND key = ?2";
        let known = self
            .conn
            .prepare_cached(sql)?
            .query_row(params![self.sink, bundle.key()], |row| {
                let time = |n: usize| -> super::sql::Result<Option<Timestamp>> {
                    Ok(row.get::<_, Option<i64>>(n)?.map(Timestamp::from_millis))
                };
                Ok(Known {
                    open_until: time(0)?,
                    told: time(1)?,
                })
            })
            .optional()?;
        Ok(known.unwrap_or_default())
    }
}

impl Desk<'_> {
    fn work(&self) -> Result<Paced, StoreError> {
        let before = self.rate()?;
        let mut rate = before;
        let mut done = 0;
        // What was held first is told first.
        for key in self.due()? {
            self.release(&Bundle::of_key(&key), &mut rate)?;
            done += 1;
        }
        for (id, topic, story, feed, score, created) in self.fresh()? {
            let alert = Fresh {
                topic: topic.as_deref(),
                story,
                feed: &feed,
                score,
                created: Timestamp::from_millis(created),
            };
            match self.pace.plan(&alert, self, &mut rate, self.now)? {
                Plan::Alone => self.let_go(id)?,
                Plan::With(bundle, at) => {
                    self.open(&bundle, at)?;
                    self.conn
                        .prepare_cached(
                            "UPDATE delivery SET bundle = ?2, next_attempt_ms =
                               (SELECT due_ms FROM bundle WHERE sink = ?3 AND key = ?2) WHERE id = ?1",
                        )?
                        .execute(params![id, bundle.key(), self.sink])?;
                }
            }
            done += 1;
        }
        if rate != before {
            let sql = "UPDATE sink SET rate_full_ms = ?2 WHERE id = ?1";
            let full = rate.full_at.map(Timestamp::as_millis);
            self.conn.execute(sql, params![self.sink, full])?;
        }
        let next = next_due(self.conn, self.sink)?;
        Ok(Paced {
            more: done >= STEP || next.is_some_and(|at| at <= self.now),
            next,
        })
    }

    fn rate(&self) -> Result<Rate, StoreError> {
        let sql = "SELECT rate_full_ms FROM sink WHERE id = ?1";
        let full: Option<Option<i64>> = self
            .conn
            .query_row(sql, [self.sink], |row| row.get(0))
            .optional()?;
        let full_at = full.flatten().map(Timestamp::from_millis);
        Ok(Rate { full_at })
    }

    fn due(&self) -> Result<Vec<String>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT key FROM bundle WHERE sink = ?1 AND due_ms <= ?2 ORDER BY due_ms, key LIMIT ?3",
        )?;
        let rows = statement.query_map(params![self.sink, self.now.as_millis(), STEP], |row| {
            row.get(0)
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn fresh(&self) -> Result<Vec<Row>, StoreError> {
        let mut statement = self.conn.prepare_cached(&format!("{FRESH} LIMIT {STEP}"))?;
        let rows = statement.query_map([self.sink], |row| {
            Ok((
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get(4)?,
                row.get(5)?,
            ))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Opens a bundle that is to be told at this time, unless it is open.
    fn open(&self, bundle: &Bundle, at: Timestamp) -> Result<(), StoreError> {
        self.conn
            .prepare_cached(
                "INSERT INTO bundle (sink, key, due_ms) VALUES (?1, ?2, ?3)
                 ON CONFLICT (sink, key) DO UPDATE SET due_ms = coalesce(bundle.due_ms, excluded.due_ms)",
            )?
            .execute(params![self.sink, bundle.key(), at.as_millis()])?;
        Ok(())
    }

    /// Lets an alert go out by itself.
    fn let_go(&self, delivery: i64) -> Result<(), StoreError> {
        let sql = "UPDATE delivery SET state = 'waiting', next_attempt_ms = ?2 WHERE id = ?1";
        self.conn
            .prepare_cached(sql)?
            .execute(params![delivery, self.now.as_millis()])?;
        Ok(())
    }

    /// Tells a bundle whose time has come, or moves what is in it to another one.
    fn release(&self, bundle: &Bundle, rate: &mut Rate) -> Result<(), StoreError> {
        let key = bundle.key();
        let (alerts, first, first_ms, last_ms): (u64, Option<i64>, Option<i64>, Option<i64>) = self
            .conn
            .prepare_cached(
                "SELECT count(*), min(id), min(created_ms), max(created_ms)
                 FROM delivery WHERE state = 'held' AND sink = ?1 AND bundle = ?2",
            )?
            .query_row(params![self.sink, key], |row| {
                let n: i64 = row.get(0)?;
                Ok((n.unsigned_abs(), row.get(1)?, row.get(2)?, row.get(3)?))
            })?;
        let close = |told: bool| -> Result<usize, StoreError> {
            let sql =
                "UPDATE bundle SET due_ms = NULL, told_ms = CASE WHEN ?4 THEN ?3 ELSE told_ms END
                WHERE sink = ?1 AND key = ?2";
            let at = self.now.as_millis();
            let mut close = self.conn.prepare_cached(sql)?;
            Ok(close.execute(params![self.sink, key, at, told])?)
        };
        let (Some(first), Some(first_ms), Some(last_ms)) = (first, first_ms, last_ms) else {
            // All of it was dropped meanwhile.
            close(false)?;
            return Ok(());
        };
        match self.pace.release(bundle, rate, self.now) {
            Release::Into(other, at) => {
                close(false)?;
                self.open(&other, at)?;
                self.conn
                    .prepare_cached(
                        "UPDATE delivery SET bundle = ?3, next_attempt_ms =
                           (SELECT due_ms FROM bundle WHERE sink = ?1 AND key = ?3)
                         WHERE state = 'held' AND sink = ?1 AND bundle = ?2",
                    )?
                    .execute(params![self.sink, key, other.key()])?;
            }
            Release::Now if alerts == 1 => {
                self.let_go(first)?;
                close(true)?;
            }
            Release::Now => {
                self.gather(
                    &key,
                    first,
                    &DigestDetail {
                        title: format!("{alerts} alerts"),
                        reason: bundle.reason(),
                        alerts,
                        first_ms,
                        last_ms,
                    },
                )?;
                close(true)?;
            }
        }
        Ok(())
    }

    /// Makes a digest of what is held in a bundle.
    fn gather(&self, key: &str, first: i64, detail: &DigestDetail) -> Result<(), StoreError> {
        let (conn, at) = (self.conn, self.now.as_millis());
        let sql = "SELECT alert_id FROM delivery WHERE id = ?1";
        let first: String = conn.query_row(sql, [first], |row| row.get(0))?;
        let id = dedup::digest_id(self.sink, &first, self.now);
        let json = serde_json::to_string(detail)
            .unwrap_or_else(|error| unreachable!("plain data serializes: {error}"));
        conn.prepare_cached(
            "INSERT INTO alert (id, kind, created_ms, detail) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![id, AlertKind::Digest.as_str(), at, json])?;
        conn.prepare_cached(
            "INSERT INTO delivery (alert_id, sink, state, next_attempt_ms, created_ms, bundle)
             VALUES (?1, ?2, 'waiting', ?3, ?3, ?4)",
        )?
        .execute(params![id, self.sink, at, key])?;
        conn.prepare_cached(
            "UPDATE delivery SET state = 'gathered', digest_id = ?3, settled_ms = ?4
             WHERE state = 'held' AND sink = ?1 AND bundle = ?2",
        )?
        .execute(params![self.sink, key, id, at])?;
        Ok(())
    }
}
