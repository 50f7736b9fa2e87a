//! How fingerprints go once they are older than the window: in a file row by row, on a server by whole days.
//!
//! On a server most rows of all are theirs, and a day of them is a table of its own ([`partitions`]), which is
//! dropped once all of it is old. What is in no day goes row by row there too, as soon as it is old. So up to a day
//! more than the window may be there: whoever compares looks at the times ([`super::alike`]).
//!
//! A day that can't be dropped or made, because others are in its table for too long, is left for the next time;
//! nothing else waits for it.

use tracing::{debug, warn};

use super::alike::forget;
use super::postgres::partitions::{self, BAND, Day, FINGERPRINT, Table};
use super::prune::STEP;
use super::sql::{Connection, params};
use super::{Store, StoreError};
use crate::model::Timestamp;

/// Bands that a step removes at most: of about as many fingerprints as another.
const BAND_STEP: usize = 20 * STEP;

impl Store {
    /// Removes fingerprints of before a time, and readies a server for those to come; how many went.
    pub(super) async fn prune_fingerprints(
        &self,
        before_ms: i64,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        if !self.is_shared() {
            return self.in_steps(move |conn| forget_old(conn, before_ms)).await;
        }
        self.make_days(before_ms, now).await?;
        let dropped = self.drop_days(before_ms).await?;
        self.in_steps(move |conn| delete_other(conn, BAND, before_ms, BAND_STEP))
            .await?;
        let deleted = self
            .in_steps(move |conn| delete_other(conn, FINGERPRINT, before_ms, STEP))
            .await?;
        Ok(dropped + deleted)
    }

    /// Makes the days that will be needed, and those that are and were not made in time.
    async fn make_days(&self, before_ms: i64, now: Timestamp) -> Result<(), StoreError> {
        let first = Day::of(before_ms);
        let wanted: Vec<Day> = partitions::wanted(now)
            .filter(|day| *day >= first)
            .collect();
        let missing = self
            .read(move |conn| partitions::missing(conn, &wanted))
            .await?;
        for (table, day) in missing {
            let made = self
                .write(move |conn| partitions::make(conn, table, day))
                .await?;
            let name = day.of_table(table);
            if !made {
                warn!("`{name}` is not made yet: others are in its table for too long");
                break;
            }
            debug!("made `{name}`");
        }
        Ok(())
    }

    /// Drops the days that are over before a time; how many fingerprints were in them.
    async fn drop_days(&self, before_ms: i64) -> Result<usize, StoreError> {
        let old: Vec<Day> = self
            .read(move |conn| {
                let mut days = partitions::days(conn, FINGERPRINT)?;
                days.extend(partitions::days(conn, BAND)?);
                days.retain(|day| day.ends() <= before_ms);
                days.sort_unstable();
                days.dedup();
                Ok(days)
            })
            .await?;
        let mut dropped = 0;
        for day in old {
            let rows = self.read(move |conn| Ok(count(conn, day))).await?;
            for table in [BAND, FINGERPRINT] {
                let removed = self
                    .write(move |conn| partitions::remove(conn, table, day))
                    .await?;
                if !removed {
                    let name = day.of_table(table);
                    warn!("`{name}` is not dropped yet: others are in its table for too long");
                    return Ok(dropped);
                }
            }
            dropped += rows;
        }
        Ok(dropped)
    }
}

/// How many fingerprints are of a day, or about how many where a server takes too long to count them.
fn count(conn: &Connection, day: Day) -> usize {
    let name = day.of_table(FINGERPRINT);
    let of = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0)).ok();
    let counted = of(&format!("SELECT count(*) FROM {name}")).or_else(|| {
        of(&format!(
            "SELECT CAST(reltuples AS BIGINT) FROM pg_catalog.pg_class
             WHERE oid = CAST(to_regclass('{name}') AS oid)"
        ))
    });
    counted
        .and_then(|rows| usize::try_from(rows).ok())
        .unwrap_or(0)
}

/// Removes rows that are in no day; those that came to be in one meanwhile go with it.
fn delete_other(
    conn: &Connection,
    table: Table,
    before_ms: i64,
    most: usize,
) -> Result<usize, StoreError> {
    let other = format!("{}_other", table.name);
    let deleted = conn
        .prepare_cached(&format!(
            "DELETE FROM {other} WHERE ctid = ANY (ARRAY(
               SELECT ctid FROM {other} WHERE at_ms < ?1 ORDER BY at_ms LIMIT ?2))"
        ))?
        .execute(params![before_ms, most])?;
    Ok(deleted)
}

fn forget_old(conn: &Connection, before_ms: i64) -> Result<usize, StoreError> {
    let mut old = conn.prepare_cached(
        "SELECT entry_id FROM fingerprint WHERE at_ms < ?1 ORDER BY at_ms, entry_id LIMIT ?2",
    )?;
    let rows = old.query_map(params![before_ms, STEP], |row| row.get(0))?;
    let ids = rows.collect::<Result<Vec<i64>, _>>()?;
    ids.iter().try_fold(0, |removed, id| {
        Ok(removed + usize::from(forget(conn, *id)?))
    })
}
