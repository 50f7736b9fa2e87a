//! Figures for those who watch the daemon from outside.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::{Store, StoreError};
use crate::model::Timestamp;

/// What the database can say in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figures {
    /// Entries recorded since the beginning.
    pub entries: u64,
    /// Mentions recorded since the beginning, by topic.
    pub mentions: BTreeMap<String, u64>,
    /// Alerts that are kept, by kind.
    pub alerts: BTreeMap<String, u64>,
    /// Deliveries that are kept, by sink and state.
    pub deliveries: BTreeMap<(String, String), u64>,
    /// When the oldest delivery that waits was made, by sink.
    pub oldest_waiting: BTreeMap<String, Timestamp>,
    /// Bytes of the database file.
    pub bytes: u64,
}

impl Store {
    /// Reads them.
    ///
    /// # Errors
    /// What the database says.
    pub async fn figures(&self) -> Result<Figures, StoreError> {
        self.read(|conn| {
            let number = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0));
            let pages = number("PRAGMA page_count")?.saturating_mul(number("PRAGMA page_size")?);
            let entries = number("SELECT coalesce(sum(entries), 0) FROM feed")?;
            let oldest = by_name(
                conn,
                "SELECT sink, min(created_ms) FROM delivery WHERE state = 'waiting' GROUP BY sink",
            )?;
            let mut deliveries = BTreeMap::new();
            let mut statement =
                conn.prepare("SELECT sink, state, count(*) FROM delivery GROUP BY sink, state")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let count = row.get::<_, i64>(2)?.unsigned_abs();
                deliveries.insert((row.get(0)?, row.get(1)?), count);
            }
            let counts = |sql| -> Result<BTreeMap<String, u64>, StoreError> {
                let counts = by_name(conn, sql)?.into_iter();
                Ok(counts.map(|(name, n)| (name, n.unsigned_abs())).collect())
            };
            Ok(Figures {
                entries: entries.unsigned_abs(),
                mentions: counts(
                    "SELECT topic, sum(mentions) FROM series WHERE topic <> '' GROUP BY topic",
                )?,
                alerts: counts("SELECT kind, count(*) FROM alert GROUP BY kind")?,
                deliveries,
                oldest_waiting: oldest
                    .into_iter()
                    .map(|(sink, at)| (sink, Timestamp::from_millis(at)))
                    .collect(),
                bytes: pages.unsigned_abs(),
            })
        })
        .await
    }

    /// Writes the schema's version as it is, to see whether the database can be written. Waits its turn behind
    /// what is being written.
    ///
    /// # Errors
    /// What the database says.
    pub async fn try_writing(&self) -> Result<(), StoreError> {
        self.write(|conn| {
            let version: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
            Ok(conn.pragma_update(None, "user_version", version)?)
        })
        .await
    }
}

fn by_name(conn: &Connection, sql: &str) -> Result<Vec<(String, i64)>, StoreError> {
    let mut statement = conn.prepare(sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
