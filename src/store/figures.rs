//! Figures for those who watch the daemon from outside.
//!
//! They are asked for every few seconds, for years, so a look costs what is new and what waits, never the
//! history: mentions are counted from where the last look ended, what waits is counted in indexes that
//! hold nothing else, and how many rows a table has is told from its first and its last.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::sql::{Connection, OptionalExtension, params};

use super::{Store, StoreError};
use crate::model::Timestamp;

/// The tables that grow with the news and of which the oldest rows are removed first.
const TABLES: [&str; 3] = ["entry", "mention", "story"];

/// By the number alone: the index by topic would have to be walked over whole.
const NEW_MENTIONS: &str =
    "SELECT topic, count(*) FROM mention NOT INDEXED WHERE id > ?1 GROUP BY topic";
const WAITING: &str = "SELECT sink, count(*) FROM delivery INDEXED BY delivery_order
    WHERE state = 'waiting' GROUP BY sink";
const HELD: &str = "SELECT sink, count(*) FROM delivery INDEXED BY delivery_held
    WHERE state = 'held' GROUP BY sink";
const DEAD: &str = "SELECT sink, count(*) FROM delivery INDEXED BY delivery_settled
    WHERE state = 'dead' GROUP BY sink";
const MENTIONS: &str =
    "SELECT sink, count(*) FROM mention_delivery INDEXED BY mention_delivery_order
    WHERE state = 'waiting' GROUP BY sink";
/// Deliveries are numbered as they are made.
const OLDEST: &str = "SELECT created_ms FROM delivery INDEXED BY delivery_order
    WHERE state = 'waiting' AND sink = ?1 ORDER BY id LIMIT 1";
const SINKS: &str = "SELECT id, stopped_ms IS NOT NULL, paused_until_ms IS NOT NULL FROM sink";
const PAGES: &str = "SELECT count(*) FROM page WHERE state = 'waiting'";
const SUBSCRIPTIONS: &str = "SELECT state, count(*) FROM subscription GROUP BY state";
const LEASE: &str = "SELECT min(lease_until_ms) FROM subscription WHERE state = 'active'";
const LAST_ENTRY: &str = "SELECT max(first_seen_ms) FROM entry";

/// What the database can say in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figures {
    /// Mentions recorded since the database was opened, by topic. Never falls.
    pub mentions: BTreeMap<String, u64>,
    /// Deliveries that are held back, wait or are dead letters, by sink and state, and, as `mentions`, those
    /// of mentions that wait.
    pub deliveries: BTreeMap<(String, &'static str), u64>,
    /// When the oldest delivery that waits was made, by sink.
    pub oldest_waiting: BTreeMap<String, Timestamp>,
    /// The sinks that were ever configured.
    pub sinks: BTreeMap<String, Standing>,
    /// Pages that wait to be read.
    pub pages_waiting: u64,
    /// `WebSub` subscriptions, by state.
    pub subscriptions: BTreeMap<String, u64>,
    /// When the lease of an active subscription ends first.
    pub lease_until: Option<Timestamp>,
    /// When the newest entry was first seen.
    pub last_entry: Option<Timestamp>,
    /// Rows of tables, at most: some between the first and the last may be gone.
    pub rows: BTreeMap<&'static str, u64>,
    /// Bytes on disk.
    pub sizes: Sizes,
}

/// Whether a sink is at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// It waits for its owner.
    pub stopped: bool,
    /// It waits for its receiver to recover.
    pub paused: bool,
}

/// Bytes on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sizes {
    /// The database file.
    pub file: u64,
    /// What of it is free for new rows.
    pub free: u64,
    /// Its write-ahead log.
    pub wal: u64,
    /// What its disk has left for us, where the system says.
    pub disk_available: Option<u64>,
}

/// What is kept from one look to the next.
#[derive(Debug)]
pub(super) struct Tally(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// The newest mention that is counted.
    last: i64,
    mentions: BTreeMap<String, u64>,
}

impl Tally {
    /// Counts from what is there now.
    pub(super) fn new(conn: &Connection) -> Self {
        // What can't be read now can't be read later either, and is said then.
        let last = newest_mention(conn).unwrap_or_default();
        Self(Mutex::new(Counts {
            last,
            ..Counts::default()
        }))
    }

    /// Counts on; the mentions since the beginning.
    fn count(&self, conn: &Connection) -> Result<BTreeMap<String, u64>, StoreError> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // One transaction, so that none comes between the counting and the look at the newest.
        let (new, last) = conn.at_one_time(|conn| {
            let new = by_name(conn, NEW_MENTIONS, params![counts.last])?;
            Ok::<_, StoreError>((new, newest_mention(conn)?))
        })?;
        for (topic, n) in new {
            *counts.mentions.entry(topic).or_default() += n;
        }
        // Lower than before when the newest was removed.
        counts.last = last;
        Ok(counts.mentions.clone())
    }
}

