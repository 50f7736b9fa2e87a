//! What a pruning would remove, without removing it.
//!
//! Reads beside the writer and changes nothing. The numbers are those that [`Store::prune`] would come to if
//! nothing else happened meanwhile: also what would only become old by what goes before it is counted.

use super::sql::Connection;

use super::postgres::partitions::Day;
use super::prune::{SERVED, SETTLED};
use super::{Keep, Store, StoreError};
use crate::model::Timestamp;

/// What is old in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prunable {
    /// The table.
    pub table: &'static str,
    /// How many rows.
    pub rows: u64,
    /// When the oldest of them was made, seen or settled.
    pub oldest: Option<Timestamp>,
}

impl Store {
    /// What [`Store::prune`] would remove, in the order in which it goes.
    ///
    /// # Errors
    /// What the database says.
    pub async fn prunable(&self, keep: Keep, now: Timestamp) -> Result<Vec<Prunable>, StoreError> {
        self.read(move |conn| {
            TABLES
                .iter()
                .map(|(table, sql)| match *table {
                    "fingerprint" if conn.is_postgres() => look(conn, table, IN_DAYS, keep, now),
                    table => look(conn, table, &sql(), keep, now),
                })
                .collect()
        })
        .await
    }
}

/// Fingerprints of a server, of which a day goes once all of it is old.
const IN_DAYS: &str = "SELECT count(*), min(at_ms) FROM (
    SELECT at_ms FROM fingerprint WHERE at_ms < :fingerprint_days
    UNION ALL SELECT at_ms FROM fingerprint_other
      WHERE at_ms >= :fingerprint_days AND at_ms < :fingerprints) AS old";

/// A table, and the query of what is old in it: how many rows, and of when the oldest is.
type Table = (&'static str, fn() -> String);

/// The tables in the order in which they are pruned.
const TABLES: [Table; 8] = [
    ("fingerprint", || {
        "SELECT count(*), min(at_ms) FROM fingerprint WHERE at_ms < :fingerprints".to_owned()
    }),
    ("entry", || {
        let goes = entry_goes();
        format!("SELECT count(*), min(e.first_seen_ms) FROM entry e WHERE {goes}")
    }),
    ("mention", || {
        let goes = entry_goes();
        format!(
            "SELECT count(*), min(m.created_ms) FROM entry e JOIN mention m ON m.entry_id = e.id
             WHERE {goes}"
        )
    }),
    ("seen", || {
        format!(
            "SELECT count(*), min(e.served_ms) FROM seen e
             WHERE e.served_ms < :seen AND NOT EXISTS ({SERVED})"
        )
    }),
    ("delivery", || {
        let goes = delivery_goes();
        format!("SELECT count(*), min(d.settled_ms) FROM delivery d WHERE {goes}")
    }),
    ("mention_delivery", || {
        "SELECT count(*), min(next_attempt_ms) FROM mention_delivery
         WHERE state = 'dead' AND next_attempt_ms < :deliveries"
            .to_owned()
    }),
    ("alert", || {
        format!(
            "SELECT count(*), min(a.created_ms) FROM alert a WHERE {}",
            alert_goes()
        )
    }),
    ("story", || {
        let (entry_goes, alert_goes) = (entry_goes(), alert_goes());
        format!(
            "SELECT count(*), min(s.first_seen_ms) FROM story s
               LEFT JOIN story_join j ON j.story_id = s.id
             WHERE s.first_seen_ms < :seen
               AND NOT EXISTS (SELECT 1 FROM entry e
                 WHERE e.story_id = coalesce(j.into_id, s.id) AND NOT ({entry_goes}))
               AND NOT EXISTS (SELECT 1 FROM alert a
                 WHERE a.story_id = coalesce(j.into_id, s.id) AND NOT ({alert_goes}))
               AND NOT EXISTS (SELECT 1 FROM story_join i JOIN story o ON o.id = i.story_id
                 WHERE i.into_id = s.id AND o.first_seen_ms >= :seen)"
        )
    }),
];

fn entry_goes() -> String {
    format!("e.first_seen_ms < :entries AND NOT EXISTS ({SERVED})")
}

fn delivery_goes() -> String {
    format!("coalesce(d.settled_ms < :deliveries, false) AND {SETTLED}")
}

/// Alerts go when no delivery of theirs stays, and no entry that could make them anew.
fn alert_goes() -> String {
    let (delivery_goes, entry_goes) = (delivery_goes(), entry_goes());
    format!(
        "a.created_ms < :seen
         AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.alert_id = a.id AND NOT ({delivery_goes}))
         AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.digest_id = a.id AND NOT ({delivery_goes}))
         AND NOT EXISTS (SELECT 1 FROM entry e WHERE e.story_id = a.story_id AND NOT ({entry_goes}))"
    )
}

fn look(
    conn: &Connection,
    table: &'static str,
    sql: &str,
    keep: Keep,
    now: Timestamp,
) -> Result<Prunable, StoreError> {
    // Each table takes the times that are meant for it.
    let cuts = [
        (":fingerprints", keep.fingerprints),
        (":entries", keep.entries),
        (":seen", keep.seen),
        (":deliveries", keep.deliveries),
    ];
    let sql = cuts.iter().fold(sql.to_owned(), |sql, (name, kept)| {
        sql.replace(name, &(now - *kept).as_millis().to_string())
    });
    let first_kept = Day::of((now - keep.fingerprints).as_millis());
    let sql = sql.replace(":fingerprint_days", &first_kept.begins().to_string());
    Ok(conn.query_row(&sql, [], |row| {
        Ok(Prunable {
            table,
            rows: row.get::<_, i64>(0)?.unsigned_abs(),
            oldest: row.get::<_, Option<i64>>(1)?.map(Timestamp::from_millis),
        })
    })?)
}