impl Store {
    /// Reads them.
    ///
    /// # Errors
    /// What the database says.
    pub async fn figures(&self) -> Result<Figures, StoreError> {
        let inner = self.inner.clone();
        self.read(move |conn| {
            let mut figures = Figures {
                mentions: inner.tally.count(conn)?,
                pages_waiting: number(conn, PAGES)?,
                subscriptions: by_name(conn, SUBSCRIPTIONS, [])?.into_iter().collect(),
                lease_until: moment(conn, LEASE)?,
                last_entry: moment(conn, LAST_ENTRY)?,
                sizes: sizes(conn)?,
                ..Figures::default()
            };
            for table in TABLES {
                figures.rows.insert(table, number(conn, &rows(table))?);
            }
            let states = [
                ("held", HELD),
                ("waiting", WAITING),
                ("dead", DEAD),
                ("mentions", MENTIONS),
            ];
            for (state, sql) in states {
                for (sink, n) in by_name(conn, sql, [])? {
                    if state == "waiting" {
                        let oldest = conn
                            .prepare_cached(OLDEST)?
                            .query_row([&sink], |row| row.get(0))
                            .optional()?;
                        let oldest = oldest.map(Timestamp::from_millis);
                        figures
                            .oldest_waiting
                            .extend(oldest.map(|at| (sink.clone(), at)));
                    }
                    figures.deliveries.insert((sink, state), n);
                }
            }
            let mut statement = conn.prepare_cached(SINKS)?;
            let mut sinks = statement.query([])?;
            while let Some(row) = &sinks.next()? {
                let standing = Standing {
                    stopped: row.get(1)?,
                    paused: row.get(2)?,
                };
                figures.sinks.insert(row.get(0)?, standing);
            }
            Ok(figures)
        })
        .await
    }

    /// Writes the schema's version as it is, to see whether the database can be written. Waits its turn behind
    /// what is being written.
    ///
    /// # Errors
    /// What the database says.
    pub async fn try_writing(&self) -> Result<(), StoreError> {
        self.write_within(Duration::from_secs(2), |conn| {
            let Ok(file) = conn.file() else {
                conn.execute("UPDATE mentiond SET version = version", [])?;
                return Ok(());
            };
            let version: i64 = file.pragma_query_value(None, "user_version", |row| row.get(0))?;
            Ok(file.pragma_update(None, "user_version", version)?)
        })
        .await
    }
}

fn newest_mention(conn: &Connection) -> Result<i64, StoreError> {
    let sql = "SELECT coalesce(max(id), 0) FROM mention";
    Ok(conn.query_row(sql, [], |row| row.get(0))?)
}

fn rows(table: &str) -> String {
    format!("SELECT coalesce((SELECT max(id) FROM {table}) - (SELECT min(id) FROM {table}) + 1, 0)")
}

fn number(conn: &Connection, sql: &str) -> Result<u64, StoreError> {
    let number: i64 = conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    Ok(number.unsigned_abs())
}

fn moment(conn: &Connection, sql: &str) -> Result<Option<Timestamp>, StoreError> {
    let millis: Option<i64> = conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    Ok(millis.map(Timestamp::from_millis))
}

fn by_name(
    conn: &Connection,
    sql: &str,
    params: impl super::sql::Params,
) -> Result<Vec<(String, u64)>, StoreError> {
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map(params, |row| {
        Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs()))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn sizes(conn: &Connection) -> Result<Sizes, StoreError> {
    let Ok(file) = conn.file() else {
        return Ok(Sizes {
            file: number(conn, "SELECT pg_database_size(current_database())")?,
            ..Sizes::default()
        });
    };
    let path = Path::new(file.path().unwrap_or_default());
    let page = number(conn, "PRAGMA page_size")?;
    let mut wal = path.as_os_str().to_owned();
    wal.push("-wal");
    let disk = rustix::fs::statvfs(path).ok();
    Ok(Sizes {
        file: number(conn, "PRAGMA page_count")?.saturating_mul(page),
        free: number(conn, "PRAGMA freelist_count")?.saturating_mul(page),
        wal: std::fs::metadata(PathBuf::from(wal)).map_or(0, |wal| wal.len()),
        disk_available: disk.map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize)),
    })
}

#[cfg(test)]
mod tests {
    use super::super::sql::{Value, params_from_iter};
    use super::*;

    #[tokio::test]
    async fn a_look_walks_over_no_table_that_grows() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("db")).unwrap();
        let looks = [
            NEW_MENTIONS,
            WAITING,
            HELD,
            DEAD,
            MENTIONS,
            OLDEST,
            SINKS,
            PAGES,
            SUBSCRIPTIONS,
            LEASE,
            LAST_ENTRY,
        ];
        let looks = looks.map(str::to_owned).into_iter();
        let looks: Vec<_> = looks.chain(TABLES.map(rows)).collect();
        let plans = store.read(move |conn| {
            let mut steps = Vec::new();
            for sql in looks {
                let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
                let nothing = sql.contains("?1").then_some(Value::Null);
                let params = params_from_iter(nothing);
                let rows = statement.query_map(params, |row| row.get::<_, String>(3))?;
                for step in rows {
                    steps.push((sql.clone(), step?));
                }
            }
            Ok(steps)
        });
        for (sql, step) in plans.await.unwrap() {
            let walks = step.starts_with("SCAN") && step != "SCAN CONSTANT ROW";
            // Partial indexes hold what waits; there is one sink for each that was ever configured,
            // and a subscription or two for each feed.
            let small = [
                "delivery_order",
                "mention_delivery_order",
                "delivery_held",
                "page_due",
            ];
            let is_small = small.iter().any(|index| step.ends_with(index))
                || step == "SCAN sink"
                || step.starts_with("SCAN subscription");
            assert!(!walks || is_small, "{sql}: {step}");
        }
    }
}
